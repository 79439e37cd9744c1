//! WebSockets: `graphql-transport-ws` to the letter, by a client that does what it should not.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{
    Server, on_each_database,
    server::Store,
    socket::{PROTOCOL, Socket, until},
};

/// A server with nothing but the bundled data and little patience.
async fn impatient(store: &Store) -> Server {
    let options = [
        "--live-connections=3",
        "--live-operations=2",
        "--live-message-max=2048",
        "--live-init-timeout=1",
        "--live-patience=1",
        "--live-keep-alive=1",
    ];
    let copy = Store { database: store.database.clone(), url: store.url.clone() };
    Server::start_with(copy, &options).await
}

on_each_database! {
    /// Queries are answered once, over the same connection as everything else.
    async fn queries_are_answered_and_completed(server: &Server) {
        let mut socket = Socket::begin(server).await;
        socket.send(json!({ "type": "ping", "payload": { "at": 1 } })).await;
        assert_eq!(socket.receive().await, json!({ "type": "pong" }));
        socket.send(json!({ "type": "pong" })).await;
        let query = "query A($s: String!) { district(slug: $s) { name } } query B { __typename }";
        let variables = json!({ "s": "haidian" });
        let payload = json!({ "query": query, "operationName": "A", "variables": variables,
            "extensions": { "any": true } });
        for id in ["1", "an id \" of \\ any 文 sort"] {
            socket.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
            let district = json!({ "district": { "name": "Haidian" } });
            assert_eq!(socket.data(id).await, district);
            assert_eq!(socket.receive().await, json!({ "id": id, "type": "complete" }));
        }
    }

    /// The languages of the opening count for every operation.
    async fn the_language_of_the_opening_counts(server: &Server) {
        let headers = [PROTOCOL, ("accept-language", "zh")];
        let mut socket = Socket::open(server, &headers).await.unwrap();
        socket.send(json!({ "type": "connection_init", "payload": {} })).await;
        socket.receive().await;
        socket.subscribe("1", r#"{ district(slug: "haidian") { name } }"#).await;
        assert_eq!(socket.data("1").await, json!({ "district": { "name": "海淀区" } }));
    }

    /// What cannot be executed is told as an error of the operation alone, whose id is free again.
    async fn a_refused_operation_ends_alone(server: &Server) {
        let mut socket = Socket::begin(server).await;
        for (query, code) in [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ dataset @live { slug } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { datasetChanged { slugs } }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription @live { datasetChanged { slug } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query A { __typename } query B { __typename }", "OPERATION_NOT_FOUND"),
        ] {
            socket.subscribe("1", query).await;
            let message = socket.receive().await;
            assert_eq!((&message["id"], &message["type"]), (&json!("1"), &json!("error")));
            assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
        }
        // One that fails in a field was executed.
        socket.subscribe("1", "{ districts(first: 0) { totalCount } }").await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "next");
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    }

    /// Messages that are none, or come when they should not, close the connection with the code
    /// that says so.
    async fn what_breaks_the_protocol_is_closed_with_its_code(server: &Server) {
        let query = json!({ "query": "{ __typename }" });
        for wrong in [
            json!([]),
            json!("connection_init"),
            json!({}),
            json!({ "type": "start", "id": "1", "payload": query }),
            json!({ "type": "connection_init", "payload": [] }),
            json!({ "type": "ping", "payload": "x" }),
            json!({ "type": "subscribe", "payload": query }),
            json!({ "type": "subscribe", "id": "", "payload": query }),
            json!({ "type": "subscribe", "id": 1, "payload": query }),
            json!({ "type": "subscribe", "id": "1" }),
            json!({ "type": "subscribe", "id": "1", "payload": {} }),
            json!({ "type": "subscribe", "id": "1", "payload": { "query": 1 } }),
            json!({ "type": "subscribe", "id": "1", "payload": { "query": "{a}", "variables": [] } }),
            json!({ "type": "subscribe", "id": "1", "payload": { "query": "{a}", "operationName": 1 } }),
            json!({ "type": "complete" }),
        ] {
            let mut socket = Socket::connect(server).await;
            socket.send(wrong.clone()).await;
            let (code, reason) = socket.closed().await;
            assert!(code == 4400 && reason.starts_with("Invalid message: "), "{wrong}: {code} {reason}");
        }
        for wrong in [Message::text("{"), Message::text(""), Message::binary("{}".as_bytes())] {
            let mut socket = Socket::begin(server).await;
            socket.0.send(wrong.clone()).await.unwrap();
            assert_eq!(socket.closed().await.0, 4400, "{wrong}");
        }

        let mut socket = Socket::connect(server).await;
        socket.subscribe("1", "{ __typename }").await;
        assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()));

        let mut socket = Socket::begin(server).await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.closed().await, (4429, "Too many initialisation requests".to_owned()));

        let mut socket = Socket::begin(server).await;
        let long = "文".repeat(100);
        socket.subscribe(&long, "subscription { observationsRecorded { id } }").await;
        socket.subscribe(&long, "{ __typename }").await;
        let (code, reason) = socket.closed().await;
        assert!(code == 4409 && reason.starts_with("Subscriber for 文文"), "{code} {reason}");
        until("places are free again", || server.live.connections() == 0).await;
    }

    /// Only the protocol is spoken, and only with pages of the server's own origin.
    async fn others_are_not_spoken_to(server: &Server) {
        let mut socket = Socket::open(server, &[]).await.unwrap();
        assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
        let old = [("sec-websocket-protocol", "graphql-ws, other")];
        assert!(Socket::open(server, &old).await.is_err());
        let both = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
        let mut socket = Socket::open(server, &both).await.unwrap();
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");

        let elsewhere = [PROTOCOL, ("origin", "http://evil.example")];
        let mut socket = Socket::open(server, &elsewhere).await.unwrap();
        let wanted = "Forbidden: the server's --cors-origin does not name http://evil.example";
        assert_eq!(socket.closed().await, (4403, wanted.to_owned()));
        let own = format!("http://{}", server.address);
        let mut socket = Socket::open(server, &[PROTOCOL, ("origin", &own)]).await.unwrap();
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
    }

    /// Names of headers are spelt as the client spells them: some look for theirs letter by letter,
    /// such as Python's gql.
    async fn the_opening_is_answered_in_the_clients_spelling(server: &Server) {
        for protocol in ["Sec-WebSocket-Protocol", "sec-websocket-protocol", "SEC-WEBSOCKET-PROTOCOL"] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let opening = format!(
                "GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                 {protocol}: graphql-ws, graphql-transport-ws\r\n\r\n"
            );
            stream.write_all(opening.as_bytes()).await.unwrap();
            let mut told = Vec::new();
            while !told.ends_with(b"\r\n\r\n") {
                told.push(timeout(Duration::from_secs(20), stream.read_u8()).await.unwrap().unwrap());
            }
            let told = String::from_utf8(told).unwrap();
            assert!(told.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{told}");
            assert!(told.contains(&format!("\r\n{protocol}: graphql-transport-ws\r\n")), "{told}");
            for rest in ["Upgrade: websocket", "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
                assert!(told.contains(&format!("\r\n{rest}\r\n")), "{told}");
            }
        }
    }

    /// Time, operations, connections and messages have their limits.
    async fn limits_are_kept(store: &Store) {
        let server = impatient(store).await;
        // A sign of life, and no more patience than said.
        let begun = Instant::now();
        let mut socket = Socket::connect(&server).await;
        assert_eq!(socket.closed().await.0, 4408);
        assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());

        let mut socket = Socket::begin(&server).await;
        let subscription = "subscription { observationsRecorded { id } }";
        for id in ["1", "2"] {
            socket.subscribe(id, subscription).await;
        }
        socket.subscribe("3", "{ __typename }").await;
        let refused = socket.receive().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
        socket.send(json!({ "type": "complete", "id": "1" })).await;
        socket.subscribe("3", "{ __typename }").await;
        assert_eq!(socket.data("3").await, json!({ "__typename": "Query" }));

        until("the place is free again", || server.live.connections() == 1).await;
        let _others = [Socket::connect(&server).await, Socket::connect(&server).await];
        match Socket::open(&server, &[PROTOCOL]).await {
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), 503);
                let body: Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
                assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_MANY_CONNECTIONS");
            }
            other => panic!("{:?}", other.map(|_| ())),
        }

        assert_eq!(socket.receive().await, json!({ "id": "3", "type": "complete" }));
        let comment = "#".repeat(2048);
        socket.subscribe("4", &comment).await;
        let (code, reason) = socket.closed().await;
        assert_eq!((code, reason.as_str()), (1009, "A message may have 2048 bytes"));
        server.stop().await;
    }

    /// A client that takes nothing is told so and dropped, and what it asked for ends.
    async fn who_takes_no_answers_is_dropped(store: &Store) {
        let server = impatient(store).await;
        let mut socket = Socket::begin(&server).await;
        socket.subscribe("live", "query @live { dataset { revision } }").await;
        // One answer of megabytes after the other, and nobody reads.
        let fields: String = (0..40).map(|n| format!("a{n}: fields {{ ...f }} ")).collect();
        let query = format!("{{ __schema {{ types {{ {fields} }} }} }}
            fragment f on __Field {{ name description args {{ name description }} }}");
        for id in 0..100 {
            let sent = socket.0.send(Message::text(json!({
                "id": format!("{id}"), "type": "subscribe", "payload": { "query": query },
            }).to_string()));
            if !matches!(timeout(Duration::from_millis(100), sent).await, Ok(Ok(()))) {
                break;
            }
        }
        until("it asks", || server.live.queries() == 1).await;
        until("it is dropped", || server.live.queries() == 0).await;
        // Whoever reads again finds out why.
        let mut last = None;
        while let Ok(Some(Ok(message))) = timeout(Duration::from_secs(5), socket.0.next()).await {
            last = Some(message);
        }
        match last {
            Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 4420),
            other => panic!("{:?}", other.map(|message| message.len())),
        }
        until("its place is free", || server.live.connections() == 0).await;
        // Who hears no more signs of life is gone too.
        let _silent = Socket::begin(&server).await;
        assert_eq!(server.live.connections(), 1);
        until("it is given up", || server.live.connections() == 0).await;
        server.stop().await;
    }

    /// A server that ends says so.
    async fn the_end_is_told(store: &Store) {
        let server = impatient(store).await;
        let mut socket = Socket::begin(&server).await;
        socket.subscribe("1", "subscription { observationsRecorded { id } }").await;
        let (closed, ()) = tokio::join!(socket.closed(), server.stop());
        assert_eq!(closed, (1001, "The server ends; connect again".to_owned()));
    }
}

/// Pages of origins that are let read answers may open one too.
#[tokio::test]
async fn pages_that_are_let_are_spoken_to() {
    for (option, allowed) in [
        ("--cors-origin=https://map.example", true),
        ("--cors-origin=*", true),
        ("--cors-origin=https://other.example", false),
    ] {
        let (store, _folder) = crate::server::sqlite().await;
        let server = Server::start_with(store, &[option]).await;
        let headers = [PROTOCOL, ("origin", "https://map.example")];
        let mut socket = Socket::open(&server, &headers).await.unwrap();
        if allowed {
            socket.send(json!({ "type": "connection_init" })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack", "{option}");
        } else {
            assert_eq!(socket.closed().await.0, 4403, "{option}");
        }
        drop(socket);
        server.stop().await;
    }
}
