//! Connections to an SQLite file that read, and how a statement runs on one.

use std::{
    cell::Cell,
    collections::HashSet,
    ffi::c_int,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::SecondsFormat;
use rusqlite::{
    CachedStatement, Connection, StatementStatus, params_from_iter,
    types::{Value as Bound, ValueRef},
};
use sea_orm::{Statement, Value};

use super::cells::Cells;
use crate::error::Error;

/// How many statements are known that take long.
const LONG_MAX: usize = 1024;

/// A statement that reads.
#[derive(Debug, Clone)]
pub(super) struct ReadStatement {
    /// The statement.
    pub(super) statement: Statement,
    /// The keys for each of which it is run, in the place of [`super::KEY`]; none where it is run
    /// once.
    pub(super) keys: Option<Vec<i64>>,
}

/// Connections that read, of which those are free that nobody took.
pub(super) struct Pool {
    state: Mutex<State>,
    /// That one was given back.
    returned: Condvar,
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
        Self { state: Mutex::new(state), returned: Condvar::new(), prepared }
    }

    /// How many bytes of statements are kept prepared.
    pub(super) fn prepared_bytes(&self) -> usize {
        self.prepared.load(Relaxed)
    }

    /// Takes a free one for a statement that is not known to take long.
    pub(super) fn try_take(&self, sql: &str) -> Option<Taken<'_>> {
        let mut state = self.lock();
        if !state.long.is_empty() && state.long.contains(&hash(sql)) {
            return None;
        }
        let reader = state.free.pop()?;
        Some(Taken { pool: self, reader: Some(reader) })
    }

    /// Takes a free one, waiting for it.
    pub(super) fn take(&self) -> Taken<'_> {
        let mut state = self.lock();
        loop {
            if let Some(reader) = state.free.pop() {
                return Taken { pool: self, reader: Some(reader) };
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
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
pub(super) struct Taken<'p> {
    pool: &'p Pool,
    reader: Option<Reader>,
}

impl Taken<'_> {
    /// Runs a statement, which waits for a lock for so long, and is stopped where this says so, asked
    /// again and again after so many steps.
    pub(super) fn read(
        &self,
        read: &ReadStatement,
        patience: Duration,
        steps: c_int,
        is_over: impl FnMut() -> bool + Send + 'static,
    ) -> Result<Cells, Error> {
        let reader = self.reader.as_ref();
        let reader = reader.ok_or_else(|| Error::internal("a reader was given back"))?;
        reader.connection.busy_timeout(patience)?;
        reader.connection.progress_handler(steps, Some(is_over))?;
        reader.query(read)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.pool.lock().free.extend(self.reader.take());
        self.pool.returned.notify_one();
    }
}

/// A connection that only reads.
pub(super) struct Reader {
    connection: Connection,
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
        let all_prepared = Arc::clone(all_prepared);
        Self { connection, prepared: Cell::new(0), prepared_max, all_prepared }
    }

    fn query(&self, read: &ReadStatement) -> Result<Cells, Error> {
        let sql = &read.statement.sql;
        let mut prepared = self.connection.prepare_cached(sql).map_err(too_large)?;
        let is_new = prepared.get_status(StatementStatus::Run) == 0;
        let has_room = !is_new || self.make_room(&prepared, sql.len());
        // What is run again and again is of one moment, and the file is locked once.
        let moment = read.keys.as_ref().map(|_| self.connection.unchecked_transaction());
        let moment = moment.transpose()?;
        let rows = rows(&mut prepared, read);
        drop(moment);
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
    let mut cells = Cells::new(prepared.column_count());
    let Some(keys) = &read.keys else {
        add_rows(prepared, &values, &mut cells)?;
        return Ok(cells);
    };
    // In the place of KEY, which is the first.
    values.insert(0, Bound::Null);
    for key in keys {
        values[0] = Bound::Integer(*key);
        add_rows(prepared, &values, &mut cells)?;
    }
    Ok(cells)
}

/// Adds the rows that a statement returns with these values.
fn add_rows(
    prepared: &mut CachedStatement<'_>,
    values: &[Bound],
    to: &mut Cells,
) -> Result<(), Error> {
    let width = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        for column in 0..width {
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
