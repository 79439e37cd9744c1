//! SQLite: a writer on sqlx and readers on rusqlite, over one file in WAL mode.

use std::{
    cell::Cell,
    ffi::c_int,
    num::NonZero,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread::available_parallelism,
    time::Duration,
};

use chrono::SecondsFormat;
use rusqlite::{
    CachedStatement, Connection, OpenFlags, StatementStatus, params_from_iter,
    types::{Value as Bound, ValueRef},
};
use sea_orm::{
    ConnectOptions, DatabaseConnection, Statement, Value,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::oneshot;

use super::{
    WRITE_PATIENCE, WRITER_PREPARED, case,
    cells::Cells,
    collation, decimal,
    foreign::Writes,
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

/// Threads that read, each over a read-only connection of its own. They end with the last clone.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    threads: Threads<Reader>,
    writes: Arc<Writes>,
    /// How many bytes of statements all readers together keep prepared.
    prepared: Arc<AtomicUsize>,
}

/// A connection that only reads.
struct Reader {
    connection: Connection,
    /// How many bytes of statements it keeps prepared, at the most, and may.
    prepared: Cell<usize>,
    prepared_max: usize,
    /// How many all readers keep.
    all_prepared: Arc<AtomicUsize>,
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
        let prepared = Arc::<AtomicUsize>::default();
        let prepared_max = PREPARED_BYTES / usize::try_from(count).unwrap_or(1).max(1);
        let readers = (0..count).map(|_| {
            let connection = connect(path, CACHE / i64::from(count))?;
            let all_prepared = Arc::clone(&prepared);
            Ok(Reader { connection, prepared: Cell::new(0), prepared_max, all_prepared })
        });
        let readers = readers.collect::<Result<_, Error>>()?;
        let processors = available_parallelism().map_or(1, NonZero::get);
        let at_once = AtOnce { jobs: processors, long: LONG };
        let threads = Threads::start("sqlite-reader", readers, at_once).map_err(Error::internal)?;
        let writes = Arc::new(Writes::open(path)?);
        Ok(Self { threads, writes, prepared })
    }

    /// What is known of the writes to the file.
    pub(super) fn writes(&self) -> &Writes {
        &self.writes
    }

    /// How many bytes of statements are kept prepared.
    pub(super) fn prepared_bytes(&self) -> usize {
        self.prepared.load(Relaxed)
    }

    /// Runs the statement on the next free reader. When the request is dropped, a statement that
    /// waits is never begun and one that runs is stopped.
    pub(super) async fn read(&self, statement: Statement) -> Result<Cells, Error> {
        let (answer, rows) = oneshot::channel();
        let wanted = Wanted::default();
        let unwanted = Arc::clone(&wanted.unwanted);
        self.threads.run(move |reader| {
            if unwanted.load(Relaxed) {
                return;
            }
            let rows = reader
                .connection
                .progress_handler(STEPS, Some(move || unwanted.load(Relaxed)))
                .map_err(Error::from)
                .and_then(|()| reader.query(statement));
            // Nobody waits any more when the request was dropped.
            let _ = answer.send(rows);
        });
        let rows = rows.await.map_err(|_| Error::internal("an SQLite reader failed"));
        drop(wanted);
        rows?
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
    case::register(&connection)?;
    collation::register(&connection)?;
    decimal::register(&connection)?;
    Ok(connection)
}

impl Reader {
    fn query(&self, statement: Statement) -> Result<Cells, Error> {
        let mut prepared = self.connection.prepare_cached(&statement.sql).map_err(too_large)?;
        let is_new = prepared.get_status(StatementStatus::Run) == 0;
        let has_room = !is_new || self.make_room(&prepared, statement.sql.len());
        let rows = rows(&mut prepared, statement);
        if !has_room {
            prepared.discard();
        }
        rows
    }

    /// Counts a statement among those that are kept prepared, for which all others are forgotten
    /// where there are too many; whether there is room for it at all.
    fn make_room(&self, prepared: &CachedStatement<'_>, text: usize) -> bool {
        let bytes = prepared.get_status(StatementStatus::MemUsed);
        // Its text is there twice: in it, and as the key by which it is found.
        let bytes = usize::try_from(bytes).unwrap_or(0) + 2 * text;
        if bytes > self.prepared_max {
            return false;
        }
        let before = self.prepared.get();
        let mut now = before + bytes;
        if now > self.prepared_max {
            self.connection.flush_prepared_statement_cache();
            now = bytes;
        }
        self.prepared.set(now);
        self.all_prepared.fetch_add(now, Relaxed);
        self.all_prepared.fetch_sub(before, Relaxed);
        true
    }
}

fn rows(prepared: &mut CachedStatement<'_>, statement: Statement) -> Result<Cells, Error> {
    let values = statement.values.into_iter().flat_map(|values| values.0);
    let values = values.map(bind).collect::<Result<Vec<_>, _>>()?;
    let width = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(values))?;
    let mut cells = Cells::new(width);
    while let Some(row) = rows.next()? {
        for column in 0..width {
            cells.push(match row.get_ref(column)? {
                ValueRef::Null => entity::Cell::Null,
                ValueRef::Integer(number) => entity::Cell::Integer(number),
                ValueRef::Real(number) => entity::Cell::Real(number),
                ValueRef::Text(text) => {
                    entity::Cell::Text(std::str::from_utf8(text).map_err(Error::internal)?)
                }
                ValueRef::Blob(_) => return Err(Error::internal("SQLite returned bytes")),
            })?;
        }
    }
    Ok(cells)
}

/// What SQLite refuses of a question that is well-formed but beyond its limits.
fn too_large(error: rusqlite::Error) -> Error {
    let message = error.to_string();
    if message.contains("Expression tree is too large") {
        Error::input(
            "the conditions are nested too deeply for SQLite; follow fewer relations, and use fewer \
             `and`, `or` and `not` inside each other",
        )
    } else {
        error.into()
    }
}

/// A value as sqlx would store it, so that comparisons meet what was written.
fn bind(value: Value) -> Result<Bound, Error> {
    Ok(match value {
        Value::Bool(Some(truth)) => Bound::Integer(truth.into()),
        Value::Int(Some(number)) => Bound::Integer(number.into()),
        Value::BigInt(Some(number)) => Bound::Integer(number),
        Value::BigUnsigned(Some(number)) => {
            Bound::Integer(i64::try_from(number).map_err(Error::internal)?)
        }
        Value::String(Some(text)) => Bound::Text(text),
        Value::Decimal(Some(number)) => {
            Bound::Real(entity::Decimal::from(number).as_double().map_err(Error::input)?)
        }
        Value::ChronoDate(Some(date)) => Bound::Text(date.format("%F").to_string()),
        Value::ChronoDateTimeUtc(Some(time)) => {
            Bound::Text(time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
        }
        Value::Bool(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::String(None)
        | Value::Decimal(None)
        | Value::ChronoDate(None)
        | Value::ChronoDateTimeUtc(None) => Bound::Null,
        other => return Err(Error::internal(format!("cannot bind {other:?}"))),
    })
}
