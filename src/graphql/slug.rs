//! Rows that an argument names by their slug.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, Result};
use sea_orm::{
    IdenStatic, Iterable,
    sea_query::{Expr, Query},
};

use super::{Ask, suggestion::nearest};
use crate::{
    database::Database,
    error::Error,
    query::{One, Table, batch::Load},
};

/// The row with this slug. Fails where there is none, with the nearest slugs there are.
pub(super) async fn named<E: Table>(
    ctx: &Context<'_>,
    argument: &str,
    slug: &str,
) -> Result<Arc<E::Model>> {
    let column = E::Column::iter().find(|column| column.as_str() == "slug");
    let column = column.ok_or_else(|| Error::internal("the table has no slugs"))?;
    let batch = ctx.batch()?;
    if let Some(row) = batch.load(One::<E, String>::by(column), slug.to_owned()).await? {
        return Ok(row);
    }
    let table = E::default().table_name().to_owned();
    let slugs = batch.load(Slugs(table.clone()), ()).await?.unwrap_or_default();
    let alike = nearest(slug, slugs.iter().map(String::as_str));
    let hint = match alike.is_empty() {
        true => format!("`{table}s` lists them"),
        false => format!("did you mean {}?", alike.join(" or ")),
    };
    let message = format!("`{argument}` is {slug:?}, but no {table} has this slug; {hint}");
    let (message, argument) = (message.into(), argument.into());
    Err(Error::Unknown { message, argument, alike: alike.into() }.into())
}

/// The question which slugs a table has.
#[derive(Debug, PartialEq, Eq)]
struct Slugs(String);

/// The most slugs that are compared: a misspelt one in a larger table gets no suggestion from
/// beyond.
const MOST: u64 = 10_000;

#[derive(Debug, sea_orm::FromQueryResult, serde::Deserialize)]
struct Row {
    slug: String,
}

impl Load for Slugs {
    type Key = ();
    type Value = Arc<[String]>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Value>, Error> {
        let mut select = Query::select();
        select.expr_as(Expr::val(0_i64), "parent").column("slug").from(self.0.clone()).limit(MOST);
        let rows = database.fetch::<(i64, Row)>(&select).await?;
        Ok([((), rows.into_iter().map(|(_, row)| row.slug).collect())].into())
    }
}
