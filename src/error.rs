//! The one way to fail.

use std::{fmt::Display, sync::Arc};

use rusqlite::ErrorCode;

use crate::{access::Forbidden, record::Problems};

/// What can go wrong below the schema. Cheap to clone: every resolver that waited for one
/// statement is told of its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The asker's mistake. The message names the field, the value and what would be right, and
    /// is meant for them.
    #[error("{0}")]
    Input(Arc<str>),
    /// The asker named something that is not there.
    #[error("{message}")]
    Unknown {
        /// What is wrong, in words for them.
        message: Arc<str>,
        /// The argument that names it, such as `metrics[1]`.
        argument: Arc<str>,
        /// The closest names there are.
        suggestions: Arc<[String]>,
    },
    /// What was asked for means several things. The message names them, and the argument that
    /// chooses.
    #[error("{0}")]
    Ambiguous(Arc<str>),
    /// What was to be written is wrong in one or more places, and nothing of it was.
    #[error("{0}")]
    Rejected(Arc<Problems>),
    /// Nobody knows who asks. The message says what would be right, and is the same whatever is
    /// wrong with a token.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Whoever asks may not do this.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// Something cannot be removed for others refer to it. The message says how many.
    #[error("{0}")]
    Dependants(Arc<str>),
    /// More rows meet a filter than were to be changed. The message says how many may be.
    #[error("{0}")]
    AtMost(Arc<str>),
    /// The database was stopped, for it did not answer in time.
    #[error("the database did not answer in time")]
    Timeout,
    /// All readers were busy with other requests for too long.
    #[error("the server is busy with other questions; ask again in a moment")]
    Overloaded,
    /// The database does not answer. What it is is for the log, never for a client.
    #[error("the database does not answer: {0}")]
    Unavailable(Arc<str>),
    /// The database cannot be written to, for a reason that whoever runs it can end.
    #[error("{0}")]
    Unwritable(&'static str),
    /// Another write goes on for too long.
    #[error("another write is under way and has not ended in time; try again")]
    Busy,
    /// The connection was lost while a write was being kept: it may have been, or not.
    #[error("the connection to the database was lost while this was written")]
    OutcomeUnknown,
    /// A key that a write was given came with another one before.
    #[error("{0}")]
    KeyReused(Arc<str>),
    /// Our failure or the database's. The message is for the log, never for a client.
    #[error("{0}")]
    Internal(Arc<str>),
}

impl Error {
    /// The asker's mistake, in words for them.
    pub fn input(message: impl Display) -> Self {
        Self::Input(message.to_string().into())
    }

    /// Our failure, in words for the log.
    pub fn internal(message: impl Display) -> Self {
        Self::Internal(message.to_string().into())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Self::Busy,
            _ => Self::internal(error),
        }
    }
}
