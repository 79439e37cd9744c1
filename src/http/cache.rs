//! Answers, kept for as long as the data stay as they are.
//!
//! An answer follows from the data and from what its key is made of: what was sent, as it was sent,
//! so that a request that is answered from here is not even read. The revision of the data, of those
//! that whoever asks may see, is part of the key and is asked before anything is read, so that what
//! is kept under it is at least as new: a write needs to remove nothing, it makes other keys. Nor is
//! there a stale answer once a write was acknowledged ([`crate::event::current`] states by whom).

use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    Options,
    encoding::Encoding,
    negotiation::{Media, Taken},
    request::Sent,
};
use crate::{access::Viewer, cache::Bounded, database::Extent, graphql::Preferred};

/// What became of a request here (RFC 9211).
pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The answers that are kept, by what they follow from.
pub struct Results {
    kept: Option<Bounded<Key, Kept>>,
}

/// What an answer follows from, so that those with equal keys have equal answers.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key {
    what: Vec<u8>,
    /// In which form it goes out.
    pub(super) form: Encoding,
}

/// An answer that is kept.
#[derive(Clone)]
pub(super) struct Kept {
    /// As it goes out.
    pub(super) body: Bytes,
    /// How it is compressed, if it is.
    pub(super) encoding: Option<HeaderValue>,
    pub(super) tag: Tag,
}

/// The name of an answer (`ETag`), by which clients ask whether it has changed.
#[derive(Clone)]
pub(super) struct Tag(HeaderValue);

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cached {
    /// It, or that it has not changed, was known.
    Hit,
    /// It was found anew, and is kept.
    Stored,
    /// It was found anew.
    Miss,
    /// It is nothing that is kept: a write, a refusal, several answers in one.
    Bypass,
}

impl Cached {
    pub(super) fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "hutong; hit",
            Self::Stored => "hutong; fwd=miss; stored",
            Self::Miss => "hutong; fwd=miss",
            Self::Bypass => "hutong; fwd=bypass",
        })
    }

    /// In one word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stored | Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

/// How many bytes a key has beside what was sent, mostly.
const ROOM: usize = 128;

impl Results {
    /// None yet, and never more than the options say.
    pub fn new(options: &Options) -> Self {
        let size = |key: &Key, kept: &Kept| {
            let encoding = kept.encoding.as_ref().map_or(0, HeaderValue::len);
            let Tag(tag) = &kept.tag;
            key.what.capacity() + encoding + tag.len() + kept.body.len()
        };
        Self { kept: Bounded::new(options.result_cache, size) }
    }

    /// How many bytes the answers that are kept take.
    pub(super) fn bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, Bounded::bytes)
    }

    pub(super) fn get(&self, key: &Key) -> Option<Kept> {
        self.kept.as_ref()?.get(key)
    }

    /// Keeps an answer, where any are kept, with no room beside it: what was written to may have
    /// twice its size.
    pub(super) fn keep(&self, key: Key, mut answer: Kept) -> Cached {
        let Some(kept) = &self.kept else { return Cached::Miss };
        answer.body = Bytes::copy_from_slice(&answer.body);
        kept.insert(key, answer);
        Cached::Stored
    }
}

impl Key {
    /// The key of a request by somebody for whom the data have come so far; none where nothing of them
    /// is known, or where files were sent.
    pub(super) fn of(
        sent: &Sent,
        viewer: &Viewer,
        seen: Extent,
        preferred: &Preferred,
        taken: &Taken,
        encoding: Encoding,
    ) -> Option<Self> {
        let Extent { number, observation, changed_at } = seen;
        let (method, sent) = match sent {
            Sent::Parameters(address) => (0, address.query().unwrap_or_default().as_bytes()),
            Sent::Json(body) => (1, &body[..]),
            Sent::Form(_) => return None,
        };
        let mut what = Vec::with_capacity(sent.len() + ROOM);
        // Whoever asks may ask who they are.
        let role = viewer.role.map_or(u8::MAX, |role| role as u8);
        let framing = taken.framing.map_or(u8::MAX, |framing| framing as u8);
        what.extend([method, role, u8::from(viewer.name.is_some()), framing]);
        for number in [number, observation, changed_at] {
            what.extend_from_slice(&number.to_le_bytes());
        }
        // Each part with its length, so that no two requests run together.
        let mut add = |part: &[u8]| {
            what.extend_from_slice(&part.len().to_le_bytes());
            what.extend_from_slice(part);
        };
        add(viewer.name.as_deref().unwrap_or_default().as_bytes());
        add(taken.media.map_or("", Media::name).as_bytes());
        add(sent);
        preferred.0.iter().for_each(|language| add(language.tag().as_bytes()));
        (number > 0).then_some(Self { what, form: encoding })
    }

    /// The key of a download by its address, of data that have come so far.
    pub(super) fn of_download(viewer: &Viewer, revision: (i64, i64), address: &str) -> Self {
        let mut what = b"download ".to_vec();
        what.push(viewer.role.map_or(u8::MAX, |role| role as u8));
        what.extend_from_slice(&revision.0.to_le_bytes());
        what.extend_from_slice(&revision.1.to_le_bytes());
        what.extend_from_slice(address.as_bytes());
        Self { what, form: Encoding::Identity }
    }

    /// The name of its answer by a server with these terms: weak, for it is the same however the
    /// answer is compressed.
    pub(super) fn tag(&self, terms: &str) -> Option<Tag> {
        // Another version of the server may answer in other words, and so may another configuration.
        let mut digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        digest.update(terms);
        digest.update(&self.what);
        let digest = URL_SAFE_NO_PAD.encode(digest.finalize());
        HeaderValue::try_from(format!("W/\"{digest}\"")).ok().map(Tag)
    }
}

impl Tag {
    /// Whether the client has the answer already (`If-None-Match`).
    pub(super) fn is_one_of(&self, known: &[HeaderValue]) -> bool {
        let own = self.0.to_str().map(bare).unwrap_or_default();
        let lines = known.iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|tag| bare(tag) == own)
    }

    /// The same as a header.
    pub(super) fn into_header(self) -> HeaderValue {
        self.0
    }
}

/// A tag without its quotes, weak or not: caches on the way may have made it either.
fn bare(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

/// What caches between here and the client are told of an answer that is kept.
pub(super) fn control(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("{text:?} is no value of a header"))
}
