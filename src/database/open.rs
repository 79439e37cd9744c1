//! Opening a database: which one, and how.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicI64, AtomicU64},
    },
    time::Duration,
};

use sea_orm::{ConnectOptions, DatabaseConnection, sqlx::Executor};
use tokio::sync::{Semaphore, watch};

use super::{
    Database, Meter, Readers, Revision, Shared, WRITE_PATIENCE, WRITER_PREPARED, collation,
    postgres, sqlite, writability::Writability,
};
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
    /// How many requests may read at the same time; on SQLite, of their statements that take
    /// milliseconds no more run at once than there are processors
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

/// Has PostgreSQL look every half a second whether whoever asked is still there, from version 14 on:
/// a statement ends soon after the connection on which it was asked is closed.
const CHECK_CLIENT: &str = "SELECT set_config(name, '500', false) FROM pg_settings
    WHERE name = 'client_connection_check_interval'";

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
            let shared = Shared::over(writer, Readers::Sqlite(readers), options.database_readers);
            let file = Some(PathBuf::from(path));
            let migration_backup = options.migration_backup;
            Ok(Self::of(Shared { file, migration_backup, ..shared }))
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
            let reader = Readers::Postgres(postgres::Readers::new(reader));
            let shared = Shared::over(writer, reader, options.database_readers);
            Ok(Self::of(Shared { collations: Some(collations), ..shared }))
        } else {
            Err(Error::input(format!(
                "the database URL {url:?} is neither sqlite://FILE nor postgres://…"
            )))
        }
    }

    fn of(shared: Shared) -> Self {
        let (noted, read_transaction, shadows) = Default::default();
        Self { shared: Arc::new(shared), noted, read_transaction, shadows }
    }
}

impl Shared {
    fn over(writer: DatabaseConnection, readers: Readers, count: u32) -> Self {
        Self {
            writer,
            turn: Arc::new(Semaphore::new(1)),
            writability: Writability::default(),
            readers,
            free: Arc::new(Semaphore::new(count as usize)),
            revision: watch::Sender::new(Revision::default()),
            changes: AtomicU64::default(),
            falls: AtomicU64::default(),
            listener: AtomicI32::default(),
            tokens: AtomicU64::default(),
            settled: AtomicI64::default(),
            meter: Meter::default(),
            collations: None,
            file: None,
            migration_backup: false,
        }
    }
}
