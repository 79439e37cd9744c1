//! What a client sees of a failure: a message, and a code that never changes.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use super::{Schema, suggestion};
use crate::error::Error;

/// The HTTP request is none of GraphQL.
pub const BAD_REQUEST: &str = "BAD_REQUEST";
/// The document is not GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// An argument or a variable holds something it cannot; the message says what would be right.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// A sum was asked for of figures that may not be added up; the message says why.
pub const NOT_ADDITIVE: &str = "NOT_ADDITIVE";
/// A number was asked for that would mix units; the message names them.
pub const UNLIKE_UNITS: &str = "UNLIKE_UNITS";
/// The server failed; the log says why.
pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let mut named = None;
        let (message, code) = match error {
            Error::Unknown { message, argument, alike } => {
                named = Some((argument, alike));
                (message.to_string(), BAD_USER_INPUT)
            }
            Error::Input(message) => (message.to_string(), BAD_USER_INPUT),
            Error::NotAdditive(message) => (message.to_string(), NOT_ADDITIVE),
            Error::UnlikeUnits(message) => (message.to_string(), UNLIKE_UNITS),
            Error::Internal(_) => (
                "the server failed to answer this field; its log says why".to_owned(),
                INTERNAL_SERVER_ERROR,
            ),
        };
        let mut error = Self::new(message);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code);
        if let Some((argument, alike)) = named {
            extensions.set("argument", &*argument);
            extensions.set("suggestions", Value::List(alike.iter().map(Value::from).collect()));
        }
        error
    }
}

/// A response to a document that could not be parsed.
pub(super) fn unparsed(error: async_graphql::parser::Error) -> Response {
    let mut error = ServerError::from(error);
    set_code(&mut error, PARSE_FAILED);
    Response::from_errors(vec![error])
}

/// Gives a code to the errors that async-graphql raises by itself: those of validation stand
/// outside any field, those of an argument's value in theirs.
pub(super) fn coded(schema: &Schema, mut response: Response) -> Response {
    for error in &mut response.errors {
        let code = if error.path.is_empty() { VALIDATION_FAILED } else { BAD_USER_INPUT };
        set_code(error, code);
        suggestion::of_words(schema, error);
    }
    response
}

fn set_code(error: &mut ServerError, code: &str) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}
