//! Pages of anything: connections whose nodes are no rows of one table.

use std::{borrow::Cow, future::Future};

use async_graphql::{Context, Object, OutputType, Result, TypeName, connection::PageInfo};

use crate::error::Error;
pub use crate::query::Paged;

/// A list that is read a page at a time.
pub trait Pages: Send + Sync + 'static {
    /// What is listed.
    type Item: OutputType + Clone + 'static;

    /// The page. Asked for by each field that needs it, so it must come from the request's batch,
    /// which reads it once.
    fn page(&self, ctx: &Context<'_>) -> impl Future<Output = Result<Paged<Self::Item>>> + Send;

    /// Where one of the list stands in it.
    fn cursor(&self, item: &Self::Item) -> Result<String>;

    /// How much is listed on all pages together.
    fn total(&self, ctx: &Context<'_>) -> impl Future<Output = Result<i64>> + Send;
}

/// A page of a list. It is read once, by whichever of its fields needs it, and its total beside it.
pub struct PagedConnection<P>(pub P);

impl<P: Pages> TypeName for PagedConnection<P> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", P::Item::type_name()).into()
    }
}

/// One page of a list (Relay's cursor connections). Read `nodes` for what is on it; read `edges` or
/// `pageInfo` for cursors to read on from.
#[Object(name_type)]
impl<P: Pages> PagedConnection<P> {
    /// What is on this page, in the list's order.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<P::Item>> {
        Ok(self.0.page(ctx).await?.items)
    }

    /// What is on this page, each with its cursor.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Vec<PagedEdge<P::Item>>> {
        let page = self.0.page(ctx).await?;
        let edge = |node| Ok(PagedEdge { cursor: self.0.cursor(&node)?, node });
        page.items.into_iter().map(edge).collect()
    }

    /// Whether the list goes on before or after this page, and the cursors to go on from.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let page = self.0.page(ctx).await?;
        let cursor = |item: Option<&P::Item>| item.map(|item| self.0.cursor(item)).transpose();
        Ok(PageInfo {
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
            start_cursor: cursor(page.items.first())?,
            end_cursor: cursor(page.items.last())?,
        })
    }

    /// How much is on all pages together. Counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let total = self.0.total(ctx).await;
        Some(total.and_then(|total| Ok(i32::try_from(total).map_err(Error::internal)?)))
    }
}

/// One of a list and its place there.
pub struct PagedEdge<T> {
    cursor: String,
    node: T,
}

impl<T: OutputType> TypeName for PagedEdge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// One of a list and its place there.
#[Object(name_type)]
impl<T: OutputType> PagedEdge<T> {
    /// What is listed.
    async fn node(&self) -> &T {
        &self.node
    }

    /// Where it stands in this list: give it back as `after` or `before`, with the same other
    /// arguments, to read on from here. Opaque.
    async fn cursor(&self) -> &str {
        &self.cursor
    }
}
