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
mod read_transaction;
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
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, DbBackend,
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
use read_transaction::{ReadStatement, ReadTransaction};
pub use shadow::Shadow;
use statement::Running;
pub use statement::{ExecutedStatement, Meter, Statements};
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

/// How long the connections may take to be closed, as when they were lost without a word.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// How long the database may take to answer whether it does.
const PING_PATIENCE: Duration = Duration::from_secs(1);

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    shared: Arc<Shared>,
    noted: Option<Statements>,
    /// In which it reads; none where each statement does by itself.
    read_transaction: Option<Arc<ReadTransaction>>,
    shadows: Arc<[Shadow]>,
}

/// What all clones of a database have in common.
#[derive(Debug)]
pub struct Shared {
    writer: DatabaseConnection,
    /// The turn of the one who writes.
    turn: Arc<Semaphore>,
    writability: Writability,
    readers: Readers,
    /// As many as there are readers that have nothing to do.
    free: Arc<Semaphore>,
    revision: watch::Sender<Revision>,
    /// How often that has changed.
    changes: AtomicU64,
    /// How often the database went back.
    falls: AtomicU64,
    /// The process of PostgreSQL by which this instance is told of each write; 0 while it is not.
    listener: AtomicI32,
    tokens: AtomicU64,
    /// Up to when the past is settled, in microseconds since 1970.
    settled: AtomicI64,
    meter: Meter,
    /// The names of the collations that PostgreSQL has.
    collations: Option<HashSet<String>>,
    /// The file of an SQLite database.
    file: Option<PathBuf>,
    migration_backup: bool,
}

impl Deref for Database {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

#[derive(Debug)]
enum Readers {
    Sqlite(sqlite::Readers),
    Postgres(postgres::Readers),
}

impl Readers {
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
        match &self.readers {
            Readers::Sqlite(_) => None,
            Readers::Postgres(readers) => Some(readers.pool()),
        }
    }

    /// The one door for reads: runs a statement and returns its rows in order.
    pub async fn read(&self, statement: &SelectStatement) -> Result<Cells, Error> {
        self.read_rows(statement, None).await
    }

    /// The same of a statement whose first column is [`KEY`], run for each of these numbers: the rows
    /// of the first, then those of the next ([`Cells::ends`]), without that column. Only SQLite does
    /// so, where a statement that is prepared costs next to nothing to run again.
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
        let system = self.readers.system();
        let running = Running::begin(system, &statement.sql, &self.meter, self.noted.as_ref());
        let rows = self.run(ReadStatement { statement, keys });
        let rows = rows.instrument(running.span.clone()).await;
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

    /// How many bytes of statements the readers keep prepared in this process, and may.
    pub fn prepared_bytes(&self) -> (u64, u64) {
        let (held, most) = match &self.readers {
            Readers::Sqlite(readers) => (readers.prepared_bytes(), sqlite::PREPARED_BYTES),
            Readers::Postgres(_) => (0, 0),
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
        let Readers::Postgres(readers) = &self.readers else {
            return self.writer.close_by_ref().await.map_err(Error::from);
        };
        let close = async {
            readers.close().await;
            self.writer.close_by_ref().await
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

/// A number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sea_orm::FromQueryResult, serde::Deserialize)]
pub struct Count {
    /// How many.
    pub count: i64,
}
