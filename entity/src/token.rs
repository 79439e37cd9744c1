//! Who may do more than read.

use crate::{DateTime, vocabulary::Role};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// A token that was given to somebody. The token itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "token")]
pub struct Model {
    /// The row's number in this database.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is, for people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The SHA-256 of the token in hexadecimal.
    #[sea_orm(unique)]
    pub hash: String,
    /// When it was given.
    pub created_at: DateTime,
    /// From when on it is worth nothing; null for never.
    pub expires_at: Option<DateTime>,
    /// When it was withdrawn; null where it was not.
    pub revoked_at: Option<DateTime>,
}

impl Model {
    /// Whether it was worth something at a moment.
    pub fn is_in_force(&self, at: DateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| expires > at)
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
