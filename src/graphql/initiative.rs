//! Projects, programmes, facilities, platforms, pilots.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, PeriodFilter, TextFilter, WordFilter},
};
use async_graphql::ID;
use entity::Period;
use entity::vocabulary::{InitiativeKind, InitiativeStatus};

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
        /// The English title, letter by letter; null where there is none.
        Title = Text(Title),
        /// The kind, by the letters of its word.
        Kind = Column(Kind),
        /// The status, by the letters of its word.
        Status = Column(Status),
        /// When it began.
        StartedOn = Column(StartedOn),
        /// When it ended.
        EndedOn = Column(EndedOn),
        /// The English name of the place it runs in, letter by letter; null where there is none.
        DistrictName = Text(Name) of district by DistrictId,
        /// The English name of its theme, letter by letter; null where there is none.
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
    id "initiative" by slug;
    text title, titles: "Its title.";
    optional text summary, summaries: "What it is about, in a sentence or two.";
    one district: District = district_id: "The place it runs in.";
    maybe theme: Theme = theme_id: "The theme it belongs to.";
    maybe source: Source = source_id: "The document it was taken from.";
    many organizations: InitiativeOrganization(InitiativeOrganizationFilter, InitiativeOrganizationOrder)
        = initiative_organization.InitiativeId:
        "The organisations that have a part in it, each with its role.";
    many metrics: InitiativeMetric(InitiativeMetricFilter, InitiativeMetricOrder)
        = initiative_metric.InitiativeId:
        "The metrics that tell about it, each with the reason it stands here.";
    many observations: Observation(ObservationFilter, ObservationOrder) = observation.InitiativeId:
        "The figures that are this initiative's own results, the newest period first. Empty where the sources give none.";
    many claims: Claim(ClaimFilter, ClaimOrder) = claim.InitiativeId:
        "What the sources assert about it without measuring it.";
    fields {
        /// What can be computed of the figures of this initiative, as its own results.
        async fn observation_summary(
            &self,
            #[graphql(desc = "Which figures; all when left out.")]
            filter: Option<super::ObservationFilter>,
        ) -> super::Figures {
            super::Figures::of_row(entity::observation::Column::InitiativeId, self.row.id, filter)
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
