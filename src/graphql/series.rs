//! A metric of a place over time.

use std::{
    cmp::Ordering,
    sync::{Arc, OnceLock},
};

use async_graphql::{Context, Enum, Object, Result, resolver_utils::EnumType};
use entity::{Decimal, Frequency, Period, district, initiative, metric, observation};

use super::{
    Ask, Computed, District, DistrictFilter, Initiative, InitiativeFilter, Metric, Node,
    ObservationFilter,
    change::quantity,
    latest::{ambiguous, chosen},
    lookup::row,
    observation::ObservationOrderKey,
    running::RunningSums,
    series_point::SeriesPoint,
    slug::named,
};
use crate::{
    arithmetic::{self, Reason, Uncomputed},
    error::Error,
    query::{
        ColumnSet, Direction, Key, Limits, List, Locale, Nulls, OrderBy, Page, Parent, Sought,
        View,
        filter::{PeriodFilter, TextFilter},
    },
};

/// What stands where a series has no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum SeriesGaps {
    /// Nothing: the points are those there are figures for.
    #[default]
    Omit,
    /// A point without an observation, for each part of the calendar between the first point and
    /// the last.
    Null,
}

/// Which part of a metric's figures a series is.
pub(super) struct Wanted {
    pub(super) district: String,
    pub(super) initiative: Option<String>,
    pub(super) from: Option<Period>,
    pub(super) to: Option<Period>,
    pub(super) frequency: Option<Frequency>,
    pub(super) gaps: SeriesGaps,
}

/// The points of a series, and what they are of.
pub(super) struct Line {
    pub(super) view: View,
    pub(super) metric: Arc<metric::Model>,
    pub(super) district: Arc<district::Model>,
    pub(super) initiative: Option<Arc<initiative::Model>>,
    pub(super) frequency: Option<Frequency>,
    pub(super) points: Points,
    from: Option<Period>,
    sums: OnceLock<Sums>,
    /// The same from some way before the first point.
    sums_from_before: OnceLock<Sums>,
}

/// The figures of a stretch of a series that have values, and their sums.
pub(super) struct Sums {
    /// How many points there are before the first of the series.
    pub(super) before: usize,
    pub(super) rows: Arc<[Arc<observation::Model>]>,
    pub(super) running: RunningSums,
}

impl Sums {
    fn new(before: usize, points: &[(Period, Option<Arc<observation::Model>>)]) -> Self {
        let value = |row: &Arc<observation::Model>| Some((row.value?, row.comparator));
        let figures: Vec<_> =
            points.iter().map(|(period, row)| (*period, row.as_ref().and_then(value))).collect();
        let rows = points.iter().filter_map(|(_, row)| row.as_ref());
        let rows = rows.filter(|row| row.value.is_some()).cloned().collect();
        Self { before, rows, running: RunningSums::new(&figures) }
    }
}

impl Line {
    /// The sums, found once for all points that ask for them.
    pub(super) fn sums(&self) -> &Sums {
        self.sums.get_or_init(|| Sums::new(0, &self.points))
    }

    /// The same from before the first point on, where the series was cut off there: at least as
    /// many points before it as a mean may be over, or all there are.
    pub(super) async fn sums_from_before(&self, ctx: &Context<'_>) -> Result<&Sums> {
        let (Some(from), Some(frequency)) = (self.from, self.frequency) else {
            return Ok(self.sums());
        };
        let since = PeriodFilter { gte: Some(from), ..PeriodFilter::default() };
        let since = ObservationFilter { period: Some(since), ..ObservationFilter::default() };
        let before = ObservationFilter {
            period: Some(PeriodFilter { frequency: Some(frequency), ..PeriodFilter::default() }),
            not: Some(Box::new(since)),
            ..ObservationFilter::default()
        };
        let of = Of { district: &self.district, initiative: self.initiative.as_deref() };
        let found = of.read(ctx, self.view, &self.metric, before, Direction::Desc).await?;
        Ok(self.sums_from_before.get_or_init(|| {
            let before = found.rows.iter().rev().map(|row| (row.period, Some(Arc::clone(row))));
            let all: Points = before.chain(self.points.iter().cloned()).collect();
            Sums::new(found.rows.len(), &all)
        }))
    }
}

/// Whose figures a series is of: a place's own, or an initiative's there.
struct Of<'a> {
    district: &'a district::Model,
    initiative: Option<&'a initiative::Model>,
}

impl Of<'_> {
    /// Reads its figures of a metric by their periods, as many as a page may have.
    async fn read(
        &self,
        ctx: &Context<'_>,
        view: View,
        metric: &metric::Model,
        like: ObservationFilter,
        direction: Direction,
    ) -> Result<Found> {
        let exactly = |slug: &str| Some(TextFilter::exactly(slug));
        let district =
            DistrictFilter { slug: exactly(&self.district.slug), ..DistrictFilter::default() };
        let mut filter = ObservationFilter {
            district: Some(Box::new(district)),
            and: Some(vec![like]),
            ..ObservationFilter::default()
        };
        match self.initiative {
            Some(row) => {
                filter.initiative = Some(Box::new(InitiativeFilter {
                    slug: exactly(&row.slug),
                    ..InitiativeFilter::default()
                }));
            }
            None => {
                let any = Some(Box::new(InitiativeFilter::default()));
                let own = ObservationFilter { initiative: any, ..ObservationFilter::default() };
                filter.not = Some(Box::new(own));
            }
        }
        let limit = ctx.data::<Limits>()?.page_max;
        let page = Page { limit, backward: false, after: None, before: None };
        let by = ObservationOrderKey::Period;
        let order = vec![OrderBy { by, direction, nulls: Nulls::Last, locale: Locale::default() }];
        let parent = Parent::Column(observation::Column::MetricId);
        let list =
            List::<observation::Entity>::new(view, parent, Some(filter.into()), Some(order), page)?;
        list.want(ColumnSet::all::<observation::Entity>());
        list.want_more();
        let found = ctx.batch()?.load(Arc::new(list), Key::Number(metric.id)).await?;
        let found = found.ok_or_else(|| Error::internal("a series was not answered"))?;
        Ok(Found { rows: found.models()?, has_more: found.has_next })
    }
}

/// The figures of a series.
struct Found {
    rows: Vec<Arc<observation::Model>>,
    /// Whether there are more than were to be read.
    has_more: bool,
}

/// A metric of a place over time.
pub struct Series(Arc<Line>);

impl Series {
    /// Reads a series in one statement for all metrics.
    pub(super) async fn load(
        ctx: &Context<'_>,
        view: View,
        metric: &Arc<metric::Model>,
        wanted: Wanted,
    ) -> Result<Self> {
        let Wanted { district, initiative, from, to, frequency, gaps } = wanted;
        if let (Some(from), Some(to)) = (from, to)
            && from.first_day() > to.last_day()
        {
            return Err(Error::input(format!(
                "`from` is {from} and `to` is {to}; `from` must not be later than `to`"
            ))
            .into());
        }
        let district = named::<district::Entity>(ctx, "district", &district, view).await?;
        let mut initiative = match initiative {
            Some(slug) => Some(named::<initiative::Entity>(ctx, "initiative", &slug, view).await?),
            None => None,
        };
        if initiative.is_none() {
            initiative = only_one(ctx, view, metric, &district, frequency).await?;
        }
        let of = Of { district: &district, initiative: initiative.as_deref() };
        let read = async |frequency| {
            let period = PeriodFilter { gte: from, lte: to, frequency, ..PeriodFilter::default() };
            let like = ObservationFilter { period: Some(period), ..ObservationFilter::default() };
            of.read(ctx, view, metric, like, Direction::Asc).await
        };
        let limit = ctx.data::<Limits>()?.page_max;
        let mut found = read(frequency).await?;
        if found.has_more && frequency.is_none() {
            // Of the longest periods there may be few, however many shorter ones are beside them.
            let mut longest = None;
            for length in Frequency::items() {
                let as_long = read(Some(length.value)).await?;
                if as_long.rows.iter().any(|row| row.value.is_some()) {
                    longest = Some(as_long);
                    break;
                }
                longest = longest.or(Some(as_long).filter(|found| !found.rows.is_empty()));
            }
            found = longest.unwrap_or(found);
        }
        if found.has_more {
            return Err(Error::input(format!(
                "the series has more than {limit} points; narrow it by `from`, `to` or `frequency`"
            ))
            .into());
        }
        let longest = |valued: bool| {
            let rows = found.rows.iter().filter(|row| !valued || row.value.is_some());
            rows.map(|row| row.period.length()).min()
        };
        let frequency = frequency.or_else(|| longest(true)).or_else(|| longest(false));
        let rows = found.rows.iter().filter(|row| Some(row.period.length()) == frequency);
        let mut points: Vec<_> = rows.map(|row| (row.period, Some(Arc::clone(row)))).collect();
        if gaps == SeriesGaps::Null {
            points = with_gaps(points, limit as usize)?;
        }
        Ok(Self(Arc::new(Line {
            view,
            metric: Arc::clone(metric),
            district,
            initiative,
            frequency,
            points,
            from,
            sums: OnceLock::new(),
            sums_from_before: OnceLock::new(),
        })))
    }

    /// The points with a value, each with its number.
    fn valued(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, Decimal, &Arc<observation::Model>)> {
        self.0.points.iter().enumerate().filter_map(|(place, (_, row))| {
            let row = row.as_ref()?;
            Some((place, row.value?, row))
        })
    }

    fn point(&self, place: usize) -> SeriesPoint {
        SeriesPoint(Arc::clone(&self.0), place)
    }

    /// The point with the value that goes before all others, the first of several alike.
    fn extreme(&self, before: Ordering) -> Option<SeriesPoint> {
        let best = self.valued().reduce(
            |best, next| {
                if next.1.cmp(&best.1) == before { next } else { best }
            },
        )?;
        Some(self.point(best.0))
    }
}

/// The one initiative that has figures where the place has none of its own. Fails where several
/// have.
async fn only_one(
    ctx: &Context<'_>,
    view: View,
    metric: &metric::Model,
    district: &district::Model,
    frequency: Option<Frequency>,
) -> Result<Option<Arc<initiative::Model>>> {
    let (initiative, period) = (None, None);
    let sought = Sought { metric: metric.id, district: district.id, initiative, period, frequency };
    match chosen(ctx, &sought, view).await? {
        Ok(figure) => match figure.and_then(|figure| figure.initiative_id) {
            Some(number) => Ok(Some(row::<initiative::Entity>(ctx, number, view).await?)),
            None => Ok(None),
        },
        Err(rivals) => Err(ambiguous(&metric.slug, &district.slug, &rivals).into()),
    }
}

type Points = Vec<(Period, Option<Arc<observation::Model>>)>;

/// The points with those of the calendar between them. Ranges have nothing between them.
fn with_gaps(points: Points, most: usize) -> Result<Points, Error> {
    let mut all: Points = Vec::with_capacity(points.len());
    for (period, row) in points {
        let mut next = all.last().and_then(|(last, _)| last.next());
        while let Some(gap) = next.filter(|gap| *gap < period) {
            if all.len() >= most {
                return Err(Error::input(format!(
                    "the series has more than {most} points with its gaps; narrow it by `from` and \
                     `to`, or leave `gaps` out"
                )));
            }
            all.push((gap, None));
            next = gap.next();
        }
        all.push((period, row));
    }
    Ok(all)
}

/// A metric of a place over time: the place's own figures, or one initiative's, all of periods of
/// the same length.
#[Object]
impl Series {
    /// The metric.
    async fn metric(&self) -> Metric {
        Metric::new(Arc::clone(&self.0.metric), self.0.view)
    }

    /// The place.
    async fn district(&self) -> District {
        District::new(Arc::clone(&self.0.district), self.0.view)
    }

    /// The initiative whose own figures they are; null for the place's own.
    async fn initiative(&self) -> Option<Initiative> {
        Some(Initiative::new(Arc::clone(self.0.initiative.as_ref()?), self.0.view))
    }

    /// How long the periods are; null where no length was asked for and there are no points.
    async fn frequency(&self) -> Option<Frequency> {
        self.0.frequency
    }

    /// The points from the earliest to the latest, as many as a page may have at the most.
    async fn points(&self) -> Vec<SeriesPoint> {
        (0..self.0.points.len()).map(|place| self.point(place)).collect()
    }

    /// The earliest point with a value.
    async fn first(&self) -> Option<SeriesPoint> {
        Some(self.point(self.valued().next()?.0))
    }

    /// The newest point with a value; its `period` says of when it is.
    async fn latest(&self) -> Option<SeriesPoint> {
        Some(self.point(self.valued().next_back()?.0))
    }

    /// The point with the smallest value; of several alike, the earliest.
    async fn minimum(&self) -> Option<SeriesPoint> {
        self.extreme(Ordering::Less)
    }

    /// The point with the largest value; of several alike, the earliest.
    async fn maximum(&self) -> Option<SeriesPoint> {
        self.extreme(Ordering::Greater)
    }

    /// The compound annual growth rate in percent, from the first value to the latest: what growth
    /// would have led from one to the other if it had been the same every year. Of years, halves,
    /// quarters and months.
    async fn cagr(&self) -> Computed {
        let ends = self.valued().next().zip(self.valued().next_back());
        let Some(((_, _, first), (_, _, last))) = ends else {
            let why = Uncomputed::new(Reason::NoValue, "no figure has a value");
            return Computed::new(Err(why), None, Vec::new(), self.0.view);
        };
        let rate = || {
            let quantity =
                |row: &Arc<observation::Model>| quantity(Some(row), Reason::NoValue, String::new);
            let (steps, per_year) = first.period.steps_to(last.period).ok_or_else(|| {
                Uncomputed::new(
                    Reason::NotApplicable,
                    "only years, halves, quarters and months have an annual rate",
                )
            })?;
            arithmetic::growth_rate(&quantity(first)?, &quantity(last)?, steps, per_year)
        };
        let inputs = match Arc::ptr_eq(first, last) {
            true => vec![Arc::clone(first)],
            false => vec![Arc::clone(first), Arc::clone(last)],
        };
        Computed::new(rate(), None, inputs, self.0.view)
    }
}
