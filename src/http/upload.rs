//! Files that come with a request: one body of several parts (GraphQL multipart request).

use std::{fs::File, io::Write, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, header},
};
use http_body_util::BodyDataStream;
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value as Json};
use tokio::time::timeout;

use entity::{Quoted, cut};

use super::{Options, refusal::Refusal};
use crate::{
    access::{Permission, Viewer, require},
    graphql::{Uploaded, Uploads},
};

/// The most files with one request.
const FILES: usize = 20;

/// How many bytes the heads of all parts may have, and what stands between them.
const HEADS: u64 = 64 << 10;

/// Headers that a page of another origin cannot send before the browser has asked whether it may
/// (named as by Apollo Server): any page may send parts as a form does.
const PREFLIGHTED: [HeaderName; 2] = [
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("x-apollo-operation-name"),
];

/// The boundary of the parts, if the body has any.
pub(super) fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

/// Lets those send files who may write, but not by a page of which the browser has not asked.
pub(super) fn allow(headers: &HeaderMap, viewer: &Viewer) -> Result<(), Refusal> {
    let is_said = |name: &HeaderName| headers.get(name).is_some_and(|value| !value.is_empty());
    if !is_said(&header::AUTHORIZATION) && !PREFLIGHTED.iter().any(is_said) {
        return Err(Refusal::no_preflight(&PREFLIGHTED));
    }
    Ok(require(viewer, Permission::Write)?)
}

/// The JSON of the request, with files in the place of the variables they are for.
pub(super) async fn read(
    body: &mut Body,
    boundary: String,
    options: &Options,
) -> Result<(Json, Uploads), Refusal> {
    let seconds = options.upload_timeout;
    let arrived = timeout(Duration::from_secs(seconds.into()), parts(body, boundary, options));
    arrived.await.map_err(|_| Refusal::too_slow(seconds))?
}

async fn parts(
    body: &mut Body,
    boundary: String,
    options: &Options,
) -> Result<(Json, Uploads), Refusal> {
    let whole = options.upload_max.saturating_add(2 * u64::from(options.body_max) + HEADS);
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let mut parts = Multipart::with_constraints(BodyDataStream::new(body), boundary, limits);
    let (mut operations, mut map) = (None, None);
    let (mut count, mut left, mut uploads) = (0, options.upload_max, Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|why| unread(&why, options))? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "operations" if operations.is_none() => {
                operations = Some(json("operations", part, options).await?);
            }
            "map" if map.is_none() => map = Some(files(json("map", part, options).await?)?),
            _ => {
                let (Some(operations), Some(map)) = (&mut operations, &map) else {
                    let message = "`operations` and `map` come before the files";
                    return Err(Refusal::malformed(message));
                };
                if count == FILES {
                    return Err(Refusal::malformed(format!("there are more than {FILES} files")));
                }
                count += 1;
                let paths = map.get(&name).and_then(Json::as_array).ok_or_else(|| {
                    let name = Quoted(&name);
                    Refusal::malformed(format!("`map` does not say what the file {name} is for"))
                })?;
                for (place, path) in (uploads.len()..).zip(paths) {
                    *variable(operations, path)? = Uploads::reference(place).into();
                }
                let file = Arc::new(file(part, &mut left, options).await?);
                uploads.extend(paths.iter().map(|_| Arc::clone(&file)));
            }
        }
    }
    let operations =
        operations.ok_or_else(|| Refusal::malformed("there is no part `operations`"))?;
    map.ok_or_else(|| Refusal::malformed("there is no part `map`"))?;
    Ok((operations, Uploads::new(uploads)))
}

/// For which variables each file is.
fn files(map: Json) -> Result<Map<String, Json>, Refusal> {
    match map {
        Json::Object(map) => Ok(map),
        _ => Err(Refusal::malformed("`map` is no object of lists of paths by the names of files")),
    }
}

/// The variable at a path, which must be null.
fn variable<'o>(operations: &'o mut Json, path: &Json) -> Result<&'o mut Json, Refusal> {
    let pointer = path.as_str().map(|path| format!("/{}", path.replace('.', "/")));
    let place = pointer.and_then(|pointer| operations.pointer_mut(&pointer));
    place.filter(|place| place.is_null()).ok_or_else(|| {
        let path = path.to_string();
        Refusal::malformed(format!("`map` has {}, which is no variable", cut(&path)))
    })
}

/// Why a part cannot be read.
fn unread(why: &multer::Error, options: &Options) -> Refusal {
    match why {
        multer::Error::StreamSizeExceeded { .. } => too_large(options),
        why => Refusal::malformed(why),
    }
}

fn too_large(options: &Options) -> Refusal {
    Refusal::too_large(None, usize::try_from(options.upload_max).unwrap_or(usize::MAX))
}

async fn json(name: &str, mut part: Field<'_>, options: &Options) -> Result<Json, Refusal> {
    let most = usize::try_from(options.body_max).unwrap_or(usize::MAX);
    let mut text = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|why| unread(&why, options))? {
        if text.len() + chunk.len() > most {
            return Err(Refusal::too_large(None, most));
        }
        text.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&text).map_err(|why| Refusal::malformed(format!("`{name}`: {why}")))
}

/// A file, kept on disk until the request ends.
async fn file(mut part: Field<'_>, left: &mut u64, options: &Options) -> Result<Uploaded, Refusal> {
    let name = part.file_name().unwrap_or("upload").to_owned();
    let failed = |why: std::io::Error| {
        tracing::error!(%why, "a file that was sent cannot be kept");
        Refusal::failed()
    };
    let mut file: File = tempfile::tempfile().map_err(failed)?;
    while let Some(chunk) = part.chunk().await.map_err(|why| unread(&why, options))? {
        *left = left.checked_sub(chunk.len() as u64).ok_or_else(|| too_large(options))?;
        file.write_all(&chunk).map_err(failed)?;
    }
    Ok(Uploaded { name, file })
}
