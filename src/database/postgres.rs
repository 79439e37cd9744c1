//! PostgreSQL: connections that read, and what it returns as cells.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{Cell, Decimal};
use sea_orm::{
    DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement,
    prelude::Decimal as Numeric,
    sqlx::{
        Column, Decode, PgPool, Postgres, Row, TypeInfo, ValueRef,
        postgres::{PgTypeInfo, PgValueFormat, PgValueRef},
    },
};

use tokio::sync::OwnedSemaphorePermit;

use super::{cells::Cells, connection::Connection, read_transaction::ReadStatement};
use crate::error::Error;

/// How long a connection is taken for one that answers after it last did.
const FRESH: Duration = Duration::from_secs(1);

/// What begins a transaction of which all is of the moment of its first statement.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Connections that read. Those of nobody are kept here and not in the pool they come from, which
/// asks each whether it answers when it is taken and when it is given back: two questions more for
/// each request.
#[derive(Clone)]
pub(super) struct Readers {
    pool: DatabaseConnection,
    /// Since when nobody has had each, the one that was given back last at the end.
    idle: Arc<Mutex<Vec<(Instant, Connection)>>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    /// Those of a pool, which has as many as are ever taken.
    pub(super) fn new(pool: DatabaseConnection) -> Self {
        Self { pool, idle: Arc::default() }
    }

    /// The pool they come from.
    pub(super) fn pool(&self) -> &PgPool {
        self.pool.get_postgres_connection_pool()
    }

    /// Takes a connection, which who has the permit leaves for this.
    pub(super) async fn take(&self, permit: OwnedSemaphorePermit) -> Result<Taken, Error> {
        let connection = self.connection().await?;
        let readers = self.clone();
        Ok(Taken { readers, connection: Some(connection), is_begun: false, permit: Some(permit) })
    }

    async fn connection(&self) -> Result<Connection, Error> {
        loop {
            let idle = self.lock().pop();
            let Some((since, mut connection)) = idle else {
                return Ok(Connection::take(&self.pool).await?);
            };
            if since.elapsed() < FRESH || connection.answers().await {
                return Ok(connection);
            }
        }
    }

    /// Closes the connections once running statements are done.
    pub(super) async fn close(&self) {
        let closed = self.pool().close();
        self.lock().clear();
        closed.await;
    }

    fn give_back(&self, connection: Connection) {
        if !self.pool().is_closed() {
            self.lock().push((Instant::now(), connection));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is taken, until this is dropped.
pub(super) struct Taken {
    readers: Readers,
    connection: Option<Connection>,
    /// Whether a transaction was begun, which ends when this is dropped.
    is_begun: bool,
    /// Given back after the connection.
    permit: Option<OwnedSemaphorePermit>,
}

impl Taken {
    /// Runs a statement, on request in a transaction that goes on. Returns its rows, and itself where
    /// it can go on. When the request is dropped, the connection is closed, and the statement ends.
    pub(super) async fn read(
        mut self: Box<Self>,
        read: ReadStatement,
        in_transaction: bool,
    ) -> (Result<Cells, Error>, Option<Box<Self>>) {
        let rows = match read.keys {
            Some(_) => Err(Error::internal("on PostgreSQL a statement runs once")),
            None if self.is_begun => self.query(read.statement).await,
            None => match self.begin(read.statement.clone(), in_transaction).await {
                // What reads can be asked again: the connection may be all that was lost, and then
                // others are too.
                Err(Error::Unavailable(_)) => self.begin_anew(read.statement, in_transaction).await,
                rows => rows,
            },
        };
        // PostgreSQL runs nothing more in a transaction in which a statement failed.
        let is_sound = self.connection.as_ref().is_some_and(Connection::is_reusable);
        let goes_on = is_sound && (rows.is_ok() || !self.is_begun);
        (rows, goes_on.then_some(self))
    }

    async fn begin(&mut self, statement: Statement, in_transaction: bool) -> Result<Cells, Error> {
        if in_transaction {
            self.connected()?.execute_unprepared(BEGIN).await.map_err(stopped)?;
            self.is_begun = true;
        }
        self.query(statement).await
    }

    async fn begin_anew(
        &mut self,
        statement: Statement,
        in_transaction: bool,
    ) -> Result<Cells, Error> {
        self.connection = None;
        self.is_begun = false;
        self.readers.lock().clear();
        self.connection = Some(self.readers.connection().await?);
        self.begin(statement, in_transaction).await
    }

    async fn query(&mut self, statement: Statement) -> Result<Cells, Error> {
        let connection = self.connected()?;
        let rows = connection.query_all(statement).await.map_err(stopped);
        // Dropped before that with its request, it is closed; and so is one that is lost.
        if !matches!(rows, Err(Error::Unavailable(_))) {
            connection.release();
        }
        cells(&rows?)
    }

    fn connected(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or_else(|| Error::internal("a connection was given back"))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take().filter(Connection::is_reusable) else {
            return;
        };
        if !self.is_begun {
            return self.readers.give_back(connection);
        }
        let (readers, permit) = (self.readers.clone(), self.permit.take());
        tokio::spawn(async move {
            if connection.execute_unprepared("ROLLBACK").await.is_ok() {
                connection.release();
                readers.give_back(connection);
            }
            drop(permit);
        });
    }
}

/// What PostgreSQL says of a statement that ran too long.
fn stopped(error: DbErr) -> Error {
    /// `query_canceled`
    const CANCELED: &str = "57014";
    let state = match &error {
        DbErr::Query(RuntimeErr::SqlxError(why)) => {
            why.as_database_error().and_then(|why| why.code())
        }
        _ => None,
    };
    if state.as_deref() == Some(CANCELED) { Error::Timeout } else { error.into() }
}

/// How a column is read.
#[derive(Clone, Copy)]
enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float,
    Numeric,
    Date,
    Moment,
    Text,
    /// JSON as the database keeps it: its text follows a byte that tells the version.
    Jsonb,
}

impl Form {
    fn of(column: &PgTypeInfo) -> Result<Self, Error> {
        Ok(match column.name() {
            "BOOL" => Self::Bool,
            "INT2" => Self::Int2,
            "INT4" => Self::Int4,
            "INT8" => Self::Int8,
            "FLOAT8" => Self::Float,
            "NUMERIC" => Self::Numeric,
            "DATE" => Self::Date,
            "TIMESTAMPTZ" => Self::Moment,
            "TEXT" | "VARCHAR" | "NAME" | "JSON" | "UNKNOWN" => Self::Text,
            "JSONB" => Self::Jsonb,
            other => return Err(Error::internal(format!("PostgreSQL returned {other}"))),
        })
    }
}

/// The rows of a statement.
fn cells(rows: &[QueryResult]) -> Result<Cells, Error> {
    let rows = rows.iter().filter_map(QueryResult::try_as_pg_row);
    let Some(first) = rows.clone().next() else { return Ok(Cells::default()) };
    let forms = first.columns().iter().map(|column| Form::of(column.type_info()));
    let forms: Vec<_> = forms.collect::<Result<_, _>>()?;
    let mut cells = Cells::new(forms.len());
    for row in rows {
        for (column, form) in forms.iter().enumerate() {
            let value = row.try_get_raw(column).map_err(Error::internal)?;
            push(&mut cells, value, *form)?;
        }
    }
    Ok(cells)
}

fn push(cells: &mut Cells, value: PgValueRef<'_>, form: Form) -> Result<(), Error> {
    if value.is_null() {
        return cells.push(Cell::Null);
    }
    match form {
        Form::Bool => cells.push(Cell::Integer(decode::<bool>(value)?.into())),
        Form::Int2 => cells.push(Cell::Integer(decode::<i16>(value)?.into())),
        Form::Int4 => cells.push(Cell::Integer(decode::<i32>(value)?.into())),
        Form::Int8 => cells.push(Cell::Integer(decode::<i64>(value)?)),
        Form::Float => cells.push(Cell::Real(decode::<f64>(value)?)),
        Form::Numeric => {
            let number = Decimal::from(decode::<Numeric>(value)?);
            cells.push(Cell::Text(&number.to_string()))
        }
        Form::Date => cells.push(Cell::Text(&decode::<NaiveDate>(value)?.to_string())),
        Form::Moment => {
            let moment = entity::DateTime::from(decode::<DateTime<Utc>>(value)?);
            cells.push(Cell::Text(&moment.to_sql()))
        }
        Form::Text => cells.push(Cell::Text(decode::<&str>(value)?)),
        Form::Jsonb => {
            let skipped = usize::from(value.format() == PgValueFormat::Binary);
            let bytes = value.as_bytes().map_err(Error::internal)?;
            let text = std::str::from_utf8(bytes.get(skipped..).unwrap_or_default());
            cells.push(Cell::Text(text.map_err(Error::internal)?))
        }
    }
}

fn decode<'r, T: Decode<'r, Postgres>>(value: PgValueRef<'r>) -> Result<T, Error> {
    T::decode(value).map_err(Error::internal)
}
