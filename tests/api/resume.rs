//! Going on where a subscription ended: by cursor, and by the id of the last server-sent event.

use std::{pin::pin, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use futures_util::StreamExt;
use hutong::{
    cli::Cli,
    graphql::{self, Asked, Guard},
};
use serde_json::{Value, json};

use crate::{
    Server,
    events::Events,
    on_each_database,
    socket::Socket,
    subscriptions::{days, write},
};

const QUERY: &str = "subscription ($since: String) {
    observationsRecorded(since: $since) { value changeCursor } }";

/// Subscribes from a cursor on.
async fn subscribe(socket: &mut Socket, since: &Value) {
    let payload = json!({ "query": QUERY, "variables": { "since": since } });
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
}

/// The next figure's value and its cursor.
async fn figure(socket: &mut Socket) -> (String, Value) {
    let told = socket.data("1").await["observationsRecorded"].clone();
    (told["value"].as_str().unwrap().to_owned(), told["changeCursor"].clone())
}

/// The cursors of the last changes, the newest last.
async fn cursors(server: &Server, count: usize) -> Vec<Value> {
    let data = server.data(&format!("{{ changes(last: {count}) {{ edges {{ cursor }} }} }}")).await;
    let edges = data["changes"]["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["cursor"].clone()).collect()
}

/// A cursor with one of its parts replaced: the moment is the third, the number the last.
fn forged(cursor: &Value, part: usize, value: Value) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str().unwrap()).unwrap();
    let mut parts: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    parts[part] = value;
    URL_SAFE_NO_PAD.encode(Value::from(parts).to_string())
}

/// A stream of events from the last one on.
async fn events(server: &Server, query: &str, last: Option<&str>) -> Events {
    let mut get = server.client().get(server.url("/graphql")).query(&[("query", query)]);
    if let Some(last) = last {
        get = get.header("last-event-id", last);
    }
    Events::send(get).await
}

on_each_database! {
    /// What is recorded while nobody listens is told once, in order, and then what follows.
    async fn nothing_is_missed_and_nothing_comes_twice(server: &Server) {
        let mut socket = Socket::begin(server).await;
        subscribe(&mut socket, &Value::Null).await;
        socket.is_silent().await;
        write(server, &[("2001", 1)]).await;
        let (value, cursor) = figure(&mut socket).await;
        assert_eq!(value, "1");
        drop(socket);
        // Of several versions the newest is told, at its place.
        write(server, &[("2002", 2), ("2003", 3)]).await;
        write(server, &[("2002", 4), ("2004", 5)]).await;
        let mut socket = Socket::begin(server).await;
        subscribe(&mut socket, &cursor).await;
        let mut last = cursor;
        for wanted in ["3", "4", "5"] {
            let (value, cursor) = figure(&mut socket).await;
            assert_eq!(value, wanted);
            last = cursor;
        }
        write(server, &[("2005", 6)]).await;
        assert_eq!(figure(&mut socket).await.0, "6");
        socket.is_silent().await;
        drop(socket);
        let mut socket = Socket::begin(server).await;
        subscribe(&mut socket, &last).await;
        assert_eq!(figure(&mut socket).await.0, "6");
        socket.is_silent().await;
    }

    /// The cursors of `changes` fit, of whatever they are, and those of figures fit there.
    async fn cursors_are_those_of_changes(server: &Server) {
        write(server, &[("2001", 1)]).await;
        server.write("unit", "slug,symbol,dimension,name_en\nu,u,COUNT,Unit").await;
        write(server, &[("2002", 2)]).await;
        let found = cursors(server, 3).await;
        let own = r#"{ observations(filter: { metric: { slug: { eq: "5g-base-stations" } },
            period: { eq: "2001" } }) { nodes { value changeCursor } } }"#;
        let own = server.data(own).await["observations"]["nodes"][0].clone();
        assert_eq!(own, json!({ "value": "1", "changeCursor": found[0] }));
        let query = format!("{{ changes(after: {}) {{ nodes {{ type }} }} }}", found[0]);
        assert_eq!(server.data(&query).await["changes"]["nodes"],
            json!([{ "type": "Unit" }, { "type": "Observation" }]));
        for (since, wanted) in [(&found[0], Some("2")), (&found[1], Some("2")), (&found[2], None)] {
            let mut socket = Socket::begin(server).await;
            subscribe(&mut socket, since).await;
            match wanted {
                Some(value) => assert_eq!(figure(&mut socket).await.0, value),
                None => socket.is_silent().await,
            }
        }
        // The figures of a write come after all else of it, those of the first one too.
        let first = server.data("{ changes(first: 1) { edges { cursor node { type } } } }").await;
        let first = &first["changes"]["edges"][0];
        assert_ne!(first["node"]["type"], "Observation");
        let mut socket = Socket::begin(server).await;
        subscribe(&mut socket, &first["cursor"]).await;
        let count = server.data("{ observations { totalCount } }").await;
        for _ in 0..count["observations"]["totalCount"].as_i64().unwrap() {
            figure(&mut socket).await;
        }
        socket.is_silent().await;
    }

    /// What is no cursor of this database is refused: what lies between could not be told.
    async fn other_cursors_are_refused(server: &Server) {
        write(server, &[("2001", 1)]).await;
        server.write("unit", "slug,symbol,dimension,name_en\nu,u,COUNT,Unit").await;
        let found = cursors(server, 2).await;
        let moment = json!("2026-02-01T07:00:00Z");
        let list = server.data("{ observations(first: 1) { edges { cursor } } }").await;
        let list = list["observations"]["edges"][0]["cursor"].as_str().unwrap().to_owned();
        let (other, none) = ("that this database does not hold", "which is no cursor");
        for (since, wanted) in [
            (forged(&found[0], 4, json!(999_999)), other),
            (forged(&found[0], 2, moment.clone()), other),
            (forged(&found[1], 4, json!(999_999)), other),
            (forged(&found[1], 2, moment), other),
            (forged(&found[0], 3, json!(2)), none),
            ("".to_owned(), none),
            ("x".to_owned(), none),
            (list, "a cursor of another list or another order"),
        ] {
            let mut socket = Socket::begin(server).await;
            subscribe(&mut socket, &json!(since)).await;
            let told = socket.receive().await;
            let error = match told["type"].as_str() {
                Some("error") => &told["payload"][0],
                _ => &told["payload"]["errors"][0],
            };
            let message = error["message"].as_str().unwrap_or_else(|| panic!("{told}"));
            assert!(message.starts_with("`since` is ") && message.contains(wanted), "{message}");
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        }
        let mut refused = events(server, QUERY, Some("x")).await;
        let (_, data) = refused.next().await.unwrap();
        let message = data["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("`Last-Event-ID` is \"x\", which is no cursor"), "{message}");
    }

    /// Each event has the figure's cursor as its id, and there is one before the first; who sends
    /// the last one goes on from there, whatever the question says.
    async fn events_go_on_by_their_ids(server: &Server) {
        write(server, &[("2000", 9)]).await;
        let newest = cursors(server, 1).await;
        let mut told = events(server, QUERY, None).await;
        assert_eq!(told.block().await.unwrap(), format!("id: {}", newest[0].as_str().unwrap()));
        write(server, &[("2001", 1)]).await;
        let first = told.data().await["observationsRecorded"].clone();
        assert_eq!((&first["value"], &first["changeCursor"]), (&json!("1"), &json!(told.id)));
        drop(told);
        write(server, &[("2002", 2)]).await;
        // Who heard of no event yet goes on from where they began.
        let mut told = events(server, QUERY, newest[0].as_str()).await;
        for value in ["1", "2"] {
            assert_eq!(told.data().await["observationsRecorded"]["value"], value);
        }
        let query = QUERY.replace("$since)", &format!("{})", newest[0]));
        let query = query.replace("($since: String)", "");
        let mut told = events(server, &query, first["changeCursor"].as_str()).await;
        assert_eq!(told.data().await["observationsRecorded"]["value"], "2");
        drop(told);
        let mut told = events(server, &query, None).await;
        assert_eq!(told.data().await["observationsRecorded"]["value"], "1");
        // What tells no figures has no ids, and takes none.
        let mut state = events(server, "subscription { datasetChanged { slug } }", Some("x")).await;
        state.data().await;
        assert_eq!(state.id, None);
    }

    /// However much was recorded meanwhile, no statement looks through more than a part of it.
    async fn a_long_absence_is_read_in_steps(server: &Server) {
        write(server, &[("2030", 1)]).await;
        let since = cursors(server, 1).await;
        write(server, &days(20_500)).await;
        let config = Cli::parse_from(["hutong"]).config;
        let (schema, database) = (graphql::schema(config.limits), &server.store.database);
        let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
        let query = format!("subscription {{ observationsRecorded(
            since: {}, filter: {{ value: {{ gte: \"20500\" }} }}) {{ value }} }}", since[0]);
        let asked = Asked { query: Some(query), ..Asked::default() };
        let mut checked = guard.check(&asked).unwrap();
        let revision = database.revision();
        let arrival = graphql::Arrival { revision, last_event: None, position: None };
        checked.request = checked.request.data(arrival);
        let patience = Duration::from_secs(60);
        let id = "id".into();
        let mut answers = pin!(graphql::subscribe(&schema, database, checked, patience, id));
        let (answer, statements) = answers.next().await.unwrap().unwrap();
        let told = json!({ "observationsRecorded": { "value": "20500" } });
        assert_eq!(serde_json::to_value(answer.data).unwrap(), told);
        // Where to begin, and two steps.
        assert_eq!(statements, 3);
    }
}
