//! Statements as they run: counted for the whole server, noted for the request that asked, and
//! traced.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use strum::IntoStaticStr;
use tracing::{Span, field::Empty};

use super::cells::Cells;
use crate::error::Error;

/// A statement of a request, once it has run.
#[derive(Debug, Clone)]
pub struct ExecutedStatement {
    /// Its text, without its parameters.
    pub sql: String,
    /// How many rows it returned; `None` where it failed, or has not ended.
    pub rows: Option<usize>,
    /// How long it took, with its time in the queue.
    pub time: Duration,
}

/// The statements of one request, in the order in which they began.
#[derive(Debug, Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<ExecutedStatement>>>);

impl Statements {
    /// How many have begun.
    pub fn count(&self) -> usize {
        self.with(|statements| statements.len())
    }

    /// Forgets those that have begun, and says how many they were.
    pub fn forget(&self) -> usize {
        self.with(|statements| std::mem::take(statements).len())
    }

    /// Those that have begun.
    pub fn list(&self) -> Vec<ExecutedStatement> {
        self.with(|statements| statements.clone())
    }

    fn with<T>(&self, read: impl FnOnce(&mut Vec<ExecutedStatement>) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The numbers of the statements of requests, and of lost connections. Clones count together.
#[derive(Debug, Clone)]
pub struct Meter {
    statements: Family<Labels, Counter>,
    rows: Counter,
    seconds: Histogram,
    reconnects: Counter,
}

/// Upper bounds of seconds, from half a millisecond to a minute.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

impl Default for Meter {
    fn default() -> Self {
        Self {
            statements: Family::default(),
            rows: Counter::default(),
            seconds: Histogram::new(SECONDS),
            reconnects: Counter::default(),
        }
    }
}

impl Meter {
    /// Makes the numbers known to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "sql_statements",
            "SQL statements of requests, by what became of them",
            self.statements.clone(),
        );
        registry.register("sql_rows", "Rows that SQL statements returned", self.rows.clone());
        registry.register(
            "sql_duration_seconds",
            "How long SQL statements took, with their time in the queue",
            self.seconds.clone(),
        );
        registry.register(
            "database_reconnects",
            "How often the connection by which PostgreSQL tells of each write was made anew",
            self.reconnects.clone(),
        );
    }

    /// Counts that the connection by which PostgreSQL tells of writes was made anew.
    pub(crate) fn count_reconnect(&self) {
        self.reconnects.inc();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
enum Outcome {
    /// It returned its rows.
    Answered,
    /// It could not be run.
    Failed,
    /// It ran too long, or whoever asked did not wait for it.
    Stopped,
}

/// A statement that is under way. It ends when this is dropped, however that comes about.
pub(super) struct Running<'d> {
    meter: &'d Meter,
    /// The statements of the request it belongs to; none where the server asks for itself.
    noted: Option<(&'d Statements, usize)>,
    begun: Instant,
    outcome: Outcome,
    rows: Option<usize>,
    pub(super) span: Span,
}

impl<'d> Running<'d> {
    pub(super) fn begin(
        system: &'static str,
        sql: &str,
        meter: &'d Meter,
        statements: Option<&'d Statements>,
    ) -> Self {
        let noted = statements.map(|statements| {
            let begun = ExecutedStatement { sql: sql.to_owned(), rows: None, time: Duration::ZERO };
            let place = statements.with(|statements| {
                statements.push(begun);
                statements.len() - 1
            });
            (statements, place)
        });
        let span = tracing::debug_span!(
            "SELECT",
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = system,
            db.query.text = sql,
            db.response.returned_rows = Empty,
        );
        let (begun, outcome) = (Instant::now(), Outcome::Stopped);
        Self { meter, noted, begun, outcome, rows: None, span }
    }

    pub(super) fn end(mut self, rows: &Result<Cells, Error>) {
        (self.outcome, self.rows) = match rows {
            Ok(rows) => (Outcome::Answered, Some(rows.rows())),
            Err(Error::Timeout) => (Outcome::Stopped, None),
            Err(_) => (Outcome::Failed, None),
        };
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let time = self.begun.elapsed();
        if self.noted.is_some() {
            let labels = Labels { outcome: self.outcome.into() };
            self.meter.statements.get_or_create(&labels).inc();
            self.meter.seconds.observe(time.as_secs_f64());
            self.meter.rows.inc_by(self.rows.unwrap_or_default() as u64);
        }
        match self.rows {
            Some(rows) => {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                self.span.record("db.response.returned_rows", rows);
            }
            None => {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        if let Some((statements, place)) = self.noted {
            statements.with(|statements| {
                // It may be forgotten meanwhile.
                if let Some(ran) = statements.get_mut(place) {
                    (ran.rows, ran.time) = (self.rows, time);
                }
            });
        }
    }
}
