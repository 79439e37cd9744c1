//! A point of a series, and what is computed up to it.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use entity::{
    Frequency, Period, observation,
    vocabulary::{Accumulation, Aggregation},
};

use super::{
    Ask, Change, ChangeBasis, Computed, Node, Observation,
    change::{as_long, quantity},
    computed::Inputs,
    running::Run,
    series::{Line, Sums},
};
use crate::{
    arithmetic::{self, Quantity, Reason, Uncomputed},
    error::Error,
    query::{Figure, Limits, figure::Place},
};

/// A point of a series.
pub struct SeriesPoint(pub(super) Arc<Line>, pub(super) usize);

impl SeriesPoint {
    fn row(&self) -> Option<&Arc<observation::Model>> {
        self.0.points[self.1].1.as_ref()
    }

    fn place(&self) -> Place {
        Place {
            metric: self.0.metric.id,
            district: self.0.district.id,
            initiative: self.0.initiative.as_ref().map(|row| row.id),
            period: self.0.points[self.1].0,
        }
    }

    /// What is computed from as many points up to this one, this among them, which must follow each
    /// other in the calendar and have values.
    fn computed(
        &self,
        sums: &Sums,
        over: usize,
        compute: impl FnOnce(&Run) -> Quantity,
    ) -> Computed {
        let refused =
            |reason, why: String| (Err(Uncomputed::new(reason, why)), Inputs::Rows(Vec::new()));
        let to = sums.before + self.1;
        let (result, inputs) = match (self.0.frequency, (to + 1).checked_sub(over)) {
            (Some(Frequency::Range), _) => refused(
                Reason::NotApplicable,
                "ranges do not follow each other in the calendar, and may overlap".to_owned(),
            ),
            (_, None) => refused(
                Reason::TooFew,
                format!("there are only {} points up to this one, not {over}", to + 1),
            ),
            (_, Some(from)) => match sums.running.run(from, to) {
                Ok(run) => (Ok(compute(&run)), Inputs::Part(Arc::clone(&sums.rows), run.values)),
                Err(missing) => refused(
                    Reason::NoValue,
                    format!("there is no figure with a value for {missing}"),
                ),
            },
        };
        Computed::over(result, Some(self.0.metric.unit_id), inputs, self.0.view)
    }
}

/// A point of a series.
#[Object]
impl SeriesPoint {
    /// The period.
    async fn period(&self) -> Period {
        self.0.points[self.1].0
    }

    /// The figure; null for a gap. A figure that is there may be marked missing.
    async fn observation(&self) -> Option<Observation> {
        Some(Observation::new(Arc::clone(self.row()?), self.0.view))
    }

    /// How the figure differs from another one of the series, which may lie outside of the part
    /// asked for.
    async fn change(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "With which figure it is compared.",
            default_with = "ChangeBasis::Previous"
        )]
        basis: ChangeBasis,
        #[graphql(desc = "The period to compare with, where `basis` is BASE; else left out.")]
        base: Option<Period>,
    ) -> Option<Result<Change>> {
        Some(Change::load(ctx, self.0.view, self.place(), self.row().cloned(), basis, base).await)
    }

    /// The figure as an index: the one of the base period is 100, exactly, even where it is a bound.
    async fn index(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The base period, as long as those of the series; it may lie outside of the part asked for."
        )]
        base: Period,
    ) -> Option<Result<Computed>> {
        let index = async {
            let found =
                ctx.batch()?.load(Figure::At.seen(self.0.view), self.place().at(base)).await?;
            let computed = || {
                let figure = quantity(self.row().map(AsRef::as_ref), Reason::NoValue, || {
                    "there is no figure with a value here".to_owned()
                })?;
                let divisor = quantity(found.as_deref(), Reason::NoBase, || {
                    format!("there is no figure with a value for {base}")
                })?;
                let period = self.0.points[self.1].0;
                as_long(period, base)?;
                match period == base {
                    true => arithmetic::ratio_to_itself(&figure, 100),
                    false => arithmetic::ratio(&figure, &divisor, 100),
                }
            };
            let inputs = self.row().into_iter().chain(found.as_ref()).cloned().collect();
            Ok(Computed::new(computed(), None, inputs, self.0.view))
        };
        Some(index.await)
    }

    /// The exact sum of all points up to this one. Only of additive metrics that count over the
    /// period (`aggregation: SUM`, `accumulation: FLOW`), without gaps, and of no ranges (reason
    /// NOT_APPLICABLE).
    async fn cumulative(&self) -> Computed {
        let metric = &self.0.metric;
        let flow = metric.aggregation == Aggregation::Sum
            && metric.accumulation == Some(Accumulation::Flow);
        if !flow {
            let why = format!("{} is no additive metric that counts over the period", metric.slug);
            return Computed::new(
                Err(Uncomputed::new(Reason::NotAdditive, why)),
                Some(metric.unit_id),
                Vec::new(),
                self.0.view,
            );
        }
        let sum = |run: &Run| Quantity::sum(run.sum.clone(), &run.comparators);
        self.computed(self.0.sums(), self.1 + 1, sum)
    }

    /// The mean of this point and those before it, without gaps; those before may lie outside of the
    /// part asked for. Of ranges the reason is NOT_APPLICABLE, where too few go before it TOO_FEW, and
    /// NO_VALUE where one of them is a gap.
    async fn moving_average(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Of how many points, this one among them: from 2 to the server's limit for pages (1000 unless configured)."
        )]
        over: i32,
    ) -> Option<Result<Computed>> {
        let most = match ctx.data::<Limits>() {
            Ok(limits) => limits.page_max,
            Err(error) => return Some(Err(error)),
        };
        let Some(over) = usize::try_from(over).ok().filter(|n| (2..=most as usize).contains(n))
        else {
            let error = format!("`over` is {over}, but must be from 2 to {most}");
            return Some(Err(Error::input(error).into()));
        };
        let mean = |run: &Run| Quantity::mean(&run.sum, over as i64, &run.comparators);
        let average = async {
            let sums = match self.1 + 1 < over {
                true => self.0.sums_from_before(ctx).await?,
                false => self.0.sums(),
            };
            Ok(self.computed(sums, over, mean))
        };
        Some(average.await)
    }
}
