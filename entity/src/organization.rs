//! Organisations that run, own or take part in initiatives.

use crate::{DateTime, Text, vocabulary::OrganizationKind};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// An organisation that runs, owns or takes part in initiatives, or is named by a source.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "organization")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `xiaomi`.
        #[sea_orm(unique)]
        pub slug: String,
        /// What sort of organisation it is.
        pub kind: OrganizationKind,
        /// Its name.
        #[sea_orm(column_type = "JsonBinary")]
        pub name: Text,
        /// The place it is based in.
        pub district_id: Option<i64>,
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
}

impl ActiveModelBehavior for ActiveModel {}
