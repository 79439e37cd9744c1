//! Figures in proportion to others: per head, per thousand.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use entity::{
    Period, metric, observation,
    vocabulary::{Aggregation, Measure, ObservationStatus},
};

use super::{Ask, Computed, Node, Observation, change::quantity, lookup::row, slug::named};
use crate::{
    arithmetic::{self, Quantity, Reason, Uncomputed},
    error::Error,
    query::{Figure, View, figure::Place},
};

/// The most that a proportion is scaled by.
const MOST: i32 = 1_000_000_000;

/// A figure in proportion to one of another metric.
pub struct Per {
    view: View,
    figure: Arc<observation::Model>,
    metric: Arc<metric::Model>,
    denominator: Option<Arc<observation::Model>>,
    /// The other metric's slug.
    of: String,
    scale: i32,
}

impl Per {
    /// In proportion to the figure of the metric with this slug, of the same place.
    pub(super) async fn load(
        ctx: &Context<'_>,
        view: View,
        figure: &Arc<observation::Model>,
        slug: &str,
        scale: i32,
    ) -> Result<Self> {
        if !(1..=MOST).contains(&scale) {
            return Err(
                Error::input(format!("`scale` is {scale}, but must be from 1 to {MOST}")).into()
            );
        }
        let of = named::<metric::Entity>(ctx, "metric", slug, view).await?;
        let place = Place { metric: of.id, initiative: None, ..Place::of(figure) };
        let denominator = ctx.batch()?.load(Figure::Denominator.seen(view), place).await?;
        let metric = row::<metric::Entity>(ctx, figure.metric_id, view).await?;
        let (figure, of) = (Arc::clone(figure), of.slug.clone());
        Ok(Self { view, figure, metric, denominator, of, scale })
    }

    fn ratio(&self) -> Result<Quantity, Uncomputed> {
        if self.metric.measure != Measure::Level || self.metric.aggregation != Aggregation::Sum {
            return Err(Uncomputed::new(
                Reason::NotApplicable,
                format!("{} is no amount that could be divided among others", self.metric.slug),
            ));
        }
        let figure =
            quantity(Some(&self.figure), Reason::NoValue, || "it has no value".to_owned())?;
        let base = quantity(self.denominator.as_deref(), Reason::NoBase, || {
            format!(
                "there is no figure of {} for the place: of {}, of a period it lies in, or of a \
                 year before",
                self.of, self.figure.period
            )
        })?;
        let rows = [Some(&self.figure), self.denominator.as_ref()];
        if rows.into_iter().flatten().any(|row| row.status == ObservationStatus::Unreliable) {
            return Err(Uncomputed::new(
                Reason::Unreliable,
                "a figure it would rest on is UNRELIABLE; its note says why",
            ));
        }
        let same = self.denominator.as_ref().is_some_and(|row| row.id == self.figure.id);
        match same {
            true => arithmetic::ratio_to_itself(&figure, self.scale.into()),
            false => arithmetic::ratio(&figure, &base, self.scale.into()),
        }
    }
}

/// A figure in proportion to one of another metric, such as the population.
#[Object]
impl Per {
    /// The figure divided by the denominator, times the scale. It has no unit of its own: it is in
    /// the unit of the figure, per so many units of the denominator. Only of metrics whose figures
    /// may be added up over places (`measure: LEVEL`, `aggregation: SUM`): of others the reason is
    /// NOT_APPLICABLE.
    async fn value(&self) -> Computed {
        let inputs = [Some(&self.figure), self.denominator.as_ref()];
        let inputs = inputs.into_iter().flatten().cloned().collect();
        Computed::new(self.ratio(), None, inputs, self.view)
    }

    /// The figure divided by, of the same place: that of the same period with a value, or else of
    /// the shortest part of the calendar the period lies in (week, month, quarter, half, year; a week
    /// lies in the year of its number), or else the one that ended last before its year began (of several
    /// that ended then, the longest), so that all parts of a year are divided by the same. Null where
    /// there is none.
    async fn denominator(&self) -> Option<Observation> {
        Some(Observation::new(self.denominator.clone()?, self.view))
    }

    /// The period of the denominator, which may be longer or earlier than the figure's.
    async fn period(&self) -> Option<Period> {
        self.denominator.as_ref().map(|row| row.period)
    }
}
