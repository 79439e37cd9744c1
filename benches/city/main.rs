//! Measures the server over a synthetic city of a million figures, against one hand-written SQL
//! statement for each question.
//!
//! ```sh
//! cargo bench --bench city                                    # SQLite, a million figures
//! cargo bench --bench city -- --small                         # SQLite, five thousand
//! cargo bench --bench city -- --only "by place"               # one line of the table
//! cargo bench --bench city -- --database-url postgres://…     # an empty database, or one made so
//! cargo bench --bench city --profile dist                     # as it is deployed
//! ```
//!
//! The city is made when the database is empty: by default an SQLite file in `target/tmp`, about
//! 0.6 GB, which is kept for the next time. Both sides answer over HTTP in this process and are
//! asked in turn; that their answers are equal is checked first. Nothing is asserted on times.
//! With `--log hutong::database=debug` every SQL statement of the server is printed once it has run.

mod by_hand;
mod generate;
mod measure;
mod questions;

use std::{io::IsTerminal, path::Path, sync::Arc, time::Instant};

use async_graphql::{InputType, value};
use axum::{Router, body::Bytes, http::header::CONTENT_TYPE, routing::post};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use hutong::{
    access::Access,
    cli::Cli,
    database::{self, Database},
    graphql::{self, Guard, ObservationFilter},
    http::{self, App, Metrics},
    query::{
        Dimension, Page, View,
        batch::Load,
        group::{Groups, Part},
        parent::ROOT,
    },
    record::Writer,
};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::{
    generate::{SLUG, Size},
    measure::{Failure, Measured, Target, compare},
    questions::{BY_PLACE, MIDDLE, Middle, THREE_LEVELS, questions},
};

/// Measures the server over a synthetic city.
#[derive(Debug, Parser)]
struct Options {
    /// The database to measure; made into a synthetic city when it is empty
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Measure a city of 5,000 figures instead of a million
    #[arg(long)]
    small: bool,
    /// Ask only the questions whose name in the table has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// What to log to the standard error
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    log: String,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_new(&options.log)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_span_events(match options.log.contains("hutong::database") {
            true => FmtSpan::CLOSE,
            false => FmtSpan::NONE,
        })
        .init();
    let small_url = file("city-small.db");
    let (size, url) = match (options.small, options.database_url) {
        (true, url) => (Size::SMALL, url.unwrap_or_else(|| small_url.clone())),
        (false, url) => (Size::FULL, url.unwrap_or_else(|| file("city.db"))),
    };
    let database = open(&url, &size).await?;
    let client = reqwest::Client::new();
    let city = serve(&database, &client, UNCACHED).await?;

    let three = city.ask(THREE_LEVELS).await?.1;
    if url != small_url {
        let small = serve(&open(&small_url, &Size::SMALL).await?, &client, UNCACHED).await?;
        let few = small.ask(THREE_LEVELS).await?.1;
        let (many, few_rows) = (size.observations, Size::SMALL.observations);
        println!("statements for three levels: {three} of {many} figures, {few} of {few_rows}\n");
    }

    let questions = questions(database.backend(), &middle(&city).await?);
    // For the life of the process.
    let runner: &'static by_hand::Runner = Box::leak(Box::new(by_hand::Runner::open(&url).await?));
    let hand = by_hand::serve(runner, &questions).await?;
    println!(
        "{:<20} {:>5} {:>9} {:>9} {:>6}  {:>8} {:>8} {:>6}  {:>8} {:>6}",
        "", "SQL", "ms", "by hand", "ratio", "/s at 8", "by hand", "ratio", "CPU ms", "ratio"
    );
    for (number, question) in questions.iter().enumerate() {
        if !question.name.contains(&options.only) {
            continue;
        }
        let ours = city.target(&question.graphql);
        let theirs = Target::post(&client, format!("{hand}{number}"), String::new());
        let (answer, statements) = ours.ask().await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let same: Value = serde_json::from_slice(&theirs.ask().await?.0)?;
        let list = answer["data"].as_object().and_then(|fields| fields.values().next());
        if list != Some(&same) {
            let short = |json: &Value| json.to_string().chars().take(500).collect::<String>();
            let (one, other) = (short(&answer), short(&same));
            return Err(format!("{}: answers differ:\n{one}\n{other}", question.name).into());
        }
        let [one, other] = compare([&ours, &theirs]).await?;
        line(question.name, &statements.unwrap_or_default(), &one, &other);
    }
    // The grouping alone, against the statement alone: neither is asked over HTTP.
    if STATEMENT.contains(&options.only) {
        let by_place = questions.into_iter().find(|question| question.name == BY_PLACE);
        let sql = by_place.ok_or("no such question")?.sql;
        let bare = Target::new(move || {
            let answer = runner.run(sql.clone());
            async move { Ok((answer.await?.into_bytes(), None)) }
        });
        let [one, other] = compare([&groups(&database)?, &bare]).await?;
        line(STATEMENT, "1", &one, &other);
    }
    // An answer that is kept, against one that never changes, to the same request: from a route with
    // nothing around it, and from one with all that is around every answer of the server.
    let keeping = serve(&database, &client, "--result-cache=100000000").await?;
    let kept = keeping.target(THREE_LEVELS);
    let bare = constant(kept.ask().await?.0);
    let metrics = Arc::new(Metrics::new(database.meter()));
    let layered = http::layered(bare.clone(), &Cli::parse_from(["hutong"]).config.http, metrics);
    for (name, router) in [("kept / bare route", bare), ("kept / same layers", layered)] {
        if name.contains(&options.only) {
            let constant = City { url: route(router).await?, client: client.clone() };
            let [one, other] = compare([&kept, &constant.target(THREE_LEVELS)]).await?;
            line(name, &kept.ask().await?.1.unwrap_or_default(), &one, &other);
        }
    }
    Ok(())
}

/// A route that answers with these bytes, whatever it is sent.
fn constant(body: Vec<u8>) -> Router {
    let body = Bytes::from(body);
    let json = [(CONTENT_TYPE, "application/json")];
    Router::new().route("/", post(async move |_: Bytes| (json, body.clone())))
}

/// Serves a router on a free port, and says its address.
async fn route(router: Router) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// What stands in the table for the statement of [`BY_PLACE`] alone.
const STATEMENT: &str = "… the statement";

/// The other questions are executed each time.
const UNCACHED: &str = "--result-cache=0";

fn line(name: &str, statements: &str, one: &Measured, other: &Measured) {
    println!(
        "{name:<20} {statements:>5} {:>9.2} {:>9.2} {:>6.2}  {:>8.0} {:>8.0} {:>6.2}  {:>8.2} \
         {:>6.2}",
        one.milliseconds,
        other.milliseconds,
        one.milliseconds / other.milliseconds,
        one.per_second,
        other.per_second,
        one.per_second / other.per_second,
        one.processor,
        one.processor / other.processor
    );
}

/// An SQLite database beside what cargo builds.
fn file(name: &str) -> String {
    format!("sqlite://{}", Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display())
}

/// Opens the database, and makes the city where there is none.
async fn open(url: &str, size: &Size) -> Result<Database, Failure> {
    let options = database::Options {
        database_url: Some(url.to_owned()),
        database_readers: 4,
        statement_timeout: 30,
        migration_backup: false,
    };
    let database = Database::open(&options).await?;
    database.migrate().await?;
    let begun = Instant::now();
    let empty =
        Writer::begin(&database, chrono::Utc::now(), hutong::record::By::operator("the generator"))
            .await?
            .is_empty()
            .await?;
    if empty {
        generate::city(&database, size).await?;
        let rows = size.observations;
        println!("made {rows} figures in {:.1} s: {url}", begun.elapsed().as_secs_f64());
        if database.backend() == DbBackend::Postgres {
            // What autovacuum does a minute later.
            let connection = sea_orm::Database::connect(url).await?;
            connection.execute_unprepared("VACUUM ANALYZE").await?;
        }
    }
    Ok(database)
}

/// The server under measurement.
struct City {
    url: String,
    client: reqwest::Client,
}

/// Starts the server on a free port; it ends with the process.
async fn serve(
    database: &Database,
    client: &reqwest::Client,
    cache: &str,
) -> Result<City, Failure> {
    let config = Cli::parse_from(["hutong", "--listen", "127.0.0.1:0", cache]).config;
    let schema = graphql::schema(config.limits);
    let guard = Guard::new(&schema, config.guard, config.limits)?;
    let listener = http::listen(&config.http).await?;
    let access = Access::new(&config.access, database)?;
    let app = App::new(access, schema, guard, database.clone(), config.http, config.live);
    let url = format!("http://{}/graphql", listener.local_addr()?);
    let (first, end) = (Box::pin(async { Ok(()) }), Box::pin(std::future::pending()));
    tokio::spawn(http::serve(listener, app, first, end));
    let city = City { url, client: client.clone() };
    let slug = city.ask("{ dataset { slug } }").await?.0["data"]["dataset"]["slug"].clone();
    match slug == SLUG {
        true => Ok(city),
        false => Err(format!("the database holds {slug}, not {SLUG:?}; give an empty one").into()),
    }
}

impl City {
    fn target(&self, query: &str) -> Target {
        Target::post(&self.client, self.url.clone(), json!({ "query": query }).to_string())
    }

    /// The answer, which must be free of errors, and its number of statements.
    async fn ask(&self, query: &str) -> Result<(Value, String), Failure> {
        let (answer, statements) = self.target(query).ask().await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        match answer.get("errors") {
            Some(errors) => Err(format!("{query}: {errors}").into()),
            None => Ok((answer, statements.unwrap_or_default())),
        }
    }
}

async fn middle(city: &City) -> Result<Middle, Failure> {
    let answer = city.ask(MIDDLE).await?.0;
    let edge = &answer["data"]["observations"]["edges"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("no figure in the middle");
    let period = &edge["node"]["period"];
    let cursor = text(&edge["cursor"])?;
    // What a cursor ends with is the row's number.
    let parts: Vec<Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&cursor)?)?;
    Ok(Middle {
        id: parts.last().and_then(Value::as_i64).ok_or("a cursor without a number")?,
        cursor,
        span: format!("{}/{}", text(&period["start"])?, text(&period["end"])?),
    })
}

/// The groups of [`BY_PLACE`] as they are read, before they become an answer.
fn groups(database: &Database) -> Result<Target, Failure> {
    let filter = value!({ "metric": { "slug": { "eq": "metric-7" } } });
    let filter = ObservationFilter::parse(Some(filter)).map_err(|why| format!("{why:?}"))?;
    let page = Page { limit: 1000, backward: false, after: None, before: None };
    let by = vec![Dimension::District];
    // What the counts, means and largest values of the question are computed of.
    let parts = [Part::Rows, Part::Values, Part::Sum, Part::Greatest, Part::Sorts];
    let (view, parts) = (View::default(), parts.to_vec());
    let groups = Groups::new(view, by, Some(Arc::new(filter)), None, Vec::new(), parts, page)?;
    let (groups, database) = (Arc::new(groups), database.clone());
    Ok(Target::new(move || {
        let (groups, database) = (Arc::clone(&groups), database.clone());
        async move {
            groups.load(&database, vec![ROOT]).await?;
            Ok((Vec::new(), Some("1".to_owned())))
        }
    }))
}
