//! Trusted documents: the only ones that are executed, where there are some.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use async_graphql::ServerError;
use sha2::{Digest, Sha256};

use super::Asked;
use crate::{error::Error, graphql::error};

/// The documents by their ids, and the ids by the hashes of their texts.
pub(super) struct Trusted {
    documents: BTreeMap<String, String>,
    hashes: HashMap<String, String>,
}

impl Trusted {
    /// Reads a folder of `.graphql` files, whose ids are their names without the ending, or a JSON
    /// file of documents by id.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: &dyn std::fmt::Display| {
            Error::input(format!("cannot read the trusted documents {}: {why}", path.display()))
        };
        let documents: BTreeMap<String, String> = if path.is_dir() {
            let mut documents = BTreeMap::new();
            for entry in fs::read_dir(path).map_err(|why| wrong(&why))? {
                let file = entry.map_err(|why| wrong(&why))?.path();
                if file.extension().is_some_and(|ending| ending == "graphql") {
                    let text = fs::read_to_string(&file).map_err(|why| wrong(&why))?;
                    let id = file.file_stem().map(|id| id.to_string_lossy().into_owned());
                    documents.insert(id.unwrap_or_default(), text);
                }
            }
            documents
        } else {
            let text = fs::read_to_string(path).map_err(|why| wrong(&why))?;
            serde_json::from_str(&text).map_err(|why| wrong(&why))?
        };
        let hashes = documents.iter().map(|(id, text)| (hash(text), id.clone())).collect();
        Ok(Self { documents, hashes })
    }

    /// Every document with its id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.documents.iter()
    }

    /// The document that a request names by its id or its hash, or whose very text it has.
    pub(super) fn find(&self, asked: &Asked) -> Result<&str, ServerError> {
        let id = asked.document_id.as_deref();
        let named = id.or_else(|| asked.persisted().map(|named| named.sha256_hash.as_str()));
        let by_hash = |hash: &str| self.documents.get(self.hashes.get(hash)?);
        let found = match (named, &asked.query) {
            (Some(name), _) => {
                let hash = name.strip_prefix("sha256:").unwrap_or(name);
                self.documents.get(name).or_else(|| by_hash(hash))
            }
            (None, Some(text)) => by_hash(&hash(text)),
            (None, None) => None,
        };
        found.map(String::as_str).ok_or_else(|| error::untrusted(named))
    }
}

/// The SHA-256 of a document, in hexadecimal.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
