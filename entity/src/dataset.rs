//! The package as a whole.

use crate::{DateTime, Text};
use async_graphql::SimpleObject;
use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// The data set this server offers, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, SimpleObject, Deserialize)]
#[sea_orm(table_name = "dataset")]
#[graphql(name = "DatasetColumns")]
pub struct Model {
    /// The row's number in this database.
    #[sea_orm(primary_key)]
    #[graphql(skip)]
    pub id: i64,
    /// A short, stable handle in Latin letters, unique among its kind, such as `beijing-digital-economy-2025`.
    #[sea_orm(unique)]
    pub slug: String,
    /// Its title.
    #[sea_orm(column_type = "JsonBinary")]
    #[graphql(skip)]
    pub title: Text,
    /// What it holds and where it is from.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[graphql(skip)]
    pub description: Option<Text>,
    /// The licence of the compilation, an SPDX identifier.
    pub licence: Option<String>,
    /// The version its publisher gave it.
    pub version: Option<String>,
    /// How often the data were changed: every committed write raises it by one.
    #[graphql(skip)]
    pub revision: i64,
    /// When the last change was recorded; none where that was before this was kept.
    #[graphql(skip)]
    pub changed_at: Option<DateTime>,
    /// How often what everybody may see was changed.
    #[graphql(skip)]
    pub public_revision: i64,
    /// When the last change was recorded; null where that was before this was kept. What is
    /// recorded under embargo is none before its day.
    #[graphql(name = "changedAt")]
    pub public_changed_at: Option<DateTime>,
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
