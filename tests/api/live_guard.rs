//! The guard, and the rules of requests, before what goes on: over WebSocket, over events by POST
//! and by GET, and over plain HTTP.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    Answer, Server,
    events::Events,
    on_each_database,
    server::Store,
    socket::{Socket, until},
    subscriptions::write,
    wait,
};

/// The errors with which a request is refused, the same on every transport.
async fn refused(server: &Server, socket: &mut Socket, query: &str) -> Value {
    let address = server.url("/graphql");
    let plain = server.ask(query).await;
    let errors = plain.json()["errors"].clone();
    assert_eq!(plain.json(), json!({ "errors": errors }), "{query}");
    socket.subscribe("1", query).await;
    let told = json!({ "id": "1", "type": "error", "payload": errors });
    assert_eq!(socket.receive().await, told, "{query}");
    let post = server.client().post(&address).json(&json!({ "query": query }));
    for request in [post, server.client().get(&address).query(&[("query", query)])] {
        let mut events = Events::send(request).await;
        let told = json!({ "errors": errors });
        assert_eq!(events.next().await, Some(("next".to_owned(), told)), "{query}");
        events.is_complete().await;
    }
    errors
}

/// A server with these options over the database, which it leaves as it is when it stops.
async fn server(store: &Store, options: &[&str]) -> Server {
    let copy = Store { database: store.database.clone(), url: store.url.clone() };
    Server::start_with(copy, options).await
}

on_each_database! {
    /// What asks for too much, or for what there is not, is refused on every transport alike.
    async fn refuses_on_every_transport(store: &Store) {
        let server = server(store, &["--cost-max=100", "--depth-max=5", "--error-max=2"]).await;
        let mut socket = Socket::begin(&server).await;
        let deep = "{ metric { unit { metrics { nodes { slug } } } } }";
        let two = "observationsRecorded { value } datasetChanged { slug }";
        for (query, code) in [
            ("{ districts(first: 1000) { nodes { slug } } }".to_owned(), "COST_LIMIT_EXCEEDED"),
            ("query @live { districts(first: 1000) { nodes { slug } } }".to_owned(), "COST_LIMIT_EXCEEDED"),
            ("subscription { observationsRecorded { metric { observations(first: 1000) { nodes { value } } } } }".to_owned(), "COST_LIMIT_EXCEEDED"),
            (format!("subscription {{ observationsRecorded {deep} }}"), "DEPTH_LIMIT_EXCEEDED"),
            // A subscription has one field of the root, however it is written.
            (format!("subscription {{ {two} }}"), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { a: datasetChanged { slug } b: datasetChanged { slug } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            (format!("subscription {{ ...f }} fragment f on Subscription {{ {two} }}"), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { datasetChanged { slug } __typename }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { __typename }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription ($s: Boolean = true) { datasetChanged @skip(if: $s) { slug } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { observationsRecorded(filter: 1) { value } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("query @live @live { dataset { slug } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("query @live(if: true) { dataset { slug } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("query ($n: Int!) @live { districts(first: $n) { totalCount } }".to_owned(), "BAD_USER_INPUT"),
            ("{ a b c d }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
            ("{".to_owned(), "GRAPHQL_PARSE_FAILED"),
        ] {
            let errors = refused(&server, &mut socket, &query).await;
            let errors = errors.as_array().unwrap();
            assert!(errors.len() <= 2, "{query}: {errors:?}");
            assert_eq!(errors[0]["extensions"]["code"], code, "{query}: {errors:?}");
        }
        assert_eq!((server.live.queries(), server.live.executions()), (0, 0));
        drop(socket);
        server.stop().await;
    }

    /// An answer tells of no more errors than any other, and what it was estimated to cost.
    async fn answers_keep_to_their_limits(store: &Store) {
        let server = server(store, &["--error-max=2"]).await;
        let wrong: String = (0..5).map(|n| format!("a{n}: per(metric: \"no\") {{ __typename }} ")).collect();
        let mut socket = Socket::begin(&server).await;
        let live = format!("{{ observations(first: 1) {{ nodes {{ {wrong} }} }} }}");
        for (id, query, requested) in [
            ("once", format!("query {live}"), 12),
            ("live", format!("query @live {live}"), 12),
            ("told", format!("subscription {{ observationsRecorded {{ {wrong} }} }}"), 11),
        ] {
            socket.subscribe(id, &query).await;
            if id == "told" {
                socket.is_silent().await;
                write(&server, &[("2001", 1)]).await;
            }
            let message = socket.receive().await;
            assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
            let payload = &message["payload"];
            assert_eq!(payload["errors"].as_array().unwrap().len(), 2, "{message}");
            assert_eq!(payload["extensions"]["cost"]["requested"], requested, "{message}");
            if id == "once" {
                assert_eq!(socket.receive().await["type"], "complete");
            }
        }
        drop(socket);
        server.stop().await;
    }

    /// Where there are trusted documents, no others are executed, and those who name the same one
    /// differently still ask the same.
    async fn trusted_documents_alone_go_on(store: &Store) {
        let folder = tempfile::tempdir().unwrap();
        let text = "query ($s: String!) @live { district(slug: $s) { name } }";
        std::fs::write(folder.path().join("place.graphql"), text).unwrap();
        let other = "query ($s: String!) @live { district(slug: $s) { slug } }";
        std::fs::write(folder.path().join("other.graphql"), other).unwrap();
        let option = format!("--trusted-documents={}", folder.path().display());
        let server = server(store, &[&option]).await;
        let mut socket = Socket::begin(&server).await;
        let hash = "e755e5960e0e506c339e32aad914ac77300e256c8154f252bde791c7bed86cd1";
        let (haidian, miyun) = (json!({ "s": "haidian" }), json!({ "s": "miyun" }));
        for (id, payload, wanted, queries) in [
            ("1", json!({ "documentId": "place", "variables": haidian }), json!({ "name": "Haidian" }), 1),
            ("2", json!({ "query": text, "variables": haidian }), json!({ "name": "Haidian" }), 1),
            ("3", json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } }, "variables": haidian }), json!({ "name": "Haidian" }), 1),
            ("4", json!({ "documentId": "other", "variables": haidian }), json!({ "slug": "haidian" }), 2),
            ("5", json!({ "documentId": "place", "variables": miyun }), json!({ "name": "Miyun" }), 3),
        ] {
            socket.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
            assert_eq!(socket.data(id).await, json!({ "district": wanted }));
            assert_eq!(server.live.queries(), queries, "{id}");
        }
        for payload in [json!({ "query": "query @live { __typename }" }), json!({ "documentId": "none" })] {
            socket.send(json!({ "id": "6", "type": "subscribe", "payload": payload })).await;
            let message = socket.receive().await;
            assert_eq!(message["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED", "{message}");
        }
        drop(socket);
        until("they are forgotten", || server.live.queries() == 0).await;
        server.stop().await;
    }

    /// A live query that is named by its hash goes on when its document is kept no longer.
    async fn a_forgotten_document_goes_on(store: &Store) {
        // There is room for one document.
        let server = server(store, &["--persisted-queries=1000"]).await;
        let [(text, named), (other, other_named)] =
            ["query @live { dataset { revision } }", "{ dataset { title } }"].map(|text| {
                let hash = Sha256::digest(text);
                let hash = hash.iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
                let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
                let whole = json!({ "query": text, "extensions": named });
                (whole, json!({ "extensions": named }))
            });
        let post = async |body: &Value| {
            let post = server.client().post(server.url("/graphql")).json(body);
            Answer::read(post.send().await.unwrap()).await.json()
        };
        post(&text).await;
        let mut socket = Socket::begin(&server).await;
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": named })).await;
        assert_eq!(socket.data("1").await, json!({ "dataset": { "revision": "1" } }));
        // One that is asked for more often takes its place.
        wait::until("it is forgotten", async || {
            for body in [&other_named, &other_named, &other] {
                post(body).await;
            }
            post(&named).await.get("errors").is_some()
        })
        .await;
        server.write("unit", "slug,symbol,dimension,name_en\nu,u,COUNT,Unit").await;
        assert_eq!(socket.data("1").await, json!({ "dataset": { "revision": "2" } }));
        drop(socket);
        server.stop().await;
    }

    /// Who takes JSON and events has events where an answer goes on, and who takes no events has no
    /// subscription.
    async fn events_are_for_what_goes_on(server: &Server) {
        let address = server.url("/graphql");
        let both = "application/graphql-response+json, application/json, text/event-stream";
        let get = |query: &str| server.client().get(&address).query(&[("query", query)]);
        let kind = async |request: reqwest::RequestBuilder, accept: &str| {
            let response = request.header("accept", accept).send().await.unwrap();
            let headers = response.headers().clone();
            assert_eq!(headers["vary"], "accept, accept-encoding, accept-language, authorization");
            (response.status().as_u16(), headers["content-type"].to_str().unwrap().to_owned())
        };
        let (query, live) = ("{ dataset { slug } }", "query @live { dataset { slug } }");
        let subscription = "subscription { datasetChanged { slug } }";
        let json = "application/graphql-response+json; charset=utf-8";
        for (query, accept, wanted) in [
            (query, both, json),
            (query, "text/event-stream", "text/event-stream"),
            (live, both, "text/event-stream"),
            (live, "application/graphql-response+json", json),
            (subscription, both, "text/event-stream"),
            (subscription, "text/event-stream;q=0.1, */*", "text/event-stream"),
            ("{", both, json),
        ] {
            let status = if query == "{" { 400 } else { 200 };
            assert_eq!(kind(get(query), accept).await, (status, wanted.to_owned()), "{query} {accept}");
        }
        for accept in ["application/json", "*/*", "text/event-stream;q=0, application/json"] {
            let post = server.client().post(&address).json(&json!({ "query": subscription }));
            for request in [get(subscription), post] {
                let answer = request.header("accept", accept).send().await.unwrap();
                let answer = Answer::read(answer).await;
                let (message, code, _) = answer.error();
                assert_eq!((answer.status, code.as_str()), (406, "NOT_ACCEPTABLE"), "{message}");
            }
        }
        until("their places are free", || server.live.connections() == 0).await;
    }
}

/// Several questions in one are no stream of events, even where they are taken.
#[tokio::test]
async fn a_stream_is_of_one_question() {
    for (options, status, code) in
        [(&[][..], 400, "BATCH_LIMIT_EXCEEDED"), (&["--batch-max=3"], 406, "NOT_ACCEPTABLE")]
    {
        let (store, _folder) = crate::server::sqlite().await;
        let server = Server::start_with(store, options).await;
        let post = server.client().post(server.url("/graphql"));
        let post = post.json(&json!([{ "query": "query @live { dataset { slug } }" }]));
        let answer = post.header("accept", "text/event-stream").send().await.unwrap();
        let answer = Answer::read(answer).await;
        assert_eq!((answer.status, answer.error().1.as_str()), (status, code));
        server.stop().await;
    }
}
