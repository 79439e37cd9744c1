//! SQLite: a writer on sqlx and readers on rusqlite, over one file in WAL mode.

use std::{
    ffi::c_int,
    num::NonZero,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::available_parallelism,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use sea_orm::{
    ConnectOptions, DatabaseConnection,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    task::yield_now,
};

use super::{
    WRITE_PATIENCE, WRITER_PREPARED, case,
    cells::Cells,
    collation, decimal,
    foreign::Writes,
    read_transaction::ReadStatement,
    readers::{self, Pool, Reader},
    threads::{AtOnce, Threads},
};
use crate::error::Error;

/// How long a statement waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements each reader keeps prepared. Their texts do not depend on the keys, so a client's
/// usual queries all fit.
const PREPARED: usize = 256;

/// How many bytes of statements all readers together keep prepared, each its part. A statement's
/// text follows from the form of a question, of which there are as many as clients like: beyond
/// this a reader forgets all of its statements, and prepares those that come again anew.
pub(super) const PREPARED_BYTES: usize = 32 * 1024 * 1024;

/// How many bytes of the file all readers together keep in memory, each its part.
const CACHE: i64 = 96 * 1024 * 1024;

/// How many steps a statement takes before it looks whether it is still wanted: some tens of
/// microseconds.
const STEPS: c_int = 10_000;

/// After what time a statement is so long that others begin beside it, though no processor is free:
/// what takes milliseconds is done sooner one after the other.
const LONG: Duration = Duration::from_millis(20);

/// How often that many steps a statement may take where it was asked: 2 to 6 ms were measured. There
/// it costs no change of threads, which is most of what a short one takes; a longer one would keep
/// others waiting who are executed by the same thread, so it is begun anew on a thread of its own.
const INLINE_TURNS: usize = 15;

/// After how long others who are executed by the same thread have their turn.
const TURN: Duration = Duration::from_millis(1);

/// Connections that read, and threads for what takes long. They end with the last clone.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    pool: Arc<Pool>,
    threads: Threads,
    writes: Arc<Writes>,
}

/// Opens the file, making it when missing: the writer, then the readers.
pub(super) async fn open(path: &str, readers: u32) -> Result<(DatabaseConnection, Readers), Error> {
    if path.is_empty() || path.starts_with(':') {
        return Err(Error::input(
            "an SQLite database is a plain file path, as in sqlite://hutong.db",
        ));
    }
    let file = path.to_owned();
    let mut connect = ConnectOptions::new("sqlite://");
    connect
        .max_connections(1)
        .acquire_timeout(WRITE_PATIENCE)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .filename(&file)
                .statement_cache_capacity(WRITER_PREPARED)
                .in_memory(false)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("cache_size", "-65536")
        });
    let writer = sea_orm::Database::connect(connect).await?;
    let readers = Readers::start(Path::new(path), readers)?;
    Ok((writer, readers))
}

impl Readers {
    fn start(path: &Path, count: u32) -> Result<Self, Error> {
        let share = PREPARED_BYTES / usize::try_from(count).unwrap_or(1).max(1);
        let prepared = Arc::<AtomicUsize>::default();
        let readers = (0..count).map(|_| {
            let connection = connect(path, CACHE / i64::from(count))?;
            Ok(Reader::new(connection, share, &prepared))
        });
        let pool = Arc::new(Pool::new(readers.collect::<Result<_, Error>>()?, prepared));
        let processors = available_parallelism().map_or(1, NonZero::get);
        let at_once = AtOnce { jobs: processors, long: LONG };
        let threads = Threads::start("sqlite-reader", count, at_once).map_err(Error::internal)?;
        let writes = Arc::new(Writes::open(path)?);
        Ok(Self { pool, threads, writes })
    }

    /// What is known of the writes to the file.
    pub(super) fn writes(&self) -> &Writes {
        &self.writes
    }

    /// How many bytes of statements are kept prepared.
    pub(super) fn prepared_bytes(&self) -> usize {
        self.pool.prepared_bytes()
    }

    /// Takes a free reader, which who has the permit leaves for this.
    pub(super) fn take(&self, permit: OwnedSemaphorePermit) -> Result<Taken, Error> {
        Ok(Taken { reader: self.pool.take(permit)?, threads: self.threads.clone() })
    }
}

/// A reader that is taken, until this is dropped.
pub(super) struct Taken {
    reader: readers::Taken,
    threads: Threads,
}

impl Taken {
    /// Runs a statement, on request in a transaction that goes on. Returns its rows, and itself where
    /// it can go on. When the request is dropped, a statement that waits is never begun and one that
    /// runs is stopped.
    pub(super) async fn read(
        mut self,
        read: ReadStatement,
        in_transaction: bool,
    ) -> (Result<Cells, Error>, Option<Self>) {
        let begun = Instant::now();
        let Some(rows) = self.read_inline(&read, in_transaction) else {
            return self.read_on_thread(read, in_transaction).await;
        };
        if begun.elapsed() > TURN {
            yield_now().await;
        }
        (rows, self.going_on())
    }

    /// Runs it at once, where it is not known to take longer than it may; nothing where it turns out
    /// that it does, or that it waits for a lock.
    fn read_inline(
        &mut self,
        read: &ReadStatement,
        in_transaction: bool,
    ) -> Option<Result<Cells, Error>> {
        let sql = &read.statement.sql;
        if self.reader.pool().is_long(sql) {
            return None;
        }
        let turns = Arc::new(AtomicUsize::new(0));
        let taken = Arc::clone(&turns);
        let is_over = move || taken.fetch_add(1, Relaxed) >= INLINE_TURNS;
        let rows = self.reader.read(read, in_transaction, Duration::ZERO, STEPS, is_over);
        if turns.load(Relaxed) > INLINE_TURNS {
            self.reader.pool().note_long(sql);
            return None;
        }
        (!matches!(rows, Err(Error::Busy))).then_some(rows)
    }

    /// Runs it on the next free thread.
    async fn read_on_thread(
        self,
        read: ReadStatement,
        in_transaction: bool,
    ) -> (Result<Cells, Error>, Option<Self>) {
        let Self { mut reader, threads } = self;
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted::default();
        let unwanted = Arc::clone(&wanted.unwanted);
        threads.run(move || {
            if unwanted.load(Relaxed) {
                return;
            }
            let is_over = move || unwanted.load(Relaxed);
            let rows = reader.read(&read, in_transaction, BUSY_TIMEOUT, STEPS, is_over);
            // Nobody waits any more when the request was dropped.
            let _ = answer.send((rows, reader));
        });
        let answered = answered.await;
        drop(wanted);
        match answered {
            Ok((rows, reader)) => (rows, Self { reader, threads }.going_on()),
            Err(_) => (Err(Error::internal("an SQLite reader failed")), None),
        }
    }

    fn going_on(self) -> Option<Self> {
        self.reader.goes_on().then_some(self)
    }
}

/// Copies a database to a file that is not there yet, in one state.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::input(format!("{} is there already", to.display())));
    }
    let connection = connect(from, CACHE)?;
    // The name is a value, so no name can be taken for SQL.
    let copied = connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
    copied.map(drop).map_err(|why| {
        let _ = std::fs::remove_file(to);
        Error::input(format!("cannot copy the database to {}: {why}", to.display()))
    })
}

/// Somebody waits for the rows of a statement, until this is dropped.
#[derive(Default)]
struct Wanted {
    unwanted: Arc<AtomicBool>,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.unwanted.store(true, Relaxed);
    }
}

/// A connection that only reads, and keeps so many bytes of the file.
pub(super) fn connect(path: &Path, cache: i64) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The file is not mapped: SQLite reads the head of a mapped page anew whenever it comes to it,
    // and all that was read of the file would count as memory of this process.
    connection.pragma_update(None, "cache_size", -cache / 1024)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // A plan is for all values that a statement may be given: or else it is planned anew for each.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    case::register(&connection)?;
    collation::register(&connection)?;
    decimal::register(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, Statement};
    use tokio::sync::Semaphore;

    use super::*;

    /// Readers of an empty file, which lasts as long as its folder.
    async fn readers(count: u32) -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let (_, readers) = open(path.to_str().unwrap(), count).await.unwrap();
        (folder, readers)
    }

    fn statement(sql: &str, keys: Option<Vec<i64>>) -> ReadStatement {
        ReadStatement { statement: Statement::from_string(DbBackend::Sqlite, sql), keys }
    }

    fn take(readers: &Readers) -> Taken {
        readers.take(Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()).unwrap()
    }

    async fn numbers(readers: &Readers, sql: &str, keys: Option<Vec<i64>>) -> Vec<i64> {
        let cells = take(readers).read(statement(sql, keys), false).await.0.unwrap();
        (0..cells.rows()).map(|row| cells.decode(row, 0).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_takes_long_is_read_elsewhere_and_known_from_then_on() {
        let (_folder, readers) = readers(2).await;
        let short = "SELECT 7";
        let long = "WITH RECURSIVE counted (n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000)
            SELECT count(*) FROM counted";
        for _ in 0..2 {
            assert_eq!(numbers(&readers, short, None).await, [7]);
            assert_eq!(numbers(&readers, long, None).await, [1_000_000]);
            assert!(take(&readers).read_inline(&statement(short, None), false).is_some());
            assert!(take(&readers).read_inline(&statement(long, None), false).is_none());
        }
    }

    #[tokio::test]
    async fn what_is_stopped_leaves_nothing_behind() {
        let (_folder, readers) = readers(1).await;
        let read = statement("SELECT 7", None);
        // After each number of steps another one of those that it takes is the last.
        for steps in 1..20 {
            let mut taken = take(&readers);
            let given_up = Arc::new(AtomicBool::new(false));
            let is_over = Arc::clone(&given_up);
            let is_over = move || is_over.load(Relaxed);
            taken.reader.read(&read, true, Duration::ZERO, steps, is_over).unwrap();
            given_up.store(true, Relaxed);
            drop(taken);
            let mut taken = take(&readers);
            let rows = taken.reader.read(&read, true, Duration::ZERO, steps, || true);
            assert!(taken.reader.goes_on(), "{rows:?}");
            drop(taken);
            let rows = take(&readers).read(read.clone(), true).await.0;
            assert_eq!(rows.unwrap().decode::<i64>(0, 0).unwrap(), 7);
        }
    }

    #[tokio::test]
    async fn nobody_who_executes_requests_waits_for_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        // Without a log of its writes, so that who writes locks all others out.
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
        let readers = Readers::start(&path, 1).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE; INSERT INTO t VALUES (7)").unwrap();
        let read = statement("SELECT n FROM t", None);
        let begun = Instant::now();
        let mut taken = take(&readers);
        assert!(taken.read_inline(&read, true).is_none());
        assert!(begun.elapsed() < BUSY_TIMEOUT / 2, "{:?}", begun.elapsed());
        // It is waited for where nobody else waits.
        let waits = tokio::spawn(taken.read(read, true));
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.execute_batch("COMMIT").unwrap();
        let cells = waits.await.unwrap().0.unwrap();
        assert_eq!(cells.decode::<i64>(0, 0).unwrap(), 7);
    }

    #[tokio::test]
    async fn a_statement_is_run_for_each_of_many_numbers() {
        let (_folder, readers) = readers(1).await;
        let sql = "SELECT ?1, ?1 + value FROM (SELECT 1 AS value UNION ALL SELECT 2) WHERE ?1 > 0";
        let read = statement(sql, Some(vec![20, -1, 10]));
        let cells = take(&readers).read(read, false).await.0.unwrap();
        let found = (0..cells.rows()).map(|row| cells.decode::<i64>(row, 0).unwrap());
        assert_eq!(found.collect::<Vec<_>>(), [21, 22, 11, 12]);
        assert_eq!(cells.ends(), [2, 2, 4]);
        assert!(numbers(&readers, sql, Some(vec![])).await.is_empty());
    }
}
