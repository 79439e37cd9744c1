//! Filters: one input for each kind of column, and how they combine.
//!
//! SQL's logic holds everywhere: a row without a value meets no condition on it, nor the opposite
//! of one, but only `isNull: true`. Both databases give the same answer.

mod period;
mod relation;
mod text;
mod value;

use std::fmt::Debug;

use async_graphql::InputType;
use sea_orm::{
    ColumnTrait, DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

pub use period::{PeriodFilter, ended, extent, frequency, length_rank};
pub use relation::{ListFilter, count, greatest, referred, to_many, to_one};
pub use text::{LocalizedTextFilter, TextFilter};
pub use value::{
    BooleanFilter, Comparison, DateFilter, DateTimeFilter, DecimalFilter, IntFilter, WordFilter,
};

use super::Scope;

/// The conditions a client can set on the rows of a table.
pub trait Filter: InputType + Clone + PartialEq + Debug + Send + Sync + 'static {
    /// The same as a condition of SQL.
    fn condition(&self, scope: Scope) -> Condition;

    /// Whether one row at the most is like this, by what the columns are declared to be.
    fn picks_one(&self) -> bool;
}

/// Whether no two rows of a table have the same value in a column.
pub fn is_unique(column: impl ColumnTrait) -> bool {
    // What a column is declared to be can be set and compared, but not asked for.
    let declared = column.def();
    declared.clone().unique() == declared
}

/// Conditions on one column.
pub trait ColumnFilter {
    /// Whether one value at the most meets them.
    fn picks_one(&self) -> bool {
        false
    }

    /// The same as a condition on an expression.
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition;
}

/// How many conditions are written one after another. Each is one level deeper than that before it,
/// and SQLite takes a thousand levels.
const ROW: usize = 64;

/// Conditions of which all or any must hold: many of them as a tree, for it is less deep than a row.
fn joined(mut conditions: Vec<Condition>, join: fn() -> Condition) -> Option<Condition> {
    let row = |some: &mut dyn Iterator<Item = Condition>| some.fold(join(), Condition::add);
    while conditions.len() > ROW {
        let mut left = conditions.into_iter().peekable();
        conditions = Vec::new();
        while left.peek().is_some() {
            conditions.push(row(&mut left.by_ref().take(ROW)));
        }
    }
    (!conditions.is_empty()).then(|| row(&mut conditions.into_iter()))
}

/// Conditions with `and`, `or` and `not` around them: nothing in `and` is true, nothing in `or`
/// is false.
pub fn combine<F: Filter>(
    mut all: Condition,
    scope: Scope,
    and: Option<&[F]>,
    or: Option<&[F]>,
    not: Option<&F>,
) -> Condition {
    let conditions = |filters: &[F]| filters.iter().map(|filter| filter.condition(scope)).collect();
    all = all.add_option(and.and_then(|and| joined(conditions(and), Condition::all)));
    if let Some(or) = or {
        let none = Condition::any().add(Expr::val(1).eq(0));
        all = all.add(none.add_option(joined(conditions(or), Condition::any)));
    }
    if let Some(not) = not {
        // An empty condition is true; its opposite has to say so.
        all = all.add(not.condition(scope).add(Expr::val(1).eq(1)).not());
    }
    all
}

/// Declares the filter of a table: one line a column, one line a relation, and beside it the filter
/// of a list of its rows, for the other end of relations.
#[macro_export]
macro_rules! filter {
    (
        $(#[$doc:meta])* $name:ident, $list:ident for $entity:ident
        { $($field:ident: $kind:ty = $column:ident,)* }
        $(one { $($one:ident: $one_kind:ident = $one_column:ident of $one_entity:ident,)* })?
        $(many { $($many:ident: $many_kind:ident = $many_entity:ident.$many_column:ident,)* })?
    ) => {
        $(#[$doc])*
        ///
        /// Every condition given must hold; one that is left out or null does not matter.
        #[derive(Debug, Clone, Default, PartialEq, async_graphql::InputObject)]
        pub struct $name {
            $(
                #[doc = concat!("What `", stringify!($field), "` must be like.")]
                pub $field: Option<$kind>,
            )*
            $($(
                #[doc = concat!("What the row that `", stringify!($one), "` gives must be like; `{}` asks only that there be one. Where there is none, this does not hold, and its opposite does.")]
                pub $one: Option<Box<$crate::graphql::$one_kind>>,
            )*)?
            $($(
                #[doc = concat!("What the rows that `", stringify!($many), "` lists must be like.")]
                pub $many: Option<Box<$crate::graphql::$many_kind>>,
            )*)?
            /// All of these must hold as well. An empty list always holds.
            pub and: Option<Vec<$name>>,
            /// At least one of these must hold as well. An empty list never holds.
            pub or: Option<Vec<$name>>,
            /// This must not hold. Where a value is null, neither a condition on it nor its
            /// opposite holds.
            pub not: Option<Box<$name>>,
        }

        impl $crate::query::Filter for $name {
            fn condition(&self, scope: $crate::query::Scope) -> sea_orm::Condition {
                #[allow(unused_imports, reason = "not every table has all sorts of lines")]
                use $crate::query::filter::{ColumnFilter, to_many, to_one};

                let mut all = sea_orm::Condition::all();
                $(
                    if let Some(filter) = &self.$field {
                        let column = $crate::query::column::<entity::$entity::Entity>(
                            entity::$entity::Column::$column,
                        );
                        all = all.add(filter.on(&column, scope.backend));
                    }
                )*
                $($(
                    if let Some(filter) = &self.$one {
                        all = all.add(to_one::<entity::$entity::Entity, entity::$one_entity::Entity>(
                            entity::$entity::Column::$one_column,
                            filter,
                            scope,
                        ));
                    }
                )*)?
                $($(
                    if let Some(filter) = &self.$many {
                        all = all.add(to_many::<entity::$entity::Entity, entity::$many_entity::Entity>(
                            entity::$many_entity::Column::$many_column,
                            filter.as_ref(),
                            scope,
                        ));
                    }
                )*)?
                $crate::query::filter::combine(
                    all,
                    scope,
                    self.and.as_deref(),
                    self.or.as_deref(),
                    self.not.as_deref(),
                )
            }

            fn picks_one(&self) -> bool {
                #[allow(unused_imports, reason = "not every table has all sorts of lines")]
                use $crate::query::filter::{ColumnFilter, is_unique};

                $(
                    self.$field.as_ref().is_some_and(ColumnFilter::picks_one)
                        && is_unique(entity::$entity::Column::$column)
                    ||
                )* self.and.iter().flatten().any($crate::query::Filter::picks_one)
            }
        }

        /// What the rows of a list must be like. Every condition given must hold.
        #[derive(Debug, Clone, Default, PartialEq, async_graphql::InputObject)]
        pub struct $list {
            /// At least one row is like this; `{}` asks that there be any.
            pub some: Option<Box<$name>>,
            /// Every row is like this. Where there are no rows, this holds.
            pub every: Option<Box<$name>>,
            /// No row is like this; `{}` asks that there be none.
            pub none: Option<Box<$name>>,
            /// How many rows there are.
            pub count: Option<$crate::query::filter::IntFilter>,
            /// Which rows `count` counts; all when left out.
            pub counting: Option<Box<$name>>,
        }

        impl $crate::query::filter::ListFilter for $list {
            type Row = $name;

            fn some(&self) -> Option<&$name> {
                self.some.as_deref()
            }

            fn every(&self) -> Option<&$name> {
                self.every.as_deref()
            }

            fn none(&self) -> Option<&$name> {
                self.none.as_deref()
            }

            fn count(&self) -> Option<(&$crate::query::filter::IntFilter, Option<&$name>)> {
                Some((self.count.as_ref()?, self.counting.as_deref()))
            }
        }
    };
}

fn null(is_null: Option<bool>, expr: &Expr) -> Option<Expr> {
    is_null.map(|null| if null { expr.clone().is_null() } else { expr.clone().is_not_null() })
}
