//! Localised texts in folded spelling, which conditions on them are compared with. SQLite folds by
//! itself, by a function that it is given.
//!
//! The table is filled by the only writer, which fills it anew with the index of `search`.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A text may be longer than what fits into an index that is no hash.
const POSTGRES: &str = "CREATE TABLE folded_text (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL,
        folded text NOT NULL);
    CREATE INDEX ix_folded_text_text ON folded_text USING hash (text)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                manager.get_connection().execute_unprepared(POSTGRES).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                manager.drop_table(Table::drop().table("folded_text").to_owned()).await
            }
            _ => Ok(()),
        }
    }
}
