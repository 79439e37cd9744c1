//! `GET /export/{name}`: the data as files, whole, for whoever keeps them elsewhere.
//!
//! A file is sent while it is read, in pieces, each of which comes in time or not at all. As with
//! other files, whatever goes wrong before the first byte is an answer in JSON, and whatever goes
//! wrong later breaks the connection.

use async_graphql::{Pos, ServerError};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use entity::{DateTime, district, observation};
use futures_util::{StreamExt, future, stream};
use serde::Deserialize;

use super::{
    App,
    admission::{self, Admitted, Peer},
    cache::Key,
    deadline,
    negotiation::Media,
    outcome::Outcome,
    refusal::Refusal,
    reply::Reply,
    request_id::RequestId,
    status,
};
use crate::{
    error::Error,
    graphql::{Code, error},
    package::export::{self, Export, Format, Order, Piece},
    query::past,
};

/// What the address says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    filter: Option<String>,
    as_of: Option<String>,
}

pub(super) async fn file(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let id = id.text();
    let (head, _) = request.into_parts();
    let admitted = match admission::count(&app, peer, &head.headers) {
        Ok(_) => Admitted::by_header(&app, &head.headers).await,
        Err(refusal) => Err(refusal),
    };
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.of(id).into_response(),
    };
    let answered = answered(&app, id, &admitted, &name, &head).await;
    answered.unwrap_or_else(|reply| (Extension(Outcome::of([&reply])), reply).into_response())
}

async fn answered(
    app: &App,
    id: &str,
    admitted: &Admitted,
    name: &str,
    head: &Parts,
) -> Result<Response, Reply> {
    let refuse = |refusal: Refusal| Reply::from(refusal.of(id));
    let format = Format::of_download(name).ok_or_else(|| refuse(Refusal::no_download(name)))?;
    let order = order(app, format, head).map_err(|errors| Reply::refused(errors, MEDIA))?;
    let (database, as_of) = (app.database.clone(), order.as_of);
    let opened = async move {
        if let Some(moment) = as_of {
            past::check("asOf", moment, database.settle(moment).await?)?;
        }
        export::open(&database, as_of, Utc::now()).await
    };
    let opened = deadline::within(app.options.request_timeout, opened).await.map_err(refuse)?;
    let snapshot = opened.map_err(|why| failed(why, id))?;
    // A file holds nothing that is under embargo, whoever it is for.
    let dataset = &snapshot.dataset;
    let changed_at = dataset.public_changed_at.map_or(0, DateTime::microseconds);
    let address = head.uri.path_and_query().map_or("", |address| address.as_str());
    let key = Key::of_download(&admitted.viewer, (dataset.public_revision, changed_at), address);
    let known = head.headers.get_all(header::IF_NONE_MATCH).iter().cloned();
    let (tag, known) = (key.tag(app.guard.terms()), known.collect::<Vec<_>>());
    let mut response = if tag.as_ref().is_some_and(|tag| tag.is_one_of(&known)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if head.method == Method::HEAD {
        // Not known to be empty: how long the file is nobody knows yet.
        Body::from_stream(stream::empty::<Result<Bytes, Error>>()).into_response()
    } else {
        body(app, Export::begin(snapshot, order), id).await?.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let control = match admitted.has_token() {
        // What one is told is not for those who share a cache with them.
        true => HeaderValue::from_static("private, no-cache"),
        false => app.options.cache_control.clone(),
    };
    headers.insert(header::CACHE_CONTROL, control);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, authorization"));
    headers.extend(tag.map(|tag| (header::ETAG, tag.into_header())));
    let disposition = format!("attachment; filename=\"{name}\"").parse().ok();
    headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
    Ok(response)
}

/// The form of what goes wrong: the status tells of it.
const MEDIA: Media = Media::Response;

/// What is asked for.
fn order(app: &App, format: Format, head: &Parts) -> Result<Order, Vec<ServerError>> {
    let one = |error: ServerError| vec![error];
    let query = head.uri.query().unwrap_or("");
    let Parameters { filter, as_of } =
        serde_urlencoded::from_str(query).map_err(|why| one(Refusal::no_parameters(why).into()))?;
    let as_of = as_of.map(|text| text.parse::<DateTime>()).transpose();
    let as_of = as_of
        .map_err(|wrong| one(error::refused(Code::BadUserInput, format!("`asOf`: {wrong}"))))?;
    let (mut figures, mut districts) = (None, None);
    match filter {
        Some(_) if !app.guard.takes_filters() => return Err(one(Refusal::no_filter().into())),
        Some(filter) if format.is_of_districts() => {
            districts = Some(app.guard.filter::<district::Entity>("districts", &filter)?);
        }
        Some(filter) => {
            figures = Some(app.guard.filter::<observation::Entity>("observations", &filter)?);
        }
        None => {}
    }
    Ok(Order { format, figures, districts, as_of })
}

/// The file, of which something is there before anything is sent.
async fn body(app: &App, export: Export, id: &str) -> Result<Body, Reply> {
    let seconds = app.options.request_timeout;
    let begun = next(export, seconds).await.map_err(|wrong| match wrong {
        Wrong::Refused(refusal) => refusal.of(id).into(),
        Wrong::Failed(error) => failed(error, id),
    })?;
    let Some((first, export)) = begun else { return Ok(Body::empty()) };
    let rest = stream::try_unfold(export, move |export| async move {
        next(export, seconds).await.map_err(|wrong| {
            tracing::warn!(?wrong, "a download broke off");
            Error::internal(format!("{wrong:?}"))
        })
    });
    let first = stream::once(future::ready(Ok(first)));
    Ok(Body::from_stream(first.chain(rest)))
}

/// Why a piece is not there.
#[derive(Debug)]
enum Wrong {
    Refused(Refusal),
    Failed(Error),
}

/// The next bytes; none at the end. Whatever the export does on the way is done in time.
async fn next(mut export: Export, seconds: u32) -> Result<Option<(Bytes, Export)>, Wrong> {
    loop {
        let work = async move { (export.next().await, export) };
        let (piece, under_way) = deadline::within(seconds, work).await.map_err(Wrong::Refused)?;
        match piece.map_err(Wrong::Failed)? {
            Some(Piece::Bytes(bytes)) if !bytes.is_empty() => {
                return Ok(Some((bytes.into(), under_way)));
            }
            Some(Piece::Bytes(_) | Piece::File(_)) => export = under_way,
            Some(Piece::Done(_)) => return Ok(None),
            None => return Err(Wrong::Failed(Error::internal("an export ended before its end"))),
        }
    }
}

/// A download that fails before its first byte.
fn failed(error: Error, id: &str) -> Reply {
    if let Error::Internal(why) = &error {
        tracing::error!(%why, "a download failed");
        return Refusal::failed().of(id).into();
    }
    let error = async_graphql::Error::from(error).into_server_error(Pos::default());
    let code = error::code(&error).unwrap_or(Code::InternalServerError);
    Reply::Refused(vec![error], status::of(code))
}
