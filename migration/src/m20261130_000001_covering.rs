//! Indexes that hold what lists of figures are most asked for: such a list is read from one stretch
//! of an index alone, without going to the table for each of its rows.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The indexes, by what their rows are found and ordered by, and which rows they have.
const INDEXES: [(&str, &str, &str); 2] = [
    ("ix_observation_20_0", "district_id, period, id", "superseded_at IS NULL"),
    (
        "ix_observation_22_0",
        "initiative_id, period, id",
        "superseded_at IS NULL AND initiative_id IS NOT NULL",
    ),
];

/// What they hold beside that. None of them holds the metric, the district and the initiative
/// together: without statistics SQLite prefers an index that holds all columns of a question to the
/// unique one, which finds far fewer rows of a metric in a district.
const COLUMNS: &str = "metric_id, value, decimals, multiplier, comparator, status";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, keys, rows) in INDEXES {
            let columns = match manager.get_database_backend() {
                DbBackend::Postgres => format!("({keys}) INCLUDE ({COLUMNS})"),
                // What says which rows an index has is a column like others there.
                _ => format!("({keys}, {COLUMNS}, superseded_at)"),
            };
            replace(manager, name, &format!("{columns} WHERE {rows}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, keys, rows) in INDEXES {
            replace(manager, name, &format!("({keys}) WHERE {rows}")).await?;
        }
        Ok(())
    }
}

async fn replace(manager: &SchemaManager<'_>, name: &str, by: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    connection.execute_unprepared(&format!("DROP INDEX {name}")).await?;
    let create = format!("CREATE INDEX {name} ON observation {by}");
    connection.execute_unprepared(&create).await.map(drop)
}
