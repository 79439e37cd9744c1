//! Places.

use std::sync::Arc;

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{BooleanFilter, DecimalFilter, LocalizedTextFilter, TextFilter, WordFilter},
};
use async_graphql::ID;
use async_graphql::{Context, Result};
use entity::{
    Date, DateTime, Decimal, Frequency, Geometry, district, metric, vocabulary::DistrictKind,
};

use super::{Observation, latest::Latest, lookup::seen_from, past, slug::named};

filter! {
    /// Which places.
    DistrictFilter, DistrictListFilter for district {
        slug: TextFilter = Slug,
        kind: WordFilter<DistrictKind> = Kind,
        name: LocalizedTextFilter = Name,
        code: TextFilter = Code,
        partition: BooleanFilter = Partition,
        latitude: DecimalFilter = Latitude,
        longitude: DecimalFilter = Longitude,
    } one {
        parent: DistrictFilter = ParentId of district,
    } many {
        children: DistrictListFilter = district.ParentId,
        initiatives: InitiativeListFilter = initiative.DistrictId,
        observations: ObservationListFilter = observation.DistrictId,
        organizations: OrganizationListFilter = organization.DistrictId,
        claims: ClaimListFilter = claim.ScopeId,
    }
}

order! {
    DistrictOrder, DistrictOrderKey for district {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The name, as its language orders it.
        Name = Text(Name),
        /// The kind, by the letters of its word.
        Kind = Column(Kind),
        /// The official code, digit by digit.
        Code = Column(Code),
        /// The name of the place it lies in, as its language orders it; null where there is none.
        ParentName = Text(Name) of district by ParentId,
        /// How many places lie directly in it.
        ChildCount = count(district.ParentId),
        /// How many initiatives run in it; not those of the places inside.
        InitiativeCount = count(initiative.DistrictId),
        /// How many figures it has; not those of the places inside.
        ObservationCount = count(observation.DistrictId),
        /// The newest period of its figures; null where it has none.
        LatestPeriod = max(observation.DistrictId, Period),
    }
}

object! {
    /// A place that initiatives and figures belong to (SDMX REF_AREA): a city, its districts and
    /// zones, and wider areas used for reference.
    District of district: DistrictFilter, DistrictOrder, DistrictOrderKey;
    id "district";
    text name, names: "Its name.";
    maybe parent: District = parent_id: "The place it lies in; null for the widest.";
    many children: District = district.ParentId:
        "The places that lie directly in it.";
    many initiatives: Initiative = initiative.DistrictId:
        "The initiatives that run here; not those of the places inside.";
    many organizations: Organization
        = organization.DistrictId: "The organisations based here.";
    many claims: Claim = claim.ScopeId:
        "The claims that hold within this area, such as a rank in the country; not the claims about it.";
    figures observations by DistrictId:
        "The figures measured for this place, the newest period first; not those of the places inside. Empty where the sources give none: a wider place's figures are not this one's.";
    fields {
        /// The newest figure with a value of a metric here, of the longest periods there are; its
        /// `period` says of when it is. Where the place has none of its own and one initiative has,
        /// it is that one's, as its `initiative` says; where several have, the error AMBIGUOUS names
        /// them. Null where there is none.
        async fn latest(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The slug of the metric.")] metric: String,
            #[graphql(desc = "How long the periods are; the longest there are with a value when left out: years before quarters, and ranges, which may be as long as they like, last.")]
            frequency: Option<Frequency>,
            #[graphql(desc = "The slug of the initiative whose figures are wanted. When left out, the place's own, or, where it has none of the metric with a value, at whatever period, those of the one initiative that has any.")]
            initiative: Option<String>,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Option<Result<Observation>> {
            let latest = async {
                let view = past::view(ctx, self.view, as_of, known_on).await?;
                let metric = named::<metric::Entity>(ctx, "metric", &metric, view).await?;
                let place = seen_from::<district::Entity>(ctx, &self.row, self.view, view).await?;
                Latest { view, metric, place, initiative, frequency }.load(ctx).await
            };
            latest.await.transpose()
        }

        /// What can be computed of the figures of this place, not of those inside.
        async fn observation_summary(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which figures; all when left out.")]
            filter: Option<Arc<super::ObservationFilter>>,
            #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")] as_of: Option<DateTime>,
            #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")] known_on: Option<Date>,
        ) -> Result<super::Figures> {
            let view = past::view(ctx, self.view, as_of, known_on).await?;
            let column = entity::observation::Column::DistrictId;
            Ok(super::Figures::of_row(view, column, self.row.id, filter))
        }
    }
    root DistrictQuery {
        one district: "The place with this slug.";
        list districts: "All places.";
    }
}

crate::mutations! {
    District of district, "a place", "places";
    required {
        slug: String,
        kind: DistrictKind,
        name: Vec<LocalizedTextInput>,
        partition: bool,
    }
    optional {
        parent: ID,
        code: String,
        latitude: Decimal,
        longitude: Decimal,
        geometry: Geometry,
    }
}
