//! Pages of lists: what is asked of connections, bound to how it is written.

use std::sync::Arc;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, QueryPathNode, ServerError, ServerResult, Value,
    parser::types::{Field, SelectionSet},
};
use entity::column::{ColumnValue, SubField, write_text};
use futures_util::future::{join, join_all};

use super::{
    Env, ROOT, field_path, index_path,
    seen::Seen,
    selection::{Key, Loaded, Selection, fields, key, sub_fields},
    values::{Values, Written},
};
use crate::{
    error::Error,
    graphql::{Connection, Node, connection::edge_name},
    query::{Key as Parent, List, Row, Rows, batch::Load},
};

/// What is asked of connections, in the order in which it is answered.
pub struct Pages<'a, N: Node> {
    items: Vec<(Key, &'a Positioned<Field>, Item<'a, N>)>,
}

enum Item<'a, N: Node> {
    Typename,
    Nodes(Selection<'a, N>),
    Edges(Vec<(Key, OfEdge<'a, N>)>),
    PageInfo(Vec<SubField>),
    TotalCount,
}

/// What is asked of an edge.
enum OfEdge<'a, N: Node> {
    Typename,
    Node(&'a Positioned<Field>, Selection<'a, N>),
    Cursor,
}

/// What was read for connections, where it is asked for: the page of each, and its total.
struct Read<N: Node> {
    pages: Vec<Result<Arc<Rows<N::Table>>, Error>>,
    totals: Vec<Result<i64, Error>>,
    /// Where the rows of each page begin among all.
    starts: Vec<usize>,
    nodes: Arc<Vec<Seen<N>>>,
}

/// Connections of which all is found that is asked for.
pub(super) struct LoadedPages<'b, N: Node> {
    pages: &'b Pages<'b, N>,
    env: Env<'b>,
    lists: Vec<Connection<N>>,
    read: Read<N>,
    /// What was found of the rows, of each field that asks for them; of edges, of each of theirs.
    nodes: Vec<Vec<Option<Loaded<'b, N>>>>,
}

impl<'a, N: Node> Pages<'a, N> {
    /// What is asked of connections of this type.
    pub(super) fn of(env: Env<'a>, set: &'a Positioned<SelectionSet>) -> ServerResult<Self> {
        let mut items = Vec::with_capacity(set.node.items.len());
        for field in fields(&set.node, &Connection::<N>::type_name()) {
            let inside = &field.node.selection_set;
            let item = match field.node.name.node.as_str() {
                "nodes" => Item::Nodes(Selection::of(env, inside)?),
                "edges" => Item::Edges(edge(env, &inside.node)?),
                "pageInfo" => Item::PageInfo(sub_fields(&inside.node)),
                "totalCount" => Item::TotalCount,
                _ => Item::Typename,
            };
            items.push((key(&field.node), field, item));
        }
        Ok(Self { items })
    }

    /// Whether nothing is read for them but the rows.
    fn is_of_rows_alone(&self) -> bool {
        self.items.iter().all(|(.., item)| match item {
            Item::Nodes(selection) => selection.is_of_rows_alone(),
            Item::Edges(items) => items.iter().all(|(_, item)| match item {
                OfEdge::Node(_, selection) => selection.is_of_rows_alone(),
                OfEdge::Typename | OfEdge::Cursor => true,
            }),
            Item::Typename | Item::PageInfo(_) => true,
            Item::TotalCount => false,
        })
    }

    /// Finds what is asked of each connection, given its place in the answer.
    pub(super) async fn load<'b>(
        &'b self,
        env: Env<'b>,
        lists: Vec<Connection<N>>,
        paths: &[QueryPathNode<'_>],
    ) -> LoadedPages<'b, N> {
        let read = self.read(env, &lists).await;
        let nodes = || Arc::clone(&read.nodes);
        let each = self.items.iter().map(|(_, field, item)| async {
            let places: Vec<_> = paths.iter().map(|path| field_path(path, key_of(field))).collect();
            match item {
                Item::Nodes(selection) => {
                    vec![Some(selection.load(env, nodes(), &read.places(&places)).await)]
                }
                Item::Edges(items) => {
                    let places = read.places(&places);
                    let each = items.iter().map(|(_, item)| async {
                        let OfEdge::Node(field, selection) = item else { return None };
                        let places: Vec<_> =
                            places.iter().map(|edge| field_path(edge, key_of(field))).collect();
                        Some(selection.load(env, nodes(), &places).await)
                    });
                    join_all(each).await
                }
                _ => Vec::new(),
            }
        });
        let nodes = join_all(each).await;
        LoadedPages { pages: self, env, lists, read, nodes }
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
            "node" => OfEdge::Node(field, Selection::of(env, &field.node.selection_set)?),
            "cursor" => OfEdge::Cursor,
            _ => OfEdge::Typename,
        };
        Ok((key(&field.node), item))
    });
    items.collect()
}

/// A row of a list as an object.
fn node<N: Node>(list: &List<N::Table>, row: Row<N::Table>) -> Seen<N> {
    match list.is_history() {
        true => Seen::former(row, list.view()),
        false => Seen::new(row, list.view()),
    }
}

impl<N: Node> Read<N> {
    /// The place of each row, given that of the list of each page.
    fn places<'p>(&self, lists: &'p [QueryPathNode<'p>]) -> Vec<QueryPathNode<'p>> {
        let pages = self.pages.iter().zip(lists);
        let places = pages.flat_map(|(page, list)| {
            let rows = page.as_ref().map_or(0, |page| page.len());
            (0..rows).map(|index| index_path(list, index))
        });
        places.collect()
    }
}

impl<N: Node> Pages<'_, N> {
    /// Has a list read the columns that are asked for.
    fn want(&self, list: &List<N::Table>) {
        for (.., item) in &self.items {
            match item {
                Item::Nodes(selection) => list.want(selection.columns()),
                Item::Edges(items) => items.iter().for_each(|(_, item)| match item {
                    OfEdge::Node(_, selection) => list.want(selection.columns()),
                    OfEdge::Cursor => list.want_cursors(),
                    OfEdge::Typename => {}
                }),
                Item::PageInfo(fields) => {
                    for SubField { name, .. } in fields {
                        match name.as_str() {
                            "startCursor" | "endCursor" => list.want_cursors(),
                            "hasPreviousPage" | "hasNextPage" => list.want_more(),
                            _ => {}
                        }
                    }
                }
                Item::Typename | Item::TotalCount => {}
            }
        }
    }

    /// Reads what is asked for.
    async fn read(&self, env: Env<'_>, lists: &[Connection<N>]) -> Read<N> {
        lists.iter().for_each(|connection| self.want(&connection.list));
        let is_asked =
            |what: fn(&Item<'_, N>) -> bool| self.items.iter().any(|(.., item)| what(item));
        let with_rows =
            is_asked(|item| matches!(item, Item::Nodes(_) | Item::Edges(_) | Item::PageInfo(_)));
        let pages = async {
            match with_rows {
                true => load_each(env, lists, Arc::clone).await,
                false => Vec::new(),
            }
        };
        let totals = async {
            match is_asked(|item| matches!(item, Item::TotalCount)) {
                true => load_each(env, lists, |list| list.total()).await,
                false => Vec::new(),
            }
        };
        let (pages, totals) = join(pages, totals).await;
        let page = |page: Result<Option<_>, _>| {
            page.and_then(|page| page.ok_or_else(|| Error::internal("a list was not answered")))
        };
        let pages: Vec<_> = pages.into_iter().map(page).collect();
        let totals = totals.into_iter().map(|total| total.map(Option::unwrap_or_default)).collect();
        let (mut starts, mut nodes) = (Vec::with_capacity(pages.len()), Vec::new());
        for (page, connection) in pages.iter().zip(lists) {
            starts.push(nodes.len());
            if let Ok(page) = page {
                nodes.extend(page.iter().map(|row| node::<N>(&connection.list, row)));
            }
        }
        Read { pages, totals, starts, nodes: Arc::new(nodes) }
    }
}

impl<N: Node> LoadedPages<'_, N> {
    /// Writes a connection, given its place in the answer.
    pub(super) fn write(
        &self,
        place: usize,
        path: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        let Self { env, read, .. } = self;
        let list = &self.lists[place].list;
        to.push(b'{');
        for (number, (key, field, item)) in self.pages.items.iter().enumerate() {
            if number > 0 {
                to.push(b',');
            }
            to.extend_from_slice(key);
            let path = field_path(path, key_of(field));
            let error = |error: &Error| env.error(path, field.pos, error.clone().into());
            let page = || read.pages[place].as_ref().map_err(error);
            let nodes = &self.nodes[number];
            let node = |among: usize, row: usize, path: &QueryPathNode<'_>, to: &mut Vec<u8>| {
                let found = nodes.get(among).and_then(Option::as_ref);
                found.map_or(Ok(()), |found| found.write(read.starts[place] + row, path, to))
            };
            match item {
                Item::Typename => write_text(&Connection::<N>::type_name(), to),
                Item::Nodes(_) => {
                    write_list(page()?.len(), to, |row, to| {
                        node(0, row, &index_path(&path, row), to)
                    })?;
                }
                Item::Edges(items) => {
                    let page = page()?;
                    write_list(page.len(), to, |row, to| {
                        let path = index_path(&path, row);
                        to.push(b'{');
                        for (among, (key, item)) in items.iter().enumerate() {
                            if among > 0 {
                                to.push(b',');
                            }
                            to.extend_from_slice(key);
                            match item {
                                OfEdge::Typename => write_text(&edge_name::<N>(), to),
                                OfEdge::Node(field, _) => {
                                    node(among, row, &field_path(&path, key_of(field)), to)?;
                                }
                                OfEdge::Cursor => {
                                    let cursor = list.cursor(page, row);
                                    let cursor = cursor.map_err(|why| error(&why))?;
                                    write_text(&cursor.unwrap_or_default(), to);
                                }
                            }
                        }
                        to.push(b'}');
                        Ok(())
                    })?;
                }
                Item::PageInfo(sub_fields) => {
                    let page = page()?;
                    let last = page.len().wrapping_sub(1);
                    let is_asked = |name| sub_fields.iter().any(|field| field.name == name);
                    let cursor = |name, place| match is_asked(name) {
                        true => list.cursor(page, place).map_err(|why| error(&why)),
                        false => Ok(None),
                    };
                    let start = cursor("startCursor", 0)?;
                    let end = cursor("endCursor", last)?;
                    SubField::write_object(sub_fields, to, "PageInfo", |name, to| match name {
                        "hasPreviousPage" => page.has_previous.write(&[], to),
                        "hasNextPage" => page.has_next.write(&[], to),
                        "startCursor" => start.write(&[], to),
                        _ => end.write(&[], to),
                    });
                }
                Item::TotalCount => {
                    let total = read.totals[place].clone();
                    let total = total.and_then(|all| i32::try_from(all).map_err(Error::internal));
                    let total = total.map_err(|why| env.add_error(*error(&why))).ok();
                    total.write(&[], to);
                }
            }
        }
        to.push(b'}');
        Ok(())
    }
}

/// Asks a question about each connection, for those that are alike in one statement.
async fn load_each<N: Node, L: Load<Key = Parent>>(
    env: Env<'_>,
    lists: &[Connection<N>],
    question: impl Fn(&Arc<List<N::Table>>) -> L,
) -> Vec<Result<Option<L::Value>, Error>> {
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for (place, one) in lists.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| Arc::ptr_eq(&lists[group[0]].list, &one.list);
        match alike.iter_mut().find(same) {
            Some(group) => group.push(place),
            None => alike.push(vec![place]),
        }
    }
    let groups = alike.iter().map(|group| {
        let keys: Vec<_> = group.iter().map(|place| lists[*place].key.clone()).collect();
        let question = question(&lists[group[0]].list);
        async move { env.batch()?.load_all(question, &keys).await }
    });
    let mut each: Vec<_> = lists.iter().map(|_| Ok(None)).collect();
    for (group, answers) in alike.iter().zip(join_all(groups).await) {
        match answers {
            Ok(answers) => {
                for (place, answer) in group.iter().zip(answers) {
                    each[*place] = Ok(answer);
                }
            }
            Err(error) => group.iter().for_each(|place| each[*place] = Err(error.clone())),
        }
    }
    each
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
    let pages = Pages::<N>::of(env, ctx.item)?;
    let path = ctx.path_node.unwrap_or(ROOT);
    if path.parent.is_none() && pages.is_of_rows_alone() {
        env.read_single();
    }
    let found = pages
        .load(
            env,
            vec![Connection { list: Arc::clone(&connection.list), key: connection.key.clone() }],
            &[path],
        )
        .await;
    let mut values = Values::with_capacity(1);
    values.push(|to| found.write(0, &path, to));
    values.into_only()
}
