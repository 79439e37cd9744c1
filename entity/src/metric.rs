//! What is measured.

use crate::{
    DateTime, Text,
    vocabulary::{Accumulation, Aggregation, Measure, MetricDirection},
};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// Something that is measured (SDMX INDICATOR). A new metric is a new row, never a new type.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "metric")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A short, stable handle in Latin letters, unique among its kind, such as `digital-economy-value-added`.
        #[sea_orm(unique)]
        pub slug: String,
        /// Its name.
        #[sea_orm(column_type = "JsonBinary")]
        pub name: Text,
        /// What it covers and what it leaves out.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub description: Option<Text>,
        /// The unit of its values.
        pub unit_id: i64,
        /// The theme it belongs to.
        pub theme_id: Option<i64>,
        /// What sort of quantity it is.
        pub measure: Measure,
        /// The metric it is a share, ratio, rate or growth of.
        pub base_id: Option<i64>,
        /// How its figures may be combined over places or periods.
        pub aggregation: Aggregation,
        /// Whether it counts what is there or what happened; null where neither applies.
        pub accumulation: Option<Accumulation>,
        /// Which way is better.
        pub direction: MetricDirection,
        /// How many decimals its values usually have when shown, 0 or more.
        pub decimals: i32,
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
    /// To `unit.id` by `unit_id`.
    #[sea_orm(
        belongs_to = "super::unit::Entity",
        from = "Column::UnitId",
        to = "super::unit::Column::Id"
    )]
    Unit,
    /// To `theme.id` by `theme_id`.
    #[sea_orm(
        belongs_to = "super::theme::Entity",
        from = "Column::ThemeId",
        to = "super::theme::Column::Id"
    )]
    Theme,
    /// To `metric.id` by `base_id`.
    #[sea_orm(
        belongs_to = "super::metric::Entity",
        from = "Column::BaseId",
        to = "super::metric::Column::Id"
    )]
    Base,
}

impl ActiveModelBehavior for ActiveModel {}
