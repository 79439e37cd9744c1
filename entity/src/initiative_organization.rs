//! Which organisations take part in which initiatives.

use crate::vocabulary::OrganizationRole;
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// An organisation's part in an initiative.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "initiative_organization")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The initiative.
        pub initiative_id: i64,
        /// The organisation.
        pub organization_id: i64,
        /// What the organisation does in the initiative.
        pub role: OrganizationRole,
        /// How often it was changed, and once for its making: give it back as `ifRevision` to change it
        /// only if nobody else has meanwhile.
        pub revision: i32,
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// To `initiative.id` by `initiative_id`.
    #[sea_orm(
        belongs_to = "super::initiative::Entity",
        from = "Column::InitiativeId",
        to = "super::initiative::Column::Id"
    )]
    Initiative,
    /// To `organization.id` by `organization_id`.
    #[sea_orm(
        belongs_to = "super::organization::Entity",
        from = "Column::OrganizationId",
        to = "super::organization::Column::Id"
    )]
    Organization,
}

impl ActiveModelBehavior for ActiveModel {}
