//! The other side, a process of its own: what the questions' hand-written statements return, and
//! nothing more: the least that an answer from such tables can cost.
//!
//! On SQLite the threads that serve run the statements where they stand, each on a connection of
//! its own: handing them to other threads and back costs a short one as much again.

use std::{cell::RefCell, io::BufRead, path::Path, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::Path as Number,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::post,
};
use clap::Parser;
use hutong::{
    cli::Cli,
    http::{self, Metrics},
};
use rusqlite::{Connection, config::DbConfig, params_from_iter};
use sea_orm::sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    query_scalar,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{lean::attached, measure::Failure, prepare};

/// What this process is told, as one line of JSON on its standard input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    /// The URL of Hutong's own tables.
    pub(crate) city: String,
    /// The file of the lean tables, on SQLite.
    pub(crate) lean: String,
    /// The statements, by number; each returns an answer as one text.
    pub(crate) statements: Vec<String>,
}

/// How many statements run at once on PostgreSQL: as many as Hutong lets read.
const READERS: u32 = 4;

const JSON: [(axum::http::HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

/// Serves on a free port, whose address is the first line of the standard output, until the
/// standard input ends.
///
/// `POST /number` with a list of values runs the statement of that number. `POST /constant/length`
/// is answered with as many bytes that never change, from a route with nothing around it, and
/// `POST /layered/length` from one with all that is around every answer of the server.
pub(crate) async fn serve() -> Result<(), Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    // For the life of the process.
    let work: &'static Work = Box::leak(Box::new(serde_json::from_str(&line)?));
    let pool = match work.city.starts_with("sqlite:") {
        true => None,
        false => Some(pool(&work.city).await?),
    };
    let numbered = post(async move |Number(number): Number<usize>, Json(values): Json<_>| {
        let statement = work.statements.get(number).map(String::as_str).unwrap_or_default();
        let answer = match &pool {
            Some(pool) => from_postgres(pool, statement, values).await,
            None => from_file(work, statement, &values),
        };
        match answer {
            Ok(answer) => Ok((JSON, answer)),
            Err(why) => Err((StatusCode::INTERNAL_SERVER_ERROR, why.to_string())),
        }
    });
    let bytes = Bytes::from(vec![b' '; 1 << 20]);
    let constant = post(async move |Number(length): Number<usize>, _: Bytes| {
        (JSON, bytes.slice(..length.min(bytes.len())))
    });
    let layered = Router::new().route("/layered/{length}", constant.clone());
    let metrics = Arc::new(Metrics::new(prepare::open(&work.city).await?.meter()));
    let layered = http::layered(layered, &Cli::parse_from(["hutong"]).config.http, metrics);
    let router = Router::new().route("/{number}", numbered).route("/constant/{length}", constant);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(|| {
        while std::io::stdin().lock().read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0) {}
        std::process::exit(0);
    });
    Ok(axum::serve(listener, router.merge(layered)).await?)
}

async fn pool(url: &str) -> Result<PgPool, Failure> {
    let options = url.parse::<PgConnectOptions>()?;
    // What is read lies in memory, so that a page is as near as the next.
    let options = options.options([
        ("search_path", "lean,public"),
        ("jit", "off"),
        ("random_page_cost", "1.1"),
    ]);
    let pool = PgPoolOptions::new().max_connections(READERS).test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}

async fn from_postgres(
    pool: &PgPool,
    statement: &'static str,
    values: Vec<String>,
) -> Result<Vec<u8>, Failure> {
    let query = query_scalar::<_, String>(AssertSqlSafe(statement));
    let query = values.into_iter().fold(query, |query, value| query.bind(value));
    Ok(query.fetch_one(pool).await?.into_bytes())
}

thread_local! {
    static OPEN: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

fn from_file(work: &Work, statement: &str, values: &[String]) -> Result<Vec<u8>, Failure> {
    OPEN.with_borrow_mut(|open| {
        let connection = match open {
            Some(connection) => connection,
            None => open.insert(connect(work)?),
        };
        let mut statement = connection.prepare_cached(statement)?;
        let text = |row: &rusqlite::Row<'_>| Ok(row.get_ref(0)?.as_bytes()?.to_vec());
        Ok(statement.query_row(params_from_iter(values), text)?)
    })
}

fn connect(work: &Work) -> rusqlite::Result<Connection> {
    let city = work.city.strip_prefix("sqlite://").unwrap_or(&work.city);
    let connection = attached(Path::new(&work.lean), city)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -65536")?;
    // Or else statements are prepared anew for each value that their plan might depend on.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
