//! Which pages of other origins may read answers (Fetch, CORS).

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id;

/// Every origin.
const ANY: &str = "*";

/// An origin as browsers name it, or `*`.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_origin = rest.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    });
    if text == ANY || is_origin {
        Ok(text.to_owned())
    } else {
        Err("write an origin like https://example.org, without a path, or *".to_owned())
    }
}

/// Lets pages of these origins read answers, without credentials: browsers keep none.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == ANY) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::ACCEPT,
            header::ACCEPT_LANGUAGE,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
        ])
        .expose_headers([
            header::CONTENT_DISPOSITION,
            header::RETRY_AFTER,
            HeaderName::from_static("server-timing"),
            request_id::HEADER,
        ])
}
