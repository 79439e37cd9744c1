//! The numbers for Prometheus.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    Server, on_each_database,
    server::{Uncached, sqlite},
};

/// The numbers at an address, by name and labels.
async fn numbers(client: &reqwest::Client, url: String) -> BTreeMap<String, f64> {
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    let text = response.text().await.unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line: &str| {
        let (name, number) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    };
    lines.map(read).collect()
}

/// The numbers that a server tells.
pub(crate) async fn numbers_of(server: &Server) -> BTreeMap<String, f64> {
    numbers(server.client(), server.url("/metrics")).await
}

on_each_database! {
    async fn tell_what_was_asked_and_what_became_of_it(server: &Uncached) {
        let at = || numbers_of(server);
        let before = at().await;
        assert_eq!(before[&format!("hutong_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);
        assert_eq!(before["hutong_connections"], 1.0);
        for _ in 0..3 {
            server.data("query Places { districts(first: 4) { nodes { name initiatives { totalCount } } } }").await;
        }
        server.data("{ dataset { slug } }").await;
        server.error("{ districts(first: 0) { totalCount } }").await;
        server.error("{ nothing }").await;
        server.error("{").await;
        server.client().get(server.url("/nowhere")).send().await.unwrap();
        server.client().request("BREW".parse().unwrap(), server.url("/nowhere")).send().await.unwrap();
        let after = at().await;
        for (name, number) in [
            (r#"hutong_http_requests_total{method="POST",status="200"}"#, 7.0),
            (r#"hutong_http_requests_total{method="GET",status="404"}"#, 1.0),
            (r#"hutong_http_requests_total{method="(other)",status="404"}"#, 1.0),
            (r#"hutong_graphql_request_duration_seconds_count{operation="Places",type="query"}"#, 3.0),
            (r#"hutong_graphql_request_duration_seconds_count{operation="",type="query"}"#, 2.0),
            (r#"hutong_graphql_request_duration_seconds_bucket{operation="Places",type="query",le="+Inf"}"#, 3.0),
            (r#"hutong_refused_total{code="GRAPHQL_VALIDATION_FAILED"}"#, 1.0),
            (r#"hutong_refused_total{code="GRAPHQL_PARSE_FAILED"}"#, 1.0),
            (r#"hutong_refused_total{code="NOT_FOUND"}"#, 2.0),
            (r#"hutong_errors_total{code="BAD_USER_INPUT"}"#, 1.0),
            (r#"hutong_sql_statements_total{outcome="answered"}"#, 3.0 * 2.0 + 1.0),
            ("hutong_sql_rows_total", 3.0 * (4.0 + 4.0) + 1.0),
            ("hutong_sql_duration_seconds_count", 7.0),
        ] {
            assert_eq!(after.get(name), Some(&number), "{name} in {after:#?}");
        }
        assert!(after["hutong_sql_duration_seconds_sum"] > 0.0);
    }
}

/// Names are the clients': the first hundred are told apart, and no more is kept of the rest.
#[tokio::test]
async fn names_of_operations_are_bounded() {
    let (store, _folder) = sqlite().await;
    let server = Server::start_with(store, &["--result-cache=0"]).await;
    for number in 0..105 {
        server.data(&format!("query Q{number} {{ __typename }}")).await;
    }
    server.data("query Q0 { __typename }").await;
    let found = numbers_of(&server).await;
    let count = |name: &str| {
        let name = format!(
            "hutong_graphql_request_duration_seconds_count{{operation=\"{name}\",type=\"query\"}}"
        );
        found.get(&name).copied()
    };
    assert_eq!((count("Q0"), count("Q99"), count("Q100")), (Some(2.0), Some(1.0), None));
    assert_eq!(count("(other)"), Some(5.0));
    server.stop().await;
}

/// Who does not want the numbers on the server's address has them elsewhere, or nowhere.
#[tokio::test]
async fn move_to_an_address_of_their_own() {
    let (store, _folder) = sqlite().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start_with(store, &["--metrics", &free.to_string()]).await;
    server.data("{ dataset { slug } }").await;
    let elsewhere = numbers(server.client(), format!("http://{free}/metrics")).await;
    assert_eq!(elsewhere[r#"hutong_http_requests_total{method="POST",status="200"}"#], 1.0);
    let here = server.client().get(server.url("/metrics")).send().await.unwrap();
    assert_eq!(here.status(), 404);
    let graphql = server.client().post(format!("http://{free}/graphql"));
    let graphql = graphql.json(&json!({ "query": "{ dataset { slug } }" })).send().await.unwrap();
    assert_eq!(graphql.status(), 404);
    server.stop().await;

    let (store, _folder) = sqlite().await;
    let server = Server::start_with(store, &["--metrics=off"]).await;
    let here = server.client().get(server.url("/metrics")).send().await.unwrap();
    assert_eq!(here.status(), 404);
    server.stop().await;
}
