//! Groups of figures: what is computed of each, in one statement for all of them.
//!
//! The statement has three layers. The innermost picks the figures and gives each its place in
//! every dimension; the middle one gathers groups and computes their parts; the outermost keeps
//! the groups wanted, orders them and cuts the page. Groups in the order of their keys have no
//! outermost layer: figures are gathered only until the page is full, where an index has them in
//! that order. Grouping happens in the database alone.

mod dimension;
pub mod extent;
mod having;
mod layers;
mod measure;
mod order;
mod part;
mod summary;

use std::{collections::HashMap, sync::Arc};

use entity::observation;
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, Query, SelectStatement},
};
use serde::Deserialize;
use serde_json::Value as Json;

pub use dimension::Dimension;
pub(crate) use dimension::Kind;
pub use having::GroupHaving;
pub use measure::Measure;
pub use order::GroupOrder;
pub use part::{Part, Parts};
pub use summary::Summary;

use self::layers::{grouped, key_alias, part_alias, placed};
use super::{
    Page, Paged, Scope, Table, View,
    batch::Load,
    cursor, json_array,
    page::Bounds,
    parent::{PARENT, ROOT},
    term::{Term, between, ordered, reversed},
};
use crate::{
    database::{Count, Database},
    error::Error,
};

type ObservationFilter = <observation::Entity as Table>::Filter;

/// Groups of figures: which figures, grouped by what, which groups, in what order, which page.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// From where the figures are seen.
    pub view: View,
    /// What a group has in common.
    pub dimensions: Arc<[Dimension]>,
    /// Which figures.
    pub filter: Option<Arc<ObservationFilter>>,
    /// Which groups.
    pub having: Option<GroupHaving>,
    /// In which order.
    pub order: Vec<GroupOrder>,
    /// What is computed of each, in the order of the parts.
    pub parts: Vec<Part>,
    /// Which page of them.
    pub page: Page,
    bounds: Bounds<Vec<sea_orm::Value>>,
}

/// One group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its value in each dimension as a JSON array: numbers of rows, texts, nulls.
    pub key: Arc<str>,
    /// What was computed of it.
    pub parts: Arc<Parts>,
    /// Its values in the order of the list as a JSON array, where that is not the key.
    place: Option<Arc<str>>,
}

/// A group as the statement returns it.
#[derive(Debug, Deserialize)]
struct Row {
    /// The values in each dimension as a JSON array.
    key: String,
    /// The parts as a JSON array.
    parts: String,
    /// The values of the order as a JSON array; none where they are the key's.
    place: Option<String>,
}

impl Groups {
    /// The groups of a question. Fails when the cursor belongs to another one.
    pub fn new(
        view: View,
        dimensions: Vec<Dimension>,
        filter: Option<Arc<ObservationFilter>>,
        having: Option<GroupHaving>,
        order: Vec<GroupOrder>,
        parts: Vec<Part>,
        page: Page,
    ) -> Result<Self, Error> {
        let dimensions: Arc<[Dimension]> = dimensions.into();
        let signature = signature(&dimensions, &order);
        let bounds = page.bounds(|argument, text| {
            let values = cursor::open(argument, text, &signature, SAME)?;
            Ok(values.into_iter().map(value).collect())
        })?;
        Ok(Self { view, dimensions, filter, having, order, parts, page, bounds })
    }

    /// How many groups there are on all pages together.
    pub fn total(&self) -> GroupTotal {
        GroupTotal {
            view: self.view,
            dimensions: Arc::clone(&self.dimensions),
            filter: self.filter.clone(),
            having: self.having.clone(),
            parts: self.parts.clone(),
        }
    }

    /// Whether the groups are all of them in the order of their keys.
    fn is_by_key(&self) -> bool {
        // Without a dimension nothing would gather the figures into their one group.
        self.order.is_empty() && self.having.is_none() && !self.dimensions.is_empty()
    }

    /// The order wanted, and then that of the keys, so that no two groups are tied.
    fn terms(&self, layer: &'static str, backend: DbBackend) -> Vec<Term> {
        let wanted =
            self.order.iter().map(|order| order.term(&self.dimensions, &self.parts, backend));
        let keys = self.dimensions.iter().enumerate();
        let keys = keys.map(|(place, own)| order::key_term(*own, (layer, key_alias(place))));
        wanted.chain(keys).collect()
    }

    fn statement(&self, scope: Scope) -> SelectStatement {
        let backend = scope.backend;
        let by_key = self.is_by_key();
        let (layer, rows) = match by_key {
            true => ("o", placed(&self.dimensions, self.filter.as_deref(), &self.parts, scope)),
            false => ("g", grouped(&self.dimensions, self.filter.as_deref(), &self.parts, scope)),
        };
        let terms = self.terms(layer, backend);
        let keys = (0..self.dimensions.len()).map(|place| Expr::col((layer, key_alias(place))));
        let parts = self.parts.iter().enumerate().map(|(place, part)| {
            let column = match by_key {
                true => part.expr(backend),
                false => Expr::col((layer, part_alias(place))),
            };
            if part.is_decimal() { as_text(column, backend) } else { column }
        });
        let place = terms.iter().map(|term| match term.cast {
            Some(_) => as_text(term.expr.clone(), backend),
            None => term.expr.clone(),
        });
        let place = match &self.order[..] {
            [] => Expr::cust("NULL"),
            _ => json_array(place.collect(), backend),
        };
        let mut select = Query::select();
        select
            .expr_as(Expr::val(ROOT), PARENT)
            .expr_as(json_array(keys.clone().collect(), backend), "key")
            .expr_as(json_array(parts.collect(), backend), "parts")
            .expr_as(place, "place")
            .from_subquery(rows, layer)
            .cond_where(self.wanted(backend))
            .cond_where(between(&terms, &self.bounds))
            .limit(self.page.rows(true));
        if by_key {
            select.add_group_by(keys);
        }
        let terms = if self.page.backward { reversed(&terms) } else { terms };
        ordered(&mut select, &terms);
        select
    }

    fn wanted(&self, backend: DbBackend) -> Condition {
        let having = self.having.as_ref();
        having.map_or_else(Condition::all, |having| having.on(&self.parts, backend))
    }
}

impl Load for Groups {
    type Key = i64;
    type Value = Arc<Paged<Group>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let database = &*self.view.of(database);
        let statement = self.statement(Scope::new(database, self.view));
        let rows = database.fetch::<(i64, Row)>(&statement).await?;
        let backend = database.backend();
        let groups = rows.into_iter().map(|(_, row)| self.group(row, backend));
        let groups = groups.collect::<Result<_, _>>()?;
        Ok([(ROOT, Arc::new(self.page.cut(groups)))].into())
    }
}

impl Groups {
    fn group(&self, row: Row, backend: DbBackend) -> Result<Group, Error> {
        let key = match backend {
            // It writes spaces into its JSON; a key has one spelling.
            DbBackend::Postgres => Json::from(read(&row.key)?).to_string(),
            _ => row.key,
        };
        let parts = Arc::new(Parts::new(self.parts.iter().copied(), &row.parts)?);
        Ok(Group { key: key.into(), parts, place: row.place.map(Arc::from) })
    }

    /// The cursor of a group.
    pub fn cursor(&self, group: &Group) -> Result<String, Error> {
        let place = group.place.as_ref().unwrap_or(&group.key);
        Ok(cursor::seal(&signature(&self.dimensions, &self.order), read(place)?))
    }
}

/// The arguments that a cursor belongs to.
const SAME: &str = "`by` and `orderBy`";

/// What a cursor belongs to.
fn signature(dimensions: &[Dimension], order: &[GroupOrder]) -> String {
    format!("observation by {dimensions:?} in {order:?}")
}

fn read(json: &str) -> Result<Vec<Json>, Error> {
    serde_json::from_str(json).map_err(Error::internal)
}

/// The question how many groups there are.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupTotal {
    view: View,
    dimensions: Arc<[Dimension]>,
    filter: Option<Arc<ObservationFilter>>,
    having: Option<GroupHaving>,
    parts: Vec<Part>,
}

impl Load for GroupTotal {
    type Key = i64;
    type Value = i64;

    async fn load(&self, database: &Database, _: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let having = self.having.as_ref();
        // Without a condition on what is computed, nothing need be.
        let parts = if having.is_some() { self.parts.as_slice() } else { &[] };
        let mut select = Query::select();
        select
            .expr_as(Expr::val(ROOT), PARENT)
            .expr_as(Expr::cust("count(*)"), "count")
            .from_subquery(grouped(&self.dimensions, self.filter.as_deref(), parts, scope), "g");
        if let Some(having) = having {
            select.cond_where(having.on(parts, backend));
        }
        let counts = database.fetch::<(i64, Count)>(&select).await?;
        Ok(counts.into_iter().map(|(root, counted)| (root, counted.count)).collect())
    }
}

/// A value of a cursor, as a statement takes it.
fn value(json: Json) -> sea_orm::Value {
    match json {
        Json::Number(number) => sea_orm::Value::BigInt(number.as_i64()),
        Json::String(text) => sea_orm::Value::String(Some(text)),
        _ => sea_orm::Value::String(None),
    }
}

/// A value as text; on SQLite decimals are texts already.
fn as_text(value: Expr, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("CAST($1 AS text)", [value]),
        _ => value,
    }
}
