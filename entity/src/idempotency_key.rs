//! Keys by which clients send a write again without having it done again.

use crate::DateTime;
use sea_orm::entity::prelude::*;

/// A write that a client gave a key (`Idempotency-Key`), and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// The row's number in this database.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose key it is: the name of their token.
    pub holder: String,
    /// The key.
    pub key: String,
    /// The SHA-256 of what was sent, in hexadecimal.
    pub fingerprint: String,
    /// When it was recorded.
    pub recorded_at: DateTime,
    /// The revision of the data after it.
    pub revision: i64,
    /// What each field of the mutation did, as JSON.
    #[sea_orm(column_type = "JsonBinary")]
    pub answer: Json,
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
