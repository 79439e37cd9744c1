//! A page to send queries from. It is whole by itself: no request leaves the origin.
//!
//! The page is GraphiQL with our own plugin, built from `web/` by `build.rs`; where that could not
//! be done, the plain page stands in, which is at `/plain` in any case.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use include_dir::{Dir, include_dir};

use super::encoding::{self, Encoding};

/// What was built: each file in its compressed forms, `.br` and `.gz`.
static BUILT: Dir<'_> = include_dir!("$OUT_DIR/playground");
/// Why nothing was built; empty where it was.
const MISSING: &str = env!("HUTONG_WEB_MISSING");
const PLAIN: &str = include_str!("playground.html");

/// The page may do what it brings with it, and talk to its own origin. The editor writes styles
/// into the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      worker-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self' \
                      data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The plain page is one file.
const PLAIN_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src \
                            'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; \
                            form-action 'none'; frame-ancestors 'none'";
/// The licences of what the page is made of.
const LICENCES: &str = "licences.md";
/// The name of an asset changes with its content; those of the page and the licences do not.
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

pub(super) async fn page(headers: HeaderMap) -> Response {
    let Some(tag) = tag("index.html") else {
        return plain().await;
    };
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut known = known.map(str::trim);
    let mut response = if known.any(|known| known == tag || known == "*") {
        let described = [(header::CACHE_CONTROL, ASK_AGAIN), (header::VARY, "accept-encoding")];
        (StatusCode::NOT_MODIFIED, described).into_response()
    } else {
        file(&headers, "index.html", ASK_AGAIN)
    };
    if let Ok(tag) = tag.parse() {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

pub(super) async fn plain() -> Response {
    let missing = MISSING.replace('&', "&amp;").replace('<', "&lt;");
    let notice = match missing.as_str() {
        "" => String::new(),
        missing => format!(
            "<p><small>This is the plain page. The playground with tables and charts is not in \
             this binary: {missing}. Install Node.js 20.19 or newer with npm, and build with \
             <code>HUTONG_WEB=require</code>.</small></p>"
        ),
    };
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_SECURITY_POLICY, PLAIN_POLICY), (header::CACHE_CONTROL, ASK_AGAIN)];
    (headers, Html(PLAIN.replace("{missing}", &notice))).into_response()
}

pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let cache = if name == LICENCES { ASK_AGAIN } else { FOREVER };
    file(&headers, &format!("assets/{name}"), cache)
}

/// A file of the page in the form the client reads.
fn file(headers: &HeaderMap, name: &str, cache: &str) -> Response {
    let encoding = encoding::preferred(headers);
    let suffix = if encoding == Encoding::Brotli { "br" } else { "gz" };
    let Some(file) = BUILT.get_file(format!("{name}.{suffix}")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let described = [
        (header::CONTENT_TYPE, content_type(name)),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let content = file.contents();
    match encoding {
        // There is no third form; what is plain is compressed on its way.
        Encoding::Identity | Encoding::Zstd => match encoding::inflate(content, u64::MAX) {
            Ok(plain) => (described, plain).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Encoding::Brotli => {
            (described, [(header::CONTENT_ENCODING, "br")], content).into_response()
        }
        Encoding::Gzip => {
            (described, [(header::CONTENT_ENCODING, "gzip")], content).into_response()
        }
    }
}

/// Tells one version of a file from another, in whatever form; `None` where there is no such file.
fn tag(name: &str) -> Option<String> {
    let file = BUILT.get_file(format!("{name}.gz"))?;
    let mut hasher = DefaultHasher::new();
    file.contents().hash(&mut hasher);
    Some(format!("W/\"{:016x}\"", hasher.finish()))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "md")) => "text/plain; charset=utf-8",
        Some((_, "ttf")) => "font/ttf",
        _ => "application/octet-stream",
    }
}
