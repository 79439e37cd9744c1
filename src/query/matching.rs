//! The rows that meet a filter, by their numbers.

use sea_orm::sea_query::{Expr, Order, Query};

use super::{
    Scope, Table, View, column,
    condition::{conditions, table},
    parent::PARENT,
};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// The numbers of the rows that meet a filter, `most` at the most, in order.
pub async fn matching<E: Table>(
    database: &Database,
    view: View,
    filter: &E::Filter,
    most: u64,
) -> Result<Vec<i64>, Error> {
    let mut rows = Query::select();
    rows.expr_as(column::<E>(E::id()), PARENT)
        .expr_as(Expr::val(1_i64), "count")
        .from(table::<E>())
        .cond_where(conditions::<E>(Some(filter), Scope::new(database, view)))
        .order_by((table::<E>(), E::id()), Order::Asc)
        .limit(most);
    let rows = database.fetch::<(i64, Count)>(&rows).await?;
    Ok(rows.into_iter().map(|(number, _)| number).collect())
}
