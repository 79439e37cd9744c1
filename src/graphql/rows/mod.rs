//! Answers written straight from rows.
//!
//! What an object that is a row has is data: a table of fields ([`field`]). What is asked of it is
//! bound once ([`selection`]): each field to how it is written, with its arguments. Relations
//! ([`relation`], [`list`]) and fields that are computed ([`computed`]) are asked for all rows of a
//! level together, each relation in one statement; then the rows are written as JSON one after the
//! other ([`values`]), and async-graphql is given the bytes.

mod computed;
pub mod field;
mod json;
pub mod list;
pub mod page;
pub mod relation;
pub mod root;
pub mod seen;
mod selection;
pub mod values;

use std::sync::{Arc, PoisonError};

use async_graphql::{
    ContextBase, ContextSelectionSet, Data, Pos, QueryEnv, QueryPathNode, QueryPathSegment,
    SchemaEnv, ServerError, ServerResult, Value, parser::types::Selection as Selected,
};

pub use field::Fields;
pub use json::{Json, write_data};
pub use list::Many;
pub use relation::One;
pub use seen::Seen;
pub use values::write_response;

use self::selection::Selection;
use super::Node;
use crate::{error::Error, query::Batch};

/// What a request is executed with.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    schema: &'a SchemaEnv,
    query: &'a QueryEnv,
    data: Option<&'a Data>,
    /// Whether a row that many refer to is written once.
    shares: bool,
}

impl<'a> Env<'a> {
    fn of<T>(ctx: &ContextBase<'a, T>) -> Self {
        Self { schema: ctx.schema_env, query: ctx.query_env, data: ctx.execute_data, shares: true }
    }

    /// The questions of the request.
    fn batch(self) -> Result<&'a Batch, Error> {
        let batch = self.at(None, ()).data_opt::<Arc<Batch>>();
        batch.map(|batch| &**batch).ok_or_else(|| Error::internal("a request without questions"))
    }

    /// Whether a single field of the root is asked for.
    fn asks_one_field(self) -> bool {
        let root = &self.query.operation.node.selection_set.node;
        matches!(root.items.as_slice(), [only] if matches!(only.node, Selected::Field(_)))
    }

    /// Says that one statement reads all that a field of the root asks for: where no other field is
    /// asked for, that is all.
    fn read_single(self) {
        if let (true, Ok(batch)) = (self.asks_one_field(), self.batch()) {
            batch.database().read_single();
        }
    }

    /// A context for something at a place of the answer.
    fn at<'b, T>(self, path: Option<QueryPathNode<'b>>, item: T) -> ContextBase<'b, T>
    where
        'a: 'b,
    {
        self.query.create_context(self.schema, path, item, self.data)
    }

    /// An error as it is told at a place of the answer.
    fn error(
        self,
        path: QueryPathNode<'_>,
        position: Pos,
        error: async_graphql::Error,
    ) -> Box<ServerError> {
        let context = self.at(Some(path), ());
        Box::new(context.set_error_path(error.into_server_error(position)))
    }

    /// Tells an error where null stands in the place of what failed.
    fn add_error(self, error: ServerError) {
        self.at(None, ()).add_error(error);
    }

    /// The same where each row is written wherever it stands.
    fn apart(self) -> Self {
        Self { shares: false, ..self }
    }

    /// How many errors were told so far.
    fn errors(self) -> usize {
        self.query.errors.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// The place of a field in an object.
fn field_path<'p>(object: &'p QueryPathNode<'p>, key: &'p str) -> QueryPathNode<'p> {
    QueryPathNode { parent: Some(object), segment: QueryPathSegment::Name(key) }
}

/// The place of one of a list.
fn index_path<'p>(list: &'p QueryPathNode<'p>, index: usize) -> QueryPathNode<'p> {
    QueryPathNode { parent: Some(list), segment: QueryPathSegment::Index(index) }
}

/// An object that is a row, as async-graphql asks for it.
pub async fn resolve<N: Node>(object: &N, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    let env = Env::of(ctx);
    let selection = Selection::of(env, ctx.item)?;
    let path = ctx.path_node.unwrap_or(ROOT);
    let written = selection.object(env, object, &path).await;
    written.map_err(|error| *error)?.into_only()
}

/// The place of what nothing is around.
const ROOT: QueryPathNode<'static> =
    QueryPathNode { parent: None, segment: QueryPathSegment::Name("") };
