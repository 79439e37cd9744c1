//! Relations: the rows that a row refers to, and those that refer to it.

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use async_graphql::{
    OutputType, Positioned, QueryPathNode, ServerResult,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaInputValue, Registry},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use sea_orm::EntityName;

use super::{Env, field::Model, field_path, selection::Selection, values::Values};
use crate::{
    error::Error,
    graphql::Node,
    query::{One as ByNumber, Table, View},
};

/// A relation of an object to others.
pub trait Relation<N>: Send + Sync {
    /// Makes its type and its arguments known to the schema.
    fn type_info(
        &self,
        registry: &mut Registry,
        arguments: &mut IndexMap<String, MetaInputValue>,
    ) -> String;

    /// What a field asks of it.
    fn bind<'a>(
        &'a self,
        env: Env<'a>,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Box<dyn Resolve<N> + 'a>>;
}

/// A field that is resolved for all objects of a level together, before any of them is written.
pub trait Resolve<N>: Send + Sync {
    /// The value of each object, given the place of each in the answer.
    fn values<'b>(
        &'b self,
        env: Env<'b>,
        objects: &'b [N],
        paths: &'b [QueryPathNode<'b>],
    ) -> BoxFuture<'b, Values>;
}

/// The row that a column refers to.
pub struct One<N: Node, T> {
    number: fn(&Model<N>) -> Option<i64>,
    /// Whether there may be none.
    optional: bool,
    to: PhantomData<fn() -> T>,
}

impl<N: Node, T: Node> One<N, T> {
    /// The row with the number that the column holds.
    pub fn by(number: fn(&Model<N>) -> Option<i64>, optional: bool) -> Self {
        Self { number, optional, to: PhantomData }
    }
}

impl<N: Node, T: Node> Relation<N> for One<N, T> {
    fn type_info(
        &self,
        registry: &mut Registry,
        _: &mut IndexMap<String, MetaInputValue>,
    ) -> String {
        match self.optional {
            true => Option::<T>::create_type_info(registry),
            false => T::create_type_info(registry),
        }
    }

    fn bind<'a>(
        &'a self,
        env: Env<'a>,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Box<dyn Resolve<N> + 'a>> {
        let selection = Selection::of(env, &field.node.selection_set.node)?;
        Ok(Box::new(ReferenceField { one: self, field, selection }))
    }
}

/// What a field asks of the rows that a column refers to.
struct ReferenceField<'a, N: Node, T: Node> {
    one: &'a One<N, T>,
    field: &'a Positioned<Field>,
    selection: Selection<'a, T>,
}

/// The rows with some numbers, seen from somewhere.
type Found<T> = Result<HashMap<i64, Arc<Model<T>>>, Error>;

impl<N: Node, T: Node> ReferenceField<'_, N, T> {
    /// The rows that are referred to, from wherever they are seen.
    async fn find(&self, env: Env<'_>, objects: &[N]) -> HashMap<View, Found<T>> {
        let mut numbers: HashMap<View, Vec<i64>> = HashMap::new();
        for object in objects {
            if let Some(number) = (self.one.number)(object.row()) {
                numbers.entry(object.view()).or_default().push(number);
            }
        }
        let each = numbers.into_iter().map(|(view, numbers)| async move {
            let by_number = ByNumber::<T::Table, i64>::by(T::Table::id(), view);
            let found = match env.batch() {
                Ok(batch) => batch.load_all(by_number, &numbers).await,
                Err(error) => Err(error),
            };
            let rows = |found: Vec<Option<_>>| {
                let rows = numbers.into_iter().zip(found);
                rows.filter_map(|(number, row)| Some((number, row?))).collect()
            };
            (view, found.map(rows))
        });
        join_all(each).await.into_iter().collect()
    }

    /// The object that another refers to, if it does.
    fn referred(&self, found: &HashMap<View, Found<T>>, object: &N) -> Option<Result<T, Error>> {
        let number = (self.one.number)(object.row())?;
        let row = match found.get(&object.view())? {
            Ok(rows) => rows.get(&number),
            Err(error) => return Some(Err(error.clone())),
        };
        Some(match row {
            Some(row) => Ok(T::new(Arc::clone(row), object.view())),
            None => {
                let table = T::Table::default();
                Err(Error::internal(format!("{} {number} is gone", table.table_name())))
            }
        })
    }
}

impl<N: Node, T: Node> Resolve<N> for ReferenceField<'_, N, T> {
    fn values<'b>(
        &'b self,
        env: Env<'b>,
        objects: &'b [N],
        paths: &'b [QueryPathNode<'b>],
    ) -> BoxFuture<'b, Values> {
        let key = &self.field.node.response_key().node;
        async move {
            let found = self.find(env, objects).await;
            // A row that many refer to is written once, where what is written of it is the same.
            let mut written: HashMap<(View, i64), usize> = HashMap::new();
            let (mut others, mut places) = (Vec::new(), Vec::new());
            let mut each = Vec::with_capacity(objects.len());
            for (object, path) in objects.iter().zip(paths) {
                each.push(self.referred(&found, object).map(|referred| {
                    referred.map(|other| {
                        let number = T::Table::number(other.row());
                        let same = (object.view(), number);
                        let known = written.get(&same).filter(|_| self.selection.is_plain());
                        known.copied().unwrap_or_else(|| {
                            written.insert(same, others.len());
                            others.push(other);
                            places.push(field_path(path, key));
                            others.len() - 1
                        })
                    })
                }));
            }
            let found = self.selection.objects(env, &others, &places).await;
            let mut values = Values::with_capacity(objects.len());
            for (referred, path) in each.into_iter().zip(paths) {
                let written = match referred {
                    None => None,
                    Some(Ok(other)) => Some(found.get(other)),
                    Some(Err(error)) => {
                        Some(Err(env.error(field_path(path, key), self.field.pos, error.into())))
                    }
                };
                values.push_or_null(env, self.one.optional, written);
            }
            values
        }
        .boxed()
    }
}
