//! A PostgreSQL that goes back, tells nothing, or says nothing any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use hutong::access::Role;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    Server,
    metrics::numbers_of,
    proxy::{self, Fate, Piece},
    server::Store,
    template::BUNDLED,
    wait::until,
};

pub(crate) const CACHED: [&str; 1] = ["--result-cache=1000000"];

const UNIT: &str = r#"{ unit(slug: "u") { symbol } dataset { revision } }"#;

const RECONNECTS: &str = "hutong_database_reconnects_total";

/// Gives the unit a symbol.
pub(crate) async fn write(server: &Server, token: &str, symbol: &str) {
    let input = format!(
        r#"{{slug: "u", symbol: "{symbol}", dimension: COUNT, name: [{{language: "en", text: "U"}}]}}"#
    );
    let written = format!("mutation {{ upsertUnit(input: {input}) {{ revision }} }}");
    server.ask_as(token, &written).await.data();
}

/// The unit's symbol, and the `ETag` of the answer.
pub(crate) async fn symbol(server: &Server, known: Option<&str>) -> (u16, Value, String) {
    let get = server.client().get(server.url("/graphql")).query(&[("query", UNIT)]);
    let get = match known {
        Some(tag) => get.header("if-none-match", tag),
        None => get,
    };
    let answer = get.send().await.unwrap();
    let tag = answer.headers().get("etag").map_or("", |tag| tag.to_str().unwrap()).to_owned();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    (status, body["data"]["unit"]["symbol"].clone(), tag)
}

/// Has instances keep an answer, which a client has too. Returns its name.
pub(crate) async fn kept_by(instances: [&Server; 2], wanted: &str) -> String {
    let mut name = String::new();
    for instance in instances {
        for _ in 0..2 {
            let (_, found, tag) = symbol(instance, None).await;
            assert_eq!(found, wanted);
            name = tag;
        }
    }
    name
}

/// Waits until instances answer so. A connection that is closed is noticed soon, but not before that.
pub(crate) async fn is_believed_by(instances: [&Server; 2], wanted: &str, known: &str) {
    for instance in instances {
        let believed = async || symbol(instance, None).await.1 == json!(wanted);
        timeout(Duration::from_secs(5), until("it is believed", believed)).await.unwrap();
    }
    is_told_by(instances, wanted, known).await;
}

/// A client that has another answer is told this one.
pub(crate) async fn is_told_by(instances: [&Server; 2], wanted: &str, known: &str) {
    for instance in instances {
        let (status, found, _) = symbol(instance, Some(known)).await;
        assert_eq!((status, found), (200, json!(wanted)));
    }
}

/// A database that took the place of one with more in it, as after a failover that lost the last
/// writes, or a restored backup: what was lost is answered no more, and what is written next is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_back_is_believed() {
    let Some((store, fresh)) = BUNDLED.postgres().await else { return };
    let (name, former, lost) =
        (&fresh.name, format!("{}_former", fresh.name), format!("{}_lost", fresh.name));
    let alone = async |then: &[String]| {
        let stop = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        fresh.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        fresh.administer(&stop).await;
        for statement in then {
            fresh.administer(statement).await;
        }
        fresh.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    };
    let url = store.url.clone();
    let server = Server::start_with(store, &CACHED).await;
    let token = server.token(Role::Editor).await;
    write(&server, &token, "before").await;
    alone(&[format!("CREATE DATABASE {former} TEMPLATE {name}")]).await;
    let asked = async |wanted: &str| symbol(&server, None).await.1 == json!(wanted);
    until("it is connected again", async || asked("before").await).await;
    until("it can write again", async || {
        let unit = r#"mutation { updateUnit(id: "u", patch: {symbol: "first"}) { revision } }"#;
        server.ask_as(&token, unit).await.json().get("errors").is_none()
    })
    .await;
    for number in 0..5 {
        write(&server, &token, &format!("lost {number}")).await;
    }
    let other = Server::over(Store::open(url.clone()).await, &CACHED).await;
    let tag = kept_by([&server, &other], "lost 4").await;
    alone(&[
        format!("ALTER DATABASE {name} RENAME TO {lost}"),
        format!("ALTER DATABASE {former} RENAME TO {name}"),
    ])
    .await;
    is_believed_by([&server, &other], "before", &tag).await;
    for number in 0..7 {
        let wanted = format!("next {number}");
        until("it writes again", async || {
            let unit = format!(r#"mutation {{ updateUnit(id: "u", patch: {{symbol: "{wanted}"}}) {{ revision }} }}"#);
            server.ask_as(&token, &unit).await.json().get("errors").is_none()
        }).await;
        is_told_by([&server, &other], &wanted, &tag).await;
    }
    other.stop().await;
    server.stop().await;
    fresh.administer(&format!("DROP DATABASE {lost} WITH (FORCE)")).await;
    fresh.drop().await;
}

/// Where PostgreSQL cannot be listened to, as a standby cannot, the server starts, and nothing it
/// answers is old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_nothing_looks() {
    let Some((store, fresh)) = BUNDLED.postgres().await else { return };
    let listens = |sent: &[u8]| sent.windows(6).any(|word| word == b"LISTEN");
    let url = proxy::start(&store, move |piece| match piece {
        Piece::Sent(_, sent) if listens(sent) => Fate::Cut,
        _ => Fate::Passed,
    })
    .await;
    let deaf = Server::over(Store::open(url).await, &CACHED).await;
    let writer = Server::over(store, &CACHED).await;
    let token = writer.token(Role::Editor).await;
    until("it is ready", async || symbol(&deaf, None).await.0 == 200).await;
    let mut known = None;
    for number in 0..5 {
        let wanted = number.to_string();
        write(&writer, &token, &wanted).await;
        for _ in 0..2 {
            let (status, found, tag) = symbol(&deaf, known.as_deref()).await;
            assert!(status == 304 || found == json!(wanted), "{status} {found}");
            assert!(status == 200 || known.as_ref() == Some(&tag), "{number}");
            known = Some(tag);
        }
        // Those who follow are told soon.
        let seen = deaf.store.database.revision();
        write(&writer, &token, &format!("{number} more")).await;
        let followed = async || deaf.store.database.revision() != seen;
        timeout(Duration::from_secs(3), until("it looks", followed)).await.unwrap();
        known = Some(symbol(&deaf, None).await.2);
    }
    for (server, listening) in [(&deaf, 0.0), (&writer, 1.0)] {
        let told = numbers_of(server).await;
        let revision = server.store.database.revision().all.number as f64;
        assert_eq!((told["hutong_listening"], told["hutong_revision"]), (listening, revision));
    }
    deaf.stop().await;
    writer.stop().await;
    fresh.drop().await;
}

/// Connections that say nothing any more, as those to a machine that is lost, keep nobody waiting
/// for long, nor the server from ending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fall_silent_are_given_up() {
    let Some((store, fresh)) = BUNDLED.postgres().await else { return };
    // How many connections were made, and how many of the first of them are silent.
    let (made, silent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, silenced) = (Arc::clone(&made), Arc::clone(&silent));
    let url = proxy::start(&store, move |piece| {
        let (Piece::Sent(number, _) | Piece::Answered(number)) = piece;
        counted.fetch_max(number + 1, SeqCst);
        if number < silenced.load(SeqCst) { Fate::Lost } else { Fate::Passed }
    })
    .await;
    let silence = || silent.store(made.load(SeqCst), SeqCst);
    let server = Server::over(Store::open(url).await, &CACHED).await;
    let writer = Server::over(store, &CACHED).await;
    let token = writer.token(Role::Editor).await;
    write(&server, &token, "one").await;
    assert_eq!(symbol(&server, None).await.1, "one");
    assert_eq!(numbers_of(&server).await[RECONNECTS], 0.0);
    silence();
    let begun = Instant::now();
    write(&writer, &token, "two").await;
    until("it reads again", async || symbol(&server, None).await.1 == json!("two")).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let begun = Instant::now();
    write(&server, &token, "three").await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(symbol(&server, None).await.1, "three");
    // It listens again: what is written elsewhere comes at once.
    sleep(Duration::from_secs(3)).await;
    let seen = server.store.database.revision();
    write(&writer, &token, "four").await;
    let told = async || server.store.database.revision() != seen;
    timeout(Duration::from_secs(1), until("it is told", told)).await.unwrap();
    assert!(numbers_of(&server).await[RECONNECTS] > 0.0);
    silence();
    timeout(Duration::from_secs(15), server.stop()).await.unwrap();
    writer.stop().await;
    fresh.drop().await;
}
