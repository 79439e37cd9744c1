//! How far the data have come, as this instance knows it.

use std::sync::atomic::Ordering::SeqCst;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Database, Readers};
use crate::error::Error;

/// How far the data have come. Every committed write makes a greater one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revision {
    /// Everything there is, as those see it who see figures under embargo.
    #[serde(flatten)]
    pub all: Extent,
    /// What everybody may see. A write that records nothing but what is under embargo leaves it as
    /// it is.
    pub public: Extent,
}

/// How far data have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// How often they were changed; 0 while nothing is known. What everybody may see is told as
    /// `dataset.revision`.
    pub number: i64,
    /// The highest number an observation has. Numbers that everybody may see and the others
    /// ([`entity::HIDDEN`]) are given in the order of the writes and never twice, so what was
    /// recorded between two revisions is what is numbered between them.
    pub observation: i64,
    /// When they were last changed, in microseconds since 1970; 0 where that is not known. It tells
    /// the data of one database from those of another that took its place.
    pub changed_at: i64,
}

impl Revision {
    /// How far the data have come for somebody who sees figures under embargo, or does not.
    pub fn seen(&self, insider: bool) -> Extent {
        if insider { self.all } else { self.public }
    }
}

impl Database {
    /// How far the data have come, as far as is known here. Kept in memory: asking costs nothing.
    ///
    /// - A write through this database has raised it before its commit returns.
    /// - A write by another instance or process raises it soon after, while the database is
    ///   followed ([`crate::event::follow`] states how soon), and at once where somebody wants to
    ///   know ([`crate::event::current`]); until then it is that of no data at all.
    /// - It is never raised before what was written can be read. So what is read after asking is at
    ///   least as new as this says, and may be kept under it: a later revision is another key.
    /// - It falls where the database went back: to a backup, or to a standby that had not got the
    ///   last writes.
    pub fn revision(&self) -> Revision {
        *self.revision.borrow()
    }

    /// How often the database went back: what was known before that is older than what is known
    /// since, whatever its number.
    pub fn falls(&self) -> u64 {
        self.falls.load(SeqCst)
    }

    /// The revision now and each time it is raised. Who does not look for a while sees only the
    /// newest: nothing queues up.
    pub fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Has `learn` raise the revision if another process may have written since it was last
    /// raised so; on SQLite tokens that another one granted or withdrew count too. Where nobody did,
    /// this costs some microseconds on SQLite, and nothing on PostgreSQL while it tells by itself.
    pub(crate) async fn catch_up(
        &self,
        learn: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &self.readers {
            Readers::Postgres(_) if self.listener().is_some() => Ok(()),
            Readers::Postgres(_) => learn().await,
            Readers::Sqlite(readers) => {
                let learn = async || {
                    self.note_tokens();
                    learn().await
                };
                readers.writes().catch_up(learn).await
            }
        }
    }

    /// The process of PostgreSQL by which this instance is told of each write, while it is.
    pub(crate) fn listener(&self) -> Option<i32> {
        Some(self.listener.load(SeqCst)).filter(|process| *process != 0)
    }

    /// Notes by which process this instance is told of each write from now on, or that it is not.
    pub(crate) fn note_listener(&self, process: Option<i32>) {
        self.listener.store(process.unwrap_or(0), SeqCst);
    }

    /// Tells that the data have come this far; news that is known already is none.
    pub(crate) fn raise(&self, to: Revision) {
        self.revision.send_if_modified(|revision| {
            let news = to.all.number > revision.all.number;
            if news {
                self.change(revision, to);
            }
            news
        });
    }

    fn change(&self, known: &mut Revision, to: Revision) {
        *known = to;
        self.changes.fetch_add(1, SeqCst);
    }

    /// Begins to look how far the data have come.
    pub(crate) fn look(&self) -> Look {
        Look(self.changes.load(SeqCst))
    }

    /// Tells that the data have come this far, as was seen after a look began. News that is known
    /// already is none, and so is what was overtaken meanwhile; but what is less than was known when
    /// it was looked for means that the database went back.
    pub(crate) fn learn(&self, look: Look, found: Revision) {
        self.revision.send_if_modified(|revision| {
            let overtaken = self.changes.load(SeqCst) != look.0;
            let back = !overtaken && found.all.number <= revision.all.number && found != *revision;
            if back {
                self.falls.fetch_add(1, SeqCst);
                tracing::warn!(
                    known = revision.all.number,
                    found = found.all.number,
                    "the database went back; what it does not hold is not answered any more"
                );
            }
            let news = back || found.all.number > revision.all.number;
            if news {
                self.change(revision, found);
            }
            news
        });
    }
}

/// A look how far the data have come: after which changes of what is known it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look(u64);
