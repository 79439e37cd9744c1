//! An answer as it goes out.

use async_graphql::{Response as Answer, ServerError};
use axum::http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::negotiation::Media;
use crate::graphql::error;

/// What became of one question.
pub(super) enum Reply {
    /// It was executed, which took so many SQL statements.
    Executed(Box<Answer>, usize),
    /// It was refused, and nothing was executed.
    Refused(Vec<ServerError>, StatusCode),
}

impl Reply {
    /// A question that the guard refused. Those who take plain JSON are told in the answer alone,
    /// unless the request itself is malformed.
    pub(super) fn refused(errors: Vec<ServerError>, media: Media) -> Self {
        let malformed = errors.iter().any(|error| error::code(error) == Some(error::BAD_REQUEST));
        let status = match media {
            Media::Json if !malformed => StatusCode::OK,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::Refused(errors, status)
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Executed(..) => StatusCode::OK,
            Self::Refused(_, status) => *status,
        }
    }

    /// How many SQL statements it took, if it was executed.
    pub(super) fn statements(&self) -> Option<usize> {
        match self {
            Self::Executed(_, statements) => Some(*statements),
            Self::Refused(..) => None,
        }
    }
}

/// `data` is there exactly when something was executed.
impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Executed(answer, _) => answer.serialize(to),
            Self::Refused(errors, _) => {
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry("errors", errors)?;
                map.end()
            }
        }
    }
}
