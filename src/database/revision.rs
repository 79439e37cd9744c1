//! How far the data have come, as this instance knows it.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Database;

/// How far the data have come. Every committed write makes a greater one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revision {
    /// How often the data were changed (`dataset.revision`); 0 while nothing is known.
    pub number: i64,
    /// The highest number an observation has. Numbers are given in the order of the writes and
    /// never twice, so what was recorded between two revisions is what is numbered between them.
    pub observation: i64,
    /// When they were last changed, in microseconds since 1970; 0 where that is not known. It tells
    /// the data of one database from those of another that took its place.
    pub changed_at: i64,
}

impl Database {
    /// How far the data have come. Kept in memory: asking costs nothing.
    ///
    /// - A write through this database has raised it before its commit returns.
    /// - A write by another instance or process raises it soon after, while the database is
    ///   followed ([`crate::event::follow`] states how soon); until it is followed or written to,
    ///   it is that of no data at all.
    /// - It never falls, and is never raised before what was written can be read. So what is read
    ///   after asking is at least as new as this says, and may be kept under it: a later revision
    ///   is another key.
    pub fn revision(&self) -> Revision {
        *self.revision.borrow()
    }

    /// The revision now and each time it is raised. Who does not look for a while sees only the
    /// newest: nothing queues up.
    pub fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Tells that the data have come this far; news that is known already is none.
    pub(crate) fn raise(&self, to: Revision) {
        self.revision.send_if_modified(|revision| {
            let news = to.number > revision.number;
            if news {
                *revision = to;
            }
            news
        });
    }
}
