//! Where rows are from.

use crate::{Date, DateTime, Text, vocabulary::DateBasis};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A document that rows were taken from.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "source")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `beijing-daily-2026-01-27`.
        #[sea_orm(unique)]
        pub slug: String,
        /// Its title.
        #[sea_orm(column_type = "JsonBinary")]
        pub title: Text,
        /// Who published it.
        pub publisher: Option<String>,
        /// The language it is written in, as a BCP 47 tag.
        pub language: Option<String>,
        /// The day it was published.
        pub published_on: Option<Date>,
        /// How that day is known.
        pub date_basis: Option<DateBasis>,
        /// Where it can be read.
        pub url: Option<String>,
        /// Under which licence it may be used: an SPDX identifier or the name of the terms; null where
        /// none is stated.
        pub licence: Option<String>,
        /// What a reader of the rows should know about it.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub note: Option<Text>,
        /// How often it was changed, and once for its making: give it back as `ifRevision` to change it
        /// only if nobody else has meanwhile.
        pub revision: i32,
        /// When it was removed; null while it is there.
        pub removed_at: Option<DateTime>,
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
