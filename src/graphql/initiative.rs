//! Projects, programmes, facilities, platforms, pilots.

use std::sync::Arc;

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, PeriodFilter, TextFilter, WordFilter},
};
use async_graphql::{Context, ID, Result};
use entity::{
    Date, DateTime, Period,
    vocabulary::{InitiativeKind, InitiativeStatus},
};

use super::past;

filter! {
    /// Which initiatives.
    InitiativeFilter, InitiativeListFilter for initiative {
        slug: TextFilter = Slug,
        kind: WordFilter<InitiativeKind> = Kind,
        status: WordFilter<InitiativeStatus> = Status,
        title: LocalizedTextFilter = Title,
        summary: LocalizedTextFilter = Summary,
        started_on: PeriodFilter = StartedOn,
        ended_on: PeriodFilter = EndedOn,
    } one {
        district: DistrictFilter = DistrictId of district,
        theme: ThemeFilter = ThemeId of theme,
        source: SourceFilter = SourceId of source,
    } many {
        organizations: InitiativeOrganizationListFilter = initiative_organization.InitiativeId,
        metrics: InitiativeMetricListFilter = initiative_metric.InitiativeId,
        observations: ObservationListFilter = observation.InitiativeId,
        claims: ClaimListFilter = claim.InitiativeId,
    }
}

order! {
    InitiativeOrder, InitiativeOrderKey for initiative {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The title, as its language orders it.
        Title = Text(Title),
        /// The kind, by the letters of its word.
        Kind = Column(Kind),
        /// The status, by the letters of its word.
        Status = Column(Status),
        /// When it began.
        StartedOn = Column(StartedOn),
        /// When it ended.
        EndedOn = Column(EndedOn),
        /// The name of the place it runs in, as its language orders it; null where there is none.
        DistrictName = Text(Name) of district by DistrictId,
        /// The name of its theme, as its language orders it; null where there is none.
        ThemeName = Text(Name) of theme by ThemeId,
        /// How many metrics tell about it.
        MetricCount = count(initiative_metric.InitiativeId),
        /// How many claims are made about it.
        ClaimCount = count(claim.InitiativeId),
        /// How many figures are its own results.
        ObservationCount = count(observation.InitiativeId),
        /// The newest period of its own figures; null where it has none.
        LatestPeriod = max(observation.InitiativeId, Period),
    }
}

object! {
    /// A project, programme, facility, platform or pilot that runs in a place.
    Initiative of initiative: InitiativeFilter, InitiativeOrder, InitiativeOrderKey;
    id "initiative";
    text title, titles: "Its title.";
    optional text summary, summaries: "What it is about, in a sentence or two.";
    one district: District = district_id: "The place it runs in.";
    maybe theme: Theme = theme_id: "The theme it belongs to.";
    maybe source: Source = source_id: "The document it was taken from.";
    many organizations: InitiativeOrganization
        = initiative_organization.InitiativeId:
        "The organisations that have a part in it, each with its role.";
    many metrics: InitiativeMetric
        = initiative_metric.InitiativeId:
        "The metrics that tell about it, each with the reason it stands here.";
    many claims: Claim = claim.InitiativeId:
        "What the sources assert about it without measuring it.";
    figures observations by InitiativeId:
        "The figures that are this initiative's own results, the newest period first. Empty where the sources give none.";
    fields {
        /// What can be computed of the figures of this initiative, as its own results.
        async fn observation_summary(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which figures; all when left out.")]
            filter: Option<Arc<super::ObservationFilter>>,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Result<super::Figures> {
            let view = past::view(ctx, self.view, as_of, known_on).await?;
            let column = entity::observation::Column::InitiativeId;
            Ok(super::Figures::of_row(view, column, self.row.id, filter))
        }
    }
    root InitiativeQuery {
        one initiative: "The initiative with this slug.";
        list initiatives: "All initiatives.";
    }
}

crate::mutations! {
    Initiative of initiative, "an initiative", "initiatives";
    required {
        slug: String,
        district: ID,
        kind: InitiativeKind,
        status: InitiativeStatus,
        title: Vec<LocalizedTextInput>,
    }
    optional {
        theme: ID,
        summary: Vec<LocalizedTextInput>,
        started_on: Period,
        ended_on: Period,
        source: ID,
        locator: String,
    } nested {
        claims: Claim = claim.initiative,
        organizations: InitiativeOrganization = initiative_organization.initiative,
        metrics: InitiativeMetric = initiative_metric.initiative,
    }
}
