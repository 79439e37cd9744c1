//! A document, read once: parsed, counted, validated and converted.

use std::{collections::HashSet, sync::Arc};

use apollo_compiler::{
    ExecutableDocument, Schema as Contract,
    executable::Operation,
    introspection,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{
    Name, ServerError, Variables,
    parser::types::{ExecutableDocument as Parsed, OperationType},
};
use serde::Deserialize;

use super::{
    Options, absent, convert,
    given::Given,
    place::Places,
    syntax::{self, Syntax},
    values, variables,
};
use crate::{
    access::Viewer,
    graphql::{Uploads, error, suggestion},
    suggest::Budget,
};

/// How many bytes a token of a document takes while it is kept, about: 230 to 242 were measured, over
/// documents of 100 to 750 tokens.
const TOKEN: usize = 250;

/// How many bytes a selection takes once what fragments hold stands in their places, about: 284 were
/// measured, of a fragment of 50 fields in 40 places.
const SELECTION: usize = 300;

/// A request as it came.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The document.
    #[serde(default)]
    pub query: Option<String>,
    /// Which of its operations.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// The values of its variables.
    #[serde(default, deserialize_with = "variables::read")]
    pub variables: Variables,
    /// The id of a trusted document, in the place of the document.
    #[serde(default)]
    pub document_id: Option<String>,
    /// Whatever else.
    #[serde(default)]
    pub extensions: Option<Extensions>,
    /// Who asks; nobody says so in the request itself.
    #[serde(skip, default = "Viewer::anyone")]
    pub viewer: Viewer,
    /// The files that came with it.
    #[serde(skip)]
    pub uploads: Uploads,
    /// By what it may be sent again, if it writes.
    #[serde(skip)]
    pub idempotency_key: Option<Arc<str>>,
}

/// What a request may say beside the question.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    /// A document known by its hash.
    #[serde(default)]
    pub persisted_query: Option<PersistedQuery>,
    /// Whether the answer is to tell the SQL statements it took.
    #[serde(default)]
    pub explain: bool,
}

/// A document known by its hash.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistedQuery {
    /// The version of the protocol, which is 1.
    pub version: u32,
    /// The SHA-256 of its text, in hexadecimal.
    pub sha256_hash: String,
}

impl Asked {
    /// Reads the values of variables from JSON.
    pub fn read_variables(json: &str) -> Result<Variables, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(json);
        let values = variables::read(&mut json)?;
        json.end().map(|()| values)
    }

    /// Whether it names no document in any way.
    pub fn is_blank(&self) -> bool {
        self.query.is_none() && self.document_id.is_none() && self.persisted().is_none()
    }

    /// What names the document by its hash.
    pub(super) fn persisted(&self) -> Option<&PersistedQuery> {
        self.extensions.as_ref()?.persisted_query.as_ref()
    }

    /// Whether the answer is to tell the SQL statements it took.
    pub fn explain(&self) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.explain)
    }

    /// Which of the operations; an empty name is none.
    pub(super) fn operation(&self) -> Option<&str> {
        self.operation_name.as_deref().filter(|name| !name.is_empty())
    }
}

/// A document that may be executed, but for its variables.
pub(super) struct Document {
    valid: Valid<ExecutableDocument>,
    parsed: convert::Document,
    places: Places,
    tokens: usize,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
}

impl Document {
    pub(super) fn read(
        contract: &Valid<Contract>,
        options: &Options,
        text: &str,
    ) -> Result<Self, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let Syntax { document: syntax, places, tokens, found } = Syntax::read(options, text)?;
        let budget = Budget::default();
        let invalid = |wrong: &DiagnosticList| {
            syntax::told(wrong, options, &places, |message, place| {
                suggestion::of_names(contract, error::invalid(message, place), &budget)
            })
        };
        // Names that are unknown come first: without them the rest makes little sense.
        let known = syntax.to_executable(contract).map_err(|wrong| invalid(&wrong.errors))?;
        let valid = known.validate(contract).map_err(|wrong| invalid(&wrong.errors))?;
        for operation in valid.operations.iter() {
            introspection::check_max_depth(&valid, operation)
                .map_err(|_| one(error::introspection_depth()))?;
        }
        values::check(contract, &valid, &places, options.error_max())?;
        let parsed = convert::document(contract, &valid, &places, None, options.selection_max)
            .map_err(one)?;
        Ok(Self { valid, parsed, places, tokens, introspects: found.introspects })
    }

    /// The operation with this name; without one, the only operation.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<&Operation, ServerError> {
        self.valid.operations.get(name).map(|operation| &**operation).map_err(|_| {
            let names = self.valid.operations.named.keys().map(|name| name.as_str());
            error::no_operation(name, names)
        })
    }

    /// The values of the operation's variables, coerced. Fails where they are not what it takes:
    /// with one error for each that is not, up to `most`.
    pub(super) fn coerce(
        &self,
        contract: &Contract,
        operation: &Operation,
        given: &Variables,
        most: usize,
    ) -> Result<Variables, Vec<ServerError>> {
        let variables = variables::coerce(contract, operation, given, &self.places, most)?;
        let given = Given { operation, variables: &variables };
        values::check_nulls(contract, &self.valid, &self.places, given, most)?;
        Ok(variables)
    }

    pub(super) fn valid(&self) -> &ExecutableDocument {
        &self.valid
    }

    /// What is executed of an operation with the coerced values of its variables. Fails on nothing
    /// that was not refused when the document was read.
    pub(super) fn parsed(
        &self,
        contract: &Contract,
        given: Given<'_>,
    ) -> Result<Parsed, ServerError> {
        let mut parsed = match self.parsed.conditional {
            true => {
                let (valid, places) = (&self.valid, &self.places);
                convert::document(contract, valid, places, Some(given), u32::MAX)?.parsed
            }
            false => self.parsed.parsed.clone(),
        };
        let names = given.operation.variables.iter().map(|variable| Name::new(&*variable.name));
        let absent: HashSet<Name> =
            names.filter(|name| !given.variables.contains_key(name)).collect();
        if !absent.is_empty() {
            absent::leave_out(&mut parsed, &absent);
        }
        Ok(parsed)
    }

    /// How many bytes it takes while it is kept, about.
    pub(super) fn size(&self) -> usize {
        self.tokens * TOKEN + self.parsed.selections as usize * SELECTION
    }
}

/// Whether an operation reads, writes or subscribes.
pub(super) fn kind(operation: &Operation) -> OperationType {
    convert::kind(operation.operation_type)
}
