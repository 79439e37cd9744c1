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

    /// What is no GraphQL request is told so in GraphQL's own shape, with a code and no data.
    async fn no_request_is_answered_with_an_error(server: &Server) {
        let post = || server.client().post(server.url("/graphql"));
        let get = |path: &str| server.client().get(server.url(path));
        let json = |body: String| post().header("content-type", "application/json").body(body);
        let text = |body: &str| json(body.to_owned());
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for (request, status, code) in [
            (text("{"), 400, "BAD_REQUEST"),
            (text(r#"{"queri": "{ dataset { slug } }"}"#), 400, "BAD_REQUEST"),
            (text(r#"{"query": null}"#), 400, "BAD_REQUEST"),
            (text(r#"{"query": "{ __typename }", "query": "{ __typename }"}"#), 400, "BAD_REQUEST"),
            (text(""), 400, "BAD_REQUEST"),
            (text("[]"), 400, "BATCH_LIMIT_EXCEEDED"),
            (text(r#"[{"query": "{ __typename }"}]"#), 400, "BATCH_LIMIT_EXCEEDED"),
            (json(format!(r#"{{"query": "{{ __typename }}", "variables": {{"v": {}}}}}"#, nested(1000))), 400, "VALUE_DEPTH_LIMIT_EXCEEDED"),
            (json(" ".repeat(2_000_000)), 413, "BODY_TOO_LARGE"),
            (post().body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (post().header("content-type", "text/plain").body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (post().header("content-type", "application/json; charset=latin1").body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (get("/graphql?query=%7B__typename%7D").header("accept", "text/html"), 406, "NOT_ACCEPTABLE"),
            (get("/graphql"), 400, "BAD_REQUEST"),
            (get("/graphql?variables=["), 400, "BAD_REQUEST"),
            (get("/graphql?query=%7B__typename%7D&variables=[]"), 400, "BAD_REQUEST"),
            (get("/graphql?query=%7B__typename%7D&extensions=1"), 400, "BAD_REQUEST"),
            (get("/graphql?query=%7B__typename%7D&query=%7B__typename%7D"), 400, "BAD_REQUEST"),
            (get("/nowhere"), 404, "NOT_FOUND"),
            (server.client().delete(server.url("/graphql")), 405, "METHOD_NOT_ALLOWED"),
            (server.client().post(server.url("/health/live")), 405, "METHOD_NOT_ALLOWED"),
        ] {
            let response = request.send().await.unwrap();
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
            let answer = Answer::read(response).await;
            let (message, told, _) = answer.error();
            assert_eq!((answer.status, told.as_str()), (status, code), "{message}");
            assert_eq!(answer.json().get("data"), None);
            assert_eq!(answer.statements, None);
        }
    }

    /// Whoever asks at another address, or by another method, is told which is GraphQL's, and what
    /// is answered there: never what they did.
    async fn other_addresses_name_the_one(server: &Server) {
        let body = json!({ "query": "{ __typename }" });
        for (method, path, status, allow, wanted) in [
            ("POST", "/", 405, "GET,HEAD", "POST is not answered at /, but GET and HEAD are; GraphQL is at /graphql"),
            ("PUT", "/plain", 405, "GET,HEAD", "PUT is not answered at /plain, but GET and HEAD are; GraphQL is at /graphql"),
            ("POST", "/health/live", 405, "GET,HEAD", "POST is not answered at /health/live, but GET and HEAD are; GraphQL is at /graphql"),
            ("POST", "/export/observations.csv", 405, "GET,HEAD", "POST is not answered at /export/observations.csv, but GET and HEAD are; GraphQL is at /graphql"),
            ("DELETE", "/graphql", 405, "GET,HEAD,POST", "DELETE is not answered at /graphql, but GET, HEAD and POST are"),
            ("POST", "/graphql/", 404, "", "there is nothing at /graphql/; GraphQL is at /graphql"),
            ("GET", "/graphiql", 404, "", "there is nothing at /graphiql; GraphQL is at /graphql"),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let sent = server.client().request(method, server.url(path)).json(&body).send().await.unwrap();
            let told = sent.headers().get("allow").map_or("", |allow| allow.to_str().unwrap()).to_owned();
            let answer = Answer::read(sent).await;
            assert_eq!((answer.status, &*answer.error().0), (status, wanted));
            assert_eq!(told, allow, "{path}");
        }
    }

    /// Those who take GraphQL's own form are told by the status, others in the answer alone.
    async fn the_form_decides_the_status(server: &Server) {
        for (query, status) in [("{ __typename }", 200), ("{ nope }", 400), ("{", 400), ("query ($a: Int!) { __typename }", 400)] {
            for (accept, content_type, status) in [
                ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8", status),
                ("application/json", "application/json; charset=utf-8", 200),
                ("*/*", "application/json; charset=utf-8", 200),
            ] {
                let post = server.client().post(server.url("/graphql")).header("accept", accept);
                let response = post.json(&json!({ "query": query })).send().await.unwrap();
                assert_eq!(response.status(), status, "{query} {accept}");
                assert_eq!(response.headers()["content-type"], content_type);
                let answer: Value = response.json().await.unwrap();
                assert_eq!(answer.get("data").is_some(), query == "{ __typename }", "{answer}");
            }
        }
    }

    /// Large answers are compressed as the client takes them, small ones never.
    async fn large_answers_are_compressed(server: &Server) {
        let large = "{ observations { nodes { slug value note metric { name } source { title } } } }";
        for (query, accept, wanted) in [
            (large, "br", Some("br")),
            (large, "zstd", Some("zstd")),
            (large, "gzip", Some("gzip")),
            (large, "identity", None),
            ("{ __typename }", "gzip", None),
        ] {
            let post = server.client().post(server.url("/graphql")).header("accept-encoding", accept);
            let response = post.json(&json!({ "query": query })).send().await.unwrap();
            let encoding = response.headers().get("content-encoding");
            assert_eq!(encoding.map(|encoding| encoding.to_str().unwrap()), wanted);
            let answer = response.bytes().await.unwrap();
            assert_eq!(answer.starts_with(b"{"), wanted.is_none());
        }
    }

    /// Those who watch over the server learn that it lives and whether it can answer.
    async fn health_is_told(server: &Server) {
        for (path, wanted) in [("/health/live", "live\n"), ("/health/ready", r#"{"status":"ready"}"#)] {
            let answer = Answer::read(server.client().get(server.url(path)).send().await.unwrap()).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, wanted));
        }
    }

    /// The plain page is whole by itself: its policy lets nothing leave the origin.
    async fn the_page_stays_at_home(server: &Server) {
        let response = server.client().get(server.url("/plain")).send().await.unwrap();
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
    server.data("{ dataset { slug } }").await;
    fresh.drop().await;
    let ready = server.client().get(server.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let told: Value = ready.json().await.unwrap();
    let reason = "the database does not answer";
    assert_eq!(told, json!({ "status": "unanswered", "reason": reason }));
    let live = server.client().get(server.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), 200);
    server.stop().await;
}

/// Several requests in one are answered in their order, each by itself, where they are taken.
#[tokio::test]
async fn batches_are_taken_where_they_are_switched_on() {
    let (store, _folder) = crate::server::sqlite().await;
    let server = Server::start_with(store, &["--batch-max=3"]).await;
    let send = |body: Value| {
        let post = server.client().post(server.url("/graphql")).json(&body).send();
        async { Answer::read(post.await.unwrap()).await }
    };
    let one = json!({ "query": "{ districts { totalCount } }" });
    let answer = send(json!([one, { "query": "{" }, { "query": "{ dataset { slug } }" }])).await;
    assert_eq!((answer.status, answer.statements), (200, Some(2)));
    let answers = answer.json();
    assert_eq!(answers[0]["data"], json!({ "districts": { "totalCount": 17 } }));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    assert_eq!(answers[2]["data"]["dataset"]["slug"], "beijing-digital-economy-2025");
    let (message, code, _) = send(json!([one, one, one, one])).await.error();
    assert_eq!(code, "BATCH_LIMIT_EXCEEDED");
    assert_eq!(message, "there are 4 requests in one, but there may be 3 at the most");
    assert_eq!(send(json!([])).await.error().1, "BAD_REQUEST");
    server.stop().await;
}
