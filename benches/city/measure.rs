//! The clock: several sides, each a process of its own, are asked over HTTP in turn, so that
//! whatever else the machine does meets them alike.
//!
//! The processor's time is that of the process which answers and of PostgreSQL, not of this one
//! which asks.

use std::time::{Duration, Instant};

use crate::{
    client::{Connection, Target, crowd},
    process::Processes,
};

/// Whatever may go wrong while measuring.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// For how long a side is asked by all connections before the others have their turn.
const SLICE: Duration = Duration::from_millis(1000);

/// The same at first, unmeasured: statements are prepared, documents read, pages of files found.
const FIRST: Duration = Duration::from_millis(500);

/// For how long, in each round, all sides are asked one request after the other.
const SEQUENTIAL: Duration = Duration::from_millis(500);

/// What is asked, and whose work the answer is.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) target: Target,
    pub(crate) processes: Processes,
}

/// How the sides are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Turns of each side.
    pub(crate) rounds: usize,
    /// How many requests are under way at once, each on its connection.
    pub(crate) connections: usize,
}

/// What was measured of one side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Median of the microseconds until an answer, one request after the other.
    pub(crate) latency: f64,
    /// Median of the answers in a second.
    pub(crate) per_second: f64,
    /// Median of the processor's microseconds for each; 0 where the system does not tell.
    pub(crate) processor: f64,
}

/// Measures all sides.
pub(crate) async fn compare(sides: &[Side], load: Load) -> Result<Vec<Measured>, Failure> {
    let mut crowds = Vec::new();
    for side in sides {
        let mut connections = Vec::new();
        for _ in 0..load.connections {
            connections.push(Connection::open(&side.target).await?);
        }
        crowd(&mut connections, FIRST).await?;
        crowds.push(connections);
    }
    let mut latencies = vec![Vec::new(); sides.len()];
    let mut rates = latencies.clone();
    let mut times = latencies.clone();
    for round in 0..load.rounds {
        let begun = Instant::now();
        while begun.elapsed() < SEQUENTIAL {
            for (connections, latencies) in crowds.iter_mut().zip(&mut latencies) {
                let connection = connections.first_mut().ok_or("no connections")?;
                let asked = Instant::now();
                connection.ask().await?;
                latencies.push(asked.elapsed().as_secs_f64() * 1e6);
            }
        }
        // Each is the first once.
        for number in (0..sides.len()).map(|number| (number + round) % sides.len()) {
            let before = sides[number].processes.used();
            let begun = Instant::now();
            let answered = crowd(&mut crowds[number], SLICE).await?.max(1) as f64;
            rates[number].push(answered / begun.elapsed().as_secs_f64());
            times[number].push(sides[number].processes.since(&before) as f64 / answered);
        }
    }
    let measured = latencies.into_iter().zip(rates).zip(times);
    let measured = measured.map(|((latencies, rates), times)| Measured {
        latency: median(latencies),
        per_second: median(rates),
        processor: median(times),
    });
    Ok(measured.collect())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
