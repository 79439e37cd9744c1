//! What can be computed of a set of figures.

use std::sync::Arc;

use async_graphql::{Context, InputType, Object, Result, SelectionField, SimpleObject, Value};
use entity::{Decimal, observation};

use super::{
    Ask, Computed, District, DistrictFilter, Node, Observation,
    expected::count,
    figures::{Figures, Gathered, MIXTURE},
    lookup::reference,
};
use crate::{
    arithmetic::{
        Quantity, Reason, Uncomputed,
        mixture::{Lineage, Rule},
    },
    error::Error,
    query::{
        Dimension, Key, One, Parent, Total,
        filter::BooleanFilter,
        group::{Part, Parts},
    },
};

const SUM: &[Part] = &[Part::Sum];
const MEAN: &[Part] = &[Part::Sum, Part::Values];
const DEVIATION: &[Part] = &[Part::Sum, Part::Squares, Part::Values];

/// The parts that a selected field of the figures needs: what its resolver asks for, known before
/// the groups are read.
pub(super) fn parts_of(field: &SelectionField<'_>) -> Vec<Part> {
    let argument = |name: &str| {
        let arguments = field.arguments().unwrap_or_default();
        arguments.into_iter().find(|(given, _)| given == name).map(|(_, value)| value)
    };
    let computed = |parts: &[Part]| [parts, MIXTURE].concat();
    let percentile = |value: Option<Value>| <Decimal as InputType>::parse(value).ok();
    match field.name() {
        "count" => vec![Part::Rows],
        "missing" => vec![Part::Rows, Part::Values],
        "distinct" => {
            let of = Dimension::parse(argument("of")).ok();
            of.map(Part::Distinct).into_iter().collect()
        }
        "sum" => computed(SUM),
        "mean" => computed(MEAN),
        "min" => computed(&[Part::Least]),
        "max" => computed(&[Part::Greatest]),
        "median" => computed(&[Part::Percentile(50.into())]),
        "percentile" => {
            let p = percentile(argument("p")).filter(|p| is_percent(*p));
            p.map(|p| computed(&[Part::Percentile(p)])).unwrap_or_default()
        }
        "standardDeviation" => computed(DEVIATION),
        "reason" | "explanation" => MIXTURE.to_vec(),
        "first" => vec![Part::First],
        "last" => vec![Part::Last],
        "coverage" => vec![Part::Places],
        _ => Vec::new(),
    }
}

fn is_percent(p: Decimal) -> bool {
    (Decimal::from(0)..=Decimal::from(100)).contains(&p)
}

/// What can be computed of a set of figures. Figures without a value are counted by `count`,
/// `missing` and `distinct` and by nothing else: a missing figure is not zero. Figures that do not belong together
/// (a city and its districts, a year and its quarters, a growth and a share) are not taken together
/// unasked: the value is null, and `reason` says why.
#[Object(name = "ObservationSummary")]
impl Figures {
    /// How many figures there are, those without a value among them.
    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        count(self.parts(ctx, &[Part::Rows]).await?.count(Part::Rows))
    }

    /// How many of them are kept without a value, marked MISSING or SUPPRESSED. Figures that are
    /// not there at all are none of them: `present` and `expected` of what is computed count those.
    async fn missing(&self, ctx: &Context<'_>) -> Result<i32> {
        let parts = self.parts(ctx, &[Part::Rows, Part::Values]).await?;
        count(parts.count(Part::Rows) - parts.count(Part::Values))
    }

    /// How many different values of a dimension the figures have, those without a value of their own
    /// among them; null is not counted.
    async fn distinct(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which dimension.")] of: Dimension,
    ) -> Result<i32> {
        let part = Part::Distinct(of);
        count(self.parts(ctx, &[part]).await?.count(part))
    }

    /// The exact sum. Only of one additive metric (`aggregation: SUM`), over places that do not
    /// overlap, and over periods that do not, where the metric is a FLOW; a STOCK is added up
    /// within one period only. Otherwise null, and `reason` and `explanation` say what is in the
    /// way and what mends it.
    async fn sum(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        let sum = async {
            let gathered = self.gather(ctx, SUM).await?;
            self.computed(&gathered, |parts| {
                if let Err(why) = gathered.check(Rule::Additive) {
                    return Ok(Err(why));
                }
                let total = parts.number(Part::Sum)?.unwrap_or_default();
                Ok(Ok(Quantity::sum(total, &parts.comparators()?)))
            })
        };
        Some(sum.await)
    }

    /// The mean of the values, each counted once. Only of one metric, over places and periods that
    /// do not overlap, unless `mixed`; otherwise null with the reason UNLIKE_METRICS, OVERLAP or
    /// UNLIKE_UNITS. A mean of shares or rates is not the share or rate of the whole.
    async fn mean(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Whether figures that overlap, or are of different metrics, may be taken together; then `reason` says what is, beside the value.",
            default
        )]
        mixed: bool,
    ) -> Option<Result<Computed>> {
        let mean = self.compute(ctx, MEAN, mixed, |parts| {
            let total = parts.number(Part::Sum)?.unwrap_or_default();
            Ok(Ok(Quantity::mean(&total, parts.count(Part::Values), &parts.comparators()?)))
        });
        Some(mean.await)
    }

    /// The smallest value. Only of figures in one unit (reason UNLIKE_UNITS). `reason` says beside
    /// it where figures overlap, are of different metrics or missing.
    async fn min(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Least, true).await)
    }

    /// The largest value; as with `min`.
    async fn max(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Greatest, true).await)
    }

    /// The value in the middle, or halfway between the two there. Only of figures that may be
    /// taken together, as with `mean`.
    async fn median(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Whether figures that overlap, or are of different metrics, may be taken together; then `reason` says what is, beside the value.",
            default
        )]
        mixed: bool,
    ) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Percentile(50.into()), mixed).await)
    }

    /// The value below which `p` percent of all lie, by linear interpolation between the two
    /// nearest, exact: 0 is the smallest, 50 the median, 100 the largest. Only of figures that may
    /// be taken together, as with `mean`.
    async fn percentile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From 0 to 100, as in \"90\" or \"99.9\".")] p: Decimal,
        #[graphql(
            desc = "Whether figures that overlap, or are of different metrics, may be taken together; then `reason` says what is, beside the value.",
            default
        )]
        mixed: bool,
    ) -> Option<Result<Computed>> {
        if !is_percent(p) {
            let error = format!("`p` is {p}, but must be from 0 to 100");
            return Some(Err(Error::input(error).into()));
        }
        Some(self.pick(ctx, Part::Percentile(p), mixed).await)
    }

    /// The standard deviation of a sample: the root of the squared differences from the mean,
    /// added up and divided by one less than their number. Two values are needed. Only of figures
    /// that may be taken together, as with `mean`.
    async fn standard_deviation(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Whether figures that overlap, or are of different metrics, may be taken together; then `reason` says what is, beside the value.",
            default
        )]
        mixed: bool,
    ) -> Option<Result<Computed>> {
        let deviation = self.compute(ctx, DEVIATION, mixed, |parts| {
            let total = parts.number(Part::Sum)?.unwrap_or_default();
            let squares = parts.number(Part::Squares)?.unwrap_or_default();
            let comparators = parts.comparators()?;
            let count = parts.count(Part::Values);
            Ok(Quantity::standard_deviation(&total, &squares, count, &comparators))
        });
        Some(deviation.await)
    }

    /// What the figures with a value are that should be known of any number made of them: in
    /// different units, of different metrics, overlapping, or incomplete. Null where there is
    /// nothing to say.
    async fn reason(&self, ctx: &Context<'_>) -> Option<Result<Reason>> {
        self.remark(ctx).await.map(|why| why.map(|why| why.reason)).transpose()
    }

    /// The same in a sentence that names them and what mends it.
    async fn explanation(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.remark(ctx).await.map(|why| why.map(|why| why.explanation)).transpose()
    }

    /// The figure of the first period that has a value, by its first day, then by its last; of
    /// several, the one recorded first. Null where none has.
    async fn first(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        self.figure(ctx, Part::First).await.transpose()
    }

    /// The figure of the last period that has a value, by its first day, then by its last (a last
    /// quarter rather than its year); of several, the one recorded last. Null where none has.
    async fn last(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        self.figure(ctx, Part::Last).await.transpose()
    }

    /// Of how many parts of a place the figures are, whatever their periods: `present` and `expected`
    /// of what is computed count the figures themselves. Null unless all that have a value are of
    /// places that divide one and the same place without overlap.
    async fn coverage(&self, ctx: &Context<'_>) -> Option<Result<Coverage>> {
        let coverage = async {
            let lineages = self.lineages(ctx).await?;
            let around = lineages.first().and_then(|lineage| lineage.get(1)).map(|place| place.id);
            let inside = |lineage: &Arc<Lineage>| {
                lineage.first().is_some_and(|place| place.partition)
                    && lineage.get(1).map(|place| place.id) == around
            };
            let Some(around) = around.filter(|_| lineages.iter().all(inside)) else {
                return Ok(None);
            };
            let parts = DistrictFilter {
                partition: Some(BooleanFilter { eq: Some(true) }),
                ..DistrictFilter::default()
            };
            let parent = Parent::Column(entity::district::Column::ParentId);
            let total =
                Total::<entity::district::Entity>::of(self.view(), parent, Some(parts.into()));
            let of = ctx.batch()?.load(total, Key::Number(around)).await?.unwrap_or(0);
            let parent = reference(ctx, around, self.view()).await?;
            Ok(Some(Coverage { parent, have: count(lineages.len() as i64)?, of: count(of)? }))
        };
        coverage.await.transpose()
    }
}

impl Figures {
    /// What is computed of the figures, unless they are in different units, or are not to be mixed
    /// and would be.
    async fn compute(
        &self,
        ctx: &Context<'_>,
        wanted: &[Part],
        mixed: bool,
        compute: impl FnOnce(&Parts) -> Result<Result<Quantity, Uncomputed>, Error>,
    ) -> Result<Computed> {
        let gathered = self.gather(ctx, wanted).await?;
        let refused = gathered.check(if mixed { Rule::Unit } else { Rule::Apart }).err();
        self.computed(&gathered, |parts| refused.map_or_else(|| compute(parts), |why| Ok(Err(why))))
    }

    async fn pick(&self, ctx: &Context<'_>, part: Part, mixed: bool) -> Result<Computed> {
        self.compute(ctx, &[part], mixed, |parts| {
            let value = parts.number(part)?.unwrap_or_default();
            Ok(Ok(Quantity::picked(value, &parts.comparators()?)))
        })
        .await
    }

    /// What should be known of whatever is computed of the figures.
    async fn remark(&self, ctx: &Context<'_>) -> Result<Option<Uncomputed>> {
        let gathered: Gathered = self.gather(ctx, &[]).await?;
        if let Err(why) = gathered.check(Rule::Apart) {
            return Ok(Some(why));
        }
        match self.expected(&gathered)? {
            Some(expected) => expected.missing(ctx).await,
            None => Ok(gathered.marked()),
        }
    }

    async fn figure(&self, ctx: &Context<'_>, part: Part) -> Result<Option<Observation>> {
        let parts = self.parts(ctx, &[part]).await?;
        let Some(number) = parts.figure(part)? else { return Ok(None) };
        let one = One::<observation::Entity, i64>::by(observation::Column::Id, self.view());
        let found = one.load_model(ctx.batch()?, number).await?;
        Ok(found.map(|row| Node::new(row, self.view())))
    }
}

/// Of how many parts of a place there are figures.
#[derive(SimpleObject)]
pub struct Coverage {
    /// The place that the places divide without overlap.
    parent: District,
    /// How many of its parts have a figure with a value here.
    have: i32,
    /// How many parts there are.
    of: i32,
}
