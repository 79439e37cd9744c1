//! Answers that are not found in time: the client is told, and the database is free again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hutong::database::{self, Database};
use sea_orm::ConnectionTrait;

use crate::{Server, server::Store, socket::Socket, subscriptions::write};

/// Makes reading claims take hours. The limit keeps a database from looking first which claims are
/// wanted.
const HOURS: [&str; 2] = [
    "ALTER TABLE claim RENAME TO claims_at_once",
    "CREATE VIEW claim AS SELECT * FROM claims_at_once WHERE 0 < (WITH RECURSIVE counted (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000000000)
        SELECT count(*) FROM counted) LIMIT 1000000",
];

/// A server whose answers may take a second, over two readers.
async fn server(store: Store) -> Server {
    let url = store.url.clone();
    store.database.close().await.unwrap();
    let options = database::Options {
        database_url: Some(url.clone()),
        database_readers: 2,
        statement_timeout: 1,
        migration_backup: true,
    };
    let store = Store { database: Database::open(&options).await.unwrap(), url };
    Server::start_with(store, &["--request-timeout=2"]).await
}

/// Sixteen who ask for hours are told in time, and whoever asks after them is answered at once.
async fn test(server: &Server, told: &str) {
    let writer = server.store.connection().await;
    for statement in HOURS {
        writer.execute_unprepared(statement).await.unwrap();
    }
    writer.close().await.unwrap();
    let begun = Instant::now();
    let slow = (0..16).map(|_| server.ask("{ claims { nodes { slug } } }"));
    for answer in join_all(slow).await {
        let (message, code, _) = answer.error();
        // Of some a reader never began.
        if code != "OVERLOADED" {
            assert_eq!(code, "TIMEOUT", "{message}");
            assert!(message.contains(told) || message.contains("within 2 seconds"), "{message}");
        }
        assert!([200, 503].contains(&answer.status));
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let begun = Instant::now();
    server.data("{ districts { totalCount } }").await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

/// What goes on is told in time too, each time it is executed; waiting for events takes no time.
async fn test_live(server: &Server, told: &str) {
    let mut socket = Socket::begin(server).await;
    let claims = "claims { nodes { slug } }";
    let events = format!("subscription {{ observationsRecorded {{ value {claims} }} }}");
    socket.subscribe("events", &events).await;
    let begun_to_wait = Instant::now();
    let once = format!("{{ {claims} }}");
    for (id, query) in [
        ("once", &once),
        ("once more", &once),
        ("and again", &once),
        ("live", &format!("query @live {{ {claims} }}")),
        ("events", &String::new()),
    ] {
        if id == "events" {
            // It has waited for longer than an answer may take.
            assert!(begun_to_wait.elapsed() > Duration::from_secs(2));
            write(server, &[("2001", 1)]).await;
        } else {
            socket.subscribe(id, query).await;
        }
        let begun = Instant::now();
        let message = socket.receive().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert_eq!(message["id"], id, "{message}");
        let payload = &message["payload"];
        let error = if message["type"] == "error" { &payload[0] } else { &payload["errors"][0] };
        assert_eq!(error["extensions"]["code"], "TIMEOUT", "{message}");
        assert!(error["message"].as_str().unwrap().contains(told), "{message}");
        if *query == once && message["type"] == "next" {
            assert_eq!(socket.receive().await["type"], "complete");
        }
    }
    drop(socket);
    let begun = Instant::now();
    server.data("{ districts { totalCount } }").await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_the_readers_of_sqlite() {
    let (store, _folder) = crate::server::sqlite().await;
    let server = server(store).await;
    test(&server, "within 2 seconds").await;
    test_live(&server, "within 2 seconds").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_the_connections_of_postgres() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = server(store).await;
    test(&server, "did not answer this field in time").await;
    test_live(&server, "did not answer this field in time").await;
    server.stop().await;
    fresh.drop().await;
}
