//! Threads that each hold something and do one job with it at a time.
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

type Job<H> = Box<dyn FnOnce(&H) + Send>;

/// Threads that wait for jobs. They end with the last clone, once the jobs given are done.
pub(super) struct Threads<H>(Arc<Ending<H>>);

impl<H> Clone for Threads<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H> fmt::Debug for Threads<H> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Threads").finish_non_exhaustive()
    }
}

/// Ends the threads when it is dropped.
struct Ending<H>(Arc<Mutex<State<H>>>);

/// How many jobs are to be under way at the same time.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtOnce {
    /// So many, not counting those that take long.
    pub(super) jobs: usize,
    /// After this time a job takes long.
    pub(super) long: Duration,
}

struct State<H> {
    at_once: AtOnce,
    /// The jobs that no thread has begun, the oldest first.
    jobs: VecDeque<Job<H>>,
    /// Who is at a job and since when, the oldest first.
    busy: Vec<(ThreadId, Instant)>,
    /// The threads without a job, the one that had the last at the end.
    idle: Vec<Thread>,
    /// Whether one of these waits no longer than until a job takes long.
    watched: bool,
    ended: bool,
}

impl<H> State<H> {
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

impl<H: Send + 'static> Threads<H> {
    /// Starts a thread for each of these, which it holds from now on.
    pub(super) fn start(name: &str, held: Vec<H>, at_once: AtOnce) -> io::Result<Self> {
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
        for (number, held) in held.into_iter().enumerate() {
            let state = Arc::clone(&state);
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                while let Some(job) = next(&state) {
                    // A job that panics drops what it would have answered by, which its giver
                    // notices.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&held)));
                }
            })?;
        }
        Ok(threads)
    }

    /// Gives a job to the thread that had the last, or else to the first that is free.
    pub(super) fn run(&self, job: impl FnOnce(&H) + Send + 'static) {
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

impl<H> Drop for Ending<H> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.ended = true;
        state.idle.drain(..).for_each(|thread| thread.unpark());
    }
}

/// The next job for this thread, waited for; none when all has ended.
fn next<H>(shared: &Mutex<State<H>>) -> Option<Job<H>> {
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

fn lock<H>(state: &Mutex<State<H>>) -> MutexGuard<'_, State<H>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    };

    use super::*;

    /// What a job with the number that its thread holds answers, or nothing.
    fn ask(threads: &Threads<i32>) -> mpsc::Receiver<i32> {
        let (answer, answers) = mpsc::channel();
        threads.run(move |held| answer.send(*held).unwrap());
        answers
    }

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Waits until so many threads have no job.
    fn rest(threads: &Threads<i32>, idle: usize) {
        while lock(&threads.0.0).idle.len() < idle {
            thread::yield_now();
        }
    }

    const ALL: AtOnce = AtOnce { jobs: usize::MAX, long: PATIENCE };

    /// Gives so many jobs of which none ends before all have begun, and says who did them.
    fn meet(threads: &Threads<i32>, jobs: usize) -> Vec<i32> {
        let together = Arc::new(Barrier::new(jobs));
        let (answer, answers) = mpsc::channel();
        for _ in 0..jobs {
            let (together, answer) = (Arc::clone(&together), answer.clone());
            threads.run(move |held| {
                together.wait();
                answer.send(*held).unwrap();
            });
        }
        let mut met: Vec<i32> =
            (0..jobs).map(|_| answers.recv_timeout(PATIENCE).unwrap()).collect();
        met.sort_unstable();
        met
    }

    #[test]
    fn one_job_after_the_other_is_done_by_one_thread() {
        let threads = Threads::start("test", (0..4).collect(), ALL).unwrap();
        rest(&threads, 4);
        let first = ask(&threads).recv_timeout(PATIENCE).unwrap();
        for _ in 0..100 {
            rest(&threads, 4);
            assert_eq!(ask(&threads).recv_timeout(PATIENCE).unwrap(), first);
        }
    }

    #[test]
    fn jobs_at_once_are_done_by_all_threads_and_a_panic_ends_none() {
        let threads = Threads::start("test", (0..3).collect(), ALL).unwrap();
        for _ in 0..3 {
            threads.run(|_| panic!("out of order"));
        }
        assert_eq!(meet(&threads, 3), [0, 1, 2]);
    }

    #[test]
    fn no_more_jobs_are_at_once_than_are_good() {
        let at_once = AtOnce { jobs: 2, long: PATIENCE };
        let threads = Threads::start("test", (0..4).collect(), at_once).unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (answer, answers) = mpsc::channel();
        for _ in 0..1000 {
            let (now, most, answer) = (Arc::clone(&now), Arc::clone(&most), answer.clone());
            threads.run(move |_| {
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
        let threads = Threads::start("test", (0..3).collect(), at_once).unwrap();
        // Twice, so that the second time the threads come from a job.
        meet(&threads, 3);
        meet(&threads, 3);
    }

    #[test]
    fn what_was_given_is_done_before_the_end() {
        for at_once in [ALL, AtOnce { jobs: 1, long: PATIENCE }] {
            let threads = Threads::start("test", vec![7, 7, 7], at_once).unwrap();
            let waiting: Vec<_> = (0..100).map(|_| ask(&threads)).collect();
            drop(threads);
            assert!(waiting.iter().all(|answer| answer.recv_timeout(PATIENCE) == Ok(7)));
        }
    }
}
