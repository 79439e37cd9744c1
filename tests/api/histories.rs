//! All versions of a figure, and the feed of what was changed.

use hutong::access::Role;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    sums::{figures, town},
    versions::{Hand, answer_to},
};

async fn begin(server: &Server) -> Hand {
    town(server).await;
    figures(server, &["sales,north,,2023,4,EQUAL,NORMAL", "sales,north,,2024,5,EQUAL,PROVISIONAL"])
        .await;
    Hand::on(&server.store).await
}

const VERSIONS: &str = "history { totalCount nodes { value revision recordedAt supersededAt retracted reason recordedBy embargoed } }";

fn version(value: &str, revision: u32, recorded: &str, superseded: Option<&str>) -> Value {
    let at = |day: &str| format!("2026-{day}T00:00:00Z");
    json!({ "value": value, "revision": revision, "recordedAt": at(recorded), "supersededAt": superseded.map(at),
        "retracted": false, "reason": null, "recordedBy": null, "embargoed": false })
}

on_each_database! {
    /// The newest first, from whichever version it is asked of; in one statement for many figures.
    async fn tells_every_version(server: &Server) {
        let hand = begin(server).await;
        let first = hand.row("observation", "sales-north-2024").await;
        hand.run(&format!("UPDATE observation SET recorded_at = '2026-01-01T00:00:00+00:00' WHERE id = {first}")).await;
        let second = hand.correct(first, "2026-03-01T00:00:00+00:00", &[("value", "5.5"), ("reason", "'a slip'"), ("recorded_by", "'li'")]).await;
        let third = hand.correct(second, "2026-03-05T00:00:00+00:00", &[("value", "6"), ("reason", "NULL"), ("recorded_by", "NULL")]).await;
        hand.retract(third, "2026-04-01T00:00:00+00:00").await;
        let mut retracted = version("6", 4, "04-01", Some("04-01"));
        retracted["retracted"] = json!(true);
        retracted["reason"] = json!("it was wrong");
        let mut slip = version("5.5", 2, "03-01", Some("03-05"));
        slip["reason"] = json!("a slip");
        let mut all = vec![retracted, version("6", 3, "03-05", Some("04-01")), slip, version("5", 1, "01-01", Some("03-01"))];
        let (oldest, newest) = (hand.version(first, "2026-01-01T00:00:00Z").await, hand.version(third, "2026-03-05T00:00:00Z").await);
        let query = format!("{{ a: node(id: \"{oldest}\") {{ ...versions }} b: node(id: \"{newest}\") {{ ...versions }} }}
            fragment versions on Observation {{ {VERSIONS} }}");
        let answer = server.ask(&query).await;
        let history = json!({ "history": { "totalCount": 4, "nodes": all } });
        assert_eq!(answer.data(), json!({ "a": history, "b": history }));
        assert_eq!(answer.statements, Some(3));
        // Seen from a moment, what came later is not there.
        let data = server.data(&format!("{{ observations(asOf: \"2026-03-02T00:00:00Z\", filter: {{slug: {{eq: \"sales-north-2024\"}}}}) {{ nodes {{ {VERSIONS} }} }} }}")).await;
        let mut slip = all[2].clone();
        slip["supersededAt"] = json!(null);
        assert_eq!(data["observations"]["nodes"], json!([{ "history": { "totalCount": 2, "nodes": [slip, all[3]] } }]));
        // Editors are told who recorded what.
        all[0]["recordedBy"] = json!("mei");
        all[2]["recordedBy"] = json!("li");
        let data = answer_to(server, Role::Editor, &query).await;
        assert_eq!(data["a"]["history"]["nodes"], json!(all));
        // In pages.
        let page = |arguments: &str| format!("{{ node(id: \"{oldest}\") {{ ... on Observation {{ history({arguments}) {{ nodes {{ revision }} pageInfo {{ endCursor hasNextPage }} }} }} }} }}");
        let data = server.data(&page("first: 3")).await["node"]["history"].clone();
        assert_eq!(data["nodes"], json!([{ "revision": 4 }, { "revision": 3 }, { "revision": 2 }]));
        let rest = server.data(&page(&format!("first: 3, after: {}", data["pageInfo"]["endCursor"]))).await;
        assert_eq!(rest["node"]["history"]["nodes"], json!([{ "revision": 1 }]));
        let last = server.data(&page("last: 2")).await;
        assert_eq!(last["node"]["history"]["nodes"], json!([{ "revision": 2 }, { "revision": 1 }]));
    }

    /// What was changed, in the order in which it was, from tables of both sorts.
    async fn what_was_changed_is_fed(server: &Server) {
        let hand = begin(server).await;
        let t = |day: u32| format!("2026-03-{day:02}T00:00:00+00:00");
        hand.created("district", "hill", &t(1)).await;
        let first = hand.row("observation", "sales-north-2024").await;
        let second = hand.correct(first, &t(1), &[("value", "5.5")]).await;
        hand.update("metric", "sales", &t(2), "slug = 'turnover'").await;
        let waiting = hand.embargo(second, &t(3), &[("value", "6")]).await;
        hand.remove("district", "port", &t(4)).await;
        let third = hand.release(waiting, second, &t(5)).await;
        let gone = hand.retract(third, &t(6)).await;
        let query = |arguments: &str| format!(r#"{{ changes({arguments}) {{ totalCount pageInfo {{ hasNextPage }} edges {{ cursor node {{
            kind recordedAt revision type nodeId name node {{ id ... on Observation {{ value }} }} version {{ id value retracted }} }} }} }} }}"#);
        let since = "since: \"2026-02-15T00:00:00Z\"";
        let data = server.data(&query(since)).await["changes"].clone();
        let [hill, port] = [hand.row("district", "hill").await, hand.row("district", "port").await].map(|row| format!("district:{row}"));
        let metric = format!("metric:{}", hand.row("metric", "turnover").await);
        let changed = |kind: &str, day: u32, revision: Value, name: &str, id: &str| {
            json!({ "kind": kind, "recordedAt": format!("2026-03-{day:02}T00:00:00Z"), "revision": revision, "type": name, "nodeId": id })
        };
        let object = |mut change: Value, slug: &str, there: bool| {
            let node = if there { json!({ "id": change["nodeId"] }) } else { json!(null) };
            change.as_object_mut().unwrap().extend([("name", json!(slug)), ("node", node), ("version", json!(null))].map(|(name, value)| (name.to_owned(), value)));
            change
        };
        let id = hand.figure(first).await;
        // The figure itself was retracted since.
        let figure = |kind: &str, day: u32, version: String, value: &str| {
            let mut change = changed(kind, day, json!(null), "Observation", &id);
            let version = json!({ "id": version, "value": value, "retracted": kind == "REMOVED" });
            change.as_object_mut().unwrap().extend([("name", json!(null)), ("node", json!(null)), ("version", version)].map(|(name, value)| (name.to_owned(), value)));
            change
        };
        let wanted = [
            object(changed("CREATED", 1, json!("101"), "District", &hill), "hill", true),
            figure("UPDATED", 1, hand.version(second, &t(1)).await, "5.5"),
            object(changed("UPDATED", 2, json!("102"), "Metric", &metric), "sales", true),
            object(changed("REMOVED", 4, json!("103"), "District", &port), "port", false),
            figure("UPDATED", 5, hand.version(third, &t(5)).await, "6"),
            figure("REMOVED", 6, hand.version(gone, &t(6)).await, "6"),
        ];
        let edges = data["edges"].as_array().unwrap();
        assert_eq!(edges.iter().map(|edge| edge["node"].clone()).collect::<Vec<_>>(), wanted);
        assert_eq!((&data["totalCount"], &data["pageInfo"]["hasNextPage"]), (&json!(6), &json!(false)));
        assert_eq!(answer_to(server, Role::Admin, &query(since)).await["changes"], data);
        // Page by page it is the same.
        let mut cursor = String::new();
        for (place, edge) in edges.iter().enumerate() {
            let page = server.data(&query(&format!("first: 1, {since}{cursor}"))).await["changes"].clone();
            assert_eq!((&page["edges"], &page["pageInfo"]["hasNextPage"]), (&json!([edge]), &json!(place < 5)));
            cursor = format!(", after: {}", edge["cursor"]);
        }
        assert_eq!(server.data(&query(&format!("{since}{cursor}"))).await["changes"]["edges"], json!([]));
        // What the data came with is the oldest.
        let all = server.data("{ changes(first: 1000) { totalCount nodes { kind type recordedAt } } }").await["changes"].clone();
        let nodes = all["nodes"].as_array().unwrap();
        assert_eq!(all["totalCount"], nodes.len());
        assert!(nodes.is_sorted_by_key(|node| node["recordedAt"].as_str().unwrap().replace('Z', "")));
        let figures = nodes.iter().filter(|node| node["type"] == "Observation").count();
        assert_eq!((figures, &nodes[0]["kind"]), (24 + 2 + 3, &json!("CREATED")));
        let (message, code, _) = server.error("{ changes(after: \"x\") { nodes { kind } } }").await;
        assert_eq!(message, "`after` is \"x\", which is no cursor; give a cursor that this list returned for the same field");
        assert_eq!(code, "BAD_USER_INPUT");
    }
}
