//! The past: who changed what and when, what rows were like before, and what is not public yet.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The tables whose rows are named by slugs. Figures of the past may refer to a row that was
/// removed, so it stays, and its slug is free again.
const NAMED: [&str; 7] =
    ["source", "unit", "theme", "district", "organization", "initiative", "metric"];

/// Those whose rows nothing of the past refers to.
const LOOSE: [&str; 3] = ["claim", "initiative_organization", "initiative_metric"];

/// The columns figures gain, and which of the past they keep.
const FIGURE: [&str; 5] = [
    "recorded_by text",
    "reason text",
    "retracted boolean NOT NULL DEFAULT false",
    "embargoed boolean NOT NULL DEFAULT false",
    "embargo_ended_at {timestamp}",
];

/// One figure was in force after another: found by what it is of. Of those under embargo, one at
/// the most waits for each.
const FIGURE_INDEXES: [&str; 2] = [
    "CREATE INDEX ix_observation_former ON observation \
     (metric_id, district_id, coalesce(initiative_id, 0), period) WHERE superseded_at IS NOT NULL",
    "CREATE UNIQUE INDEX ix_observation_embargoed ON observation \
     (metric_id, district_id, coalesce(initiative_id, 0), period) \
     WHERE embargoed AND embargo_ended_at IS NULL",
];

const TABLES: [&str; 5] = [
    "CREATE TABLE audit (id {number}, revision bigint NOT NULL, recorded_at {timestamp} NOT NULL, \
     recorded_by {text}, role {text} NOT NULL, operation {text} NOT NULL, reason {text}, \
     outcome {json} NOT NULL)",
    "CREATE TABLE change (id {number}, revision bigint NOT NULL, recorded_at {timestamp} NOT NULL, \
     kind {text} NOT NULL, entity {text} NOT NULL, row bigint NOT NULL, key {text} NOT NULL, \
     before {json})",
    "CREATE INDEX ix_change_row ON change (entity, row, recorded_at)",
    "CREATE INDEX ix_change_recorded_at ON change (recorded_at, id)",
    "CREATE TABLE token (id {number}, name {text} NOT NULL, role {text} NOT NULL, \
     hash {text} NOT NULL UNIQUE, created_at {timestamp} NOT NULL, expires_at {timestamp}, \
     revoked_at {timestamp})",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let run = async |sql: &str| {
            let sql = spelt(sql, backend);
            manager.get_connection().execute_unprepared(&sql).await.map(drop)
        };
        for table in NAMED {
            run(&format!("ALTER TABLE {table} ADD COLUMN removed_at {{timestamp}}")).await?;
            run(&format!("DROP INDEX ix_{table}_key_0")).await?;
            run(&slugs(table, " WHERE removed_at IS NULL")).await?;
        }
        for table in NAMED.into_iter().chain(LOOSE) {
            let column = "revision integer NOT NULL DEFAULT 1";
            run(&format!("ALTER TABLE {table} ADD COLUMN {column}")).await?;
        }
        for column in FIGURE {
            run(&format!("ALTER TABLE observation ADD COLUMN {column}")).await?;
        }
        for statement in FIGURE_INDEXES.into_iter().chain(TABLES) {
            run(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = async |sql: String| manager.get_connection().execute_unprepared(&sql).await;
        for table in ["audit", "change", "token"] {
            run(format!("DROP TABLE {table}")).await?;
        }
        for index in ["former", "embargoed"] {
            run(format!("DROP INDEX ix_observation_{index}")).await?;
        }
        for column in FIGURE {
            let name = column.split(' ').next().unwrap_or_default();
            run(format!("ALTER TABLE observation DROP COLUMN {name}")).await?;
        }
        for table in NAMED.into_iter().chain(LOOSE) {
            run(format!("ALTER TABLE {table} DROP COLUMN revision")).await?;
        }
        for table in NAMED {
            run(format!("DROP INDEX ix_{table}_key_0")).await?;
            run(format!("ALTER TABLE {table} DROP COLUMN removed_at")).await?;
            run(slugs(table, "")).await?;
        }
        Ok(())
    }
}

/// The index by slug, of all rows or of some.
fn slugs(table: &str, some: &str) -> String {
    format!("CREATE UNIQUE INDEX ix_{table}_key_0 ON {table} (slug){some}")
}

/// A statement in the types of one database.
fn spelt(sql: &str, backend: DbBackend) -> String {
    let types = match backend {
        DbBackend::Postgres => [
            ("{number}", "bigserial PRIMARY KEY"),
            ("{text}", "text COLLATE \"C\""),
            ("{timestamp}", "timestamp with time zone"),
            ("{json}", "jsonb"),
        ],
        _ => [
            ("{number}", "integer PRIMARY KEY AUTOINCREMENT"),
            ("{text}", "text"),
            ("{timestamp}", "timestamp_with_timezone_text"),
            ("{json}", "jsonb_text"),
        ],
    };
    types.into_iter().fold(sql.to_owned(), |sql, (name, kind)| sql.replace(name, kind))
}
