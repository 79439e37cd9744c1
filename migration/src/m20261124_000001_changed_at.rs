//! When the data were last changed: what tells one database's data from another's that were changed
//! as often.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut changed_at = ColumnDef::new("changed_at");
        changed_at.timestamp_with_time_zone();
        let table = Table::alter().table("dataset").add_column(changed_at).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("dataset").drop_column("changed_at").to_owned();
        manager.alter_table(table).await
    }
}
