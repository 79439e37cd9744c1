//! Organisations.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, TextFilter, WordFilter},
};
use async_graphql::ID;
use entity::vocabulary::OrganizationKind;

filter! {
    /// Which organisations.
    OrganizationFilter, OrganizationListFilter for organization {
        slug: TextFilter = Slug,
        kind: WordFilter<OrganizationKind> = Kind,
        name: LocalizedTextFilter = Name,
    } one {
        district: DistrictFilter = DistrictId of district,
    } many {
        initiatives: InitiativeOrganizationListFilter = initiative_organization.OrganizationId,
    }
}

order! {
    OrganizationOrder, OrganizationOrderKey for organization {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The name, as its language orders it.
        Name = Text(Name),
        /// The kind, by the letters of its word.
        Kind = Column(Kind),
        /// The name of the place it is based in, as its language orders it; null where there is none.
        DistrictName = Text(Name) of district by DistrictId,
        /// How many parts it has in initiatives.
        InitiativeCount = count(initiative_organization.OrganizationId),
    }
}

object! {
    /// An organisation that runs, owns or takes part in initiatives, or that a source names.
    Organization of organization: OrganizationFilter, OrganizationOrder, OrganizationOrderKey;
    id "organization";
    text name, names: "Its name.";
    maybe district: District = district_id: "The place it is based in; null where the sources do not say.";
    many initiatives: InitiativeOrganization
        = initiative_organization.OrganizationId:
        "The initiatives it has a part in, each with its role.";
    root OrganizationQuery {
        one organization: "The organisation with this slug.";
        list organizations: "All organisations.";
    }
}

crate::mutations! {
    Organization of organization, "an organisation", "organisations";
    required {
        slug: String,
        kind: OrganizationKind,
        name: Vec<LocalizedTextInput>,
    }
    optional {
        district: ID,
    }
}
