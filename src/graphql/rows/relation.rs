//! Relations: the rows that a row refers to, and those that refer to it.

use std::{collections::HashMap, marker::PhantomData};

use async_graphql::{
    OutputType, Positioned, QueryPathNode, ServerError, ServerResult,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaInputValue, Registry},
};
use foldhash::fast::RandomState;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use sea_orm::EntityName;

use super::{
    Env, field_path,
    seen::{Level, Seen},
    selection::Selection,
    values::{Values, Written, write_or_null},
};
use crate::{
    error::Error,
    graphql::Node,
    query::{ColumnSet, Join, One as ByNumber, Row, Table, View},
};

/// A relation of an object to others.
pub trait Relation<N: Node>: Send + Sync {
    /// Makes its type and its arguments known to the schema.
    fn type_info(
        &self,
        registry: &mut Registry,
        arguments: &mut IndexMap<String, MetaInputValue>,
    ) -> String;

    /// The columns that the related rows are found by.
    fn columns(&self) -> ColumnSet;

    /// What a field asks of it.
    fn bind<'a>(
        &'a self,
        env: Env<'a>,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Box<dyn Resolve<N> + 'a>>;
}

/// A field of which something is found for all objects of a level together, before any of them is
/// written.
pub trait Resolve<N: Node>: Send + Sync {
    /// The row that it is all about, where that can be read with the one that refers to it.
    fn join(&self) -> Option<Join> {
        None
    }

    /// Finds it.
    fn load<'l, 'b: 'l>(
        &'b self,
        env: Env<'b>,
        level: Level<'l, N>,
    ) -> BoxFuture<'l, Box<dyn Written + 'b>>;
}

/// The row that a column refers to.
pub struct One<T> {
    /// The column's place among all of the table.
    column: usize,
    /// Whether there may be none.
    optional: bool,
    to: PhantomData<fn() -> T>,
}

impl<T: Node> One<T> {
    /// The row with the number that the column holds.
    pub fn by(column: usize, optional: bool) -> Self {
        Self { column, optional, to: PhantomData }
    }
}

impl<N: Node, T: Node> Relation<N> for One<T> {
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

    fn columns(&self) -> ColumnSet {
        ColumnSet::of(&[self.column])
    }

    fn bind<'a>(
        &'a self,
        env: Env<'a>,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Box<dyn Resolve<N> + 'a>> {
        let selection = Selection::of(env, &field.node.selection_set)?;
        Ok(Box::new(ReferenceField { one: self, field, selection }))
    }
}

/// What a field asks of the rows that a column refers to.
struct ReferenceField<'a, T: Node> {
    one: &'a One<T>,
    field: &'a Positioned<Field>,
    selection: Selection<'a, T>,
}

/// The rows that are referred to from one view: their numbers, where each stands among them, and the
/// rows.
struct Found<T: Node> {
    view: View,
    numbers: Vec<i64>,
    places: HashMap<i64, usize, RandomState>,
    rows: Result<Vec<Option<Row<T::Table>>>, Error>,
}

/// What an object refers to, if anything: in which view, and which of the rows there.
type Reference = Result<Option<(usize, usize)>, Error>;

impl<T: Node> ReferenceField<'_, T> {
    /// What each object refers to, and all that is referred to.
    fn references<N: Node>(&self, rows: &[Seen<N>]) -> (Vec<Found<T>>, Vec<Reference>) {
        let mut views: Vec<Found<T>> = Vec::new();
        let each = rows.iter().map(|object| {
            let Some(number) = object.row.get::<Option<i64>>(self.one.column)? else {
                return Ok(None);
            };
            let known = views.iter().position(|found| found.view == object.view);
            let view = known.unwrap_or_else(|| {
                views.push(Found::seen_from(object.view));
                views.len() - 1
            });
            Ok(Some((view, views[view].place(number))))
        });
        let each = each.collect();
        (views, each)
    }

    async fn load<N: Node>(&self, env: Env<'_>, rows: &[Seen<N>], found: &mut Found<T>) {
        if let [object] = rows
            && let Some(row) = object.row.joined(self.one.column)
        {
            found.rows = Ok(vec![Some(row)]);
            return;
        }
        let by_number = ByNumber::<T::Table, i64>::by(T::Table::id(), found.view);
        by_number.want(self.selection.columns());
        found.rows = match env.batch() {
            Ok(batch) => batch.load_all(by_number, &found.numbers).await,
            Err(error) => Err(error),
        };
    }
}

impl<N: Node, T: Node> Resolve<N> for ReferenceField<'_, T> {
    fn join(&self) -> Option<Join> {
        let columns = self.selection.columns();
        let join = self
            .selection
            .is_of_rows_alone()
            .then(|| Join::to::<T::Table>(self.one.column, columns));
        join.flatten()
    }

    fn load<'l, 'b: 'l>(
        &'b self,
        env: Env<'b>,
        level: Level<'l, N>,
    ) -> BoxFuture<'l, Box<dyn Written + 'b>> {
        let key = &self.field.node.response_key().node;
        async move {
            let (mut views, references) = self.references(level.rows);
            join_all(views.iter_mut().map(|found| self.load(env, level.rows, found))).await;
            // A row that many refer to is written once, for it is the same wherever it stands.
            let mut known: Vec<Vec<Option<usize>>> =
                views.iter().map(|found| vec![None; found.numbers.len()]).collect();
            let (mut firsts, mut repeated) = (Others::default(), Vec::new());
            let mut each = Vec::with_capacity(references.len());
            for (object, (reference, path)) in references.into_iter().zip(level.paths).enumerate() {
                each.push(reference.and_then(|reference| {
                    let Some((view, place)) = reference else { return Ok(None) };
                    let row = views[view].row(place)?;
                    if let Some(first) = known[view][place].filter(|_| env.shares) {
                        repeated.push((object, row, views[view].view));
                        return Ok(Some(first));
                    }
                    let first = firsts.push(row, views[view].view, path, key);
                    known[view][place] = Some(first);
                    Ok(Some(first))
                }));
            }
            let told = env.errors();
            let mut found = vec![self.selection.values(env, firsts.rows, &firsts.paths).await];
            let mut each: Vec<_> = each
                .into_iter()
                .map(|first| first.map(|first| first.map(|row| (0, row))))
                .collect();
            // But an error is told at each place, and what is inside is then not gone through twice
            // at each level.
            if env.shares && (env.errors() != told || !found[0].is_whole()) {
                let mut again = Others::default();
                for (object, row, view) in repeated {
                    let row = again.push(row, view, &level.paths[object], key);
                    each[object] = Ok(Some((1, row)));
                }
                found.push(self.selection.values(env.apart(), again.rows, &again.paths).await);
            }
            let (field, optional) = (self.field, self.one.optional);
            Box::new(LoadedReferences { env, field, optional, each, found })
                as Box<dyn Written + 'b>
        }
        .boxed()
    }
}

/// What objects refer to, as it was found and written.
struct LoadedReferences<'b> {
    env: Env<'b>,
    field: &'b Positioned<Field>,
    optional: bool,
    /// Of each object among which values what it refers to is, and where there.
    each: Vec<Result<Option<(usize, usize)>, Error>>,
    found: Vec<Values>,
}

impl Written for LoadedReferences<'_> {
    fn write(
        &self,
        row: usize,
        object: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        let path = field_path(object, &self.field.node.response_key().node);
        write_or_null(self.env, self.optional, to, |to| match &self.each[row] {
            Ok(Some((among, place))) => self.found[*among].write(*place, &path, to),
            Ok(None) => {
                to.extend_from_slice(b"null");
                Ok(())
            }
            Err(error) => Err(self.env.error(path, self.field.pos, error.clone().into())),
        })
    }
}

/// Rows that others refer to, each with its place in the answer.
struct Others<'p, T: Node> {
    rows: Vec<Seen<T>>,
    paths: Vec<QueryPathNode<'p>>,
}

impl<T: Node> Default for Others<'_, T> {
    fn default() -> Self {
        Self { rows: Vec::new(), paths: Vec::new() }
    }
}

impl<'p, T: Node> Others<'p, T> {
    /// Adds one at a field of an object, and says which it is.
    fn push(
        &mut self,
        row: &Row<T::Table>,
        view: View,
        object: &'p QueryPathNode<'p>,
        key: &'p str,
    ) -> usize {
        self.rows.push(Seen::new(row.clone(), view));
        self.paths.push(field_path(object, key));
        self.rows.len() - 1
    }
}

impl<T: Node> Found<T> {
    /// None yet.
    fn seen_from(view: View) -> Self {
        let (numbers, places) = Default::default();
        Self { view, numbers, places, rows: Ok(Vec::new()) }
    }

    /// The place of the row with a number, which is added where it is not known.
    fn place(&mut self, number: i64) -> usize {
        *self.places.entry(number).or_insert_with(|| {
            self.numbers.push(number);
            self.numbers.len() - 1
        })
    }

    /// The row at a place.
    fn row(&self, place: usize) -> Result<&Row<T::Table>, Error> {
        let rows = self.rows.as_ref().map_err(Clone::clone)?;
        rows.get(place).and_then(Option::as_ref).ok_or_else(|| {
            let (table, number) = (T::Table::default(), self.numbers.get(place));
            Error::internal(format!("{} {number:?} is gone", table.table_name()))
        })
    }
}
