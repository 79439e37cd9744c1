//! What of a database's failures whoever runs it can mend, told apart from ours.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use crate::error::Error;

const FULL: &str = "the database cannot be written to: there is no room left on its disk";
const FAILED: &str = "the database cannot be written to: its disk refuses it, or has no room";
const READ_ONLY: &str = "the database cannot be written to: it may only be read";

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let state = match &error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => return Self::Busy,
            DbErr::Query(RuntimeErr::SqlxError(why)) | DbErr::Exec(RuntimeErr::SqlxError(why)) => {
                why.as_database_error().and_then(|why| why.code())
            }
            _ => None,
        };
        match state.as_deref() {
            // PostgreSQL: lock_not_available, disk_full, read_only_sql_transaction.
            Some("55P03") => Self::Busy,
            Some("53100") => Self::Unwritable(FULL),
            Some("25006") => Self::Unwritable(READ_ONLY),
            Some(code) => match code.parse::<u32>().map(|code| code & 0xff) {
                // SQLite: SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL.
                Ok(5) if code.len() < 5 => Self::Busy,
                Ok(8) if code.len() < 5 => Self::Unwritable(READ_ONLY),
                Ok(10) if code.len() < 5 => Self::Unwritable(FAILED),
                Ok(13) if code.len() < 5 => Self::Unwritable(FULL),
                _ => Self::internal(error),
            },
            None => Self::internal(error),
        }
    }
}
