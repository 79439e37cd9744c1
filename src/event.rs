//! That something was recorded, told to whoever follows the data.
//!
//! What is told is only how far the data have come ([`Revision`]): those who need to know what was
//! recorded read it, and since revisions replace each other, nobody who is slow has a queue.
//!
//! A writer raises the revision of its own instance itself. Other instances on PostgreSQL hear of
//! it by `NOTIFY` ([`listen`]). SQLite tells nobody, so the file is asked: again and again for those
//! who listen, and by each request for itself.

mod listen;

use std::time::Duration;

use entity::{DateTime, HIDDEN, dataset, observation};
use sea_orm::{
    ConnectionTrait, DbBackend, FromQueryResult, Statement,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use serde::Deserialize;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

pub(crate) use listen::{deaf, wait_until_heard};

use crate::{
    database::{Database, Extent, Revision, Transaction},
    error::Error,
    query::column,
};

/// How often an SQLite file is asked whether another process wrote to it.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How often PostgreSQL is asked although it tells by itself: a connection may be lost silently.
pub const LISTEN_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait before another try to listen.
const PAUSE: Duration = Duration::from_secs(1);

/// The channel on which writers on PostgreSQL tell how far the data have come.
const CHANNEL: &str = "hutong_revision";

/// What is told where tokens were granted or withdrawn, which is no change of the data.
const TOKENS: &str = "\"tokens\"";

/// How far the data have come: no write is missing that was acknowledged before this was asked,
/// whichever process or instance made it. On PostgreSQL that costs nothing while this instance is
/// told of each write, and else a statement; whoever writes does not wait for one that takes longer
/// than two seconds to hear of it.
pub async fn current(database: &Database) -> Result<Revision, Error> {
    database.catch_up(async || poll_once(database).await).await?;
    Ok(database.revision())
}

/// Follows what others write, until it is dropped.
#[derive(Debug)]
pub struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows what other instances and processes write: the revision of the database is raised within
/// [`POLL_INTERVAL`] on SQLite, as soon as PostgreSQL tells (and within [`LISTEN_POLL_INTERVAL`] where
/// it cannot). Once this returns, the revision is that of the data.
pub async fn follow(database: &Database) -> Result<Following, Error> {
    let database = database.clone();
    let task = match database.postgres() {
        None => {
            poll_once(&database).await?;
            tokio::spawn(async move { poll_loop(&database).await })
        }
        Some(pool) => {
            // First listen, then look: nothing is missed between. A standby refuses to be listened to.
            let listener = listen::connect(pool).await.inspect_err(listen::warn).ok();
            poll_once(&database).await?;
            tokio::spawn(async move { listen::listen_loop(&database, listener).await })
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
        transaction.execute_raw(notify(&told)).await?;
    }
    Ok(revision)
}

/// Tells the other instances, once the write is committed, that tokens are not what they were.
pub(crate) async fn announce_tokens(transaction: &Transaction) -> Result<(), Error> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_raw(notify(TOKENS)).await?;
    }
    Ok(())
}

fn notify(told: &str) -> Statement {
    let values = [CHANNEL.into(), told.into()];
    Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values)
}

/// What is newest.
#[derive(Debug, FromQueryResult, Deserialize)]
struct Newest {
    /// The highest number of an observation.
    observation: i64,
    /// The last change.
    changed_at: Option<DateTime>,
    /// How often what everybody may see was changed.
    public_revision: i64,
    /// The highest number of an observation that everybody may see.
    public_observation: i64,
    /// The last change of what everybody may see.
    public_changed_at: Option<DateTime>,
}

impl Newest {
    fn revision(&self, number: i64) -> Revision {
        let extent = |number, observation, changed_at: Option<DateTime>| Extent {
            number,
            observation,
            changed_at: changed_at.map_or(0, DateTime::microseconds),
        };
        Revision {
            all: extent(number, self.observation, self.changed_at),
            public: extent(self.public_revision, self.public_observation, self.public_changed_at),
        }
    }
}

/// How far the data have come; no row while there is no data set.
fn statement() -> SelectStatement {
    let number = || column::<observation::Entity>(observation::Column::Id);
    let mut newest = Query::select();
    newest.expr(number().max().if_null(0)).from(observation::Entity);
    let public = newest.clone().and_where(number().lt(HIDDEN)).take();
    Query::select()
        .expr(column::<dataset::Entity>(dataset::Column::Revision))
        .expr_as(Expr::from(newest), "observation")
        .expr(column::<dataset::Entity>(dataset::Column::ChangedAt))
        .expr(column::<dataset::Entity>(dataset::Column::PublicRevision))
        .expr_as(Expr::from(public), "public_observation")
        .expr(column::<dataset::Entity>(dataset::Column::PublicChangedAt))
        .from(dataset::Entity)
        .take()
}

/// Reads how far the data have come, and raises the revision of the database to it.
pub async fn poll_once(database: &Database) -> Result<(), Error> {
    let look = database.look();
    let found = database.fetch::<(i64, Newest)>(&statement()).await?;
    if let Some((number, newest)) = found.into_iter().next() {
        database.learn(look, newest.revision(number));
    }
    Ok(())
}

/// Asks again and again.
async fn poll_loop(database: &Database) {
    let mut times = interval(POLL_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        // While nobody writes: a long write is known to have begun since.
        if let Err(why) = database.look_for_writes().await {
            tracing::debug!(%why, "cannot see whether anybody writes");
        }
        if let Err(why) = current(database).await {
            tracing::warn!(%why, "cannot see whether others wrote; trying again");
            sleep(PAUSE).await;
        }
    }
}
