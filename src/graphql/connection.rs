//! Connections: how every list reaches a client (Relay's cursor connections, with `nodes`).

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, Result, ServerResult, Value,
    connection::PageInfo,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaField, MetaTypeId, Registry},
    resolver_utils::enum_value,
};
use sea_orm::EntityTrait;

use super::{
    Ask, Node,
    language::{self, Language},
    rows::{
        field::{meta, object},
        page,
    },
};
use crate::{
    error::Error,
    query::{
        Dimension, Key, Limits, List, Locale, OrderBy, OrderKey, Page, Parent, Table, View,
        parent::ROOT,
    },
};

type Column<N> = <<N as Node>::Table as EntityTrait>::Column;

/// Where a list is: at the root, or on one side of a relation.
#[derive(Debug, Clone)]
pub enum Side<C> {
    /// All rows of the table.
    Root,
    /// The rows whose column holds the number of the row the list is on.
    Of(C, i64),
    /// The figures of the group with this key.
    Group(Arc<[Dimension]>, Arc<str>),
    /// The rows whose column holds the number of any version of the figure with this place in a
    /// series.
    About(C, Arc<str>),
    /// The versions of the figure with this place in a series.
    Versions(Arc<str>),
}

impl<C> Side<C> {
    /// Whose rows they are: of what, and of which of them.
    pub(super) fn split(self) -> (Parent<C>, Key) {
        match self {
            Self::Root => (Parent::Root, Key::Number(ROOT)),
            Self::Of(column, parent) => (Parent::Column(column), Key::Number(parent)),
            Self::Group(dimensions, key) => (Parent::Group(dimensions), Key::Group(key)),
            Self::About(column, key) => (Parent::About(column), Key::Group(key)),
            Self::Versions(key) => (Parent::Versions, Key::Group(key)),
        }
    }
}

/// The arguments every list has, as they came.
#[derive(Debug)]
pub struct ListArguments<N: Node> {
    /// `first`.
    pub first: Option<i32>,
    /// `after`.
    pub after: Option<String>,
    /// `last`.
    pub last: Option<i32>,
    /// `before`.
    pub before: Option<String>,
    /// `filter`: large, so it is shared by all that ask with it, and no field has to have room for it.
    pub filter: Option<Arc<<N::Table as Table>::Filter>>,
    /// `orderBy`.
    pub order_by: Option<Vec<N::Order>>,
}

impl<N: Node> ListArguments<N> {
    /// The list of these rows, seen from somewhere.
    pub(super) fn list(
        &self,
        ctx: &Context<'_>,
        view: View,
        parent: Parent<Column<N>>,
    ) -> Result<Arc<List<N::Table>>> {
        let Self { first, after, last, before, filter, order_by } = self;
        let (after, before) = (after.clone(), before.clone());
        let page = Page::new(ctx.data::<Limits>()?, *first, after, *last, before)?;
        let order = order_by.as_ref().map(|keys| {
            let keys = keys.iter().cloned().map(Into::into);
            keys.map(|(key, language)| localized::<N::Table, _>(ctx, key, language)).collect()
        });
        let order: Option<Vec<_>> = order.transpose()?;
        Ok(Arc::new(List::new(view, parent, filter.clone(), order, page)?))
    }
}

/// The one way to list: every list of rows is one of these. The rows are seen from the view, and so
/// is all that is reached from them.
pub fn list<N: Node>(
    ctx: &Context<'_>,
    view: View,
    side: Side<Column<N>>,
    wanted: &ListArguments<N>,
) -> Result<Connection<N>> {
    let (parent, key) = side.split();
    Ok(Connection { list: wanted.list(ctx, view, parent)?, key })
}

/// A key of an order with the languages in which its texts are read. Fails where it is none of a text
/// and a language is given.
fn localized<E: EntityTrait, K: OrderKey<E>>(
    ctx: &Context<'_>,
    key: OrderBy<K>,
    language: Option<Language>,
) -> Result<OrderBy<K>> {
    if key.by.source().is_text() {
        let wanted = language::wanted(ctx, language.as_ref());
        let locale = Locale::new(ctx.batch()?.database(), &wanted);
        return Ok(OrderBy { locale, ..key });
    }
    match language {
        None => Ok(key),
        Some(language) => Err(Error::input(format!(
            "`language` is {:?}, but {} is no name and no title; leave `language` out",
            language.tag(),
            enum_value(key.by)
        ))
        .into()),
    }
}

/// A page of a list.
pub struct Connection<N: Node> {
    pub(super) list: Arc<List<N::Table>>,
    pub(super) key: Key,
}

impl<N: Node> OutputType for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        type_info::<N>(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        page::resolve(self, ctx).await
    }
}

/// Makes connections known to the schema.
fn type_info<N: Node>(registry: &mut Registry) -> String {
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

/// What the schema calls a row of a list and its place there.
pub(super) fn edge_name<N: Node>() -> String {
    format!("{}Edge", N::type_name())
}

fn described((name, description, of): (&str, &str, String)) -> (String, MetaField) {
    (name.to_owned(), meta(name, description, IndexMap::new(), of))
}
