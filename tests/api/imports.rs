//! Files into the database: what became of them, or all that is wrong with them.

use std::path::Path;

use clap::Parser;
use entity::Decimal;
use hutong::{
    error::Error,
    package::{self, Options, Source, Summary},
    record::{By, Writer},
};
use sea_orm::{
    FromQueryResult,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use serde::Deserialize;

use crate::server::{Store, now};

#[derive(Parser)]
pub(crate) struct Line {
    #[command(flatten)]
    pub(crate) options: Options,
}

/// Files in a folder of their own.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// Imports a path, with options as on the command line; all that is wrong otherwise, a line each.
pub(crate) async fn import_path(
    store: &Store,
    path: &Path,
    options: &[&str],
) -> Result<Summary, Vec<String>> {
    store.database.migrate().await.unwrap();
    let line = Line::try_parse_from([&["import"], options].concat()).unwrap();
    let database = &store.database;
    let mut writer = Writer::begin(database, now(), By::operator("a test")).await.unwrap();
    let sources = vec![Source::path(path)];
    let done = package::import(database, &mut writer, sources, &line.options, &mut ()).await;
    match done {
        Ok(summary) => {
            writer.commit().await.unwrap();
            Ok(summary)
        }
        Err(Error::Rejected(problems)) => {
            let within = format!("{}/", path.parent().unwrap().display());
            Err(problems.to_string().replace(&within, "").lines().map(str::to_owned).collect())
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// The same of a file with that name and those bytes.
pub(crate) async fn import(
    store: &Store,
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &[&str],
) -> Result<Summary, Vec<String>> {
    let folder = folder(&[(name, bytes.as_ref())]);
    import_path(store, &folder.path().join(name), options).await
}

/// What was done to each table: created, updated, removed, unchanged.
pub(crate) fn counts(summary: &Summary) -> Vec<(&'static str, [u64; 4])> {
    let of = |(table, counts): (&&'static str, &hutong::record::Counts)| {
        (*table, [counts.created, counts.updated, counts.removed, counts.unchanged])
    };
    summary.outcome.0.iter().map(of).collect()
}

#[derive(Debug, FromQueryResult, Deserialize)]
struct Figure {
    metric: String,
    district: String,
    period: String,
    value: Option<Decimal>,
    decimals: i32,
    multiplier: i32,
    comparator: String,
    status: String,
}

/// The figures in force, a line each: metric, district, days, comparator, value, decimals,
/// multiplier, status.
pub(crate) async fn figures(store: &Store) -> Vec<String> {
    let slug = |table: &'static str, key: &'static str| {
        let slug = Query::select()
            .expr(Expr::col((table, "slug")))
            .from(table)
            .and_where(Expr::col((table, "id")).equals(("observation", key)))
            .take();
        Expr::SubQuery(None, Box::new(slug.into()))
    };
    let mut select = Query::select();
    select.column("id").expr_as(slug("metric", "metric_id"), "metric");
    select.expr_as(slug("district", "district_id"), "district");
    select.columns(["period", "value", "decimals", "multiplier", "comparator", "status"]);
    select.from("observation").and_where(Expr::col("superseded_at").is_null());
    select.order_by("id", Order::Asc);
    let rows: Vec<(i64, Figure)> = store.database.fetch(&select.take()).await.unwrap();
    let line = |(_, figure): (i64, Figure)| {
        let value = figure.value.map_or("none".to_owned(), |value| value.to_string());
        format!(
            "{} {} {} {} {value} {} {} {}",
            figure.metric,
            figure.district,
            figure.period.parse::<entity::Period>().unwrap(),
            figure.comparator,
            figure.decimals,
            figure.multiplier,
            figure.status
        )
    };
    rows.into_iter().map(line).collect()
}

#[derive(Debug, FromQueryResult, Deserialize)]
struct Place {
    slug: String,
    kind: String,
    code: Option<String>,
    parent: Option<String>,
}

/// The places, a line each: slug, kind, code, and what it lies in.
pub(crate) async fn places(store: &Store) -> Vec<String> {
    let parent = Query::select()
        .expr(Expr::col(("around", "slug")))
        .from_as("district", "around")
        .and_where(Expr::col(("around", "id")).equals(("district", "parent_id")))
        .take();
    let mut select = Query::select();
    select.columns(["id", "slug", "kind", "code"]);
    select.expr_as(Expr::SubQuery(None, Box::new(parent.into())), "parent").from("district");
    select.order_by("slug", Order::Asc);
    let rows: Vec<(i64, Place)> = store.database.fetch(&select.take()).await.unwrap();
    let text = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    rows.into_iter()
        .map(|(_, place)| {
            format!("{} {} {} {}", place.slug, place.kind, text(place.code), text(place.parent))
        })
        .collect()
}
