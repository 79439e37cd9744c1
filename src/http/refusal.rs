//! What is refused before it is a question: each refusal is an answer in GraphQL's own form.

use std::fmt::Display;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::reply::Reply;
use crate::graphql::error;

/// A request that is not answered.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    /// There is nothing at this address.
    pub(super) fn not_found(path: &str) -> Self {
        let message = format!("there is nothing at {path:.100}; GraphQL is at /graphql");
        Self::new(StatusCode::NOT_FOUND, error::NOT_FOUND, message)
    }

    /// The method is none of the address.
    pub(super) fn method(method: &Method) -> Self {
        let message = format!("{method} is not answered here; use GET or POST");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, error::METHOD_NOT_ALLOWED, message)
    }

    /// The operation is not one for GET, which anybody may repeat.
    pub(super) fn not_by_get(operation: impl Display) -> Self {
        let message = format!("a {operation} is not executed by GET; send it by POST");
        let mut refusal =
            Self::new(StatusCode::METHOD_NOT_ALLOWED, error::METHOD_NOT_ALLOWED, message);
        refusal.header = Some((header::ALLOW, HeaderValue::from_static("POST")));
        refusal
    }

    /// No form of an answer is one the client takes.
    pub(super) fn not_acceptable() -> Self {
        let message = "answers are `application/graphql-response+json`, `application/json`, \
                       `text/csv` or `application/x-ndjson`; name one of them in `Accept`";
        Self::new(StatusCode::NOT_ACCEPTABLE, error::NOT_ACCEPTABLE, message)
    }

    /// The address names a form of an answer that there is not.
    pub(super) fn unknown_format(name: &str) -> Self {
        let message = format!("there is no format {name:.100?}; there are csv, json and ndjson");
        Self::new(StatusCode::BAD_REQUEST, error::UNKNOWN_FORMAT, message)
    }

    /// There is no file of several requests.
    pub(super) fn several_files() -> Self {
        let message = "a file has the answer to one request; send them one by one";
        Self::new(StatusCode::BAD_REQUEST, error::BAD_REQUEST, message)
    }

    /// There is no file of this operation.
    pub(super) fn no_file_of(operation: impl Display) -> Self {
        let message = format!("the answer to a {operation} is no file; ask for JSON");
        Self::new(StatusCode::NOT_ACCEPTABLE, error::NOT_ACCEPTABLE, message)
    }

    /// The body is not said to be JSON.
    pub(super) fn not_json() -> Self {
        let message = "the body must be JSON in UTF-8; say so with `Content-Type: \
                       application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// The body is larger than it may be; how large is known where the client said it.
    pub(super) fn too_large(found: Option<u64>, most: usize) -> Self {
        let found = found.map_or("more".to_owned(), |bytes| format!("{bytes} bytes"));
        let message = format!("the body has {found}, but may have {most} bytes at the most");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error::BODY_TOO_LARGE, message)
    }

    /// The body did not arrive in time.
    pub(super) fn too_slow(seconds: u32) -> Self {
        let message = format!("the body did not arrive within {seconds} seconds");
        Self::new(StatusCode::REQUEST_TIMEOUT, error::REQUEST_TIMEOUT, message)
    }

    /// What arrived is no request of GraphQL.
    pub(super) fn malformed(why: impl Display) -> Self {
        let why = why.to_string();
        if why.starts_with("recursion limit exceeded") {
            let message = "the request has more than 127 levels of nested lists and objects";
            return Self::new(StatusCode::BAD_REQUEST, error::VALUE_DEPTH_LIMIT_EXCEEDED, message);
        }
        let message = format!(
            "this is no GraphQL request ({why}); POST JSON like {{\"query\": \"{{ districts {{ \
             nodes {{ name }} }} }}\"}}, or GET with the parameter `query`"
        );
        Self::new(StatusCode::BAD_REQUEST, error::BAD_REQUEST, message)
    }

    /// There are more requests in one than there may be.
    pub(super) fn batch(found: usize, most: u32) -> Self {
        let message = match most {
            0 => "this server does not take several requests in one; send them one by one".into(),
            _ => format!("there are {found} requests in one, but there may be {most} at the most"),
        };
        Self::new(StatusCode::BAD_REQUEST, error::BATCH_LIMIT_EXCEEDED, message)
    }

    /// The answer was not found in time.
    pub(super) fn timeout(seconds: u32) -> Self {
        let message = format!(
            "the answer was not found within {seconds} seconds; ask for less, or with fewer \
             conditions"
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error::TIMEOUT, message)
    }

    /// The server failed.
    pub(super) fn failed() -> Self {
        let message = "the server failed to answer; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error::INTERNAL_SERVER_ERROR, message)
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![error::refused(refusal.code, refusal.message)], refusal.status)
    }
}

impl IntoResponse for Refusal {
    fn into_response(mut self) -> Response {
        let header = self.header.take();
        let status = self.status;
        let mut response = (status, Json(Reply::from(self))).into_response();
        response.headers_mut().extend(header);
        response
    }
}
