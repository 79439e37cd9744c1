//! The key of a mutation that may be sent again, and what tells one mutation from another.

use std::io::{Read, Seek, SeekFrom};

use async_graphql::Request;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::Uploads;
use crate::{access::Viewer, error::Error, record::idempotency::Key};

/// How many bytes of a file are read at once.
const PART: usize = 64 * 1024;

/// The key that somebody gave a request with these files: for other requests it is another's.
pub(super) async fn key(
    key: &str,
    viewer: &Viewer,
    request: &Request,
    uploads: &Uploads,
) -> Result<Key, Error> {
    let holder = viewer.name.as_deref().unwrap_or_default().to_owned();
    let name = request.operation_name.as_deref().unwrap_or_default();
    let variables = serde_json::to_string(&request.variables).map_err(Error::internal)?;
    let mut hash = Sha256::new();
    for part in [&request.query, name, &variables] {
        add(&mut hash, part.as_bytes());
    }
    let uploads = uploads.clone();
    let hashed = spawn_blocking(move || {
        uploads.iter().try_for_each(|uploaded| {
            add(&mut hash, uploaded.name.as_bytes());
            let mut file = uploaded.file.try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            let mut part = vec![0; PART];
            loop {
                match file.read(&mut part)? {
                    0 => return std::io::Result::Ok(()),
                    count => hash.update(&part[..count]),
                }
            }
        })?;
        std::io::Result::Ok(hash)
    });
    let hash = hashed.await.map_err(Error::internal)?.map_err(Error::internal)?;
    Ok(Key { holder, key: key.to_owned(), fingerprint: format!("{:x}", hash.finalize()) })
}

/// Adds a part, whose end is told by its length.
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}
