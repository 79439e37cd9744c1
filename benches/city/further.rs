//! What is measured besides the questions: answers that are kept, documents that are new, memory,
//! and all figures as one file.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    Bench, UNCACHED, ask,
    client::{Connection, FRESH, Target, crowd},
    graphql,
    measure::{Failure, Side, compare},
    process::Process,
    questions::{BY_SLUG, THREE_LEVELS},
    report::{line, megabytes, which},
};

/// Bytes of answers that are kept, more than are asked for.
const CACHED: u32 = 100_000_000;

/// For how long a fresh process is asked whose memory is told.
const MEMORY: Duration = Duration::from_secs(5);

/// How all figures are asked for: their name, a path, and what is posted.
const FILES: [(&str, &str, Option<&str>); 2] = [
    (
        "CSV of a query",
        "/graphql?format=csv",
        Some(
            "{ observations { nodes { metric { slug } district { slug } initiative { slug } \
             period { code } value comparator status } } }",
        ),
    ),
    ("CSV of an export", "/export/observations.csv", None),
];

/// Answers that are kept, against as many bytes that never change: from a route with nothing around
/// it, and from one with all that is around every answer of the server.
pub(crate) async fn kept(bench: &Bench, hand: &Process) -> Result<(), Failure> {
    let slug = json!({ "slug": "district-7" });
    let lines = [
        ("kept, of a district", BY_SLUG, slug.clone(), "constant"),
        ("… same layers around", BY_SLUG, slug, "layered"),
        ("kept, three levels", THREE_LEVELS, json!({}), "constant"),
        ("… around three levels", THREE_LEVELS, json!({}), "layered"),
    ];
    if !lines.iter().any(|line| bench.wants(line.0)) {
        return Ok(());
    }
    let mut servers = Vec::new();
    for program in &bench.servers {
        servers.push(bench.start(program, CACHED).await?);
    }
    for (name, query, variables, route) in lines {
        if !bench.wants(name) {
            continue;
        }
        let targets = servers.iter().map(|server| (server, graphql(server, query, &variables)));
        let targets: Vec<_> = targets.collect();
        let (mut length, mut statements) = (0, String::new());
        for (_, target) in targets.iter().rev() {
            target.ask().await?;
            let answer = target.ask().await?;
            (length, statements) = (answer.body.len(), answer.statements);
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let target = Target::post(&hand.address, &format!("/{route}/{length}"), &body);
        let mut sides = vec![Side { target, processes: hand.with(None) }];
        for (server, target) in targets {
            sides.push(Side { target, processes: server.with(bench.database) });
        }
        line(name, &statements, &compare(&sides, bench.load).await?);
    }
    Ok(())
}

/// Documents that were never seen before, which are read, checked and planned each time, against
/// the same one again and again.
pub(crate) async fn cold(bench: &Bench) -> Result<(), Failure> {
    if !bench.wants("cold document") {
        return Ok(());
    }
    let slug = json!({ "slug": "district-7" });
    let cold = BY_SLUG.replace("name kind", &format!("n{FRESH}: name kind"));
    let warm = cold.replace(FRESH, "x123456789");
    println!();
    for program in &bench.servers {
        let server = bench.start(program, UNCACHED).await?;
        let sides = [&warm, &cold].map(|query| Side {
            target: graphql(&server, query, &slug),
            processes: server.with(bench.database),
        });
        let [warm, cold] = compare(&sides, bench.load).await?.try_into().map_err(|_| "sides")?;
        println!(
            "{}a cold document (a district by slug): + {:.0} µs of the processor ({:.0}, known \
             {:.0}), + {:.0} µs until the answer ({:.0}, known {:.0})",
            which(&bench.servers, program),
            cold.processor - warm.processor,
            cold.processor,
            warm.processor,
            cold.latency - warm.latency,
            cold.latency,
            warm.latency
        );
    }
    Ok(())
}

/// The most memory a fresh process has while it is asked for three levels.
pub(crate) async fn memory(bench: &Bench) -> Result<(), Failure> {
    if !bench.wants("memory") {
        return Ok(());
    }
    println!();
    for program in &bench.servers {
        let server = Process::server(program, &bench.url, UNCACHED, &bench.log).await?;
        ask(&server, "{ __typename }").await?;
        let [idle, _] = server.memory().unwrap_or_default();
        let target = graphql(&server, THREE_LEVELS, &json!({}));
        let mut connections = Vec::new();
        for _ in 0..bench.load.connections {
            connections.push(Connection::open(&target).await?);
        }
        let answers = crowd(&mut connections, MEMORY).await?;
        let [peak, own] = server.memory().unwrap_or_default();
        println!(
            "{}memory, three levels {answers} times on {} connections: {:.0} MB at most (at rest \
             {:.0}), {:.0} MB its own at the end, without pages of files",
            which(&bench.servers, program),
            bench.load.connections,
            megabytes(peak),
            megabytes(idle),
            megabytes(own)
        );
    }
    Ok(())
}

/// All figures as one file, from a fresh process.
pub(crate) async fn files(bench: &Bench) -> Result<(), Failure> {
    for (name, path, query) in FILES.into_iter().filter(|file| bench.wants(file.0)) {
        println!();
        for program in &bench.servers {
            let server = Process::server(program, &bench.url, UNCACHED, &bench.log).await?;
            let processes = server.with(bench.database);
            let (before, begun) = (processes.used(), Instant::now());
            let read = file(&server, path, query).await;
            let seconds = begun.elapsed().as_secs_f64();
            let processor = processes.since(&before) as f64 / 1e6;
            let [peak, _] = server.memory().unwrap_or_default();
            let which = which(&bench.servers, program);
            match read {
                Ok((rows, bytes)) => println!(
                    "{which}{name}: {rows} rows, {:.0} MB in {seconds:.2} s, {:.0} rows/s, \
                     {processor:.2} s of the processor, memory {:.0} MB at most",
                    megabytes(bytes),
                    rows as f64 / seconds,
                    megabytes(peak)
                ),
                Err(why) => println!("{which}{name}: failed after {seconds:.2} s: {why}"),
            }
        }
    }
    Ok(())
}

/// How many rows a file has below its head, and how many bytes.
async fn file(server: &Process, path: &str, query: Option<&str>) -> Result<(u64, u64), Failure> {
    let (client, url) = (reqwest::Client::new(), format!("http://{}{path}", server.address));
    let request = match query {
        Some(query) => client.post(url).json(&json!({ "query": query })),
        None => client.get(url),
    };
    let mut response = request.send().await?.error_for_status()?;
    let (mut lines, mut bytes) = (0_u64, 0);
    while let Some(chunk) = response.chunk().await? {
        lines += chunk.iter().filter(|&&byte| byte == b'\n').count() as u64;
        bytes += chunk.len() as u64;
    }
    Ok((lines.saturating_sub(1), bytes))
}
