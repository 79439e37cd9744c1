//! The database: one writer, several readers, and the one door every read goes through.
//!
//! SeaORM and sea-query build each statement. On PostgreSQL SeaORM also runs it. On SQLite reads
//! run on rusqlite, on threads of their own, and rows are decoded by position: over sqlx every
//! row hops through a channel, which doubled the processor time of a nested query.

mod case;
mod decimal;
mod decode;
mod digits;
mod failure;
mod migrate;
mod revision;
mod shadow;
mod sqlite;
mod statement;
mod threads;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use entity::DateTime;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    FromQueryResult, QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, TryGetable,
    sea_query::{Expr, Query, SelectStatement},
    sqlx::PgPool,
};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tracing::Instrument;

pub use migrate::back_up;
pub use revision::Revision;

pub(crate) use case::{fold_case, folded_case};
pub use shadow::Shadow;
use statement::Running;
pub use statement::{Meter, Ran, Statements};

use crate::error::Error;

/// Where the data are kept.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Database")]
#[group(skip)]
pub struct Options {
    /// Where the data are kept: `sqlite://FILE` (made when missing) or
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`
    #[arg(long, env = "HUTONG_DATABASE_URL", value_name = "URL", global = true)]
    #[arg(default_value = "sqlite://hutong.db", hide_env_values = true)]
    pub database_url: String,
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

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many statements the writer keeps prepared: those with many rows take megabytes each.
const WRITER_PREPARED: usize = 16;

/// How long a write waits for another one to end.
pub(crate) const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    writer: DatabaseConnection,
    reader: Reader,
    revision: Arc<watch::Sender<Revision>>,
    tokens: Arc<AtomicU64>,
    /// Since when somebody writes through this.
    writing: Arc<Mutex<Option<DateTime>>>,
    meter: Meter,
    noted: Option<Statements>,
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
        let url = options.database_url.as_str();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let (writer, readers) = sqlite::open(path, options.database_readers)
                .await
                .map_err(|error| Error::input(format!("cannot open {path}: {error}")))?;
            let file = Some(Arc::new(PathBuf::from(path)));
            let migration_backup = options.migration_backup;
            Ok(Self { file, migration_backup, ..Self::over(writer, Reader::Sqlite(readers)) })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let connect = |connections: u32| {
                let mut connect = ConnectOptions::new(url);
                connect
                    .max_connections(connections)
                    .connect_timeout(CONNECT_TIMEOUT)
                    .acquire_timeout(WRITE_PATIENCE)
                    .sqlx_logging(false);
                connect
            };
            let mut read = connect(options.database_readers);
            read.statement_timeout(Duration::from_secs(options.statement_timeout.into()));
            let unreachable =
                |why| Error::input(format!("cannot reach the PostgreSQL database: {why}"));
            let mut write = connect(1);
            write.map_sqlx_postgres_opts(|options| {
                options.statement_cache_capacity(WRITER_PREPARED)
            });
            let writer = sea_orm::Database::connect(write).await.map_err(unreachable)?;
            let reader = sea_orm::Database::connect(read).await.map_err(unreachable)?;
            Ok(Self::over(writer, Reader::Postgres(reader)))
        } else {
            Err(Error::input(format!(
                "the database URL {url:?} is neither sqlite://FILE nor postgres://…"
            )))
        }
    }

    fn over(writer: DatabaseConnection, reader: Reader) -> Self {
        let (revision, tokens, meter) = (Arc::default(), Arc::default(), Meter::default());
        let writing = Arc::default();
        let (noted, file, migration_backup, shadows) = (None, None, false, Arc::default());
        Self {
            writer,
            reader,
            revision,
            tokens,
            writing,
            meter,
            noted,
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

    /// Begins to write; only `record` does. On SQLite nobody else can from now on: what is read before the first
    /// change stays true.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options =
            TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        self.writer.begin_with_options(options).await
    }

    /// The connections to PostgreSQL, for those who listen to it; none on SQLite.
    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.reader {
            Reader::Sqlite(_) => None,
            Reader::Postgres(connection) => Some(connection.get_postgres_connection_pool()),
        }
    }

    /// The one door for reads: runs a statement and returns its rows in order.
    pub async fn fetch<T: Row>(&self, statement: &SelectStatement) -> Result<Vec<T>, Error> {
        let mut statement = self.backend().build(statement);
        statement.sql = shadow::cast(&self.shadows, statement.sql, self.backend());
        let system = self.reader.system();
        let running = Running::begin(system, &statement.sql, &self.meter, self.noted.as_ref());
        let rows = self.run(statement).instrument(running.span.clone()).await;
        running.end(&rows);
        rows
    }

    async fn run<T: Row>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        match &self.reader {
            Reader::Sqlite(readers) => readers.fetch(statement).await,
            Reader::Postgres(connection) => {
                let rows = connection.query_all_raw(statement).await.map_err(stopped)?;
                rows.iter().map(|row| T::from_postgres(row).map_err(Error::from)).collect()
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

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let one = || Expr::val(1_i64);
        let statement = Query::select().expr(one()).expr_as(one(), "count").take();
        self.fetch::<(i64, Count)>(&statement).await.map(drop)
    }

    /// Closes the connections once running statements are done.
    pub async fn close(self) -> Result<(), Error> {
        if let Reader::Postgres(reader) = self.reader {
            reader.close().await?;
        }
        self.writer.close().await.map_err(Error::from)
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
