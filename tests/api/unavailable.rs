//! A database that does not answer, or has no reader left: who asks is told the true cause, soon.

use std::time::{Duration, Instant};

use hutong::{access::Role, database, database::Database};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Server, server::Store};

/// Makes reading claims take hours.
const HOURS: [&str; 2] = [
    "ALTER TABLE claim RENAME TO claims_at_once",
    "CREATE VIEW claim AS SELECT * FROM claims_at_once WHERE 0 < (WITH RECURSIVE counted (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000000000)
        SELECT count(*) FROM counted)",
];

const SLOW: &str = "{ claims { nodes { slug } } }";

/// Two tables, so that each is a field that fails.
const QUICK: &str = "{ units(first: 1) { nodes { slug } } t: themes(first: 2) { nodes { slug } } }";

async fn ask(server: &Server, query: &str) -> (u16, Option<String>, Value) {
    let post = server.client().post(server.url("/graphql")).json(&json!({ "query": query }));
    let answer = post.send().await.unwrap();
    let after = answer.headers().get("retry-after");
    let after = after.map(|after| after.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after, answer.json().await.unwrap())
}

async fn ready(server: &Server) -> (u16, Value) {
    let answer = server.client().get(server.url("/health/ready")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// What is answered where nothing could be: the code of each error.
fn assert_refused(answer: (u16, Option<String>, Value), code: &str) {
    let (status, after, json) = answer;
    assert_eq!((status, after.as_deref()), (503, Some("1")), "{json}");
    let errors = json["errors"].as_array().unwrap();
    assert!(!errors.is_empty() && json["data"]["units"] == Value::Null, "{json}");
    assert!(errors.iter().all(|error| error["extensions"]["code"] == code), "{json}");
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// While all readers are busy for others, whoever asks is told so; once they are free, answered.
async fn overloaded(server: &Server) {
    let connection = server.store.connection().await;
    for statement in HOURS {
        connection.execute_unprepared(statement).await.unwrap();
    }
    connection.close().await.unwrap();
    let mut slow = JoinSet::new();
    for _ in 0..4 {
        let post = server.client().post(server.url("/graphql"));
        slow.spawn(post.json(&json!({ "query": SLOW })).send());
    }
    until("the readers are not busy", async || ready(server).await.0 == 503).await;
    let begun = Instant::now();
    assert_refused(ask(server, QUICK).await, "OVERLOADED");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let (status, told) = ready(server).await;
    assert_eq!((status, &told["status"]), (503, &json!("unanswered")));
    // Those who ask go away.
    slow.shutdown().await;
    until("the readers are still busy", async || ready(server).await.0 == 200).await;
    assert_eq!(ask(server, QUICK).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_sqlite_that_are_busy_are_told() {
    let (store, _folder) = crate::server::sqlite().await;
    let server = Server::start(store).await;
    overloaded(&server).await;
    server.stop().await;
}

/// The statements of those who went away have ended too, long before their time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_postgres_that_are_busy_are_told_and_statements_end_with_their_requests() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = Server::start(store).await;
    overloaded(&server).await;
    let connection = server.store.connection().await;
    until("a statement goes on", async || {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND state = 'active' AND query LIKE '%claim%' AND pid <> pg_backend_pid()";
        let statement = Statement::from_string(connection.get_database_backend(), running);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap() == 0
    })
    .await;
    connection.close().await.unwrap();
    server.stop().await;
    fresh.drop().await;
}

/// A way to a database, until it is aborted.
fn way(listener: TcpListener, upstream: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let upstream = upstream.clone();
            open.spawn(async move {
                let mut server = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    })
}

/// A database that is gone is told within seconds, to those who read and to those who write; when
/// it is back, all is as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_gone_is_told_and_healed() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    store.database.migrate().await.unwrap();
    let package = hutong::package::bundled::package().unwrap();
    assert!(package.load_into_empty(&store.database, crate::server::now()).await.unwrap());
    store.database.close().await.unwrap();
    let upstream = store.url.split(['@', '/']).nth(3).unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = store.url.replace(&upstream, &address.to_string());
    let there = way(listener, upstream.clone());
    let options = database::Options {
        database_url: Some(url.clone()),
        database_readers: 4,
        statement_timeout: 30,
        migration_backup: true,
    };
    let store = Store { database: Database::open(&options).await.unwrap(), url };
    let server = Server::over(store, &[]).await;
    let token = server.token(Role::Editor).await;
    let write = r#"mutation { upsertTheme(input: {slug: "a", name: [{language: "en", text: "A"}]}) { theme { slug } } }"#;
    assert_eq!(ask(&server, QUICK).await.0, 200);
    server.ask_as(&token, write).await.data();

    there.abort();
    let _ = there.await;
    let begun = Instant::now();
    assert_refused(ask(&server, QUICK).await, "DATABASE_UNAVAILABLE");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(ready(&server).await.0, 503);
    let begun = Instant::now();
    let refused = server.ask_as(&token, write).await;
    assert_eq!((refused.status, refused.error().1.as_str()), (503, "DATABASE_UNAVAILABLE"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    let there = way(TcpListener::bind(address).await.unwrap(), upstream);
    until("the database is not found again", async || ready(&server).await.0 == 200).await;
    assert_eq!(ask(&server, QUICK).await.0, 200);
    server.ask_as(&token, write).await.data();
    server.stop().await;
    there.abort();
    fresh.drop().await;
}

/// PostgreSQL knows how many rows the tables have from the first load and each import on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_counts_its_rows_after_the_first_load_and_each_import() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = Server::start(store).await;
    let connection = server.store.connection().await;
    let known = async |table: &str| {
        let sql = format!("SELECT reltuples::bigint FROM pg_class WHERE oid = '{table}'::regclass");
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    };
    assert_eq!((known("district").await, known("observation").await), (17, 24));
    server.write("unit", "slug,symbol,dimension,name_en\nu1,u,COUNT,Unit").await;
    let units = server.data("{ units { totalCount } }").await["units"]["totalCount"].clone();
    assert_eq!(json!(known("unit").await), units);
    connection.close().await.unwrap();
    server.stop().await;
    fresh.drop().await;
}
