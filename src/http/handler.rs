//! `POST /graphql` and `GET /graphql`: one answer; those that go on are left to [`live`].

use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    App, accept_language, deadline, live,
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
    let question = request::read(request, &app.options).await?;
    // Who takes one answer too has events only where there are more.
    if let Question::One(asked) = &question
        && events
        && (media.is_none() || live::goes_on(app, asked))
    {
        return live::events(app, (**asked).clone(), &method, preferred);
    }
    let media = media.ok_or_else(Refusal::not_acceptable)?;
    Ok(match question {
        Question::One(asked) => {
            let reply = reply(app, *asked, &method, preferred, media).await?;
            response(&reply, reply.status(), reply.statements(), media, begun)
        }
        Question::Batch(several) => {
            let mut replies = Vec::new();
            for asked in several {
                let reply = reply(app, asked, &method, preferred.clone(), media).await;
                replies.push(reply.unwrap_or_else(Reply::from));
            }
            let statements = replies.iter().filter_map(Reply::statements).sum();
            response(&replies, StatusCode::OK, Some(statements), media, begun)
        }
    })
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
    checked.request = checked.request.data(preferred);
    let (schema, database) = (app.schema.clone(), app.database.clone());
    let executed = async move { graphql::execute(&schema, &database, checked).await };
    let (answer, statements) = deadline::within(app.options.request_timeout, executed).await?;
    Ok(Reply::Executed(Box::new(answer), statements))
}

fn response(
    body: &impl Serialize,
    status: StatusCode,
    statements: Option<usize>,
    media: Media,
    begun: Instant,
) -> Response {
    // No `Content-Language`: each field may be in another language.
    let mut response = (status, [(header::VARY, VARY)], Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.content_type());
    if let Some(statements) = statements {
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        let timing = format!("sql;desc=\"{statements}\", total;dur={milliseconds:.1}");
        headers.extend(timing.parse().ok().map(|timing| (SERVER_TIMING, timing)));
    }
    response
}
