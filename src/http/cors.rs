//! Whose pages may read answers and open WebSockets (Fetch, CORS).
//!
//! A browser keeps pages of other origins from reading answers over HTTP, but lets any page open a
//! WebSocket and only says where the page is from. Without the check of [`check`] every page could
//! read a server that only its visitor can reach.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::{cache, handler, refusal::Refusal, request_id};

/// Whose pages may do what.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP")]
#[group(skip)]
pub struct Options {
    /// The origins whose pages may read answers and open WebSockets, with commas between them, or
    /// `*` for every page
    #[arg(long, env = "HUTONG_CORS_ORIGIN", value_name = "ORIGINS", global = true)]
    #[arg(value_delimiter = ',', value_parser = origin)]
    pub cors_origin: Vec<String>,
    /// The request headers that such pages may send, with commas between them, or `*` for any
    #[arg(long, env = "HUTONG_CORS_HEADER", value_name = "HEADERS", global = true)]
    #[arg(value_delimiter = ',', value_parser = name, default_value = HEADERS)]
    pub cors_header: Vec<String>,
    /// How many seconds a browser may remember that such a page may send a request, and need not
    /// ask again before the next
    #[arg(long, env = "HUTONG_CORS_MAX_AGE", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 7200, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub cors_max_age: u32,
}

/// Every origin, or every header.
const ANY: &str = "*";

/// The request headers that have a meaning here, and those that the usual clients send beside them.
const HEADERS: &str = "accept,accept-language,apollo-require-preflight,apollographql-client-name,\
                       apollographql-client-version,authorization,baggage,cache-control,\
                       content-encoding,content-type,idempotency-key,if-none-match,last-event-id,\
                       traceparent,tracestate,x-apollo-operation-name,x-request-id";

/// What answers say in headers of theirs that browsers would keep from pages.
const EXPOSED: [HeaderName; 9] = [
    header::ACCEPT_ENCODING,
    header::ALLOW,
    cache::CACHE_STATUS,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::RETRY_AFTER,
    handler::SERVER_TIMING,
    header::WWW_AUTHENTICATE,
    request_id::HEADER,
];

/// An origin as browsers name it, or `*`.
fn origin(text: &str) -> Result<String, String> {
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

/// The name of a header, or `*`.
fn name(text: &str) -> Result<String, String> {
    match HeaderName::from_bytes(text.trim().as_bytes()) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(_) => Err("write the name of a header like x-request-id, or *".to_owned()),
    }
}

fn names_any(names: &[String]) -> bool {
    names.iter().any(|name| name == ANY)
}

/// Lets pages of the origins read answers, without credentials: browsers keep none. None where no
/// origin is named.
pub(super) fn layer(options: &Options) -> Option<CorsLayer> {
    let Options { cors_origin: origins, cors_header: names, cors_max_age } = options.clone();
    if origins.is_empty() {
        return None;
    }
    let origins = match names_any(&origins) {
        true => AllowOrigin::any(),
        false => AllowOrigin::predicate(move |_, head| is_allowed(&head.headers, &origins)),
    };
    let headers = match names_any(&names) {
        true => AllowHeaders::mirror_request(),
        false => AllowHeaders::list(names.iter().filter_map(|name| name.parse().ok())),
    };
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers)
        .expose_headers(EXPOSED)
        // What a preflight says besides is for nobody else.
        .vary([header::ORIGIN])
        .max_age(std::time::Duration::from_secs(cors_max_age.into()));
    Some(layer)
}

/// The answer to a preflight request for a page that may not read answers, where this is one: the
/// browser shows its developer the answer, but would tell nothing of a missing header.
pub(super) fn refuse_preflight(
    options: &Options,
    id: &request_id::RequestId,
    request: &Request,
) -> Option<Response> {
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let refusal = is_preflight.then(|| check(request.headers(), options).err()).flatten()?;
    Some(refusal.of(id.text()).into_response())
}

/// Lets in every client that is no page, and pages of the server's own origin and of those that
/// were configured. Whoever runs the server finds in the log which page was refused.
pub(super) fn check(headers: &HeaderMap, options: &Options) -> Result<(), Refusal> {
    if is_allowed(headers, &options.cors_origin) {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes).unwrap_or_default();
    let refusal = Refusal::origin(&String::from_utf8_lossy(origin));
    tracing::warn!("{}", refusal.message());
    Err(refusal)
}

fn is_allowed(headers: &HeaderMap, configured: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.split_once("://").is_some_and(|(_, authority)| {
        host.is_some_and(|host| authority.eq_ignore_ascii_case(host))
    });
    own || configured.iter().any(|known| known == ANY || known.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
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
            assert_eq!(is_allowed(&headers(origin), &[]), wanted, "{origin:?}");
            assert!(is_allowed(&headers(origin), &["*".to_owned()]));
        }
        let other = headers(Some("https://map.example"));
        assert!(is_allowed(&other, &["https://map.example".to_owned()]));
        assert!(!is_allowed(&other, &["https://maps.example".to_owned()]));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        assert_eq!(name("X-Api-Key").as_deref(), Ok("x-api-key"));
        assert_eq!(name(" * ").as_deref(), Ok("*"));
        for wrong in ["", "a b", "a:", "é"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
