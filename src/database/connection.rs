//! A connection taken out of a pool for one purpose. It goes back only in a state that is known:
//! while a statement is under way on it, or a transaction is open, dropping it closes it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use sea_orm::{
    ConnAcquireErr, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
    sea_query::Values,
    sqlx::{
        self, AssertSqlSafe, Connection as _, Executor, Postgres, Sqlite, pool::PoolConnection,
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::time::timeout;
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

/// How long a connection may take to be had from a pool that has one to give, in milliseconds: one
/// that takes longer was lost without a word, and the next is tried. After the last, the database is
/// one that does not answer.
const PATIENCE: [u64; 2] = [500, 1500];

/// How many steps a statement of SQLite takes before it looks whether it is still wanted.
const STEPS: i32 = 10_000;

/// How long a statement that PostgreSQL keeps prepared may be, in bytes: each connection keeps up to a
/// hundred, whose plans take many times their length there.
const LONGEST_KEPT: usize = 8 * 1024;

/// A connection, until it is dropped.
pub(super) struct Connection {
    pub(super) link: Link,
    /// Whether it may go back to the pool.
    reusable: bool,
    /// Whether a statement of SQLite is to go on.
    wanted: Arc<AtomicBool>,
}

/// The same by one of the drivers.
pub(super) enum Link {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// The same for both: the drivers share no type for a connection.
macro_rules! on {
    ($link:expr, $connection:ident => $run:expr) => {
        match $link {
            Link::Sqlite($connection) => $run,
            Link::Postgres($connection) => $run,
        }
    };
}

impl Connection {
    /// Takes a connection out of a pool that has one to give, or makes one.
    pub(super) async fn take(pool: &DatabaseConnection) -> Result<Self, DbErr> {
        let wanted = Arc::new(AtomicBool::new(true));
        let take = async || {
            Ok(match pool.get_database_backend() {
                DbBackend::Postgres => {
                    Link::Postgres(pool.get_postgres_connection_pool().acquire().await?)
                }
                _ => {
                    let mut connection = pool.get_sqlite_connection_pool().acquire().await?;
                    let goes_on = Arc::clone(&wanted);
                    let mut handle = connection.lock_handle().await?;
                    handle.set_progress_handler(STEPS, move || goes_on.load(Relaxed));
                    drop(handle);
                    Link::Sqlite(connection)
                }
            })
        };
        for patience in PATIENCE {
            if let Ok(link) = timeout(Duration::from_millis(patience), take()).await {
                return link.map(|link| Self { link, reusable: true, wanted }).map_err(conn);
            }
        }
        Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }

    /// Says that it may go back to the pool.
    pub(super) fn release(&mut self) {
        self.reusable = true;
    }

    /// Whether it may go back to the pool.
    pub(super) fn is_reusable(&self) -> bool {
        self.reusable
    }

    /// Whether it answers, soon. One that does not is closed when this is dropped.
    pub(super) async fn answers(&mut self) -> bool {
        self.reusable = false;
        let ping = async { on!(&mut self.link, connection => connection.ping().await) };
        let answered = timeout(Duration::from_millis(PATIENCE[0]), ping).await;
        self.reusable = matches!(answered, Ok(Ok(())));
        self.reusable
    }

    /// Runs a statement that returns no rows.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.reusable = false;
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let query = AssertSqlSafe(statement.sql);
        on!(&mut self.link, connection => {
            sqlx::query_with(query, values).execute(&mut **connection).await.map(ExecResult::from)
        })
        .map_err(exec)
    }

    /// Runs statements as they are, without parameters.
    pub(super) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        self.reusable = false;
        let sql = AssertSqlSafe(sql.to_owned());
        on!(&mut self.link, connection => {
            (&mut **connection).execute(sql).await.map(ExecResult::from)
        })
        .map_err(exec)
    }

    /// Runs a statement, and returns its rows.
    pub(super) async fn query_all(
        &mut self,
        statement: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        self.reusable = false;
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let kept = matches!(self.link, Link::Sqlite(_)) || statement.sql.len() <= LONGEST_KEPT;
        let sql = AssertSqlSafe(statement.sql);
        on!(&mut self.link, connection => {
            let rows = sqlx::query_with(sql, values).persistent(kept).fetch_all(&mut **connection);
            // Or else sqlx enters the span of the request for each row.
            let rows = rows.with_subscriber(NoSubscriber::new()).await;
            rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
        })
        .map_err(query)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.reusable {
            // A statement that runs ends here on SQLite; PostgreSQL sees that its client is gone.
            self.wanted.store(false, Relaxed);
            on!(&mut self.link, connection => connection.close_on_drop());
        }
    }
}

fn conn(why: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(why.into()))
}

fn exec(why: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(why.into()))
}

fn query(why: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(why.into()))
}
