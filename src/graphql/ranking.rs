//! Places ranked by a metric.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use entity::{
    Decimal, Frequency, Period, district, metric, observation,
    vocabulary::{Aggregation, ObservationStatus},
};
use futures_util::future::try_join;

use super::{
    Ask, Computed, District, Initiative, Observation,
    change::quantity,
    expected::count,
    lookup::{reference, row},
    page::{Paged, PagedConnection, Pages},
};
use crate::{
    arithmetic::{self, Quantity, Reason, Uncomputed},
    error::Error,
    query::{
        Direction, Figure, Limits, One, Page, Ranks, Ties, View,
        figure::Place,
        ranking::{Absent, Contest, Extent, Rank, Unranked, When},
    },
};

/// Places ranked by their figures of a metric.
#[derive(Clone)]
pub struct Ranking {
    metric: Arc<metric::Model>,
    contest: Contest,
    direction: Direction,
    ties: Ties,
}

impl Ranking {
    /// The ranking of all who take part.
    pub(super) fn new(
        metric: Arc<metric::Model>,
        contest: Contest,
        direction: Direction,
        ties: Ties,
    ) -> Self {
        Self { metric, contest, direction, ties }
    }

    async fn extent(&self, ctx: &Context<'_>) -> Result<Extent> {
        extent(ctx, &self.contest, &self.metric).await
    }
}

/// How far a ranking of a metric reaches.
async fn extent(ctx: &Context<'_>, contest: &Contest, metric: &metric::Model) -> Result<Extent> {
    let extent = ctx.batch()?.load(contest.clone(), metric.id).await?;
    Ok(extent.ok_or_else(|| Error::internal("a ranking was not answered"))?)
}

/// Places ranked by their figures of a metric, all of periods of the same length.
#[Object]
impl Ranking {
    /// The period that all the figures are of: the one asked for, or the one found; null where none
    /// was asked for and no place has a value, and with `newestOfEach`: each entry has its own.
    async fn period(&self, ctx: &Context<'_>) -> Option<Result<Period>> {
        if self.contest.when == When::NewestOfEach {
            return None;
        }
        self.extent(ctx).await.map(|extent| extent.period).transpose()
    }

    /// How long the periods of the figures are; null where no period was asked for and no place has a
    /// value.
    async fn frequency(&self, ctx: &Context<'_>) -> Option<Result<Frequency>> {
        let period = self.extent(ctx).await.map(|extent| extent.period).transpose();
        period.map(|period| period.map(Period::length))
    }

    /// How many places are ranked, on all pages together.
    async fn of(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        Some(self.extent(ctx).await.and_then(|extent| count(extent.ranked)))
    }

    /// How many of the places that take part are not ranked: those that `among` picks, or, where it
    /// is left out, those that have a figure of the metric (and of the initiative, where one was asked
    /// for) at any time. A missing figure is not
    /// zero. `unranked` says which they are, and why.
    async fn missing(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        Some(self.extent(ctx).await.and_then(|extent| count(extent.places - extent.ranked)))
    }

    /// The places that take part and are not ranked, as they were loaded, each with the reason.
    async fn unranked(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many, at most: from 1 to the server's limit for pages (1000 unless configured); 50 unless configured when left out."
        )]
        first: Option<i32>,
    ) -> Option<Result<Vec<UnrankedDistrict>>> {
        let unranked = async {
            let page = Page::new(ctx.data::<Limits>()?, first, None, None, None)?;
            let (contest, view) = (self.contest.clone(), self.contest.view);
            let absent = Absent { contest, first: page.limit };
            let found = ctx.batch()?.load(absent, self.metric.id).await?;
            let places = found.as_deref().unwrap_or_default().iter();
            let extent = self.extent(ctx).await?;
            let unranked = places.map(|place| UnrankedDistrict {
                view,
                metric: Arc::clone(&self.metric),
                period: extent.period.filter(|_| self.contest.when != When::NewestOfEach),
                place: place.clone(),
            });
            Ok(unranked.collect())
        };
        Some(unranked.await)
    }

    /// The places that are ranked, in order; those with equal values in the order in which they
    /// were loaded.
    async fn entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many entries: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(
            desc = "Only entries after the one with this cursor. Where the ranking was asked for without `period`, they are of the cursor's, even if there is a newer one since."
        )]
        after: Option<String>,
        #[graphql(
            desc = "How many entries, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            desc = "Only entries before the one with this cursor; of its period, as with `after`."
        )]
        before: Option<String>,
    ) -> Option<Result<PagedConnection<Entries>>> {
        let entries = || {
            let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
            let ranks = Ranks::new(self.contest.clone(), self.direction, self.ties, page)?;
            let metric = Arc::clone(&self.metric);
            Ok(PagedConnection(Entries { metric, ranks: Arc::new(ranks) }))
        };
        Some(entries())
    }
}

/// The places of a ranking.
pub struct Entries {
    metric: Arc<metric::Model>,
    ranks: Arc<Ranks>,
}

impl Pages for Entries {
    type Item = RankingEntry;

    async fn page(&self, ctx: &Context<'_>) -> Result<Paged<RankingEntry>> {
        let page = ctx.batch()?.load(Arc::clone(&self.ranks), self.metric.id).await?;
        let page = page.ok_or_else(|| Error::internal("a ranking was not answered"))?;
        Ok(page.map(|rank| RankingEntry {
            view: self.ranks.contest().view,
            metric: Arc::clone(&self.metric),
            rank: rank.clone(),
        }))
    }

    fn cursor(&self, entry: &RankingEntry) -> Result<String> {
        Ok(self.ranks.cursor(&entry.rank))
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(extent(ctx, self.ranks.contest(), &self.metric).await?.ranked)
    }
}

/// A place that takes part in a ranking and is not ranked.
pub struct UnrankedDistrict {
    view: View,
    metric: Arc<metric::Model>,
    period: Option<Period>,
    place: Unranked,
}

/// A place that takes part in a ranking and is not ranked, and why.
#[Object]
impl UnrankedDistrict {
    /// The place.
    async fn district(&self, ctx: &Context<'_>) -> Result<District> {
        reference(ctx, self.place.district, self.view).await
    }

    /// Why it is not ranked: NO_VALUE, or SEVERAL_INITIATIVES.
    async fn reason(&self) -> Reason {
        match self.place.figure {
            None => Reason::NoValue,
            Some(_) => Reason::SeveralInitiatives,
        }
    }

    /// The same in a sentence.
    async fn explanation(&self, ctx: &Context<'_>) -> Result<String> {
        let place = row::<district::Entity>(ctx, self.place.district, self.view).await?;
        let metric = &self.metric.slug;
        let at = self.period.map(|period| format!(" at {period}")).unwrap_or_default();
        Ok(match self.place.figure {
            None => format!("there is no figure of {metric} with a value for {}{at}", place.slug),
            Some(_) => format!(
                "{} has no figure of {metric} of its own{at}, and several initiatives have one; \
                 choose by `initiative`",
                place.slug
            ),
        })
    }
}

/// A place in a ranking.
#[derive(Clone)]
pub struct RankingEntry {
    view: View,
    metric: Arc<metric::Model>,
    rank: Rank,
}

/// The number of no place.
const NOWHERE: i64 = 0;

impl RankingEntry {
    /// The figure as a share of the parent's, given the place, its parent and the parent's figure.
    fn share_of(
        &self,
        figure: &observation::Model,
        place: &district::Model,
        parent: Option<&district::Model>,
        whole: Option<&observation::Model>,
    ) -> Result<Quantity, Uncomputed> {
        let metric = &self.metric.slug;
        if self.metric.aggregation != Aggregation::Sum {
            return Err(Uncomputed::new(
                Reason::NotAdditive,
                format!(
                    "figures of {metric} are no parts of a whole: it is not declared additive \
                     (`aggregation: SUM`)"
                ),
            ));
        }
        let parent = parent.ok_or_else(|| {
            Uncomputed::new(Reason::NoBase, format!("{} lies in no other place", place.slug))
        })?;
        if !place.partition {
            return Err(Uncomputed::new(
                Reason::NotAdditive,
                format!(
                    "{} is none of the parts that {} is divided into without overlap \
                     (`partition`)",
                    place.slug, parent.slug
                ),
            ));
        }
        let part = quantity(Some(figure), Reason::NoValue, || "it has no value".to_owned())?;
        let base = quantity(whole, Reason::NoBase, || {
            let period = self.rank.period;
            format!("there is no figure of {metric} with a value for {} at {period}", parent.slug)
        })?;
        let unreliable = |row: &observation::Model| row.status == ObservationStatus::Unreliable;
        if unreliable(figure) || whole.is_some_and(unreliable) {
            return Err(Uncomputed::new(
                Reason::Unreliable,
                "a figure it would rest on is UNRELIABLE; its note says why",
            ));
        }
        if part.is_negative() || base.is_negative() {
            return Err(Uncomputed::new(
                Reason::NotPositive,
                "a figure is negative, so a share says nothing",
            ));
        }
        arithmetic::ratio(&part, &base, 100)
    }
}

/// A place in a ranking, and the figure it is ranked by.
#[Object]
impl RankingEntry {
    /// Its position, from 1; with `ties: AVERAGE` it may be halfway between two, such as "2.5".
    async fn position(&self) -> Decimal {
        self.rank.position()
    }

    /// How many places are ranked, on all pages together.
    async fn of(&self) -> Option<Result<i32>> {
        Some(count(self.rank.ranked))
    }

    /// The place.
    async fn district(&self, ctx: &Context<'_>) -> Result<District> {
        reference(ctx, self.rank.district, self.view).await
    }

    /// The period of the figure it is ranked by.
    async fn period(&self) -> Period {
        self.rank.period
    }

    /// The initiative whose figure it is ranked by, where the place has none of its own; else null.
    async fn initiative(&self, ctx: &Context<'_>) -> Option<Result<Initiative>> {
        let initiative = async {
            let figure = row::<observation::Entity>(ctx, self.rank.figure, self.view).await?;
            let number = figure.initiative_id;
            match number {
                Some(number) => reference(ctx, number, self.view).await.map(Some),
                None => Ok(None),
            }
        };
        initiative.await.transpose()
    }

    /// The figure it is ranked by.
    async fn observation(&self, ctx: &Context<'_>) -> Result<Observation> {
        reference(ctx, self.rank.figure, self.view).await
    }

    /// Whether the position is uncertain: true unless the order of this place and every other one
    /// ranked follows from their figures.
    ///
    /// An EQUAL figure is its value. One that is MORE_THAN or AT_LEAST may be any greater number,
    /// one that is LESS_THAN, AT_MOST or NEARLY any smaller one; one that is ABOUT, or whose
    /// `status` is PROVISIONAL, ESTIMATED, FORECAST, IMPUTED or UNRELIABLE, may lie on either side,
    /// nobody says how far. So "more than 5" certainly comes before 4, but not certainly after 7,
    /// and is not certainly level with 5; then both places are provisional. With `ties: DENSE` a
    /// place is so, too, where the order of those before it is uncertain. Places without a figure
    /// do not count.
    async fn provisional(&self) -> bool {
        self.rank.doubtful
    }

    /// The figure in percent of the own one of the place around it at the same period. Only of additive
    /// metrics (`aggregation: SUM`), and of places that are parts of that place without overlap
    /// (`partition`): of others the reason is NOT_ADDITIVE, and NO_BASE where no place is around it.
    async fn share(&self, ctx: &Context<'_>) -> Option<Result<Computed>> {
        let share = async {
            let (figure, place) = try_join(
                row::<observation::Entity>(ctx, self.rank.figure, self.view),
                row::<district::Entity>(ctx, self.rank.district, self.view),
            )
            .await?;
            // Asked for every place, with a parent or not, so that what is asked next is asked
            // together.
            let around = place.parent_id.unwrap_or(NOWHERE);
            let whole = Place { district: around, initiative: None, ..Place::of(&figure) };
            let batch = ctx.batch()?;
            let one = One::<district::Entity, i64>::by(district::Column::Id, self.view);
            let (parent, whole) = try_join(
                one.load_model(batch, around),
                batch.load(Figure::At.seen(self.view), whole),
            )
            .await?;
            let share = self.share_of(&figure, &place, parent.as_deref(), whole.as_deref());
            let inputs = match share {
                Ok(_) => [Some(figure), whole].into_iter().flatten().collect(),
                Err(_) => Vec::new(),
            };
            Ok(Computed::new(share, None, inputs, self.view))
        };
        Some(share.await)
    }
}
