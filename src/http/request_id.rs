//! The id of each request (`X-Request-Id`): it is in the answer, in every line of the log about the
//! request, and in errors that are the server's own failure.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Where it is given and told.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const LONGEST: usize = 128;

/// The id of one request.
#[derive(Debug, Clone)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The one that the client or a proxy gave. Where that is not fit for a log, because it is more
    /// than one, too long, or has other characters than such ids have, and where there is none: one
    /// of the server's own, in the order of their time (UUID version 7).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(HEADER).iter();
        let only = given.next().filter(|_| given.next().is_none());
        only.filter(|id| is_sane(id.as_bytes())).cloned().map_or_else(Self::fresh, Self)
    }

    fn fresh() -> Self {
        let mut text = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        // Hyphens and digits always make a header.
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// As text.
    pub(super) fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// As the header that tells it.
    pub(super) fn into_header(self) -> (HeaderName, HeaderValue) {
        (HEADER, self.0)
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte))
}
