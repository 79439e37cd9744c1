//! Each request as those see it who watch over the server: its line in the log, its numbers, its
//! trace.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{extract::Request, response::Response};

use super::{
    metrics::Metrics,
    outcome::{Outcome, word},
    request_id::RequestId,
    spans::Spans,
};

/// Who watches.
pub(super) struct Observer {
    pub(super) metrics: Arc<Metrics>,
    /// From which time on a request is told to be slow.
    pub(super) slow: Duration,
}

/// How many characters of a path the log has: a client may write any.
const LONGEST_PATH: usize = 100;

/// Logs the request, with the fields of its line.
macro_rules! line {
    ($level:ident, $message:literal, $line:ident) => {
        tracing::$level!(
            method = %$line.method,
            path = $line.path,
            status = $line.status,
            operation = $line.operation,
            r#type = $line.kind,
            code = $line.code,
            statements = $line.statements,
            milliseconds = $line.milliseconds,
            $message
        )
    };
}

/// Answers a request and tells of it. Each line of the log about it has its id, and so has the
/// answer.
pub(super) async fn observed(
    observer: &Observer,
    mut request: Request,
    answer: impl AsyncFnOnce(&RequestId, Request) -> Response,
) -> Response {
    let begun = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let spans = Spans::of_request(&request, id.text());
    let method = request.method().clone();
    let path = format!("{:.LONGEST_PATH$}", request.uri().path());
    let mut response = spans.around(answer(&id, request)).await;
    response.headers_mut().extend([id.into_header()]);
    let outcome = response.extensions_mut().remove::<Outcome>().unwrap_or_default();
    let (status, time) = (response.status(), begun.elapsed());
    observer.metrics.count(&method, status, &outcome);
    spans.answered(status);
    let executed = match &outcome.executed[..] {
        [one] => Some(one),
        _ => None,
    };
    let line = Line {
        method: method.as_str(),
        path: &path,
        status: status.as_u16(),
        operation: executed.and_then(|executed| executed.name.as_deref()),
        kind: executed.map(|executed| word(executed.operation)),
        code: outcome.refused.first().map(|code| code.name()),
        statements: outcome.statements(),
        milliseconds: (time.as_secs_f64() * 10_000.0).round() / 10.0,
    };
    spans.log(|| {
        if time >= observer.slow {
            line!(warn, "answered slowly", line);
        } else if is_watching(&path) {
            line!(debug, "answered", line);
        } else {
            line!(info, "answered", line);
        }
    });
    response
}

/// What the log tells of a request; never what was asked, nor its variables.
struct Line<'r> {
    method: &'r str,
    path: &'r str,
    status: u16,
    operation: Option<&'r str>,
    kind: Option<&'static str>,
    code: Option<&'static str>,
    statements: Option<usize>,
    milliseconds: f64,
}

/// Whether the request is one of those who watch over the server, who ask every few seconds.
fn is_watching(path: &str) -> bool {
    path == "/metrics" || path.starts_with("/health/")
}
