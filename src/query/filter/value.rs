//! Conditions on values: numbers, dates and periods, words of closed lists, truths.

use async_graphql::{InputObject, InputType};
use entity::{
    Date, DateTime, Decimal,
    vocabulary::{
        Accumulation, Aggregation, ClaimKind, Comparator, DateBasis, Dimension, DistrictKind,
        InitiativeKind, InitiativeStatus, Measure, MetricBasis, MetricDirection, ObservationStatus,
        OrganizationKind, OrganizationRole, PriceBasis,
    },
};
use sea_orm::{
    DbBackend, Value,
    sea_query::{Condition, Expr, ExprTrait},
};

use super::{ColumnFilter, null};

/// What a value with an order must be like: a number, a date. Conditions given together
/// must all hold.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
#[graphql(concrete(name = "DecimalFilter", params(Decimal)))]
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

impl<T: InputType + Clone> Comparison<T> {
    /// That there be a value.
    pub fn present() -> Self {
        Self {
            eq: None,
            ne: None,
            one_of: None,
            not_in: None,
            gt: None,
            gte: None,
            lt: None,
            lte: None,
            is_null: Some(false),
        }
    }

    /// The conditions on an expression, given how SQL writes a value to compare it with.
    pub fn compare(&self, expr: &Expr, value: impl Fn(T) -> Expr) -> Condition {
        let one = |wanted: &Option<T>, compare: fn(Expr, Expr) -> Expr| {
            wanted.clone().map(|wanted| compare(expr.clone(), value(wanted)))
        };
        let many = |wanted: &Option<Vec<T>>| -> Option<Vec<Expr>> {
            wanted.as_ref().map(|wanted| wanted.iter().cloned().map(&value).collect())
        };
        Condition::all()
            .add_option(one(&self.eq, ExprTrait::eq))
            .add_option(one(&self.ne, ExprTrait::ne))
            .add_option(one(&self.gt, ExprTrait::gt))
            .add_option(one(&self.gte, ExprTrait::gte))
            .add_option(one(&self.lt, ExprTrait::lt))
            .add_option(one(&self.lte, ExprTrait::lte))
            .add_option(among(expr, many(&self.one_of), many(&self.not_in)))
            .add_option(null(self.is_null, expr))
    }
}

impl<T: InputType + Clone + Into<Value>> ColumnFilter for Comparison<T> {
    fn on(&self, expr: &Expr, _: DbBackend) -> Condition {
        self.compare(expr, |value| Expr::val(value))
    }
}

/// Conditions on an exact decimal number.
pub type DecimalFilter = Comparison<Decimal>;
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
        let each = |values: &Vec<T>| values.clone().into_iter().map(Expr::val).collect();
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

fn among(expr: &Expr, one_of: Option<Vec<Expr>>, not_in: Option<Vec<Expr>>) -> Option<Condition> {
    (one_of.is_some() || not_in.is_some()).then(|| {
        Condition::all()
            .add_option(one_of.map(|values| expr.clone().is_in(values)))
            .add_option(not_in.map(|values| expr.clone().is_not_in(values)))
    })
}
