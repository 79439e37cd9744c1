//! What `search` reads, kept beside the rows by whoever writes them.
//!
//! An entry that stands for no row tells by which rules the index was made. Where it is missing,
//! because the tables are new, or older than the index, or the rules have changed since, every row
//! is indexed anew.

use std::ops::Range;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Iterable, Order, QueryResult,
    Value,
    sea_query::{Condition, Expr, ExprTrait, Query},
};

use super::{
    CHUNK, folded,
    named::Table as _,
    tables::{chosen, of},
};
use crate::{
    database::{Count, Database, Transaction},
    error::Error,
    query::{
        column,
        search::{self, Field, RULES, TABLE, columns, fields, is_json},
    },
};

/// The column that says whether something else took a row's place, or it was removed: such rows
/// are not found.
fn superseded<E: EntityTrait>() -> Option<E::Column> {
    E::Column::iter().find(|column| ["superseded_at", "removed_at"].contains(&column.as_str()))
}

/// What the index is to be told of one row, where there is anything to search.
pub(super) fn entry<E: EntityTrait>(
    standing: i64,
    number: i64,
    value: impl Fn(E::Column) -> Value,
) -> Option<(i64, Vec<Field>)> {
    let superseded = superseded::<E>().map(&value);
    if superseded.is_some_and(|when| when != when.as_null()) {
        return None;
    }
    let fields = fields::<E>(value);
    (!fields.is_empty()).then(|| (search::place(standing, number), fields))
}

/// Adds rows of a table to the index.
pub(super) async fn add<E: EntityTrait>(
    transaction: &Transaction,
    entries: Vec<(i64, Vec<Field>)>,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let table = E::default().table_name().to_owned();
    let words = |fields: &[Field]| search::entry(&table, fields, backend);
    let entries = entries.iter().map(|(place, fields)| (*place, words(fields)));
    put(transaction, entries).await
}

async fn put(
    transaction: &Transaction,
    entries: impl Iterator<Item = (i64, String)>,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let mut insert = Query::insert();
    insert.into_table(TABLE).columns([search::place_column(backend), "words"]);
    let mut some = false;
    for (place, words) in entries {
        let words = match backend {
            DbBackend::Postgres => Expr::cust_with_values("CAST($1 AS tsvector)", [words]),
            _ => words.into(),
        };
        insert.values_panic([place.into(), words]);
        some = true;
    }
    if some {
        transaction.execute(&insert).await?;
    }
    Ok(())
}

/// The token of the entry that stands for no row.
fn rules() -> String {
    format!("@rules{RULES}")
}

/// Makes the index, and what else is kept in folded spelling, anew unless it is there and was made by
/// these rules.
pub async fn prepare(database: &Database) -> Result<(), Error> {
    let backend = database.backend();
    let known = Query::select()
        .expr(Expr::val(0_i64))
        .expr_as(Expr::val(1_i64), "count")
        .from(TABLE)
        .and_where(search::has(&rules(), backend))
        .limit(1)
        .take();
    if !database.fetch::<(i64, Count)>(&known).await?.is_empty() {
        return Ok(());
    }
    let transaction = database.begin().await?;
    folded::all_anew(&transaction).await?;
    transaction.execute(Query::delete().from_table(TABLE)).await?;
    for table in super::TABLES {
        of!(*table, E => self::table::<E>(&transaction, E::KEPT.standing, 0..i64::MAX).await?, else {});
    }
    let words = match backend {
        DbBackend::Postgres => format!("'{}':1", rules()),
        _ => rules(),
    };
    put(&transaction, [(0, words)].into_iter()).await?;
    transaction.commit(&known).await.map(drop)
}

/// Takes rows of a table out of the index.
pub(super) async fn remove(
    transaction: &Transaction,
    standing: i64,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let places: Vec<i64> =
        numbers.into_iter().map(|number| search::place(standing, number)).collect();
    for places in places.chunks(CHUNK) {
        let place = Expr::col(search::place_column(backend));
        let mut delete = Query::delete();
        delete.from_table(TABLE).and_where(place.is_in(places.iter().copied()));
        transaction.execute(&delete).await?;
    }
    Ok(())
}

/// Adds the rows of a table with these numbers, in their order.
pub(super) async fn table<E: EntityTrait>(
    transaction: &Transaction,
    standing: i64,
    numbers: Range<i64>,
) -> Result<(), Error> {
    let read: Vec<E::Column> = columns::<E>().collect();
    if read.is_empty() {
        return Ok(());
    }
    let mut next = numbers.start;
    let texts =
        read.iter().fold(Condition::any(), |any, text| any.add(column::<E>(*text).is_not_null()));
    loop {
        let mut select = Query::select();
        select
            .column("id")
            .columns(read.iter().copied())
            .from(E::default().table_name().to_owned())
            .and_where(Expr::col("id").gte(next))
            .and_where(Expr::col("id").lt(numbers.end))
            .cond_where(texts.clone())
            .order_by("id", Order::Asc)
            .limit(CHUNK as u64);
        if let Some(superseded) = superseded::<E>() {
            select.and_where(column::<E>(superseded).is_null());
        }
        let rows = transaction.query_all(&select).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let number = row.try_get("", "id")?;
            next = number + 1;
            let values = read.iter().map(|column| value::<E>(row, *column));
            let values = values.collect::<Result<Vec<Value>, DbErr>>()?;
            let of = |wanted: E::Column| {
                let place = read.iter().position(|column| column.as_str() == wanted.as_str());
                place.map_or(Value::String(None), |place| values[place].clone())
            };
            entries.extend(entry::<E>(standing, number, of));
        }
        add::<E>(transaction, entries).await?;
        if rows.len() < CHUNK {
            return Ok(());
        }
    }
}

fn value<E: EntityTrait>(row: &QueryResult, column: E::Column) -> Result<Value, DbErr> {
    if is_json(&column) {
        row.try_get::<Option<serde_json::Value>>("", column.as_str()).map(Value::from)
    } else {
        row.try_get::<Option<String>>("", column.as_str()).map(Value::from)
    }
}
