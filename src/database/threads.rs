//! Threads that each do one job at a time.
//!
//! Of those without a job the one is given the next that had the last: what it keeps in memory is
//! the likeliest to be what is wanted. For the same reason no more jobs are under way than are good
//! for the machine, though there are more threads: each job more would only push out of the
//! processor's caches what the others read. A job that takes long does not count among them, so
//! that short ones need not wait for it while a thread is free.

use std::{
    collections::VecDeque,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, Thread, ThreadId},
    time::{Duration, Instant},
};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for jobs. They end with the last clone, once the jobs given are done.
#[derive(Clone)]
pub(super) struct Threads(Arc<Ending>);

impl fmt::Debug for Threads {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Threads").finish_non_exhaustive()
    }
}

/// Ends the threads when it is dropped.
struct Ending(Arc<Mutex<State>>);

/// How many jobs are to be under way at the same time.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtOnce {
    /// So many, not counting those that take long.
    pub(super) jobs: usize,
    /// After this time a job takes long.
    pub(super) long: Duration,
}

struct State {
    at_once: AtOnce,
    /// The jobs that no thread has begun, the oldest first.
    jobs: VecDeque<Job>,
    /// Who is at a job and since when, the oldest first.
    busy: Vec<(ThreadId, Instant)>,
    /// The threads without a job, the one that had the last at the end.
    idle: Vec<Thread>,
    /// Whether one of these waits no longer than until a job takes long.
    watched: bool,
    ended: bool,
}

impl State {
    /// Nothing when another job may be begun now, or else after what time it may be.
    fn wait(&self) -> Option<Duration> {
        let long = self.at_once.long;
        let ages = self.busy.iter().map(|(_, since)| since.elapsed());
        let mut short = ages.filter(|age| *age < long);
        let oldest = short.next()?;
        (short.count() + 1 >= self.at_once.jobs).then(|| long.saturating_sub(oldest))
    }

    /// Picks the thread to be woken for a job that waits: to begin it, or to watch until it may be.
    fn wake(&mut self) -> Option<Thread> {
        let wanted = !self.jobs.is_empty() && (!self.watched || self.wait().is_none());
        wanted.then(|| self.idle.pop()).flatten()
    }
}

impl Threads {
    /// Starts so many.
    pub(super) fn start(name: &str, count: u32, at_once: AtOnce) -> io::Result<Self> {
        let state = State {
            at_once,
            jobs: VecDeque::new(),
            busy: Vec::new(),
            idle: Vec::new(),
            watched: false,
            ended: false,
        };
        let state = Arc::new(Mutex::new(state));
        let threads = Self(Arc::new(Ending(Arc::clone(&state))));
        for number in 0..count {
            let state = Arc::clone(&state);
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                while let Some(job) = next(&state) {
                    // A job that panics drops what it would have answered by, which its giver
                    // notices.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            })?;
        }
        Ok(threads)
    }

    /// Gives a job to the thread that had the last, or else to the first that is free.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let idle = {
            let mut state = lock(&self.0.0);
            state.jobs.push_back(Box::new(job));
            state.wake()
        };
        if let Some(thread) = idle {
            thread.unpark();
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.ended = true;
        state.idle.drain(..).for_each(|thread| thread.unpark());
    }
}

/// The next job for this thread, waited for; none when all has ended.
fn next(shared: &Mutex<State>) -> Option<Job> {
    let me = thread::current();
    let mut state = lock(shared);
    state.busy.retain(|(busy, _)| *busy != me.id());
    loop {
        let wait = state.wait();
        if wait.is_none()
            && let Some(job) = state.jobs.pop_front()
        {
            state.busy.push((me.id(), Instant::now()));
            let other = state.wake();
            drop(state);
            if let Some(thread) = other {
                thread.unpark();
            }
            return Some(job);
        }
        let watches = !state.jobs.is_empty();
        if state.ended && !watches {
            return None;
        }
        state.watched |= watches;
        state.idle.push(me.clone());
        drop(state);
        match wait.filter(|_| watches) {
            Some(wait) => thread::park_timeout(wait),
            None => thread::park(),
        }
        state = lock(shared);
        state.watched &= !watches;
        // A thread may wake without being called.
        state.idle.retain(|idle| idle.id() != me.id());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering::SeqCst},
            mpsc,
        },
    };

    use super::*;

    /// On which thread a job is done, or nothing.
    fn ask(threads: &Threads) -> mpsc::Receiver<ThreadId> {
        let (answer, answers) = mpsc::channel();
        threads.run(move || answer.send(thread::current().id()).unwrap());
        answers
    }

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Waits until so many threads have no job.
    fn rest(threads: &Threads, idle: usize) {
        while lock(&threads.0.0).idle.len() < idle {
            thread::yield_now();
        }
    }

    const ALL: AtOnce = AtOnce { jobs: usize::MAX, long: PATIENCE };

    /// Gives so many jobs of which none ends before all have begun, and says how many threads did
    /// them.
    fn meet(threads: &Threads, jobs: usize) -> usize {
        let together = Arc::new(Barrier::new(jobs));
        let (answer, answers) = mpsc::channel();
        for _ in 0..jobs {
            let (together, answer) = (Arc::clone(&together), answer.clone());
            threads.run(move || {
                together.wait();
                answer.send(thread::current().id()).unwrap();
            });
        }
        let met = (0..jobs).map(|_| answers.recv_timeout(PATIENCE).unwrap());
        met.collect::<HashSet<_>>().len()
    }

    #[test]
    fn one_job_after_the_other_is_done_by_one_thread() {
        let threads = Threads::start("test", 4, ALL).unwrap();
        rest(&threads, 4);
        let first = ask(&threads).recv_timeout(PATIENCE).unwrap();
        for _ in 0..100 {
            rest(&threads, 4);
            assert_eq!(ask(&threads).recv_timeout(PATIENCE).unwrap(), first);
        }
    }

    #[test]
    fn jobs_at_once_are_done_by_all_threads_and_a_panic_ends_none() {
        let threads = Threads::start("test", 3, ALL).unwrap();
        for _ in 0..3 {
            threads.run(|| panic!("out of order"));
        }
        assert_eq!(meet(&threads, 3), 3);
    }

    #[test]
    fn no_more_jobs_are_at_once_than_are_good() {
        let at_once = AtOnce { jobs: 2, long: PATIENCE };
        let threads = Threads::start("test", 4, at_once).unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (answer, answers) = mpsc::channel();
        for _ in 0..1000 {
            let (now, most, answer) = (Arc::clone(&now), Arc::clone(&most), answer.clone());
            threads.run(move || {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::yield_now();
                now.fetch_sub(1, SeqCst);
                answer.send(()).unwrap();
            });
        }
        for _ in 0..1000 {
            answers.recv_timeout(PATIENCE).unwrap();
        }
        assert!(most.load(SeqCst) <= 2, "{most:?}");
        // But so many are: neither of these ends before the other has begun.
        meet(&threads, 2);
    }

    #[test]
    fn jobs_that_take_long_keep_no_others_waiting() {
        let at_once = AtOnce { jobs: 1, long: Duration::from_millis(5) };
        let threads = Threads::start("test", 3, at_once).unwrap();
        // Twice, so that the second time the threads come from a job.
        meet(&threads, 3);
        meet(&threads, 3);
    }

    #[test]
    fn what_was_given_is_done_before_the_end() {
        for at_once in [ALL, AtOnce { jobs: 1, long: PATIENCE }] {
            let threads = Threads::start("test", 3, at_once).unwrap();
            let waiting: Vec<_> = (0..100).map(|_| ask(&threads)).collect();
            drop(threads);
            assert!(waiting.iter().all(|answer| answer.recv_timeout(PATIENCE).is_ok()));
        }
    }
}
