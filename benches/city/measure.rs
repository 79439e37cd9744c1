//! The clock: two sides in this process are asked the same, in turn, mostly servers over HTTP.
//!
//! The processor's time is that of this whole process: of both sides and of the client. The client
//! costs both sides the same; PostgreSQL's own time is in neither.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::task::JoinSet;

/// Whatever may go wrong while measuring.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// For how long the two are asked one request after the other.
const SEQUENTIAL: Duration = Duration::from_secs(3);

/// How many requests are under way at once in the other part.
const AT_ONCE: usize = 8;

/// Turns of each side in that part, and how long one takes.
const SLICES: usize = 5;
const SLICE: Duration = Duration::from_millis(600);

/// What can be asked again and again.
#[derive(Clone)]
pub(crate) struct Target(Arc<dyn Fn() -> BoxFuture<'static, Answer> + Send + Sync>);

/// An answer, and how many SQL statements it says it took.
type Answer = Result<(Vec<u8>, Option<String>), Failure>;

/// What was measured of one side.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Median of the milliseconds that an answer took, one request after the other.
    pub(crate) milliseconds: f64,
    /// Median of the answers in a second, eight requests at once.
    pub(crate) per_second: f64,
    /// Milliseconds of the processor for each of those; 0 where the system does not tell.
    pub(crate) processor: f64,
}

impl Target {
    /// Whatever answers.
    pub(crate) fn new<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self(Arc::new(move || ask().boxed()))
    }

    /// A `POST` of this text.
    pub(crate) fn post(client: &reqwest::Client, url: String, body: String) -> Self {
        let client = client.clone();
        Self::new(move || post(client.clone(), url.clone(), body.clone()))
    }

    /// The answer.
    pub(crate) async fn ask(&self) -> Answer {
        (self.0)().await
    }
}

async fn post(client: reqwest::Client, url: String, body: String) -> Answer {
    let request = client.post(url).header("content-type", "application/json");
    let response = request.body(body).send().await?;
    let timing = response.headers().get("server-timing").and_then(|text| text.to_str().ok());
    let statements = timing.and_then(|text| text.split('"').nth(1)).map(str::to_owned);
    let status = response.status();
    let answer = response.bytes().await?.to_vec();
    match status.is_success() {
        true => Ok((answer, statements)),
        false => Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into()),
    }
}

/// Measures both, in turn, so that whatever else the machine does meets both alike.
pub(crate) async fn compare(sides: [&Target; 2]) -> Result<[Measured; 2], Failure> {
    let mut times = [Vec::new(), Vec::new()];
    let begun = Instant::now();
    while begun.elapsed() < SEQUENTIAL {
        for (side, times) in sides.iter().zip(&mut times) {
            let asked = Instant::now();
            side.ask().await?;
            times.push(asked.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let mut rates = [Vec::new(), Vec::new()];
    let mut answers = [0; 2];
    let mut ticks = [0; 2];
    for _ in 0..SLICES {
        for (number, side) in sides.into_iter().enumerate() {
            let (before, begun) = (processor_ticks(), Instant::now());
            let answered = crowd(side).await?;
            rates[number].push(answered as f64 / begun.elapsed().as_secs_f64());
            answers[number] += answered;
            ticks[number] += processor_ticks().saturating_sub(before);
        }
    }
    let mut measured = <[Measured; 2]>::default();
    for (number, measured) in measured.iter_mut().enumerate() {
        *measured = Measured {
            milliseconds: median(&mut times[number]),
            per_second: median(&mut rates[number]),
            // Linux counts in hundredths of a second wherever it runs on common hardware.
            processor: ticks[number] as f64 * 10.0 / answers[number].max(1) as f64,
        };
    }
    Ok(measured)
}

/// How many answers came in one slice with [`AT_ONCE`] requests under way.
async fn crowd(target: &Target) -> Result<u64, Failure> {
    let answered = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + SLICE;
    let mut askers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (target, answered) = (target.clone(), Arc::clone(&answered));
        askers.spawn(async move {
            while Instant::now() < end {
                target.ask().await?;
                answered.fetch_add(1, Relaxed);
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(asker) = askers.join_next().await {
        asker??;
    }
    Ok(answered.load(Relaxed))
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// The processor's time this process has used, in the system's ticks; 0 where it does not tell.
fn processor_ticks() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name, in parentheses, may hold spaces.
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
