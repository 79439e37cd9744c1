//! A time limit that holds whatever the work is doing.

use std::{future::Future, time::Duration};

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
        Ok(ended) => {
            let why = ended.and_then(Result::err).map(|why| why.to_string());
            tracing::error!(why, "a request ended without an answer");
            Err(Refusal::failed())
        }
        Err(_) => Err(Refusal::timeout(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

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

    #[tokio::test]
    async fn a_panic_is_a_failure_and_no_more() {
        let refused = within(1, async { panic!("out of order") }).await;
        assert!(refused.is_err_and(|refusal: Refusal| format!("{refusal:?}").contains("failed")));
    }
}
