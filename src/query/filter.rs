//! Filters: one input for each kind of column, and how they combine.
//!
//! SQL's logic holds everywhere: a row without a value meets no condition on it, nor the opposite
//! of one, but only `isNull: true`. Both databases give the same answer.

use std::fmt::Debug;

use async_graphql::{InputObject, InputType};
use entity::{
    Date, DateTime, Decimal, Period,
    vocabulary::{
        Accumulation, Aggregation, ClaimKind, Comparator, DateBasis, Dimension, DistrictKind,
        InitiativeKind, InitiativeStatus, Measure, MetricBasis, MetricDirection, ObservationStatus,
        OrganizationKind, OrganizationRole, PriceBasis,
    },
};
use sea_orm::{
    DbBackend, Value,
    sea_query::{BinOper, Condition, Expr, ExprTrait, Func, Query},
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
        #[derive(Debug, Clone, PartialEq, async_graphql::InputObject)]
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

/// What a text must be like, letter for letter and case for case. Conditions given together must
/// all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, InputObject)]
pub struct TextFilter {
    /// Exactly this.
    pub eq: Option<String>,
    /// Anything but this.
    pub ne: Option<String>,
    /// One of these. No text is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// None of these.
    pub not_in: Option<Vec<String>>,
    /// This somewhere inside; `%` and `_` mean themselves.
    pub contains: Option<String>,
    /// This at the beginning.
    pub starts_with: Option<String>,
    /// This at the end.
    pub ends_with: Option<String>,
    /// Whether there is no text at all.
    pub is_null: Option<bool>,
}

impl ColumnFilter for TextFilter {
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        let part = |start: bool, text: &str, end: bool| like(expr, (start, text, end), backend);
        Condition::all()
            .add_option(self.eq.as_ref().map(|text| expr.clone().eq(text.as_str())))
            .add_option(self.ne.as_ref().map(|text| expr.clone().ne(text.as_str())))
            .add_option(self.one_of.as_ref().map(|texts| expr.clone().is_in(texts)))
            .add_option(self.not_in.as_ref().map(|texts| expr.clone().is_not_in(texts)))
            .add_option(self.contains.as_ref().map(|text| part(false, text, false)))
            .add_option(self.starts_with.as_ref().map(|text| part(true, text, false)))
            .add_option(self.ends_with.as_ref().map(|text| part(false, text, true)))
            .add_option(null(self.is_null, expr))
    }
}

/// Whether a text holds a part: at its start, at its end, or anywhere. A pattern in the database's
/// own words: SQLite's LIKE ignores the case of ASCII letters, its GLOB does not.
fn like(expr: &Expr, (start, part, end): (bool, &str, bool), backend: DbBackend) -> Expr {
    let (any, special): (char, &[char]) = match backend {
        DbBackend::Postgres => ('%', &['%', '_', '\\']),
        _ => ('*', &['*', '?', '[']),
    };
    let mut pattern = String::new();
    if !start {
        pattern.push(any);
    }
    for letter in part.chars() {
        match backend {
            _ if !special.contains(&letter) => pattern.push(letter),
            DbBackend::Postgres => pattern.extend(['\\', letter]),
            _ => pattern.extend(['[', letter, ']']),
        }
    }
    if !end {
        pattern.push(any);
    }
    match backend {
        DbBackend::Postgres => expr.clone().like(pattern),
        _ => expr.clone().binary(BinOper::Custom("GLOB"), Expr::val(pattern)),
    }
}

/// What a text for people must be like, in any language or in a given one. Case counts.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct LocalizedTextFilter {
    /// The language to look in, a BCP 47 tag exactly as the data have it; any language when left
    /// out.
    pub language: Option<String>,
    /// Exactly this.
    pub eq: Option<String>,
    /// One of these.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// This somewhere inside; `%` and `_` mean themselves.
    pub contains: Option<String>,
    /// This at the beginning.
    pub starts_with: Option<String>,
    /// This at the end.
    pub ends_with: Option<String>,
    /// Whether there is no text in any language.
    pub is_null: Option<bool>,
}

impl ColumnFilter for LocalizedTextFilter {
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        let text = TextFilter {
            eq: self.eq.clone(),
            one_of: self.one_of.clone(),
            contains: self.contains.clone(),
            starts_with: self.starts_with.clone(),
            ends_with: self.ends_with.clone(),
            ..TextFilter::default()
        };
        let every_language = match backend {
            DbBackend::Postgres => "jsonb_each_text",
            _ => "json_each",
        };
        let some = Condition::all()
            .add(text.on(&Expr::col(("text", "value")), backend))
            .add_option(self.language.as_deref().map(|tag| Expr::col(("text", "key")).eq(tag)));
        let found = (!some.is_empty()
            && (text != TextFilter::default() || self.language.is_some()))
        .then(|| {
            Expr::exists(
                Query::select()
                    .expr(Expr::val(1))
                    .from_function(Func::cust(every_language).arg(expr.clone()), "text")
                    .cond_where(some)
                    .to_owned(),
            )
        });
        Condition::all().add_option(found).add_option(null(self.is_null, expr))
    }
}

/// What a value with an order must be like: a number, a date, a period. Conditions given together
/// must all hold.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
#[graphql(concrete(name = "DecimalFilter", params(Decimal)))]
#[graphql(concrete(name = "PeriodFilter", params(Period)))]
#[graphql(concrete(name = "DateFilter", params(Date)))]
#[graphql(concrete(name = "DateTimeFilter", params(DateTime)))]
#[graphql(concrete(name = "IntFilter", params(i32)))]
pub struct Comparison<T: InputType> {
    /// Exactly this.
    pub eq: Option<T>,
    /// Anything but this.
    pub ne: Option<T>,
    /// One of these. No value is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<T>>,
    /// None of these.
    pub not_in: Option<Vec<T>>,
    /// Greater, or later, than this.
    pub gt: Option<T>,
    /// This, or greater, or later.
    pub gte: Option<T>,
    /// Less, or earlier, than this.
    pub lt: Option<T>,
    /// This, or less, or earlier.
    pub lte: Option<T>,
    /// Whether there is no value at all.
    pub is_null: Option<bool>,
}

impl<T: InputType + Clone + Into<Value>> ColumnFilter for Comparison<T> {
    fn on(&self, expr: &Expr, _: DbBackend) -> Condition {
        let each = |values: &Vec<T>| values.clone().into_iter().map(Into::into).collect();
        let compare = |value: &Option<T>, compare: fn(Expr, Value) -> Expr| {
            value.clone().map(|value| compare(expr.clone(), value.into()))
        };
        Condition::all()
            .add_option(compare(&self.eq, ExprTrait::eq))
            .add_option(compare(&self.ne, ExprTrait::ne))
            .add_option(compare(&self.gt, ExprTrait::gt))
            .add_option(compare(&self.gte, ExprTrait::gte))
            .add_option(compare(&self.lt, ExprTrait::lt))
            .add_option(compare(&self.lte, ExprTrait::lte))
            .add_option(among(expr, self.one_of.as_ref().map(each), self.not_in.as_ref().map(each)))
            .add_option(null(self.is_null, expr))
    }
}

/// Conditions on an exact decimal number.
pub type DecimalFilter = Comparison<Decimal>;
/// Conditions on a period.
pub type PeriodFilter = Comparison<Period>;
/// Conditions on a day.
pub type DateFilter = Comparison<Date>;
/// Conditions on a moment.
pub type DateTimeFilter = Comparison<DateTime>;
/// Conditions on a whole number.
pub type IntFilter = Comparison<i32>;

/// Which words of a closed list a column may hold. Conditions given together must all hold.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
#[graphql(concrete(name = "DistrictKindFilter", params(DistrictKind)))]
#[graphql(concrete(name = "OrganizationKindFilter", params(OrganizationKind)))]
#[graphql(concrete(name = "OrganizationRoleFilter", params(OrganizationRole)))]
#[graphql(concrete(name = "InitiativeKindFilter", params(InitiativeKind)))]
#[graphql(concrete(name = "InitiativeStatusFilter", params(InitiativeStatus)))]
#[graphql(concrete(name = "ClaimKindFilter", params(ClaimKind)))]
#[graphql(concrete(name = "MeasureFilter", params(Measure)))]
#[graphql(concrete(name = "AggregationFilter", params(Aggregation)))]
#[graphql(concrete(name = "AccumulationFilter", params(Accumulation)))]
#[graphql(concrete(name = "MetricDirectionFilter", params(MetricDirection)))]
#[graphql(concrete(name = "DimensionFilter", params(Dimension)))]
#[graphql(concrete(name = "MetricBasisFilter", params(MetricBasis)))]
#[graphql(concrete(name = "DateBasisFilter", params(DateBasis)))]
#[graphql(concrete(name = "ComparatorFilter", params(Comparator)))]
#[graphql(concrete(name = "ObservationStatusFilter", params(ObservationStatus)))]
#[graphql(concrete(name = "PriceBasisFilter", params(PriceBasis)))]
pub struct WordFilter<T: InputType> {
    /// Exactly this.
    pub eq: Option<T>,
    /// Anything but this.
    pub ne: Option<T>,
    /// One of these. No value is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<T>>,
    /// None of these.
    pub not_in: Option<Vec<T>>,
    /// Whether there is no value at all.
    pub is_null: Option<bool>,
}

impl<T: InputType + Clone + Into<Value>> ColumnFilter for WordFilter<T> {
    fn on(&self, expr: &Expr, _: DbBackend) -> Condition {
        let each = |values: &Vec<T>| values.clone().into_iter().map(Into::into).collect();
        Condition::all()
            .add_option(self.eq.clone().map(|word| expr.clone().eq(word.into())))
            .add_option(self.ne.clone().map(|word| expr.clone().ne(word.into())))
            .add_option(among(expr, self.one_of.as_ref().map(each), self.not_in.as_ref().map(each)))
            .add_option(null(self.is_null, expr))
    }
}

/// Whether something must be so.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct BooleanFilter {
    /// Exactly this.
    pub eq: Option<bool>,
}

impl ColumnFilter for BooleanFilter {
    fn on(&self, expr: &Expr, _: DbBackend) -> Condition {
        Condition::all().add_option(self.eq.map(|truth| expr.clone().eq(truth)))
    }
}

fn among(expr: &Expr, one_of: Option<Vec<Value>>, not_in: Option<Vec<Value>>) -> Option<Condition> {
    (one_of.is_some() || not_in.is_some()).then(|| {
        Condition::all()
            .add_option(one_of.map(|values| expr.clone().is_in(values)))
            .add_option(not_in.map(|values| expr.clone().is_not_in(values)))
    })
}

fn null(is_null: Option<bool>, expr: &Expr) -> Option<Expr> {
    is_null.map(|null| if null { expr.clone().is_null() } else { expr.clone().is_not_null() })
}
