//! Threads that each hold something and do one job with it at a time.
//!
//! Of those without a job the one is given the next that had the last: what it keeps in memory is
//! the likeliest to be what is wanted, and the others' is not pushed out of the processor's caches.

use std::{
    collections::VecDeque,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, Thread},
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

struct State<H> {
    /// The jobs that no thread has begun, the oldest first.
    jobs: VecDeque<Job<H>>,
    /// The threads without a job, the one that had the last at the end.
    idle: Vec<Thread>,
    ended: bool,
}

impl<H: Send + 'static> Threads<H> {
    /// Starts a thread for each of these, which it holds from now on.
    pub(super) fn start(name: &str, held: Vec<H>) -> io::Result<Self> {
        let state = State { jobs: VecDeque::new(), idle: Vec::new(), ended: false };
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
            state.idle.pop()
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
fn next<H>(state: &Mutex<State<H>>) -> Option<Job<H>> {
    loop {
        let mut state = lock(state);
        // A thread may wake without being called.
        state.idle.retain(|idle| idle.id() != thread::current().id());
        match state.jobs.pop_front() {
            Some(job) => return Some(job),
            None if state.ended => return None,
            None => state.idle.push(thread::current()),
        }
        drop(state);
        thread::park();
    }
}

fn lock<H>(state: &Mutex<State<H>>) -> MutexGuard<'_, State<H>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

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

    #[test]
    fn one_job_after_the_other_is_done_by_one_thread() {
        let threads = Threads::start("test", (0..4).collect()).unwrap();
        rest(&threads, 4);
        let first = ask(&threads).recv_timeout(PATIENCE).unwrap();
        for _ in 0..100 {
            rest(&threads, 4);
            assert_eq!(ask(&threads).recv_timeout(PATIENCE).unwrap(), first);
        }
    }

    #[test]
    fn jobs_at_once_are_done_by_all_threads_and_a_panic_ends_none() {
        let threads = Threads::start("test", (0..3).collect()).unwrap();
        for _ in 0..3 {
            threads.run(|_| panic!("out of order"));
        }
        // None of these ends before all have begun.
        let together = Arc::new(std::sync::Barrier::new(3));
        let (answer, answers) = mpsc::channel();
        for _ in 0..3 {
            let (together, answer) = (Arc::clone(&together), answer.clone());
            threads.run(move |held| {
                together.wait();
                answer.send(*held).unwrap();
            });
        }
        let mut met: Vec<i32> = (0..3).map(|_| answers.recv_timeout(PATIENCE).unwrap()).collect();
        met.sort_unstable();
        assert_eq!(met, [0, 1, 2]);
    }

    #[test]
    fn what_was_given_is_done_before_the_end() {
        let threads = Threads::start("test", vec![7]).unwrap();
        let waiting: Vec<_> = (0..100).map(|_| ask(&threads)).collect();
        drop(threads);
        assert!(waiting.iter().all(|answer| answer.recv_timeout(PATIENCE) == Ok(7)));
    }
}
