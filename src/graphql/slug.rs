//! Rows that an argument names by their slug.

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use async_graphql::{Context, Result};
use entity::Quoted;
use sea_orm::{
    IdenStatic, Iterable,
    sea_query::{Expr, IntoIden, Query},
};

use super::Ask;
use crate::{
    database::Database,
    error::Error,
    query::{One, Table, View, batch::Load, there},
    record::SLUG_MAX,
    suggest::{closest_matches, is_comparable},
};

/// The row with this slug. Fails where there is none, with the closest slugs there are.
pub(super) async fn named<E: Table>(
    ctx: &Context<'_>,
    argument: &str,
    slug: &str,
    view: View,
) -> Result<Arc<E::Model>> {
    let column = E::Column::iter().find(|column| column.as_str() == "slug");
    let column = column.ok_or_else(|| Error::internal("the table has no slugs"))?;
    let batch = ctx.batch()?;
    // What no slug is as long as is not asked for: each field that names it would keep a copy.
    if slug.len() <= SLUG_MAX
        && let Some(row) =
            batch.load(One::<E, String>::named(column, view), slug.to_owned()).await?
    {
        return Ok(row);
    }
    let table = E::default().table_name().to_owned();
    let close = match is_comparable(slug) {
        true => {
            let slugs = batch.load(Slugs::<E>(view, PhantomData), ()).await?.unwrap_or_default();
            let slugs = slugs.iter().map(String::as_str);
            closest_matches(slug, slugs, batch.suggestion_budget())
        }
        false => Vec::new(),
    };
    let hint = match close.is_empty() {
        true => format!("`{table}s` lists them"),
        false => format!("did you mean {}?", close.join(" or ")),
    };
    let slug = Quoted(slug);
    let message = format!("`{argument}` is {slug}, but no {table} has this slug; {hint}");
    let (message, argument) = (message.into(), argument.into());
    Err(Error::Unknown { message, argument, suggestions: close.into() }.into())
}

/// The question which slugs a table has.
struct Slugs<E>(View, PhantomData<fn(E)>);

impl<E> PartialEq for Slugs<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// The most slugs that are compared: a misspelt one in a larger table gets no suggestion from
/// beyond.
const MOST: u64 = 10_000;

#[derive(Debug, sea_orm::FromQueryResult, serde::Deserialize)]
struct Row {
    slug: String,
}

impl<E: Table> Load for Slugs<E> {
    type Key = ();
    type Value = Arc<[String]>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Value>, Error> {
        let database = &*self.0.of(database);
        let mut select = Query::select();
        select
            .expr_as(Expr::val(0_i64), "parent")
            .column("slug")
            .from(E::default().table_name().into_iden())
            .cond_where(there::<E>())
            .limit(MOST);
        let rows = database.fetch::<(i64, Row)>(&select).await?;
        Ok([((), rows.into_iter().map(|(_, row)| row.slug).collect())].into())
    }
}
