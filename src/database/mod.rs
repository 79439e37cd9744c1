//! The database: one writer, several readers, and the one door every read goes through.
//!
//! SeaORM and sea-query build each statement. On PostgreSQL SeaORM also runs it. On SQLite reads
//! run on rusqlite, on threads of their own, and rows are decoded by position: over sqlx every
//! row hops through a channel, which doubled the processor time of a nested query.

mod case;
mod collation;
mod connection;
mod decimal;
mod decode;
mod digits;
mod failure;
mod foreign;
mod migrate;
mod revision;
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
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use entity::DateTime;
use sea_orm::{
    ConnectOptions, DatabaseConnection, DbBackend, DbErr, FromQueryResult, QueryResult, RuntimeErr,
    Statement, TryGetable,
    sea_query::{Expr, Query, SelectStatement},
    sqlx::{Executor, PgPool},
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tracing::Instrument;

pub use migrate::back_up;
pub use revision::Revision;

pub(crate) use case::{fold_case, folded_case};
pub(crate) use collation::ROOT as ROOT_COLLATION;
use connection::Connection;
pub use shadow::Shadow;
use statement::{BusyReader, Running};
pub use statement::{Meter, Ran, Statements};
pub use transaction::Transaction;
use writability::Writability;

use crate::error::Error;

/// Where the data are kept.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Database")]
#[group(skip)]
pub struct Options {
    /// Where the data are kept: `sqlite://FILE` (made when missing) or
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME` [default: sqlite://hutong.db]
    #[arg(long, env = "HUTONG_DATABASE_URL", value_name = "URL", global = true)]
    #[arg(hide_env_values = true)]
    pub database_url: Option<String>,
    /// How many statements may read at the same time; on SQLite, of those that take milliseconds no
    /// more than there are processors
    #[arg(long, env = "HUTONG_DATABASE_READERS", value_name = "COUNT", global = true)]
    #[arg(default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_readers: u32,
    /// How many seconds a statement that reads may run on PostgreSQL; on SQLite it ends with its
    /// request
    #[arg(long, env = "HUTONG_STATEMENT_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub statement_timeout: u32,
    /// Whether an SQLite database is copied beside itself before its tables are brought up to date
    #[arg(long, env = "HUTONG_MIGRATION_BACKUP", value_name = "BOOL", global = true)]
    #[arg(default_value_t = true, action = clap::ArgAction::Set)]
    pub migration_backup: bool,
}

/// The database of those who name none.
const DEFAULT_URL: &str = "sqlite://hutong.db";

impl Options {
    /// The URL of the database: the one that was named, or else the default.
    pub fn url(&self) -> &str {
        self.database_url.as_deref().unwrap_or(DEFAULT_URL)
    }
}

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many statements the writer keeps prepared: those with many rows take megabytes each.
const WRITER_PREPARED: usize = 16;

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

/// Has PostgreSQL look every half a second whether whoever asked is still there, from version 14 on:
/// a statement ends soon after the connection on which it was asked is closed.
const CHECK_CLIENT: &str = "SELECT set_config(name, '500', false) FROM pg_settings
    WHERE name = 'client_connection_check_interval'";

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
    /// The process of PostgreSQL by which this instance is told of each write; 0 while it is not.
    listener: Arc<AtomicI32>,
    tokens: Arc<AtomicU64>,
    /// Since when somebody writes through this.
    writing: Arc<Mutex<Option<DateTime>>>,
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

/// A row as a statement returns it: decoded by position on SQLite, by name on PostgreSQL.
pub trait Row: DeserializeOwned + Send + 'static {
    /// Reads the row PostgreSQL returned.
    fn from_postgres(row: &QueryResult) -> Result<Self, DbErr>;
}

/// The first column says for whom the rest was read.
impl<K, M> Row for (K, M)
where
    K: TryGetable + DeserializeOwned + Send + 'static,
    M: FromQueryResult + DeserializeOwned + Send + 'static,
{
    fn from_postgres(row: &QueryResult) -> Result<Self, DbErr> {
        Ok((row.try_get_by_index(0)?, M::from_query_result(row, "")?))
    }
}

impl Database {
    /// Opens the database; an SQLite file is made when missing. Nothing is migrated yet.
    ///
    /// Fails with one line that says what could not be opened and why.
    pub async fn open(options: &Options) -> Result<Self, Error> {
        let url = options.url();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let (writer, readers) = sqlite::open(path, options.database_readers)
                .await
                .map_err(|error| Error::input(format!("cannot open {path}: {error}")))?;
            let file = Some(Arc::new(PathBuf::from(path)));
            let migration_backup = options.migration_backup;
            let count = options.database_readers;
            Ok(Self {
                file,
                migration_backup,
                ..Self::over(writer, Reader::Sqlite(readers), count)
            })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let connect = |connections: u32| {
                let mut connect = ConnectOptions::new(url);
                connect
                    .max_connections(connections)
                    .connect_timeout(CONNECT_TIMEOUT)
                    .acquire_timeout(WRITE_PATIENCE)
                    .sqlx_logging(false)
                    .map_sqlx_postgres_pool_opts(|pool| {
                        pool.after_connect(|connection, _| {
                            // Where the system cannot tell, statements end by their time.
                            let checked = async { connection.execute(CHECK_CLIENT).await };
                            Box::pin(async { checked.await.map(drop).or(Ok(())) })
                        })
                    });
                connect
            };
            let mut read = connect(options.database_readers);
            read.statement_timeout(Duration::from_secs(options.statement_timeout.into()));
            // Compiling a statement takes longer than running one of ours: PostgreSQL would compile
            // every condition on names, whose cost it takes for hundreds of times what it is.
            read.map_sqlx_postgres_opts(|options| options.options([("jit", "off")]));
            let unreachable =
                |why| Error::input(format!("cannot reach the PostgreSQL database: {why}"));
            let mut write = connect(1);
            write.map_sqlx_postgres_opts(|options| {
                options.statement_cache_capacity(WRITER_PREPARED)
            });
            let writer = sea_orm::Database::connect(write).await.map_err(unreachable)?;
            let reader = sea_orm::Database::connect(read).await.map_err(unreachable)?;
            let collations = collation::known(&reader).await.map_err(unreachable)?;
            Ok(Self {
                collations: Some(Arc::new(collations)),
                ..Self::over(writer, Reader::Postgres(reader), options.database_readers)
            })
        } else {
            Err(Error::input(format!(
                "the database URL {url:?} is neither sqlite://FILE nor postgres://…"
            )))
        }
    }

    fn over(writer: DatabaseConnection, reader: Reader, readers: u32) -> Self {
        let (revision, tokens, meter) = (Arc::default(), Arc::default(), Meter::default());
        let (writing, writability) = (Arc::default(), Writability::default());
        let turn = Arc::new(Semaphore::new(1));
        let free = Arc::new(Semaphore::new(readers as usize));
        let (noted, file, migration_backup, shadows) = (None, None, false, Arc::default());
        Self {
            writer,
            turn,
            writability,
            reader,
            free,
            revision,
            changes: Arc::default(),
            listener: Arc::default(),
            tokens,
            writing,
            meter,
            noted,
            collations: None,
            file,
            migration_backup,
            shadows,
        }
    }

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

    /// The time that a write under way through this records, if there is one: what it writes is
    /// not there yet, and will have been there since.
    pub fn writing_since(&self) -> Option<DateTime> {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a write is under way.
    pub(crate) fn note_writing(&self, since: DateTime) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(since);
    }

    /// Notes that it is not any more; by then the next one may be.
    pub(crate) fn note_written(&self, since: DateTime) {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        *writing = writing.filter(|other| *other != since);
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
    pub async fn fetch<T: Row>(&self, statement: &SelectStatement) -> Result<Vec<T>, Error> {
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
        let rows = self.run(statement).instrument(running.span.clone()).await;
        running.end(&rows);
        rows
    }

    async fn run<T: Row>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        let _reader = self.free_reader().await?;
        match &self.reader {
            Reader::Sqlite(readers) => readers.fetch(statement).await,
            Reader::Postgres(pool) => {
                let mut connection = Connection::take(pool).await?;
                let rows = connection.query_all(statement).await;
                // Dropped before that with its request, it is closed, and the statement ends.
                connection.release();
                let rows = rows.map_err(stopped)?;
                rows.iter().map(|row| T::from_postgres(row).map_err(Error::from)).collect()
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult, serde::Deserialize)]
pub struct Count {
    /// How many.
    pub count: i64,
}
