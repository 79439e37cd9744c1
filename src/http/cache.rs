//! Answers, kept for as long as the data stay as they are.
//!
//! An answer follows from the data and from what its key is made of. The revision of the data is
//! part of the key and is asked before anything is read, so that what is kept under it is at least
//! as new: a write needs to remove nothing, it makes other keys. Nor is there a stale answer once a
//! write on this instance was acknowledged; of a write elsewhere this instance knows as soon as it
//! is told ([`crate::event::follow`] states how soon).

use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{Options, negotiation::Media};
use crate::{
    access::Viewer,
    database::Revision,
    graphql::{Asked, Guard, Preferred},
};

/// What became of a request here (RFC 9211).
pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The answers that are kept, by what they follow from.
pub struct Results {
    kept: Option<Cache<Key, Kept>>,
}

/// What an answer follows from, so that those with equal keys have equal answers.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key(Vec<u8>);

/// An answer that is kept.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) body: Bytes,
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

/// How many bytes an answer takes beside its own and its key's.
const OVERHEAD: usize = 250;

/// How many bytes a key has beside its document and its variables, mostly.
const ROOM: usize = 256;

impl Results {
    /// None yet, and never more than the options say.
    pub fn new(options: &Options) -> Self {
        let weigh = |key: &Key, kept: &Kept| {
            u32::try_from(key.0.len() + kept.body.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let most = options.result_cache;
        Self {
            kept: (most > 0).then(|| Cache::builder().max_capacity(most).weigher(weigh).build()),
        }
    }

    /// How many bytes of answers are kept, about.
    pub(super) fn bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| {
            // What was kept and dropped is summed up from time to time only.
            kept.run_pending_tasks();
            kept.weighted_size()
        })
    }

    pub(super) fn get(&self, key: &Key) -> Option<Kept> {
        self.kept.as_ref()?.get(key)
    }

    /// Keeps an answer, where any are kept.
    pub(super) fn keep(&self, key: Key, answer: Kept) -> Cached {
        let Some(kept) = &self.kept else { return Cached::Miss };
        kept.insert(key, answer);
        Cached::Stored
    }
}

impl Key {
    /// The key of a request; none where nothing of the data or of its document is known.
    pub(super) fn of(
        guard: &Guard,
        asked: &Asked,
        revision: Revision,
        preferred: &Preferred,
        media: Media,
    ) -> Option<Self> {
        // How an answer was found is another time another story.
        let document = guard.document(asked).filter(|_| !asked.explain())?;
        let variables = serde_json::to_vec(&asked.variables).ok()?;
        let operation = asked.operation_name.as_deref().unwrap_or_default();
        let Revision { number, observation, changed_at } = revision;
        let mut key = Vec::with_capacity(document.len() + variables.len() + ROOM);
        // Each part with its length, so that no two requests run together.
        let mut add = |part: &[u8]| {
            key.extend_from_slice(&part.len().to_le_bytes());
            key.extend_from_slice(part);
        };
        // Another version of the server may answer in other words, and so may another configuration.
        add(env!("CARGO_PKG_VERSION").as_bytes());
        add(guard.terms().as_bytes());
        for number in [number, observation, changed_at] {
            add(&number.to_le_bytes());
        }
        // Whoever asks may ask who they are.
        add(&[asked.viewer.role.map_or(u8::MAX, |role| role as u8)]);
        add(&[u8::from(asked.viewer.name.is_some())]);
        add(asked.viewer.name.as_deref().unwrap_or_default().as_bytes());
        add(media.name().as_bytes());
        add(document.as_bytes());
        add(operation.as_bytes());
        add(&variables);
        preferred.0.iter().for_each(|language| add(language.tag().as_bytes()));
        (number > 0).then_some(Self(key))
    }

    /// The key of a download by its address, of data that have come so far.
    pub(super) fn of_download(viewer: &Viewer, revision: (i64, i64), address: &str) -> Self {
        let mut key = concat!("download ", env!("CARGO_PKG_VERSION"), " ").as_bytes().to_vec();
        key.push(viewer.role.map_or(u8::MAX, |role| role as u8));
        key.extend_from_slice(&revision.0.to_le_bytes());
        key.extend_from_slice(&revision.1.to_le_bytes());
        key.extend_from_slice(address.as_bytes());
        Self(key)
    }

    /// The name of its answer: weak, for an answer may be compressed in several ways.
    pub(super) fn tag(&self) -> Option<Tag> {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.0));
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
