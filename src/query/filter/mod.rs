//! Filters: one input for each kind of column, and how they combine.
//!
//! SQL's logic holds everywhere: a row without a value meets no condition on it, nor the opposite
//! of one, but only `isNull: true`. Both databases give the same answer.

mod text;
mod value;

use std::fmt::Debug;

use async_graphql::InputType;
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

pub use text::{LocalizedTextFilter, TextFilter};
pub use value::{
    BooleanFilter, Comparison, DateFilter, DateTimeFilter, DecimalFilter, IntFilter, PeriodFilter,
    WordFilter,
};

/// The conditions a client can set on the rows of a table.
pub trait Filter: InputType + Clone + PartialEq + Debug + Send + Sync + 'static {
    /// The same as a condition of SQL.
    fn condition(&self, backend: DbBackend) -> Condition;
}

/// Conditions on one column.
pub trait ColumnFilter {
    /// The same as a condition on an expression.
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition;
}

/// Conditions with `and`, `or` and `not` around them: nothing in `and` is true, nothing in `or`
/// is false.
pub fn combine<F: Filter>(
    mut all: Condition,
    backend: DbBackend,
    and: Option<&[F]>,
    or: Option<&[F]>,
    not: Option<&F>,
) -> Condition {
    for filter in and.unwrap_or_default() {
        all = all.add(filter.condition(backend));
    }
    if let Some(or) = or {
        let none = Condition::any().add(Expr::val(1).eq(0));
        all = all.add(or.iter().fold(none, |any, filter| any.add(filter.condition(backend))));
    }
    if let Some(not) = not {
        // An empty condition is true; its opposite has to say so.
        all = all.add(not.condition(backend).add(Expr::val(1).eq(1)).not());
    }
    all
}

/// Declares the filter of a table, one line a column.
#[macro_export]
macro_rules! filter {
    ($(#[$doc:meta])* $name:ident for $entity:ident { $($field:ident: $kind:ty = $column:ident,)+ }) => {
        $(#[$doc])*
        ///
        /// Every condition given must hold; one that is left out or null does not matter.
        #[derive(Debug, Clone, Default, PartialEq, async_graphql::InputObject)]
        pub struct $name {
            $(
                #[doc = concat!("What `", stringify!($field), "` must be like.")]
                pub $field: Option<$kind>,
            )+
            /// All of these must hold as well. An empty list always holds.
            pub and: Option<Vec<$name>>,
            /// At least one of these must hold as well. An empty list never holds.
            pub or: Option<Vec<$name>>,
            /// This must not hold. Where a value is null, neither a condition on it nor its
            /// opposite holds.
            pub not: Option<Box<$name>>,
        }

        impl $crate::query::Filter for $name {
            fn condition(&self, backend: sea_orm::DbBackend) -> sea_orm::Condition {
                use $crate::query::filter::ColumnFilter;

                let mut all = sea_orm::Condition::all();
                $(
                    if let Some(filter) = &self.$field {
                        let column = $crate::query::column::<entity::$entity::Entity>(
                            entity::$entity::Column::$column,
                        );
                        all = all.add(filter.on(&column, backend));
                    }
                )+
                $crate::query::filter::combine(
                    all,
                    backend,
                    self.and.as_deref(),
                    self.or.as_deref(),
                    self.not.as_deref(),
                )
            }
        }
    };
}

fn null(is_null: Option<bool>, expr: &Expr) -> Option<Expr> {
    is_null.map(|null| if null { expr.clone().is_null() } else { expr.clone().is_not_null() })
}
