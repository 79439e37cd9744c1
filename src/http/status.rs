//! The status that each code of an error is answered with.

use axum::http::StatusCode;

use crate::graphql::Code;

/// The status of an answer that is refused for this reason.
pub(super) fn of(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::OriginNotAllowed => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Code::RequestTimeout | Code::SlowConsumer => StatusCode::REQUEST_TIMEOUT,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Timeout
        | Code::NotReady
        | Code::TooManyConnections
        | Code::NotWritable
        | Code::Busy
        | Code::Overloaded
        | Code::DatabaseUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        // Whoever is between the client and the data had no answer.
        Code::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
        Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RevisionConflict | Code::HasDependants => StatusCode::CONFLICT,
        Code::RateLimited | Code::TooManyOperations => StatusCode::TOO_MANY_REQUESTS,
        Code::BadRequest
        | Code::PreflightRequired
        | Code::BatchLimitExceeded
        | Code::UnknownFormat
        | Code::SeveralLists
        | Code::NoColumns
        | Code::ParseFailed
        | Code::ValidationFailed
        | Code::OperationNotFound
        | Code::TokenLimitExceeded
        | Code::DepthLimitExceeded
        | Code::ValueDepthLimitExceeded
        | Code::AliasLimitExceeded
        | Code::DirectiveLimitExceeded
        | Code::RootFieldLimitExceeded
        | Code::SelectionLimitExceeded
        | Code::CostLimitExceeded
        | Code::IntrospectionDisabled
        | Code::ExplainDisabled
        | Code::PersistedQueryNotFound
        | Code::PersistedQueryNotSupported
        | Code::PersistedQueryHashMismatch
        | Code::DocumentNotTrusted
        | Code::BadUserInput
        | Code::AtMostExceeded
        | Code::Ambiguous => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    /// The README has each code there is, in the same order, with its status.
    #[test]
    fn the_codes_are_those_that_the_readme_tells() {
        let readme = include_str!("../../README.md");
        let table = readme.split("| code | status | when |\n|---|---|---|\n").nth(1).unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let told: Vec<String> =
            rows.map(|row| row.split('|').take(3).collect::<Vec<_>>().join("|")).collect();
        let row = |code: &Code| format!("| `{}` | {} ", code.name(), of(*code).as_u16());
        let wanted: Vec<String> = Code::VARIANTS.iter().map(row).collect();
        assert_eq!(told, wanted);
    }
}
