//! That something was recorded, told to whoever follows the data.
//!
//! What is told is only how far the data have come ([`Revision`]): those who need to know what was
//! recorded read it, and since revisions replace each other, nobody who is slow has a queue.
//!
//! A writer raises the revision of its own instance itself. Other instances on PostgreSQL hear of
//! it by `NOTIFY`, which is delivered exactly when the write is committed. SQLite tells nobody, so
//! the file is asked.

use std::time::Duration;

use entity::{DateTime, dataset, observation};
use sea_orm::{
    ConnectionTrait, DbBackend, FromQueryResult, Statement,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
    sqlx::{
        PgPool,
        postgres::{PgListener, PgNotification, PgPoolOptions},
    },
};
use serde::Deserialize;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    database::{Database, Revision, Transaction},
    error::Error,
    query::column,
};

/// How often an SQLite file is asked whether another process wrote to it.
pub const ASKED_EVERY: Duration = Duration::from_millis(250);

/// How often PostgreSQL is asked although it tells by itself: a connection may be lost silently.
pub const ASKED_ANYWAY_EVERY: Duration = Duration::from_secs(10);

/// How long to wait before another try to listen.
const PAUSE: Duration = Duration::from_secs(1);

/// The channel on which writers on PostgreSQL tell how far the data have come.
const CHANNEL: &str = "hutong_revision";

/// Follows what others write, until it is dropped.
#[derive(Debug)]
pub struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows what other instances and processes write: the revision of the database is raised within
/// [`ASKED_EVERY`] on SQLite, as soon as PostgreSQL tells (and within [`ASKED_ANYWAY_EVERY`] where
/// it cannot). Once this returns, the revision is that of the data.
pub async fn follow(database: &Database) -> Result<Following, Error> {
    let database = database.clone();
    let task = match database.postgres() {
        None => {
            look(&database).await?;
            tokio::spawn(async move { ask(&database).await })
        }
        Some(pool) => {
            // First listen, then look: nothing is missed between.
            let listener = listen(pool).await?;
            look(&database).await?;
            tokio::spawn(async move { hear(&database, listener).await })
        }
    };
    Ok(Following(task))
}

/// Tells the other instances, once the write is committed, how far it brings the data.
pub(crate) async fn announce(transaction: &Transaction) -> Result<Revision, Error> {
    let row = transaction.query_one(&statement()).await?;
    let Some(row) = row else { return Ok(Revision::default()) };
    let number = row.try_get_by_index(0)?;
    let revision = Newest::from_query_result(&row, "")?.revision(number);
    if transaction.get_database_backend() == DbBackend::Postgres {
        let told = serde_json::to_string(&revision).map_err(Error::internal)?;
        let notify = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_notify($1, $2)",
            [CHANNEL.into(), told.into()],
        );
        transaction.execute_raw(notify).await?;
    }
    Ok(revision)
}

/// What is newest.
#[derive(Debug, FromQueryResult, Deserialize)]
struct Newest {
    /// The highest number of an observation.
    observation: i64,
    /// The last change.
    changed_at: Option<DateTime>,
}

impl Newest {
    fn revision(&self, number: i64) -> Revision {
        let changed_at = self.changed_at.map_or(0, DateTime::microseconds);
        Revision { number, observation: self.observation, changed_at }
    }
}

/// How far the data have come; no row while there is no data set.
fn statement() -> SelectStatement {
    let mut newest = Query::select();
    let number = column::<observation::Entity>(observation::Column::Id);
    newest.expr(number.max().if_null(0)).from(observation::Entity);
    Query::select()
        .expr(column::<dataset::Entity>(dataset::Column::Revision))
        .expr_as(Expr::from(newest), "observation")
        .expr(column::<dataset::Entity>(dataset::Column::ChangedAt))
        .from(dataset::Entity)
        .take()
}

/// Reads how far the data have come, and raises the revision of the database to it.
pub async fn look(database: &Database) -> Result<(), Error> {
    let found = database.fetch::<(i64, Newest)>(&statement()).await?;
    if let Some((number, newest)) = found.into_iter().next() {
        database.raise(newest.revision(number));
    }
    Ok(())
}

/// Looks again and again.
async fn ask(database: &Database) {
    let mut times = interval(ASKED_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        if let Err(why) = look(database).await {
            tracing::warn!(%why, "cannot see whether others wrote; trying again");
            sleep(PAUSE).await;
        }
    }
}

/// Hears what PostgreSQL tells, again and again listening where it was cut off.
async fn hear(database: &Database, first: PgListener) {
    let mut listener = Some(first);
    loop {
        let heard = match listener.take() {
            Some(listener) => hear_on(database, listener).await,
            None => Ok(()),
        };
        if let Err(why) = heard {
            tracing::warn!(%why, "cannot hear what other instances write; trying again");
        }
        sleep(PAUSE).await;
        let Some(pool) = database.postgres() else { return };
        match listen(pool).await {
            Ok(again) => listener = Some(again),
            Err(why) => tracing::warn!(%why, "cannot listen to PostgreSQL; trying again"),
        }
    }
}

/// Hears on one connection until it is lost.
async fn hear_on(database: &Database, mut listener: PgListener) -> Result<(), Error> {
    let mut times = interval(ASKED_ANYWAY_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = listener.try_recv() => match told.map_err(Error::internal)? {
                Some(told) => raise(database, &told).await?,
                // The connection was lost, and with it perhaps news.
                None => look(database).await?,
            },
            _ = times.tick() => look(database).await?,
        }
    }
}

async fn raise(database: &Database, told: &PgNotification) -> Result<(), Error> {
    match serde_json::from_str(told.payload()) {
        Ok(revision) => database.raise(revision),
        // Another version of Hutong says more or less.
        Err(_) => look(database).await?,
    }
    Ok(())
}

/// A connection of its own, which no statement waits for.
async fn listen(pool: &PgPool) -> Result<PgListener, Error> {
    let options = pool.connect_options().as_ref().clone();
    let own = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
    let own = own.connect_with(options).await.map_err(Error::internal)?;
    let mut listener = PgListener::connect_with(&own).await.map_err(Error::internal)?;
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await.map_err(Error::internal)?;
    Ok(listener)
}
