//! What became of a request, for its line in the log and the numbers: it rides on the response to
//! whoever watches over the server.

use std::time::Duration;

use async_graphql::parser::types::OperationType;

use super::reply::Reply;
use crate::graphql::{Code, error};

/// What became of a request. Where it is no question, nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Its operations that were executed: one as a rule, more where several came in one.
    pub(super) executed: Vec<Executed>,
    /// Why others were refused.
    pub(super) refused: Vec<Code>,
}

/// An operation that was executed.
#[derive(Debug, Clone)]
pub(super) struct Executed {
    /// Its name, if it has one.
    pub(super) name: Option<String>,
    /// Whether it reads, writes or subscribes.
    pub(super) operation: OperationType,
    /// How long it took.
    pub(super) time: Duration,
    /// How many SQL statements it took.
    pub(super) statements: usize,
    /// The codes of its errors.
    pub(super) errors: Vec<Code>,
}

/// An operation's type as GraphQL writes it.
pub(super) fn word(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

impl Outcome {
    /// That of a request that was refused.
    pub(super) fn refused(code: Code) -> Self {
        Self { refused: vec![code], ..Self::default() }
    }

    /// That of a request with these replies.
    pub(super) fn of<'r>(replies: impl IntoIterator<Item = &'r Reply>) -> Self {
        let mut outcome = Self::default();
        for reply in replies {
            match reply {
                Reply::Executed(_, executed) => outcome.executed.push(executed.clone()),
                Reply::Refused(errors, _) => {
                    outcome.refused.extend(errors.iter().find_map(error::code));
                }
            }
        }
        outcome
    }

    /// How many SQL statements it took, if anything was executed.
    pub(super) fn statements(&self) -> Option<usize> {
        let statements = || self.executed.iter().map(|executed| executed.statements).sum();
        (!self.executed.is_empty()).then(statements)
    }
}
