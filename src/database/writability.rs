//! Whether the database can be written to, as far as the last writes tell.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, ExprTrait, Query},
};

use super::Database;
use crate::error::Error;

/// Why the last write failed, where the reason is the database's: its disk is full, fails, or may
/// only be read. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Writability(Arc<Mutex<Option<&'static str>>>);

impl Writability {
    /// A statement of a write failed. Returns why, as everybody is told.
    pub(super) fn failed(&self, why: DbErr) -> Error {
        let error = Error::from(why);
        if let Error::Unwritable(why) = error {
            self.refuse(why);
        }
        error
    }

    /// Nothing can be written for now.
    pub(super) fn refuse(&self, why: &'static str) {
        self.set(Some(why));
    }

    /// A write was kept.
    pub(super) fn succeeded(&self) {
        self.set(None);
    }

    fn set(&self, why: Option<&'static str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    fn reason(&self) -> Option<&'static str> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// Whether the database can be written to. Where the last write failed for a reason of the
    /// database's, one that changes no data is tried, unless another one is under way.
    ///
    /// Fails with [`Error::Unwritable`].
    pub async fn check_writable(&self) -> Result<(), Error> {
        let Some(reason) = self.writability.reason() else { return Ok(()) };
        let Some(transaction) = self.try_begin().await? else {
            return Err(Error::Unwritable(reason));
        };
        // SQLite writes no page that stays as it is, so a row comes and goes.
        let mut insert = Query::insert();
        insert.into_table(MIGRATIONS).columns(["version", APPLIED_AT]);
        insert.values_panic([PROBE.into(), 0_i64.into()]);
        transaction.execute(&insert).await?;
        let mut delete = Query::delete();
        delete.from_table(MIGRATIONS).and_where(Expr::col("version").eq(PROBE));
        transaction.execute(&delete).await?;
        let one = Query::select().column(APPLIED_AT).from(MIGRATIONS).limit(1).take();
        transaction.commit(&one).await.map(drop)
    }
}

/// A table that always has rows.
const MIGRATIONS: &str = "seaql_migrations";
/// The row that comes and goes.
const PROBE: &str = "probe";

const APPLIED_AT: &str = "applied_at";
