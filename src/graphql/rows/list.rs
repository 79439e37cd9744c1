//! Relations to many: the lists of rows that refer to a row.

use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
    sync::Arc,
};

use async_graphql::{
    Context, OutputType, Positioned, QueryPathNode, ServerError, ServerResult,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaInputValue, Registry},
};
use entity::{Date, DateTime};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use sea_orm::EntityTrait;

use super::{
    Env,
    field::argument,
    field_path,
    page::{LoadedPages, Pages},
    relation::{Relation, Resolve},
    seen::{Level, Seen},
    values::{Written, write_or_null},
};
use crate::{
    error::Error,
    graphql::{Connection, ListArguments, Node, Side, past},
    query::{ColumnSet, List, Parent, Table, View},
};

/// The column of the rows of an object.
type Column<T> = <<T as Node>::Table as EntityTrait>::Column;

/// The conditions on the rows of an object.
type Filter<T> = Arc<<<T as Node>::Table as Table>::Filter>;

/// Where the rows are that refer to a row.
type SideOf<N, T> = fn(&Seen<N>) -> Result<Side<Column<T>>, Error>;

/// The rows that refer to a row.
pub struct Many<N: Node, T: Node> {
    side: SideOf<N, T>,
    /// Whether they are figures, which can be seen as they were.
    dated: bool,
    to: PhantomData<fn() -> T>,
}

impl<N: Node, T: Node> Many<N, T> {
    /// The rows on one side of a relation.
    pub fn on(side: SideOf<N, T>) -> Self {
        Self { side, dated: false, to: PhantomData }
    }

    /// The same of figures, which can be seen as they were.
    pub fn dated(side: SideOf<N, T>) -> Self {
        Self { dated: true, ..Self::on(side) }
    }
}

/// The arguments of a list of these objects.
pub fn arguments<T: Node>(
    registry: &mut Registry,
    arguments: &mut IndexMap<String, MetaInputValue>,
    dated: bool,
) {
    let order = match dated {
        true => {
            "In which order: by the first key, rows alike in it by the second, and so on. The newest period first when left out."
        }
        false => {
            "In which order: by the first key, rows alike in it by the second, and so on. When left out, figures come with the newest period first, and everything else in the order in which it was loaded."
        }
    };
    arguments.extend([
        argument::<Option<i32>>(
            registry,
            "first",
            "How many rows, counted from the start: from 1 to the server's limit (1000 unless configured). 50 rows unless configured when neither `first` nor `last` is given; not together with `last`.",
        ),
        argument::<Option<String>>(
            registry,
            "after",
            "Only rows after the one with this cursor.",
        ),
        argument::<Option<i32>>(
            registry,
            "last",
            "How many rows, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`.",
        ),
        argument::<Option<String>>(
            registry,
            "before",
            "Only rows before the one with this cursor.",
        ),
        argument::<Option<Filter<T>>>(registry, "filter", "Which rows; all when left out."),
        argument::<Option<Vec<T::Order>>>(registry, "orderBy", order),
    ]);
    if dated {
        arguments.extend([
            argument::<Option<DateTime>>(
                registry,
                "asOf",
                "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.",
            ),
            argument::<Option<Date>>(
                registry,
                "knownOn",
                "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.",
            ),
        ]);
    }
}

/// What a field asks of a list, as its arguments say.
pub fn list_arguments<T: Node>(ctx: &Context<'_>) -> ServerResult<ListArguments<T>> {
    Ok(ListArguments {
        first: ctx.param_value("first", None)?.1,
        after: ctx.param_value("after", None)?.1,
        last: ctx.param_value("last", None)?.1,
        before: ctx.param_value("before", None)?.1,
        filter: ctx.param_value("filter", None)?.1,
        order_by: ctx.param_value("orderBy", None)?.1,
    })
}

/// From where a list of figures is to be seen, as its arguments say.
pub fn moments(ctx: &Context<'_>) -> ServerResult<(Option<DateTime>, Option<Date>)> {
    Ok((ctx.param_value("asOf", None)?.1, ctx.param_value("knownOn", None)?.1))
}

impl<N: Node, T: Node> Relation<N> for Many<N, T> {
    fn type_info(
        &self,
        registry: &mut Registry,
        to: &mut IndexMap<String, MetaInputValue>,
    ) -> String {
        arguments::<T>(registry, to, self.dated);
        Option::<Connection<T>>::create_type_info(registry)
    }

    fn columns(&self) -> ColumnSet {
        N::side_columns()
    }

    fn bind<'a>(
        &'a self,
        env: Env<'a>,
        field: &'a Positioned<Field>,
    ) -> ServerResult<Box<dyn Resolve<N> + 'a>> {
        let ctx = env.at(None, field);
        let moments = if self.dated { moments(&ctx)? } else { (None, None) };
        let pages = Pages::of(env, &field.node.selection_set)?;
        Ok(Box::new(ListField { many: self, field, wanted: list_arguments(&ctx)?, moments, pages }))
    }
}

/// What a field asks of the lists of rows that refer to rows.
struct ListField<'a, N: Node, T: Node> {
    many: &'a Many<N, T>,
    field: &'a Positioned<Field>,
    wanted: ListArguments<T>,
    moments: (Option<DateTime>, Option<Date>),
    pages: Pages<'a, T>,
}

/// The lists that one field asks for differ by from where they are seen, and for whom they are.
type KnownLists<T> =
    Vec<(View, Parent<Column<T>>, async_graphql::Result<Arc<List<<T as Node>::Table>>>)>;

impl<N: Node, T: Node> ListField<'_, N, T> {
    /// From where the lists of objects are seen that are seen from somewhere themselves.
    async fn views(
        &self,
        ctx: &Context<'_>,
        rows: &[Seen<N>],
    ) -> HashMap<View, async_graphql::Result<View>> {
        let around: HashSet<View> = rows.iter().map(|object| object.view).collect();
        let (as_of, known_on) = self.moments;
        let each = around
            .into_iter()
            .map(|around| async move { (around, past::view(ctx, around, as_of, known_on).await) });
        join_all(each).await.into_iter().collect()
    }

    /// The list of an object.
    fn list(
        &self,
        ctx: &Context<'_>,
        object: &Seen<N>,
        view: &async_graphql::Result<View>,
        known: &mut KnownLists<T>,
    ) -> async_graphql::Result<Connection<T>> {
        let view = view.clone()?;
        let (parent, key) = (self.many.side)(object)?.split();
        let same = known.iter().position(|(seen, of, _)| *seen == view && *of == parent);
        let place = same.unwrap_or_else(|| {
            let list = self.wanted.list(ctx, view, parent.clone());
            known.push((view, parent, list));
            known.len() - 1
        });
        known[place].2.clone().map(|list| Connection { list, key })
    }
}

impl<N: Node, T: Node> Resolve<N> for ListField<'_, N, T> {
    fn load<'l, 'b: 'l>(
        &'b self,
        env: Env<'b>,
        level: Level<'l, N>,
    ) -> BoxFuture<'l, Box<dyn Written + 'b>> {
        let key = &self.field.node.response_key().node;
        async move {
            let ctx = env.at(None, self.field);
            let views = self.views(&ctx, level.rows).await;
            let (mut known, mut lists, mut places) = (Vec::new(), Vec::new(), Vec::new());
            let mut each = Vec::with_capacity(level.rows.len());
            for (object, path) in level.rows.iter().zip(level.paths) {
                let list = self.list(&ctx, object, &views[&object.view], &mut known);
                each.push(list.map(|list| {
                    lists.push(list);
                    places.push(field_path(path, key));
                    lists.len() - 1
                }));
            }
            let pages = self.pages.load(env, lists, &places).await;
            Box::new(LoadedLists { env, field: self.field, each, pages }) as Box<dyn Written + 'b>
        }
        .boxed()
    }
}

/// The lists of rows, as they were found.
struct LoadedLists<'b, T: Node> {
    env: Env<'b>,
    field: &'b Positioned<Field>,
    /// Of each row which of the pages.
    each: Vec<async_graphql::Result<usize>>,
    pages: LoadedPages<'b, T>,
}

impl<T: Node> Written for LoadedLists<'_, T> {
    fn write(
        &self,
        row: usize,
        object: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        let path = field_path(object, &self.field.node.response_key().node);
        write_or_null(self.env, true, to, |to| match &self.each[row] {
            Ok(page) => self.pages.write(*page, &path, to),
            Err(error) => Err(self.env.error(path, self.field.pos, error.clone())),
        })
    }
}
