//! Who wrote what, and which tokens were granted and withdrawn.

use crate::{DateTime, vocabulary::Role};
use async_graphql::SimpleObject;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Deserializer, de::Error};

/// One write, of however many rows: what was recorded together has its `recordedAt`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, SimpleObject, Deserialize)]
#[sea_orm(table_name = "audit")]
#[graphql(name = "AuditColumns")]
pub struct Model {
    /// The row's number in this database.
    #[sea_orm(primary_key)]
    #[graphql(skip)]
    pub id: i64,
    /// The revision of the data after it that everybody is told.
    #[graphql(skip)]
    pub revision: i64,
    /// When it was recorded. No two writes of data have the same time, and later ones a later time.
    pub recorded_at: DateTime,
    /// Who wrote: the name of a token; null for the server itself.
    pub recorded_by: Option<String>,
    /// What they could do.
    pub role: Role,
    /// What was done: the names of the mutations, or the command; of a token, with its name and
    /// role.
    pub operation: String,
    /// Why, in the words of who wrote.
    pub reason: Option<String>,
    /// How many rows of each table were created, updated and removed, as JSON.
    #[sea_orm(column_type = "JsonBinary")]
    #[graphql(skip)]
    #[serde(deserialize_with = "json")]
    pub outcome: Json,
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// From JSON, or from text that holds some (SQLite).
fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    match Json::deserialize(deserializer)? {
        Json::String(text) => serde_json::from_str(&text).map_err(D::Error::custom),
        json => Ok(json),
    }
}
