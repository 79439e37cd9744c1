//! One write, on a connection of its own: kept as a whole, or not at all.
//!
//! SQLite may roll back by itself, when its disk is full, a read or write fails, or a statement is
//! interrupted; what is written after that on the same connection would be kept at once, or never.
//! PostgreSQL answers a `COMMIT` after a failed statement with success, and rolls back. So nothing
//! is run after the first statement that failed, a write is acknowledged once it was read back
//! outside of its transaction, and a connection whose transaction did not certainly end is closed.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    sea_query::SelectStatement,
};
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit};

use super::{WRITE_PATIENCE, connection::Connection, writability::Writability};
use crate::error::Error;

/// The key of the lock that lets one instance write at a time on PostgreSQL.
const WRITE_LOCK: i64 = 0x0048_7574_6f6e_6700;

/// Counts what all tables of the schema hold.
pub(super) const ANALYZE: &str = "DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = current_schema()
    LOOP EXECUTE 'ANALYZE ' || name; END LOOP; END $$";

/// Why a write is not acknowledged though the database reported no failure.
const NOT_KEPT: &str = "the database did not keep what was written; nothing was changed";

/// A write under way. Dropped before [`Transaction::commit`], nothing of it is kept.
pub struct Transaction {
    state: Mutex<State>,
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
        let begin = match backend {
            // Whoever waits too long is told so, as on SQLite.
            DbBackend::Postgres => format!(
                "BEGIN; SET LOCAL lock_timeout = '{}s'; SELECT pg_advisory_xact_lock({WRITE_LOCK});
                SET LOCAL lock_timeout = 0",
                WRITE_PATIENCE.as_secs()
            ),
            _ => "BEGIN IMMEDIATE".to_owned(),
        };
        let begun = async {
            let mut connection = Connection::take(pool).await?;
            connection.execute_unprepared(&begin).await?;
            Ok(connection)
        };
        let connection = begun.await.map_err(|why: DbErr| writability.failed(why))?;
        let state = Mutex::new(State { connection, sound: true, failure: None });
        Ok(Self { state, backend, writability, _turn: turn })
    }

    /// Keeps what was written, and returns the row of `proof`, a statement that has one exactly when it can be
    /// seen: without that row the write failed.
    pub(crate) async fn commit(self, proof: &SelectStatement) -> Result<QueryResult, Error> {
        let Self { state, backend, writability, _turn } = self;
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
            connection.query_all(proof).await
        };
        let mut seen = committed.await.map_err(|why| writability.failed(why))?;
        let Some(seen) = seen.pop() else {
            writability.refuse(NOT_KEPT);
            return Err(Error::Unwritable(NOT_KEPT));
        };
        let ended = match backend {
            DbBackend::Sqlite => connection.execute_unprepared("ROLLBACK").await.map(drop),
            _ => Ok(()),
        };
        if ended.is_ok() {
            connection.release();
        }
        writability.succeeded();
        Ok(seen)
    }

    /// Keeps nothing. Unlike dropping it, this leaves the connection open where that is safe.
    pub(crate) async fn rollback(self) {
        let State { mut connection, sound, .. } = self.state.into_inner();
        if sound && connection.execute_unprepared("ROLLBACK").await.is_ok() {
            connection.release();
        }
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
