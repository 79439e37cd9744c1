//! The id of a request: the client's own where it is sane, and on every answer.

use serde_json::json;

use crate::{Server, on_each_database};

/// Whether it is an id of the server's own: a UUID of version 7.
fn is_fresh(id: &str) -> bool {
    id.len() == 36 && id.split('-').nth(2).is_some_and(|part| part.starts_with('7'))
}

on_each_database! {
    /// Answers, refusals and what is not there: each has the id that was given.
    async fn are_on_every_answer(server: &Server) {
        let client = server.client();
        let question = json!({ "query": "{ dataset { slug } }" });
        for (request, status) in [
            (client.post(server.url("/graphql")).json(&question), 200),
            (client.post(server.url("/graphql")).body("{"), 415),
            (client.delete(server.url("/graphql")), 405),
            (client.get(server.url("/nowhere")), 404),
            (client.get(server.url("/health/live")), 200),
            (client.get(server.url("/health/ready")), 200),
            (client.get(server.url("/metrics")), 200),
            (client.get(server.url("/plain")), 200),
        ] {
            let given = request.try_clone().unwrap().header("x-request-id", "a:Z/0_9-.+=@~");
            let response = given.send().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["x-request-id"], "a:Z/0_9-.+=@~");
            let made = request.send().await.unwrap().headers()["x-request-id"].clone();
            assert!(is_fresh(made.to_str().unwrap()), "{made:?}");
        }
    }

    /// An id that is not fit for a log is replaced by one of the server's own.
    async fn are_made_anew_where_they_are_insane(server: &Server) {
        let long = "x".repeat(129);
        let ask = || server.client().get(server.url("/health/live"));
        for insane in ["", " ", "a b", "a\tb", "\"", "{id}", "a;b", "a,b", "<script>", "北京", &long] {
            let id = ask().header("x-request-id", insane).send().await.unwrap().headers()["x-request-id"].clone();
            assert!(is_fresh(id.to_str().unwrap()), "{insane}: {id:?}");
        }
        let two = ask().header("x-request-id", "one").header("x-request-id", "two");
        let response = two.send().await.unwrap();
        let ids: Vec<_> = response.headers().get_all("x-request-id").iter().collect();
        assert!(ids.len() == 1 && is_fresh(ids[0].to_str().unwrap()), "{ids:?}");
        let longest = "x".repeat(128);
        let response = ask().header("x-request-id", &longest).send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], longest);
    }
}
