//! Single rows that resolvers look up, and the batch of their request by which they do.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::Node;
use crate::{
    error::Error,
    identity::Id,
    query::{Batch, One, Table, View},
};

/// What resolvers ask of their request.
pub trait Ask {
    /// The questions of this request.
    fn batch(&self) -> Result<&Batch>;
}

impl Ask for Context<'_> {
    fn batch(&self) -> Result<&Batch> {
        Ok(self.data::<Arc<Batch>>()?)
    }
}

/// The questions of a request, for what outlives the field that asks.
pub(super) fn batch(ctx: &Context<'_>) -> Result<Arc<Batch>> {
    ctx.data::<Arc<Batch>>().cloned()
}

/// The row at the other end of a reference.
pub(super) async fn row<T: Table>(
    ctx: &Context<'_>,
    number: i64,
    view: View,
) -> Result<Arc<T::Model>> {
    let found = One::<T, i64>::by(T::id(), view).load_model(ctx.batch()?, number).await?;
    let table = T::default();
    Ok(found.ok_or_else(|| Error::internal(format!("{} {number} is gone", table.table_name())))?)
}

/// The row with this number: the one that is there, or the one that was removed at this moment.
pub(super) async fn by_number<T: Table>(
    batch: &Batch,
    id: &Id,
    view: View,
) -> Result<Option<Arc<T::Model>>> {
    let Some(number) = id.number() else { return Ok(None) };
    let Some(state) = &id.state else {
        return Ok(One::<T, i64>::named(T::id(), view).load_model(batch, number).await?);
    };
    let found = One::<T, i64>::by(T::id(), view).load_model(batch, number).await?;
    Ok(found.filter(|row| T::ended(row).is_some_and(|at| at.to_string() == *state)))
}

/// The same as an object.
pub(super) async fn reference<N: Node>(ctx: &Context<'_>, number: i64, view: View) -> Result<N> {
    row::<N::Table>(ctx, number, view).await.map(|row| N::new(row, view))
}

/// A row that is at hand as it is seen from one place, seen from another.
pub(super) async fn seen_from<T: Table>(
    ctx: &Context<'_>,
    row: &Arc<T::Model>,
    here: View,
    there: View,
) -> Result<Arc<T::Model>> {
    if here.as_of == there.as_of {
        return Ok(Arc::clone(row));
    }
    let one = One::<T, i64>::by(T::id(), there);
    let found = one.load_model(ctx.batch()?, T::number(row)).await?;
    // Where it was not there yet, neither were its figures.
    Ok(found.unwrap_or_else(|| Arc::clone(row)))
}
