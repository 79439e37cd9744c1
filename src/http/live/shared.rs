//! Live queries: equal ones are executed once for all who ask.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{Stream, future::join, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    super::App,
    question::{Answer, Key, Question},
};
use crate::access::Viewer;

/// The newest answer to a live query; a newer one takes its place.
type Newest = watch::Sender<Option<Known>>;

/// How far the data had come for who asks: how often they went back before, and their revision.
type Reached = (u64, i64);

/// An answer, and how far the data had come at least when it was found.
#[derive(Clone)]
struct Known {
    answer: Answer,
    reached: Reached,
}

/// The live queries that someone listens to.
#[derive(Default)]
pub(super) struct Shared {
    queries: Mutex<HashMap<Key, Arc<Newest>>>,
    executions: AtomicUsize,
}

impl Shared {
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn executions(&self) -> usize {
        self.executions.load(Relaxed)
    }

    /// The answer to a live query asked when the data had come so far, and each that differs from
    /// the one before. Who is slow gets the newest.
    pub(super) fn join(
        &self,
        app: &App,
        key: Key,
        question: Question,
        asked: Reached,
    ) -> impl Stream<Item = Answer> + Send + use<> {
        let mut answers = match self.lock().entry(key) {
            Entry::Occupied(known) => known.get().subscribe(),
            Entry::Vacant(place) => {
                let (newest, answers) = watch::channel(None);
                let newest = Arc::new(newest);
                let (app, key) = (app.clone(), place.key().clone());
                let kept = Kept { app, key, question, newest: Arc::clone(&newest) };
                place.insert(newest);
                tokio::spawn(kept.answer());
                answers
            }
        };
        answers.mark_changed();
        stream::unfold((answers, None), move |(mut answers, last)| async move {
            loop {
                answers.changed().await.ok()?;
                let newest = answers.borrow_and_update().clone();
                // One that was found for others may be older than the question.
                let newest = newest.filter(|known| known.reached >= asked);
                if let Some(Known { answer, .. }) = newest
                    && last.as_ref() != Some(&answer)
                {
                    return Some((answer.clone(), (answers, Some(answer))));
                }
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Newest>>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the data have come for somebody.
pub(super) fn reached(app: &App, viewer: &Viewer) -> Reached {
    let revision = app.database.revision();
    (app.database.falls(), revision.seen(viewer.is_insider()).number)
}

/// A live query that is kept answered until the last listener has left.
struct Kept {
    app: App,
    key: Key,
    question: Question,
    newest: Arc<Newest>,
}

impl Kept {
    async fn answer(self) {
        let insider = self.key.viewer.is_insider();
        let mut revisions = self.app.database.revisions();
        let interval = Duration::from_millis(self.app.live.options.live_interval.into());
        loop {
            let soonest = Instant::now() + interval;
            // Asked for before anything is read: what is read is at least as new.
            let seen = revisions.borrow_and_update().seen(insider);
            let reached = reached(&self.app, &self.key.viewer);
            tokio::select! {
                answer = self.execute() => {
                    self.newest.send_replace(Some(Known { answer, reached }));
                }
                () = self.newest.closed() => {}
            }
            let news = async { drop(revisions.wait_for(|now| now.seen(insider) != seen).await) };
            tokio::select! {
                // What changes until then is answered together.
                _ = join(news, sleep_until(soonest)) => {}
                () = self.newest.closed() => if self.forgotten() { return },
            }
        }
    }

    async fn execute(&self) -> Answer {
        self.app.live.queries.executions.fetch_add(1, Relaxed);
        self.question.execute(&self.app).await
    }

    /// Whether nobody listens; then the next who asks begins anew.
    fn forgotten(&self) -> bool {
        let mut queries = self.app.live.queries.lock();
        let forgotten = self.newest.receiver_count() == 0;
        if forgotten {
            queries.remove(&self.key);
        }
        forgotten
    }
}

/// However it ends, its listeners must not wait for it.
impl Drop for Kept {
    fn drop(&mut self) {
        let mut queries = self.app.live.queries.lock();
        if queries.get(&self.key).is_some_and(|newest| Arc::ptr_eq(newest, &self.newest)) {
            queries.remove(&self.key);
        }
    }
}
