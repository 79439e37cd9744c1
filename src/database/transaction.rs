//! One write, on a connection of its own: kept as a whole, or not at all.
//!
//! SQLite may roll back by itself, when its disk is full, a read or write fails, or a statement is
//! interrupted; what is written after that on the same connection would be kept at once, or never.
//! PostgreSQL answers a `COMMIT` after a failed statement with success, and rolls back. So nothing
//! is run after the first statement that failed, a write is acknowledged once it was read back
//! outside of its transaction, and a connection whose transaction did not certainly end is closed.
//! Where the answer to a `COMMIT` is lost, it is asked on another connection what became of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    sea_query::SelectStatement,
};
use tokio::{
    sync::{Mutex, MutexGuard, OwnedSemaphorePermit},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{WRITE_PATIENCE, connection::Connection, writability::Writability};
use crate::error::Error;

/// The key of the lock that lets one instance write at a time on PostgreSQL.
pub(super) const WRITE_LOCK: i64 = 0x0048_7574_6f6e_6700;

/// Counts what all tables of the schema hold.
pub(super) const ANALYZE: &str = "DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = current_schema()
    LOOP EXECUTE 'ANALYZE ' || name; END LOOP; END $$";

/// Why a write is not acknowledged though the database reported no failure.
const NOT_KEPT: &str = "the database did not keep what was written; nothing was changed";

/// How long PostgreSQL may take to answer a `COMMIT`.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);

/// How long it is tried to find out what became of a `COMMIT` that was not answered.
const OUTCOME_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before another try.
const PAUSE: Duration = Duration::from_millis(100);

/// A write under way. Dropped before [`Transaction::commit`], nothing of it is kept.
pub struct Transaction {
    state: Mutex<State>,
    pool: DatabaseConnection,
    backend: DbBackend,
    writability: Writability,
    /// Nobody else writes through this database meanwhile.
    _turn: OwnedSemaphorePermit,
}

struct State {
    connection: Connection,
    /// Whether every statement so far ended well.
    sound: bool,
    /// What the first statement failed with that did not.
    failure: Option<DbErr>,
}

impl Transaction {
    /// Begins to write. Nobody else can from now on, through whatever instance: what is read
    /// before the first change stays true.
    pub(super) async fn begin(
        pool: &DatabaseConnection,
        writability: Writability,
        turn: OwnedSemaphorePermit,
    ) -> Result<Self, Error> {
        let backend = pool.get_database_backend();
        let begun = begin(pool).await;
        let connection = begun.map_err(|why| writability.failed(why))?;
        let state = Mutex::new(State { connection, sound: true, failure: None });
        Ok(Self { state, pool: pool.clone(), backend, writability, _turn: turn })
    }

    /// Keeps what was written, and returns the row of `proof`, a statement that has one exactly when it can be
    /// seen: without that row the write failed.
    pub(crate) async fn commit(self, proof: &SelectStatement) -> Result<QueryResult, Error> {
        let Self { state, pool, backend, writability, _turn } = self;
        let State { mut connection, sound, failure } = state.into_inner();
        if !sound {
            return Err(failure.map_or_else(interrupted, Error::from));
        }
        let proof = backend.build(proof);
        let committed = async {
            connection.execute_unprepared("COMMIT").await?;
            if backend == DbBackend::Sqlite {
                // Refused where a transaction is still open.
                connection.execute_unprepared("BEGIN").await?;
            }
            connection.query_all(proof.clone()).await
        };
        let committed = match backend {
            DbBackend::Postgres => timeout(COMMIT_PATIENCE, committed).await,
            _ => Ok(committed.await),
        };
        // Without an answer it may have been kept or not.
        let lost = match committed {
            Ok(Ok(mut seen)) => {
                let seen = seen.pop();
                let ended = match backend {
                    DbBackend::Sqlite => connection.execute_unprepared("ROLLBACK").await.map(drop),
                    _ => Ok(()),
                };
                if seen.is_some() && ended.is_ok() {
                    connection.release();
                }
                if seen.is_some() {
                    writability.succeeded();
                } else {
                    writability.refuse(NOT_KEPT);
                }
                return seen.ok_or(Error::Unwritable(NOT_KEPT));
            }
            Ok(Err(why)) => match writability.failed(why) {
                lost @ Error::Unavailable(_) if backend == DbBackend::Postgres => Some(lost),
                why => return Err(why),
            },
            Err(_) => None,
        };
        drop(connection);
        match outcome(&pool, &proof).await? {
            Some(seen) => Ok(seen),
            None => Err(lost.unwrap_or_else(silent)),
        }
    }

    /// Keeps nothing. Unlike dropping it, this leaves the connection open where that is safe.
    pub(crate) async fn rollback(self) {
        let State { mut connection, sound, .. } = self.state.into_inner();
        if sound && connection.execute_unprepared("ROLLBACK").await.is_ok() {
            connection.release();
        }
    }

    /// What time it is by the clock that all who write share.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>, Error> {
        if self.backend == DbBackend::Sqlite {
            return Ok(Utc::now());
        }
        let now = Statement::from_string(self.backend, "SELECT clock_timestamp()");
        let now = self.query_one_raw(now).await?;
        let now = now.ok_or_else(|| Error::internal("PostgreSQL does not tell the time"))?;
        Ok(now.try_get_by_index(0)?)
    }

    /// Counts what the tables hold, so that PostgreSQL plans by it: by itself it does so a minute
    /// later, and never for tables of fewer than 50 rows.
    pub(crate) async fn analyze(&self) -> Result<(), DbErr> {
        match self.backend {
            DbBackend::Postgres => self.execute_unprepared(ANALYZE).await.map(drop),
            _ => Ok(()),
        }
    }

    /// The connection for one statement, unless an earlier one failed or was not awaited.
    async fn enter(&self) -> Result<MutexGuard<'_, State>, DbErr> {
        let mut state = self.state.lock().await;
        if !state.sound {
            let unknown = || DbErr::Custom("a statement of the transaction was dropped".to_owned());
            return Err(state.failure.clone().unwrap_or_else(unknown));
        }
        state.sound = false;
        Ok(state)
    }

    fn leave<T>(
        &self,
        mut state: MutexGuard<'_, State>,
        done: Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        match &done {
            Ok(_) => state.sound = true,
            Err(why) => {
                self.writability.failed(why.clone());
                state.failure = Some(why.clone());
            }
        }
        done
    }
}

/// Takes a connection, and begins to write on it.
async fn begin(pool: &DatabaseConnection) -> Result<Connection, DbErr> {
    let begin = match pool.get_database_backend() {
        // Whoever waits too long is told so, as on SQLite.
        DbBackend::Postgres => format!(
            "BEGIN; SET LOCAL lock_timeout = '{}s'; SELECT pg_advisory_xact_lock({WRITE_LOCK});
            SET LOCAL lock_timeout = 0",
            WRITE_PATIENCE.as_secs()
        ),
        _ => "BEGIN IMMEDIATE".to_owned(),
    };
    let mut connection = Connection::take(pool).await?;
    connection.execute_unprepared(&begin).await?;
    Ok(connection)
}

/// The row of the proof of a write whose `COMMIT` was not answered; none where it was not kept.
/// Whoever may write knows it: then the write has ended, one way or the other. Fails with
/// [`Error::OutcomeUnknown`] where that cannot be found out.
async fn outcome(
    pool: &DatabaseConnection,
    proof: &Statement,
) -> Result<Option<QueryResult>, Error> {
    let ask = async || {
        let mut connection = begin(pool).await?;
        let seen = connection.query_all(proof.clone()).await?.pop();
        connection.execute_unprepared("ROLLBACK").await?;
        connection.release();
        Ok::<_, DbErr>(seen)
    };
    let end = Instant::now() + OUTCOME_PATIENCE;
    while let Ok(asked) = timeout_at(end, ask()).await {
        match asked {
            Ok(seen) => return Ok(seen),
            Err(why) => tracing::warn!(%why, "what became of a write is not known yet"),
        }
        sleep(PAUSE).await;
    }
    Err(Error::OutcomeUnknown)
}

fn silent() -> Error {
    Error::Unavailable("it did not answer a COMMIT in time".into())
}

fn interrupted() -> Error {
    Error::internal("a statement of the transaction was dropped")
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut state = self.enter().await?;
        let done = state.connection.execute(statement).await;
        self.leave(state, done)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut state = self.enter().await?;
        let done = state.connection.execute_unprepared(sql).await;
        self.leave(state, done)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut state = self.enter().await?;
        let done = state.connection.query_all(statement).await;
        self.leave(state, done)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::sea_query::{Expr, ExprTrait, Query};

    use super::*;
    use crate::database::{Count, Database, Options, connection::Link};

    const STATEMENTS: i64 = 5;

    async fn database(folder: &std::path::Path) -> Database {
        let database_url = Some(format!("sqlite://{}", folder.join("test.db").display()));
        let (database_readers, statement_timeout, migration_backup) = (1, 30, false);
        let options =
            Options { database_url, database_readers, statement_timeout, migration_backup };
        Database::open(&options).await.unwrap()
    }

    /// The rows with this number.
    fn rows(n: i64) -> SelectStatement {
        let one = || Expr::val(1_i64);
        let rows = Query::select().expr(one()).expr_as(one(), "count").from("t").take();
        rows.clone().and_where(Expr::col("n").eq(n)).take()
    }

    async fn count(database: &Database, n: i64) -> usize {
        database.fetch::<(i64, Count)>(&rows(n)).await.unwrap().len()
    }

    /// Has every statement from now on interrupted, and every commit refused, or none any more.
    async fn interrupt(transaction: &Transaction, interrupted: bool) {
        let mut state = transaction.state.lock().await;
        let Link::Sqlite(connection) = &mut state.connection.link else { panic!() };
        let mut handle = connection.lock_handle().await.unwrap();
        if interrupted {
            handle.set_progress_handler(1, || false);
            handle.set_commit_hook(|| false);
        } else {
            handle.remove_progress_handler();
            handle.remove_commit_hook();
        }
    }

    /// Writes rows with this number, interrupted from a statement on, or only at that one.
    async fn write(database: &Database, n: i64, interrupted: i64, once: bool) -> Result<(), Error> {
        let transaction = database.begin().await.unwrap();
        for statement in 0..STATEMENTS {
            if statement == interrupted {
                interrupt(&transaction, true).await;
            }
            if statement == interrupted + 1 && once {
                interrupt(&transaction, false).await;
            }
            let insert = format!("INSERT INTO t (n) VALUES ({n})");
            let done = transaction.execute_unprepared(&insert).await;
            // Whatever comes after it is refused too: by then SQLite has rolled back.
            assert_eq!(done.is_ok(), statement < interrupted, "{statement} {done:?}");
        }
        if interrupted == STATEMENTS {
            interrupt(&transaction, true).await;
        }
        transaction.commit(&rows(n)).await.map(drop)
    }

    #[tokio::test]
    async fn a_write_interrupted_at_any_statement_is_refused_and_the_next_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let made = database.begin().await.unwrap();
        made.execute_unprepared("CREATE TABLE t (n INTEGER)").await.unwrap();
        made.execute_unprepared("INSERT INTO t (n) VALUES (0)").await.unwrap();
        made.commit(&rows(0)).await.unwrap();
        let mut n = 0;
        for (times, once) in [(1, false), (2, false), (3, false), (1, true), (3, true)] {
            for interrupted in 0..=STATEMENTS {
                for _ in 0..times {
                    n += 1;
                    let written = write(&database, n, interrupted, once).await;
                    assert!(written.is_err(), "{interrupted}");
                    assert_eq!(count(&database, n).await, 0);
                }
                n += 1;
                write(&database, n, STATEMENTS + 1, false).await.unwrap();
                assert_eq!(count(&database, n).await, STATEMENTS as usize);
            }
        }
        database.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_cannot_be_seen_is_not_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let made = database.begin().await.unwrap();
        made.execute_unprepared("CREATE TABLE t (n INTEGER)").await.unwrap();
        let refused = made.commit(&rows(1)).await;
        assert!(matches!(refused, Err(Error::Unwritable(NOT_KEPT))), "{refused:?}");
        database.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_is_dropped_or_rolled_back_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let made = database.begin().await.unwrap();
        made.execute_unprepared("CREATE TABLE t (n INTEGER)").await.unwrap();
        made.execute_unprepared("INSERT INTO t (n) VALUES (0)").await.unwrap();
        made.commit(&rows(0)).await.unwrap();
        for n in 1..=3 {
            let dropped = database.begin().await.unwrap();
            dropped.execute_unprepared(&format!("INSERT INTO t VALUES ({n})")).await.unwrap();
            drop(dropped);
            let undone = database.begin().await.unwrap();
            undone.execute_unprepared(&format!("INSERT INTO t VALUES ({n})")).await.unwrap();
            undone.rollback().await;
            assert_eq!(count(&database, n).await, 0);
        }
        database.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_statement_ends_with_the_write_that_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let hours = "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted
            WHERE n < 1000000000000) SELECT count(*) FROM counted";
        let transaction = database.begin().await.unwrap();
        let running = transaction.execute_unprepared(hours);
        assert!(tokio::time::timeout(Duration::from_millis(50), running).await.is_err());
        drop(transaction);
        let next = tokio::time::timeout(Duration::from_secs(10), database.begin());
        next.await.unwrap().unwrap().rollback().await;
        database.close().await.unwrap();
    }
}
