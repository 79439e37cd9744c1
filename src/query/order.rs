//! Orders of a list: keys a client names, each with its direction and the place of nulls.

use std::fmt::Debug;

use async_graphql::{Enum, resolver_utils::EnumType};
use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait,
    sea_query::{Expr, NullOrdering, Order},
};

use super::{Locale, Scope, Table};

/// What the rows of a table can be ordered by.
pub trait OrderKey<E: EntityTrait>: EnumType + Copy + Eq + Debug + Send + Sync + 'static {
    /// Where the key's values are.
    fn source(self) -> Source<E::Column>;

    /// The order of a list when the client gives none. Rows that are still tied, or a list without
    /// a default, are in the order in which they were loaded.
    fn default_order() -> Vec<OrderBy<Self>> {
        Vec::new()
    }
}

/// Where the values of an order are.
#[derive(Debug, Clone)]
pub enum Source<C> {
    /// In a column.
    Column(C),
    /// In a column of localised text: what it says in the languages wanted.
    Text(C),
    /// In rows of other tables. The row does not hold it, so a list reads it beside the row.
    Elsewhere(Elsewhere),
}

/// Values that stand in rows of other tables, or are computed of them.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    value: fn(Scope, &Locale) -> Expr,
    kind: ColumnType,
    nullable: bool,
    /// Whether it is a localised text.
    text: bool,
}

impl Elsewhere {
    /// What the row that a column of `E` refers to holds; null where there is none.
    pub fn of_one<T: Table>(source: &Source<T::Column>, value: fn(Scope, &Locale) -> Expr) -> Self {
        Self { value, kind: source.kind(), nullable: true, text: source.is_text() }
    }

    /// How many related rows there are.
    pub fn count(value: fn(Scope, &Locale) -> Expr) -> Self {
        Self { value, kind: ColumnType::BigInteger, nullable: false, text: false }
    }

    /// The greatest value of a column in related rows; null where there is none.
    pub fn greatest<T: Table>(column: T::Column, value: fn(Scope, &Locale) -> Expr) -> Self {
        let kind = column.def().get_column_type().clone();
        Self { value, kind, nullable: true, text: false }
    }
}

impl<C: ColumnTrait> Source<C> {
    /// Its value as SQL, in its order.
    pub(super) fn expr<E: EntityTrait<Column = C>>(&self, scope: Scope, locale: &Locale) -> Expr {
        let value = self.plain::<E>(scope, locale);
        if self.is_text() { locale.ordered(value, scope.backend) } else { value }
    }

    /// Its value as SQL.
    pub(super) fn plain<E: EntityTrait<Column = C>>(&self, scope: Scope, locale: &Locale) -> Expr {
        match self {
            Self::Column(column) => super::column::<E>(*column),
            Self::Elsewhere(elsewhere) => (elsewhere.value)(scope, locale),
            Self::Text(column) => locale.text(super::column::<E>(*column), scope.backend),
        }
    }

    /// Whether it is a localised text, which languages have in different orders.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Column(_) => false,
            Self::Text(_) => true,
            Self::Elsewhere(elsewhere) => elsewhere.text,
        }
    }

    pub(super) fn nullable(&self) -> bool {
        match self {
            Self::Column(column) => column.def().is_null(),
            Self::Text(_) => true,
            Self::Elsewhere(elsewhere) => elsewhere.nullable,
        }
    }

    pub(super) fn kind(&self) -> ColumnType {
        match self {
            Self::Column(column) => column.def().get_column_type().clone(),
            Self::Text(_) => ColumnType::Text,
            Self::Elsewhere(elsewhere) => elsewhere.kind.clone(),
        }
    }

    /// The column of the row itself that it is read from.
    pub(super) fn column(&self) -> Option<C> {
        match self {
            Self::Column(column) | Self::Text(column) => Some(*column),
            Self::Elsewhere(_) => None,
        }
    }
}

/// One key of an order. The rows are ordered by the first key of the list, those alike in it by
/// the second, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy<K> {
    /// What to order by.
    pub by: K,
    /// Smallest or largest first.
    pub direction: Direction,
    /// Where rows without a value go.
    pub nulls: Nulls,
    /// In which languages texts are read, and by whose rules they are ordered.
    pub locale: Locale,
}

/// Declares what a table's lists can be ordered by, one line a key: its name and where its values
/// are. The order a list has by itself may follow.
///
/// - `Column(Slug)`, `Text(Name)`: a column of the row, a localised one.
/// - `Text(Name) of district by DistrictId`: the same of the row that a column refers to.
/// - `count(observation.DistrictId)`: how many rows of another table refer to the row.
/// - `max(observation.DistrictId, Period)`: the greatest value of a column among those rows.
#[macro_export]
macro_rules! order {
    (
        $name:ident, $key:ident for $entity:ident
        {
            $(
                $(#[$doc:meta])*
                $word:ident = $source:ident($($column:tt)+) $(of $one:ident by $reference:ident)?,
            )+
        }
        $(default $default:ident $direction:ident)?
    ) => {
        /// What a list can be ordered by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
        pub enum $key { $($(#[$doc])* $word,)+ }

        /// One key of an order. Rows alike in the first key of a list are ordered by the second,
        /// and so on; rows alike in all of them, by when they were loaded, in the direction of the
        /// last.
        #[derive(Debug, Clone, async_graphql::InputObject)]
        pub struct $name {
            /// What to order by.
            pub by: $key,
            /// Smallest or largest first.
            #[graphql(default)]
            pub direction: $crate::query::Direction,
            /// Where rows without a value go.
            #[graphql(default)]
            pub nulls: $crate::query::Nulls,
            /// In which language names and titles are read, as those of the fields are, and by
            /// whose rules they are ordered (CLDR). When left out, as `Accept-Language` says, or
            /// else English. Refused with BAD_USER_INPUT where `by` is no name and no title.
            pub language: Option<$crate::graphql::Language>,
        }

        impl From<$name>
            for ($crate::query::OrderBy<$key>, Option<$crate::graphql::Language>)
        {
            fn from($name { by, direction, nulls, language }: $name) -> Self {
                let locale = $crate::query::Locale::default();
                ($crate::query::OrderBy { by, direction, nulls, locale }, language)
            }
        }

        impl $crate::query::OrderKey<entity::$entity::Entity> for $key {
            fn source(self) -> $crate::query::Source<entity::$entity::Column> {
                match self {
                    $(Self::$word => {
                        $crate::order!(@source $entity $source($($column)+) $($one $reference)?)
                    })+
                }
            }

            $(
                fn default_order() -> Vec<$crate::query::OrderBy<Self>> {
                    vec![$crate::query::OrderBy {
                        by: Self::$default,
                        direction: $crate::query::Direction::$direction,
                        nulls: $crate::query::Nulls::Last,
                        locale: $crate::query::Locale::default(),
                    }]
                }
            )?
        }
    };

    (@source $entity:ident count($many:ident.$reference:ident)) => {
        $crate::query::Source::Elsewhere($crate::query::order::Elsewhere::count(|scope, _| {
            $crate::query::filter::count::<entity::$entity::Entity, entity::$many::Entity>(
                entity::$many::Column::$reference,
                None,
                scope,
            )
        }))
    };
    (@source $entity:ident max($many:ident.$reference:ident, $column:ident)) => {{
        type Many = entity::$many::Entity;
        let greatest = $crate::query::order::Elsewhere::greatest::<Many>;
        $crate::query::Source::Elsewhere(greatest(entity::$many::Column::$column, |scope, _| {
            $crate::query::filter::greatest::<entity::$entity::Entity, Many>(
                entity::$many::Column::$reference,
                entity::$many::Column::$column,
                scope,
            )
        }))
    }};
    (@source $entity:ident $source:ident($column:ident)) => {
        $crate::query::Source::$source(entity::$entity::Column::$column)
    };
    (@source $entity:ident $source:ident($column:ident) $one:ident $reference:ident) => {{
        type One = entity::$one::Entity;
        let source = $crate::query::Source::$source(entity::$one::Column::$column);
        let of_one = $crate::query::order::Elsewhere::of_one::<One>;
        $crate::query::Source::Elsewhere(of_one(&source, |scope, locale| {
            $crate::query::filter::referred::<entity::$entity::Entity, One>(
                entity::$entity::Column::$reference,
                &$crate::query::Source::$source(entity::$one::Column::$column),
                scope,
                locale,
            )
        }))
    }};
}

/// Smallest or largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum Direction {
    /// Smallest first: 1, 2, 3; A, B, C; earliest first.
    #[default]
    Asc,
    /// Largest first: 3, 2, 1; C, B, A; latest first.
    Desc,
}

impl Direction {
    pub(super) fn reversed(self) -> Self {
        match self {
            Self::Asc => Self::Desc,
            Self::Desc => Self::Asc,
        }
    }

    /// The direction as SQL.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }
}

impl From<Direction> for Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Asc => Self::Asc,
            Direction::Desc => Self::Desc,
        }
    }
}

/// Where rows without a value go, whichever way the list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum Nulls {
    /// Before all others.
    First,
    /// After all others.
    #[default]
    Last,
}

impl Nulls {
    pub(super) fn reversed(self) -> Self {
        match self {
            Self::First => Self::Last,
            Self::Last => Self::First,
        }
    }
}

impl From<Nulls> for NullOrdering {
    fn from(nulls: Nulls) -> Self {
        match nulls {
            Nulls::First => Self::First,
            Nulls::Last => Self::Last,
        }
    }
}
