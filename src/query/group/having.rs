//! Conditions on groups.

use async_graphql::InputObject;
use entity::Decimal;
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

use super::{Measure, Part};
use crate::query::filter::{ColumnFilter, Comparison, DecimalFilter, IntFilter};

/// Which groups: conditions on what was computed of them, on the numbers as such, whatever their
/// comparators, and even where the measure itself is null with a reason, as the sum of figures that
/// overlap. Every condition given must hold. A measure must be selected to be set a condition on.
#[derive(Debug, Clone, Default, PartialEq, InputObject)]
#[graphql(name = "ObservationGroupHaving")]
pub struct GroupHaving {
    /// What `count` must be like.
    pub count: Option<IntFilter>,
    /// What `missing` must be like.
    pub missing: Option<IntFilter>,
    /// What `sum` must be like.
    pub sum: Option<DecimalFilter>,
    /// What `mean` must be like.
    pub mean: Option<DecimalFilter>,
    /// What `min` must be like.
    pub min: Option<DecimalFilter>,
    /// What `max` must be like.
    pub max: Option<DecimalFilter>,
    /// What `median` must be like.
    pub median: Option<DecimalFilter>,
    /// What `standardDeviation` must be like.
    pub standard_deviation: Option<DecimalFilter>,
    /// All of these must hold as well. An empty list always holds.
    pub and: Option<Vec<Self>>,
    /// At least one of these must hold as well. An empty list never holds.
    pub or: Option<Vec<Self>>,
    /// This must not hold. Where a measure is null, neither a condition on it nor its opposite
    /// holds.
    pub not: Option<Box<Self>>,
}

impl GroupHaving {
    fn decimals(&self) -> [(Measure, &Option<DecimalFilter>); 6] {
        [
            (Measure::Sum, &self.sum),
            (Measure::Mean, &self.mean),
            (Measure::Min, &self.min),
            (Measure::Max, &self.max),
            (Measure::Median, &self.median),
            (Measure::StandardDeviation, &self.standard_deviation),
        ]
    }

    fn counts(&self) -> [(Measure, &Option<IntFilter>); 2] {
        [(Measure::Count, &self.count), (Measure::Missing, &self.missing)]
    }

    /// The measures it sets conditions on.
    pub fn measures(&self) -> Vec<Measure> {
        let decimals = self.decimals().into_iter().filter(|(_, filter)| filter.is_some());
        let counts = self.counts().into_iter().filter(|(_, filter)| filter.is_some());
        let own = decimals.map(|(measure, _)| measure).chain(counts.map(|(measure, _)| measure));
        let lists = [&self.and, &self.or].into_iter().flatten().flatten();
        let inside = lists.chain(self.not.as_deref());
        own.chain(inside.flat_map(Self::measures).collect::<Vec<_>>()).collect()
    }

    /// The same as a condition on the groups under the alias `g`.
    pub(super) fn on(&self, parts: &[Part], backend: DbBackend) -> Condition {
        let mut all = Condition::all();
        for (measure, filter) in self.decimals() {
            if let Some(filter) = filter {
                all = all.add(exactly(filter, &measure.expr(parts, backend), backend));
            }
        }
        for (measure, filter) in self.counts() {
            if let Some(filter) = filter {
                all = all.add(filter.on(&measure.expr(parts, backend), backend));
            }
        }
        for having in self.and.iter().flatten() {
            all = all.add(having.on(parts, backend));
        }
        if let Some(or) = &self.or {
            let none = Condition::any().add(Expr::val(1).eq(0));
            all = all.add(or.iter().fold(none, |any, having| any.add(having.on(parts, backend))));
        }
        if let Some(not) = &self.not {
            all = all.add(not.on(parts, backend).add(Expr::val(1).eq(1)).not());
        }
        all
    }
}

/// A condition on a decimal computed inside SQL: a text with a collation on SQLite.
fn exactly(filter: &Comparison<Decimal>, expr: &Expr, backend: DbBackend) -> Condition {
    filter.compare(expr, |number| match backend {
        DbBackend::Postgres => Expr::val(number),
        _ => Expr::val(number.to_string()),
    })
}
