//! Connections to an SQLite file that read, and how a statement runs on one.

use std::{
    cell::Cell,
    collections::HashSet,
    ffi::c_int,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::SecondsFormat;
use rusqlite::{
    CachedStatement, Connection, StatementStatus, params_from_iter,
    types::{Value as Bound, ValueRef},
};
use sea_orm::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::{cells::Cells, read_transaction::ReadStatement};
use crate::error::Error;

/// How many statements are known that take long.
const LONG_MAX: usize = 1024;

/// Connections that read, of which those are free that nobody took.
pub(super) struct Pool {
    state: Mutex<State>,
    /// How many bytes of statements all of them together keep prepared.
    prepared: Arc<AtomicUsize>,
}

struct State {
    /// The free ones, the one that was given back last at the end: what it keeps in memory is the
    /// likeliest to be what is wanted.
    free: Vec<Reader>,
    /// Hashes of the texts of statements that took long: texts are as long as clients like. Two of
    /// one hash do no harm, for what takes long takes it only where it is read.
    long: HashSet<u64>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// These, which count together what they keep prepared.
    pub(super) fn new(readers: Vec<Reader>, prepared: Arc<AtomicUsize>) -> Self {
        let state = State { free: readers, long: HashSet::new() };
        Self { state: Mutex::new(state), prepared }
    }

    /// How many bytes of statements are kept prepared.
    pub(super) fn prepared_bytes(&self) -> usize {
        self.prepared.load(Relaxed)
    }

    /// Takes a free one, which who has the permit leaves for this.
    pub(super) fn take(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Result<Taken, Error> {
        let reader = self.lock().free.pop();
        let reader = reader.ok_or_else(|| Error::internal("no reader is free"))?;
        let pool = Arc::clone(self);
        Ok(Taken { pool, reader: Some(reader), is_begun: false, _permit: permit })
    }

    /// Whether a statement is known to take long.
    pub(super) fn is_long(&self, sql: &str) -> bool {
        let state = self.lock();
        !state.long.is_empty() && state.long.contains(&hash(sql))
    }

    /// Notes that a statement takes long.
    pub(super) fn note_long(&self, sql: &str) {
        let mut state = self.lock();
        if state.long.len() >= LONG_MAX {
            state.long.clear();
        }
        state.long.insert(hash(sql));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(sql: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    sql.hash(&mut hasher);
    hasher.finish()
}

/// A reader that is taken, until this is dropped.
pub(super) struct Taken {
    pool: Arc<Pool>,
    reader: Option<Reader>,
    /// Whether a transaction was begun, which ends when this is dropped.
    is_begun: bool,
    /// Given back after the reader.
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    /// Where it was taken.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Runs a statement, which waits for a lock for so long, and is stopped where this says so, asked
    /// again and again after so many steps. On request it and what follows it are one transaction.
    pub(super) fn read(
        &mut self,
        read: &ReadStatement,
        in_transaction: bool,
        patience: Duration,
        steps: c_int,
        is_over: impl FnMut() -> bool + Send + 'static,
    ) -> Result<Cells, Error> {
        let reader = self.reader.as_ref();
        let reader = reader.ok_or_else(|| Error::internal("a reader was given back"))?;
        reader.connection.busy_timeout(patience)?;
        // What is run again and again is of one moment too, and the file is locked once.
        if !self.is_begun && (in_transaction || read.keys.is_some()) {
            reader.execute("BEGIN")?;
            self.is_begun = true;
        }
        reader.connection.progress_handler(steps, Some(is_over))?;
        reader.query(read)
    }

    /// Whether what was begun goes on.
    pub(super) fn goes_on(&self) -> bool {
        let ended = |reader: &Reader| self.is_begun && reader.connection.is_autocommit();
        self.reader.as_ref().is_some_and(|reader| !ended(reader))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        // It has written nothing that could be lost.
        if self.is_begun && reader.execute("COMMIT").is_err() && !reader.connection.is_autocommit()
        {
            tracing::error!("a transaction that reads cannot be ended");
        }
        self.pool.lock().free.push(reader);
    }
}

/// A connection that only reads.
pub(super) struct Reader {
    /// Boxed, for a reader goes from hand to hand.
    connection: Box<Connection>,
    /// How many bytes of statements it keeps prepared, at the most, and may.
    prepared: Cell<usize>,
    prepared_max: usize,
    /// How many all readers keep.
    all_prepared: Arc<AtomicUsize>,
}

impl Reader {
    /// One that may keep so many bytes of statements prepared.
    pub(super) fn new(
        connection: Connection,
        prepared_max: usize,
        all_prepared: &Arc<AtomicUsize>,
    ) -> Self {
        let (connection, all_prepared) = (Box::new(connection), Arc::clone(all_prepared));
        Self { connection, prepared: Cell::new(0), prepared_max, all_prepared }
    }

    /// Begins or ends a transaction. Nobody stops that: it would be neither begun nor ended.
    fn execute(&self, sql: &str) -> Result<(), Error> {
        self.connection.progress_handler(0, None::<fn() -> bool>)?;
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn query(&self, read: &ReadStatement) -> Result<Cells, Error> {
        let sql = &read.statement.sql;
        let mut prepared = self.connection.prepare_cached(sql).map_err(too_large)?;
        let is_new = prepared.get_status(StatementStatus::Run) == 0;
        let has_room = !is_new || self.make_room(&prepared, sql.len());
        let rows = rows(&mut prepared, read);
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

fn rows(prepared: &mut CachedStatement<'_>, read: &ReadStatement) -> Result<Cells, Error> {
    let values = read.statement.values.iter().flat_map(|values| &values.0);
    let mut values = values.map(bind).collect::<Result<Vec<_>, _>>()?;
    let width = prepared.column_count();
    let Some(keys) = &read.keys else {
        let mut cells = Cells::new(width);
        add_rows(prepared, &values, 0..width, &mut cells)?;
        return Ok(cells);
    };
    // The key itself, which is the first of the columns and of the values, is known.
    let mut cells = Cells::new(width.saturating_sub(1));
    values.insert(0, Bound::Null);
    for key in keys {
        values[0] = Bound::Integer(*key);
        add_rows(prepared, &values, 1..width, &mut cells)?;
        cells.end_key();
    }
    Ok(cells)
}

/// Adds these columns of the rows that a statement returns with these values.
fn add_rows(
    prepared: &mut CachedStatement<'_>,
    values: &[Bound],
    columns: Range<usize>,
    to: &mut Cells,
) -> Result<(), Error> {
    let mut rows = prepared.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        for column in columns.clone() {
            to.push(match row.get_ref(column)? {
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
    Ok(())
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
fn bind(value: &Value) -> Result<Bound, Error> {
    Ok(match value {
        Value::Bool(Some(truth)) => Bound::Integer((*truth).into()),
        Value::Int(Some(number)) => Bound::Integer((*number).into()),
        Value::BigInt(Some(number)) => Bound::Integer(*number),
        Value::BigUnsigned(Some(number)) => {
            Bound::Integer(i64::try_from(*number).map_err(Error::internal)?)
        }
        Value::String(Some(text)) => Bound::Text(text.clone()),
        Value::Decimal(Some(number)) => {
            Bound::Real(entity::Decimal::from(*number).as_double().map_err(Error::input)?)
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
