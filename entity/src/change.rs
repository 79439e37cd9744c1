//! What became of rows other than figures, which keep their past themselves.

use crate::{DateTime, vocabulary::ChangeKind};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// One row that was created, updated or removed.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// The row's number in this database; of those that everybody may see, and of the others, later
    /// ones have greater numbers.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The revision of the data that the write made for everybody.
    pub revision: i64,
    /// The time of the write.
    pub recorded_at: DateTime,
    /// What became of it.
    pub kind: ChangeKind,
    /// The table.
    pub entity: String,
    /// The number of the row in that table.
    pub row: i64,
    /// What names the row to people: its slug, or the slugs of what it joins; older rows that have
    /// no slug, their number.
    pub key: String,
    /// The row's columns before, by their names; none for what was created.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub before: Option<Json>,
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
