//! Metrics and places side by side.

use std::{collections::HashSet, fmt::Display, hash::Hash, sync::Arc};

use async_graphql::{Context, Object, Result, resolver_utils::enum_value};
use entity::{
    Date, DateTime, Frequency, Period, cut, district, metric, observation,
    vocabulary::{Comparator, ObservationStatus},
};
use futures_util::future::{try_join, try_join_all};

use super::{
    Ask, District, Initiative, Metric, Node, Observation,
    change::quantity,
    latest::{chosen, initiative as initiative_named, several},
    object::reference,
    observation::Printed,
    past,
    slug::named,
};
use crate::{
    arithmetic::{Reason, Uncomputed},
    error::Error,
    query::{
        Limits, Sought, Table, View,
        periods::{Compared, Longest, Shared},
    },
};

/// The field of the root that compares.
#[derive(Debug, Default)]
pub struct CompareQuery;

#[Object]
impl CompareQuery {
    /// Metrics and places side by side, as a table: a row for each metric, or for each metric and
    /// period, and in it a cell for each place. Figures are the places' own, or, where one has none,
    /// that of the one initiative in it that has one. All figures of a row are of periods of the
    /// same length. A cell without a figure says why; it is not zero.
    #[expect(clippy::too_many_arguments, reason = "what is compared, and from where it is seen")]
    async fn compare(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The slugs of the metrics, at least one, each once. The table may have as many cells as a page may have rows (1000 unless configured)."
        )]
        metrics: Vec<String>,
        #[graphql(desc = "The slugs of the places, at least one, each once.")] districts: Vec<
            String,
        >,
        #[graphql(
            desc = "Exactly these periods, at least one, each once: a row for each metric and period. When left out, a row for each metric, with the newest figure that each place has of the longest periods there are: of years and quarters, the years."
        )]
        periods: Option<Vec<Period>>,
        #[graphql(
            desc = "How long the periods are; the longest for which one of the places has a value when left out. Not together with `periods`."
        )]
        frequency: Option<Frequency>,
        #[graphql(
            desc = "The slug of the initiative whose figures are compared. When left out, the places' own, or, where one has none of the metric with a value, at whatever period, that of the one initiative that has one; where several have, the cell's reason is SEVERAL_INITIATIVES."
        )]
        initiative: Option<String>,
        #[graphql(
            desc = "Whether all cells of a row are of one period: of the longest for which all the places have a value, the newest. Not together with `periods`.",
            default
        )]
        same_period: bool,
        #[graphql(
            desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise."
        )]
        as_of: Option<DateTime>,
        #[graphql(
            desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen."
        )]
        known_on: Option<Date>,
    ) -> Option<Result<CompareTable>> {
        let table = async {
            let view = past::view(ctx, ctx.batch()?.view(), as_of, known_on)?;
            if let (Some(_), Some(frequency)) = (&periods, frequency) {
                return Err(Error::input(format!(
                    "`frequency` is {}, but `periods` are given; leave one of them out",
                    enum_value(frequency)
                ))
                .into());
            }
            let when = match (periods, same_period) {
                (Some(_), true) => {
                    return Err(Error::input(
                        "`samePeriod` is true, but `periods` are given; leave one of them out",
                    )
                    .into());
                }
                (Some(periods), false) => When::At(periods),
                (None, true) => When::Shared,
                (None, false) => When::Latest,
            };
            check("metrics", &metrics)?;
            check("districts", &districts)?;
            let mut sides = vec![(metrics.len(), "metrics"), (districts.len(), "districts")];
            if let When::At(periods) = &when {
                check("periods", periods)?;
                sides.push((periods.len(), "periods"));
            }
            fits(&sides, ctx.data::<Limits>()?.page_max)?;
            let (metrics, districts) = try_join(
                all::<metric::Entity>(ctx, "metrics", &metrics, view),
                all::<district::Entity>(ctx, "districts", &districts, view),
            )
            .await?;
            let initiative = initiative_named(ctx, initiative.as_deref(), view).await?;
            let wanted = Wanted { view, when, frequency, initiative };
            CompareTable::load(ctx, metrics, districts, wanted).await
        };
        Some(table.await)
    }
}

/// Which figures a table has.
struct Wanted {
    view: View,
    when: When,
    frequency: Option<Frequency>,
    initiative: Option<i64>,
}

/// Of when the figures of a table are.
enum When {
    At(Vec<Period>),
    Latest,
    Shared,
}

/// Refuses an argument that is empty or has something twice.
fn check<T: Display + Eq + Hash>(argument: &str, values: &[T]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::input(format!("`{argument}` is empty; give at least one")));
    }
    let mut met = HashSet::new();
    match values.iter().position(|value| !met.insert(value)) {
        Some(twice) => Err(Error::input(format!(
            "`{argument}[{twice}]` is {}, which `{argument}` has before; give each once",
            cut(&values[twice].to_string())
        ))),
        None => Ok(()),
    }
}

/// Refuses a table that has too many cells.
fn fits(sides: &[(usize, &str)], most: u32) -> Result<(), Error> {
    let cells = sides.iter().fold(1_usize, |cells, (count, _)| cells.saturating_mul(*count));
    if cells <= most as usize {
        return Ok(());
    }
    let sides: Vec<String> = sides.iter().map(|(count, of)| format!("{count} {of}")).collect();
    Err(Error::input(format!(
        "the table would have {cells} cells ({}), but may have {most} at the most; ask for less \
         of them at once",
        sides.join(" × ")
    )))
}

/// The rows with these slugs.
async fn all<E: Table>(
    ctx: &Context<'_>,
    argument: &str,
    slugs: &[String],
    view: View,
) -> Result<Vec<Arc<E::Model>>> {
    let each = slugs.iter().enumerate().map(|(place, slug)| async move {
        named::<E>(ctx, &format!("{argument}[{place}]"), slug, view).await
    });
    try_join_all(each).await
}

/// Metrics and places side by side.
pub struct CompareTable {
    view: View,
    metrics: Vec<Arc<metric::Model>>,
    districts: Vec<Arc<district::Model>>,
    rows: Vec<CompareRow>,
}

impl CompareTable {
    async fn load(
        ctx: &Context<'_>,
        metrics: Vec<Arc<metric::Model>>,
        districts: Vec<Arc<district::Model>>,
        wanted: Wanted,
    ) -> Result<Self> {
        let batch = ctx.batch()?;
        let Wanted { view, when, frequency, initiative } = wanted;
        let numbers = districts.iter().map(|district| district.id).collect();
        let compared = Compared { districts: numbers, initiative, view };
        let rows: Vec<(&Arc<metric::Model>, Row)> = match (when, frequency) {
            (When::At(periods), _) => {
                let at = |metric| periods.iter().map(move |at| (metric, Row::At(*at)));
                metrics.iter().flat_map(at).collect()
            }
            (When::Latest, Some(length)) => {
                metrics.iter().map(|metric| (metric, Row::Latest(length))).collect()
            }
            (When::Latest, None) => {
                let longest =
                    metrics.iter().map(|metric| batch.load(Longest(compared.clone()), metric.id));
                let longest = try_join_all(longest).await?;
                let row = |length: Option<Frequency>| length.map_or(Row::Nothing, Row::Latest);
                metrics.iter().zip(longest.into_iter().map(row)).collect()
            }
            (When::Shared, frequency) => {
                let shared = metrics.iter().map(|metric| {
                    let compared = compared.clone();
                    batch.load(Shared { compared, frequency }, metric.id)
                });
                let shared = try_join_all(shared).await?;
                let row = |at: Option<Period>| at.map_or(Row::NotShared, Row::At);
                metrics.iter().zip(shared.into_iter().map(row)).collect()
            }
        };
        let rows = rows.into_iter().map(|(metric, row)| {
            let cells = districts.iter().map(move |district| async move {
                let sought = Sought {
                    metric: metric.id,
                    district: district.id,
                    initiative,
                    period: row.period(),
                    frequency: row.frequency(),
                };
                let (figure, rivals) = match row {
                    Row::Nothing | Row::NotShared => (None, Arc::default()),
                    Row::At(_) | Row::Latest(_) => match chosen(ctx, &sought, view).await? {
                        Ok(figure) => (figure, Arc::default()),
                        Err(rivals) => (None, rivals),
                    },
                };
                let (metric, district) = (Arc::clone(metric), Arc::clone(district));
                Ok::<_, async_graphql::Error>(CompareCell {
                    view,
                    metric,
                    district,
                    row,
                    figure,
                    rivals,
                })
            });
            async move {
                let cells = try_join_all(cells).await?;
                let metric = Arc::clone(metric);
                Ok::<_, async_graphql::Error>(CompareRow { view, metric, row, cells })
            }
        });
        let rows = try_join_all(rows).await?;
        Ok(Self { view, metrics, districts, rows })
    }
}

/// Metrics and places side by side: what a table of them needs.
#[Object]
impl CompareTable {
    /// The metrics, in the order in which they were named.
    async fn metrics(&self) -> Vec<Metric> {
        self.metrics.iter().map(|row| Metric::new(Arc::clone(row), self.view)).collect()
    }

    /// The places, in the order in which they were named: the columns of the table.
    async fn districts(&self) -> Vec<District> {
        self.districts.iter().map(|row| District::new(Arc::clone(row), self.view)).collect()
    }

    /// The rows: the metrics in their order, each with the periods in the order in which they were
    /// given.
    async fn rows(&self) -> &[CompareRow] {
        &self.rows
    }
}

/// Which figures a row has.
#[derive(Debug, Clone, Copy)]
enum Row {
    At(Period),
    /// Each place's newest of periods as long.
    Latest(Frequency),
    /// None: no place has a figure with a value.
    Nothing,
    /// None: there is no period that all places have in common.
    NotShared,
}

impl Row {
    fn period(self) -> Option<Period> {
        match self {
            Self::At(period) => Some(period),
            Self::Latest(_) | Self::Nothing | Self::NotShared => None,
        }
    }

    fn frequency(self) -> Option<Frequency> {
        match self {
            Self::At(period) => Some(period.length()),
            Self::Latest(length) => Some(length),
            Self::Nothing | Self::NotShared => None,
        }
    }
}

/// A row of a table.
pub struct CompareRow {
    view: View,
    metric: Arc<metric::Model>,
    row: Row,
    cells: Vec<CompareCell>,
}

/// A metric in all the places.
#[Object]
impl CompareRow {
    /// The metric; its unit is the unit of all values in the row.
    async fn metric(&self) -> Metric {
        Metric::new(Arc::clone(&self.metric), self.view)
    }

    /// The period that all cells are of; null where each has its own, and where `samePeriod` found
    /// none.
    async fn period(&self) -> Option<Period> {
        self.row.period()
    }

    /// How long the periods of all cells are; null where neither `periods` nor `frequency` was asked
    /// for and no place has a value, and where `samePeriod` found no period.
    async fn frequency(&self) -> Option<Frequency> {
        self.row.frequency()
    }

    /// A cell for each place, in the order of the table's `districts`.
    async fn cells(&self) -> &[CompareCell] {
        &self.cells
    }
}

/// A cell of a table.
pub struct CompareCell {
    view: View,
    metric: Arc<metric::Model>,
    district: Arc<district::Model>,
    row: Row,
    figure: Option<Arc<observation::Model>>,
    /// The slugs of the initiatives that have what the place has not, if several have.
    rivals: Arc<[String]>,
}

impl CompareCell {
    /// Why there is no value.
    fn failure(&self) -> Option<Uncomputed> {
        let (metric, district) = (&self.metric.slug, &self.district.slug);
        if !self.rivals.is_empty() {
            let why = several(metric, district, &self.rivals);
            return Some(Uncomputed::new(Reason::SeveralInitiatives, why));
        }
        if let Row::NotShared = self.row {
            return Some(Uncomputed::new(
                Reason::NoCommonPeriod,
                format!(
                    "there is no period for which all the places have a figure of {metric} with a \
                     value"
                ),
            ));
        }
        let explanation = || match (&self.figure, self.row) {
            (Some(figure), _) => format!(
                "the figure of {metric} for {district} at {} is marked {}",
                figure.period,
                enum_value(figure.status)
            ),
            (None, Row::At(period)) => {
                format!("there is no figure of {metric} for {district} at {period}")
            }
            (None, Row::Latest(length)) => format!(
                "there is no {} figure of {metric} with a value for {district}",
                enum_value(length)
            ),
            (None, _) => format!("there is no figure of {metric} with a value for {district}"),
        };
        quantity(self.figure.as_deref(), Reason::NoValue, explanation).err()
    }
}

/// A metric in a place, or the reason why there is no value of it.
#[Object]
impl CompareCell {
    /// The place.
    async fn district(&self) -> District {
        District::new(Arc::clone(&self.district), self.view)
    }

    /// The period of the figure, or the one at which it was looked for; null where none was given
    /// and there is no figure.
    async fn period(&self) -> Option<Period> {
        self.figure.as_ref().map(|figure| figure.period).or(self.row.period())
    }

    /// The figure; null where there is none. One that is there may be marked missing.
    async fn observation(&self) -> Option<Observation> {
        Some(Observation::new(self.figure.clone()?, self.view))
    }

    /// The initiative whose figure it is, where the place has none of its own; else null.
    async fn initiative(&self, ctx: &Context<'_>) -> Option<Result<Initiative>> {
        let number = self.figure.as_ref()?.initiative_id?;
        Some(reference(ctx, number, self.view).await)
    }

    /// The figure's value in the metric's unit, exact, with the decimals its source printed. Read
    /// it with `comparator`. Null where there is none: `reason` says why. It is not zero.
    async fn value(&self) -> Option<Printed> {
        self.figure.as_deref().and_then(Printed::of)
    }

    /// How the value relates to the true figure; null where there is no value.
    async fn comparator(&self) -> Option<Comparator> {
        self.figure.as_ref().filter(|figure| figure.value.is_some()).map(|row| row.comparator)
    }

    /// How good the figure is; null where there is no figure.
    async fn status(&self) -> Option<ObservationStatus> {
        self.figure.as_ref().map(|figure| figure.status)
    }

    /// Why there is no value; null where there is one.
    async fn reason(&self) -> Option<Reason> {
        self.failure().map(|why| why.reason)
    }

    /// The same in a sentence that names what is in the way.
    async fn explanation(&self) -> Option<String> {
        self.failure().map(|why| why.explanation)
    }
}
