//! Live queries: answered again when the answer changes, and once for all who ask the same.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    Server,
    events::Events,
    on_each_database,
    server::Store,
    socket::{Socket, until},
    subscriptions::write,
};

const QUERY: &str = r#"query @live { metric(slug: "5g-base-stations") {
    observations { totalCount } latest(district: "beijing") { value period { code } } } }"#;

fn answer(count: u32, value: &str, period: &str) -> Value {
    json!({ "metric": { "observations": { "totalCount": count },
        "latest": { "value": value, "period": { "code": period } } } })
}

on_each_database! {
    /// A live query is answered at once and when its answer changes, not when other data do.
    async fn is_answered_when_the_answer_changes(server: &Server) {
        let mut socket = Socket::begin(server).await;
        socket.subscribe("1", QUERY).await;
        assert_eq!(socket.data("1").await["metric"]["observations"]["totalCount"], 1);
        server.write("unit", "slug,symbol,dimension,name_en\nu,u,COUNT,Unit").await;
        socket.is_silent().await;
        assert_eq!(server.live.executions(), 2);
        write(server, &[("2026", 200_000)]).await;
        assert_eq!(socket.data("1").await, answer(2, "200000", "2026"));
        // A client that has enough says so; then nobody asks any more.
        assert_eq!(server.live.queries(), 1);
        socket.send(json!({ "type": "complete", "id": "1" })).await;
        until("it is forgotten", || server.live.queries() == 0).await;
        write(server, &[("2027", 300_000)]).await;
        socket.is_silent().await;
        assert_eq!(server.live.executions(), 3);
        // Who asks again gets an answer of now.
        socket.subscribe("1", QUERY).await;
        assert_eq!(socket.data("1").await, answer(3, "300000", "2027"));
    }

    /// A hundred clients that ask the same cost one execution for each change.
    async fn a_hundred_who_ask_the_same_share_one_execution(server: &Server) {
        let clients = join_all((0..100).map(|_| async {
            let mut socket = Socket::begin(server).await;
            socket.subscribe("1", QUERY).await;
            socket.data("1").await;
            socket
        }));
        let mut sockets = clients.await;
        assert_eq!((server.live.queries(), server.live.executions()), (1, 1));
        for (changes, period) in [(1, "2026"), (2, "2027"), (3, "2028")] {
            write(server, &[(period, changes)]).await;
            let answers = join_all(sockets.iter_mut().map(|socket| socket.data("1"))).await;
            let wanted = answer(1 + changes, &changes.to_string(), period);
            assert!(answers.iter().all(|answer| *answer == wanted), "{answers:?}");
            assert_eq!(server.live.executions(), 1 + changes as usize);
        }
        // Another document, other variables or languages are another question.
        let mut other = Socket::begin(server).await;
        other.subscribe("1", &QUERY.replace("totalCount", "totalCount __typename")).await;
        other.data("1").await;
        assert_eq!((server.live.queries(), server.live.executions()), (2, 5));
        drop((sockets, other));
        until("they are forgotten", || server.live.queries() == 0).await;
    }

    /// However many writes there are in a while, they are answered together at its end.
    async fn a_burst_of_writes_is_answered_at_once(store: &Store) {
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &["--live-interval=2000", "--live-keep-alive=2"]).await;
        let mut socket = Socket::begin(&server).await;
        socket.subscribe("1", QUERY).await;
        let begun = Instant::now();
        socket.data("1").await;
        for (period, value) in [("2026", 1), ("2027", 2), ("2028", 3), ("2029", 4)] {
            write(&server, &[(period, value)]).await;
        }
        assert!(begun.elapsed() < Duration::from_millis(1500), "it wrote too slowly");
        assert_eq!(server.live.executions(), 1);
        assert_eq!(socket.data("1").await, answer(5, "4", "2029"));
        assert!(begun.elapsed() > Duration::from_millis(1900), "{:?}", begun.elapsed());
        assert_eq!(server.live.executions(), 2);
        // Who waited long enough is answered as soon as something changes.
        let mut silent = Events::ask(&server, QUERY).await;
        silent.data().await;
        assert_eq!(silent.block().await.unwrap(), ":");
        let begun = Instant::now();
        write(&server, &[("2030", 5)]).await;
        assert_eq!(socket.data("1").await, answer(6, "5", "2030"));
        assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
        drop((socket, silent));
        server.stop().await;
    }

    /// A live query that is refused is refused once, and its question is not kept.
    async fn a_refused_live_query_ends(server: &Server) {
        let mut socket = Socket::begin(server).await;
        socket.subscribe("1", "query @live { nothing }").await;
        assert_eq!(socket.receive().await["type"], "error");
        until("it is forgotten", || server.live.queries() == 0).await;
    }

    /// Over plain HTTP a live query is answered once, like any other.
    async fn plain_http_answers_once(server: &Server) {
        let data = server.data("query @live { dataset { revision } }").await;
        assert_eq!(data, json!({ "dataset": { "revision": "1" } }));
        assert_eq!(server.live.executions(), 0);
    }
}
