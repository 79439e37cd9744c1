//! All that a request reads, in one transaction: its answer is of one moment, whatever is written
//! while it is found.
//!
//! A reader is taken for the first statement, and given back when the request has read all that it
//! asks for. Its statements run one after the other.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use entity::DateTime;
use sea_orm::Statement;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Database, Readers, cells::Cells, postgres, sqlite};
use crate::error::Error;

/// How long a request waits for others to give a reader back.
const PATIENCE: Duration = Duration::from_secs(2);

/// A statement that reads.
#[derive(Debug, Clone)]
pub(super) struct ReadStatement {
    /// The statement.
    pub(super) statement: Statement,
    /// The keys for each of which it is run, in the place of [`super::KEY`]; none where it is run
    /// once.
    pub(super) keys: Option<Vec<i64>>,
}

/// A reader that is taken. Dropped, it is given back, and its transaction ends.
pub(super) enum TakenReader {
    Sqlite(sqlite::Taken),
    Postgres(Box<postgres::Taken>),
}

impl TakenReader {
    /// Runs a statement, on request in a transaction that goes on until this is dropped. Returns its
    /// rows, and the reader where that can go on.
    async fn run(
        self,
        read: ReadStatement,
        in_transaction: bool,
    ) -> (Result<Cells, Error>, Option<Self>) {
        match self {
            Self::Sqlite(taken) => {
                let (rows, taken) = taken.read(read, in_transaction).await;
                (rows, taken.map(Self::Sqlite))
            }
            // Boxed, so that a statement on SQLite carries no room for it.
            Self::Postgres(taken) => {
                let (rows, taken) = Box::pin(taken.read(read, in_transaction)).await;
                (rows, taken.map(Self::Postgres))
            }
        }
    }
}

/// The transaction in which a request reads.
#[derive(Debug, Default)]
pub(super) struct ReadTransaction {
    state: tokio::sync::Mutex<State>,
    /// Whether a single statement reads it all, which is of one moment by itself.
    is_single: AtomicBool,
}

#[derive(Default)]
enum State {
    /// Nothing has been read.
    #[default]
    Closed,
    Open {
        reader: TakenReader,
        /// Up to when the past was settled before anything was read.
        settled: DateTime,
    },
    /// There is no reader, or the transaction ended before all was read: what is still to be read would
    /// be of another moment.
    Failed(Error),
}

impl std::fmt::Debug for State {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::Closed => "Closed",
            Self::Open { .. } => "Open",
            Self::Failed(_) => "Failed",
        })
    }
}

impl ReadTransaction {
    async fn read(&self, database: &Database, read: ReadStatement) -> Result<Cells, Error> {
        let mut state = self.state.lock().await;
        // Where this is dropped on the way, the transaction is gone.
        let gone = State::Failed(Error::internal("a statement was given up before others"));
        let (reader, settled, is_first) = match mem::replace(&mut *state, gone) {
            State::Open { reader, settled } => (reader, settled, false),
            State::Closed => {
                let settled = database.settled();
                match database.take_reader().await {
                    Ok(reader) => (reader, settled, true),
                    Err(why) => {
                        // Whoever asks waits for a reader once, however many statements they need.
                        *state = State::Failed(why.clone());
                        return Err(why);
                    }
                }
            }
            State::Failed(why) => {
                *state = State::Failed(why.clone());
                return Err(why);
            }
        };
        let (rows, reader) = reader.run(read, !self.is_single.load(Relaxed)).await;
        *state = match (reader, &rows) {
            (Some(reader), _) => State::Open { reader, settled },
            (None, Err(why)) if !is_first || matches!(why, Error::Unavailable(_)) => {
                State::Failed(why.clone())
            }
            (None, _) => State::Closed,
        };
        rows
    }

    fn end(&self) {
        // A statement that is under way ends it when it is given up.
        if let Ok(mut state) = self.state.try_lock() {
            *state = State::Closed;
            self.is_single.store(false, Relaxed);
        }
    }

    /// Has what is read from now on see what is there now. What failed stays so.
    fn renew(&self) {
        if let Ok(mut state) = self.state.try_lock()
            && matches!(*state, State::Open { .. })
        {
            *state = State::Closed;
        }
    }

    /// Whether what was so at a moment is seen by all that is read from now on.
    fn sees(&self, moment: DateTime) -> bool {
        match self.state.try_lock().as_deref() {
            // Where it failed, nothing more is read.
            Ok(State::Closed | State::Failed(_)) => true,
            Ok(State::Open { settled, .. }) => moment <= *settled,
            Err(_) => false,
        }
    }
}

impl Database {
    /// The same database, whose statements read as it is at the first of them, until
    /// [`Database::end_read_transaction`] or the last clone of this is dropped. It holds one reader
    /// meanwhile.
    pub(crate) fn in_read_transaction(&self) -> Self {
        Self { read_transaction: Some(Arc::default()), ..self.clone() }
    }

    /// Says that a single statement is all that is read until the end.
    pub(crate) fn read_single(&self) {
        if let Some(transaction) = &self.read_transaction {
            transaction.is_single.store(true, Relaxed);
        }
    }

    /// Gives the reader back: what is read after this is of a later moment.
    pub(crate) fn end_read_transaction(&self) {
        if let Some(transaction) = &self.read_transaction {
            transaction.end();
        }
    }

    /// Has what is read from now on see what is there now, in another transaction.
    pub(super) fn renew_read_transaction(&self) {
        if let Some(transaction) = &self.read_transaction {
            transaction.renew();
        }
    }

    /// Whether what was so at a moment is seen by what reads in the same transaction.
    pub(super) fn sees(&self, moment: DateTime) -> bool {
        self.read_transaction.as_ref().is_none_or(|transaction| transaction.sees(moment))
    }

    pub(super) async fn run(&self, read: ReadStatement) -> Result<Cells, Error> {
        match &self.read_transaction {
            Some(transaction) => transaction.read(self, read).await,
            None => self.take_reader().await?.run(read, false).await.0,
        }
    }

    async fn take_reader(&self) -> Result<TakenReader, Error> {
        let permit = self.free_reader().await?;
        Ok(match &self.readers {
            Readers::Sqlite(readers) => TakenReader::Sqlite(readers.take(permit)?),
            Readers::Postgres(readers) => {
                TakenReader::Postgres(Box::pin(readers.take(permit)).await?.into())
            }
        })
    }

    /// Waits for a reader. Fails with [`Error::Overloaded`] where that takes too long.
    async fn free_reader(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(free) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(free);
        }
        match timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await {
            Ok(free) => free.map_err(Error::internal),
            Err(_) => Err(Error::Overloaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{Alias, Expr, Query};

    use super::*;
    use crate::database::Options;

    /// A database with one number in it, which lasts as long as its folder.
    async fn database(database_readers: u32) -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database_url = Some(format!("sqlite://{}", folder.path().join("test.db").display()));
        let (statement_timeout, migration_backup) = (30, false);
        let options =
            Options { database_url, database_readers, statement_timeout, migration_backup };
        let database = Database::open(&options).await.unwrap();
        write(&database, "CREATE TABLE t (n INTEGER)").await;
        write(&database, "INSERT INTO t VALUES (1)").await;
        (folder, database)
    }

    async fn write(database: &Database, sql: &str) {
        sea_orm::ConnectionTrait::execute_unprepared(&database.writer, sql).await.unwrap();
    }

    async fn number(database: &Database) -> Result<i64, Error> {
        let statement = Query::select().expr(Expr::col("n")).from(Alias::new("t")).take();
        database.read(&statement).await?.decode(0, 0)
    }

    #[tokio::test]
    async fn what_is_read_is_of_the_moment_of_its_first_statement() {
        let (_folder, database) = database(2).await;
        let reading = database.in_read_transaction();
        write(&database, "UPDATE t SET n = 2").await;
        assert_eq!(number(&reading).await.unwrap(), 2);
        write(&database, "UPDATE t SET n = 3").await;
        assert_eq!(number(&reading).await.unwrap(), 2);
        assert_eq!(number(&reading.clone()).await.unwrap(), 2);
        assert_eq!(number(&database).await.unwrap(), 3);
        reading.renew_read_transaction();
        assert_eq!(number(&reading).await.unwrap(), 3);
        write(&database, "UPDATE t SET n = 4").await;
        assert_eq!(number(&reading).await.unwrap(), 3);
        reading.end_read_transaction();
        assert_eq!(number(&reading).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_reader_is_given_back_at_the_end() {
        let (_folder, database) = database(1).await;
        for _ in 0..3 {
            let reading = database.in_read_transaction();
            assert_eq!(number(&reading).await.unwrap(), 1);
            assert!(matches!(number(&database).await, Err(Error::Overloaded)));
            reading.end_read_transaction();
            assert_eq!(number(&database).await.unwrap(), 1);
            assert_eq!(number(&reading).await.unwrap(), 1);
            drop(reading);
            assert_eq!(number(&database).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn nothing_is_read_after_a_statement_was_given_up() {
        let (_folder, database) = database(1).await;
        let reading = database.in_read_transaction();
        assert_eq!(number(&reading).await.unwrap(), 1);
        let endless = "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c)";
        let endless = Query::select().expr(Expr::cust(endless)).take();
        timeout(Duration::from_millis(200), reading.read(&endless)).await.unwrap_err();
        write(&database, "UPDATE t SET n = 2").await;
        assert!(matches!(number(&reading).await, Err(Error::Internal(_))));
        // Not even where it is asked what is there now.
        reading.renew_read_transaction();
        assert!(matches!(number(&reading).await, Err(Error::Internal(_))));
        // Its reader is free as soon as it has seen that.
        assert_eq!(number(&database).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_statement_that_fails_keeps_no_other_from_being_read() {
        let (_folder, database) = database(1).await;
        let reading = database.in_read_transaction();
        let wrong = Query::select().expr(Expr::cust("nothing")).from(Alias::new("t")).take();
        assert!(reading.read(&wrong).await.is_err());
        assert_eq!(number(&reading).await.unwrap(), 1);
        write(&database, "UPDATE t SET n = 2").await;
        assert!(reading.read(&wrong).await.is_err());
        assert_eq!(number(&reading).await.unwrap(), 1);
    }
}
