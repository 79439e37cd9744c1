//! What a client sees of a failure: a message, and a code that never changes.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{ErrorExtensionValues, Name, PathSegment, Pos, Response, ServerError, Value};

use entity::{Quoted, cut};

use super::code::Code;
use crate::{
    access::{Forbidden, word},
    error::Error,
};

/// Why the server failed, for the log: it goes with the error and is told to nobody else.
struct Cause(Arc<str>);

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let (mut named, mut rejected, mut forbidden, mut cause) = (None, None, None, None);
        let (message, code) = match error {
            Error::Unknown { message, argument, suggestions } => {
                named = Some((argument, suggestions));
                (message.to_string(), Code::BadUserInput)
            }
            Error::Input(message) => (message.to_string(), Code::BadUserInput),
            Error::Rejected(problems) => {
                let message = problems.to_string();
                let outdated = problems.told.iter().any(|problem| problem.outdated);
                rejected = Some(problems);
                let code = if outdated { Code::RevisionConflict } else { Code::BadUserInput };
                (message, code)
            }
            Error::Unwritable(why) => (why.to_owned(), Code::NotWritable),
            Error::Busy => (Error::Busy.to_string(), Code::Busy),
            Error::Overloaded => (Error::Overloaded.to_string(), Code::Overloaded),
            Error::Unavailable(why) => {
                cause = Some(why);
                let message = "the database does not answer; ask again in a moment";
                (message.to_owned(), Code::DatabaseUnavailable)
            }
            Error::AtMost(message) => (message.to_string(), Code::AtMostExceeded),
            Error::Dependants(message) => (message.to_string(), Code::HasDependants),
            Error::Ambiguous(message) => (message.to_string(), Code::Ambiguous),
            Error::Unauthenticated(message) => (message.to_owned(), Code::Unauthenticated),
            Error::Forbidden(why) => {
                let message = why.to_string();
                forbidden = Some(why);
                (message, Code::Forbidden)
            }
            Error::Timeout => (
                "the database did not answer this field in time; ask for less, or with fewer \
                 conditions"
                    .to_owned(),
                Code::Timeout,
            ),
            Error::OutcomeUnknown => {
                let message = "the connection to the database was lost while this was written: it \
                               may have been kept, or not; look, or send it again with the same \
                               `Idempotency-Key`";
                (message.to_owned(), Code::OutcomeUnknown)
            }
            Error::KeyReused(message) => (message.to_string(), Code::IdempotencyKeyReused),
            Error::Internal(why) => {
                cause = Some(why);
                let message = "the server failed to answer this field; its log says why";
                (message.to_owned(), Code::InternalServerError)
            }
        };
        let mut error = Self::new(message);
        error.source = cause.map(|why| Arc::new(Cause(why)) as _);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code.name());
        if let Some((argument, suggestions)) = named {
            extensions.set("argument", &*argument);
            extensions
                .set("suggestions", Value::List(suggestions.iter().map(Value::from).collect()));
        }
        if let Some(Forbidden { permission, .. }) = forbidden {
            extensions.set("permission", permission.word());
            extensions.set("needs", word(permission.role()));
        }
        if let Some(problems) = rejected {
            extensions.set("problemCount", problems.count);
            let told = async_graphql::to_value(&problems.told).unwrap_or_default();
            extensions.set("problems", told);
        }
        error
    }
}

/// A request that is refused before it is a question.
pub fn refused(code: Code, message: String) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

/// The code of an error.
pub fn code(error: &ServerError) -> Option<Code> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => code.parse().ok(),
        _ => None,
    }
}

/// Says in an error that is the server's own failure which request it was: with that id whoever
/// runs the server finds the cause in the log.
pub fn identify(error: &mut ServerError, request_id: &str) {
    if code(error) == Some(Code::InternalServerError) {
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("requestId", request_id);
    }
}

/// A document that is not GraphQL.
pub(super) fn unparsed(message: String, place: Option<Pos>) -> ServerError {
    with_code(ServerError::new(message, place), Code::ParseFailed)
}

/// A document that does not fit the schema.
pub(super) fn invalid(message: String, place: Option<Pos>) -> ServerError {
    with_code(ServerError::new(message, place), Code::ValidationFailed)
}

/// A value of a document that nothing can hold.
pub(super) fn unread(written: &str, place: Pos) -> ServerError {
    let written = cut(written);
    invalid(format!("{written} is beyond what can be read"), Some(place))
}

/// A key that stands in an object twice.
pub(super) fn twice(name: &str, place: Pos) -> ServerError {
    let name = cut(name);
    invalid(format!("the key `{name}` is given twice in one object; give it once"), Some(place))
}

/// A text that no database would keep.
pub(super) fn nul(place: Option<Pos>) -> ServerError {
    let message = "a text holds the character NUL (U+0000), which no text here can; leave it out";
    with_code(ServerError::new(message, place), Code::BadUserInput)
}

/// A variable whose value is not what its type takes.
pub(super) fn variable(message: String, place: Pos) -> ServerError {
    with_code(ServerError::new(message, Some(place)), Code::BadUserInput)
}

/// A request that goes beyond a limit.
pub(super) fn beyond(code: Code, message: String, found: u64, limit: u64) -> ServerError {
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
    with_code(ServerError::new(message, None), Code::BadRequest)
}

/// A hash of no document that is kept. Clients know the message and send the document with it.
pub(super) fn persisted_not_found() -> ServerError {
    with_code(ServerError::new("PersistedQueryNotFound", None), Code::PersistedQueryNotFound)
}

/// A hash where none is taken. Clients know the message and send documents alone from then on.
pub(super) fn persisted_not_supported() -> ServerError {
    with_code(
        ServerError::new("PersistedQueryNotSupported", None),
        Code::PersistedQueryNotSupported,
    )
}

/// A document with the hash of another one.
pub(super) fn persisted_mismatch(hash: &str) -> ServerError {
    let message = format!(
        "`extensions.persistedQuery.sha256Hash` is {}, but must be the SHA-256 of `query` in \
         hexadecimal",
        Quoted(hash)
    );
    with_code(ServerError::new(message, None), Code::PersistedQueryHashMismatch)
}

/// A request that names an operation its document does not have, or must name one.
pub(super) fn no_operation<'n>(
    name: Option<&str>,
    names: impl Iterator<Item = &'n str>,
) -> ServerError {
    let names: Vec<_> = names.take(10).map(cut).collect();
    let message = match name {
        Some(name) => format!("there is no operation {} in the document", Quoted(name)),
        None => "the document has several operations, and `operationName` names none".to_owned(),
    };
    let message = match &names[..] {
        [] => format!("{message}; leave `operationName` out"),
        names => format!("{message}; name one of {}", names.join(", ")),
    };
    with_code(ServerError::new(message, None), Code::OperationNotFound)
}

/// A request for the schema where that is switched off.
pub(super) fn introspection() -> ServerError {
    let message = "this server does not tell its schema (`__schema`, `__type`)";
    with_code(ServerError::new(message, None), Code::IntrospectionDisabled)
}

/// A request to be told how the answer is found, where that is switched off.
pub(super) fn explain() -> ServerError {
    let message = "this server does not tell how answers are found (`extensions.explain`); \
                   whoever runs it lets it by `--explain`";
    with_code(ServerError::new(message, None), Code::ExplainDisabled)
}

/// A request for the schema that goes round in it.
pub(super) fn introspection_depth() -> ServerError {
    beyond(
        Code::DepthLimitExceeded,
        "fields, interfaces and types of the schema are nested 3 deep or deeper, but may be nested \
         2 deep at the most"
            .to_owned(),
        3,
        2,
    )
}

/// A request for a file of an answer with several lists beside each other.
pub(super) fn several_lists<'p>(paths: impl Iterator<Item = &'p [Name]>) -> ServerError {
    let dotted = |path: &[Name]| path.iter().map(|name| cut(name)).collect::<Vec<_>>().join(".");
    let names: Vec<String> = paths.take(10).map(|path| format!("`{}`", dotted(path))).collect();
    let message = format!(
        "a file holds one list, but {} stand beside each other; ask for one of them, or for JSON",
        names.join(" and ")
    );
    with_code(ServerError::new(message, None), Code::SeveralLists)
}

/// A request for a document that is not one of the trusted ones.
pub(super) fn untrusted(name: Option<&str>) -> ServerError {
    let message = match name {
        Some(name) => format!("there is no trusted document {}", Quoted(name)),
        None => "this server executes trusted documents alone; name one by `documentId` or by \
                 `extensions.persistedQuery.sha256Hash`"
            .to_owned(),
    };
    with_code(ServerError::new(message, None), Code::DocumentNotTrusted)
}

/// The errors of an answer as the client sees them, `most` at the most: each has a code, for
/// async-graphql gives none to those about the values of a field's arguments, and a failure of the
/// server has the id of the request. What caused it goes to the log.
pub(super) fn told(mut response: Response, most: usize, request_id: &str) -> Response {
    log(&response.errors);
    response.errors.truncate(most);
    let errors = std::mem::take(&mut response.errors).into_iter();
    response.errors = errors
        .map(|error| {
            let mut error = with_code(error, Code::BadUserInput);
            identify(&mut error, request_id);
            error
        })
        .collect();
    response
}

/// Logs what caused the server to fail. Many fields may have failed for one reason: it is logged
/// with the first of them.
fn log(errors: &[ServerError]) {
    let mut known = BTreeSet::new();
    for error in errors {
        if let Some(Cause(why)) = error.source()
            && known.insert(why)
        {
            tracing::error!(path = path(error), %why, "a field failed");
        }
    }
}

/// Where an error is in the answer: `districts.nodes.0.name`.
fn path(error: &ServerError) -> String {
    let part = |part: &PathSegment| match part {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    };
    error.path.iter().map(part).collect::<Vec<_>>().join(".")
}

fn with_code(mut error: ServerError, code: Code) -> ServerError {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code.name());
    }
    error
}
