//! How far `hutong import` is, for whoever waits for it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    package::Progress,
    record::{Phase, Step, Watcher},
};

/// Progress on a terminal: a bar with rate and time left.
pub(super) struct Bar {
    file: String,
    bytes: u64,
    shown: Shown,
}

/// The bar that is shown.
#[derive(Clone)]
struct Shown(Arc<Mutex<ProgressBar>>);

/// How a file that is read is shown, and figures that are brought to where they belong.
const FILE: &str = "{msg} {bar:30} {percent}% {binary_bytes_per_sec} {prefix} {eta} left";
const FIGURES: &str = "{msg} {bar:30} {human_pos} of {human_len} figures";

impl Bar {
    pub(super) fn new() -> Self {
        let shown = Shown(Arc::new(Mutex::new(ProgressBar::hidden())));
        Self { file: String::new(), bytes: 0, shown }
    }

    pub(super) fn end(&self) {
        self.shown.with(|bar| bar.finish_and_clear());
    }
}

impl Shown {
    fn with(&self, change: impl FnOnce(&mut ProgressBar)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Another bar in the place of the one there is.
    fn show(&self, of: u64, message: &str, template: &str) {
        self.with(|bar| bar.finish_and_clear());
        let bar = ProgressBar::new(of).with_message(message.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        self.with(|shown| *shown = bar);
    }

    /// Tells of figures that are brought to where they belong.
    fn step(&self, Step { phase, done, of }: Step) {
        if done == 0 || phase == Phase::Indexing {
            self.show(of, doing(phase), FIGURES);
        }
        self.with(|bar| bar.set_position(done));
    }
}

impl Progress for Bar {
    fn begin(&mut self, file: &str, bytes: u64) {
        (self.file, self.bytes) = (file.to_owned(), bytes);
        self.shown.show(bytes, file, FILE);
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        // Figures were shown meanwhile, if rows that may refer to them came after them.
        if self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).message() != self.file {
            self.shown.show(self.bytes, &self.file, FILE);
        }
        self.shown.with(|bar| {
            bar.set_prefix(format!("{rows} rows"));
            bar.set_position(bytes);
        });
    }

    fn watcher(&self) -> Watcher {
        let shown = self.shown.clone();
        Arc::new(move |step| shown.step(step))
    }
}

/// How often a line tells of the progress.
const EVERY: Duration = Duration::from_secs(5);

/// Progress where nobody watches: a line now and then.
pub(super) struct Lines {
    file: String,
    bytes: u64,
    begun: Instant,
    told: Arc<Mutex<Instant>>,
}

/// Whether it is time for another line; then it is not for a while.
fn is_time(told: &Mutex<Instant>) -> bool {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let is_time = told.elapsed() >= EVERY;
    if is_time {
        *told = Instant::now();
    }
    is_time
}

impl Lines {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { file: String::new(), bytes: 0, begun: now, told: Arc::new(Mutex::new(now)) }
    }
}

impl Progress for Lines {
    fn begin(&mut self, file: &str, bytes: u64) {
        (self.file, self.bytes, self.begun) = (file.to_owned(), bytes, Instant::now());
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        if bytes == 0 || !is_time(&self.told) {
            return;
        }
        let elapsed = self.begun.elapsed().as_millis().max(1);
        let left =
            u128::from(self.bytes.saturating_sub(bytes)) * elapsed / u128::from(bytes) / 1000;
        let percent = bytes.saturating_mul(100) / self.bytes.max(1);
        let rate = u128::from(rows) * 1000 / elapsed;
        let file = &self.file;
        eprintln!("{file}: {percent} % read, {rows} rows, {rate} rows a second, {left} s left");
    }

    fn watcher(&self) -> Watcher {
        let (told, begun) = (Arc::clone(&self.told), Instant::now());
        Arc::new(move |Step { phase, done, of }| {
            // A phase may be one long step, of which nothing is heard until it ends.
            let is_new = done == 0 || phase == Phase::Indexing;
            if is_time(&told) || is_new && begun.elapsed() >= EVERY {
                let doing = doing(phase);
                eprintln!("{doing}: {done} of {of} figures");
            }
        })
    }
}

/// What is done, for people.
fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading",
        Phase::Checking => "comparing with what is there",
        Phase::Writing => "writing",
        Phase::Indexing => "indexing",
    }
}
