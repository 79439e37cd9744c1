//! The figures.

use std::sync::Arc;

use super::input::LocalizedTextInput;
use crate::{
    display::{self, Figure},
    error::Error,
    filter,
    identity::{Id, version_state},
    object, order,
    query::{
        Batch, ColumnSet, Direction, Figure as Question, Nulls, Numbered, One, Row, Version, View,
        changes::Changes,
        figure::Place,
        filter::{
            DateFilter, DateTimeFilter, DecimalFilter, IntFilter, LocalizedTextFilter,
            PeriodFilter, TextFilter, WordFilter,
        },
        version,
    },
};
use async_graphql::{Context, ID, Result, Scalar, ScalarType, Value};
use entity::{
    Cell, Date, DateTime, Decimal, Period,
    column::ColumnValue,
    metric,
    observation::{self, Place as Column},
    unit,
    vocabulary::{Comparator, ObservationStatus, PriceBasis},
};

use super::{
    Ask, Change, ChangeBasis, Connection, Language, ListArguments, Node, Per, Side, Unit,
    language::wanted,
    list,
    lookup::{reference, row},
    rows::Seen,
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
        /// Which version of the figure it is.
        Revision = Column(Revision),
        /// The name of the place, as its language orders it; null where there is none.
        DistrictName = Text(Name) of district by DistrictId,
        /// The name of the metric, as its language orders it; null where there is none.
        MetricName = Text(Name) of metric by MetricId,
        /// The title of the initiative whose result it is, as its language orders it; null for
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
    id "observation";
    versions version::shown, version::told, seen, find, written;
    named id_columns, identity, side;
    hide value, recorded_by, embargo_ended_at;
    optional text note, notes: "How the figure was read from its source.";
    one metric: Metric = metric_id: "What was measured; its unit is the unit of `value`.";
    one district: District = district_id: "The place it was measured for.";
    one source: Source = source_id: "The document it was taken from.";
    maybe initiative: Initiative = initiative_id: "The initiative whose own result it is; null for a figure of the place.";
    many claims: Claim = claim.ObservationId:
        "What the sources assert about this figure, such as a rank.";
    value value: Option<Printed> = write_value [value, decimals, multiplier]
        "The figure in the metric's unit, exact, with the decimals its source printed. Read it\nwith `comparator`: it may be a bound. Null exactly when `status` is MISSING or\nSUPPRESSED; a missing figure is not zero.";
    seen superseded_at: Option<DateTime> = write_superseded_at
        [superseded_at, embargoed, embargo_ended_at];
    fields {
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
                let metric = row::<metric::Entity>(ctx, self.row.metric_id, self.view).await?;
                let unit = row::<unit::Entity>(ctx, metric.unit_id, self.view).await?;
                let observation::Model { decimals, multiplier, comparator, .. } = *self.row;
                let figure = Figure { value, decimals, multiplier, comparator, unit: &unit };
                Ok(display::value(&figure, &wanted(ctx, language.as_ref()))?)
            };
            Some(text.await)
        }

        /// The newest earlier figure with a value of the same metric, place and initiative, of a
        /// period of the same length (of a range, one that spans as many months between the same
        /// days); it may be several periods back. Null where there is none.
        async fn previous(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
            let previous = async {
                let before = Question::Before.seen(self.view);
                let found = ctx.batch()?.load(before, Place::of(&self.row)).await?;
                Ok(found.map(|row| Observation::new(row, self.view)))
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
            let figure = Some(Arc::clone(&self.row));
            Some(Change::load(ctx, self.view, Place::of(&self.row), figure, basis, base).await)
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
            Some(Per::load(ctx, self.view, &self.row, &metric, scale).await)
        }

        /// The unit of `value`, which is the metric's.
        async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
            let metric = row::<metric::Entity>(ctx, self.row.metric_id, self.view).await?;
            reference(ctx, metric.unit_id, self.view).await
        }

        /// The cursor of this version among all `changes`: `observationsRecorded(since: …)` and
        /// `changes(after: …)` go on from there.
        async fn change_cursor(&self) -> String {
            Changes::figure_cursor(&self.row)
        }

        /// Who recorded this version, by the name of their token. Told to editors alone, and null
        /// where nobody's token did, such as for what came with a package.
        async fn recorded_by(&self) -> Option<&str> {
            self.row.recorded_by.as_deref().filter(|_| self.view.insider)
        }

        /// All versions of the figure, the newest first, this one among them: corrections, and that
        /// it was retracted. Each has an `id` of its own, by which `node(id)` finds it again. Those
        /// under embargo are seen by editors alone; seen from a moment of the past, those recorded by
        /// then.
        async fn history(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many versions, counted from the newest: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`.")]
            first: Option<i32>,
            #[graphql(desc = "Only versions after the one with this cursor, which are older.")]
            after: Option<String>,
            #[graphql(desc = "How many versions, counted from the oldest: from 1 to the server's limit (1000 unless configured). Not together with `first`.")]
            last: Option<i32>,
            #[graphql(desc = "Only versions before the one with this cursor, which are newer.")]
            before: Option<String>,
        ) -> Option<Result<Connection<Observation>>> {
            let side = Side::Versions(Place::of(&self.row).key().into());
            let (direction, nulls) = (Direction::Desc, Nulls::Last);
            let by = |by| ObservationOrder { by, direction, nulls, language: None };
            let order = [ObservationOrderKey::Revision, ObservationOrderKey::RecordedAt].map(by);
            let (filter, order_by) = (None, Some(order.into()));
            let wanted = ListArguments { first, after, last, before, filter, order_by };
            Some(list(ctx, self.view, side, &wanted))
        }
    }
    root ObservationQuery {
        list observations: "All figures in force, the newest period first." dated;
    }
}

/// A version as it is seen: what became of it after the moment looked from is not known there, and
/// what waits for its day ends with its waiting.
fn seen(row: Arc<observation::Model>, view: View) -> Arc<observation::Model> {
    let ended = if row.embargoed { row.embargo_ended_at } else { row.superseded_at };
    let ended = known_by(view, ended);
    match ended == row.superseded_at {
        true => row,
        false => Arc::new(observation::Model { superseded_at: ended, ..(*row).clone() }),
    }
}

/// The same of a row of which only some columns are known: when it ended.
fn ended(seen: &Seen<Observation>) -> Result<Option<DateTime>, Error> {
    let ended = match seen.row.get(Column::embargoed as usize)? {
        true => Column::embargo_ended_at,
        false => Column::superseded_at,
    };
    Ok(known_by(seen.view, seen.row.get(ended as usize)?))
}

/// What happened by the moment that is looked from.
fn known_by(view: View, ended: Option<DateTime>) -> Option<DateTime> {
    ended.filter(|ended| view.as_of.is_none_or(|moment| *ended <= moment))
}

fn write_superseded_at(seen: &Seen<Observation>, to: &mut Vec<u8>) -> Result<(), Error> {
    ended(seen)?.write(&[], to);
    Ok(())
}

fn write_value(seen: &Seen<Observation>, to: &mut Vec<u8>) -> Result<(), Error> {
    let number = |column: Column| seen.row.get(column as usize);
    match seen.row.cell(Column::value as usize)? {
        Cell::Null => to.extend_from_slice(b"null"),
        value => {
            let decimals = printed_decimals(number(Column::decimals)?, number(Column::multiplier)?);
            Decimal::copy_padded(value, decimals, to).map_err(Error::internal)?;
        }
    }
    Ok(())
}

/// What says which figure it is, and which version of it.
fn id_columns() -> ColumnSet {
    let place = [Column::metric_id, Column::district_id, Column::initiative_id, Column::period];
    let version = [Column::revision, Column::recorded_at];
    let ended = [Column::embargoed, Column::embargo_ended_at, Column::superseded_at];
    let all = place.into_iter().chain(version).chain(ended);
    ColumnSet::of(&all.map(|column| column as usize).collect::<Vec<_>>())
}

/// What it is the figure of.
fn place(row: &Row<observation::Entity>) -> Result<Place, Error> {
    Ok(Place {
        metric: row.get(Column::metric_id as usize)?,
        district: row.get(Column::district_id as usize)?,
        initiative: row.get(Column::initiative_id as usize)?,
        period: row.get(Column::period as usize)?,
    })
}

fn identity(seen: &Seen<Observation>) -> Result<Id, Error> {
    let id = Id::of_figure(&place(&seen.row)?);
    if !seen.is_former(ended(seen)?) {
        return Ok(id);
    }
    let revision = seen.row.get(Column::revision as usize)?;
    let state = version_state(revision, seen.row.get(Column::recorded_at as usize)?);
    Ok(Id { state: Some(state), ..id })
}

/// What refers to a figure refers to its newest version, which may not be the one that is seen.
fn side<C>(side: Side<C>, seen: &Seen<Observation>) -> Result<Side<C>, Error> {
    Ok(match side {
        Side::Of(column, _) if !seen.view.is_plain() => {
            Side::About(column, place(&seen.row)?.key().into())
        }
        side => side,
    })
}

/// The figure with an id, or a version of one.
async fn find(batch: &Batch, id: &Id, view: View) -> Result<Option<Observation>> {
    let Some(place) = id.figure() else { return Ok(None) };
    if id.state.is_none() {
        let found = batch.load(Question::At.seen(view), place).await?;
        return Ok(found.map(|row| Observation::new(row, view)));
    }
    let Some((revision, recorded_at)) = id.version() else { return Ok(None) };
    let found = batch.load(Version(view), (place, revision, recorded_at)).await?;
    Ok(found.map(|row| Observation::known(row, view, true)))
}

/// What was written of a figure: the figure itself, if that is what is seen of it now.
async fn written(ctx: &Context<'_>, number: i64, view: View) -> Result<Observation> {
    let found = ctx.batch()?.load(Numbered(view), number).await?;
    let gone = || Error::internal(format!("observation {number} is gone"));
    let (row, listed) = found.ok_or_else(gone)?;
    Ok(Observation::known(row, view, !listed))
}

/// The figure that a row refers to, in the version that is seen; none where it is not known, or not
/// public.
pub(super) async fn referred(
    ctx: &Context<'_>,
    number: i64,
    view: View,
) -> Result<Option<Observation>> {
    let batch = ctx.batch()?;
    // It refers to the newest version, which may have been recorded since.
    let newest = View { as_of: None, ..view };
    let one = One::<observation::Entity, i64>::by(observation::Column::Id, newest);
    let Some(row) = one.load_model(batch, number).await? else { return Ok(None) };
    let seen = match row.superseded_at {
        None if view.is_plain() => None,
        _ => batch.load(Question::At.seen(view), Place::of(&row)).await?,
    };
    // What was said of what was retracted since is still said of it.
    let found = seen.or(Some(row).filter(|_| view.as_of.is_none() && view.known_on.is_none()));
    Ok(found.map(|row| Observation::new(row, view)))
}

/// A decimal with the number of decimals its source printed: `70.0`.
pub struct Printed(Decimal, u32);

impl Printed {
    /// The value of a figure.
    pub(super) fn of(row: &observation::Model) -> Option<Self> {
        let decimals = printed_decimals(row.decimals, row.multiplier);
        row.value.map(|value| Self(value, decimals))
    }
}

/// How many decimals a value has of which its source printed so many, in a unit of a power of ten.
fn printed_decimals(decimals: i32, multiplier: i32) -> u32 {
    u32::try_from(decimals - multiplier).unwrap_or(0)
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
