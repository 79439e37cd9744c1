//! Automatic persisted queries: a document is sent once, and named by its hash from then on.
//!
//! A name is short enough for the address of a `GET`, so that whatever stands before the server
//! can keep the answer. Only documents that may be executed are kept, and none is kept for ever:
//! a client that is told so sends its document again.

use std::sync::Arc;

use async_graphql::ServerError;

use super::{Asked, document::PersistedQuery, trusted::hash};
use crate::{cache::Bounded, graphql::error};

/// The version of the protocol.
const VERSION: u32 = 1;

/// The documents that were sent with their hashes.
pub(super) struct Persisted {
    documents: Option<Bounded<String, Arc<str>>>,
}

/// A document, and the hash to keep it by once it is found to be sound.
pub(super) struct Named {
    pub(super) text: Arc<str>,
    pub(super) hash: Option<String>,
}

impl Persisted {
    /// None yet, and never more than so many bytes; with 0 none ever.
    pub(super) fn new(bytes: u64) -> Self {
        let size = |hash: &String, text: &Arc<str>| hash.len() + text.len();
        Self { documents: Bounded::new(bytes, size) }
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        self.documents.as_ref().map_or(0, Bounded::bytes)
    }

    /// The document that a request has or names.
    pub(super) fn find(&self, asked: &Asked) -> Result<Named, ServerError> {
        match (&asked.query, asked.persisted()) {
            (Some(text), None) => Ok(Named { text: text.as_str().into(), hash: None }),
            (None, None) => Err(error::no_document()),
            (text, Some(named)) => self.named(text.as_deref(), named),
        }
    }

    fn named(&self, text: Option<&str>, named: &PersistedQuery) -> Result<Named, ServerError> {
        let Some(documents) = self.documents.as_ref().filter(|_| named.version == VERSION) else {
            return Err(error::persisted_not_supported());
        };
        let wanted = named.sha256_hash.to_ascii_lowercase();
        match text {
            None => {
                let text = documents.get(wanted.as_str()).ok_or_else(error::persisted_not_found)?;
                Ok(Named { text, hash: None })
            }
            Some(text) if hash(text) == wanted => {
                Ok(Named { text: text.into(), hash: Some(wanted) })
            }
            Some(_) => Err(error::persisted_mismatch(&named.sha256_hash)),
        }
    }

    /// Keeps a document that was found to be sound, if it came with its hash.
    pub(super) fn keep(&self, named: Named) {
        if let (Some(documents), Named { text, hash: Some(hash) }) = (&self.documents, named) {
            documents.insert(hash, text);
        }
    }
}
