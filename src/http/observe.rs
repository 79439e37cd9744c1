//! Each request as those see it who watch over the server.

use axum::{Extension, extract::Request, middleware::Next, response::Response};
use tracing::Instrument;

use super::request_id::{self, RequestId};

/// Answers a request within a span that has its id, so that each line of the log about it does.
pub(super) async fn observed(
    Extension(id): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    // At the level of errors, so that they have it whatever else is logged.
    let span = tracing::error_span!("request", request_id = request_id::text(&id));
    next.run(request).instrument(span).await
}
