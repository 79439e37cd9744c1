//! One statement for all who ask the same question in one request, without a timer.
//!
//! A resolver leaves its key and awaits. When the executor has nothing left to do, when nobody has
//! woken it and no statement is under way, every sibling that will ever ask at this level has
//! asked; then each gathered question runs as one statement. The number of statements follows
//! from the query alone: not from the number of rows, nor from how threads happen to run.
//!
//! The rules this rests on: the executor is polled only when it was woken, and a resolver awaits
//! nothing but [`Batch::load`]. A subscription also awaits its events, between answers; each answer
//! is driven by itself, and nothing is kept from one to the next.

use std::{
    any::Any,
    collections::HashMap,
    future::{Future, poll_fn},
    hash::Hash,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use entity::DateTime;
use futures_util::{StreamExt, stream::FuturesUnordered, task::AtomicWaker};
use tokio::{
    sync::watch,
    time::{error::Elapsed, timeout},
};

use super::View;
use crate::{
    database::{Database, Statements},
    error::Error,
    suggest::Budget,
};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A question that can be asked for many keys in one statement. Equal questions are asked
/// together.
pub trait Load: PartialEq + Send + Sync + 'static {
    /// For whom it is asked.
    type Key: Clone + Eq + Hash + Ord + Send + Sync;
    /// The answer for one key; shared by all who gave that key.
    type Value: Clone + Send + Sync;

    /// Whether others are asked only once this is answered, for what they ask follows from it.
    const FIRST: bool = false;

    /// Adds to it what another one that is equal asks for besides.
    fn join(&self, _: &Self) {}

    /// Answers it for distinct keys in one statement. A key without an answer is left out.
    fn load(
        &self,
        database: &Database,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, Error>> + Send;
}

impl<L: Load> Load for Arc<L> {
    type Key = L::Key;
    type Value = L::Value;

    const FIRST: bool = L::FIRST;

    fn join(&self, other: &Self) {
        L::join(self, other);
    }

    fn load(
        &self,
        database: &Database,
        keys: Vec<L::Key>,
    ) -> impl Future<Output = Result<HashMap<L::Key, L::Value>, Error>> + Send {
        L::load(self, database, keys)
    }
}

/// The questions of one request. An answer is given to those who wait for it, and then forgotten.
pub struct Batch {
    database: Database,
    view: View,
    now: DateTime,
    statements: Statements,
    suggestion_budget: Budget,
    gathered: Mutex<Vec<Arc<dyn Gathered>>>,
    /// Whether the executor awaits an event: it has nothing to do, and no statement runs for it.
    resting: watch::Sender<bool>,
}

impl Batch {
    /// A batch for one request of somebody who sees this much, asked at this time.
    pub fn new(database: &Database, view: View, now: DateTime) -> Self {
        let statements = Statements::default();
        let database = database.noting(&statements).in_read_transaction();
        let (gathered, resting) = (Mutex::default(), watch::Sender::new(false));
        let suggestion_budget = Budget::default();
        Self { database, view, now, statements, suggestion_budget, gathered, resting }
    }

    /// The database that answers.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// What is seen by who asks, where they do not ask for the past.
    pub fn view(&self) -> View {
        self.view
    }

    /// When the request was asked.
    pub fn now(&self) -> DateTime {
        self.now
    }

    /// The statements so far.
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    /// What the request may still spend on suggestions.
    pub fn suggestion_budget(&self) -> &Budget {
        &self.suggestion_budget
    }

    /// Asks a question for one key; `None` where it has no answer.
    pub async fn load<L: Load>(&self, question: L, key: L::Key) -> Result<Option<L::Value>, Error> {
        let mut answers = self.load_all(question, std::slice::from_ref(&key)).await?;
        Ok(answers.pop().flatten())
    }

    /// Asks a question for many keys: an answer to each, in their order, or none.
    pub async fn load_all<L: Load>(
        &self,
        question: L,
        keys: &[L::Key],
    ) -> Result<Vec<Option<L::Value>>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let asked = self.gather(question);
        let mut place: Option<usize> = None;
        poll_fn(|context| {
            let mut state = lock(&asked.state);
            match &state.answers {
                Some(Ok(answers)) => {
                    Poll::Ready(Ok(keys.iter().map(|key| answers.get(key).cloned()).collect()))
                }
                Some(Err(error)) => Poll::Ready(Err(error.clone())),
                None => {
                    let waker = context.waker().clone();
                    match place {
                        Some(place) => state.waiting[place] = waker,
                        None => {
                            place = Some(state.waiting.len());
                            state.waiting.push(waker);
                            state.keys.extend_from_slice(keys);
                        }
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Runs the executor of the request to its end, and the gathered statements whenever it rests: in
    /// one transaction, until there is nothing left to do.
    pub async fn drive<F: Future>(&self, executor: F) -> F::Output {
        let output = self.run_to_end(executor).await;
        self.database.end_read_transaction();
        output
    }

    async fn run_to_end<F: Future>(&self, executor: F) -> F::Output {
        let mut executor = pin!(executor);
        let mut running = FuturesUnordered::<Running>::new();
        let woken = Arc::new(Woken { flag: AtomicBool::new(true), outer: AtomicWaker::new() });
        let waker = Waker::from(Arc::clone(&woken));
        poll_fn(|context| {
            woken.outer.register(context.waker());
            loop {
                if woken.flag.swap(false, SeqCst) {
                    self.rest(false);
                    let polled = executor.as_mut().poll(&mut Context::from_waker(&waker));
                    if let Poll::Ready(output) = polled {
                        return Poll::Ready(output);
                    }
                    continue;
                }
                if running.is_empty() {
                    running.extend(self.next().into_iter().map(|asked| self.run(asked)));
                }
                // A finished statement wakes those who waited for it, and so the executor.
                match running.poll_next_unpin(context) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending if woken.flag.load(SeqCst) => {}
                    Poll::Ready(None) => {
                        self.database.end_read_transaction();
                        self.rest(true);
                        return Poll::Pending;
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// The same for an executor that also awaits events, which may take for ever. Fails where it
    /// works for longer than `patience` without a rest.
    pub async fn drive_within<F: Future>(
        &self,
        patience: Duration,
        executor: F,
    ) -> Result<F::Output, Elapsed> {
        let mut resting = self.resting.subscribe();
        let too_long = async move {
            // The sender lives as long as this does.
            loop {
                if let Err(elapsed) = timeout(patience, resting.wait_for(|rests| *rests)).await {
                    return elapsed;
                }
                let _ = resting.wait_for(|rests| !*rests).await;
            }
        };
        tokio::select! {
            output = self.drive(executor) => Ok(output),
            elapsed = too_long => Err(elapsed),
        }
    }

    fn rest(&self, rests: bool) {
        self.resting.send_if_modified(|before| std::mem::replace(before, rests) != rests);
    }

    /// What is asked next: all that was gathered, or what comes first of it.
    fn next(&self) -> Vec<Arc<dyn Gathered>> {
        let mut gathered = lock(&self.gathered);
        let first: Vec<_> = gathered.extract_if(.., |asked| asked.is_first()).collect();
        if first.is_empty() { std::mem::take(&mut *gathered) } else { first }
    }

    fn run(&self, asked: Arc<dyn Gathered>) -> Running {
        asked.run(self.database.clone())
    }

    /// The place where this question is being gathered.
    fn gather<L: Load>(&self, question: L) -> Arc<Asked<L>> {
        let mut gathered = lock(&self.gathered);
        let same = gathered.iter().find_map(|asked| {
            let asked: Arc<dyn Any + Send + Sync> = asked.clone();
            asked.downcast::<Asked<L>>().ok().filter(|asked| asked.question == question)
        });
        if let Some(same) = same {
            same.question.join(&question);
            return same;
        }
        let state = Mutex::new(State { keys: Vec::new(), waiting: Vec::new(), answers: None });
        let asked = Arc::new(Asked { question, state });
        gathered.push(asked.clone());
        asked
    }
}

/// A question and those who wait for its answers.
struct Asked<L: Load> {
    question: L,
    state: Mutex<State<L>>,
}

type Answers<L> = Result<HashMap<<L as Load>::Key, <L as Load>::Value>, Error>;

struct State<L: Load> {
    keys: Vec<L::Key>,
    waiting: Vec<Waker>,
    answers: Option<Answers<L>>,
}

/// [`Asked`], whatever the question.
trait Gathered: Any + Send + Sync {
    fn is_first(&self) -> bool;

    fn run(self: Arc<Self>, database: Database) -> Running;
}

impl<L: Load> Gathered for Asked<L> {
    fn is_first(&self) -> bool {
        L::FIRST
    }

    fn run(self: Arc<Self>, database: Database) -> Running {
        Box::pin(async move {
            let mut keys = std::mem::take(&mut lock(&self.state).keys);
            keys.sort_unstable();
            keys.dedup();
            let answers = self.question.load(&database, keys).await;
            let mut state = lock(&self.state);
            state.answers = Some(answers);
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            for waker in waiting {
                waker.wake();
            }
        })
    }
}

/// Whether the executor was woken since it was last polled.
struct Woken {
    flag: AtomicBool,
    outer: AtomicWaker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.flag.swap(true, SeqCst) {
            self.outer.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
