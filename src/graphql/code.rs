//! The codes of errors: one closed set, of which none ever changes its meaning.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// Why a request, or a field of it, has no answer: `extensions.code` of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The HTTP request is none of GraphQL.
    BadRequest,
    /// No token came where one is needed, or one that is worth nothing.
    Unauthenticated,
    /// A page of this origin may neither read answers nor open a WebSocket.
    OriginNotAllowed,
    /// Files came without a token or a header of which browsers ask first.
    PreflightRequired,
    /// There were too many requests from the address or with the token.
    RateLimited,
    /// There is nothing at the address.
    NotFound,
    /// The address does not answer the method, or not this operation by it.
    MethodNotAllowed,
    /// The client takes no form of an answer there is.
    NotAcceptable,
    /// The address names a form of an answer that there is not.
    UnknownFormat,
    /// The body is not JSON, or compressed in another form than is taken.
    UnsupportedMediaType,
    /// The body is too large.
    BodyTooLarge,
    /// The request did not arrive in time.
    RequestTimeout,
    /// There are too many requests in one.
    BatchLimitExceeded,
    /// The answer was not found in time.
    Timeout,
    /// The server is still starting.
    NotReady,
    /// The document is not GraphQL.
    #[strum(serialize = "GRAPHQL_PARSE_FAILED")]
    ParseFailed,
    /// The document does not fit the schema.
    #[strum(serialize = "GRAPHQL_VALIDATION_FAILED")]
    ValidationFailed,
    /// The request names an operation that its document does not have, or must name one.
    OperationNotFound,
    /// The document has too many tokens.
    TokenLimitExceeded,
    /// Selections are nested too deep.
    DepthLimitExceeded,
    /// Lists and objects of arguments or variables are nested too deep.
    ValueDepthLimitExceeded,
    /// The document has too many aliases.
    AliasLimitExceeded,
    /// The document has too many directives.
    DirectiveLimitExceeded,
    /// An operation selects too many fields of the root.
    RootFieldLimitExceeded,
    /// The document selects too much, once its fragments are put in the place of their names.
    SelectionLimitExceeded,
    /// The answer could be too large.
    CostLimitExceeded,
    /// The schema is not told.
    IntrospectionDisabled,
    /// How answers are found is not told.
    ExplainDisabled,
    /// No document with the hash is kept; the client sends the document with it.
    PersistedQueryNotFound,
    /// Documents are not kept by their hashes, or not in this version of the protocol.
    PersistedQueryNotSupported,
    /// The hash is not that of the document it came with.
    PersistedQueryHashMismatch,
    /// A file was asked for of an answer with several lists beside each other.
    SeveralLists,
    /// A file was asked for of an answer without anything for a column.
    NoColumns,
    /// The document is not one of the trusted ones.
    DocumentNotTrusted,
    /// An argument or a variable holds something it cannot; the message says what would be right.
    BadUserInput,
    /// It takes a role that the asker does not have; the message says which.
    Forbidden,
    /// Somebody else changed it meanwhile.
    RevisionConflict,
    /// Others refer to it, so that it cannot be removed by itself.
    HasDependants,
    /// More rows meet a filter than may be changed at once.
    AtMostExceeded,
    /// The database cannot be written to: its disk is full, or it may only be read.
    NotWritable,
    /// Another write has not ended in time.
    Busy,
    /// All readers of the database are busy with other requests.
    Overloaded,
    /// The database does not answer.
    DatabaseUnavailable,
    /// The connection to the database was lost while a write was being kept: it may have been, or
    /// not. With an `Idempotency-Key` it can be sent again.
    OutcomeUnknown,
    /// The `Idempotency-Key` came with another request before.
    IdempotencyKeyReused,
    /// What was asked for means several things; the message names them, and the argument that
    /// chooses.
    Ambiguous,
    /// There are as many live connections as the server has.
    TooManyConnections,
    /// There are as many operations on a WebSocket as may be.
    TooManyOperations,
    /// The client did not take its answers.
    SlowConsumer,
    /// The server failed; the log says why.
    InternalServerError,
}

impl Code {
    /// The code as clients see it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
