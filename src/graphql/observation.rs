//! The figures.

use super::input::LocalizedTextInput;
use crate::{
    display::{self, Figure},
    filter, object, order,
    query::{
        Figure as Question, column,
        figure::Place,
        filter::{
            DateFilter, DateTimeFilter, DecimalFilter, IntFilter, LocalizedTextFilter,
            PeriodFilter, TextFilter, WordFilter,
        },
    },
};
use async_graphql::ID;
use async_graphql::{Context, Result, Scalar, ScalarType, Value};
use entity::Date;
use entity::{
    Decimal, Period, metric, observation, unit,
    vocabulary::{Comparator, ObservationStatus, PriceBasis},
};
use sea_orm::{Condition, sea_query::ExprTrait};

use super::{
    Ask, Change, ChangeBasis, Language, Node, Per, Unit,
    language::wanted,
    object::{reference, row},
};

filter! {
    /// Which figures.
    ObservationFilter, ObservationListFilter for observation {
        slug: TextFilter = Slug,
        period: PeriodFilter = Period,
        value: DecimalFilter = Value,
        comparator: WordFilter<Comparator> = Comparator,
        status: WordFilter<ObservationStatus> = Status,
        price_basis: WordFilter<PriceBasis> = PriceBasis,
        reference_date: DateFilter = ReferenceDate,
        note: LocalizedTextFilter = Note,
        published_on: DateFilter = PublishedOn,
        recorded_at: DateTimeFilter = RecordedAt,
        revision: IntFilter = Revision,
    } one {
        metric: MetricFilter = MetricId of metric,
        district: DistrictFilter = DistrictId of district,
        source: SourceFilter = SourceId of source,
        initiative: InitiativeFilter = InitiativeId of initiative,
    } many {
        claims: ClaimListFilter = claim.ObservationId,
    }
}

order! {
    ObservationOrder, ObservationOrderKey for observation {
        /// The period: by its first day, then by its last.
        Period = Column(Period),
        /// The value as a number, whatever its unit and comparator.
        Value = Column(Value),
        /// When this database learnt of it.
        RecordedAt = Column(RecordedAt),
        /// The English name of the place, letter by letter; null where there is none.
        DistrictName = Text(Name) of district by DistrictId,
        /// The English name of the metric, letter by letter; null where there is none.
        MetricName = Text(Name) of metric by MetricId,
        /// The English title of the initiative whose result it is, letter by letter; null for
        /// figures of a place.
        InitiativeTitle = Text(Title) of initiative by InitiativeId,
        /// When its source was published; null where that is not known.
        SourcePublishedOn = Column(PublishedOn) of source by SourceId,
    }
    default Period Desc
}

object! {
    /// One figure: what a metric was in a place and a period, how exactly that is known, and where
    /// it is from. Lists give the newest period first and only figures in force, none that a
    /// correction replaced.
    Observation of observation: ObservationFilter, ObservationOrder, ObservationOrderKey;
    id "observation" by number;
    listed Condition::all()
        .add(column::<observation::Entity>(observation::Column::SupersededAt).is_null());
    optional text note, notes: "How the figure was read from its source.";
    one metric: Metric = metric_id: "What was measured; its unit is the unit of `value`.";
    one district: District = district_id: "The place it was measured for.";
    one source: Source = source_id: "The document it was taken from.";
    maybe initiative: Initiative = initiative_id: "The initiative whose own result it is; null for a figure of the place.";
    many claims: Claim(ClaimFilter, ClaimOrder) = claim.ObservationId:
        "What the sources assert about this figure, such as a rank.";
    fields {
        /// The figure in the metric's unit, exact, with the decimals its source printed. Read it
        /// with `comparator`: it may be a bound. Null exactly when `status` is MISSING or
        /// SUPPRESSED; a missing figure is not zero.
        async fn value(&self) -> Option<Printed> {
            Printed::of(&self.row)
        }

        /// The figure as text for people: its number, unit and comparator as the language writes
        /// them, such as "more than 2.4 trillion Chinese yuan". Exact: as many decimals as the
        /// source printed. Null where `value` is.
        ///
        /// All of it is in one language: the one wanted where it has all it takes (numbers,
        /// percentages, currencies and lengths are known in many languages, other units in those
        /// of their `names`), or else the next one of the request's `Accept-Language` where
        /// `language` is left out, English, any language of the unit's `names`. Languages without
        /// words for a comparator get its sign: `> 10 %`.
        async fn display(
            &self,
            ctx: &Context<'_>,
            #[graphql(
                desc = "The language wanted, with the digits wanted if need be: `ar-EG`, `ar-u-nu-latn`. When left out, those of the request's `Accept-Language` header, best first, or else English."
            )]
            language: Option<Language>,
        ) -> Option<Result<String>> {
            let value = self.row.value?;
            let text = async {
                let metric = row::<metric::Entity>(ctx, self.row.metric_id).await?;
                let unit = row::<unit::Entity>(ctx, metric.unit_id).await?;
                let observation::Model { decimals, multiplier, comparator, .. } = *self.row;
                let figure = Figure { value, decimals, multiplier, comparator, unit: &unit };
                Ok(display::value(&figure, &wanted(ctx, language.as_ref()))?)
            };
            Some(text.await)
        }

        /// The newest earlier figure with a value of the same metric, place and initiative, of a
        /// period of the same length; it may be several periods back. Null where there is none.
        async fn previous(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
            let previous = async {
                let found = ctx.batch()?.load(Question::Before, Place::of(&self.row)).await?;
                Ok(found.map(Observation::new))
            };
            previous.await.transpose()
        }

        /// How the figure differs from another one of the same metric, place and initiative.
        async fn change(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "With which figure it is compared.", default_with = "ChangeBasis::Previous")]
            basis: ChangeBasis,
            #[graphql(desc = "The period to compare with, where `basis` is BASE; else left out.")]
            base: Option<Period>,
        ) -> Option<Result<Change>> {
            let figure = Some(std::sync::Arc::clone(&self.row));
            Some(Change::load(ctx, Place::of(&self.row), figure, basis, base).await)
        }

        /// The figure in proportion to that of another metric for the same place, such as per
        /// head of the population.
        async fn per(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The slug of the metric to divide by.")] metric: String,
            #[graphql(desc = "Per how many of it: from 1 to 1,000,000,000; 10000 for figures per 10,000 persons.", default = 1)]
            scale: i32,
        ) -> Option<Result<Per>> {
            Some(Per::load(ctx, &self.row, &metric, scale).await)
        }

        /// The unit of `value`, which is the metric's.
        async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
            let metric = row::<metric::Entity>(ctx, self.row.metric_id).await?;
            reference(ctx, metric.unit_id).await
        }
    }
    root ObservationQuery {
        list observations: "All figures in force, the newest period first.";
    }
}

/// The newest figure with a value of a metric in a place.
pub(super) async fn latest(
    ctx: &Context<'_>,
    metric: i64,
    district: i64,
) -> Result<Option<Observation>> {
    let place = Place { metric, district, initiative: None, period: None };
    Ok(ctx.batch()?.load(Question::Latest, place).await?.map(Observation::new))
}

/// A decimal with the number of decimals its source printed: `70.0`.
pub struct Printed(Decimal, u32);

impl Printed {
    /// The value of a figure.
    pub(super) fn of(row: &observation::Model) -> Option<Self> {
        let decimals = u32::try_from(row.decimals - row.multiplier).unwrap_or(0);
        row.value.map(|value| Self(value, decimals))
    }
}

/// On the wire it is a [`Decimal`] like any other.
#[Scalar(name = "Decimal")]
impl ScalarType for Printed {
    fn parse(value: Value) -> async_graphql::InputValueResult<Self> {
        <Decimal as ScalarType>::parse(value)
            .map(|value| Self(value, 0))
            .map_err(async_graphql::InputValueError::propagate)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.padded(self.1))
    }
}

crate::mutations! {
    Observation of observation, "a figure", "figures";
    required {
        metric: ID,
        district: ID,
        period: Period,
        source: ID,
    }
    optional {
        initiative: ID,
        slug: String,
        value: Decimal,
        decimals: i32,
        multiplier: i32,
        comparator: Comparator,
        status: ObservationStatus,
        price_basis: PriceBasis,
        unit_as_printed: String,
        reference_date: Date,
        note: Vec<LocalizedTextInput>,
        locator: String,
        published_on: Date,
        reason: String,
    }
}
