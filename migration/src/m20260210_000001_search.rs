//! The index that `search` reads: each row's words, on either database in its own way.
//!
//! It is filled by the only writer, which fills it anew when it finds it empty.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The words arrive folded, and the marks before them are part of them: nothing is left to split
/// but at spaces. What was indexed is not kept a second time.
const SQLITE: &str = "CREATE VIRTUAL TABLE search_entry USING fts5(
    words, content='', contentless_delete=1, prefix='1 2', tokenize=\"ascii tokenchars '=^@_'\")";

/// The pending list is for rows that arrive one by one; every search would have to read it.
const POSTGRES: &str =
    "CREATE TABLE search_entry (place bigint PRIMARY KEY, words tsvector NOT NULL);
    CREATE INDEX ix_search_entry_words ON search_entry USING gin (words) WITH (fastupdate = off)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("search_entry").to_owned()).await
    }
}
