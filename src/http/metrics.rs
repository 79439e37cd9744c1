//! What the server counts, as Prometheus reads it.

use std::{
    collections::HashSet,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{
        counter::Counter, family::Family, gauge::ConstGauge, gauge::Gauge, histogram::Histogram,
    },
    registry::Registry,
};

use super::{
    App,
    admission::Admitted,
    cache::Cached,
    outcome::{Outcome, word},
    refusal::Refusal,
};
use crate::{database::Meter, graphql::Code};

/// Where the numbers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsAt {
    /// At `/metrics` of the server's address.
    Here,
    /// Nowhere.
    Nowhere,
    /// At `/metrics` of an address of its own.
    Address(String),
}

impl FromStr for MetricsAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "on" => Ok(Self::Here),
            "off" => Ok(Self::Nowhere),
            address if address.contains(':') => Ok(Self::Address(address.to_owned())),
            _ => Err("write on, off, or an address and port like 127.0.0.1:9100".to_owned()),
        }
    }
}

impl fmt::Display for MetricsAt {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Here => "on",
            Self::Nowhere => "off",
            Self::Address(address) => address,
        })
    }
}

/// How many names of operations are told apart, the first that come: they are the clients', and
/// each costs memory here and wherever the numbers are kept.
const NAMES: usize = 100;

/// What stands for all other names. No operation has it, for names have no spaces.
const OTHER: &str = "(other)";

/// Upper bounds of seconds, from a millisecond to a minute.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// The server's numbers.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Operation, Histogram, fn() -> Histogram>,
    refused: Family<Reason, Counter>,
    errors: Family<Reason, Counter>,
    connections: Gauge,
    cached: Family<Cacheable, Counter>,
    live_connections: Gauge,
    live_queries: Gauge,
    cache_bytes: Family<Held, Gauge>,
    cache_limits: Family<Held, Gauge>,
    revision: Gauge,
    listening: Gauge,
    names: Mutex<HashSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: String,
    r#type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cacheable {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Held {
    cache: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

impl Metrics {
    /// Numbers that begin at nothing, and those of the database.
    pub fn new(database: &Meter) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let mut metrics = Self {
            registry: Registry::with_prefix("hutong"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            refused: Family::default(),
            errors: Family::default(),
            connections: Gauge::default(),
            cached: Family::default(),
            live_connections: Gauge::default(),
            live_queries: Gauge::default(),
            cache_bytes: Family::default(),
            cache_limits: Family::default(),
            revision: Gauge::default(),
            listening: Gauge::default(),
            names: Mutex::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests, by method and the answer's status",
            metrics.requests.clone(),
        );
        registry.register(
            "graphql_request_duration_seconds",
            "How long executed operations took, by name and type",
            metrics.durations.clone(),
        );
        registry.register(
            "refused",
            "Requests that were refused before anything was executed, by code",
            metrics.refused.clone(),
        );
        registry.register(
            "errors",
            "Errors of executed operations, by code",
            metrics.errors.clone(),
        );
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register(
            "result_cache",
            "Answers, by whether they were kept already (hit), found anew (miss) or none that are kept (bypass)",
            metrics.cached.clone(),
        );
        registry.register(
            "cache_bytes",
            "Bytes that a cache holds, with everything that belongs to its entries",
            metrics.cache_bytes.clone(),
        );
        registry.register(
            "cache_limit_bytes",
            "Bytes that a cache may hold",
            metrics.cache_limits.clone(),
        );
        registry.register(
            "live_connections",
            "Open WebSockets and streams of events",
            metrics.live_connections.clone(),
        );
        registry.register(
            "live_queries",
            "Different live queries that are being answered",
            metrics.live_queries.clone(),
        );
        registry.register(
            "revision",
            "The revision of the data that this instance knows",
            metrics.revision.clone(),
        );
        registry.register(
            "listening",
            "Whether PostgreSQL tells this instance of each write (1), or it has to look (0)",
            metrics.listening.clone(),
        );
        let build = Family::<Build, ConstGauge>::new_with_constructor(|| ConstGauge::new(1));
        drop(build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }));
        registry.register("build_info", "The version of Hutong", build);
        database.register(registry);
        metrics
    }

    /// Counts a request and what became of it.
    pub(super) fn count(&self, method: &Method, status: StatusCode, outcome: &Outcome) {
        let request = Request { method: name(method), status: status.as_u16() };
        self.requests.get_or_create(&request).inc();
        for executed in &outcome.executed {
            let operation = Operation {
                operation: self.told_apart(executed.name.as_deref().unwrap_or_default()),
                r#type: word(executed.operation),
            };
            self.durations.get_or_create(&operation).observe(executed.time.as_secs_f64());
            self.count_codes(&self.errors, &executed.errors);
        }
        self.count_codes(&self.refused, &outcome.refused);
    }

    /// Counts what became of an answer in the cache.
    pub(super) fn count_cached(&self, cached: Cached) {
        self.cached.get_or_create(&Cacheable { result: cached.word() }).inc();
    }

    /// Reads what is so at the moment.
    fn look(&self, app: &App) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.live_connections.set(number(app.live.connections()));
        self.live_queries.set(number(app.live.queries()));
        self.revision.set(app.database.revision().all.number);
        self.listening.set(app.database.listener().is_some().into());
        let (documents, persisted) = app.guard.kept_bytes();
        let (prepared, prepared_max) = app.database.prepared_bytes();
        let most = app.guard.kept_bytes_max();
        for (cache, held, most) in [
            ("answers", app.results.bytes(), app.options.result_cache),
            ("documents", documents, most.0),
            ("persisted_documents", persisted, most.1),
            ("statements", prepared, prepared_max),
        ] {
            let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
            self.cache_bytes.get_or_create(&Held { cache }).set(number(held));
            self.cache_limits.get_or_create(&Held { cache }).set(number(most));
        }
    }

    fn count_codes(&self, to: &Family<Reason, Counter>, codes: &[Code]) {
        for code in codes {
            to.get_or_create(&Reason { code: code.name() }).inc();
        }
    }

    /// The name, if it is one of the first that came.
    fn told_apart(&self, name: &str) -> String {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if !name.is_empty() && !names.contains(name) {
            if names.len() >= NAMES {
                return OTHER.to_owned();
            }
            names.insert(name.to_owned());
        }
        name.to_owned()
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> &Gauge {
        &self.connections
    }
}

/// The numbers, for those who may read what the server has.
pub(super) async fn told_to_readers(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Admitted::by_header(&app, &headers).await?;
    Ok(told(State(app)).await)
}

/// All numbers in Prometheus' text format.
pub(super) async fn told(State(app): State<App>) -> Response {
    app.metrics.look(&app);
    let mut text = String::new();
    match prometheus_text::encode(&mut text, &app.metrics.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The method, if it is one of HTTP's: a client may write any word.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => OTHER,
    }
}
