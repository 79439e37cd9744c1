//! What was acknowledged is seen by whatever is asked next, whoever wrote it.

use std::time::{Duration, Instant};

use hutong::{access::Role, record::token::withdraw};
use reqwest::header::HeaderMap;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Server, command::hutong, on_each_database, server::Store, socket::Socket, wait::until,
};

/// How often each is tried.
const TIMES: i64 = 50;

const UNITS: &str = "{ units { totalCount } }";

/// Its answers are kept, and live queries are seldom executed.
async fn keeping(store: &Store) -> Server {
    let store = Store::open(store.url.clone()).await;
    Server::start_with(store, &["--result-cache=1000000", "--live-interval=1000"]).await
}

/// Another server over the same data.
async fn another(server: &Server) -> Server {
    Server::over(Store::open(server.store.url.clone()).await, &["--result-cache=1000000"]).await
}

/// A unit that is not there yet.
fn unit(number: i64) -> String {
    format!("slug,symbol,dimension,name_en\nu{number},u{number},COUNT,Unit {number}\n")
}

/// A figure that is not there yet.
fn figure(number: i64) -> String {
    let rest = format!("{number},0,0,EQUAL,NORMAL,beijing-daily-2026-01-27");
    format!(
        "metric,district,period,value,decimals,multiplier,comparator,status,source
        5g-base-stations,beijing,{},{rest}",
        1900 + number
    )
}

/// How many units there are, and the headers; nothing where the client that has an answer of this
/// name is told that it has not changed.
async fn units(server: &Server, known: &str) -> (Option<i64>, HeaderMap) {
    let get = server.client().get(server.url("/graphql")).query(&[("query", UNITS)]);
    let answer = get.header("if-none-match", known).send().await.unwrap();
    let headers = answer.headers().clone();
    let body: Option<Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).ok();
    (body.map(|body| body["data"]["units"]["totalCount"].as_i64().unwrap()), headers)
}

/// Has the number of units asked for after each write of a further one.
async fn each_is_seen(server: &Server, write: impl AsyncFn(i64)) {
    let (before, mut headers) = units(server, "").await;
    let before = before.unwrap();
    for number in 1..=TIMES {
        assert_eq!(units(server, headers["etag"].to_str().unwrap()).await.0, None);
        write(number).await;
        let told = units(server, headers["etag"].to_str().unwrap()).await;
        assert_eq!(told.0, Some(before + number));
        headers = told.1;
        let (again, kept) = units(server, "").await;
        assert_eq!(again, Some(before + number));
        assert_eq!(kept["cache-status"], "hutong; hit");
    }
}

on_each_database! {
    /// The command has ended, and its work is seen: by what is kept here, by clients that ask
    /// whether it has changed, and in files.
    async fn what_the_command_imported(store: &Store) {
        let server = keeping(store).await;
        let folder = tempfile::tempdir().unwrap();
        each_is_seen(&server, async |number| {
            std::fs::write(folder.path().join("units.csv"), unit(number)).unwrap();
            let arguments =
                ["import", "units.csv", "--table=unit", "--database-url", &server.store.url];
            let mut import = hutong(folder.path(), &arguments);
            let done = tokio::task::spawn_blocking(move || import.output().unwrap()).await.unwrap();
            assert!(done.status.success());
        })
        .await;
        server.stop().await;
    }

    /// So is what another server wrote.
    async fn what_another_server_wrote(store: &Store) {
        let server = keeping(store).await;
        let other = another(&server).await;
        each_is_seen(&server, async |number| other.write("unit", &unit(number)).await).await;
        // And the other way round.
        let mine = |number| unit(TIMES + number);
        each_is_seen(&other, async |number| server.write("unit", &mine(number)).await).await;
        other.stop().await;
        server.stop().await;
    }

    /// A live query that others have asked already begins with what is there.
    async fn a_live_query_begins_with_it(store: &Store) {
        let server = keeping(store).await;
        let other = another(&server).await;
        let live = "query @live { units { totalCount } }";
        let mut first = Socket::begin(&server).await;
        first.subscribe("1", live).await;
        let before = first.data("1").await["units"]["totalCount"].as_i64().unwrap();
        for number in 1..=5 {
            other.write("unit", &unit(number)).await;
            let mut next = Socket::begin(&server).await;
            next.subscribe("1", live).await;
            let wanted = json!({ "units": { "totalCount": before + number } });
            assert_eq!(next.data("1").await, wanted);
            assert_eq!(first.data("1").await, wanted);
        }
        drop(first);
        other.stop().await;
        server.stop().await;
    }

    /// What was recorded before a subscription was asked for is no news to it.
    async fn a_subscription_begins_after_it(store: &Store) {
        let server = keeping(store).await;
        let other = another(&server).await;
        for number in 1..=5 {
            other.write("observation", &figure(2 * number)).await;
            let mut socket = Socket::begin(&server).await;
            socket.subscribe("1", "subscription { observationsRecorded { value } }").await;
            // Looked at by now, for it is answered in its turn.
            socket.subscribe("2", "{ __typename }").await;
            socket.data("2").await;
            socket.receive().await;
            other.write("observation", &figure(2 * number + 1)).await;
            let wanted = json!({ "observationsRecorded": { "value": (2 * number + 1).to_string() } });
            assert_eq!(socket.data("1").await, wanted);
        }
        other.stop().await;
        server.stop().await;
    }

    /// A token that another server withdrew is refused: on SQLite by the next request.
    async fn a_token_is_withdrawn(store: &Store) {
        let server = keeping(store).await;
        let other = another(&server).await;
        for number in 1..=5 {
            let name = format!("desk {number}");
            let token = server.grant(&name, Role::Editor, None).await;
            let status = async || server.ask_as(&token, UNITS).await.status;
            assert_eq!((status().await, status().await), (200, 200));
            let begun = Instant::now();
            withdraw(&other.store.database, &name, chrono::Utc::now()).await.unwrap();
            if server.store.url.starts_with("postgres") {
                until("it is refused", async || status().await == 401).await;
                assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
            } else {
                assert_eq!(status().await, 401);
            }
        }
        other.stop().await;
        server.stop().await;
    }
}

/// A server that cannot hear of a write holds up whoever writes for no more than two seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hears_nothing_is_not_waited_for_long() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = Server::start(store).await;
    let deaf = server.store.connection().await;
    // Whoever knows the revision 1 holds this.
    let held =
        "SELECT pg_advisory_lock_shared(hashtext('hutong_revision ' || current_schema()), 1)";
    deaf.execute_unprepared(held).await.unwrap();
    let begun = Instant::now();
    server.write("unit", &unit(1)).await;
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(10), "{took:?}");
    deaf.close().await.unwrap();
    let begun = Instant::now();
    server.write("unit", &unit(2)).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    server.stop().await;
    fresh.drop().await;
}
