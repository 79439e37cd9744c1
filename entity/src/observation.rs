//! The figures.

use crate::{
    Date, DateTime, Decimal, Period, Text,
    vocabulary::{Comparator, ObservationStatus, PriceBasis},
};
use sea_orm::entity::prelude::*;
use serde::Deserialize;

crate::columns! {
    /// One figure: what a metric was in a place and a period.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "observation")]
    pub struct Model {
        /// The row's number in this database.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A handle for figures that other rows refer to; null for most.
        pub slug: Option<String>,
        /// What was measured.
        pub metric_id: i64,
        /// The place it was measured for.
        pub district_id: i64,
        /// The initiative whose own result it is.
        pub initiative_id: Option<i64>,
        /// The period the figure is about (SDMX TIME_PERIOD).
        pub period: Period,
        /// The day a stock was counted, where the source states it.
        pub reference_date: Option<Date>,
        /// The figure in the metric's unit.
        pub value: Option<Decimal>,
        /// How many digits the source printed after the decimal point, in the unit it printed
        /// (SDMX DECIMALS): 1 for "2.4 trillion".
        pub decimals: i32,
        /// The power of ten between the number as printed and the value (SDMX UNIT_MULT): 12 for "2.4
        /// trillion", 0 where the number was printed in the metric's own unit.
        pub multiplier: i32,
        /// How the value relates to the true figure. Read it with every value.
        pub comparator: Comparator,
        /// How good the figure is (SDMX OBS_STATUS).
        pub status: ObservationStatus,
        /// The prices a money figure or its growth is expressed in, where the source states them.
        pub price_basis: Option<PriceBasis>,
        /// The unit in the words of the source.
        pub unit_as_printed: Option<String>,
        /// How the figure was read.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub note: Option<Text>,
        /// The document it was taken from.
        pub source_id: i64,
        /// Where in the source it stands, such as `paragraph 5`.
        pub locator: Option<String>,
        /// The day the figure became public.
        pub published_on: Option<Date>,
        /// When this database learnt of it.
        pub recorded_at: DateTime,
        /// When a correction took its place, or it was retracted; null for the figure in force.
        pub superseded_at: Option<DateTime>,
        /// Which version of the figure this is: 1 at first, one more with each correction and with its
        /// retraction. Versions that everybody may see are counted by themselves, those under embargo
        /// on from all there are. Give it back as `ifRevision` to change the figure only if nobody else has
        /// meanwhile.
        pub revision: i32,
        /// Who recorded it, by the name of their token.
        pub recorded_by: Option<String>,
        /// Why it was corrected or retracted, in the words of who did; null for most.
        pub reason: Option<String>,
        /// Whether this version only says that the figure was withdrawn: its value is the one withdrawn.
        pub retracted: bool,
        /// Whether it waited, or waits, for the day it becomes public (`publishedOn`). What was made
        /// public that day is another version.
        pub embargoed: bool,
        /// When the waiting ended, because the day came or something else took its place.
        pub embargo_ended_at: Option<DateTime>,
    }
}

/// The tables this one refers to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// To `metric.id` by `metric_id`.
    #[sea_orm(
        belongs_to = "super::metric::Entity",
        from = "Column::MetricId",
        to = "super::metric::Column::Id"
    )]
    Metric,
    /// To `district.id` by `district_id`.
    #[sea_orm(
        belongs_to = "super::district::Entity",
        from = "Column::DistrictId",
        to = "super::district::Column::Id"
    )]
    District,
    /// To `initiative.id` by `initiative_id`.
    #[sea_orm(
        belongs_to = "super::initiative::Entity",
        from = "Column::InitiativeId",
        to = "super::initiative::Column::Id"
    )]
    Initiative,
    /// To `source.id` by `source_id`.
    #[sea_orm(
        belongs_to = "super::source::Entity",
        from = "Column::SourceId",
        to = "super::source::Column::Id"
    )]
    Source,
}

impl ActiveModelBehavior for ActiveModel {}
