//! What can be computed of a set of figures.

use std::sync::Arc;

use async_graphql::{Context, InputType, Object, Result, SelectionField, SimpleObject, Value};
use entity::{Decimal, metric, observation};
use futures_util::future::try_join_all;

use super::{
    Ask, Computed, District, DistrictFilter, Observation, ObservationFilter,
    object::{reference, row},
};
use crate::{
    arithmetic::{Quantity, Reason, Uncomputed, additive},
    error::Error,
    graphql::computed::Inputs,
    query::{
        Dimension, Key, Lineage, One, Parent, Total, View,
        filter::BooleanFilter,
        group::{Part, Parts, Summary},
    },
};

/// A set of figures, of which things can be computed.
#[derive(Clone)]
pub struct Figures {
    view: View,
    computed: Source,
    /// Where the figures themselves are listed.
    parent: Parent<observation::Column>,
    key: Key,
    filter: Option<Arc<ObservationFilter>>,
}

/// Where what is computed comes from.
#[derive(Clone)]
enum Source {
    /// It came with the group.
    Known(Arc<Parts>),
    /// It is still to be asked for.
    Asked(i64),
}

impl Figures {
    /// The figures of a group, of which all that was selected is computed.
    pub fn of_group(
        view: View,
        dimensions: Arc<[Dimension]>,
        key: Arc<str>,
        filter: Option<Arc<ObservationFilter>>,
        parts: Arc<Parts>,
    ) -> Self {
        let (parent, key) = (Parent::Group(dimensions), Key::Group(key));
        Self { view, computed: Source::Known(parts), parent, key, filter }
    }

    /// The figures whose column refers to the row with this number.
    pub fn of_row(
        view: View,
        column: observation::Column,
        number: i64,
        filter: Option<Arc<ObservationFilter>>,
    ) -> Self {
        let (parent, key) = (Parent::Column(column), Key::Number(number));
        let computed = Source::Asked(number);
        Self { view, computed, parent, key, filter }
    }

    async fn parts(&self, ctx: &Context<'_>, wanted: &[Part]) -> Result<Arc<Parts>> {
        let (number, column) = match (&self.computed, &self.parent) {
            (Source::Asked(number), Parent::Column(column)) => (*number, *column),
            (Source::Known(parts), _) => return Ok(Arc::clone(parts)),
            _ => return Err(Error::internal("figures of no row and no group").into()),
        };
        let batch = ctx.batch()?;
        let load = |part: Part| async move {
            let filter = self.filter.clone();
            let question = Summary { view: self.view, parent: column, filter };
            let value = batch.load(question, (number, part)).await?;
            Ok::<_, Error>((part, value))
        };
        let mut parts = Parts::default();
        for (part, value) in try_join_all(wanted.iter().copied().map(load)).await? {
            if let Some(value) = value {
                parts.insert(part, value);
            }
        }
        Ok(Arc::new(parts))
    }

    /// The figures with a value, as the inputs of what is computed of them.
    fn inputs(&self) -> Inputs {
        Inputs::Listed(self.parent.clone(), self.key.clone(), self.filter.clone())
    }

    /// What is computed of the parts.
    async fn compute(
        &self,
        ctx: &Context<'_>,
        wanted: &[Part],
        compute: impl FnOnce(&Parts) -> Result<Result<Quantity, Uncomputed>, Error>,
    ) -> Result<Computed> {
        let parts = self.parts(ctx, wanted).await?;
        let metrics = metrics(ctx, &parts, self.view).await?;
        self.computed(&parts, &metrics, compute)
    }

    /// The same, unless there is no value, or the figures are in different units.
    fn computed(
        &self,
        parts: &Parts,
        metrics: &[Arc<metric::Model>],
        compute: impl FnOnce(&Parts) -> Result<Result<Quantity, Uncomputed>, Error>,
    ) -> Result<Computed> {
        let Some(first) = metrics.first() else {
            let why = Uncomputed::new(Reason::NoValue, "no figure has a value");
            return Ok(Computed::over(Err(why), None, self.inputs(), self.view));
        };
        if let Some(other) = metrics.iter().find(|metric| metric.unit_id != first.unit_id) {
            return Err(Error::UnlikeUnits(
                format!(
                    "{} and {} are in different units; group by UNIT or METRIC, or filter to one \
                     metric",
                    first.slug, other.slug
                )
                .into(),
            )
            .into());
        }
        Ok(Computed::over(compute(parts)?, Some(first.unit_id), self.inputs(), self.view))
    }
}

/// The metrics of the figures with a value.
async fn metrics(ctx: &Context<'_>, parts: &Parts, view: View) -> Result<Vec<Arc<metric::Model>>> {
    let numbers = parts.metrics()?;
    if numbers.is_empty() {
        // Those without a value wait for the others, so that what is asked next is asked together.
        let one = One::<metric::Entity, i64>::by(metric::Column::Id, view);
        ctx.batch()?.load(one, NONE).await?;
    }
    try_join_all(numbers.into_iter().map(|number| row::<metric::Entity>(ctx, number, view))).await
}

/// The number of no row.
const NONE: i64 = 0;

/// The places of the figures with a value, each with what it lies in.
async fn lineages(
    ctx: &Context<'_>,
    parts: &Parts,
    view: View,
) -> Result<Vec<Arc<additive::Lineage>>> {
    let batch = ctx.batch()?;
    let places = parts.places()?;
    let lineages = places.into_iter().map(|place| batch.load(Lineage(view), place));
    Ok(try_join_all(lineages).await?.into_iter().flatten().collect())
}

const SUM: &[Part] = &[Part::Sum, Part::Sorts, Part::Places, Part::Periods, Part::Owners];
const MEAN: &[Part] = &[Part::Sum, Part::Values, Part::Sorts];
const DEVIATION: &[Part] = &[Part::Sum, Part::Squares, Part::Values, Part::Sorts];

/// The parts a value picked by its size needs.
fn picking(part: Part) -> [Part; 2] {
    [part, Part::Sorts]
}

/// The parts that a selected field of the figures needs: what its resolver asks for, known before
/// the groups are read.
pub(super) fn parts_of(field: &SelectionField<'_>) -> Vec<Part> {
    let argument = |name: &str| {
        let arguments = field.arguments().unwrap_or_default();
        arguments.into_iter().find(|(given, _)| given == name).map(|(_, value)| value)
    };
    let percentile = |value: Option<Value>| <Decimal as InputType>::parse(value).ok();
    match field.name() {
        "count" => vec![Part::Rows],
        "missing" => vec![Part::Rows, Part::Values],
        "distinct" => {
            let of = Dimension::parse(argument("of")).ok();
            of.map(Part::Distinct).into_iter().collect()
        }
        "sum" => SUM.to_vec(),
        "mean" => MEAN.to_vec(),
        "min" => picking(Part::Least).to_vec(),
        "max" => picking(Part::Greatest).to_vec(),
        "median" => picking(Part::Percentile(50.into())).to_vec(),
        "percentile" => {
            let p = percentile(argument("p")).filter(|p| is_percent(*p));
            p.map(|p| picking(Part::Percentile(p)).to_vec()).unwrap_or_default()
        }
        "standardDeviation" => DEVIATION.to_vec(),
        "first" => vec![Part::First],
        "last" => vec![Part::Last],
        "coverage" => vec![Part::Places],
        _ => Vec::new(),
    }
}

fn is_percent(p: Decimal) -> bool {
    (Decimal::from(0)..=Decimal::from(100)).contains(&p)
}

/// What can be computed of a set of figures. Figures without a value are counted by `count` and
/// `missing` and by nothing else: a missing figure is not zero.
#[Object(name = "ObservationSummary")]
impl Figures {
    /// How many figures there are, those without a value among them.
    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        count(self.parts(ctx, &[Part::Rows]).await?.count(Part::Rows))
    }

    /// How many of them have no value.
    async fn missing(&self, ctx: &Context<'_>) -> Result<i32> {
        let parts = self.parts(ctx, &[Part::Rows, Part::Values]).await?;
        count(parts.count(Part::Rows) - parts.count(Part::Values))
    }

    /// How many different values of a dimension there are, null not counted.
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
    /// within one period only. Otherwise the error NOT_ADDITIVE says what is in the way.
    async fn sum(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        let sum = async {
            let parts = self.parts(ctx, SUM).await?;
            let (metrics, lineages) = futures_util::future::try_join(
                metrics(ctx, &parts, self.view),
                lineages(ctx, &parts, self.view),
            )
            .await?;
            let periods = parts.periods()?;
            additive::check(&additive::Addends {
                metrics: &metrics.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                periods: &periods,
                places: &lineages.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                mixed: parts.is_mixed()?,
            })
            .map_err(|why| Error::NotAdditive(why.into()))?;
            self.computed(&parts, &metrics, |parts| {
                let total = parts.number(Part::Sum)?.unwrap_or_default();
                Ok(Ok(Quantity::sum(total, &parts.comparators()?)))
            })
        };
        Some(sum.await)
    }

    /// The mean of the values, each counted once. Only of figures in one unit: otherwise the error
    /// UNLIKE_UNITS. A mean of shares or rates is not the share or rate of the whole.
    async fn mean(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        let mean = self.compute(ctx, MEAN, |parts| {
            let total = parts.number(Part::Sum)?.unwrap_or_default();
            Ok(Ok(Quantity::mean(&total, parts.count(Part::Values), &parts.comparators()?)))
        });
        Some(mean.await)
    }

    /// The smallest value. Only of figures in one unit.
    async fn min(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Least).await)
    }

    /// The largest value. Only of figures in one unit.
    async fn max(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Greatest).await)
    }

    /// The value in the middle, or halfway between the two there. Only of figures in one unit.
    async fn median(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        Some(self.pick(ctx, Part::Percentile(50.into())).await)
    }

    /// The value below which `p` percent of all lie, by linear interpolation between the two
    /// nearest, exact: 0 is the smallest, 50 the median, 100 the largest. Only of figures in one
    /// unit.
    async fn percentile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From 0 to 100, as in \"90\" or \"99.9\".")] p: Decimal,
    ) -> Option<Result<Computed>> {
        if !is_percent(p) {
            let error = format!("`p` is {p}, but must be from 0 to 100");
            return Some(Err(Error::input(error).into()));
        }
        Some(self.pick(ctx, Part::Percentile(p)).await)
    }

    /// The standard deviation of a sample: the root of the squared differences from the mean,
    /// added up and divided by one less than their number. Two values are needed. Only of figures
    /// in one unit.
    async fn standard_deviation(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        let deviation = self.compute(ctx, DEVIATION, |parts| {
            let total = parts.number(Part::Sum)?.unwrap_or_default();
            let squares = parts.number(Part::Squares)?.unwrap_or_default();
            let comparators = parts.comparators()?;
            let count = parts.count(Part::Values);
            Ok(Quantity::standard_deviation(&total, &squares, count, &comparators))
        });
        Some(deviation.await)
    }

    /// The figure of the first period that has a value; of several, the one recorded first. Null
    /// where none has.
    async fn first(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        self.figure(ctx, Part::First).await.transpose()
    }

    /// The figure of the last period that has a value; of several, the one recorded last. Null
    /// where none has.
    async fn last(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        self.figure(ctx, Part::Last).await.transpose()
    }

    /// Of how many parts of a place the figures are. Null unless all that have a value are of
    /// places that divide one and the same place without overlap.
    async fn coverage(&self, ctx: &Context<'_>) -> Option<Result<Coverage>> {
        let coverage = async {
            let parts = self.parts(ctx, &[Part::Places]).await?;
            let lineages = lineages(ctx, &parts, self.view).await?;
            let around = lineages.first().and_then(|lineage| lineage.get(1)).map(|place| place.id);
            let inside = |lineage: &Arc<additive::Lineage>| {
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
                Total::<entity::district::Entity>::of(self.view, parent, Some(parts.into()));
            let of = ctx.batch()?.load(total, Key::Number(around)).await?.unwrap_or(0);
            let parent = reference(ctx, around, self.view).await?;
            Ok(Some(Coverage { parent, have: count(lineages.len() as i64)?, of: count(of)? }))
        };
        coverage.await.transpose()
    }
}

impl Figures {
    async fn pick(&self, ctx: &Context<'_>, part: Part) -> Result<Computed> {
        self.compute(ctx, &picking(part), |parts| {
            let value = parts.number(part)?.unwrap_or_default();
            Ok(Ok(Quantity::picked(value, &parts.comparators()?)))
        })
        .await
    }

    async fn figure(&self, ctx: &Context<'_>, part: Part) -> Result<Option<Observation>> {
        let parts = self.parts(ctx, &[part]).await?;
        let Some(number) = parts.figure(part)? else { return Ok(None) };
        let one = One::<observation::Entity, i64>::by(observation::Column::Id, self.view);
        let found = ctx.batch()?.load(one, number).await?;
        Ok(found.map(|row| super::Node::new(row, self.view)))
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

fn count(number: i64) -> Result<i32> {
    Ok(i32::try_from(number).map_err(Error::internal)?)
}
