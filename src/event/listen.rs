//! Hearing of what other instances on PostgreSQL write.
//!
//! `NOTIFY` is delivered when a write is committed, but nobody waits until it has arrived: for a
//! moment the other instances would not know of what was acknowledged. So each instance that answers
//! from what it knows says so, by a shared advisory lock on the number of the revision that it knows
//! at least, and whoever commits a later one waits until no instance says less. That costs those who
//! write a millisecond, and those who read nothing. The lock is the session's that listens: where
//! that is lost, so is the lock, nobody waits, and the instance reads the revision for each request
//! until it listens again.

use std::time::{Duration, Instant};

use sea_orm::{
    sea_query::{Expr, ExprTrait, Query},
    sqlx::{
        AssertSqlSafe, Executor, PgPool, Row,
        postgres::{PgListener, PgNotification, PgPoolOptions},
    },
};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{CHANNEL, LISTEN_POLL_INTERVAL, PAUSE, TOKENS, poll_once};
use crate::{
    database::{Count, Database, Revision},
    error::Error,
};

/// How long whoever writes waits for another instance to hear of it.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a message takes at the most to be heard, where it is heard at all.
const ECHO: Duration = Duration::from_secs(2);

/// How long the connection may take to give a sign of life.
const SIGN: Duration = Duration::from_secs(1);

/// The first key of the locks, which a schema has for itself.
const CLASS: &str = "hashtext('hutong_revision ' || current_schema())";

/// A connection of its own, which no statement waits for.
pub(super) async fn connect(pool: &PgPool) -> Result<PgListener, Error> {
    let options = pool.connect_options().as_ref().clone();
    let own = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
    let own = own.connect_with(options).await.map_err(Error::internal)?;
    let mut listener = PgListener::connect_with(&own).await.map_err(Error::internal)?;
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await.map_err(Error::internal)?;
    Ok(listener)
}

/// Logs that PostgreSQL cannot be listened to.
pub(super) fn warn(why: &Error) {
    tracing::warn!(%why, "cannot listen to PostgreSQL; trying again");
}

/// Hears what PostgreSQL tells, again and again listening where it was cut off. While it cannot, it
/// looks.
pub(super) async fn listen_loop(database: &Database, mut listener: Option<PgListener>) {
    loop {
        let heard = match listener.take() {
            Some(listener) => listen_on(database, listener).await,
            None => Ok(()),
        };
        if let Err(why) = heard {
            tracing::warn!(%why, "cannot hear what other instances write; trying again");
            sleep(PAUSE).await;
        }
        let Some(pool) = database.postgres() else { return };
        match connect(pool).await {
            Ok(again) => {
                database.meter().count_reconnect();
                listener = Some(again);
            }
            Err(why) => {
                warn(&why);
                let _ = poll_soon(database).await;
                sleep(PAUSE).await;
            }
        }
    }
}

/// Hears on one connection until it is lost.
async fn listen_on(database: &Database, mut listener: PgListener) -> Result<(), Error> {
    let mut known = Known { database, number: None };
    if hears(database, &mut listener).await? {
        known.say(&mut listener).await?;
        // Whoever wrote before may not have waited.
        poll_once(database).await?;
        known.say(&mut listener).await?;
        database.note_listener(Some(backend(&mut listener).await?));
    } else {
        poll_once(database).await?;
        tracing::warn!(
            "PostgreSQL does not tell this instance what others write, as behind a connection \
             pooler; the revision of the data is read for each request"
        );
    }
    let mut times = interval(LISTEN_POLL_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = listener.try_recv() => match told.map_err(Error::internal)? {
                Some(told) => take(database, &told).await?,
                // With the connection, news may be lost: all is begun anew.
                None => return Ok(()),
            },
            _ = times.tick() => {
                // What is lost without a word says nothing.
                let sign = timeout(SIGN, listener.execute("SELECT 1")).await;
                sign.map_err(Error::internal)?.map_err(Error::internal)?;
                poll_soon(database).await?;
            }
        }
        if known.number.is_some() {
            known.say(&mut listener).await?;
        }
    }
}

/// Whether what is told on another connection is heard on this one: a pooler may share one out among
/// many, and then it is not.
async fn hears(database: &Database, listener: &mut PgListener) -> Result<bool, Error> {
    let tell = format!("CAST(pg_notify('{CHANNEL}', '{TOKENS}') IS NULL AS int)");
    number(database, Expr::cust(tell)).await?;
    match timeout(ECHO, listener.try_recv()).await {
        Ok(told) => Ok(told.map_err(Error::internal)?.is_some()),
        Err(_) => Ok(false),
    }
}

/// Reads how far the data have come, but waits not long for it.
async fn poll_soon(database: &Database) -> Result<(), Error> {
    timeout(PATIENCE, poll_once(database)).await.map_err(Error::internal)?
}

/// The process of PostgreSQL that serves a connection.
async fn backend(listener: &mut PgListener) -> Result<i32, Error> {
    let row = listener.fetch_one("SELECT pg_backend_pid()").await.map_err(Error::internal)?;
    row.try_get(0).map_err(Error::internal)
}

async fn take(database: &Database, told: &PgNotification) -> Result<(), Error> {
    match serde_json::from_str(told.payload()) {
        // It may be older than what is known.
        Ok(revision) => database.raise(revision),
        // Tokens; or another version of Hutong says more or less.
        Err(_) => {
            database.note_tokens();
            poll_once(database).await?;
        }
    }
    Ok(())
}

/// The revision that this instance knows at least, for those who write to see.
struct Known<'d> {
    database: &'d Database,
    number: Option<i32>,
}

impl Known<'_> {
    /// Says so of the revision as it is now.
    async fn say(&mut self, listener: &mut PgListener) -> Result<(), Error> {
        let number = key(self.database.revision());
        if self.number == Some(number) {
            return Ok(());
        }
        let mut said = format!("SELECT pg_advisory_lock_shared({CLASS}, {number})");
        // Never without any: whoever writes meanwhile waits for this instance too.
        if let Some(before) = self.number {
            said += &format!(", pg_advisory_unlock_shared({CLASS}, {before})");
        }
        listener.execute(AssertSqlSafe(said)).await.map_err(Error::internal)?;
        self.number = Some(number);
        Ok(())
    }
}

/// However hearing ends, from then on the revision is read.
impl Drop for Known<'_> {
    fn drop(&mut self) {
        self.database.note_listener(None);
    }
}

/// The second key of the lock on a revision.
fn key(revision: Revision) -> i32 {
    i32::try_from(revision.all.number).unwrap_or(i32::MAX)
}

/// How many other instances answer from what they know and have not heard of a write, as SQL.
pub(crate) fn deaf(database: &Database, revision: Revision) -> Expr {
    if database.postgres().is_none() {
        return Expr::val(0_i64);
    }
    let count = format!(
        "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND CAST(classid AS bigint) = CAST({CLASS} AS bigint) & 4294967295
        AND CAST(objid AS bigint) < $1 AND pid <> $2)"
    );
    // As values, so that the statement stays the same and is prepared once.
    let known = Expr::val(i64::from(key(revision)));
    Expr::cust_with_exprs(count, [known, Expr::val(database.listener().unwrap_or(0))])
}

/// Waits until each other instance that answers from what it knows has heard of a write, but for none
/// longer than [`PATIENCE`].
pub(crate) async fn wait_until_heard(database: &Database, revision: Revision) {
    let begun = Instant::now();
    loop {
        match number(database, deaf(database, revision)).await {
            Ok(0) => return,
            Ok(_) if begun.elapsed() < PATIENCE => sleep(Duration::from_millis(1)).await,
            Ok(instances) => {
                tracing::warn!(instances, "a write is acknowledged of which others did not hear");
                return;
            }
            Err(why) => {
                tracing::warn!(%why, "cannot see whether others heard of a write");
                return;
            }
        }
    }
}

/// The number that an expression of PostgreSQL makes.
async fn number(database: &Database, expression: Expr) -> Result<i64, Error> {
    let one = expression.cast_as("bigint");
    let statement = Query::select().expr(Expr::val(0_i64)).expr_as(one, "count").take();
    let rows = database.fetch::<(i64, Count)>(&statement).await?;
    Ok(rows.first().map_or(0, |(_, count)| count.count))
}
