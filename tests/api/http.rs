//! The server's addresses, and what they answer with.

use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database};

on_each_database! {
    /// A query by GET is the same query.
    async fn get_and_post_answer_alike(server: &Server) {
        let query = "query Q($s: String!) { district(slug: $s) { name } }";
        let variables = json!({ "s": "haidian" });
        let posted = server.ask_with(query, variables.clone()).await;
        let got = server
            .client()
            .get(server.url("/graphql"))
            .query(&[("query", query), ("variables", &variables.to_string()), ("operationName", "Q")])
            .send()
            .await
            .unwrap();
        let got = Answer::read(got).await;
        assert_eq!((got.status, &got.text), (posted.status, &posted.text));
        assert_eq!(got.data(), json!({ "district": { "name": "Haidian" } }));
        assert_eq!(got.statements, Some(1));
    }

    /// What is no GraphQL request is told so in GraphQL's own shape.
    async fn no_request_is_answered_with_an_error(server: &Server) {
        let post = || server.client().post(server.url("/graphql"));
        let json = "application/json";
        for request in [
            post().header("content-type", json).body("{"),
            post().header("content-type", json).body(r#"{"queri": "{ dataset { slug } }"}"#),
            post().header("content-type", json).body(""),
            server.client().get(server.url("/graphql?variables=[")),
        ] {
            let answer = Answer::read(request.send().await.unwrap()).await;
            let (message, code, _) = answer.error();
            assert!((400..500).contains(&answer.status), "{}", answer.status);
            assert!(["BAD_REQUEST", "GRAPHQL_PARSE_FAILED"].contains(&code.as_str()), "{code}: {message}");
            assert_eq!(answer.json().get("data").unwrap_or(&Value::Null), &Value::Null);
        }
    }

    /// Those who watch over the server learn that it lives and whether it can answer.
    async fn health_is_told(server: &Server) {
        for (path, wanted) in [("/health/live", "live\n"), ("/health/ready", "ready\n")] {
            let answer = Answer::read(server.client().get(server.url(path)).send().await.unwrap()).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, wanted));
        }
    }

    /// The page at the root is whole by itself: its policy lets nothing leave the origin.
    async fn the_page_stays_at_home(server: &Server) {
        let response = server.client().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("connect-src 'self'"));
        let page = response.text().await.unwrap();
        for outside in ["src=", "https://", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

/// A server without its database still lives, and says that it cannot answer.
#[tokio::test]
async fn a_lost_database_is_told() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = Server::start(store).await;
    fresh.drop().await;
    let ready = server.client().get(server.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.text().await.unwrap(), "the database does not answer\n");
    let live = server.client().get(server.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), 200);
    server.stop().await;
}
