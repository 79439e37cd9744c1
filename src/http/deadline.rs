//! A time limit that holds whatever the work is doing.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{task::JoinSet, time::timeout};

use super::refusal::Refusal;

/// Runs the work until it is done or the time is over. It runs on a task of its own, so that the
/// answer goes out in time even while the work does not yield; and the task ends with whoever waits
/// for it: at the end of the time, or when the client leaves.
pub(super) async fn within<T, F>(seconds: u32, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    tasks.spawn(work);
    match timeout(Duration::from_secs(seconds.into()), tasks.join_next()).await {
        Ok(Some(Ok(done))) => Ok(done),
        Ok(ended) => Err(failed(ended.and_then(Result::err).map(|why| why.to_string()).as_deref())),
        Err(_) => Err(Refusal::timeout(seconds)),
    }
}

/// The same for work that is known to yield within milliseconds: mostly it is done by then, and a
/// task of its own, which another thread may be woken for, would cost more than all of it.
pub(super) async fn within_at_once<T, F>(seconds: u32, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut work = Box::pin(AssertUnwindSafe(work).catch_unwind());
    let begun = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    let done = match begun {
        Poll::Ready(done) => done,
        Poll::Pending => within(seconds, work).await?,
    };
    done.map_err(|_| failed(None))
}

fn failed(why: Option<&str>) -> Refusal {
    tracing::error!(why, "a request ended without an answer");
    Refusal::failed()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_answer_goes_out_in_time_even_when_the_work_does_not_yield() {
        let begun = Instant::now();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let refused = within(1, async move { ended.recv() }).await;
        assert!(refused.is_err());
        drop(end);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!(within(1, async { 7 }).await.ok(), Some(7));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_begun_at_once_goes_on_and_ends_in_time() {
        assert_eq!(within_at_once(1, async { 7 }).await.ok(), Some(7));
        let goes_on = async {
            yield_now().await;
            7
        };
        assert_eq!(within_at_once(1, goes_on).await.ok(), Some(7));
        let begun = Instant::now();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let blocks = async move {
            yield_now().await;
            ended.recv()
        };
        assert!(within_at_once(1, blocks).await.is_err());
        drop(end);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_and_no_more() {
        let is_failure = |refused: Result<(), Refusal>| {
            refused.is_err_and(|refusal| format!("{refusal:?}").contains("failed"))
        };
        assert!(is_failure(within(1, async { panic!("out of order") }).await));
        assert!(is_failure(within_at_once(1, async { panic!("out of order") }).await));
        let later = async {
            yield_now().await;
            panic!("out of order")
        };
        assert!(is_failure(within_at_once(1, later).await));
    }
}
