//! Metrics and places side by side.

use std::{collections::HashSet, fmt::Display, hash::Hash, sync::Arc};

use async_graphql::{Context, Object, Result};
use entity::{
    Date, DateTime, Period, cut, district, metric, observation,
    vocabulary::{Comparator, ObservationStatus},
};
use futures_util::future::{try_join, try_join_all};

use super::{
    Ask, District, Metric, Node, Observation, change::quantity, observation::Printed, past,
    slug::named,
};
use crate::{
    arithmetic::{Reason, Uncomputed},
    error::Error,
    query::{Figure, Limits, SharedPeriod, Table, View, figure::Place},
};

/// The field of the root that compares.
#[derive(Debug, Default)]
pub struct CompareQuery;

#[Object]
impl CompareQuery {
    /// Metrics and places side by side, as a table: a row for each metric, or for each metric and
    /// period, and in it a cell for each place. Figures are the places' own, none of initiatives.
    /// A cell without a figure says why; it is not zero.
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
            desc = "Exactly these periods, at least one, each once: a row for each metric and period. When left out, a row for each metric, with the newest figure that each place has."
        )]
        periods: Option<Vec<Period>>,
        #[graphql(
            desc = "Whether all cells of a row are of one period: the newest for which all the places have a value. Not together with `periods`.",
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
            CompareTable::load(ctx, view, metrics, districts, when).await
        };
        Some(table.await)
    }
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
        view: View,
        metrics: Vec<Arc<metric::Model>>,
        districts: Vec<Arc<district::Model>>,
        when: When,
    ) -> Result<Self> {
        let batch = ctx.batch()?;
        let rows: Vec<(&Arc<metric::Model>, Sought)> = match when {
            When::At(periods) => {
                let at = |metric| periods.iter().map(move |at| (metric, Sought::At(*at)));
                metrics.iter().flat_map(at).collect()
            }
            When::Latest => metrics.iter().map(|metric| (metric, Sought::Latest)).collect(),
            When::Shared => {
                let numbers: Vec<i64> = districts.iter().map(|district| district.id).collect();
                let shared = metrics.iter().map(|metric| {
                    let question = SharedPeriod { districts: numbers.clone(), view };
                    batch.load(question, metric.id)
                });
                let shared = try_join_all(shared).await?;
                let sought = |at: Option<Period>| at.map_or(Sought::Nothing, Sought::At);
                metrics.iter().zip(shared.into_iter().map(sought)).collect()
            }
        };
        let rows = rows.into_iter().map(|(metric, sought)| {
            let cells = districts.iter().map(move |district| async move {
                let place = |period| Place {
                    metric: metric.id,
                    district: district.id,
                    initiative: None,
                    period,
                };
                let figure = match sought {
                    Sought::At(period) => {
                        batch.load(Figure::At.seen(view), place(Some(period))).await?
                    }
                    Sought::Latest => batch.load(Figure::Latest.seen(view), place(None)).await?,
                    Sought::Nothing => None,
                };
                let (metric, district) = (Arc::clone(metric), Arc::clone(district));
                Ok::<_, Error>(CompareCell { view, metric, district, sought, figure })
            });
            async move {
                let cells = try_join_all(cells).await?;
                Ok::<_, Error>(CompareRow { view, metric: Arc::clone(metric), sought, cells })
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

/// Which figure a cell has.
#[derive(Debug, Clone, Copy)]
enum Sought {
    At(Period),
    Latest,
    /// None: there is no period that all places have in common.
    Nothing,
}

impl Sought {
    fn period(self) -> Option<Period> {
        match self {
            Self::At(period) => Some(period),
            Self::Latest | Self::Nothing => None,
        }
    }
}

/// A row of a table.
pub struct CompareRow {
    view: View,
    metric: Arc<metric::Model>,
    sought: Sought,
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
        self.sought.period()
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
    sought: Sought,
    figure: Option<Arc<observation::Model>>,
}

impl CompareCell {
    /// Why there is no value.
    fn failure(&self) -> Option<Uncomputed> {
        let (metric, district) = (&self.metric.slug, &self.district.slug);
        if let Sought::Nothing = self.sought {
            return Some(Uncomputed::new(
                Reason::NoCommonPeriod,
                format!(
                    "there is no period for which all the places have a figure of {metric} with a \
                     value"
                ),
            ));
        }
        let explanation = || match (&self.figure, self.sought) {
            (Some(figure), _) => format!(
                "the figure of {metric} for {district} at {} is marked {}",
                figure.period,
                async_graphql::resolver_utils::enum_value(figure.status)
            ),
            (None, Sought::At(period)) => {
                format!("there is no figure of {metric} for {district} at {period}")
            }
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
        self.figure.as_ref().map(|figure| figure.period).or(self.sought.period())
    }

    /// The figure; null where there is none. One that is there may be marked missing.
    async fn observation(&self) -> Option<Observation> {
        Some(Observation::new(self.figure.clone()?, self.view))
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
