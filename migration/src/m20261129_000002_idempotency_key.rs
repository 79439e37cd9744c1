//! Keys by which clients send a write again without having it done again.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "idempotency_key";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = |name: &str| {
            let mut column = ColumnDef::new(Alias::new(name));
            column.not_null();
            column
        };
        let table = Table::create()
            .table(TABLE)
            .col(column("id").big_integer().auto_increment().primary_key())
            .col(column("holder").text())
            .col(column("key").text())
            .col(column("fingerprint").text())
            .col(column("recorded_at").timestamp_with_time_zone())
            .col(column("revision").big_integer())
            .col(column("answer").json_binary())
            .take();
        manager.create_table(table).await?;
        let own = Index::create()
            .name("ix_idempotency_key_key_0")
            .table(TABLE)
            .col("holder")
            .col("key")
            .unique()
            .take();
        manager.create_index(own).await?;
        let old = Index::create()
            .name("ix_idempotency_key_recorded_at")
            .table(TABLE)
            .col("recorded_at")
            .take();
        manager.create_index(old).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).to_owned()).await
    }
}
