//! `POST /graphql` and `GET /graphql`: one answer; those that go on are left to [`live`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{
    App, accept_language,
    admission::{self, Admitted, Peer},
    cache::{CACHE_STATUS, Cached, Kept, Key, Tag},
    compression, encoding, execution, file, idempotency,
    live::{self, Framing},
    negotiation::{self, Media, Taken},
    outcome::{Executed, Outcome},
    refusal::{RETRY_SOON, Refusal},
    reply::Reply,
    request::{self, Question, Sent},
    request_id::RequestId,
    vary::VARY,
};
use crate::{
    database::Extent,
    event,
    graphql::{Asked, Preferred, error},
};

/// The last event that a client of server-sent events had before.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells how many SQL statements an answer took and how long (W3C Server Timing): the developer
/// tools of a browser show it.
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// How long the revision of the data is waited for: an answer without one is as good, but not kept,
/// and where the database does not answer, whoever reads is to be told soon.
const REVISION_PATIENCE: Duration = Duration::from_millis(500);

/// How many headers an answer has, with those of the layers around.
const HEADERS: usize = 12;

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
        // Boxed, for it is moved through all the layers around.
        Ok(admitted) => Box::pin(answered(&app, id, admitted, request)).await,
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
    let taken = negotiation::taken(request.uri(), headers)?;
    if taken.media.is_none() && taken.framing.is_none() {
        return Err(Refusal::not_acceptable());
    }
    let preferred = accept_language::preferred(headers);
    let method = request.method().clone();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let form = encoding::preferred(headers);
    let last_event = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty());
    let last_event = last_event.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let idempotency_key = idempotency::key(headers)?;
    let sent = Sent::take(request, &admitted.viewer, &app.options).await?;
    // Asked for before anything is read: what is read is at least as new. Where it cannot be known,
    // nothing is kept; what must be read then tells why.
    let revision = timeout(REVISION_PATIENCE, event::current(&app.database)).await;
    let revision = revision.ok().and_then(Result::ok).unwrap_or_default();
    let seen = revision.seen(admitted.viewer.is_insider());
    let key = Key::of(&sent, &admitted.viewer, seen, &preferred, &taken, form);
    if let (Some(key), Some(media)) = (&key, taken.media)
        && let Some(told) = Told::known(app, key, &method, &known)
    {
        return Ok(told.response(app, &admitted, media, begun));
    }
    let asking = Asking {
        app,
        id,
        admitted,
        method,
        preferred,
        taken,
        last_event,
        idempotency_key,
        seen,
        begun,
    };
    // Boxed like all that is rare: a request that is answered from what is kept carries no room for
    // it.
    Box::pin(asking.found(sent, key)).await
}

/// A request whose answer is not known.
struct Asking<'a> {
    app: &'a App,
    id: &'a str,
    admitted: Admitted,
    method: Method,
    preferred: Preferred,
    taken: Taken,
    last_event: Option<String>,
    idempotency_key: Option<Arc<str>>,
    /// How far the data have come for whoever asks, at the least.
    seen: Extent,
    begun: Instant,
}

impl Asking<'_> {
    /// Reads what was sent, and answers it.
    async fn found(self, sent: Sent, key: Option<Key>) -> Result<Response, Refusal> {
        let Self { app, id, admitted, .. } = &self;
        let Taken { media, framing } = self.taken;
        let mut question = sent.read(&admitted.viewer, app.options.batch_max)?;
        if let Some(key) = &self.idempotency_key {
            question.give_key(key);
        }
        // Who takes one answer too has a stream only where there are more.
        if let Question::One(asked) = &question
            && let Some(framing) = framing
            && (media.is_none() || live::goes_on(app, asked))
        {
            let question = live::Question::new((**asked).clone(), self.preferred.clone(), id);
            let question = match framing {
                Framing::Events => question.resumable(self.last_event.clone()),
                Framing::Parts => question,
            };
            return live::stream(app, admitted.clone(), question, &self.method, framing).await;
        }
        let media = media.ok_or_else(Refusal::not_acceptable)?;
        let told = match (question, media) {
            (Question::One(asked), Media::File(form)) => {
                match file::answer(app, id, *asked, self.preferred.clone(), form).await {
                    Ok(file) => return Ok(([(header::VARY, VARY)], file).into_response()),
                    Err(reply) => {
                        Told::anew(reply.status(), reply.to_json(), Outcome::of([&reply]))
                    }
                }
            }
            (Question::Batch(_), Media::File(_)) => return Err(Refusal::several_files()),
            (Question::One(asked), _) => {
                // How an answer was found is another time another story.
                let key = key.filter(|_| !asked.explain());
                let reply = self.reply(*asked, media).await?;
                let told = Told::anew(reply.status(), reply.to_json(), Outcome::of([&reply]));
                // What was written meanwhile may be in the answer or not.
                let insider = admitted.viewer.is_insider();
                let lasts = reply.lasts()
                    && event::current(&app.database)
                        .await
                        .is_ok_and(|now| now.seen(insider) == self.seen);
                told.kept(app, key.filter(|_| lasts)).await
            }
            (Question::Batch(several), _) => {
                let mut replies = Vec::new();
                for asked in several {
                    let reply = self.reply(asked, media).await;
                    replies.push(reply.unwrap_or_else(|refusal| refusal.of(id).into()));
                }
                Told::anew(StatusCode::OK, Reply::write_all(&replies), Outcome::of(&replies))
            }
        };
        Ok(told.response(app, admitted, media, self.begun))
    }

    /// Answers one question.
    async fn reply(&self, asked: Asked, media: Media) -> Result<Reply, Refusal> {
        let app = self.app;
        let mut checked = match app.guard.check(&asked) {
            Ok(checked) => checked,
            Err(errors) => return Ok(Reply::refused(errors, media)),
        };
        if checked.operation == OperationType::Subscription {
            return Err(Refusal::one_answer());
        }
        if self.method != Method::POST && checked.operation != OperationType::Query {
            return Err(Refusal::not_by_get(checked.operation));
        }
        let (name, operation, begun) =
            (execution::name(&checked), checked.operation, Instant::now());
        checked.request = checked.request.data(self.preferred.clone());
        let (answer, statements) = execution::execute(app, checked, self.id.into()).await?;
        let errors = answer.errors.iter().filter_map(error::code).collect();
        let executed = Executed { name, operation, time: begun.elapsed(), statements, errors };
        Ok(Reply::Executed(Box::new(answer), executed))
    }
}

/// What a client is told.
struct Told {
    status: StatusCode,
    body: Bytes,
    outcome: Outcome,
    cached: Cached,
    /// How it is compressed already, if it is.
    encoding: Option<HeaderValue>,
    /// The name of the answer, if it lasts until the data change.
    tag: Option<Tag>,
}

impl Told {
    /// What is known already: the answer, or that the client has it.
    fn known(app: &App, key: &Key, method: &Method, known: &[HeaderValue]) -> Option<Self> {
        let kept = app.results.get(key);
        if method != Method::POST && !known.is_empty() {
            let tag = kept.as_ref().map(|kept| kept.tag.clone());
            let tag = tag.or_else(|| key.tag(app.guard.terms()));
            if let Some(tag) = tag.filter(|tag| tag.is_one_of(known)) {
                return Some(Self::hit(StatusCode::NOT_MODIFIED, Bytes::new(), None, tag));
            }
        }
        kept.map(|Kept { body, encoding, tag }| Self::hit(StatusCode::OK, body, encoding, tag))
    }

    fn hit(status: StatusCode, body: Bytes, encoding: Option<HeaderValue>, tag: Tag) -> Self {
        let (outcome, cached) = (Outcome::default(), Cached::Hit);
        Self { status, body, outcome, cached, encoding, tag: Some(tag) }
    }

    /// What was found anew.
    fn anew(status: StatusCode, body: Vec<u8>, outcome: Outcome) -> Self {
        let (body, cached) = (body.into(), Cached::Bypass);
        Self { status, body, outcome, cached, encoding: None, tag: None }
    }

    /// The same, known from now on by its key, in the form in which it goes out; where it has no
    /// key, it is for this once.
    async fn kept(mut self, app: &App, key: Option<Key>) -> Self {
        self.tag = key.as_ref().and_then(|key| key.tag(app.guard.terms()));
        if let (Some(key), Some(tag)) = (key, self.tag.clone()) {
            if let Some((encoding, body)) = compression::whole(&self.body, key.form).await {
                (self.encoding, self.body) = (Some(encoding), body);
            }
            let (body, encoding) = (self.body.clone(), self.encoding.clone());
            self.cached = app.results.keep(key, Kept { body, encoding, tag });
        }
        self
    }

    fn response(self, app: &App, to: &Admitted, media: Media, begun: Instant) -> Response {
        app.metrics.count_cached(self.cached);
        let executed = self.outcome.statements();
        let statements = executed.or((self.cached == Cached::Hit).then_some(0));
        let mut response = Response::new(Body::from(self.body));
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
        if let Some(encoding) = self.encoding {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        headers.insert(CACHE_STATUS, self.cached.value());
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_SOON);
        }
        let control = match &self.tag {
            // What one is told is not for those who share a cache with them.
            Some(_) if to.has_token() => HeaderValue::from_static("private, no-cache"),
            Some(_) => app.options.cache_control.clone(),
            None => HeaderValue::from_static("no-store"),
        };
        headers.insert(header::CACHE_CONTROL, control);
        headers.extend(self.tag.map(|tag| (header::ETAG, tag.into_header())));
        if let Some(statements) = statements {
            // In tenths of milliseconds.
            let time = begun.elapsed().as_micros() / 100;
            let (whole, tenths) = (time / 10, time % 10);
            let timing = format!("sql;desc=\"{statements}\", total;dur={whole}.{tenths}");
            headers
                .extend(HeaderValue::try_from(timing).ok().map(|timing| (SERVER_TIMING, timing)));
        }
        response
    }
}
