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
