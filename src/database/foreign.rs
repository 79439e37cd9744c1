//! Whether somebody else wrote to an SQLite file, asked of SQLite itself.
//!
//! SQLite tells nobody of a write, but each connection has a number (`PRAGMA data_version`) that is
//! another one as soon as another connection has committed: another process's, or one of this
//! process. It is read from memory that all who have the file open share, so asking costs some
//! microseconds and reads nothing of the file. The number is the connection's own, so there is one
//! that does nothing but ask.

use std::{
    fmt,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::sqlite;
use crate::error::Error;

/// How many bytes of the file the connection keeps: it reads its first page alone.
const CACHE: i64 = 64 * 1024;

/// What is known of the writes to a file.
pub(super) struct Writes {
    connection: Mutex<Connection>,
    /// One that may write, and never does.
    other: Mutex<Connection>,
    /// The number of the last write of which everything is known that follows from it.
    known: AtomicI64,
    /// The turn of the one who finds that out.
    turn: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Writes {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Writes").finish_non_exhaustive()
    }
}

impl Writes {
    /// Opens the file, which is there. Nothing of it is known yet.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let connection = sqlite::connect(path, CACHE)?;
        // Who asks is an executor of requests, and never waits.
        connection.busy_timeout(Duration::ZERO)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let other = Connection::open_with_flags(path, flags)?;
        other.busy_timeout(Duration::ZERO)?;
        let turn = tokio::sync::Mutex::default();
        // SQLite begins with 1.
        let known = AtomicI64::new(0);
        Ok(Self { connection: connection.into(), other: other.into(), known, turn })
    }

    /// Calls `learn` if anything was committed since it was last called and ended well. What it
    /// reads is at least as new as the last commit before this was called; those who ask meanwhile
    /// wait for it, and do not read the same again.
    pub(super) async fn catch_up(
        &self,
        learn: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.is_known(self.last()) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        // Asked before anything is read: what is committed while it is read is news again.
        let last = self.last();
        if self.is_known(last) {
            return Ok(());
        }
        learn().await?;
        if let Some(last) = last {
            self.known.store(last, SeqCst);
        }
        Ok(())
    }

    fn is_known(&self, last: Option<i64>) -> bool {
        last == Some(self.known.load(SeqCst))
    }

    /// Whether nobody writes: then the lock of those who do can be had. It takes no disk, and is
    /// given back at once.
    pub(super) fn is_free(&self) -> Result<bool, Error> {
        let other = self.other.lock().unwrap_or_else(PoisonError::into_inner);
        match other.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
            Ok(()) => Ok(true),
            Err(why) if why.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
            Err(why) => Err(why.into()),
        }
    }

    /// The number of the last write; none where SQLite cannot tell without waiting.
    fn last(&self) -> Option<i64> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached("PRAGMA data_version").ok()?;
        statement.query_row([], |row| row.get(0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn each_write_is_learnt_of_once_and_none_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
        let writes = Writes::open(&path).unwrap();
        let learnt = AtomicUsize::new(0);
        let learn = async || {
            learnt.fetch_add(1, SeqCst);
            Ok(())
        };
        for times in 1..=100 {
            for _ in 0..3 {
                writes.catch_up(learn).await.unwrap();
                assert_eq!(learnt.load(SeqCst), times);
            }
            writer.execute("INSERT INTO t VALUES (1)", []).unwrap();
        }
        // What could not be learnt is learnt by the next who asks.
        assert!(writes.catch_up(async || Err(Error::Busy)).await.is_err());
        writes.catch_up(learn).await.unwrap();
        assert_eq!(learnt.load(SeqCst), 101);
    }
}
