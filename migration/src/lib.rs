//! The tables as history: one migration a file, each with its way back.

mod m20260127_000001_city;
mod m20260210_000001_search;
mod m20261124_000001_changed_at;
mod m20261125_000001_history;
mod m20261125_000002_past;
mod m20261129_000001_folded;
mod m20261129_000002_idempotency_key;
mod m20261129_000003_hidden;
mod m20261130_000001_covering;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// Applies the migrations in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260127_000001_city::Migration),
            Box::new(m20260210_000001_search::Migration),
            Box::new(m20261124_000001_changed_at::Migration),
            Box::new(m20261125_000001_history::Migration),
            Box::new(m20261125_000002_past::Migration),
            Box::new(m20261129_000001_folded::Migration),
            Box::new(m20261129_000002_idempotency_key::Migration),
            Box::new(m20261129_000003_hidden::Migration),
            Box::new(m20261130_000001_covering::Migration),
        ]
    }
}
