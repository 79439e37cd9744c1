//! Projects, programmes, facilities, platforms, pilots.

use crate::{
    DateTime, Period, Text,
    vocabulary::{InitiativeKind, InitiativeStatus},
};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A project, programme, facility, platform or pilot that runs in a place.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "initiative")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `data-street`.
        #[sea_orm(unique)]
        pub slug: String,
        /// The place it runs in.
        pub district_id: i64,
        /// The theme it belongs to.
        pub theme_id: Option<i64>,
        /// What sort of undertaking it is.
        pub kind: InitiativeKind,
        /// How far it has come, as far as its source says.
        pub status: InitiativeStatus,
        /// Its title.
        #[sea_orm(column_type = "JsonBinary")]
        pub title: Text,
        /// What it is about, in a sentence or two.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub summary: Option<Text>,
        /// When it began, as exactly as the source says: a day, a month or a year.
        pub started_on: Option<Period>,
        /// When it ended, as exactly as the source says: a day, a month or a year.
        pub ended_on: Option<Period>,
        /// The document it was taken from.
        pub source_id: Option<i64>,
        /// Where in the source it stands, such as `paragraph 5`.
        pub locator: Option<String>,
        /// How often it was changed, and once for its making: give it back as `ifRevision` to change it
        /// only if nobody else has meanwhile.
        pub revision: i32,
        /// When it was removed; null while it is there.
        pub removed_at: Option<DateTime>,
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// To `district.id` by `district_id`.
    #[sea_orm(
        belongs_to = "super::district::Entity",
        from = "Column::DistrictId",
        to = "super::district::Column::Id"
    )]
    District,
    /// To `theme.id` by `theme_id`.
    #[sea_orm(
        belongs_to = "super::theme::Entity",
        from = "Column::ThemeId",
        to = "super::theme::Column::Id"
    )]
    Theme,
    /// To `source.id` by `source_id`.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl ActiveModelBehavior for ActiveModel {}
