//! Waiting for what happens, and no longer.

use std::time::{Duration, Instant};

/// After what time it is taken not to happen any more, on a machine that has other things to do.
const LONGEST: Duration = Duration::from_secs(60);

/// How long to do something else before looking again.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LONGEST, "{what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until something holds, and does nothing else on this thread.
pub(crate) fn until_blocking(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONGEST, "{what}");
        std::thread::sleep(PAUSE);
    }
}
