//! Units of measurement.

use crate::{DateTime, Decimal, Text, vocabulary::Dimension};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A unit of measurement. Counts of different things are different units.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `percent`.
        #[sea_orm(unique)]
        pub slug: String,
        /// Its sign, as written after a number: `%`, `km`, `CNY`.
        pub symbol: String,
        /// Its name.
        #[sea_orm(column_type = "JsonBinary")]
        pub name: Text,
        /// What it measures.
        pub dimension: Dimension,
        /// How many base units of its dimension one of it is: 0.01 for percent, 1000 for kilometre
        /// (metre); null where that has no meaning.
        pub factor: Option<Decimal>,
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
