//! A set of figures: what is known of them, and what is computed of it.

use std::sync::Arc;

use async_graphql::{Context, Result};
use entity::{Period, metric, observation};
use futures_util::future::{try_join, try_join_all};

use super::{
    Ask, Computed, ObservationFilter,
    computed::{Beside, Inputs},
    expected::{Asked, Expected, Present},
    lookup::row,
};
use crate::{
    arithmetic::{
        Quantity, Reason, Uncomputed,
        mixture::{self, Mixture, Rule},
    },
    error::Error,
    query::{
        Dimension, Key, Lineage, One, Parent, View,
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

    /// The parts wanted.
    pub(super) async fn parts(&self, ctx: &Context<'_>, wanted: &[Part]) -> Result<Arc<Parts>> {
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

    /// From where the figures are seen.
    pub(super) fn view(&self) -> View {
        self.view
    }

    /// The places of those with a value, each with what it lies in.
    pub(super) async fn lineages(&self, ctx: &Context<'_>) -> Result<Vec<Arc<mixture::Lineage>>> {
        let parts = self.parts(ctx, &[Part::Places]).await?;
        lineages(ctx, &parts, self.view).await
    }

    fn is_of_one_place(&self) -> bool {
        match &self.parent {
            Parent::Group(dimensions) => dimensions.contains(&Dimension::District),
            Parent::Column(column) => matches!(column, observation::Column::DistrictId),
            _ => false,
        }
    }

    /// What the figures with a value are of, and what was computed of them.
    pub(super) async fn gather(&self, ctx: &Context<'_>, wanted: &[Part]) -> Result<Gathered> {
        let parts = self.parts(ctx, &[wanted, MIXTURE].concat()).await?;
        let places = async {
            // Figures of one place do not overlap with those of another.
            match self.is_of_one_place() {
                true => Ok(Vec::new()),
                false => lineages(ctx, &parts, self.view).await,
            }
        };
        let (metrics, places) = try_join(metrics(ctx, &parts, self.view), places).await?;
        let (periods, mixed) = (parts.periods()?, parts.is_mixed()?);
        Ok(Gathered { parts, metrics, places, periods, mixed })
    }

    /// What is computed of the figures, or the reason that there is nothing to compute it of; with
    /// what must be said beside it.
    pub(super) fn computed(
        &self,
        gathered: &Gathered,
        compute: impl FnOnce(&Parts) -> Result<Result<Quantity, Uncomputed>, Error>,
    ) -> Result<Computed> {
        let unit = gathered.metrics.first().map(|metric| metric.unit_id);
        let inputs = Inputs::Listed(self.parent.clone(), self.key.clone(), self.filter.clone());
        let result = match unit {
            Some(_) => compute(&gathered.parts)?,
            None => Err(Uncomputed::new(Reason::NoValue, "no figure has a value")),
        };
        let beside = match (&result, gathered.check(Rule::Apart)) {
            (Err(_), _) => None,
            (Ok(_), Err(why)) => Some(Beside::Remark(why)),
            (Ok(_), Ok(())) => match self.expected(gathered)? {
                Some(expected) => Some(Beside::Expected(Arc::new(expected))),
                None => gathered.marked().map(Beside::Remark),
            },
        };
        Ok(Computed::over(result, unit, inputs, self.view).beside(beside))
    }

    /// How many figures are expected where they are of one metric and do not overlap; nothing where
    /// there is no telling.
    pub(super) fn expected(&self, gathered: &Gathered) -> Result<Option<Expected>> {
        let [metric] = gathered.metrics.as_slice() else { return Ok(None) };
        let (dimensions, values) = match (&self.parent, &self.key) {
            (Parent::Group(dimensions), Key::Group(key)) => {
                (Arc::clone(dimensions), serde_json::from_str(key).map_err(Error::internal)?)
            }
            (Parent::Column(column), Key::Number(number)) => {
                (Arc::from([dimension(*column)?]), vec![(*number).into()])
            }
            _ => return Err(Error::internal("figures of no row and no group").into()),
        };
        let asked = Asked { view: self.view, dimensions, values, filter: self.filter.clone() };
        let present = Present {
            metric: metric.id,
            count: gathered.parts.count(Part::Values),
            places: gathered.parts.places()?,
            periods: gathered.periods.clone(),
            of_initiatives: gathered.parts.is_of_initiatives()?,
        };
        Ok(Expected::of(&asked, present))
    }
}

/// A set of figures as it was read.
pub(super) struct Gathered {
    pub(super) parts: Arc<Parts>,
    metrics: Vec<Arc<metric::Model>>,
    /// The places, each with what it lies in; none where they are one place by themselves.
    places: Vec<Arc<mixture::Lineage>>,
    periods: Vec<Period>,
    mixed: bool,
}

impl Gathered {
    /// That some of the figures are marked missing, where there is no telling which others are.
    pub(super) fn marked(&self) -> Option<Uncomputed> {
        let (rows, values) = (self.parts.count(Part::Rows), self.parts.count(Part::Values));
        (0 < values && values < rows).then(|| {
            Uncomputed::new(Reason::Incomplete, format!("{values} of {rows} figures have a value"))
        })
    }

    /// Whether the figures may be taken together.
    pub(super) fn check(&self, rule: Rule) -> Result<(), Uncomputed> {
        let mixture = Mixture {
            metrics: &self.metrics.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
            periods: &self.periods,
            places: &self.places.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
            mixed: self.mixed,
        };
        mixture.check(rule)
    }
}

/// What a set is of, which says whether it may be taken together.
pub(super) const MIXTURE: &[Part] =
    &[Part::Rows, Part::Values, Part::Sorts, Part::Places, Part::Periods, Part::Owners];

/// The dimension that figures of one row have in common.
fn dimension(column: observation::Column) -> Result<Dimension, Error> {
    match column {
        observation::Column::DistrictId => Ok(Dimension::District),
        observation::Column::MetricId => Ok(Dimension::Metric),
        observation::Column::InitiativeId => Ok(Dimension::Initiative),
        _ => Err(Error::internal("a summary of figures by what nothing groups them by")),
    }
}

/// The metrics of the figures with a value.
async fn metrics(ctx: &Context<'_>, parts: &Parts, view: View) -> Result<Vec<Arc<metric::Model>>> {
    let numbers = parts.metrics()?;
    if numbers.is_empty() {
        // Those without a value wait for the others, so that what is asked next is asked together.
        let one = One::<metric::Entity, i64>::by(metric::Column::Id, view);
        one.load_model(ctx.batch()?, NONE).await?;
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
) -> Result<Vec<Arc<mixture::Lineage>>> {
    let batch = ctx.batch()?;
    let places = parts.places()?;
    let lineages = places.into_iter().map(|place| batch.load(Lineage(view), place));
    Ok(try_join_all(lineages).await?.into_iter().flatten().collect())
}
