//! Fields of activity.

use crate::{DateTime, Text};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A field of activity that initiatives and metrics belong to; themes are nested.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "theme")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `embodied-intelligence`.
        #[sea_orm(unique)]
        pub slug: String,
        /// The wider theme it is part of.
        pub parent_id: Option<i64>,
        /// Its name.
        #[sea_orm(column_type = "JsonBinary")]
        pub name: Text,
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
    /// To `theme.id` by `parent_id`.
    #[sea_orm(
        belongs_to = "super::theme::Entity",
        from = "Column::ParentId",
        to = "super::theme::Column::Id"
    )]
    Parent,
}

impl ActiveModelBehavior for ActiveModel {}
