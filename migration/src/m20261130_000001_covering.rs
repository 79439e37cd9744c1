//! Indexes that hold what lists of figures are most asked for: such a list is read from one stretch
//! of an index alone, without going to the table for each of its rows.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The indexes, by what their rows are found and ordered by, and which rows they have.
const INDEXES: [(&str, &str, &str); 3] = [
    ("ix_observation_18_0", "metric_id, period, id", "superseded_at IS NULL"),
    ("ix_observation_20_0", "district_id, period, id", "superseded_at IS NULL"),
    (
        "ix_observation_22_0",
        "initiative_id, period, id",
        "superseded_at IS NULL AND initiative_id IS NOT NULL",
    ),
];

/// What they hold beside that.
const COLUMNS: [&str; 8] = [
    "metric_id",
    "district_id",
    "initiative_id",
    "value",
    "decimals",
    "multiplier",
    "comparator",
    "status",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, keys, rows) in INDEXES {
            let others = COLUMNS.into_iter().filter(|column| !keys.starts_with(column));
            let others = others.collect::<Vec<_>>().join(", ");
            let columns = match manager.get_database_backend() {
                DbBackend::Postgres => format!("({keys}) INCLUDE ({others})"),
                // What says which rows an index has is a column like others there.
                _ => format!("({keys}, {others}, superseded_at)"),
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
