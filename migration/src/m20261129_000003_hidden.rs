//! What only some may see, told apart by its numbers; and how far the data have come for all others.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The first number of rows that not everybody may see.
const HIDDEN: i64 = 1 << 39;

/// The claims about figures under embargo, as a condition on the column that has their numbers.
const CLAIMS: &str = "IN (SELECT claim.id FROM claim JOIN observation
    ON observation.id = claim.observation_id WHERE observation.embargoed)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut revision = ColumnDef::new("public_revision");
        revision.big_integer().not_null().default(0);
        let mut changed_at = ColumnDef::new("public_changed_at");
        changed_at.timestamp_with_time_zone();
        for column in [revision, changed_at] {
            let table = Table::alter().table("dataset").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        // Until now everybody was told of every write, and of every claim.
        let all = [
            "UPDATE dataset SET public_revision = revision, public_changed_at = changed_at"
                .to_owned(),
            format!(
                "UPDATE change SET id = id + {HIDDEN}, row = row + {HIDDEN}
                WHERE entity = 'claim' AND row {CLAIMS}"
            ),
            format!("UPDATE claim SET id = id + {HIDDEN} WHERE id {CLAIMS}"),
        ];
        run(manager, &all).await
    }

    /// Hidden figures keep their numbers, which claims refer to; claims and changes follow the others.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let after = |column: &str, table: &str| {
            format!(
                "{column} = {column} - {HIDDEN}
                + (SELECT coalesce(max(id), 0) + 1 FROM {table} WHERE id < {HIDDEN})"
            )
        };
        let all = [
            format!(
                "UPDATE change SET {}, {} WHERE id >= {HIDDEN}",
                after("id", "change"),
                after("row", "claim")
            ),
            format!("UPDATE claim SET {} WHERE id >= {HIDDEN}", after("id", "claim")),
        ];
        run(manager, &all).await?;
        for column in ["public_revision", "public_changed_at"] {
            let table = Table::alter().table("dataset").drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
