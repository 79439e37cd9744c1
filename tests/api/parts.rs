//! Answers as parts of one message: Apollo's protocol for subscriptions over HTTP.

use std::time::Duration;

use chrono::Utc;
use hutong::access::Role;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{Answer, Server, on_each_database, server::Store, socket::until, subscriptions::write};

/// What Apollo Client sends with a subscription.
const ACCEPT: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";

const BOUNDARY: &str = "\r\n--graphql";

/// A message of parts as it is read.
struct Parts {
    response: reqwest::Response,
    read: String,
}

impl Parts {
    async fn ask(server: &Server, query: &str) -> Self {
        Self::send(server.client().post(server.url("/graphql")).json(&json!({ "query": query })))
            .await
    }

    async fn send(request: reqwest::RequestBuilder) -> Self {
        let response = request.header("accept", ACCEPT).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "multipart/mixed;boundary=\"graphql\"");
        assert!(headers["cache-control"].to_str().unwrap().ends_with("no-cache"));
        assert_eq!(headers.get("content-encoding"), None);
        let mut parts = Self { response, read: String::new() };
        assert_eq!(parts.until_boundary().await.unwrap(), "");
        parts
    }

    /// What comes before the next boundary, which is there as soon as that is; none at the end.
    async fn until_boundary(&mut self) -> Option<String> {
        loop {
            if let Some((before, rest)) = self.read.split_once(BOUNDARY) {
                let (before, rest) = (before.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(before);
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await;
            self.read += std::str::from_utf8(&chunk.expect("nothing comes").unwrap()?).unwrap();
        }
    }

    /// The next part; none at the end.
    async fn next(&mut self) -> Option<Value> {
        let part = self.until_boundary().await?;
        let json = part.strip_prefix("\r\ncontent-type: application/json\r\n\r\n");
        Some(serde_json::from_str(json.unwrap_or_else(|| panic!("{part}"))).unwrap())
    }

    /// The same, but for signs of life.
    async fn answer(&mut self) -> Value {
        loop {
            let part = self.next().await.expect("it has ended");
            if part != json!({}) {
                return part;
            }
        }
    }

    async fn data(&mut self) -> Value {
        let part = self.answer().await;
        assert_eq!(part.as_object().unwrap().len(), 1, "{part}");
        assert!(part["payload"].get("errors").is_none(), "{part}");
        part["payload"]["data"].clone()
    }

    async fn is_complete(&mut self) {
        assert_eq!(self.next().await, None);
        assert_eq!(self.read, "--\r\n");
    }
}

on_each_database! {
    /// To the letter, by POST and by GET.
    async fn a_query_is_one_part(server: &Server) {
        let query = r#"{ district(slug: "haidian") { name } }"#;
        let address = server.url("/graphql");
        let post = server.client().post(&address).json(&json!({ "query": query }));
        for request in [post, server.client().get(&address).query(&[("query", query)])] {
            let alone = request.header("accept", "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"");
            let text = alone.send().await.unwrap().text().await.unwrap();
            let wanted = concat!(
                "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n",
                r#"{"payload":{"data":{"district":{"name":"Haidian"}},"#,
                r#""extensions":{"cost":{"requested":2,"limit":1000000}}}}"#,
                "\r\n--graphql--\r\n",
            );
            assert_eq!(text, wanted);
        }
        until("their places are free", || server.live.connections() == 0).await;
    }

    /// Subscriptions and live queries go on until the client leaves, and are not held back to be
    /// compressed.
    async fn what_goes_on_is_told_of(server: &Server) {
        let mut told = Parts::ask(server, "subscription { observationsRecorded { value } }").await;
        let live = "query @live { dataset { revision } districts { nodes { id slug name } } }";
        let get = server.client().get(server.url("/graphql")).query(&[("query", live)]);
        let mut live = Parts::send(get.header("accept-encoding", "gzip, br, zstd")).await;
        assert_eq!(live.data().await["dataset"]["revision"], "1");
        for (revision, period) in [("2", "2001"), ("3", "2002")] {
            write(server, &[(period, 7)]).await;
            assert_eq!(told.data().await, json!({ "observationsRecorded": { "value": "7" } }));
            assert_eq!(live.data().await["dataset"]["revision"], revision);
        }
        drop((told, live));
        until("nobody asks", || (server.live.connections(), server.live.queries()) == (0, 0)).await;
    }

    /// Who takes JSON too has it where there is one answer, also of what is refused; who takes parts
    /// alone has refusals in them. Parts of another protocol are none.
    async fn parts_are_for_what_goes_on(server: &Server) {
        let subscription = "subscription { datasetChanged { slug } }";
        let post = |query: &str, accept: &str| {
            let post = server.client().post(server.url("/graphql"));
            post.json(&json!({ "query": query })).header("accept", accept).send()
        };
        for (query, errors) in [("{ __typename }", 0), ("subscription { nothing }", 1)] {
            let response = post(query, ACCEPT).await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer["errors"].as_array().map_or(0, Vec::len), errors, "{answer}");
        }
        let refused = post("subscription { nothing }", "multipart/mixed;subscriptionSpec=1.0").await.unwrap();
        let text = refused.text().await.unwrap();
        let part = text.strip_prefix("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n").unwrap();
        let part: Value = serde_json::from_str(part.strip_suffix("\r\n--graphql--\r\n").unwrap()).unwrap();
        assert_eq!(part["payload"]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        for other in ["multipart/mixed", "multipart/mixed;deferSpec=20220824,application/json"] {
            let answer = Answer::read(post(subscription, other).await.unwrap()).await;
            let (message, code, _) = answer.error();
            assert_eq!((answer.status, code.as_str()), (406, "NOT_ACCEPTABLE"), "{message}");
            assert!(message.contains("`multipart/mixed;subscriptionSpec=1.0`"), "{message}");
        }
    }

    /// Silence is broken by empty parts; the end of a token is told beside the answers, and the end
    /// of the server by none of what would say that the operation is complete.
    async fn ends_are_told(store: &Store) {
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &["--live-keep-alive=1"]).await;
        let subscription = "subscription { observationsRecorded { value } }";
        let mut silent = Parts::ask(&server, subscription).await;
        assert_eq!(silent.next().await, Some(json!({})));

        let expires_at = Some(Utc::now() + Duration::from_secs(2));
        let token = server.grant("for a while", Role::Reader, expires_at).await;
        let post = server.client().post(server.url("/graphql"));
        let post = post.json(&json!({ "query": subscription })).bearer_auth(&token);
        let mut lapsing = Parts::send(post).await;
        let end = lapsing.answer().await;
        let message = "the token expired or was withdrawn; come again with another";
        let error = json!({ "message": message, "extensions": { "code": "UNAUTHENTICATED" } });
        assert_eq!(end, json!({ "payload": null, "errors": [error] }));
        lapsing.is_complete().await;

        let ended = async { while silent.next().await.is_some() {} };
        tokio::join!(ended, server.stop());
        assert_eq!(silent.read, "");
    }
}
