//! Which organisations take part in which initiatives.

use crate::{filter, object, order, query::filter::WordFilter};
use async_graphql::ID;
use entity::vocabulary::OrganizationRole;

filter! {
    /// Which parts of organisations in initiatives.
    InitiativeOrganizationFilter, InitiativeOrganizationListFilter for initiative_organization {
        role: WordFilter<OrganizationRole> = Role,
    } one {
        initiative: InitiativeFilter = InitiativeId of initiative,
        organization: OrganizationFilter = OrganizationId of organization,
    }
}

order! {
    InitiativeOrganizationOrder, InitiativeOrganizationOrderKey for initiative_organization {
        /// The role, by the letters of its word.
        Role = Column(Role),
        /// The title of the initiative, as its language orders it; null where there is none.
        InitiativeTitle = Text(Title) of initiative by InitiativeId,
        /// The name of the organisation, as its language orders it; null where there is none.
        OrganizationName = Text(Name) of organization by OrganizationId,
    }
}

object! {
    /// An organisation's part in an initiative.
    InitiativeOrganization of initiative_organization:
        InitiativeOrganizationFilter, InitiativeOrganizationOrder, InitiativeOrganizationOrderKey;
    id "initiativeOrganization";
    one initiative: Initiative = initiative_id: "The initiative.";
    one organization: Organization = organization_id: "The organisation.";
}

crate::mutations! {
    InitiativeOrganization of initiative_organization, "a part that an organisation has in an initiative", "parts of organisations in initiatives";
    required {
        organization: ID,
        role: OrganizationRole,
    }
    optional {
        initiative: ID,
    }
}
