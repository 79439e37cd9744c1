//! Where the server is in its life, from its start to its end.

use std::sync::Arc;

use strum::IntoStaticStr;
use tokio::sync::watch;

/// The parts of a server's life, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Phase {
    /// It listens, and has done nothing else.
    Starting,
    /// It brings the database's tables up to date.
    Migrating,
    /// It loads data into an empty database.
    Loading,
    /// It answers.
    Ready,
    /// It is asked to stop: it answers, but nothing more should be sent here.
    Draining,
}

/// A life that goes on and never back. Clones are the same life.
#[derive(Debug, Clone)]
pub struct Life(Arc<watch::Sender<Phase>>);

impl Default for Life {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Starting)))
    }
}

impl Life {
    /// The present part.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Whether what is asked is answered: from the time the server is ready.
    pub(super) fn answers(&self) -> bool {
        self.phase() >= Phase::Ready
    }

    /// Goes on to a part, unless it is over.
    pub fn enter(&self, phase: Phase) {
        self.0.send_if_modified(|present| {
            let later = phase > *present;
            if later {
                *present = phase;
            }
            later
        });
    }
}
