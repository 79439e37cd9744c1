//! `POST /graphql` and `GET /graphql`.

use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::{
    Extension, Json,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    App, accept_language, deadline,
    negotiation::{self, Media},
    outcome::{self, Executed, Outcome},
    refusal::Refusal,
    reply::Reply,
    request::{self, Question},
    request_id::{self, RequestId},
    spans::Spans,
};
use crate::graphql::{self, Asked, Preferred, error};

/// Tells how many SQL statements an answer took and how long (W3C Server Timing): the developer
/// tools of a browser show it.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The headers of the request that the answer depends on.
const VARY: HeaderValue = HeaderValue::from_static("accept, accept-language");

/// How many characters of an operation's name are told, which is as long as whoever wrote it likes.
const LONGEST_NAME: usize = 100;

pub(super) async fn graphql(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let id = request_id::text(&id);
    answered(&app, id, request).await.unwrap_or_else(|refusal| refusal.of(id).into_response())
}

async fn answered(app: &App, id: &str, request: Request) -> Result<Response, Refusal> {
    let begun = Instant::now();
    let media = negotiation::accepted(request.headers()).ok_or_else(Refusal::not_acceptable)?;
    let preferred = accept_language::preferred(request.headers());
    let method = request.method().clone();
    Ok(match request::read(request, &app.options).await? {
        Question::One(asked) => {
            let reply = reply(app, id, *asked, &method, preferred, media).await?;
            response(&reply, reply.status(), Outcome::of([&reply]), media, begun)
        }
        Question::Batch(several) => {
            let mut replies = Vec::new();
            for asked in several {
                let reply = reply(app, id, asked, &method, preferred.clone(), media).await;
                replies.push(reply.unwrap_or_else(|refusal| refusal.of(id).into()));
            }
            response(&replies, StatusCode::OK, Outcome::of(&replies), media, begun)
        }
    })
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
    let mut checked = match app.guard.check(asked) {
        Ok(checked) => checked,
        Err(errors) => return Ok(Reply::refused(errors, media)),
    };
    if method == Method::GET && checked.operation != OperationType::Query {
        return Err(Refusal::not_by_get(checked.operation));
    }
    checked.request = checked.request.data(preferred);
    let name = checked.name.as_deref().map(|name| format!("{name:.LONGEST_NAME$}"));
    let operation = checked.operation;
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

fn response(
    body: &impl Serialize,
    status: StatusCode,
    outcome: Outcome,
    media: Media,
    begun: Instant,
) -> Response {
    // No `Content-Language`: each field may be in another language.
    let statements = outcome.statements();
    let described = ([(header::VARY, VARY)], Extension(outcome));
    let mut response = (status, described, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.content_type());
    if let Some(statements) = statements {
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        let timing = format!("sql;desc=\"{statements}\", total;dur={milliseconds:.1}");
        headers.extend(timing.parse().ok().map(|timing| (SERVER_TIMING, timing)));
    }
    response
}
