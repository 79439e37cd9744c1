//! Connections: how every list reaches a client (Relay's cursor connections, with `nodes`).

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Context, Object, Result, TypeName, connection::PageInfo, resolver_utils::enum_value,
};
use sea_orm::EntityTrait;

use super::{
    Ask, Node,
    language::{self, Language},
};
use crate::{
    error::Error,
    query::{
        Dimension, Filter, Key, Limits, List, Locale, OrderBy, OrderKey, Page, Parent, Rows, Table,
        View, parent::ROOT,
    },
};

type Column<N> = <<N as Node>::Table as EntityTrait>::Column;
type Model<N> = <<N as Node>::Table as EntityTrait>::Model;
type OrderKeyOf<N> = <<N as Node>::Table as Table>::OrderKey;

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

/// The arguments every list has, as they came.
#[derive(Debug)]
pub struct Wanted<F, O> {
    /// `first`.
    pub first: Option<i32>,
    /// `after`.
    pub after: Option<String>,
    /// `last`.
    pub last: Option<i32>,
    /// `before`.
    pub before: Option<String>,
    /// `filter`: large, so it is shared by all that ask with it, and no field has to have room for it.
    pub filter: Option<Arc<F>>,
    /// `orderBy`.
    pub order_by: Option<Vec<O>>,
}

/// The one way to list: every list field of the schema is a call of this. The rows are seen from
/// the view, and so is all that is reached from them.
pub fn list<N, F, O>(
    ctx: &Context<'_>,
    view: View,
    side: Side<Column<N>>,
    wanted: Wanted<F, O>,
) -> Result<Connection<N>>
where
    N: Node<Table: Table<Filter = F>>,
    F: Filter,
    O: Into<(OrderBy<OrderKeyOf<N>>, Option<Language>)>,
{
    let Wanted { first, after, last, before, filter, order_by } = wanted;
    let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
    let (parent, key) = match side {
        Side::Root => (Parent::Root, Key::Number(ROOT)),
        Side::Of(column, parent) => (Parent::Column(column), Key::Number(parent)),
        Side::Group(dimensions, key) => (Parent::Group(dimensions), Key::Group(key)),
        Side::About(column, key) => (Parent::About(column), Key::Group(key)),
        Side::Versions(key) => (Parent::Versions, Key::Group(key)),
    };
    let order = order_by.map(|keys| {
        let keys = keys.into_iter().map(Into::into);
        keys.map(|(key, language)| localized::<N::Table, _>(ctx, key, language)).collect()
    });
    let order: Option<Vec<_>> = order.transpose()?;
    Ok(Connection { list: Arc::new(List::new(view, parent, filter, order, page)?), key })
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

/// A page of a list. Its rows are read once, by whichever of its fields needs them, and its total
/// beside them.
pub struct Connection<N: Node> {
    list: Arc<List<N::Table>>,
    key: Key,
}

impl<N: Node> Connection<N> {
    async fn rows(&self, ctx: &Context<'_>) -> Result<Arc<Rows<Model<N>>>> {
        let rows = ctx.batch()?.load(Arc::clone(&self.list), self.key.clone()).await?;
        Ok(rows.ok_or_else(|| Error::internal("a list was not answered"))?)
    }
}

/// A row of a list as an object.
fn node<N: Node>(list: &List<N::Table>, row: &Arc<Model<N>>) -> N {
    match list.is_history() {
        true => N::known(Arc::clone(row), list.view(), true),
        false => N::new(Arc::clone(row), list.view()),
    }
}

impl<N: Node> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// One page of a list (Relay's cursor connections). Read `nodes` for the rows; read `edges` or
/// `pageInfo` for cursors to read on from.
#[Object(name_type)]
impl<N: Node> Connection<N> {
    /// The rows of this page, in the list's order.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<N>> {
        let page = self.rows(ctx).await?;
        Ok(page.rows.iter().map(|row| node(&self.list, row)).collect())
    }

    /// The rows of this page, each with its cursor.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Vec<Edge<N>>> {
        let page = self.rows(ctx).await?;
        let edge = |place| Edge { list: Arc::clone(&self.list), page: Arc::clone(&page), place };
        Ok((0..page.rows.len()).map(edge).collect())
    }

    /// Whether the list goes on before or after this page, and the cursors to go on from.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let page = self.rows(ctx).await?;
        Ok(PageInfo {
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
            start_cursor: self.list.cursor(&page, 0),
            end_cursor: self.list.cursor(&page, page.rows.len().wrapping_sub(1)),
        })
    }

    /// How many rows the list has on all pages together, after the filter. Counted only when
    /// asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let count = async {
            let total = ctx.batch()?.load(self.list.total(), self.key.clone()).await?.unwrap_or(0);
            let total = i32::try_from(total).map_err(Error::internal)?;
            Ok(total)
        };
        Some(count.await)
    }
}

/// A row of a list and its place there.
pub struct Edge<N: Node> {
    list: Arc<List<N::Table>>,
    page: Arc<Rows<Model<N>>>,
    place: usize,
}

impl<N: Node> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// A row of a list and its place there.
#[Object(name_type)]
impl<N: Node> Edge<N> {
    /// The row.
    async fn node(&self) -> N {
        node(&self.list, &self.page.rows[self.place])
    }

    /// Where the row stands in this list: give it back as `after` or `before`, with the same
    /// `orderBy`, to read on from here. Opaque.
    async fn cursor(&self) -> String {
        self.list.cursor(&self.page, self.place).unwrap_or_default()
    }
}
