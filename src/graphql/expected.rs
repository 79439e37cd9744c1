//! How many figures a computation would rest on if none were missing.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{Context, Result};
use entity::{Frequency, Period, district};
use futures_util::future::{try_join, try_join_all};

use super::{Ask, ObservationFilter, lookup::row};
use crate::{
    arithmetic::{Reason, Uncomputed},
    error::Error,
    query::{
        Dimension, View,
        filter::Comparison,
        group::extent::{Extent, Owner, Periods, Places},
    },
};

/// The figures a computation rests on, and where others are expected beside them: each place of
/// the metric at each period of the metric, as far as they are asked for.
#[derive(Debug)]
pub struct Expected {
    /// The places of the metric, and which of them.
    places: (Extent<Places>, String),
    /// The periods of the metric, and which of them.
    periods: (Extent<Periods>, String),
    present: Present,
}

/// The figures of one metric that have a value.
#[derive(Debug)]
pub struct Present {
    /// The metric's number.
    pub metric: i64,
    /// How many they are.
    pub count: i64,
    /// The numbers of their places.
    pub places: Vec<i64>,
    /// Their periods.
    pub periods: Vec<Period>,
    /// Whether they are initiatives' own.
    pub of_initiatives: bool,
}

/// What a set of figures is asked for by: a view, a group's dimensions with their values, a filter.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From where they are seen.
    pub view: View,
    /// What they have in common.
    pub dimensions: Arc<[Dimension]>,
    /// Its values.
    pub values: Vec<serde_json::Value>,
    /// Which of them.
    pub filter: Option<Arc<ObservationFilter>>,
}

impl Expected {
    /// What is expected beside figures; nothing where they are asked for by more than their metric,
    /// place, initiative and period: then those left out are not missing.
    pub fn of(asked: &Asked, present: Present) -> Option<Self> {
        let (mut places, mut periods) = (Vec::new(), Vec::new());
        for (dimension, value) in asked.dimensions.iter().zip(&asked.values) {
            match about(*dimension) {
                About::Metric => {}
                About::Places => places.push((*dimension, value.clone())),
                About::Periods => periods.push((*dimension, value.clone())),
                About::Others => return None,
            }
        }
        let mut parts = Parts::default();
        if let Some(filter) = asked.filter.as_deref() {
            parts.split(filter)?;
        }
        let side = |of: Vec<(Dimension, serde_json::Value)>| {
            let (dimensions, values): (Vec<_>, Vec<_>) = of.into_iter().unzip();
            (dimensions, serde_json::Value::from(values).to_string())
        };
        let view = asked.view;
        let (dimensions, values) = side(places);
        let filter = all(parts.places);
        let places = (Extent { view, filter, dimensions, side: Places }, values);
        let (dimensions, values) = side(periods);
        let filter = all(parts.periods);
        let periods = (Extent { view, filter, dimensions, side: Periods }, values);
        Some(Self { places, periods, present })
    }

    /// How many of them have a value.
    pub fn present(&self) -> i64 {
        self.present.count
    }

    /// How many there would be if none were missing.
    pub async fn count(&self, ctx: &Context<'_>) -> Result<i64> {
        let (places, periods) = self.sides(ctx).await?;
        Ok((places.len() as i64).saturating_mul(periods.len() as i64))
    }

    /// That some are missing, and which; none where all are there.
    pub async fn missing(&self, ctx: &Context<'_>) -> Result<Option<Uncomputed>> {
        let (places, periods) = self.sides(ctx).await?;
        let expected = places.len() as i64 * periods.len() as i64;
        if expected <= self.present.count {
            return Ok(None);
        }
        let with: BTreeSet<i64> = self.present.places.iter().copied().collect();
        let without: BTreeSet<i64> =
            places.iter().map(|owner| owner.0).filter(|place| !with.contains(place)).collect();
        let view = self.places.0.view;
        let named = without.iter().take(MOST_NAMED);
        let named = named.map(|place| row::<district::Entity>(ctx, *place, view));
        let mut names: Vec<String> =
            try_join_all(named).await?.iter().map(|place| place.slug.clone()).collect();
        let mut count = without.len();
        if names.is_empty() {
            let with: BTreeSet<&Period> = self.present.periods.iter().collect();
            let without = periods.iter().filter(|period| !with.contains(period));
            let without: BTreeSet<&Period> = without.collect();
            names = without.iter().take(MOST_NAMED).map(ToString::to_string).collect();
            count = without.len();
        }
        let named = match count.saturating_sub(names.len()) {
            _ if names.is_empty() => "single places have none at single periods".to_owned(),
            0 => format!("there is none of {}", names.join(", ")),
            more => format!("there is none of {} and {more} more", names.join(", ")),
        };
        let why = format!(
            "{} of the {expected} figures have a value that the metric's places ({}) and periods \
             ({}) would give; {named}",
            self.present.count,
            places.len(),
            periods.len()
        );
        Ok(Some(Uncomputed::new(Reason::Incomplete, why)))
    }

    /// The places and the periods at whose crossings figures are expected.
    async fn sides(&self, ctx: &Context<'_>) -> Result<(Vec<Owner>, Vec<Period>)> {
        let batch = ctx.batch()?;
        let metric = self.present.metric;
        let (places, periods) = try_join(
            batch.load(self.places.0.clone(), metric),
            batch.load(self.periods.0.clone(), metric),
        )
        .await?;
        let places = places.as_ref().and_then(|places| places.get(&self.places.1));
        let mut places = places.cloned().unwrap_or_default();
        places.retain(|owner| owner.1.is_some() == self.present.of_initiatives);
        let periods = periods.as_ref().and_then(|periods| periods.get(&self.periods.1));
        let mut periods = periods.cloned().unwrap_or_default();
        // A metric may have quarters beside years: those asked for are as long as those found.
        // Ranges are as they come, so that none but those found are expected.
        let found: BTreeSet<Period> = self.present.periods.iter().copied().collect();
        let lengths: BTreeSet<Frequency> = found.iter().map(|period| period.length()).collect();
        periods.retain(|period| match period.length() {
            Frequency::Range => found.contains(period),
            length => lengths.contains(&length),
        });
        Ok((places, periods))
    }
}

/// How many places or periods an explanation names.
const MOST_NAMED: usize = 5;

/// What a condition is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Metric,
    Places,
    Periods,
    Others,
}

fn about(dimension: Dimension) -> About {
    match dimension {
        Dimension::Metric | Dimension::Theme | Dimension::Unit => About::Metric,
        Dimension::District
        | Dimension::DistrictKind
        | Dimension::ParentDistrict
        | Dimension::Initiative => About::Places,
        Dimension::Period
        | Dimension::Year
        | Dimension::Quarter
        | Dimension::Month
        | Dimension::Frequency => About::Periods,
        Dimension::Source | Dimension::Status | Dimension::Comparator => About::Others,
    }
}

/// The conditions of a filter, by what they are about.
#[derive(Default)]
struct Parts {
    places: Vec<ObservationFilter>,
    periods: Vec<ObservationFilter>,
}

impl Parts {
    /// Takes a filter apart; none where a condition is about both sides, or about neither.
    fn split(&mut self, filter: &ObservationFilter) -> Option<()> {
        let ObservationFilter { metric, district, initiative, period, and, or, not, .. } = filter;
        let known = ObservationFilter {
            metric: metric.clone(),
            district: district.clone(),
            initiative: initiative.clone(),
            period: period.clone(),
            and: and.clone(),
            or: or.clone(),
            not: not.clone(),
            // Who asks for figures with a value takes no other figure out.
            value: Some(Comparison::present())
                .filter(|present| filter.value.as_ref() == Some(present)),
            ..ObservationFilter::default()
        };
        if known != *filter {
            return None;
        }
        self.places.push(ObservationFilter {
            metric: metric.clone(),
            district: district.clone(),
            initiative: initiative.clone(),
            ..ObservationFilter::default()
        });
        self.periods.push(ObservationFilter {
            metric: metric.clone(),
            period: period.clone(),
            ..ObservationFilter::default()
        });
        for part in and.iter().flatten() {
            self.split(part)?;
        }
        let alternatives =
            or.clone().map(|or| ObservationFilter { or: Some(or), ..ObservationFilter::default() });
        let opposite = not
            .clone()
            .map(|not| ObservationFilter { not: Some(not), ..ObservationFilter::default() });
        for whole in [alternatives, opposite].into_iter().flatten() {
            let inner = whole.or.iter().flatten().chain(whole.not.as_deref());
            let mut inside = Self::default();
            for part in inner {
                inside.split(part)?;
            }
            let of_neither = |side: &[ObservationFilter]| side.iter().all(is_of_metric);
            match (of_neither(&inside.places), of_neither(&inside.periods)) {
                (true, true) => {
                    self.places.push(whole.clone());
                    self.periods.push(whole);
                }
                (false, true) => self.places.push(whole),
                (true, false) => self.periods.push(whole),
                (false, false) => return None,
            }
        }
        Some(())
    }
}

/// Whether a filter is about the metric alone, or about nothing.
fn is_of_metric(filter: &ObservationFilter) -> bool {
    let ObservationFilter { metric, and, or, not, .. } = filter;
    let alone = ObservationFilter {
        metric: metric.clone(),
        and: and.clone(),
        or: or.clone(),
        not: not.clone(),
        ..ObservationFilter::default()
    };
    let mut inner = and.iter().flatten().chain(or.iter().flatten()).chain(not.as_deref());
    alone == *filter && inner.all(is_of_metric)
}

/// All of these together.
fn all(mut parts: Vec<ObservationFilter>) -> Option<Arc<ObservationFilter>> {
    parts.retain(|part| *part != ObservationFilter::default());
    let all = match parts.len() {
        0 => return None,
        1 => parts.pop()?,
        _ => ObservationFilter { and: Some(parts), ..ObservationFilter::default() },
    };
    Some(Arc::new(all))
}

/// A count as the schema has it.
pub(super) fn count(number: i64) -> Result<i32> {
    Ok(i32::try_from(number).map_err(Error::internal)?)
}
