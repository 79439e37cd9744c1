//! `POST /graphql` and `GET /graphql`.

use std::time::Instant;

use async_graphql_axum::{GraphQLResponse, rejection::GraphQLRejection};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, accept_language};
use crate::graphql;

/// Tells how many SQL statements an answer took and how long (W3C Server Timing): the developer
/// tools of a browser show it.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(super) async fn graphql(
    State(app): State<App>,
    headers: HeaderMap,
    request: Result<async_graphql_axum::GraphQLRequest, GraphQLRejection>,
) -> Response {
    let request = match request {
        Ok(request) => request.into_inner().data(accept_language::preferred(&headers)),
        Err(refused) => return refuse(&refused),
    };
    let begun = Instant::now();
    let (response, statements) = graphql::execute(&app.schema, &app.database, request).await;
    let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
    let timing = format!("sql;desc=\"{statements}\", total;dur={milliseconds:.1}");
    // Nothing was executed: every error stands outside any field.
    let refused = response.is_err() && response.errors.iter().all(|error| error.path.is_empty());
    let status = if refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    // No `Content-Language`: each field may be in another language.
    let vary = (header::VARY, "accept-language".to_owned());
    (status, [(SERVER_TIMING, timing), vary], GraphQLResponse::from(response)).into_response()
}

/// A request that is not one of GraphQL over HTTP.
fn refuse(refused: &GraphQLRejection) -> Response {
    let message = format!(
        "this is no GraphQL request ({}); POST JSON like {{\"query\": \"{{ districts {{ nodes {{ \
         name }} }} }}\"}}, or GET with the parameter `query`",
        refused.0
    );
    let error =
        json!({ "message": message, "extensions": { "code": graphql::error::BAD_REQUEST } });
    (StatusCode::BAD_REQUEST, Json(json!({ "errors": [error] }))).into_response()
}
