//! Compression: of whatever is large as it goes out, and of an answer that is kept but once.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove},
};

use super::{encoding::Encoding, live::Framing};
use crate::package::export::Format;

/// The smallest answer that is compressed: a smaller one fits into one packet as it is.
const COMPRESSED_FROM: u16 = 1024;

/// The largest answer that is compressed in one go, in bytes: others would wait for a larger one,
/// which is compressed piece by piece as it goes out.
const WHOLE: usize = 1 << 20;

/// Compresses what is not compressed yet, in the form that was [negotiated](super::encoding), unless
/// it is packed or tells of things as they come.
pub(super) fn layer() -> CompressionLayer<impl Predicate> {
    let packed = |media: &'static str| NotForContentType::const_new(media);
    let compressed = DefaultPredicate::new()
        .and(SizeAbove::new(COMPRESSED_FROM))
        .and(packed(Framing::Parts.media_type()))
        .and(packed(Format::Zip.media_type()))
        .and(packed(Format::Parquet.media_type()));
    CompressionLayer::new().compress_when(compressed)
}

/// The answer as it goes out in a form, and the name of the form; none where it goes out as it is,
/// or is too large to be compressed at once.
pub(super) async fn whole(answer: &Bytes, form: Encoding) -> Option<(HeaderValue, Bytes)> {
    if form == Encoding::Identity || answer.len() > WHOLE {
        return None;
    }
    let answers = service_fn(async |_: Request| {
        Ok::<_, Infallible>(Response::new(Body::from(answer.clone())))
    });
    let mut request = Request::default();
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(form.name()));
    let compressed = layer().layer(answers).oneshot(request).await.ok()?;
    let encoding = compressed.headers().get(header::CONTENT_ENCODING)?.clone();
    let answer = to_bytes(Body::new(compressed.into_body()), usize::MAX).await.ok()?;
    Some((encoding, answer))
}
