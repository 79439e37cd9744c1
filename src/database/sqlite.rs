//! SQLite: a writer on sqlx and readers on rusqlite, over one file in WAL mode.

use std::{
    ffi::c_int,
    num::NonZero,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::available_parallelism,
    time::Duration,
};

use chrono::SecondsFormat;
use rusqlite::{Connection, OpenFlags, params_from_iter, types::Value as Bound};
use sea_orm::{
    ConnectOptions, DatabaseConnection, Statement, Value,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::oneshot;

use super::{
    WRITE_PATIENCE, case, decimal, decode,
    threads::{AtOnce, Threads},
};
use crate::error::Error;

/// How long a statement waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements each reader keeps prepared. Their texts do not depend on the keys, so a client's
/// usual queries all fit.
const PREPARED: usize = 256;

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
pub(super) struct Readers(Threads<Connection>);

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
        let connections = (0..count).map(|_| connect(path, CACHE / i64::from(count)));
        let connections = connections.collect::<Result<_, _>>()?;
        let processors = available_parallelism().map_or(1, NonZero::get);
        let at_once = AtOnce { jobs: processors, long: LONG };
        Threads::start("sqlite-reader", connections, at_once).map(Self).map_err(Error::internal)
    }

    /// Runs the statement on the next free reader. When the request is dropped, a statement that
    /// waits is never begun and one that runs is stopped.
    pub(super) async fn fetch<T>(&self, statement: Statement) -> Result<Vec<T>, Error>
    where
        T: serde::de::DeserializeOwned + Send + 'static,
    {
        let (answer, rows) = oneshot::channel();
        let wanted = Wanted::default();
        let unwanted = Arc::clone(&wanted.unwanted);
        self.0.run(move |connection| {
            if unwanted.load(Relaxed) {
                return;
            }
            let rows = connection
                .progress_handler(STEPS, Some(move || unwanted.load(Relaxed)))
                .map_err(Error::from)
                .and_then(|()| query(connection, statement));
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
fn connect(path: &Path, cache: i64) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The file is not mapped: SQLite reads the head of a mapped page anew whenever it comes to it,
    // and all that was read of the file would count as memory of this process.
    connection.pragma_update(None, "cache_size", -cache / 1024)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    case::register(&connection)?;
    decimal::register(&connection)?;
    Ok(connection)
}

fn query<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    statement: Statement,
) -> Result<Vec<T>, Error> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(too_large)?;
    let values = statement.values.into_iter().flat_map(|values| values.0);
    let values = values.map(bind).collect::<Result<Vec<_>, _>>()?;
    let mut rows = prepared.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode::row(row)?);
    }
    Ok(found)
}

/// What SQLite refuses of a question that is well-formed but beyond its limits.
fn too_large(error: rusqlite::Error) -> Error {
    let message = error.to_string();
    if message.contains("Expression tree is too large") {
        Error::input(
            "the conditions are nested too deeply for SQLite; follow fewer relations, and use fewer \
             `and`, `or` and `not` inside each other",
        )
    } else if message.contains("too many SQL variables") {
        Error::input("the conditions hold more values than SQLite takes; give shorter lists")
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
