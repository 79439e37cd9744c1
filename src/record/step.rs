//! How far the figures are brought to where they belong.

use std::sync::Arc;

use async_graphql::Enum;

/// What is done with the figures that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "ImportPhase")]
pub enum Phase {
    /// Files are read, and rows of all tables but the figures' are written.
    Reading,
    /// The figures that were read are compared with those that are there, all at once.
    Checking,
    /// The figures that are new or changed are written.
    Writing,
    /// The figures were written, and are made to be found.
    Indexing,
}

/// A step of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is begun or goes on.
    pub phase: Phase,
    /// How many figures were gone through.
    pub done: u64,
    /// How many there are.
    pub of: u64,
}

/// Whoever wants to be told of every step.
pub type Watcher = Arc<dyn Fn(Step) + Send + Sync>;
