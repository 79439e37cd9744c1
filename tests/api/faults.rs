//! Disks and connections that fail at every point of a write in turn: what was acknowledged is
//! there, what was not is not, and the next write is kept.

#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    },
};

use crate::{
    Server,
    command::{hutong, serve},
    proxy::{self, Fate, Piece},
    server::{Store, now},
};
use hutong::{
    access::Role,
    package::bundled,
    record::token::{NewToken, grant},
};
use serde_json::{Value, json};

const NO_SPACE: i32 = 28;
const IO_ERROR: i32 = 5;

/// More calls than a write makes.
const ALL: i64 = 1_000_000;

/// How often in a row a write fails before one may succeed.
const IN_A_ROW: [i32; 3] = [1, 2, 3];

/// A server of its own process, and who may write to it.
struct Client {
    address: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    async fn ask(&self, query: &str) -> (u16, Value) {
        let post = self.http.post(format!("http://{}/graphql", self.address));
        let post = post.bearer_auth(&self.token).json(&json!({ "query": query }));
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Writes rows of two tables. Tells whether that was acknowledged, or else the error's code.
    async fn write(&self, slug: &str) -> Result<(), String> {
        // Long enough that the file grows.
        let name = format!("{slug} {}", "x".repeat(2000));
        let (_, answer) = self
            .ask(&format!(
                r#"mutation {{
                    createTheme(input: {{slug: "{slug}", name: [{{language: "en", text: "{name}"}}]}}) {{ revision }}
                    createUnit(input: {{slug: "{slug}", symbol: "u", dimension: COUNT, name: [{{language: "en", text: "{name}"}}]}}) {{ revision }}
                }}"#
            ))
            .await;
        match answer.get("errors") {
            None => Ok(()),
            Some(errors) => Err(errors[0]["extensions"]["code"].as_str().unwrap().to_owned()),
        }
    }

    /// The slugs that are there, the same of both tables.
    async fn slugs(&self) -> BTreeSet<String> {
        let query = r#"{ themes(first: 1000, filter: {slug: {startsWith: "fault-"}}) { nodes { slug } }
            units(first: 1000, filter: {slug: {startsWith: "fault-"}}) { nodes { slug } } }"#;
        let (_, answer) = self.ask(query).await;
        let of = |list: &str| -> BTreeSet<String> {
            let nodes =
                answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
            nodes.iter().map(|node| node["slug"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of("themes"), of("units"));
        of("themes")
    }

    async fn readiness(&self) -> (u16, Value) {
        let answer = self.http.get(format!("http://{}/health/ready", self.address));
        let answer = answer.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// What the disk does from now on.
struct Disk {
    order: std::path::PathBuf,
    generation: i64,
}

impl Disk {
    fn fail(&mut self, skip: i64, fail: i64, error: i32) {
        self.generation += 1;
        let next = self.order.with_extension("next");
        std::fs::write(&next, format!("{} {skip} {fail} {error}", self.generation)).unwrap();
        std::fs::rename(next, &self.order).unwrap();
    }
}

/// Compiles the library that makes the disk fail.
fn library(folder: &Path) -> std::path::PathBuf {
    let library = folder.join("disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/faults/disk.c");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]);
    assert!(compile.status().unwrap().success());
    library
}

/// A disk that is full, and one that fails once, from every call on that a write makes to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_at_every_call_loses_nothing_acknowledged() {
    let (store, folder) = crate::server::sqlite().await;
    store.database.migrate().await.unwrap();
    assert!(bundled::package().unwrap().load_into_empty(&store.database, now()).await.unwrap());
    let new = NewToken { name: "writer".to_owned(), role: Role::Editor, expires_at: None };
    let token = grant(&store.database, new, now()).await.unwrap();
    let url = format!("--database-url={}", store.url);
    store.database.close().await.unwrap();
    let mut disk = Disk { order: folder.path().join("order"), generation: 0 };
    disk.fail(0, 0, 0);
    let mut command = hutong(folder.path(), &["--listen=127.0.0.1:0", &url]);
    command.env("LD_PRELOAD", library(folder.path())).env("HUTONG_TEST_DISK", &disk.order);
    let (mut child, address) = tokio::task::spawn_blocking(|| serve(command)).await.unwrap();
    let client = Client { address, token: token.clone(), http: reqwest::Client::new() };
    let mut acknowledged = BTreeSet::new();
    for (error, fail, in_a_row) in [(NO_SPACE, ALL, &IN_A_ROW[..]), (IO_ERROR, 1, &[1])] {
        for times in in_a_row.iter().copied() {
            let mut refused = 0;
            for skip in 0.. {
                let mut untouched = true;
                for time in 0..times {
                    disk.fail(skip, fail, error);
                    let slug = format!("fault-{error}-{fail}-{times}-{skip}-{time}");
                    match client.write(&slug).await {
                        Ok(()) => drop(acknowledged.insert(slug)),
                        Err(code) => {
                            assert_eq!(code, "NOT_WRITABLE", "{slug}");
                            (untouched, refused) = (false, refused + 1);
                        }
                    }
                    if fail == ALL && !untouched {
                        let (status, told) = client.readiness().await;
                        assert_eq!(
                            (status, &told["status"]),
                            (503, &json!("unwritable")),
                            "{told}"
                        );
                    }
                }
                disk.fail(0, 0, 0);
                assert_eq!(client.slugs().await, acknowledged, "{error} {skip}");
                assert_eq!(client.readiness().await, (200, json!({ "status": "ready" })));
                let slug = format!("fault-{error}-{fail}-{times}-{skip}-after");
                assert_eq!(client.write(&slug).await, Ok(()), "{slug}");
                acknowledged.insert(slug);
                assert_eq!(client.slugs().await, acknowledged, "{error} {skip}");
                if untouched {
                    break;
                }
            }
            assert!(refused > 0, "no call was seen to fail");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let server = Server::over(Store::open(store.url).await, &[]).await;
    let client =
        Client { address: server.address.to_string(), token, http: reqwest::Client::new() };
    assert_eq!(client.slugs().await, acknowledged);
    server.stop().await;
}

/// A connection to PostgreSQL that is cut at each piece of a write, before and after it arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_at_every_statement_loses_nothing_acknowledged() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    store.database.migrate().await.unwrap();
    assert!(bundled::package().unwrap().load_into_empty(&store.database, now()).await.unwrap());
    // After how many more pieces a connection is cut, negative for never; and whether the last
    // arrives.
    let (left, delivered) = (Arc::new(AtomicI64::new(-1)), Arc::new(AtomicBool::default()));
    let (counted, arrives) = (Arc::clone(&left), Arc::clone(&delivered));
    let url = proxy::start(&store, move |piece| {
        let sent = matches!(piece, Piece::Sent(..));
        match sent && counted.load(SeqCst) >= 0 && counted.fetch_sub(1, SeqCst) == 0 {
            false => Fate::Passed,
            true if arrives.load(SeqCst) => Fate::Delivered,
            true => Fate::Cut,
        }
    })
    .await;
    store.database.close().await.unwrap();
    let server = Server::over(Store::open(url).await, &[]).await;
    let token = server.token(Role::Editor).await;
    let client =
        Client { address: server.address.to_string(), token, http: reqwest::Client::new() };
    // Whose connection is lost before it is ready does not begin.
    crate::wait::until("it is ready", async || client.readiness().await.0 == 200).await;
    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    for deliver in [false, true] {
        delivered.store(deliver, SeqCst);
        for times in IN_A_ROW {
            for piece in 0.. {
                let mut cut = false;
                for time in 0..times {
                    let slug = format!("fault-{deliver}-{times}-{piece}-{time}");
                    left.store(piece, SeqCst);
                    match client.write(&slug).await {
                        Ok(()) => drop(acknowledged.insert(slug)),
                        Err(code) => {
                            assert_eq!(code, "DATABASE_UNAVAILABLE", "{slug}");
                            refused += 1;
                        }
                    }
                    cut |= left.load(SeqCst) < 0;
                }
                left.store(-1, SeqCst);
                let slug = format!("fault-{deliver}-{times}-{piece}-after");
                assert_eq!(client.write(&slug).await, Ok(()), "{slug}");
                acknowledged.insert(slug);
                if !cut {
                    break;
                }
            }
        }
    }
    // A commit whose answer was lost was looked for: nothing is unknown.
    assert_eq!(client.slugs().await, acknowledged);
    assert!(refused > 20, "{refused}");
    server.stop().await;
    fresh.drop().await;
}
