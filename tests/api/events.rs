//! Server-sent events: one operation on a connection of its own, as `graphql-sse` has them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Answer, Server, on_each_database,
    server::Store,
    socket::{Socket, until},
    subscriptions::{days, write},
};

/// A stream of events as it is read.
pub(crate) struct Events {
    response: reqwest::Response,
    read: Vec<u8>,
    /// The last id there was, as a browser keeps it.
    pub(crate) id: Option<String>,
}

impl Events {
    pub(crate) async fn ask(server: &Server, query: &str) -> Self {
        let request = server.client().post(server.url("/graphql"));
        Self::send(request.json(&json!({ "query": query }))).await
    }

    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Self {
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/event-stream");
        assert!(headers["cache-control"].to_str().unwrap().ends_with("no-cache"));
        Self { response, read: Vec::new(), id: None }
    }

    /// The next block of lines; none at the end.
    pub(crate) async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|bytes| bytes == b"\n\n") {
                let rest = self.read.split_off(end + 2);
                let block = std::mem::replace(&mut self.read, rest);
                return Some(String::from_utf8(block).unwrap().trim_end().to_owned());
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await;
            self.read.extend(chunk.expect("nothing comes").unwrap()?);
        }
    }

    /// The next event with what it says; comments and ids without an event are passed over.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(id) = field("id: ") {
                self.id = Some(id.to_owned());
            }
            let Some(event) = field("event: ") else { continue };
            let data = field("data:").unwrap_or_else(|| panic!("{block}")).trim();
            let data = match data {
                "" => Value::Null,
                data => serde_json::from_str(data).unwrap(),
            };
            return Some((event.to_owned(), data));
        }
    }

    pub(crate) async fn data(&mut self) -> Value {
        let (event, data) = self.next().await.expect("it has ended");
        assert_eq!(event, "next");
        assert!(data.get("errors").is_none(), "{data}");
        data["data"].clone()
    }

    pub(crate) async fn is_complete(&mut self) {
        assert_eq!(self.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.next().await, None);
    }
}

on_each_database! {
    /// A query is one event, by POST and by GET.
    async fn a_query_is_answered_and_completed(server: &Server) {
        let query = "query Q($s: String!) { district(slug: $s) { name } }";
        let variables = json!({ "s": "haidian" });
        let address = server.url("/graphql");
        let body = json!({ "query": query, "variables": variables });
        let post = server.client().post(&address).json(&body);
        let parameters = [("query", query), ("variables", &variables.to_string())];
        let get = server.client().get(&address).query(&parameters);
        for request in [post, get] {
            let mut events = Events::send(request.header("accept-language", "zh")).await;
            assert_eq!(events.data().await, json!({ "district": { "name": "海淀区" } }));
            events.is_complete().await;
        }
        until("their places are free", || server.live.connections() == 0).await;
    }

    /// Subscriptions and live queries go on until the client leaves.
    async fn what_goes_on_is_told_of(server: &Server) {
        let mut told = Events::ask(server, "subscription { observationsRecorded { value } }").await;
        let mut live = Events::ask(server, "query @live { dataset { revision } }").await;
        assert_eq!(live.data().await, json!({ "dataset": { "revision": "1" } }));
        for (revision, period) in [("2", "2001"), ("3", "2002")] {
            write(server, &[(period, 7)]).await;
            assert_eq!(told.data().await, json!({ "observationsRecorded": { "value": "7" } }));
            assert_eq!(live.data().await, json!({ "dataset": { "revision": revision } }));
        }
        drop((told, live));
        until("nobody asks", || (server.live.connections(), server.live.queries()) == (0, 0)).await;
    }

    /// What cannot be executed is told in an event; what is no request, before there are any.
    async fn refusals_are_told(server: &Server) {
        let mut events = Events::ask(server, "subscription { nothing }").await;
        let (event, data) = events.next().await.unwrap();
        assert_eq!(event, "next");
        assert_eq!(data["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(data.get("data"), None);
        events.is_complete().await;
        let post = server.client().post(server.url("/graphql"));
        let post = post.header("accept", "text/event-stream").header("content-type", "application/json");
        let answer = Answer::read(post.body("{").send().await.unwrap()).await;
        assert_eq!((answer.status, answer.error().1.as_str()), (400, "BAD_REQUEST"));
    }

    /// Who hears nothing for longer than a request, its answer or the reading of it may take stays
    /// connected; and what is told comes at once, also to those who read compressed answers.
    async fn silence_is_no_end(store: &Store) {
        let options = ["--request-timeout=1", "--read-timeout=1", "--write-timeout=1"];
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &options).await;
        let mut socket = Socket::begin(&server).await;
        let subscription = "subscription { observationsRecorded { value } }";
        socket.subscribe("1", subscription).await;
        let get = |query: &str| {
            let get = server.client().get(server.url("/graphql")).query(&[("query", query)]);
            get.header("accept-encoding", "gzip, br, zstd")
        };
        let mut told = Events::send(get(subscription)).await;
        let live = "query @live { dataset { revision } districts { nodes { id slug name } } }";
        let mut live = Events::send(get(live)).await;
        assert_eq!(live.data().await["districts"]["nodes"].as_array().unwrap().len(), 17);
        for events in [&told, &live] {
            assert_eq!(events.response.headers().get("content-encoding"), None);
        }
        // Each of these says nothing either, but has to, and is dropped when its time is over.
        for _ in 0..2 {
            let mut idle = TcpStream::connect(server.address).await.unwrap();
            idle.write_all(b"POST /graphql HTTP/1.1\r\n").await.unwrap();
            let _ = idle.read_to_end(&mut Vec::new()).await;
        }
        write(&server, &[("2001", 7)]).await;
        let wanted = json!({ "observationsRecorded": { "value": "7" } });
        assert_eq!((socket.data("1").await, told.data().await), (wanted.clone(), wanted));
        assert_eq!(live.data().await["dataset"]["revision"], "2");
        drop((socket, told, live));
        server.stop().await;
    }

    /// Silence is broken by comments, places are limited, a client that takes nothing is told so,
    /// and the end is no `complete`: the client is to ask again.
    async fn limits_are_kept(store: &Store) {
        let options = ["--live-connections=2", "--live-patience=1", "--live-keep-alive=1"];
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &options).await;

        let long = format!("subscription {{ {} }}", "observationsRecorded { ...f }");
        let fields: String = (0..200).map(|n| format!("a{n}: metric {{ names {{ text }} }} ")).collect();
        let slow = Events::ask(&server, &format!("{long} fragment f on Observation {{ {fields} }}")).await;
        let mut silent = Events::ask(&server, "subscription { observationsRecorded { value } }").await;
        assert!(silent.block().await.unwrap().starts_with("id: "));
        assert_eq!(silent.block().await.unwrap(), ":");
        let third = server.client().get(server.url("/graphql?query={__typename}"));
        let third = third.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(third.status(), 503);
        let body: Value = third.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_MANY_CONNECTIONS");

        write(&server, &days(1000)).await;
        for number in 1..=1000 {
            let told = silent.data().await;
            assert_eq!(told["observationsRecorded"]["value"], number.to_string());
        }
        until("it is dropped", || server.live.connections() == 1).await;
        let mut slow = slow;
        let mut told = 0;
        // Were it not dropped, it would be told for ever that the connection is alive.
        let dropped = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let (event, data) = slow.next().await.unwrap();
                assert_eq!(event, "next");
                if data.get("errors").is_some() {
                    break data;
                }
                told += 1;
            }
        });
        let last = dropped.await.expect("it was not slow");
        assert_eq!(last["errors"][0]["extensions"]["code"], "SLOW_CONSUMER");
        assert!(told < 1000, "it was not slow");
        slow.is_complete().await;

        let (end, ()) = tokio::join!(silent.next(), server.stop());
        assert_eq!(end, None);
    }
}
