//! Writes that nobody waits for any more: others need not wait for them either.

use std::time::{Duration, Instant};

use hutong::access::Role;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    Server, on_each_database,
    server::Store,
    sums::{figures, town},
};

/// How many figures a list has: their write takes much longer than that of one row.
const MANY: i32 = 10_000;

/// Within what time others may write at any rate.
const SOON: Duration = Duration::from_secs(1);

/// Figures of a metric, each of another period, in two places.
fn list(metric: &str, many: i32) -> Value {
    let figure = |at: i32| {
        let (place, month) = (["north", "south"][at as usize % 2], at / 2);
        let period = format!("{:04}-{:02}", 1000 + month / 12, month % 12 + 1);
        json!({ "metric": metric, "district": place, "period": period, "value": at.to_string(), "source": "town-book" })
    };
    (0..many).map(figure).collect()
}

/// A request that writes many figures, on a connection of its own.
fn write(server: &Server, token: &str, rows: &Value) -> reqwest::RequestBuilder {
    let query =
        "mutation ($rows: [ObservationInput!]!) { upsertObservations(inputs: $rows) { revision } }";
    let post = reqwest::Client::new().post(server.url("/graphql")).bearer_auth(token);
    post.json(&json!({ "query": query, "variables": { "rows": rows } }))
}

/// Writes one row, and how long that took.
async fn one(server: &Server, token: &str, slug: &str) -> Duration {
    let query = format!(
        r#"mutation {{ upsertTheme(input: {{slug: "{slug}", name: [{{language: "en", text: "A"}}]}}) {{ theme {{ slug }} }} }}"#
    );
    let begun = Instant::now();
    let written = server.ask_as(token, &query).await.data();
    assert_eq!(written["upsertTheme"]["theme"]["slug"], slug);
    begun.elapsed()
}

/// How many figures of a metric there are, and how many versions each has.
async fn written(server: &Server, metric: &str) -> Value {
    let query = format!(
        r#"{{ observations(filter: {{metric: {{slug: {{eq: "{metric}"}}}}}}) {{ totalCount nodes {{ history {{ totalCount }} }} }} }}"#
    );
    server.data(&query).await["observations"].clone()
}

/// A server over the database with the bundled data, and the town of sums in it.
async fn start(store: &Store, option: &str) -> Server {
    let store = Store::open(store.url.clone()).await;
    let server = Server::start_with(store, &["--body-max=16777216", option]).await;
    town(&server).await;
    server
}

on_each_database! {
    /// Wherever in its work it is: whoever goes away leaves nothing, and keeps nobody waiting.
    async fn who_goes_away_keeps_nobody_waiting(store: &Store) {
        let server = start(store, "--request-timeout=600").await;
        figures(&server, &["people,north,,1000-01,4,EQUAL,NORMAL"]).await;
        let token = server.token(Role::Editor).await;
        let begun = Instant::now();
        let answer = write(&server, &token, &list("sales", MANY)).send().await.unwrap();
        let whole = begun.elapsed();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        assert_eq!(written(&server, "sales").await["totalCount"], MANY);
        let rows = list("people", MANY);
        let only = json!({ "totalCount": 1, "nodes": [{ "history": { "totalCount": 1 } }] });
        for part in 1..4 {
            let dropped = timeout(whole * part / 8, write(&server, &token, &rows).send()).await;
            assert!(dropped.is_err(), "{part} of {whole:?}");
            let waited = one(&server, &token, &format!("after-{part}")).await;
            assert!(waited < (whole / 4).max(SOON), "{waited:?} after {part} eighths of {whole:?}");
            assert_eq!(written(&server, "people").await, only);
        }
        server.stop().await;
    }

    /// So does a request whose time is over.
    async fn what_takes_too_long_keeps_nobody_waiting(store: &Store) {
        let server = start(store, "--request-timeout=1").await;
        let token = server.token(Role::Editor).await;
        let answer = write(&server, &token, &list("people", 6 * MANY)).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
        let waited = one(&server, &token, "at-once").await;
        assert!(waited < 2 * SOON, "{waited:?}");
        assert_eq!(written(&server, "people").await["totalCount"], 0);
        server.stop().await;
    }
}
