//! An answer as it goes out.

use async_graphql::{Response as Answer, ServerError, Value, parser::types::OperationType};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use entity::column::write_json;

use super::{negotiation::Media, outcome::Executed, status};
use crate::graphql::{Code, error, rows::write_response};

/// What became of one question.
pub(super) enum Reply {
    /// It was executed.
    Executed(Box<Answer>, Executed),
    /// It was refused, and nothing was executed.
    Refused(Vec<ServerError>, StatusCode),
}

impl Reply {
    /// A question that the guard refused. Those who take plain JSON are told in the answer alone,
    /// unless the request itself is malformed.
    pub(super) fn refused(errors: Vec<ServerError>, media: Media) -> Self {
        let code = errors.iter().find_map(error::code).unwrap_or(Code::BadRequest);
        let status = match media {
            Media::Json if code != Code::BadRequest => StatusCode::OK,
            _ => status::of(code),
        };
        Self::Refused(errors, status)
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Executed(answer, _) => failed(answer).unwrap_or(StatusCode::OK),
            Self::Refused(_, status) => *status,
        }
    }

    /// Whether the same would be answered again as long as the data stay as they are: not where
    /// anything went wrong on the way, nor where a field said that its answer may not be kept.
    pub(super) fn lasts(&self) -> bool {
        matches!(self, Self::Executed(answer, executed)
            if answer.errors.is_empty()
                && executed.operation == OperationType::Query
                && answer.cache_control.max_age != NO_CACHE)
    }
}

/// The age of an answer with a field that says `cache_control(no_cache)`.
const NO_CACHE: i32 = -1;

impl Reply {
    /// Writes it as JSON. `data` is there exactly when something was executed.
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Executed(answer, _) => write_response(answer, to),
            Self::Refused(errors, _) => {
                to.extend_from_slice(b"{\"errors\":");
                write_json(errors, to);
                to.push(b'}');
            }
        }
    }

    /// Several as one list.
    pub(super) fn write_all(replies: &[Self]) -> Vec<u8> {
        let mut to = vec![b'['];
        for (place, reply) in replies.iter().enumerate() {
            if place > 0 {
                to.push(b',');
            }
            reply.write(&mut to);
        }
        to.push(b']');
        to
    }

    /// It alone.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut to = Vec::new();
        self.write(&mut to);
        to
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let of = HeaderValue::from_static("application/json");
        (self.status(), [(header::CONTENT_TYPE, of)], self.to_json()).into_response()
    }
}

/// The status of an answer without anything in it, for a reason that is none of its fields'.
fn failed(answer: &Answer) -> Option<StatusCode> {
    let empty = match &answer.data {
        Value::Object(fields) => fields.values().all(|field| *field == Value::Null),
        data => *data == Value::Null,
    };
    let codes = answer.errors.iter().map(error::code);
    let mut codes = codes.filter(|_| empty).peekable();
    let code = codes.peek().copied().flatten()?;
    let whole = [
        Code::Overloaded,
        Code::DatabaseUnavailable,
        Code::OutcomeUnknown,
        Code::IdempotencyKeyReused,
    ];
    codes.all(|code| code.is_some_and(|code| whole.contains(&code))).then(|| status::of(code))
}
