//! A request that passed, and what it is estimated to cost.

use std::sync::{Arc, atomic::AtomicBool};

use async_graphql::{
    Value,
    parser::types::{ExecutableDocument, OperationType},
    value,
};

use super::{Admitted, Asked};
use crate::{access::Viewer, graphql::Uploads};

/// A request that may be executed.
pub struct Checked {
    /// What is executed. A transport adds to its data.
    pub request: async_graphql::Request,
    /// Whether it reads, writes or subscribes.
    pub operation: OperationType,
    /// Whether it is to be answered again whenever the data change (`@live`).
    pub live: bool,
    /// The operation's name, if it has one.
    pub name: Option<String>,
    /// The names of the fields of the root that a mutation executes, with commas between them; of
    /// many fields the first.
    pub fields: String,
    /// Who asks.
    pub viewer: Viewer,
    /// The files that came with it.
    pub uploads: Uploads,
    /// By what it may be sent again, if it writes.
    pub idempotency_key: Option<Arc<str>>,
    /// Whether what it writes is being kept by now, or was.
    pub committing: Arc<AtomicBool>,
    /// What it is estimated to cost.
    pub cost: Cost,
    /// The most errors its answer tells of.
    pub error_max: usize,
    /// Whether its answer tells the SQL statements it took.
    pub explain: bool,
}

impl Checked {
    /// One that is answered once, and does not tell how.
    pub(super) fn new(
        admitted: &Admitted,
        parsed: ExecutableDocument,
        asked: &Asked,
        operation: OperationType,
        cost: Cost,
        error_max: usize,
    ) -> Self {
        let Admitted { text, variables, .. } = admitted;
        let mut request = async_graphql::Request::new(text).variables(variables.clone());
        request.operation_name = asked.operation().map(str::to_owned);
        request.set_parsed_query(parsed);
        let name = request.operation_name.clone();
        let (viewer, uploads) = (asked.viewer.clone(), asked.uploads.clone());
        Self {
            request,
            operation,
            live: false,
            name,
            fields: String::new(),
            viewer,
            uploads,
            idempotency_key: asked.idempotency_key.clone(),
            committing: Arc::default(),
            cost,
            error_max,
            explain: false,
        }
    }
}

/// What a request is estimated to cost, and what it might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// How many fields its answer would have if every list were full, and what its conditions read.
    pub requested: u64,
    /// The most it might.
    pub limit: u64,
}

impl Cost {
    pub(in crate::graphql) fn to_value(self) -> Value {
        value!({ "requested": self.requested, "limit": self.limit })
    }
}
