//! Files that come with a request: one body of several parts (GraphQL multipart request).

use std::{fs::File, io::Write, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use multer::{Field, Multipart};
use serde_json::Value as Json;
use tokio::time::timeout;

use entity::{Quoted, cut};

use super::{Options, refusal::Refusal};
use crate::graphql::{Uploaded, Uploads};

/// The most files with one request.
const FILES: usize = 20;

/// The boundary of the parts, if the body has any.
pub(super) fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

/// The JSON of the request, with files in the place of the variables they are for.
pub(super) async fn read(
    body: Body,
    boundary: String,
    options: &Options,
) -> Result<(Json, Uploads), Refusal> {
    let patience = Duration::from_secs(options.read_timeout.into());
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let (mut operations, mut map, mut files) = (None, None, Vec::new());
    let mut left = options.upload_max;
    while let Some(part) = within(patience, options, parts.next_field()).await? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "operations" => operations = Some(json("operations", part, options).await?),
            "map" => map = Some(json("map", part, options).await?),
            _ if operations.is_none() || map.is_none() => {
                return Err(Refusal::malformed("`operations` and `map` come before the files"));
            }
            _ if files.len() == FILES => {
                return Err(Refusal::malformed(format!("there are more than {FILES} files")));
            }
            _ => {
                let file = file(part, &mut left, patience, options).await?;
                files.push((name, Arc::new(file)));
            }
        }
    }
    let mut operations: Json =
        operations.ok_or_else(|| Refusal::malformed("there is no part `operations`"))?;
    let map = map.ok_or_else(|| Refusal::malformed("there is no part `map`"))?;
    let Json::Object(map) = map else {
        return Err(Refusal::malformed(
            "`map` is no object of lists of paths by the names of files",
        ));
    };
    let mut uploads = Vec::new();
    for (name, file) in files {
        let paths = map.get(&name).and_then(Json::as_array);
        let paths = paths.ok_or_else(|| {
            Refusal::malformed(format!("`map` does not say what the file {} is for", Quoted(&name)))
        })?;
        for path in paths {
            let wrong = || {
                let path = path.to_string();
                Refusal::malformed(format!("`map` has {}, which is no variable", cut(&path)))
            };
            let pointer = path.as_str().map(|path| format!("/{}", path.replace('.', "/")));
            let place = pointer.and_then(|pointer| operations.pointer_mut(&pointer));
            *place.filter(|place| place.is_null()).ok_or_else(wrong)? =
                Uploads::reference(uploads.len()).into();
        }
        uploads.push(file);
    }
    Ok((operations, Uploads::new(uploads)))
}

async fn within<T>(
    patience: Duration,
    options: &Options,
    part: impl Future<Output = multer::Result<T>>,
) -> Result<T, Refusal> {
    let arrived = timeout(patience, part).await;
    arrived.map_err(|_| Refusal::too_slow(options.read_timeout))?.map_err(Refusal::malformed)
}

async fn json(name: &str, mut part: Field<'_>, options: &Options) -> Result<Json, Refusal> {
    let patience = Duration::from_secs(options.read_timeout.into());
    let most = usize::try_from(options.body_max).unwrap_or(usize::MAX);
    let mut text = Vec::new();
    while let Some(chunk) = within(patience, options, part.chunk()).await? {
        if text.len() + chunk.len() > most {
            return Err(Refusal::too_large(None, most));
        }
        text.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&text).map_err(|why| Refusal::malformed(format!("`{name}`: {why}")))
}

/// A file, kept on disk until the request ends.
async fn file(
    mut part: Field<'_>,
    left: &mut u64,
    patience: Duration,
    options: &Options,
) -> Result<Uploaded, Refusal> {
    let name = part.file_name().unwrap_or("upload").to_owned();
    let failed = |why: std::io::Error| {
        tracing::error!(%why, "a file that was sent cannot be kept");
        Refusal::failed()
    };
    let mut file: File = tempfile::tempfile().map_err(failed)?;
    while let Some(chunk) = within(patience, options, part.chunk()).await? {
        *left = left.checked_sub(chunk.len() as u64).ok_or_else(|| {
            Refusal::too_large(None, usize::try_from(options.upload_max).unwrap_or(usize::MAX))
        })?;
        file.write_all(&chunk).map_err(failed)?;
    }
    Ok(Uploaded { name, file })
}
