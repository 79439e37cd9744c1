//! Pages of lists: what is asked of connections, bound to how it is written.

use std::sync::Arc;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, QueryPathNode, ServerError, ServerResult, Value,
    connection::PageInfo,
    indexmap::IndexMap,
    parser::types::{Field, SelectionSet},
    registry::{MetaField, MetaTypeId, Registry},
};
use entity::column::{Cell, Part, write_text};
use futures_util::future::{join, join_all};

use super::{
    Env, ROOT, at_index, at_key,
    field::{Model, meta, object},
    selection::{Key, Selection, fields, key, parts},
    values::Values,
};
use crate::{
    error::Error,
    graphql::{Connection, Node},
    query::{List, Rows},
};

/// What is asked of connections, in the order in which it is answered.
pub struct Pages<'a, N: Node> {
    items: Vec<(&'a Positioned<Field>, Item<'a, N>)>,
}

enum Item<'a, N: Node> {
    Typename,
    Nodes(Selection<'a, N>),
    Edges(Vec<(Key, OfEdge<'a, N>)>),
    PageInfo(Vec<Part>),
    TotalCount,
}

/// What is asked of an edge.
enum OfEdge<'a, N: Node> {
    Typename,
    Node(&'a Positioned<Field>, Selection<'a, N>),
    Cursor,
}

/// What was read for connections: the page of each, and its total.
struct Found<N: Node> {
    pages: Vec<Result<Arc<Rows<Model<N>>>, Error>>,
    totals: Vec<Result<i64, Error>>,
    /// Where the rows of each page begin among all.
    starts: Vec<usize>,
    nodes: Vec<N>,
}

impl<'a, N: Node> Pages<'a, N> {
    /// What is asked of connections of this type.
    pub(super) fn of(env: Env<'a>, set: &'a SelectionSet) -> ServerResult<Self> {
        let mut items = Vec::with_capacity(set.items.len());
        for field in fields(set, &Connection::<N>::type_name()) {
            let inside = &field.node.selection_set.node;
            let item = match field.node.name.node.as_str() {
                "nodes" => Item::Nodes(Selection::of(env, inside)?),
                "edges" => Item::Edges(edge(env, inside)?),
                "pageInfo" => Item::PageInfo(parts(inside)),
                "totalCount" => Item::TotalCount,
                _ => Item::Typename,
            };
            items.push((field, item));
        }
        Ok(Self { items })
    }

    /// Each connection as JSON.
    pub(super) async fn values(
        &self,
        env: Env<'_>,
        lists: &[Connection<N>],
        paths: &[QueryPathNode<'_>],
    ) -> Values {
        let found = self.read(env, lists).await;
        let each = self.items.iter().map(|(field, item)| async {
            let places: Vec<_> = paths.iter().map(|path| at_key(path, key_of(field))).collect();
            match item {
                Item::Nodes(selection) => {
                    let places = found.places(&places);
                    Some(vec![selection.objects(env, &found.nodes, &places).await])
                }
                Item::Edges(items) => {
                    let places = found.places(&places);
                    let each = items.iter().map(|(_, item)| async {
                        let OfEdge::Node(field, selection) = item else { return Values::default() };
                        let places: Vec<_> =
                            places.iter().map(|edge| at_key(edge, key_of(field))).collect();
                        selection.objects(env, &found.nodes, &places).await
                    });
                    Some(join_all(each).await)
                }
                _ => None,
            }
        });
        let written = join_all(each).await;
        let mut values = Values::with_capacity(lists.len());
        for (place, list) in lists.iter().enumerate() {
            values.push(|to| {
                self.connection(env, list, (place, &paths[place]), &found, &written, to)
            });
        }
        values
    }
}

fn key_of(field: &Positioned<Field>) -> &str {
    &field.node.response_key().node
}

/// What is asked of an edge.
fn edge<'a, N: Node>(
    env: Env<'a>,
    set: &'a SelectionSet,
) -> ServerResult<Vec<(Key, OfEdge<'a, N>)>> {
    let name = edge_name::<N>();
    let items = fields(set, &name).map(|field| {
        let item = match field.node.name.node.as_str() {
            "node" => OfEdge::Node(field, Selection::of(env, &field.node.selection_set.node)?),
            "cursor" => OfEdge::Cursor,
            _ => OfEdge::Typename,
        };
        Ok((key(&field.node), item))
    });
    items.collect()
}

/// A row of a list as an object.
fn node<N: Node>(list: &List<N::Table>, row: &Arc<Model<N>>) -> N {
    match list.is_history() {
        true => N::known(Arc::clone(row), list.view(), true),
        false => N::new(Arc::clone(row), list.view()),
    }
}

impl<N: Node> Found<N> {
    /// The place of each row, given that of the list of each page.
    fn places<'p>(&self, lists: &'p [QueryPathNode<'p>]) -> Vec<QueryPathNode<'p>> {
        let pages = self.pages.iter().zip(lists);
        let places = pages.flat_map(|(page, list)| {
            let rows = page.as_ref().map_or(0, |page| page.rows.len());
            (0..rows).map(|index| at_index(list, index))
        });
        places.collect()
    }
}

impl<N: Node> Pages<'_, N> {
    /// Reads what is asked for, the lists that are alike in one statement.
    async fn read(&self, env: Env<'_>, lists: &[Connection<N>]) -> Found<N> {
        let mut alike: Vec<Vec<usize>> = Vec::new();
        for (place, one) in lists.iter().enumerate() {
            let same = |group: &&mut Vec<usize>| Arc::ptr_eq(&lists[group[0]].list, &one.list);
            match alike.iter_mut().find(same) {
                Some(group) => group.push(place),
                None => alike.push(vec![place]),
            }
        }
        let asked = |what: fn(&Item<'_, N>) -> bool| self.items.iter().any(|(_, item)| what(item));
        let pages =
            asked(|item| matches!(item, Item::Nodes(_) | Item::Edges(_) | Item::PageInfo(_)));
        let totals = asked(|item| matches!(item, Item::TotalCount));
        let groups = alike.iter().map(|group| async {
            let list = &lists[group[0]].list;
            let keys: Vec<_> = group.iter().map(|place| lists[*place].key.clone()).collect();
            let page = async {
                match pages {
                    true => env.batch()?.load_all(Arc::clone(list), &keys).await,
                    false => Ok(Vec::new()),
                }
            };
            let total = async {
                match totals {
                    true => env.batch()?.load_all(list.total(), &keys).await,
                    false => Ok(Vec::new()),
                }
            };
            join(page, total).await
        });
        let read = join_all(groups).await;
        let missing = || Error::internal("a list was not answered");
        let mut found = Found {
            pages: lists.iter().map(|_| Err(missing())).collect(),
            totals: lists.iter().map(|_| Ok(0)).collect(),
            starts: Vec::with_capacity(lists.len()),
            nodes: Vec::new(),
        };
        for (group, (pages, totals)) in alike.iter().zip(read) {
            for (number, place) in group.iter().enumerate() {
                let page = pages.as_ref().map(|pages| pages.get(number).cloned().flatten());
                found.pages[*place] =
                    page.map_err(Clone::clone).and_then(|page| page.ok_or_else(missing));
                let total = totals.as_ref().map(|totals| totals.get(number).copied().flatten());
                found.totals[*place] = total.map_err(Clone::clone).map(Option::unwrap_or_default);
            }
        }
        for (place, page) in found.pages.iter().enumerate() {
            found.starts.push(found.nodes.len());
            if let Ok(page) = page {
                let list = &lists[place].list;
                found.nodes.extend(page.rows.iter().map(|row| node::<N>(list, row)));
            }
        }
        found
    }

    fn connection(
        &self,
        env: Env<'_>,
        list: &Connection<N>,
        (place, path): (usize, &QueryPathNode<'_>),
        found: &Found<N>,
        written: &[Option<Vec<Values>>],
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        to.push(b'{');
        for (number, (field, item)) in self.items.iter().enumerate() {
            if number > 0 {
                to.push(b',');
            }
            to.extend_from_slice(&key(&field.node));
            let error = |error: &Error| {
                env.error(at_key(path, key_of(field)), field.pos, error.clone().into())
            };
            let page = || found.pages[place].as_ref().map_err(error);
            let start = found.starts[place];
            let values = written[number].as_deref().unwrap_or_default();
            match item {
                Item::Typename => write_text(&Connection::<N>::type_name(), to),
                Item::Nodes(_) => {
                    write_list(page()?.rows.len(), to, |row, to| {
                        to.extend_from_slice(values[0].get(start + row)?);
                        Ok(())
                    })?;
                }
                Item::Edges(items) => {
                    let page = page()?;
                    write_list(page.rows.len(), to, |row, to| {
                        to.push(b'{');
                        for (number, (key, item)) in items.iter().enumerate() {
                            if number > 0 {
                                to.push(b',');
                            }
                            to.extend_from_slice(key);
                            match item {
                                OfEdge::Typename => write_text(&edge_name::<N>(), to),
                                OfEdge::Node(..) => {
                                    to.extend_from_slice(values[number].get(start + row)?);
                                }
                                OfEdge::Cursor => {
                                    let cursor = list.list.cursor(page, row);
                                    write_text(&cursor.unwrap_or_default(), to);
                                }
                            }
                        }
                        to.push(b'}');
                        Ok(())
                    })?;
                }
                Item::PageInfo(parts) => {
                    let page = page()?;
                    let last = page.rows.len().wrapping_sub(1);
                    Part::write_object(parts, to, "PageInfo", |name, to| match name {
                        "hasPreviousPage" => page.has_previous.write(&[], to),
                        "hasNextPage" => page.has_next.write(&[], to),
                        "startCursor" => list.list.cursor(page, 0).write(&[], to),
                        _ => list.list.cursor(page, last).write(&[], to),
                    });
                }
                Item::TotalCount => {
                    let total = found.totals[place].clone();
                    let total = total.and_then(|all| i32::try_from(all).map_err(Error::internal));
                    let total = total.map_err(|why| env.tell(*error(&why))).ok();
                    total.write(&[], to);
                }
            }
        }
        to.push(b'}');
        Ok(())
    }
}

/// Writes a list of as many.
fn write_list(
    length: usize,
    to: &mut Vec<u8>,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Box<ServerError>>,
) -> Result<(), Box<ServerError>> {
    to.push(b'[');
    for place in 0..length {
        if place > 0 {
            to.push(b',');
        }
        write(place, to)?;
    }
    to.push(b']');
    Ok(())
}

/// A connection, as async-graphql asks for it.
pub async fn resolve<N: Node>(
    connection: &Connection<N>,
    ctx: &ContextSelectionSet<'_>,
) -> ServerResult<Value> {
    let env = Env::of(ctx);
    let pages = Pages::of(env, &ctx.item.node)?;
    let path = ctx.path_node.unwrap_or(ROOT);
    pages.values(env, std::slice::from_ref(connection), &[path]).await.into_only()
}

/// Makes connections known to the schema.
pub fn type_info<N: Node>(registry: &mut Registry) -> String {
    registry.create_output_type::<Connection<N>, _>(MetaTypeId::Object, |registry| {
        let nodes = Vec::<N>::create_type_info(registry);
        let edges = edge_info::<N>(registry);
        let page_info = PageInfo::create_type_info(registry);
        let total = Option::<i32>::create_type_info(registry);
        let fields = [
            ("nodes", "The rows of this page, in the list's order.", nodes),
            ("edges", "The rows of this page, each with its cursor.", format!("[{edges}]!")),
            (
                "pageInfo",
                "Whether the list goes on before or after this page, and the cursors to go on from.",
                page_info,
            ),
            (
                "totalCount",
                "How many rows the list has on all pages together, after the filter. Counted only when\nasked for.",
                total,
            ),
        ];
        object(
            &Connection::<N>::type_name(),
            "One page of a list (Relay's cursor connections). Read `nodes` for the rows; read `edges` or\n`pageInfo` for cursors to read on from.",
            fields.map(described).into_iter().collect(),
        )
    })
}

fn edge_info<N: Node>(registry: &mut Registry) -> String {
    let fields = [
        ("node", "The row.", N::create_type_info(registry)),
        (
            "cursor",
            "Where the row stands in this list: give it back as `after` or `before`, with the same\n`orderBy`, to read on from here. Opaque.",
            <String as OutputType>::create_type_info(registry),
        ),
    ];
    let (name, fields) = (edge_name::<N>(), fields.map(described).into_iter().collect());
    let edge = object(&name, "A row of a list and its place there.", fields);
    registry.types.insert(name.clone(), edge);
    format!("{name}!")
}

fn edge_name<N: Node>() -> String {
    format!("{}Edge", N::type_name())
}

fn described((name, description, of): (&str, &str, String)) -> (String, MetaField) {
    (name.to_owned(), meta(name, description, IndexMap::new(), of))
}
