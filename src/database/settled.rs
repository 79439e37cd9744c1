//! Up to which moment the past is settled: nothing will be recorded any more that has been there
//! since.
//!
//! A write records the time at which nobody else could write any more, but it is seen only once it
//! is kept. So of a moment later than the last change it is asked whether anybody writes, on
//! whatever instance or process: PostgreSQL knows who holds the lock of those who write, and since
//! when; on SQLite whoever gets the lock of the file knows that nobody does. On PostgreSQL it is
//! the database's clock that counts. What a standby follows is behind by a time that it cannot know:
//! there nothing after the last change is settled.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use entity::DateTime;
use sea_orm::sea_query::{Alias, Expr, Query};
use serde::Deserialize;
use tokio::time::sleep;

use super::{Database, Readers, transaction::WRITE_LOCK};
use crate::error::Error;

/// How long a write is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait before it is looked again.
const PAUSE: Duration = Duration::from_millis(5);

/// Since when the one who writes does, of those whose session this role may see.
const SINCE: &str = "CASE WHEN pg_is_in_recovery() THEN to_timestamp(0) ELSE (SELECT min(coalesce(a.xact_start, to_timestamp(0)))
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (CAST(l.classid AS bigint) << 32 | CAST(l.objid AS bigint)) =";

/// Whether what was so at a moment stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It does.
    Yes,
    /// What is recorded after this moment may not be there yet: a write is under way, or a standby
    /// follows.
    Until(DateTime),
    /// The moment is to come: it is only this one.
    ToCome(DateTime),
}

/// What is seen of those who write.
#[derive(Debug, Deserialize)]
struct Seen {
    /// What the clock of the database showed before.
    clock: DateTime,
    /// When somebody began to write; none where nobody writes.
    since: Option<DateTime>,
}

impl Database {
    /// Whether what was so at a moment stays so, whoever writes: waits a little for a write that is
    /// under way.
    pub async fn settle(&self, moment: DateTime) -> Result<Settled, Error> {
        let begun = Instant::now();
        loop {
            if self.is_settled(moment) {
                return Ok(Settled::Yes);
            }
            // What is read from now on sees what is found out now.
            self.renew_read_transaction();
            let now = self.look_for_writes().await?;
            if self.is_settled(moment) {
                return Ok(Settled::Yes);
            }
            if moment > now {
                return Ok(Settled::ToCome(now));
            }
            if begun.elapsed() > PATIENCE {
                return Ok(Settled::Until(self.settled()));
            }
            sleep(PAUSE).await;
        }
    }

    /// The same as far as is known here, without a look, for what is read in the same transaction.
    pub fn is_settled(&self, moment: DateTime) -> bool {
        moment <= self.settled() && self.sees(moment)
    }

    /// Up to which moment the past is settled, as far as is known here: no write has been seen to
    /// end after it, or to be under way.
    pub(crate) fn settled(&self) -> DateTime {
        let noted = self.settled.load(SeqCst).max(self.revision().all.changed_at);
        chrono::DateTime::from_timestamp_micros(noted).unwrap_or_default().into()
    }

    /// Notes that whoever writes records a later moment.
    pub(crate) fn note_settled(&self, until: chrono::DateTime<Utc>) {
        self.settled.fetch_max(until.timestamp_micros(), SeqCst);
    }

    /// Looks who writes, and notes up to when the past is settled. Returns the moment at which it
    /// was looked.
    pub(crate) async fn look_for_writes(&self) -> Result<DateTime, Error> {
        let before = |moment: DateTime| chrono::DateTime::from(moment) - TimeDelta::microseconds(1);
        let Readers::Sqlite(readers) = &self.readers else {
            let seen = self.ask_who_writes().await?;
            let until = seen.since.map_or(seen.clock, |since| since.min(seen.clock));
            self.note_settled(before(until));
            return Ok(seen.clock);
        };
        let now = DateTime::from(Utc::now());
        if readers.writes().is_free()? {
            self.note_settled(before(now));
        }
        Ok(now)
    }

    async fn ask_who_writes(&self) -> Result<Seen, Error> {
        // The clock is read first: whoever is not seen after that begins later.
        let clock = Query::select()
            .expr_as(Expr::cust("0::bigint"), "one")
            .expr_as(Expr::cust("clock_timestamp()"), "clock")
            .take();
        let seen = Query::select()
            .expr(Expr::col("one"))
            .expr(Expr::col("clock"))
            .expr_as(Expr::cust(format!("{SINCE} {WRITE_LOCK}) END")), "since")
            .from_subquery(clock, Alias::new("looked"))
            .take();
        // The question of nobody in particular: it is not counted among a request's own.
        let asker = Self { noted: None, read_transaction: None, ..self.clone() };
        let seen = asker.fetch::<(i64, Seen)>(&seen).await?;
        let seen = seen.into_iter().next().map(|(_, seen)| seen);
        seen.ok_or_else(|| Error::internal("PostgreSQL does not tell the time"))
    }
}
