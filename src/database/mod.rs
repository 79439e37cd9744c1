//! The database: one writer, several readers, and the one door every read goes through.
//!
//! SeaORM and sea-query build each statement. On PostgreSQL sqlx runs it, below SeaORM. On SQLite
//! reads run on rusqlite, a short one where it is asked and a longer one on a thread of its own:
//! over sqlx every row hops through a channel, which doubled the processor time of a nested query.
//! What either returns is copied as it is into one piece of memory ([`Cells`]).

mod case;
mod cells;
mod collation;
mod connection;
mod decimal;
mod digits;
mod failure;
mod foreign;
mod migrate;
mod open;
mod postgres;
mod readers;
mod revision;
mod settled;
mod shadow;
mod sqlite;
mod statement;
mod threads;
mod transaction;
mod writability;

use std::{
    collections::HashSet,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr, Statement,
    sea_query::{Expr, Query, SelectStatement},
    sqlx::PgPool,
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tracing::Instrument;

pub use migrate::back_up;
pub use open::Options;
pub use revision::{Extent, Revision};
pub use settled::Settled;

pub(crate) use case::{fold_case, folded_case};
pub use cells::Cells;
pub(crate) use collation::ROOT as ROOT_COLLATION;
use connection::Connection;
use readers::ReadStatement;
pub use shadow::Shadow;
use statement::{BusyReader, Running};
pub use statement::{Meter, Ran, Statements};
pub use transaction::Transaction;
use writability::Writability;

use crate::error::Error;

/// How many statements the writer keeps prepared: those with many rows take megabytes each.
const WRITER_PREPARED: usize = 16;

/// What stands in a statement for the key that it is run for: the first of its values.
pub(crate) const KEY: &str = "?1";

/// How many values a statement may be given: as many as PostgreSQL's protocol has room for. SQLite is
/// built to take as many (`.cargo/config.toml`).
const VALUES_MAX: usize = 65_535;

/// How long a write waits for another one to end.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// How long a statement that reads waits for others to end, of which none is its own request's.
const READ_PATIENCE: Duration = Duration::from_secs(2);

/// How long the connections may take to be closed, as when they were lost without a word.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// How long the database may take to answer whether it does.
const PING_PATIENCE: Duration = Duration::from_secs(1);

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    writer: DatabaseConnection,
    /// The turn of the one who writes.
    turn: Arc<Semaphore>,
    writability: Writability,
    reader: Reader,
    /// As many as there are readers that have nothing to do.
    free: Arc<Semaphore>,
    revision: Arc<watch::Sender<Revision>>,
    /// How often that has changed.
    changes: Arc<AtomicU64>,
    /// How often the database went back.
    falls: Arc<AtomicU64>,
    /// The process of PostgreSQL by which this instance is told of each write; 0 while it is not.
    listener: Arc<AtomicI32>,
    tokens: Arc<AtomicU64>,
    /// Up to when the past is settled, in microseconds since 1970.
    settled: Arc<AtomicI64>,
    meter: Meter,
    noted: Option<Statements>,
    /// The names of the collations that PostgreSQL has.
    collations: Option<Arc<HashSet<String>>>,
    /// The file of an SQLite database.
    file: Option<Arc<PathBuf>>,
    migration_backup: bool,
    shadows: Arc<[Shadow]>,
}

#[derive(Debug, Clone)]
enum Reader {
    Sqlite(sqlite::Readers),
    Postgres(DatabaseConnection),
}

impl Reader {
    /// The database's name among OpenTelemetry's.
    fn system(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }
}

impl Database {
    /// The same database, whose statements are noted too.
    pub fn noting(&self, statements: &Statements) -> Self {
        Self { noted: Some(statements.clone()), ..self.clone() }
    }

    /// The same database, where statements that read find other rows in some tables.
    pub(crate) fn shadowed(&self, shadows: Vec<Shadow>) -> Self {
        Self { shadows: shadows.into(), ..self.clone() }
    }

    /// The numbers of all statements.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// How often tokens were granted or withdrawn through this.
    pub fn tokens_written(&self) -> u64 {
        self.tokens.load(SeqCst)
    }

    /// Notes that a token was granted or withdrawn.
    pub(crate) fn note_tokens(&self) {
        self.tokens.fetch_add(1, SeqCst);
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Begins to write; only `record` does. Waits while another write is under way, and fails with
    /// [`Error::Busy`] where that takes too long.
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        let turn = timeout(WRITE_PATIENCE, turn).await.map_err(|_| Error::Busy)?;
        self.transaction(turn.map_err(Error::internal)?).await
    }

    /// The same where no other write is under way through this.
    async fn try_begin(&self) -> Result<Option<Transaction>, Error> {
        match Arc::clone(&self.turn).try_acquire_owned() {
            Ok(turn) => self.transaction(turn).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn transaction(&self, turn: OwnedSemaphorePermit) -> Result<Transaction, Error> {
        Transaction::begin(&self.writer, self.writability.clone(), turn).await
    }

    /// The connections to PostgreSQL, for those who listen to it; none on SQLite.
    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.reader {
            Reader::Sqlite(_) => None,
            Reader::Postgres(pool) => Some(pool.get_postgres_connection_pool()),
        }
    }

    /// The one door for reads: runs a statement and returns its rows in order.
    pub async fn read(&self, statement: &SelectStatement) -> Result<Cells, Error> {
        self.read_rows(statement, None).await
    }

    /// The same of a statement in which [`KEY`] is a number, run for each of these: the rows of the
    /// first, then those of the next. Only SQLite does so, where a statement that is prepared costs
    /// next to nothing to run again.
    pub async fn read_by_keys(
        &self,
        statement: &SelectStatement,
        keys: Vec<i64>,
    ) -> Result<Cells, Error> {
        self.read_rows(statement, Some(keys)).await
    }

    async fn read_rows(
        &self,
        statement: &SelectStatement,
        keys: Option<Vec<i64>>,
    ) -> Result<Cells, Error> {
        let mut statement = self.backend().build(statement);
        let values = statement.values.as_ref().map_or(0, |values| values.0.len());
        if values > VALUES_MAX {
            return Err(Error::input(format!(
                "the conditions come to {values} values, but may come to {VALUES_MAX} at the most; \
                 give shorter lists"
            )));
        }
        statement.sql = shadow::cast(&self.shadows, statement.sql, self.backend());
        let system = self.reader.system();
        let running = Running::begin(system, &statement.sql, &self.meter, self.noted.as_ref());
        let rows = self.run(statement, keys).instrument(running.span.clone()).await;
        running.end(&rows);
        rows
    }

    /// The same, each row decoded by position.
    pub async fn fetch<T: DeserializeOwned>(
        &self,
        statement: &SelectStatement,
    ) -> Result<Vec<T>, Error> {
        let cells = self.read(statement).await?;
        (0..cells.rows()).map(|row| cells.decode(row, 0)).collect()
    }

    async fn run(&self, statement: Statement, keys: Option<Vec<i64>>) -> Result<Cells, Error> {
        let _reader = self.free_reader().await?;
        match &self.reader {
            Reader::Sqlite(readers) => readers.read(ReadStatement { statement, keys }).await,
            Reader::Postgres(_) if keys.is_some() => {
                Err(Error::internal("on PostgreSQL a statement runs once"))
            }
            // Boxed, so that a statement on SQLite carries no room for it.
            Reader::Postgres(pool) => {
                Box::pin(async {
                    let rows = match query(Connection::take(pool).await?, statement.clone()).await {
                        // What reads can be asked again: the connection may be all that was lost.
                        Err(Error::Unavailable(_)) => {
                            query(Connection::take(pool).await?, statement).await
                        }
                        asked => asked,
                    };
                    postgres::cells(&rows?)
                })
                .await
            }
        }
    }

    /// Waits for a reader. Fails with [`Error::Overloaded`] where that takes too long, unless others
    /// are busy for the same request: that one only waits for itself.
    async fn free_reader(&self) -> Result<BusyReader<'_>, Error> {
        let mut free = pin!(self.free.acquire());
        let statements = self.noted.as_ref();
        loop {
            match timeout(READ_PATIENCE, &mut free).await {
                Ok(reader) => {
                    return reader
                        .map(|reader| BusyReader::new(reader, statements))
                        .map_err(Error::internal);
                }
                Err(_) if statements.is_some_and(Statements::have_reader) => {}
                Err(_) => return Err(Error::Overloaded),
            }
        }
    }

    /// How many bytes of statements the readers keep prepared in this process, and may.
    pub fn prepared_bytes(&self) -> (u64, u64) {
        let (held, most) = match &self.reader {
            Reader::Sqlite(readers) => (readers.prepared_bytes(), sqlite::PREPARED_BYTES),
            Reader::Postgres(_) => (0, 0),
        };
        (held as u64, most as u64)
    }

    /// Whether the database answers, soon.
    pub async fn ping(&self) -> Result<(), Error> {
        let one = || Expr::val(1_i64);
        let statement = Query::select().expr(one()).expr_as(one(), "count").take();
        let answered = timeout(PING_PATIENCE, self.fetch::<(i64, Count)>(&statement));
        let silent = "it took longer than a second to answer";
        answered.await.unwrap_or_else(|_| Err(Error::Unavailable(silent.into()))).map(drop)
    }

    /// Closes the connections once running statements are done; those of PostgreSQL are not waited
    /// for without end.
    pub async fn close(self) -> Result<(), Error> {
        let Reader::Postgres(reader) = self.reader else {
            return self.writer.close().await.map_err(Error::from);
        };
        let close = async {
            reader.close().await?;
            self.writer.close().await
        };
        match timeout(CLOSE_PATIENCE, close).await {
            Ok(closed) => closed.map_err(Error::from),
            Err(_) => {
                tracing::warn!(
                    "a connection to the database does not answer, and is left as it is"
                );
                Ok(())
            }
        }
    }
}

/// Runs a statement that reads.
async fn query(
    mut connection: Connection,
    statement: Statement,
) -> Result<Vec<QueryResult>, Error> {
    let rows = connection.query_all(statement).await;
    // Dropped before that with its request, it is closed, and the statement ends.
    connection.release();
    rows.map_err(stopped)
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

/// A number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sea_orm::FromQueryResult, serde::Deserialize)]
pub struct Count {
    /// How many.
    pub count: i64,
}
