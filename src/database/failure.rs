//! What of a database's failures whoever runs it can mend, told apart from ours.

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::error::Error;

const FULL: &str = "the database cannot be written to: there is no room left on its disk";
const FAILED: &str = "the database cannot be written to: its disk refuses it, or has no room";
const READ_ONLY: &str = "the database cannot be written to: it may only be read";

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let why = match &error {
            DbErr::ConnectionAcquire(_) => return Self::unavailable(&error),
            DbErr::Conn(RuntimeErr::SqlxError(why))
            | DbErr::Query(RuntimeErr::SqlxError(why))
            | DbErr::Exec(RuntimeErr::SqlxError(why)) => why,
            _ => return Self::internal(error),
        };
        match &**why {
            sqlx::Error::Database(told) => {
                let code = told.code();
                code.and_then(|code| known(&code, &error)).unwrap_or_else(|| Self::internal(error))
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::unavailable(&error),
            _ => Self::internal(error),
        }
    }
}

impl Error {
    fn unavailable(why: &DbErr) -> Self {
        Self::Unavailable(why.to_string().into())
    }
}

/// What a database's own code means, where it is none of our failures.
fn known(code: &str, error: &DbErr) -> Option<Error> {
    Some(match code {
        // PostgreSQL: lock_not_available, disk_full, read_only_sql_transaction.
        "55P03" => Error::Busy,
        "53100" => Error::Unwritable(FULL),
        "25006" => Error::Unwritable(READ_ONLY),
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
        // too_many_connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" => Error::unavailable(error),
        // connection_exception and its kinds.
        _ if code.len() == 5 && code.starts_with("08") => Error::unavailable(error),
        // The codes of SQLite are numbers of fewer digits.
        _ if code.len() == 5 => return None,
        // SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL.
        _ => match code.parse::<u32>().ok()? & 0xff {
            5 => Error::Busy,
            8 => Error::Unwritable(READ_ONLY),
            10 => Error::Unwritable(FAILED),
            13 => Error::Unwritable(FULL),
            _ => return None,
        },
    })
}
