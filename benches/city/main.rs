//! Measures a server over a synthetic city of a million figures, against one hand-written SQL
//! statement for each question, on lean tables with the same rows.
//!
//! ```sh
//! cargo bench --bench city                                    # SQLite, a million figures
//! cargo bench --bench city -- --small                         # SQLite, five thousand
//! cargo bench --bench city -- --only "by place"               # one line of the table
//! cargo bench --bench city -- --database-url postgres://…     # an empty database, or one made so
//! cargo bench --bench city -- --other PATH                    # beside another `hutong`
//! cargo bench --bench city --profile dist                     # as it is deployed
//! ```
//!
//! The city is made when the database is empty: by default an SQLite file in `target/tmp`, about
//! 0.6 GB, which is kept for the next time, as are the lean tables. Each side is a process of its
//! own that answers over HTTP: the `hutong` of this build or of `--server`, one more of `--other`,
//! and this program itself for what is written by hand. All of them must know the same tables:
//! this program brings the database up to date. They are asked in turn, over the same number of
//! connections; that their answers are equal is checked first. The processor's time is that of the
//! side's process alone, and of all of PostgreSQL's while that side is asked. Nothing is asserted
//! on times.

mod by_hand;
mod client;
mod dialect;
mod further;
mod generate;
mod lean;
mod measure;
mod prepare;
mod process;
mod questions;
mod report;

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use serde_json::{Value, json};

use crate::{
    by_hand::Work,
    client::Target,
    generate::{SLUG, Size},
    measure::{Failure, Load, Side, compare},
    process::Process,
    questions::{MIDDLE, Middle, THREE_LEVELS, questions},
};

/// Measures a server over a synthetic city.
#[derive(Debug, Parser)]
struct Options {
    /// The database to measure; made into a synthetic city when it is empty
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Measure a city of 5,000 figures instead of a million
    #[arg(long)]
    small: bool,
    /// Measure only what has this in its name
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The server to measure
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_hutong"))]
    server: PathBuf,
    /// Another one to measure beside it; for several, repeat it
    #[arg(long, value_name = "PATH")]
    other: Vec<PathBuf>,
    /// How often each side has its turn
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    rounds: usize,
    /// How many requests are under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    connections: usize,
    /// What the servers log to the standard error
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    log: String,
    /// Be the other side
    #[arg(long, hide = true)]
    by_hand: bool,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured, and how.
struct Bench {
    url: String,
    /// The servers: the first is compared with what is written by hand, and so are the others.
    servers: Vec<PathBuf>,
    log: String,
    load: Load,
    only: String,
    /// PostgreSQL's first process.
    database: Option<u32>,
}

/// Other questions are executed each time.
const UNCACHED: u32 = 0;

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    match options.by_hand {
        true => tokio::runtime::Runtime::new()?.block_on(by_hand::serve()),
        // The processors are for those who answer.
        false => {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build()?.block_on(measured(options))
        }
    }
}

async fn measured(options: Options) -> Result<(), Failure> {
    let small_url = format!("sqlite://{}", prepare::file("city-small.db"));
    let (size, url) = match (options.small, options.database_url) {
        (true, url) => (Size::SMALL, url.unwrap_or_else(|| small_url.clone())),
        (false, url) => {
            let full = format!("sqlite://{}", prepare::file("city.db"));
            (Size::FULL, url.unwrap_or(full))
        }
    };
    let dialect = prepare::city(&url, &size).await?;
    let name = Path::new(&url).file_stem().unwrap_or_default().to_string_lossy();
    let lean = prepare::file(&format!("{name}-lean.db"));
    lean::make(&url, dialect, Path::new(&lean)).await?;

    let bench = Bench {
        servers: [options.server].into_iter().chain(options.other).collect(),
        log: options.log,
        load: Load { rounds: options.rounds, connections: options.connections },
        only: options.only,
        database: prepare::processes(&url, dialect).await?,
        url,
    };
    let mut servers = Vec::new();
    for program in &bench.servers {
        servers.push(bench.start(program, UNCACHED).await?);
    }
    if bench.url != small_url && bench.wants("three levels") {
        prepare::city(&small_url, &Size::SMALL).await?;
        let program = bench.servers.first().ok_or("no server")?;
        let small = Process::server(program, &small_url, UNCACHED, &bench.log).await?;
        let many = ask(servers.first().ok_or("no server")?, THREE_LEVELS).await?.1;
        let few = ask(&small, THREE_LEVELS).await?.1;
        let (rows, few_rows) = (size.observations, Size::SMALL.observations);
        println!("statements for three levels: {many} of {rows} figures, {few} of {few_rows}\n");
    }

    let mut asked = Vec::new();
    for server in &servers {
        asked.push(questions(dialect, &middle(server).await?));
    }
    let by_hand = asked.first().ok_or("no server")?;
    let work = Work {
        city: bench.url.clone(),
        lean,
        statements: by_hand.iter().map(|question| question.sql.clone()).collect(),
    };
    let hand = Process::by_hand(&work)?;
    report::header(&bench.servers);
    for (number, question) in by_hand.iter().enumerate() {
        if !bench.wants(question.name) {
            continue;
        }
        let values = json!(question.values).to_string();
        let target = Target::post(&hand.address, &format!("/{number}"), &values);
        let mut sides = vec![Side { target, processes: hand.with(bench.database) }];
        for (server, asked) in servers.iter().zip(&asked) {
            let question = asked.get(number).ok_or("no such question")?;
            let target = graphql(server, &question.graphql, &question.variables);
            sides.push(Side { target, processes: server.with(bench.database) });
        }
        let statements = equal(question.name, &sides).await?;
        report::line(question.name, &statements, &compare(&sides, bench.load).await?);
    }
    drop(servers);
    further::kept(&bench, &hand).await?;
    further::cold(&bench).await?;
    further::memory(&bench).await?;
    further::files(&bench).await
}

impl Bench {
    /// Whether something of this name is measured.
    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    /// Starts a server that keeps answers up to so many bytes.
    async fn start(&self, program: &Path, cache: u32) -> Result<Process, Failure> {
        let server = Process::server(program, &self.url, cache, &self.log).await?;
        let slug = ask(&server, "{ dataset { slug } }").await?.0;
        match slug["data"]["dataset"]["slug"] == SLUG {
            true => Ok(server),
            false => Err(format!("not {SLUG:?} but {slug}; give an empty database").into()),
        }
    }
}

fn graphql(server: &Process, query: &str, variables: &Value) -> Target {
    let body = json!({ "query": query, "variables": variables }).to_string();
    Target::post(&server.address, "/graphql", &body)
}

/// The answer, which must be free of errors, and its number of statements.
async fn ask(server: &Process, query: &str) -> Result<(Value, String), Failure> {
    let answer = graphql(server, query, &json!({})).ask().await?;
    let json: Value = serde_json::from_slice(&answer.body)?;
    match json.get("errors") {
        Some(errors) => Err(format!("{query}: {errors}").into()),
        None => Ok((json, answer.statements)),
    }
}

/// Checks that all sides answer with the same data, keys in the same order, and says how many
/// statements the first server took.
async fn equal(name: &str, sides: &[Side]) -> Result<String, Failure> {
    let mut answers = Vec::new();
    for side in sides {
        let answer = side.target.ask().await?;
        let json: Value = serde_json::from_slice(&answer.body)?;
        answers.push((json["data"].to_string(), answer.statements));
    }
    let [(same, _), rest @ ..] = answers.as_slice() else { return Ok(String::new()) };
    for (data, _) in rest {
        if data != same {
            let short = |text: &str| text.chars().take(500).collect::<String>();
            let (one, other) = (short(data), short(same));
            return Err(format!("{name}: answers differ:\n{one}\n{other}").into());
        }
    }
    Ok(rest.first().map(|(_, statements)| statements.clone()).unwrap_or_default())
}

async fn middle(server: &Process) -> Result<Middle, Failure> {
    let answer = ask(server, MIDDLE).await?.0;
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
