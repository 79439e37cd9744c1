//! Rows that an argument names by their slug.

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use async_graphql::{Context, Result};
use entity::{DateTime, Quoted, change, vocabulary::ChangeKind};
use sea_orm::{
    IdenStatic, Iterable, ModelTrait, Value,
    sea_query::{Condition, Expr, ExprTrait, IntoIden, JoinType, Query},
};

use super::{Ask, Node, rows::Seen};
use crate::{
    database::Database,
    error::Error,
    query::{Batch, ColumnSet, Join, One, Table, View, batch::Load, column, there},
    record::SLUG_MAX,
    suggest::{closest_matches, is_comparable},
};

/// The row with this slug. Fails where there is none, with the closest slugs there are; or, in the
/// past, with what has become of it since.
pub(super) async fn named<E: Table>(
    ctx: &Context<'_>,
    argument: &str,
    slug: &str,
    view: View,
) -> Result<Arc<E::Model>> {
    let by_slug = own_column::<E>()?;
    let batch = ctx.batch()?;
    let mut since = None;
    // What no slug is as long as is not asked for: each field that names it would keep a copy.
    if slug.len() <= SLUG_MAX {
        let one = One::<E, String>::named(by_slug, view);
        let found = one.load_model(batch, slug.to_owned()).await?;
        if let Some(row) = found {
            return Ok(row);
        }
        if let Some(moment) = view.as_of {
            since = later::<E>(batch, slug, view, moment).await?;
        }
    }
    let table = E::default().table_name().to_owned();
    let (why, suggestions) = match since {
        Some(since) => (since, Vec::new()),
        None => {
            let close = closest::<E>(batch, slug, view).await?;
            let hint = match close.is_empty() {
                true => format!("`{table}s` lists them"),
                false => format!("did you mean {}?", close.join(" or ")),
            };
            (format!("no {table} has this slug; {hint}"), close)
        }
    };
    let message = format!("`{argument}` is {}, but {why}", Quoted(slug)).into();
    let (argument, suggestions) = (argument.into(), suggestions.into());
    Err(Error::Unknown { message, argument, suggestions }.into())
}

/// The object with this slug, of which these columns are known, and these rows with it.
pub(super) async fn find<N: Node>(
    ctx: &Context<'_>,
    slug: &str,
    columns: ColumnSet,
    joins: Vec<Join>,
) -> Result<Option<Seen<N>>> {
    // What no slug is as long as is not asked for: each field that names it would keep a copy.
    if slug.len() > SLUG_MAX {
        return Ok(None);
    }
    let batch = ctx.batch()?;
    let view = batch.view();
    let by_slug = One::<N::Table, String>::named(own_column::<N::Table>()?, view).joined(joins);
    by_slug.want(columns);
    Ok(batch.load(by_slug, slug.to_owned()).await?.map(|row| Seen::new(row, view)))
}

fn own_column<E: Table>() -> Result<E::Column, Error> {
    let column = E::Column::iter().find(|column| column.as_str() == "slug");
    column.ok_or_else(|| Error::internal("the table has no slugs"))
}

/// The slugs closest to one that there is not.
async fn closest<E: Table>(batch: &Batch, slug: &str, view: View) -> Result<Vec<String>, Error> {
    if !is_comparable(slug) {
        return Ok(Vec::new());
    }
    let slugs = batch.load(Slugs::<E>(view, PhantomData), ()).await?.unwrap_or_default();
    let slugs = slugs.iter().map(String::as_str);
    Ok(closest_matches(slug, slugs, batch.suggestion_budget()))
}

/// What a row with this slug was at a moment of the past, in words; none where there is none now.
async fn later<E: Table>(
    batch: &Batch,
    slug: &str,
    view: View,
    moment: DateTime,
) -> Result<Option<String>, Error> {
    let Some(made) = batch.load(Made::<E>(PhantomData), slug.to_owned()).await? else {
        return Ok(None);
    };
    let table = E::default().table_name().to_owned();
    if let Some(since) = made.since.filter(|since| *since > moment) {
        let not_yet = format!("that {table} was not there yet at {moment}; it is since {since}");
        return Ok(Some(not_yet));
    }
    let then = One::<E, i64>::by(E::id(), view).load_model(batch, made.id).await?;
    let by_slug = own_column::<E>()?;
    Ok(then.and_then(|row| match row.get(by_slug) {
        Value::String(Some(slug)) => Some(format!("at {moment} that {table} had the slug {slug}")),
        _ => None,
    }))
}

/// The question which rows have slugs now, and since when they are there.
struct Made<E>(PhantomData<fn(E)>);

impl<E> PartialEq for Made<E> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A row that is there now.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
struct There {
    id: i64,
    /// When it was made; none where that was before such was noted.
    since: Option<DateTime>,
}

impl<E: Table> Load for Made<E> {
    type Key = String;
    type Value = There;

    async fn load(
        &self,
        database: &Database,
        slugs: Vec<String>,
    ) -> Result<HashMap<String, There>, Error> {
        let (table, own) = (E::default().table_name().to_owned(), column::<E>);
        let slug = own_column::<E>()?;
        let noted = column::<change::Entity>;
        let making = Condition::all()
            .add(noted(change::Column::Entity).eq(table.clone()))
            .add(noted(change::Column::Row).equals((table.clone(), E::id())))
            .add(noted(change::Column::Kind).eq(ChangeKind::Created));
        let mut select = Query::select();
        select
            .expr_as(own(slug), "key")
            .expr_as(own(E::id()), "id")
            .expr_as(noted(change::Column::RecordedAt), "since")
            .from(table.into_iden())
            .join(JoinType::LeftJoin, change::Entity, making)
            .cond_where(there::<E>())
            .and_where(own(slug).is_in(slugs));
        Ok(database.fetch::<(String, There)>(&select).await?.into_iter().collect())
    }
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

#[derive(Debug, serde::Deserialize)]
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
