//! What caches on the way are told whatever was asked: one `Vary` line, and to keep no refusal.

use std::collections::BTreeSet;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

/// The headers of a request that an answer depends on, unless it says so itself.
pub(super) const VARY: HeaderValue =
    HeaderValue::from_static("accept, accept-encoding, accept-language, authorization");

/// Makes one line of all that the layers inside said: of several, nginx before 1.23 heeds the last
/// alone, and gives one reader another's answer.
pub(super) fn join(response: &mut Response) {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    let lines = headers.get_all(header::VARY).iter().count();
    if lines != 1 {
        let line = if lines == 0 { VARY } else { one_line(headers) };
        headers.insert(header::VARY, line);
    }
    if failed {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

fn one_line(headers: &HeaderMap) -> HeaderValue {
    let lines = headers.get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
    let names: BTreeSet<String> =
        lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_lowercase()).collect();
    let names: Vec<String> = names.into_iter().collect();
    HeaderValue::try_from(names.join(", ")).unwrap_or(VARY)
}
