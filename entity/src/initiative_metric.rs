//! Which metrics tell about which initiatives.

use crate::{Text, vocabulary::MetricBasis};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// A metric that tells about an initiative, and why.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "initiative_metric")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The initiative.
        pub initiative_id: i64,
        /// The metric.
        pub metric_id: i64,
        /// Why the metric stands beside the initiative.
        pub basis: MetricBasis,
        /// What a reader should know about the link.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub note: Option<Text>,
        /// How often it was changed, and once for its making: give it back as `ifRevision` to change it
        /// only if nobody else has meanwhile.
        pub revision: i32,
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// To `initiative.id` by `initiative_id`.
    #[sea_orm(
        belongs_to = "super::initiative::Entity",
        from = "Column::InitiativeId",
        to = "super::initiative::Column::Id"
    )]
    Initiative,
    /// To `metric.id` by `metric_id`.
    #[sea_orm(
        belongs_to = "super::metric::Entity",
        from = "Column::MetricId",
        to = "super::metric::Column::Id"
    )]
    Metric,
}

impl ActiveModelBehavior for ActiveModel {}
