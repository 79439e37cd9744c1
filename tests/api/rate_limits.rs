//! How often somebody may ask, and that nobody else suffers from it.

use futures_util::future::join_all;
use hutong::access::Role;
use reqwest::RequestBuilder;
use serde_json::json;

use crate::{
    Answer, Server, on_each_database,
    server::Store,
    socket::{PROTOCOL, Socket},
    wait::until,
};

async fn limited(store: &Store, option: &str) -> Server {
    let store = Store::open(store.url.clone()).await;
    Server::start_with(store, &["--trusted-proxies=1", option]).await
}

fn request(server: &Server, from: &str) -> RequestBuilder {
    let post = server.client().post(server.url("/graphql"));
    post.header("x-forwarded-for", from).json(&json!({ "query": "{ __typename }" }))
}

/// How many of requests sent at once were answered, and the headers and text of one that was not.
async fn burst(requests: Vec<RequestBuilder>) -> (usize, Option<(String, Answer)>) {
    let (mut answered, mut refused) = (0, None);
    for response in join_all(requests.into_iter().map(RequestBuilder::send)).await {
        let response = response.unwrap();
        if response.status() == 200 {
            answered += 1;
        } else {
            let wait = response.headers()["retry-after"].to_str().unwrap().to_owned();
            refused = Some((wait, Answer::read(response).await));
        }
    }
    (answered, refused)
}

on_each_database! {
    /// Who asks too often is told when to come again; others are answered.
    async fn an_address_has_its_limit(store: &Store) {
        let server = limited(store, "--rate-limit=3").await;
        let made_up = |number| format!("198.51.100.{number}, 192.0.2.1");
        // What a client says before its proxy does not make it another.
        let requests = (0..30).map(|number| request(&server, &made_up(number))).collect();
        let (answered, refused) = burst(requests).await;
        assert!((3..20).contains(&answered), "{answered}");
        let (wait, answer) = refused.unwrap();
        assert_eq!((answer.status, wait.as_str()), (429, "1"));
        let (message, code, _) = answer.error();
        assert_eq!(code, "RATE_LIMITED");
        assert_eq!(message, "there are too many requests; wait 1 s, and send fewer");
        assert_eq!(request(&server, "192.0.2.2").send().await.unwrap().status(), 200);
        // Those who watch over the server are not counted.
        for _ in 0..10 {
            assert_eq!(server.client().get(server.url("/health/live")).send().await.unwrap().status(), 200);
        }
        let again = async || request(&server, "192.0.2.1").send().await.unwrap().status() == 200;
        until("it may ask again", again).await;
        server.stop().await;
    }

    /// A token has its limit from wherever it is used; strangers have none there.
    async fn a_token_has_its_limit(store: &Store) {
        let server = limited(store, "--token-rate-limit=3").await;
        let (one, other) = (server.token(Role::Reader).await, server.token(Role::Editor).await);
        let from = |number| request(&server, &format!("192.0.2.{number}"));
        let (answered, refused) = burst((0..30).map(|number| from(number).bearer_auth(&one)).collect()).await;
        assert!((3..20).contains(&answered), "{answered}");
        assert_eq!(refused.unwrap().1.error().1, "RATE_LIMITED");
        assert_eq!(from(1).bearer_auth(&other).send().await.unwrap().status(), 200);
        assert_eq!(burst((0..30).map(from).collect()).await.0, 30);
        server.stop().await;
    }

    /// Messages on a WebSocket count: an operation that comes too often is refused by itself,
    /// whatever else does ends the connection.
    async fn messages_count(store: &Store) {
        let server = limited(store, "--rate-limit=4").await;
        let open = async |from| {
            let mut socket = Socket::open(&server, &[PROTOCOL, ("x-forwarded-for", from)]).await.unwrap();
            socket.send(json!({ "type": "connection_init" })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack");
            socket
        };
        let mut socket = open("192.0.2.1").await;
        for id in 0..20 {
            socket.subscribe(&format!("{id}"), "{ __typename }").await;
        }
        let (mut answered, mut refused) = (0, 0);
        while answered + refused < 20 {
            let message = socket.receive().await;
            match message["type"].as_str().unwrap() {
                "next" => answered += 1,
                "error" => {
                    assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
                    refused += 1;
                }
                _ => {}
            }
        }
        assert!(answered >= 2 && refused >= 5, "{answered} {refused}");
        let mut other = open("192.0.2.2").await;
        for _ in 0..30 {
            other.send(json!({ "type": "ping" })).await;
        }
        let closed = loop {
            match other.message().await {
                Ok(pong) => assert_eq!(pong, json!({ "type": "pong" })),
                Err(closed) => break closed,
            }
        };
        assert_eq!(closed.0, 1013);
        // One who is not let in is told by the status.
        let crowd = (0..10).map(|_| request(&server, "192.0.2.3")).collect();
        burst(crowd).await;
        let opened = Socket::open(&server, &[PROTOCOL, ("x-forwarded-for", "192.0.2.3")]).await;
        match opened.err() {
            Some(tokio_tungstenite::tungstenite::Error::Http(response)) => assert_eq!(response.status(), 429),
            other => panic!("{other:?}"),
        }
        server.stop().await;
    }
}
