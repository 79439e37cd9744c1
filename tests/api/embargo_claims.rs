//! What is claimed of figures under embargo: hidden with them, told with them, and seen by editors
//! meanwhile, who are told of every write.

use chrono::{DateTime, Utc};
use hutong::{
    access::Role,
    record::{self, By, Mode, Writer},
};
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    server::rows,
    socket::{PROTOCOL, Socket},
    versions::answer_to,
};

const FIGURES: &str = "slug,metric,district,period,value,comparator,status,source,published_on";
const CLAIMS: &str = "slug,observation,kind,statement_en";

fn at(minute: u32) -> DateTime<Utc> {
    format!("2026-03-01T00:{minute:02}:00Z").parse().unwrap()
}

/// Writes rows of a table in a minute.
async fn write(server: &Server, minute: u32, table: &str, lines: &str) {
    let by = By::operator("a test");
    let mut writer = Writer::begin(&server.store.database, at(minute), by).await.unwrap();
    writer.save(table, &rows(table, lines), Mode::Upsert).await.unwrap();
    writer.commit().await.unwrap();
}

/// Writes a figure of a year, public from a day on.
async fn figure(server: &Server, minute: u32, slug: &str, value: u32, day: &str) {
    let year = 2000 + u32::from(slug.as_bytes()[0] - b'a');
    let line = format!(
        "{slug},5g-base-stations,haidian,{year},{value},EQUAL,NORMAL,beijing-daily-2026-01-27,{day}"
    );
    write(server, minute, "observation", &format!("{FIGURES}\n{line}")).await;
}

async fn claim(server: &Server, minute: u32, about: &str, text: &str) {
    write(server, minute, "claim", &format!("{CLAIMS}\nx,{about},RECORD,{text}")).await;
}

/// What somebody sees of the claim, on the paths there are; and the changes of claims.
async fn seen(server: &Server, role: Role) -> Value {
    let known = answer_to(server, Role::Admin, r#"{ claim(slug: "x") { id } }"#).await;
    let id = known["claim"]["id"].as_str().unwrap_or("claim:999999");
    let query = r#"{ claim(slug: "x") { statement revision observation { slug } } node(id: "ID") { id }
        claims(filter: {slug: {eq: "x"}}) { totalCount } search(query: "quokka") { totalCount }
        figures: observations(filter: {claims: {some: {slug: {eq: "x"}}}}) { nodes { slug claims { totalCount } } }
        changes(since: "2026-02-15T00:00:00Z") { nodes { type kind nodeId } } }"#;
    let mut data = answer_to(server, role, &query.replace("ID", id)).await;
    data["node"] = json!(data["node"]["id"] == json!(id));
    let of_claims = |change: &Value| change["type"] == "Claim";
    let changes =
        data["changes"]["nodes"].as_array().unwrap().iter().filter(|change| of_claims(change));
    data["changes"] = changes.map(|change| change["kind"].clone()).collect();
    data
}

fn told(about: &str, revision: u32, changes: &[&str]) -> Value {
    json!({ "claim": { "statement": "Quokka", "revision": revision, "observation": { "slug": about } },
        "node": true, "claims": { "totalCount": 1 }, "search": { "totalCount": 1 },
        "figures": { "nodes": [{ "slug": about, "claims": { "totalCount": 1 } }] }, "changes": changes })
}

fn nothing(changes: &[&str]) -> Value {
    json!({ "claim": null, "node": false, "claims": { "totalCount": 0 }, "search": { "totalCount": 0 },
        "figures": { "nodes": [] }, "changes": changes })
}

/// Waits in turn for the next message of an operation, whatever others are told meanwhile.
async fn next(socket: &mut Socket, id: &str) -> Value {
    loop {
        let message = socket.receive().await;
        if message["id"] == id {
            return message["payload"]["data"].clone();
        }
    }
}

async fn editor(server: &Server, token: &str) -> Socket {
    let bearer = format!("Bearer {token}");
    let mut socket = Socket::open(server, &[PROTOCOL, ("authorization", &bearer)]).await.unwrap();
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    socket
}

on_each_database! {
    /// It is seen by those who see the figure, until its day; then by everybody, as made that day.
    async fn it_is_hidden_until_the_day(server: &Server) {
        figure(server, 1, "b", 2, "2026-06-01").await;
        claim(server, 2, "b", "A slip").await;
        claim(server, 3, "b", "Quokka").await;
        assert_eq!(seen(server, Role::Reader).await, nothing(&[]));
        assert_eq!(seen(server, Role::Editor).await, told("b", 2, &[]));
        figure(server, 4, "b", 3, "2026-06-01").await;
        assert_eq!(seen(server, Role::Editor).await, told("b", 2, &[]));
        let day: chrono::DateTime<chrono::Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        assert!(record::release(&server.store.database, day).await.unwrap());
        for role in [Role::Reader, Role::Editor] {
            assert_eq!(seen(server, role).await, told("b", 1, &["CREATED"]));
        }
        // Whoever looks back sees what was to be seen then.
        let before = r#"{ observations(asOf: "2026-05-01T00:00:00Z", filter: {slug: {eq: "b"}}) { nodes { claims { nodes { slug statement } } } }
            districts(first: 1) { nodes { slug } } }"#;
        let hidden = json!([{ "claims": { "nodes": [{ "slug": "x", "statement": "Quokka" }] } }]);
        assert_eq!(answer_to(server, Role::Editor, before).await["observations"]["nodes"], hidden);
        assert_eq!(answer_to(server, Role::Reader, before).await["observations"]["nodes"], json!([]));
    }

    /// A claim that turns to a figure under embargo goes for those who do not see that, and comes
    /// again when it turns to another.
    async fn it_comes_and_goes_with_what_it_is_about(server: &Server) {
        figure(server, 1, "a", 1, "2026-01-01").await;
        figure(server, 2, "b", 2, "2026-06-01").await;
        claim(server, 3, "a", "Quokka").await;
        assert_eq!(seen(server, Role::Reader).await, told("a", 1, &["CREATED"]));
        claim(server, 4, "b", "Quokka").await;
        let gone = ["CREATED", "REMOVED"];
        assert_eq!(seen(server, Role::Reader).await, nothing(&gone));
        assert_eq!(seen(server, Role::Editor).await, told("b", 1, &gone));
        claim(server, 5, "a", "Quokka").await;
        for role in [Role::Reader, Role::Editor] {
            assert_eq!(seen(server, role).await, told("a", 1, &["CREATED", "REMOVED", "CREATED"]));
        }
        // Retracted, the figure takes with it what was claimed of it, and nobody hears of either.
        claim(server, 6, "b", "Quokka").await;
        let mut writer = Writer::begin(&server.store.database, at(7), By::operator("a test")).await.unwrap();
        let waiting = writer.named("observation", &["b".to_owned()], None).await.unwrap();
        writer.remove("observation", waiting, true, None).await.unwrap();
        writer.commit().await.unwrap();
        let all = ["CREATED", "REMOVED", "CREATED", "REMOVED"];
        for role in [Role::Reader, Role::Editor] {
            assert_eq!(seen(server, role).await, nothing(&all));
        }
    }

    /// Editors are told of every write and of every figure in the order in which they were recorded,
    /// and go on where they were; strangers are told of what is public.
    async fn editors_are_told_of_all(server: &Server) {
        let token = server.token(Role::Editor).await;
        let query = |since: &Value| format!("subscription {{ observationsRecorded(since: {since}) {{ slug changeCursor }} }}");
        let (mut insider, mut stranger) = (editor(server, &token).await, Socket::begin(server).await);
        for socket in [&mut insider, &mut stranger] {
            socket.subscribe("told", &query(&Value::Null)).await;
            socket.subscribe("changed", "subscription { datasetChanged { revision } }").await;
            assert_eq!(next(socket, "changed").await["datasetChanged"]["revision"], "1");
        }
        let mut cursors = Vec::new();
        for (minute, (slug, day, revision)) in (1..).zip([("b", "2026-06-01", "1"), ("a", "2026-01-01", "2"), ("d", "2026-06-01", "2"), ("c", "2026-01-01", "3")]) {
            figure(server, minute, slug, minute, day).await;
            let (one, other) = (insider.receive().await, insider.receive().await);
            let [figure, changed] = if one["id"] == "told" { [one, other] } else { [other, one] };
            let figure = &figure["payload"]["data"]["observationsRecorded"];
            assert_eq!(figure["slug"], slug);
            assert_eq!(changed["payload"]["data"], json!({ "datasetChanged": { "revision": revision } }));
            cursors.push(figure["changeCursor"].clone());
        }
        for (slug, revision) in [("a", "2"), ("c", "3")] {
            let (one, other) = (stranger.receive().await, stranger.receive().await);
            let [figure, changed] = if one["id"] == "told" { [one, other] } else { [other, one] };
            assert_eq!(figure["payload"]["data"]["observationsRecorded"]["slug"], slug);
            assert_eq!(changed["payload"]["data"], json!({ "datasetChanged": { "revision": revision } }));
        }
        stranger.is_silent().await;
        for (place, cursor) in cursors.iter().enumerate() {
            let mut again = editor(server, &token).await;
            again.subscribe("1", &query(cursor)).await;
            for slug in &["b", "a", "d", "c"][place + 1..] {
                assert_eq!(next(&mut again, "1").await["observationsRecorded"]["slug"], *slug);
            }
            again.is_silent().await;
            // The cursor of a figure under embargo is of none for who does not see it.
            let mut again = Socket::begin(server).await;
            again.subscribe("1", &query(cursor)).await;
            match place {
                1 => assert_eq!(next(&mut again, "1").await["observationsRecorded"]["slug"], "c"),
                3 => again.is_silent().await,
                _ => {
                    let refused = again.receive().await;
                    assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
                }
            }
        }
    }

    /// Whoever writes is told the revision that everybody is, and editors are not answered from what
    /// was kept before.
    async fn revisions_are_those_of_what_is_public(server: &Server) {
        let publisher = server.token(Role::Publisher).await;
        let write = |year: u32, day: &str| format!(r#"mutation {{ createObservation(input: {{metric: "5g-base-stations", district: "haidian", source: "beijing-daily-2026-01-27", period: "{year}", value: 1, publishedOn: "{day}"}}) {{ observation {{ revision }} revision }} }}"#);
        for (year, day, revision) in [(2001, "2999-01-01", "1"), (2002, "2026-01-01", "2"), (2003, "2999-01-01", "2")] {
            let data = server.ask_as(&publisher, &write(year, day)).await.data();
            assert_eq!(data["createObservation"], json!({ "observation": { "revision": 1 }, "revision": revision }));
            assert_eq!(server.data("{ dataset { revision } }").await["dataset"]["revision"], revision);
        }
        assert_eq!(server.store.database.revision().all.number, 4);
        let log = answer_to(server, Role::Admin, "{ auditLog(last: 5) { nodes { operation revision } } }").await;
        let writes = log["auditLog"]["nodes"].as_array().unwrap().iter().filter(|entry| entry["operation"] == "createObservation");
        assert_eq!(writes.map(|entry| entry["revision"].clone()).collect::<Vec<_>>(), ["2", "2", "1"]);
    }
}
