//! The table that metrics and places make side by side.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, resolver_utils::enum_value};
use entity::{
    Frequency, Period, district, metric, observation,
    vocabulary::{Comparator, ObservationStatus},
};
use futures_util::future::try_join_all;

use super::{
    Ask, District, Initiative, Metric, Node, Observation,
    change::quantity,
    compare::{Wanted, When},
    latest::{chosen, several},
    lookup::reference,
    observation::Printed,
};
use crate::{
    arithmetic::{Reason, Uncomputed},
    query::{
        Sought, View,
        periods::{Compared, Longest, Shared},
    },
};

/// Metrics and places side by side.
pub struct CompareTable {
    view: View,
    metrics: Vec<Arc<metric::Model>>,
    districts: Vec<Arc<district::Model>>,
    rows: Vec<CompareRow>,
}

impl CompareTable {
    /// Reads the figures of a table.
    pub(super) async fn load(
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
