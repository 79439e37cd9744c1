//! What a client sees of a failure: a message, and a code that never changes.

use async_graphql::{ErrorExtensionValues, Name, Pos, Response, ServerError, Value};

use crate::error::Error;

/// The HTTP request is none of GraphQL.
pub const BAD_REQUEST: &str = "BAD_REQUEST";
/// There is nothing at the address.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// The address does not answer the method, or not this operation by it.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// The client takes no form of an answer there is.
pub const NOT_ACCEPTABLE: &str = "NOT_ACCEPTABLE";
/// The address names a form of an answer that there is not.
pub const UNKNOWN_FORMAT: &str = "UNKNOWN_FORMAT";
/// The body is not JSON.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";
/// The body is too large.
pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// The request did not arrive in time.
pub const REQUEST_TIMEOUT: &str = "REQUEST_TIMEOUT";
/// There are too many requests in one.
pub const BATCH_LIMIT_EXCEEDED: &str = "BATCH_LIMIT_EXCEEDED";
/// The answer was not found in time.
pub const TIMEOUT: &str = "TIMEOUT";
/// The document is not GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The request names an operation that its document does not have, or must name one.
pub const OPERATION_NOT_FOUND: &str = "OPERATION_NOT_FOUND";
/// The document has too many tokens.
pub const TOKEN_LIMIT_EXCEEDED: &str = "TOKEN_LIMIT_EXCEEDED";
/// Selections are nested too deep.
pub const DEPTH_LIMIT_EXCEEDED: &str = "DEPTH_LIMIT_EXCEEDED";
/// Lists and objects of arguments or variables are nested too deep.
pub const VALUE_DEPTH_LIMIT_EXCEEDED: &str = "VALUE_DEPTH_LIMIT_EXCEEDED";
/// The document has too many aliases.
pub const ALIAS_LIMIT_EXCEEDED: &str = "ALIAS_LIMIT_EXCEEDED";
/// The document has too many directives.
pub const DIRECTIVE_LIMIT_EXCEEDED: &str = "DIRECTIVE_LIMIT_EXCEEDED";
/// An operation selects too many fields of the root.
pub const ROOT_FIELD_LIMIT_EXCEEDED: &str = "ROOT_FIELD_LIMIT_EXCEEDED";
/// The document selects too much, once its fragments are put in the place of their names.
pub const SELECTION_LIMIT_EXCEEDED: &str = "SELECTION_LIMIT_EXCEEDED";
/// The answer could be too large.
pub const COST_LIMIT_EXCEEDED: &str = "COST_LIMIT_EXCEEDED";
/// The schema is not told.
pub const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
/// The request has the hash of a document in the document's place.
pub const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// A file was asked for of an answer with several lists beside each other.
pub const SEVERAL_LISTS: &str = "SEVERAL_LISTS";
/// A file was asked for of an answer without anything for a column.
pub const NO_COLUMNS: &str = "NO_COLUMNS";
/// The document is not one of the trusted ones.
pub const DOCUMENT_NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";
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
            Error::Timeout => (
                "the database did not answer this field in time; ask for less, or with fewer \
                 conditions"
                    .to_owned(),
                TIMEOUT,
            ),
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

/// A request that is refused before it is a question.
pub fn refused(code: &str, message: String) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

/// The code of an error.
pub fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// A document that is not GraphQL.
pub(super) fn unparsed(message: String, place: Option<Pos>) -> ServerError {
    with_code(ServerError::new(message, place), PARSE_FAILED)
}

/// A document that does not fit the schema.
pub(super) fn invalid(message: String, place: Option<Pos>) -> ServerError {
    with_code(ServerError::new(message, place), VALIDATION_FAILED)
}

/// A value of a document that nothing can hold.
pub(super) fn unread(written: &str, place: Pos) -> ServerError {
    let written: String = written.chars().take(80).collect();
    invalid(format!("{written} is beyond what can be read"), Some(place))
}

/// A key that stands in an object twice.
pub(super) fn twice(name: &str, place: Pos) -> ServerError {
    invalid(format!("the key `{name}` is given twice in one object; give it once"), Some(place))
}

/// A variable whose value is not what its type takes.
pub(super) fn variable(message: String, place: Pos) -> ServerError {
    with_code(ServerError::new(message, Some(place)), BAD_USER_INPUT)
}

/// A request that goes beyond a limit.
pub(super) fn beyond(code: &str, message: String, found: u64, limit: u64) -> ServerError {
    let mut error = with_code(ServerError::new(message, None), code);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("found", found);
    extensions.set("limit", limit);
    error
}

/// A request without a document.
pub(super) fn no_document() -> ServerError {
    let message = "the request has no `query`; send one like {\"query\": \"{ districts { nodes { \
                   name } } }\"}";
    with_code(ServerError::new(message, None), BAD_REQUEST)
}

/// A request that names its document by a hash, which is known of trusted documents alone. Clients
/// that try this first know the message and send the document.
pub(super) fn no_persisted() -> ServerError {
    let message = "PersistedQueryNotSupported";
    with_code(ServerError::new(message, None), PERSISTED_QUERY_NOT_SUPPORTED)
}

/// A request that names an operation its document does not have, or must name one.
pub(super) fn no_operation<'n>(
    name: Option<&str>,
    names: impl Iterator<Item = &'n str>,
) -> ServerError {
    let names: Vec<&str> = names.take(10).collect();
    let message = match name {
        Some(name) => format!("there is no operation {name:?} in the document"),
        None => "the document has several operations, and `operationName` names none".to_owned(),
    };
    let message = match &names[..] {
        [] => format!("{message}; leave `operationName` out"),
        names => format!("{message}; name one of {}", names.join(", ")),
    };
    with_code(ServerError::new(message, None), OPERATION_NOT_FOUND)
}

/// A request for the schema where that is switched off.
pub(super) fn introspection() -> ServerError {
    let message = "this server does not tell its schema (`__schema`, `__type`)";
    with_code(ServerError::new(message, None), INTROSPECTION_DISABLED)
}

/// A request for the schema that goes round in it.
pub(super) fn introspection_depth() -> ServerError {
    beyond(
        DEPTH_LIMIT_EXCEEDED,
        "fields, interfaces and types of the schema are nested 3 deep or deeper, but may be nested \
         2 deep at the most"
            .to_owned(),
        3,
        2,
    )
}

/// A request for a file of an answer with several lists beside each other.
pub(super) fn several_lists<'p>(paths: impl Iterator<Item = &'p [Name]>) -> ServerError {
    let dotted = |path: &[Name]| path.iter().map(Name::as_str).collect::<Vec<_>>().join(".");
    let names: Vec<String> = paths.take(10).map(|path| format!("`{}`", dotted(path))).collect();
    let message = format!(
        "a file holds one list, but {} stand beside each other; ask for one of them, or for JSON",
        names.join(" and ")
    );
    with_code(ServerError::new(message, None), SEVERAL_LISTS)
}

/// A request for a document that is not one of the trusted ones.
pub(super) fn untrusted(name: Option<&str>) -> ServerError {
    let message = match name {
        Some(name) => format!("there is no trusted document {name:?}"),
        None => "this server executes trusted documents alone; name one by `documentId` or by \
                 `extensions.persistedQuery.sha256Hash`"
            .to_owned(),
    };
    with_code(ServerError::new(message, None), DOCUMENT_NOT_TRUSTED)
}

/// Gives a code to the errors that async-graphql raises by itself, which are about the values of a
/// field's arguments.
pub(super) fn coded(mut response: Response) -> Response {
    let errors = std::mem::take(&mut response.errors).into_iter();
    response.errors = errors.map(|error| with_code(error, BAD_USER_INPUT)).collect();
    response
}

fn with_code(mut error: ServerError, code: &str) -> ServerError {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    error
}
