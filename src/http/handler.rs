//! `POST /graphql` and `GET /graphql`: one answer; those that go on are left to [`live`].

use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    App, accept_language,
    cache::{CACHE_STATUS, Cached, Key},
    deadline, live,
    negotiation::{self, Media},
    refusal::Refusal,
    reply::Reply,
    request::{self, Question},
};
use crate::graphql::{self, Asked, Preferred};

/// Tells how many SQL statements an answer took and how long (W3C Server Timing): the developer
/// tools of a browser show it.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The headers of the request that the answer depends on.
pub(super) const VARY: HeaderValue = HeaderValue::from_static("accept, accept-language");

pub(super) async fn graphql(State(app): State<App>, request: Request) -> Response {
    if live::opens_socket(&request) {
        return live::socket(&app, request).await;
    }
    answered(&app, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(app: &App, request: Request) -> Result<Response, Refusal> {
    let begun = Instant::now();
    let headers = request.headers();
    let (media, events) = (negotiation::accepted(headers), negotiation::takes_events(headers));
    if media.is_none() && !events {
        return Err(Refusal::not_acceptable());
    }
    let preferred = accept_language::preferred(headers);
    let method = request.method().clone();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let question = request::read(request, &app.options).await?;
    // Who takes one answer too has events only where there are more.
    if let Question::One(asked) = &question
        && events
        && (media.is_none() || live::goes_on(app, asked))
    {
        return live::events(app, (**asked).clone(), &method, preferred);
    }
    let media = media.ok_or_else(Refusal::not_acceptable)?;
    let told = match question {
        Question::One(asked) => one(app, *asked, &method, &known, preferred, media).await?,
        Question::Batch(several) => {
            let mut replies = Vec::new();
            for asked in several {
                let reply = reply(app, asked, &method, preferred.clone(), media).await;
                replies.push(reply.unwrap_or_else(Reply::from));
            }
            let statements = replies.iter().filter_map(Reply::statements).sum();
            Told::anew(StatusCode::OK, &replies, Some(statements))?
        }
    };
    Ok(told.response(app, media, begun))
}

/// What is told of one question: what is kept, or what is found.
async fn one(
    app: &App,
    asked: Asked,
    method: &Method,
    known: &[HeaderValue],
    preferred: Preferred,
    media: Media,
) -> Result<Told, Refusal> {
    // Asked for before anything is read: what is read is at least as new.
    let revision = app.database.revision();
    let key = Key::of(&app.guard, &asked, revision, &preferred, media);
    if let Some(key) = key {
        if method == Method::GET && key.is_one_of(known) {
            return Ok(Told::known(StatusCode::NOT_MODIFIED, Bytes::new(), key));
        }
        if let Some(body) = app.results.get(&key) {
            return Ok(Told::known(StatusCode::OK, body, key));
        }
    }
    let reply = reply(app, asked, method, preferred, media).await?;
    let mut told = Told::anew(reply.status(), &reply, reply.statements())?;
    // What was written meanwhile may be in the answer or not.
    if let Some(key) = key.filter(|_| reply.lasts() && app.database.revision() == revision) {
        told.cached = app.results.keep(key, &told.body);
        told.key = Some(key);
    }
    Ok(told)
}

/// Answers one question.
async fn reply(
    app: &App,
    asked: Asked,
    method: &Method,
    preferred: Preferred,
    media: Media,
) -> Result<Reply, Refusal> {
    let mut checked = match app.guard.check(asked) {
        Ok(checked) => checked,
        Err(errors) => return Ok(Reply::refused(errors, media)),
    };
    if checked.operation == OperationType::Subscription {
        return Err(Refusal::one_answer());
    }
    if method == Method::GET && checked.operation != OperationType::Query {
        return Err(Refusal::not_by_get(checked.operation));
    }
    let operation = checked.operation;
    checked.request = checked.request.data(preferred);
    let (schema, database) = (app.schema.clone(), app.database.clone());
    let executed = async move { graphql::execute(&schema, &database, checked).await };
    let (answer, statements) = deadline::within(app.options.request_timeout, executed).await?;
    Ok(Reply::Executed { answer: Box::new(answer), operation, statements })
}

/// What a client is told.
struct Told {
    status: StatusCode,
    body: Bytes,
    /// How many SQL statements it took, if anything was executed.
    statements: Option<usize>,
    cached: Cached,
    /// What the answer follows from, if it lasts until the data change.
    key: Option<Key>,
}

impl Told {
    /// What is known already.
    fn known(status: StatusCode, body: Bytes, key: Key) -> Self {
        Self { status, body, statements: Some(0), cached: Cached::Hit, key: Some(key) }
    }

    /// What was found anew.
    fn anew(
        status: StatusCode,
        body: &impl Serialize,
        statements: Option<usize>,
    ) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|why| {
            tracing::error!(%why, "an answer is no JSON");
            Refusal::failed()
        })?;
        Ok(Self { status, body: body.into(), statements, cached: Cached::Bypass, key: None })
    }

    fn response(self, app: &App, media: Media, begun: Instant) -> Response {
        // No `Content-Language`: each field may be in another language.
        let mut response = (self.status, [(header::VARY, VARY)], self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media.content_type());
        headers.insert(CACHE_STATUS, self.cached.value());
        let etag = self.key.and_then(|key| key.etag());
        let control = match &etag {
            Some(_) => app.options.cache_control.clone(),
            None => HeaderValue::from_static("no-store"),
        };
        headers.insert(header::CACHE_CONTROL, control);
        headers.extend(etag.map(|etag| (header::ETAG, etag)));
        if let Some(statements) = self.statements {
            let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
            let timing = format!("sql;desc=\"{statements}\", total;dur={milliseconds:.1}");
            headers.extend(timing.parse().ok().map(|timing| (SERVER_TIMING, timing)));
        }
        response
    }
}
