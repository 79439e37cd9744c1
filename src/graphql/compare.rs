//! Metrics and places side by side.

use std::{collections::HashSet, fmt::Display, hash::Hash, sync::Arc};

use async_graphql::{Context, Object, Result, resolver_utils::enum_value};
use entity::{Date, DateTime, Frequency, Period, cut, district, metric};
use futures_util::future::{try_join, try_join_all};

use super::{
    Ask, compare_table::CompareTable, latest::initiative as initiative_named, past, slug::named,
};
use crate::{
    error::Error,
    query::{Limits, Table, View},
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
            let view = past::view(ctx, ctx.batch()?.view(), as_of, known_on).await?;
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
pub(super) struct Wanted {
    pub(super) view: View,
    pub(super) when: When,
    pub(super) frequency: Option<Frequency>,
    pub(super) initiative: Option<i64>,
}

/// Of when the figures of a table are.
pub(super) enum When {
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
