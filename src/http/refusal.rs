//! What is refused before it is a question: each refusal is an answer in GraphQL's own form.

use std::fmt::Display;

use async_graphql::ServerError;
use axum::{
    Extension,
    http::{HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};

use entity::{Quoted, cut, quote::beginning};
use strum::VariantArray;

use super::{outcome::Outcome, rates::TooOften, reply::Reply, status};
use crate::{
    error::Error,
    graphql::{Code, error},
    package::export::Format,
};

/// How many characters of a reason are told: it may quote what was sent.
const LONGEST_REASON: usize = 300;

/// Where GraphQL is.
pub(super) const GRAPHQL: &str = "/graphql";

/// A request that is not answered.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    message: String,
    header: Option<(HeaderName, HeaderValue)>,
    request_id: Option<Box<str>>,
}

impl Refusal {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), header: None, request_id: None }
    }

    /// The refusal of the request with this id: the client is told it where the server failed.
    pub(super) fn of(mut self, request_id: &str) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Nobody knows who asks: the token is missing, or worth nothing.
    pub(super) fn unauthenticated(message: &str) -> Self {
        let mut refusal = Self::new(Code::Unauthenticated, message);
        refusal.header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        refusal
    }

    /// The token of somebody who listens is worth nothing any more.
    pub(super) fn lapsed() -> Self {
        Self::unauthenticated("the token expired or was withdrawn; come again with another")
    }

    /// `Authorization` has no token.
    pub(super) fn no_bearer() -> Self {
        Self::unauthenticated("`Authorization` must be `Bearer TOKEN`, once, or left out")
    }

    /// A page is of an origin that was not configured. The first words are those that are left of it
    /// in the reason of a WebSocket's end.
    pub(super) fn origin(origin: &str) -> Self {
        let message = format!("the server's --cors-origin does not name {}", cut(origin));
        Self::new(Code::OriginNotAllowed, message)
    }

    /// Files were sent as any page can send them, without a token and without one of these headers.
    pub(super) fn no_preflight([one, other]: &[HeaderName; 2]) -> Self {
        let message = format!(
            "files are sent with a token (`Authorization: Bearer TOKEN`), or with the header \
             `{one}` or `{other}`, so that browsers ask first whether a page may send them"
        );
        Self::new(Code::PreflightRequired, message)
    }

    /// Somebody asks too often.
    pub(super) fn too_often(TooOften(wait): TooOften) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0);
        let message = format!("there are too many requests; wait {seconds} s, and send fewer");
        let mut refusal = Self::new(Code::RateLimited, message);
        let seconds = HeaderValue::from_str(&seconds.to_string()).ok();
        refusal.header = seconds.map(|seconds| (header::RETRY_AFTER, seconds));
        refusal
    }

    /// Why it is refused.
    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// The same in words for the asker.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// There is nothing at this address.
    pub(super) fn not_found(path: &str) -> Self {
        let message = format!("there is nothing at {}; GraphQL is at {GRAPHQL}", cut(path));
        Self::new(Code::NotFound, message)
    }

    /// There is no such download.
    pub(super) fn no_download(name: &str) -> Self {
        let names: Vec<&str> =
            Format::VARIANTS.iter().filter_map(|format| format.download()).collect();
        let (name, names) = (Quoted(name), names.join(", "));
        let message = format!("there is no download {name}; there are {names}");
        Self::new(Code::NotFound, message)
    }

    /// The address of a download says something that is not understood.
    pub(super) fn no_parameters(why: impl Display) -> Self {
        let why = why.to_string();
        let why = beginning(&why, LONGEST_REASON);
        let message = format!("{why}; a download takes the parameters `filter` and `asOf`");
        Self::new(Code::BadRequest, message)
    }

    /// Conditions are part of a document, and documents of one's own are not taken.
    pub(super) fn no_filter() -> Self {
        let message = "this server executes trusted documents alone, and `filter` is none; leave \
                       it out";
        Self::new(Code::DocumentNotTrusted, message)
    }

    /// The method is none of the address, which is answered by others.
    pub(super) fn method(method: &Method, path: &str) -> Self {
        let others = match path {
            GRAPHQL => "GET, HEAD and POST are".to_owned(),
            _ => format!("GET and HEAD are; GraphQL is at {GRAPHQL}"),
        };
        let (method, path) = (cut(method.as_str()), cut(path));
        let message = format!("{method} is not answered at {path}, but {others}");
        Self::new(Code::MethodNotAllowed, message)
    }

    /// The operation is not one for GET, which anybody may repeat.
    pub(super) fn not_by_get(operation: impl Display) -> Self {
        let message = format!("a {operation} is not executed by GET; send it by POST");
        let mut refusal = Self::new(Code::MethodNotAllowed, message);
        refusal.header = Some((header::ALLOW, HeaderValue::from_static("POST")));
        refusal
    }

    /// No form of an answer is one the client takes.
    pub(super) fn not_acceptable() -> Self {
        let message = "answers are `application/graphql-response+json`, `application/json`, \
                       `text/csv`, `application/x-ndjson` or, as they come, `text/event-stream` \
                       or `multipart/mixed;subscriptionSpec=1.0`; name one of them in `Accept`";
        Self::new(Code::NotAcceptable, message)
    }

    /// A subscription has more answers than one.
    pub(super) fn one_answer() -> Self {
        let message = "a subscription is answered again and again: name `text/event-stream` or \
                       `multipart/mixed;subscriptionSpec=1.0` in `Accept`, or open a WebSocket";
        Self::new(Code::NotAcceptable, message)
    }

    /// There are as many live connections as there may be.
    pub(super) fn crowded(most: u32) -> Self {
        let message = format!(
            "there are {most} live connections already, as many as this server has; try again later"
        );
        Self::new(Code::TooManyConnections, message)
    }

    /// The address names a form of an answer that there is not.
    pub(super) fn unknown_format(name: &str) -> Self {
        let name = Quoted(name);
        let message = format!("there is no format {name}; there are csv, json and ndjson");
        Self::new(Code::UnknownFormat, message)
    }

    /// There is no file of several requests.
    pub(super) fn several_files() -> Self {
        let message = "a file has the answer to one request; send them one by one";
        Self::new(Code::BadRequest, message)
    }

    /// A file has no room to tell how it was found.
    pub(super) fn no_explanation() -> Self {
        Self::new(Code::BadRequest, "a file cannot `explain` itself; ask for JSON, or leave it out")
    }

    /// There is no file of this operation.
    pub(super) fn no_file_of(operation: impl Display) -> Self {
        let message = format!("the answer to a {operation} is no file; ask for JSON");
        Self::new(Code::NotAcceptable, message)
    }

    /// The body is not said to be JSON.
    pub(super) fn not_json() -> Self {
        let message = "the body must be JSON in UTF-8; say so with `Content-Type: \
                       application/json`";
        Self::new(Code::UnsupportedMediaType, message)
    }

    /// The body is compressed otherwise than in this form.
    pub(super) fn encoding(taken: &'static str) -> Self {
        let message = format!("a body like this is taken with `Content-Encoding: {taken}` or none");
        let mut refusal = Self::new(Code::UnsupportedMediaType, message);
        refusal.header = Some((header::ACCEPT_ENCODING, HeaderValue::from_static(taken)));
        refusal
    }

    /// The body is larger than it may be; how large is known where the client said it.
    pub(super) fn too_large(found: Option<u64>, most: usize) -> Self {
        let found = found.map_or("more".to_owned(), |bytes| format!("{bytes} bytes"));
        let message = format!("the body has {found}, but may have {most} bytes at the most");
        Self::new(Code::BodyTooLarge, message)
    }

    /// The body did not arrive in time.
    pub(super) fn too_slow(seconds: u32) -> Self {
        let message = format!("the body did not arrive within {seconds} seconds");
        Self::new(Code::RequestTimeout, message)
    }

    /// What arrived is no request of GraphQL.
    pub(super) fn malformed(why: impl Display) -> Self {
        let why = why.to_string();
        if why.starts_with("recursion limit exceeded") {
            let message = "the request has more than 127 levels of nested lists and objects";
            return Self::new(Code::ValueDepthLimitExceeded, message);
        }
        let why = beginning(&why, LONGEST_REASON);
        let message = format!(
            "this is no GraphQL request ({why}); POST JSON like {{\"query\": \"{{ districts {{ \
             nodes {{ name }} }} }}\"}}, or GET with the parameter `query`"
        );
        Self::new(Code::BadRequest, message)
    }

    /// There are more requests in one than there may be.
    pub(super) fn batch(found: usize, most: u32) -> Self {
        let message = match most {
            0 => "this server does not take several requests in one; send them one by one".into(),
            _ => format!("there are {found} requests in one, but there may be {most} at the most"),
        };
        Self::new(Code::BatchLimitExceeded, message)
    }

    /// The answer was not found in time.
    pub(super) fn timeout(seconds: u32) -> Self {
        let message = format!(
            "the answer was not found within {seconds} seconds; ask for less, or with fewer \
             conditions"
        );
        Self::new(Code::Timeout, message)
    }

    /// The answer to a write was not found in time, and it may have been kept.
    pub(super) fn outcome_unknown(seconds: u32) -> Self {
        let message = format!(
            "what was written was not acknowledged within {seconds} seconds: it may have been kept, \
             or not; look, or send it again with the same `Idempotency-Key`"
        );
        Self::new(Code::OutcomeUnknown, message)
    }

    /// The key of a write is none.
    pub(super) fn malformed_key(key: impl Display, most: usize) -> Self {
        let message = format!(
            "`Idempotency-Key` is {key}, but must be one of 1 to {most} visible ASCII characters, \
             such as a UUID"
        );
        Self::new(Code::BadRequest, message)
    }

    /// The server is not ready to answer.
    pub(super) fn not_ready() -> Self {
        let message = "the server is starting and does not answer yet; ask again in a second";
        Self::unavailable(Code::NotReady, message)
    }

    /// The same request may be answered soon.
    fn unavailable(code: Code, message: impl Into<String>) -> Self {
        let mut refusal = Self::new(code, message);
        refusal.header = Some((header::RETRY_AFTER, RETRY_SOON));
        refusal
    }

    /// The server failed.
    pub(super) fn failed() -> Self {
        let message = "the server failed to answer; its log says why";
        Self::new(Code::InternalServerError, message)
    }
}

/// After how many seconds to ask again where the server does not answer for the moment.
pub(super) const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(message) => Self::unauthenticated(message),
            Error::Forbidden(why) => Self::new(Code::Forbidden, why.to_string()),
            Error::Overloaded => Self::unavailable(Code::Overloaded, Error::Overloaded.to_string()),
            Error::Unavailable(why) => {
                tracing::error!(%why, "a request cannot be answered");
                let message = "the database does not answer; ask again in a moment";
                Self::unavailable(Code::DatabaseUnavailable, message)
            }
            why => {
                tracing::error!(%why, "a request cannot be answered");
                Self::failed()
            }
        }
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let mut error = error::refused(refusal.code, refusal.message);
        if let Some(request_id) = refusal.request_id {
            error::identify(&mut error, &request_id);
        }
        error
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code;
        Self::Refused(vec![refusal.into()], status::of(code))
    }
}

impl IntoResponse for Refusal {
    fn into_response(mut self) -> Response {
        let (header, outcome) = (self.header.take(), Outcome::refused(self.code));
        let reply = Reply::from(self);
        let mut response = (Extension(outcome), reply).into_response();
        response.headers_mut().extend(header);
        response
    }
}
