//! `POST /graphql` and `GET /graphql`: one answer; those that go on are left to [`live`].

use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    App, accept_language,
    admission::{self, Admitted, Peer},
    cache::{CACHE_STATUS, Cached, Kept, Key, Tag},
    deadline, file, live,
    negotiation::{self, Media, Taken},
    outcome::{self, Executed, Outcome},
    refusal::Refusal,
    reply::Reply,
    request::{self, Question},
    request_id::RequestId,
    spans::Spans,
};
use crate::graphql::{self, Asked, Preferred, error};

/// Tells how many SQL statements an answer took and how long (W3C Server Timing): the developer
/// tools of a browser show it.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The headers of the request that the answer depends on.
pub(super) const VARY: HeaderValue =
    HeaderValue::from_static("accept, accept-language, authorization");

/// How many headers an answer has, with those of the layers around.
const HEADERS: usize = 12;

/// How many characters of an operation's name are told, which is as long as whoever wrote it likes.
const LONGEST_NAME: usize = 100;

pub(super) async fn graphql(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let id = id.text();
    let counted = admission::count(&app, peer, request.headers());
    let admitted = match counted {
        Ok(address) if live::opens_socket(&request) => {
            return Box::pin(live::socket(&app, id, address, request)).await;
        }
        Ok(_) => Admitted::by_header(&app, request.headers()).await,
        Err(refusal) => Err(refusal),
    };
    let answered = match admitted {
        Ok(admitted) => answered(&app, id, admitted, request).await,
        Err(refusal) => {
            request::refuse(request, &app.options).await;
            Err(refusal)
        }
    };
    answered.unwrap_or_else(|refusal| refusal.of(id).into_response())
}

async fn answered(
    app: &App,
    id: &str,
    admitted: Admitted,
    request: Request,
) -> Result<Response, Refusal> {
    let begun = Instant::now();
    let headers = request.headers();
    let Taken { media, events } = negotiation::taken(request.uri(), headers)?;
    if media.is_none() && !events {
        return Err(Refusal::not_acceptable());
    }
    let preferred = accept_language::preferred(headers);
    let method = request.method().clone();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let question = request::read(request, &app.options).await?.by(&admitted.viewer);
    // Who takes one answer too has events only where there are more.
    if let Question::One(asked) = &question
        && events
        && (media.is_none() || live::goes_on(app, asked))
    {
        return live::events(app, id, admitted, (**asked).clone(), &method, preferred);
    }
    let media = media.ok_or_else(Refusal::not_acceptable)?;
    let told = match (question, media) {
        (Question::One(asked), Media::File(form)) => {
            match Box::pin(file::answer(app, id, *asked, preferred, form)).await {
                Ok(file) => return Ok(([(header::VARY, VARY)], file).into_response()),
                Err(reply) => Told::anew(reply.status(), &reply, Outcome::of([&reply]))?,
            }
        }
        (Question::Batch(_), Media::File(_)) => return Err(Refusal::several_files()),
        (Question::One(asked), _) => {
            one(app, id, *asked, &method, &known, preferred, media).await?
        }
        (Question::Batch(several), _) => {
            let mut replies = Vec::new();
            for asked in several {
                let reply = reply(app, id, asked, &method, preferred.clone(), media).await;
                replies.push(reply.unwrap_or_else(|refusal| refusal.of(id).into()));
            }
            Told::anew(StatusCode::OK, &replies, Outcome::of(&replies))?
        }
    };
    Ok(told.response(app, &admitted, media, begun))
}

/// What is told of one question: what is kept, or what is found.
async fn one(
    app: &App,
    id: &str,
    asked: Asked,
    method: &Method,
    known: &[HeaderValue],
    preferred: Preferred,
    media: Media,
) -> Result<Told, Refusal> {
    // Asked for before anything is read: what is read is at least as new.
    let revision = app.database.revision();
    let key = Key::of(&app.guard, &asked, revision, &preferred, media);
    if let Some(key) = &key {
        let kept = app.results.get(key);
        if method != Method::POST && !known.is_empty() {
            let tag = kept.as_ref().map(|kept| kept.tag.clone()).or_else(|| key.tag());
            if let Some(tag) = tag.filter(|tag| tag.is_one_of(known)) {
                return Ok(Told::known(StatusCode::NOT_MODIFIED, Bytes::new(), tag));
            }
        }
        if let Some(Kept { body, tag }) = kept {
            return Ok(Told::known(StatusCode::OK, body, tag));
        }
    }
    // Boxed like all that is rare: a request that is answered from here carries no room for it.
    let reply = Box::pin(reply(app, id, asked, method, preferred, media)).await?;
    let mut told = Told::anew(reply.status(), &reply, Outcome::of([&reply]))?;
    // What was written meanwhile may be in the answer or not.
    let key = key.filter(|_| reply.lasts() && app.database.revision() == revision);
    if let Some((key, tag)) = key.and_then(|key| key.tag().map(|tag| (key, tag))) {
        let kept = Kept { body: told.body.clone(), tag: tag.clone() };
        told.cached = app.results.keep(key, kept);
        told.tag = Some(tag);
    }
    Ok(told)
}

/// Answers one question.
async fn reply(
    app: &App,
    id: &str,
    asked: Asked,
    method: &Method,
    preferred: Preferred,
    media: Media,
) -> Result<Reply, Refusal> {
    let mut checked = match app.guard.check(&asked) {
        Ok(checked) => checked,
        Err(errors) => return Ok(Reply::refused(errors, media)),
    };
    if checked.operation == OperationType::Subscription {
        return Err(Refusal::one_answer());
    }
    if method != Method::POST && checked.operation != OperationType::Query {
        return Err(Refusal::not_by_get(checked.operation));
    }
    let operation = checked.operation;
    checked.request = checked.request.data(preferred);
    let name = checked.name.as_deref().map(|name| format!("{name:.LONGEST_NAME$}"));
    let spans = Spans::of_operation(name.as_deref(), outcome::word(operation));
    let begun = Instant::now();
    let (schema, database, id) = (app.schema.clone(), app.database.clone(), id.to_owned());
    let executed = async move { graphql::execute(&schema, &database, checked, &id).await };
    let within = deadline::within(app.options.request_timeout, spans.around(executed));
    let (answer, statements) = spans.around(within).await?;
    let errors = answer.errors.iter().filter_map(error::code).collect();
    let executed = Executed { name, operation, time: begun.elapsed(), statements, errors };
    Ok(Reply::Executed(Box::new(answer), executed))
}

/// What a client is told.
struct Told {
    status: StatusCode,
    body: Bytes,
    outcome: Outcome,
    cached: Cached,
    /// The name of the answer, if it lasts until the data change.
    tag: Option<Tag>,
}

impl Told {
    /// What is known already.
    fn known(status: StatusCode, body: Bytes, tag: Tag) -> Self {
        Self { status, body, outcome: Outcome::default(), cached: Cached::Hit, tag: Some(tag) }
    }

    /// What was found anew.
    fn anew(status: StatusCode, body: &impl Serialize, outcome: Outcome) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|why| {
            tracing::error!(%why, "an answer is no JSON");
            Refusal::failed()
        })?;
        Ok(Self { status, body: body.into(), outcome, cached: Cached::Bypass, tag: None })
    }

    fn response(self, app: &App, to: &Admitted, media: Media, begun: Instant) -> Response {
        app.metrics.count_cached(self.cached);
        let executed = self.outcome.statements();
        let statements = executed.or((self.cached == Cached::Hit).then_some(0));
        let mut response = self.body.into_response();
        *response.status_mut() = self.status;
        // Of what was known already there is nothing more to tell.
        if self.cached != Cached::Hit {
            response.extensions_mut().insert(self.outcome);
        }
        // No `Content-Language`: each field may be in another language.
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(header::CONTENT_TYPE, media.content_type());
        headers.insert(header::VARY, VARY);
        headers.insert(CACHE_STATUS, self.cached.value());
        let control = match &self.tag {
            // What one is told is not for those who share a cache with them.
            Some(_) if to.has_token() => HeaderValue::from_static("private, no-cache"),
            Some(_) => app.options.cache_control.clone(),
            None => HeaderValue::from_static("no-store"),
        };
        headers.insert(header::CACHE_CONTROL, control);
        headers.extend(self.tag.map(|tag| (header::ETAG, tag.into_header())));
        if let Some(statements) = statements {
            let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
            let timing = format!("sql;desc=\"{statements}\", total;dur={milliseconds:.1}");
            headers
                .extend(HeaderValue::try_from(timing).ok().map(|timing| (SERVER_TIMING, timing)));
        }
        response
    }
}
