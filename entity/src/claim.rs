//! What is asserted rather than measured.

use crate::{Period, Text, vocabulary::ClaimKind};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// Something a source asserts without measuring it: first in the world, rank 1, a record.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "claim")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `world-first-listing`.
        #[sea_orm(unique)]
        pub slug: String,
        /// The initiative it is about.
        pub initiative_id: Option<i64>,
        /// The figure it is about.
        pub observation_id: Option<i64>,
        /// What sort of assertion it is.
        pub kind: ClaimKind,
        /// What is claimed, in our words.
        #[sea_orm(column_type = "JsonBinary")]
        pub statement: Text,
        /// The area within which it is claimed.
        pub scope_id: Option<i64>,
        /// The position claimed, 1 being the first; null where none is.
        pub position: Option<i32>,
        /// The period within which it is claimed, where the source states one.
        pub period: Option<Period>,
        /// The document it was taken from.
        pub source_id: Option<i64>,
        /// Where in the source it stands, such as `paragraph 5`.
        pub locator: Option<String>,
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
    /// To `observation.id` by `observation_id`.
    #[sea_orm(
        belongs_to = "super::observation::Entity",
        from = "Column::ObservationId",
        to = "super::observation::Column::Id"
    )]
    Observation,
    /// To `district.id` by `scope_id`.
    #[sea_orm(
        belongs_to = "super::district::Entity",
        from = "Column::ScopeId",
        to = "super::district::Column::Id"
    )]
    Scope,
    /// To `source.id` by `source_id`.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl ActiveModelBehavior for ActiveModel {}
