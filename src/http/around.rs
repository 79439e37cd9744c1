//! What is done around each request, whatever answers it. It is one function and not a layer of the
//! router for each topic: a layer makes copies of all that it is around for every request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{
    cors, encoding,
    observe::{self, Observer},
    vary,
};

/// What it takes.
pub(super) struct Around {
    /// Who watches.
    pub(super) observer: Observer,
    /// Whose pages may do what.
    pub(super) pages: cors::Options,
}

/// Answers a request.
pub(super) async fn answered(
    State(around): State<Arc<Around>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = async |id: &_, mut request: Request| {
        let mut response = match cors::refuse_preflight(&around.pages, id, &request) {
            Some(refused) => refused,
            None => {
                encoding::negotiate(request.headers_mut());
                next.run(request).await
            }
        };
        vary::join(&mut response);
        response
    };
    observe::observed(&around.observer, request, answer).await
}
