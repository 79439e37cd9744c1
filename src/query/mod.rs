//! Questions: what to read and in which statements. Nothing here writes, and nothing names a
//! GraphQL object type.

pub mod audit;
pub mod batch;
pub mod changes;
pub mod choice;
mod condition;
mod cursor;
pub mod figure;
pub mod filter;
pub mod group;
mod join;
pub mod lineage;
pub mod list;
pub mod locale;
pub mod matching;
pub mod one;
pub mod order;
pub mod page;
pub mod parent;
pub mod past;
pub mod periods;
pub mod ranking;
pub mod recorded;
mod row;
pub mod search;
pub mod single_version;
pub mod snapshot;
mod term;
pub mod total;
pub mod version;
pub mod view;

pub use batch::Batch;
pub use choice::{Choice, Chosen, Sought};
pub use figure::Figure;
pub use filter::Filter;
pub use group::Dimension;
pub use join::Join;
pub use lineage::Lineage;
pub use list::{List, Rows};
pub use locale::Locale;
pub use matching::matching;
pub use one::One;
pub use order::{Direction, Nulls, OrderBy, OrderKey, Source};
pub use page::{Limits, Page, Paged};
pub use parent::{Key, Parent};
pub use ranking::{Ranks, Ties};
pub use recorded::{Last, Recorded, Start};
pub use row::{ColumnSet, Row};
pub use search::Search;
pub use single_version::{Numbered, Version};
pub use snapshot::Snapshot;
pub use total::Total;
pub use view::{Scope, View};

use entity::DateTime;
use sea_orm::{
    DbBackend, EntityTrait, IdenStatic, Iterable, ModelTrait, Value,
    sea_query::{
        Condition, Expr, ExprTrait, Func, FunctionCall, IntoIden, Query, SelectStatement, ValueType,
    },
};
use serde::{Serialize, de::DeserializeOwned};

/// A table whose rows can be listed, filtered, ordered and paged.
pub trait Table:
    EntityTrait<Model: ModelTrait<Entity = Self> + DeserializeOwned + Send + Sync>
{
    /// The conditions a client can set on its rows.
    type Filter: Filter;
    /// What a client can order its rows by.
    type OrderKey: OrderKey<Self>;

    /// Whether its rows are versions of what they tell, of which lists show one.
    const VERSIONED: bool = false;

    /// The column of the row's number, the last word in every order.
    fn id() -> Self::Column;

    /// The row's number.
    fn number(row: &Self::Model) -> i64;

    /// Which rows lists show at all: in ways of which no row goes two. Those that were removed are
    /// kept for the figures of the past that refer to them, and no longer listed.
    fn listed(scope: Scope) -> Vec<Condition> {
        vec![there::<Self>().add(version::visible::<Self>(scope.view))]
    }

    /// Which rows those are told of who follow what is recorded: ways as those of lists.
    fn told(scope: Scope) -> Vec<Condition> {
        Self::listed(scope)
    }

    /// When a row was removed, or something took its place; none where it stands.
    fn ended(row: &Self::Model) -> Option<DateTime> {
        let removed = removed_at::<Self>()?;
        <Option<DateTime> as ValueType>::try_from(row.get(removed)).ok().flatten()
    }
}

/// The column that says when a row was removed, of those tables that keep what was.
fn removed_at<E: EntityTrait>() -> Option<E::Column> {
    E::Column::iter().find(|column| column.as_str() == "removed_at")
}

/// The rows that were not removed.
pub(crate) fn there<E: EntityTrait>() -> Condition {
    let removed = removed_at::<E>();
    Condition::all().add_option(removed.map(|removed| column::<E>(removed).is_null()))
}

/// A column of a table, qualified by the table's name.
pub fn column<E: EntityTrait>(column: E::Column) -> Expr {
    Expr::col((E::default().table_name().into_iden(), column))
}

/// Many keys as one parameter, so that the text of a statement does not depend on their number
/// and stays prepared. As a source of rows under the alias [`KEYS`], its column is [`KEYS`] too.
fn keys<K>(backend: DbBackend, keys: &[K]) -> Result<FunctionCall, crate::error::Error>
where
    K: Clone + Serialize,
    Vec<K>: Into<Value>,
{
    Ok(match backend {
        DbBackend::Postgres => Func::cust("unnest").arg(Expr::val(keys.to_vec())),
        _ => {
            let json = serde_json::to_string(keys).map_err(crate::error::Error::internal)?;
            Func::cust("json_each").arg(Expr::val(json))
        }
    })
}

/// The keys as a subquery: what they are in.
fn key_rows<K>(backend: DbBackend, all: &[K]) -> Result<SelectStatement, crate::error::Error>
where
    K: Clone + Serialize,
    Vec<K>: Into<Value>,
{
    Ok(Query::select().column(KEYS).from_function(keys(backend, all)?, KEYS).take())
}

/// The values as one column, whatever their number.
fn json_array(values: Vec<Expr>, backend: DbBackend) -> Expr {
    let list =
        |sign: fn(usize) -> String| (1..=values.len()).map(sign).collect::<Vec<_>>().join(", ");
    let sql = match backend {
        DbBackend::Postgres => {
            format!("json_build_array({})::text", list(|place| format!("${place}")))
        }
        _ => format!("json_array({})", list(|_| "?".to_owned())),
    };
    Expr::cust_with_exprs(sql, values)
}

/// The name of the keys' column on both databases.
const KEYS: &str = "value";
