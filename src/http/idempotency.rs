//! The key of a write that may be sent again (`Idempotency-Key`).

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use entity::Quoted;

use super::refusal::Refusal;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key.
const LONGEST: usize = 255;

/// The key that a request came with, if it came with one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<Arc<str>>, Refusal> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = String::from_utf8_lossy(key.as_bytes());
    let sound =
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match sound && keys.next().is_none() {
        true => Ok(Some(text.into())),
        false => Err(Refusal::malformed_key(Quoted(&text), LONGEST)),
    }
}
