//! What lists of the past read: the versions that were closed, in the orders of those in force.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns of each index and which of the closed versions it has. While nothing is corrected
/// they are empty and cost nothing.
const INDEXES: [(&str, &str); 6] = [
    ("period, id", ""),
    ("recorded_at, id", ""),
    ("metric_id, period, id", ""),
    ("district_id, period, id", ""),
    ("initiative_id, period, id", " AND initiative_id IS NOT NULL"),
    ("source_id, period, id", ""),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (number, (columns, some)) in INDEXES.into_iter().enumerate() {
            let sql = format!(
                "CREATE INDEX ix_observation_closed_{number} ON observation ({columns}) \
                 WHERE superseded_at IS NOT NULL{some}"
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for number in 0..INDEXES.len() {
            let sql = format!("DROP INDEX ix_observation_closed_{number}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
