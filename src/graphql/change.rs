//! How a figure differs from another of its series.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use entity::{Period, metric, observation, unit};

use super::{Ask, Computed, Node, Observation, lookup::row};
use crate::{
    arithmetic::{self, Growth, Quantity, Reason, Uncomputed},
    error::Error,
    query::{Figure, View, figure::Place},
};

/// With which figure of its series a figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ChangeBasis {
    /// The newest earlier figure with a value, of a period of the same length; of a range, of one
    /// that spans as many months between the same days. It may be several periods back: `from` says
    /// which one it is.
    Previous,
    /// The figure of the same part of the calendar one year earlier.
    YearAgo,
    /// The figure of the period given as `base`, which must be as long: a quarter is not compared
    /// with a year (reason UNLIKE_PERIODS; NO_BASE where that year has no figure either).
    Base,
}

/// How a figure differs from another one of the same metric, place and initiative.
pub struct Change {
    view: View,
    figure: Option<Arc<observation::Model>>,
    /// The period of the figure, or of the gap where it would be.
    period: Period,
    from: Option<Arc<observation::Model>>,
    metric: Arc<metric::Model>,
    unit: Arc<unit::Model>,
    /// What was looked for, in words.
    sought: String,
}

impl Change {
    /// The change of what stands at a place of a series, which may be a gap.
    pub(super) async fn load(
        ctx: &Context<'_>,
        view: View,
        place: Place,
        figure: Option<Arc<observation::Model>>,
        basis: ChangeBasis,
        base: Option<Period>,
    ) -> Result<Self> {
        let period = place.period;
        let (question, at, sought) = match (basis, base) {
            (ChangeBasis::Base, Some(base)) => {
                (Figure::At, Some(place.at(base)), format!("for {base}"))
            }
            (ChangeBasis::Base, None) => {
                return Err(Error::input(
                    "`basis` is BASE, so `base` must be given: the period to compare with",
                )
                .into());
            }
            (_, Some(base)) => {
                return Err(Error::input(format!(
                    "`base` is {base}, but `basis` is not BASE; leave `base` out, or give `basis: \
                     BASE`"
                ))
                .into());
            }
            (ChangeBasis::Previous, None) => (
                Figure::Before,
                Some(place.clone()),
                format!("before {period} with a value, of a period as long"),
            ),
            (ChangeBasis::YearAgo, None) => {
                let earlier = period.year_earlier();
                (Figure::At, earlier.map(|at| place.at(at)), format!("a year before {period}"))
            }
        };
        let from = match at {
            Some(at) => ctx.batch()?.load(question.seen(view), at).await?,
            None => None,
        };
        let metric = row::<metric::Entity>(ctx, place.metric, view).await?;
        let unit = row::<unit::Entity>(ctx, metric.unit_id, view).await?;
        Ok(Self { view, figure, period, from, metric, unit, sought })
    }

    fn growth(&self) -> Result<Growth, Uncomputed> {
        let figure = quantity(self.figure.as_deref(), Reason::NoValue, || {
            "there is no figure with a value here".to_owned()
        })?;
        let base = quantity(self.from.as_deref(), Reason::NoBase, || {
            format!("there is no figure {}", self.sought)
        })?;
        if let Some(from) = self.from.as_deref() {
            as_long(self.period, from.period)?;
        }
        let same = self.figure.as_ref().zip(self.from.as_ref()).is_some_and(|(a, b)| a.id == b.id);
        Ok(match same {
            true => arithmetic::change_to_itself(&figure),
            false => arithmetic::change(&figure, &base),
        })
    }

    fn computed(&self, result: Result<Quantity, Uncomputed>, unit: Option<i64>) -> Computed {
        let inputs = [&self.from, &self.figure].into_iter().flatten().cloned().collect();
        Computed::new(result, unit, inputs, self.view)
    }
}

/// Refuses a base of a period that is longer or shorter than the figure's.
pub(super) fn as_long(period: Period, base: Period) -> Result<(), Uncomputed> {
    if period.is_as_long_as(base) {
        return Ok(());
    }
    let word = |period: Period| async_graphql::resolver_utils::enum_value(period.length());
    Err(Uncomputed::new(
        Reason::UnlikePeriods,
        format!(
            "{period} ({}) and {base} ({}) are not as long as each other; name a base that is",
            word(period),
            word(base)
        ),
    ))
}

/// A figure's value as a number.
pub(super) fn quantity(
    row: Option<&observation::Model>,
    reason: Reason,
    explanation: impl FnOnce() -> String,
) -> Result<Quantity, Uncomputed> {
    match row.and_then(|row| Some((row, row.value?))) {
        Some((row, value)) => Ok(Quantity::figure(value, row.comparator)),
        None => Err(Uncomputed::new(reason, explanation())),
    }
}

/// Whether values in a unit are percentages.
pub(super) fn is_percent(unit: &unit::Model) -> bool {
    unit.symbol == "%"
}

/// How a figure differs from another one of the same metric, place and initiative. What cannot be
/// computed has a reason.
#[Object]
impl Change {
    /// The figure it is compared with; null where there is none.
    async fn from(&self) -> Option<Observation> {
        Some(Observation::new(self.from.clone()?, self.view))
    }

    /// The difference in the metric's unit, exact. Of percentages the reason NOT_APPLICABLE: see
    /// `points`.
    async fn absolute(&self) -> Computed {
        let absolute = self.growth().and_then(|growth| match is_percent(&self.unit) {
            false => Ok(growth.absolute),
            true => Err(Uncomputed::new(
                Reason::NotApplicable,
                "a change of a percentage is in percentage points; see `points`",
            )),
        });
        self.computed(absolute, Some(self.metric.unit_id))
    }

    /// The difference of two percentages in percentage points, exact. Of other figures the reason
    /// NOT_APPLICABLE: see `absolute`.
    async fn points(&self) -> Computed {
        let points = self.growth().and_then(|growth| match is_percent(&self.unit) {
            true => Ok(growth.absolute),
            false => Err(Uncomputed::new(
                Reason::NotApplicable,
                format!("{} is no percentage; see `absolute`", self.metric.slug),
            )),
        });
        self.computed(points, None)
    }

    /// The difference in percent of the figure it is compared with: from 40 to 70 is 75.
    async fn percent(&self) -> Computed {
        self.computed(self.growth().and_then(|growth| growth.percent), None)
    }

    /// The growth that a source states for this figure, where it is kept as a metric of its own.
    /// It is stated, not computed; what it is compared with is the source's matter.
    async fn stated(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        let figure = self.figure.as_deref()?;
        let stated = async {
            let found =
                ctx.batch()?.load(Figure::StatedGrowth.seen(self.view), Place::of(figure)).await?;
            Ok(found.map(|row| Observation::new(row, self.view)))
        };
        stated.await.transpose()
    }
}
