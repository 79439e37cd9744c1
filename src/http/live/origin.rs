//! Whose pages may open a WebSocket.
//!
//! A browser keeps pages of other origins from reading answers over HTTP, but lets any page open a
//! WebSocket and only tells where the page is from. Without this check every page could read a
//! server that only its visitor can reach.

use axum::http::{HeaderMap, header};

/// Whether a client may open a WebSocket: a page of the server's own origin or of one that was
/// configured, and every client that is no page.
pub(super) fn allowed(headers: &HeaderMap, configured: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.split_once("://").is_some_and(|(_, authority)| {
        host.is_some_and(|host| authority.eq_ignore_ascii_case(host))
    });
    own || configured.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn pages_of_other_origins_are_refused() {
        let headers = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("city.example:8000"));
            let origin = origin.map(HeaderValue::from_static);
            headers.extend(origin.map(|origin| (header::ORIGIN, origin)));
            headers
        };
        for (origin, wanted) in [
            (None, true),
            (Some("http://city.example:8000"), true),
            (Some("https://City.example:8000"), true),
            (Some("http://city.example"), false),
            (Some("http://evil.example"), false),
            (Some("http://city.example:8000.evil.example"), false),
            (Some("null"), false),
            (Some("city.example:8000"), false),
        ] {
            assert_eq!(allowed(&headers(origin), &[]), wanted, "{origin:?}");
            assert!(allowed(&headers(origin), &["*".to_owned()]));
        }
        let other = headers(Some("https://map.example"));
        assert!(allowed(&other, &["https://map.example".to_owned()]));
        assert!(!allowed(&other, &["https://maps.example".to_owned()]));
    }
}
