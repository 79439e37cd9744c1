//! What is measured.

use std::sync::Arc;

use super::input::LocalizedTextInput;
use crate::{
    error::Error,
    filter, object, order,
    query::{
        Direction, Ties,
        filter::{LocalizedTextFilter, TextFilter, WordFilter},
        ranking::{Contest, When},
    },
};
use async_graphql::ID;
use async_graphql::{Context, Result};
use entity::{
    Date, DateTime, Frequency, Period, district, metric,
    vocabulary::{Accumulation, Aggregation, Measure, MetricDirection},
};

use super::{
    DistrictFilter, Observation, Ranking, Series,
    latest::{Latest, initiative as chosen},
    lookup::seen_from,
    past,
    series::Wanted,
    slug::named,
};

filter! {
    /// Which metrics.
    MetricFilter, MetricListFilter for metric {
        slug: TextFilter = Slug,
        name: LocalizedTextFilter = Name,
        description: LocalizedTextFilter = Description,
        measure: WordFilter<Measure> = Measure,
        aggregation: WordFilter<Aggregation> = Aggregation,
        accumulation: WordFilter<Accumulation> = Accumulation,
        direction: WordFilter<MetricDirection> = Direction,
    } one {
        unit: UnitFilter = UnitId of unit,
        theme: ThemeFilter = ThemeId of theme,
        base: MetricFilter = BaseId of metric,
    } many {
        derived: MetricListFilter = metric.BaseId,
        initiatives: InitiativeMetricListFilter = initiative_metric.MetricId,
        observations: ObservationListFilter = observation.MetricId,
    }
}

order! {
    MetricOrder, MetricOrderKey for metric {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The name, as its language orders it.
        Name = Text(Name),
        /// The sort of quantity, by the letters of its word.
        Measure = Column(Measure),
        /// The symbol of its unit, letter by letter.
        UnitSymbol = Column(Symbol) of unit by UnitId,
        /// The name of its theme, as its language orders it; null where there is none.
        ThemeName = Text(Name) of theme by ThemeId,
        /// How many initiatives it tells about.
        InitiativeCount = count(initiative_metric.MetricId),
        /// How many figures it has.
        ObservationCount = count(observation.MetricId),
        /// The newest period of its figures; null where it has none.
        LatestPeriod = max(observation.MetricId, Period),
    }
}

object! {
    /// Something that is measured (SDMX INDICATOR). A new metric is a new row, never a new type.
    Metric of metric: MetricFilter, MetricOrder, MetricOrderKey;
    id "metric";
    text name, names: "Its name.";
    optional text description, descriptions: "What it covers and what it leaves out.";
    one unit: Unit = unit_id: "The unit of its values.";
    maybe theme: Theme = theme_id: "The theme it belongs to.";
    maybe base: Metric = base_id: "The metric it is a share, ratio, rate or growth of; null where that is not kept here.";
    many derived: Metric = metric.BaseId:
        "The shares, ratios, rates and growths of this metric.";
    many initiatives: InitiativeMetric
        = initiative_metric.MetricId:
        "The initiatives it tells about, each with the reason it stands there.";
    figures observations by MetricId:
        "Its figures, the newest period first.";
    fields {
        /// The metric of a place over time, with changes, indexes, averages and rates of growth.
        #[expect(clippy::too_many_arguments, reason = "what a series is made of")]
        async fn series(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The slug of the place.")] district: String,
            #[graphql(desc = "The slug of the initiative whose figures are wanted. When left out, the place's own, or, where it has none of the metric with a value, at whatever period, those of the one initiative that has any; where several have, the error AMBIGUOUS names them.")]
            initiative: Option<String>,
            #[graphql(desc = "Only periods that begin with its first day or later.")]
            from: Option<Period>,
            #[graphql(desc = "Only periods that end with its last day or earlier.")]
            to: Option<Period>,
            #[graphql(desc = "How long the periods are. When left out, the longest there are between `from` and `to`, with a value if there are any: years before quarters, and ranges, which may be as long as they like, last.")]
            frequency: Option<Frequency>,
            #[graphql(desc = "What stands where there is no figure.", default)]
            gaps: super::SeriesGaps,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Option<Result<Series>> {
            let wanted = Wanted { district, initiative, from, to, frequency, gaps };
            let series = async {
                let view = past::view(ctx, self.view, as_of, known_on).await?;
                let metric = seen_from::<metric::Entity>(ctx, &self.row, self.view, view).await?;
                // Boxed: every field of an object takes the room of the largest.
                Box::pin(Series::load(ctx, view, &metric, wanted)).await
            };
            Some(series.await)
        }

        /// The newest figure with a value of a place, of the longest periods there are; its `period`
        /// says of when it is. Where the place has none of its own and one initiative has, it is
        /// that one's, as its `initiative` says; where several have, the error AMBIGUOUS names them.
        /// Null where there is none.
        async fn latest(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The slug of the place.")] district: String,
            #[graphql(desc = "How long the periods are; the longest there are with a value when left out: years before quarters, and ranges, which may be as long as they like, last.")]
            frequency: Option<Frequency>,
            #[graphql(desc = "The slug of the initiative whose figures are wanted. When left out, the place's own, or, where it has none of the metric with a value, at whatever period, those of the one initiative that has any.")]
            initiative: Option<String>,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Option<Result<Observation>> {
            let latest = async {
                let view = past::view(ctx, self.view, as_of, known_on).await?;
                let metric = seen_from::<metric::Entity>(ctx, &self.row, self.view, view).await?;
                let place = named::<district::Entity>(ctx, "district", &district, view).await?;
                Latest { view, metric, place, initiative, frequency }.load(ctx).await
            };
            latest.await.transpose()
        }

        /// The places that have a figure of this metric at one period, ranked by its value: their
        /// own, or, where they have none, that of the one initiative in them that has one. Which way
        /// is better is the metric's `direction`.
        ///
        /// Values are ordered as numbers, whatever their comparators: see `provisional`.
        #[expect(clippy::too_many_arguments, reason = "what a ranking is made of")]
        async fn ranking(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Exactly this period. When left out, of the longest periods there are (of years and quarters, the years) the newest for which one of the places has a value; `period` of the answer says which it is.")]
            period: Option<Period>,
            #[graphql(desc = "How long the period is, where `period` is left out; the longest there is when left out.")]
            frequency: Option<Frequency>,
            #[graphql(desc = "Whether each place is ranked by the newest of its own periods, all of the same length: for places whose newest years differ. `period` of each entry says of when it is. Not together with `period`.", default)]
            newest_of_each: bool,
            #[graphql(desc = "The slug of the initiative whose figures are wanted. When left out, the place's own, or, where it has none of the metric with a value, at whatever period, those of the one initiative that has any.")]
            initiative: Option<String>,
            #[graphql(desc = "Which places take part; all that have a figure of the metric when left out. Choose places of one sort: a city always surpasses its districts.")]
            among: Option<Arc<DistrictFilter>>,
            #[graphql(desc = "Whether the largest value comes first or the smallest; the largest when left out.", default_with = "Direction::Desc")]
            direction: Direction,
            #[graphql(desc = "Which positions places with equal values have.", default)]
            ties: Ties,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Option<Result<Ranking>> {
            let ranking = async {
                let view = past::view(ctx, self.view, as_of, known_on).await?;
                let metric = seen_from::<metric::Entity>(ctx, &self.row, self.view, view).await?;
                let when = match (period, newest_of_each) {
                    (Some(period), true) => {
                        return Err(Error::input(format!(
                            "`newestOfEach` is true, but `period` is {period}; leave one of them out"
                        ))
                        .into());
                    }
                    (Some(period), false) => When::At(period),
                    (None, true) => When::NewestOfEach,
                    (None, false) => When::Newest,
                };
                if let (Some(period), Some(frequency)) = (period, frequency)
                    && period.length() != frequency
                {
                    return Err(Error::input(format!(
                        "`period` is {period}, but `frequency` is {}; leave one of them out",
                        async_graphql::resolver_utils::enum_value(frequency)
                    ))
                    .into());
                }
                let initiative = chosen(ctx, initiative.as_deref(), view).await?;
                let contest = Contest { view, among, when, frequency, initiative };
                Ok(Ranking::new(metric, contest, direction, ties))
            };
            Some(ranking.await)
        }

        /// What can be computed of the figures of this metric.
        async fn observation_summary(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which figures; all when left out.")]
            filter: Option<Arc<super::ObservationFilter>>,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Result<super::Figures> {
            let view = past::view(ctx, self.view, as_of, known_on).await?;
            let column = entity::observation::Column::MetricId;
            Ok(super::Figures::of_row(view, column, self.row.id, filter))
        }
    }
    root MetricQuery {
        one metric: "The metric with this slug.";
        list metrics: "All metrics.";
    }
}

crate::mutations! {
    Metric of metric, "a metric", "metrics";
    required {
        slug: String,
        name: Vec<LocalizedTextInput>,
        unit: ID,
        measure: Measure,
        aggregation: Aggregation,
        direction: MetricDirection,
        decimals: i32,
    }
    optional {
        description: Vec<LocalizedTextInput>,
        theme: ID,
        base: ID,
        accumulation: Accumulation,
    }
}
