//! Places: the city, its districts and zones, and wider areas used for reference.

use crate::{DateTime, Decimal, Geometry, Text, vocabulary::DistrictKind};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A place that initiatives and figures belong to (SDMX REF_AREA).
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "district")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `haidian`.
        #[sea_orm(unique)]
        pub slug: String,
        /// What sort of place it is.
        pub kind: DistrictKind,
        /// The place it lies in.
        pub parent_id: Option<i64>,
        /// Its name.
        #[sea_orm(column_type = "JsonBinary")]
        pub name: Text,
        /// Its official code: GB/T 2260 (six digits) for Chinese places, ISO 3166-1 (two letters) for
        /// countries, UN M49 (three digits) for wider areas; null where there is none.
        pub code: Option<String>,
        /// Whether it is one of the parts its parent is divided into without overlap. False for a zone
        /// that overlaps its siblings: adding it to them would count something twice.
        pub partition: bool,
        /// Latitude of a point inside, in degrees north (WGS 84), from -90 to 90.
        pub latitude: Option<Decimal>,
        /// Longitude of a point inside, in degrees east (WGS 84), from -180 to 180.
        pub longitude: Option<Decimal>,
        /// Its outline.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub geometry: Option<Geometry>,
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
    /// To `district.id` by `parent_id`.
    #[sea_orm(
        belongs_to = "super::district::Entity",
        from = "Column::ParentId",
        to = "super::district::Column::Id"
    )]
    Parent,
}

impl ActiveModelBehavior for ActiveModel {}
