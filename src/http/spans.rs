//! What the log and traces say that something belongs to: a request, and an operation in it.

use axum::extract::{MatchedPath, Request};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Instrument, Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A span for the log, and beside it one for OpenTelemetry, which wants other names and fields.
pub(super) struct Spans {
    /// At the level of errors, so that each line has it, whatever is logged.
    logged: Span,
    /// At the level of debugging, so that the log does not have it; without cost where no traces
    /// are sent.
    traced: Span,
}

impl Spans {
    /// Those of a request, within the trace of whoever sent it (W3C Trace Context).
    pub(super) fn of_request(request: &Request, id: &str) -> Self {
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let traced = tracing::debug_span!(
            "request",
            otel.name = Empty,
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = request.method().as_str(),
            http.route = route,
            http.response.status_code = Empty,
            request_id = id,
        );
        if !traced.is_disabled() {
            let name = format!("{} {}", request.method(), route.unwrap_or_default());
            traced.record("otel.name", name.trim_end());
            let sender = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
            if let Err(why) = traced.set_parent(sender) {
                tracing::debug!(%why, "a trace is not continued");
            }
        }
        Self { logged: tracing::error_span!("request", request_id = id), traced }
    }

    /// Those of an operation, made within its request.
    pub(super) fn of_operation(name: Option<&str>, r#type: &str) -> Self {
        let traced = tracing::debug_span!(
            "operation",
            otel.name = Empty,
            graphql.operation.name = name,
            graphql.operation.r#type = r#type,
        );
        if !traced.is_disabled() {
            let name = format!("{type} {}", name.unwrap_or_default());
            traced.record("otel.name", name.trim_end());
        }
        Self { logged: tracing::error_span!("operation", operation = name, r#type), traced }
    }

    /// Says the status of the answer in the trace.
    pub(super) fn answered(&self, status: axum::http::StatusCode) {
        self.traced.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.traced.record("otel.status_code", "ERROR");
        }
    }

    /// Does the work within both.
    pub(super) fn around<W: Future>(&self, work: W) -> impl Future<Output = W::Output> + use<W> {
        work.instrument(self.logged.clone()).instrument(self.traced.clone())
    }

    /// Logs within the span.
    pub(super) fn log(&self, log: impl FnOnce()) {
        self.logged.in_scope(log);
    }
}
