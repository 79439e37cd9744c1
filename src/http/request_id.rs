//! The id of each request (`X-Request-Id`): it is in the answer, in every line of the log about the
//! request, and in errors that are the server's own failure.

use axum::{extract::Request, http::HeaderName};
use tower_http::request_id::MakeRequestId;
pub(super) use tower_http::request_id::{PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use uuid::Uuid;

/// Where it is given and told.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const LONGEST: usize = 128;

/// Ids of the server's own, in the order of their time (UUID version 7).
#[derive(Clone, Copy)]
pub(super) struct Fresh;

impl MakeRequestId for Fresh {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        Uuid::now_v7().to_string().parse().ok().map(RequestId::new)
    }
}

/// Takes away an id that the client or a proxy gave where it is not fit for a log: more than one,
/// too long, or with other characters than such ids have.
pub(super) async fn only_sane(mut request: Request) -> Request {
    let given: Vec<_> = request.headers().get_all(HEADER).iter().collect();
    let sane = |id: &[u8]| {
        (1..=LONGEST).contains(&id.len())
            && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte))
    };
    if !matches!(given[..], [one] if sane(one.as_bytes())) {
        request.headers_mut().remove(HEADER);
    }
    request
}

/// The id as text.
pub(super) fn text(id: &RequestId) -> &str {
    id.header_value().to_str().unwrap_or_default()
}
