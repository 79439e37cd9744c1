//! What objects are called: once and for ever, the same on whichever path, and never what is so now
//! where something of the past is meant.

use hutong::access::Role;
use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database, socket::Socket};

/// Somebody who writes, by mutations.
struct Editor<'s>(&'s Server, String);

impl<'s> Editor<'s> {
    async fn of(server: &'s Server) -> Self {
        Self(server, server.token(Role::Editor).await)
    }

    async fn ask(&self, fields: &str) -> Answer {
        self.0.ask_as(&self.1, &format!("mutation {{ {fields} }}")).await
    }

    async fn data(&self, fields: &str) -> Value {
        self.ask(fields).await.data()
    }

    /// The code, the message and the first problem of a mutation that is refused.
    async fn refused(&self, fields: &str) -> (String, String, Value) {
        let answer = self.ask(fields).await;
        let (message, code, _) = answer.error();
        (code, message, answer.json()["errors"][0]["extensions"]["problems"][0].clone())
    }
}

/// A figure of computing power in Haidian.
const FIGURE: &str = r#"metric: "computing-power", district: "haidian", period: "2024-Q1", source: "beijing-daily-2026-01-27""#;
const ID: &str = "observation:22.7.0.2024-Q1";

fn write(value: u32) -> String {
    format!(
        "upsertObservation(input: {{{FIGURE}, value: {value}}}) {{ observation {{ id value revision }} }}"
    )
}

/// The ids of the versions of the figure, the newest first.
async fn versions(server: &Server, id: &str) -> Vec<String> {
    let query = format!(
        "{{ node(id: \"{id}\") {{ ... on Observation {{ history {{ nodes {{ id }} }} }} }} }}"
    );
    let history = server.data(&query).await["node"]["history"]["nodes"].clone();
    history.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

/// What the ids of a list are found to be.
async fn found(server: &Server, ids: &[String], fields: &str) -> Value {
    let query = format!("query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id __typename {fields} }} }}");
    server.ask_with(&query, json!({ "ids": ids })).await.data()["nodes"].clone()
}

on_each_database! {
    /// Neither a name nor a slug is part of it; the feed tells both what was renamed and what was
    /// removed, and no other object gets the id of one that was.
    async fn an_id_is_given_once_and_stays(server: &Server) {
        let editor = Editor::of(server).await;
        let theme = |slug: &str| format!(r#"createTheme(input: {{slug: "{slug}", name: [{{language: "en", text: "T"}}]}}) {{ theme {{ id }} }}"#);
        let claim = |slug: &str| format!(r#"createClaim(input: {{slug: "{slug}", kind: FIRST, initiative: "5g-network", statement: [{{language: "en", text: "C"}}]}}) {{ claim {{ id }} }}"#);
        let link = r#"createInitiativeMetric(input: {initiative: "5g-network", metric: "computing-power", basis: CONTEXT}) { initiativeMetric { id } }"#;
        let made = editor.data(&format!("{} {} {link}", theme("t"), claim("c"))).await;
        let ids = |made: &Value| -> Vec<String> {
            [("createTheme", "theme"), ("createClaim", "claim"), ("createInitiativeMetric", "initiativeMetric")]
                .map(|(field, object)| made[field][object]["id"].as_str().unwrap().to_owned()).to_vec()
        };
        let first = ids(&made);
        let [theme_id, claim_id, link_id] = &first[..] else { panic!("{made}") };
        let renamed = editor.data(&format!(r#"updateTheme(id: "{theme_id}", patch: {{slug: "u", name: [{{language: "en", text: "U"}}]}}) {{ theme {{ id slug name }} }}"#)).await;
        let theme_now = json!({ "id": theme_id, "slug": "u", "name": "U" });
        assert_eq!(renamed["updateTheme"]["theme"], theme_now);
        let both = server.data(&format!(r#"{{ theme(slug: "u") {{ id slug name }} node(id: "{theme_id}") {{ id ... on Theme {{ slug name }} }} }}"#)).await;
        assert_eq!(both, json!({ "theme": theme_now, "node": theme_now }));
        let gone = editor.data(&format!(
            r#"a: deleteTheme(id: "u") {{ deletedIds }} b: deleteClaim(id: "{claim_id}") {{ deletedIds }} c: deleteInitiativeMetric(id: "{link_id}") {{ deletedIds }}"#)).await;
        assert_eq!(gone, json!({ "a": { "deletedIds": [theme_id] }, "b": { "deletedIds": [claim_id] }, "c": { "deletedIds": [link_id] } }));
        assert_eq!(found(server, &first, "").await, json!([null, null, null]));
        // Others of the same names, of which the last ones had the highest numbers there were.
        let second = ids(&editor.data(&format!("{} {} {link}", theme("u"), claim("c"))).await);
        assert!(second.iter().all(|id| !first.contains(id)), "{first:?} {second:?}");
        let changes = server.data("{ changes(last: 10) { nodes { kind type nodeId name node { id } } } }").await;
        let link = "5g-network computing-power";
        let change = |kind: &str, object: &str, id: &str, name: &str, there: bool| {
            json!({ "kind": kind, "type": object, "nodeId": id, "name": name, "node": there.then(|| json!({ "id": id })) })
        };
        assert_eq!(changes["changes"]["nodes"], json!([
            change("CREATED", "Theme", theme_id, "t", false),
            change("CREATED", "Claim", claim_id, "c", false),
            change("CREATED", "InitiativeMetric", link_id, link, false),
            change("UPDATED", "Theme", theme_id, "u", false),
            change("REMOVED", "Theme", theme_id, "u", false),
            change("REMOVED", "Claim", claim_id, "c", false),
            change("REMOVED", "InitiativeMetric", link_id, link, false),
            change("CREATED", "Theme", &second[0], "u", true),
            change("CREATED", "Claim", &second[1], "c", true),
            change("CREATED", "InitiativeMetric", &second[2], link, true),
        ]));
    }

    /// All versions of a figure are the figure; each has an id of its own in its history.
    async fn a_figure_keeps_its_id(server: &Server) {
        let editor = Editor::of(server).await;
        let told = |value: &str, revision: u32| json!({ "observation": { "id": ID, "value": value, "revision": revision } });
        assert_eq!(editor.data(&write(1)).await["upsertObservation"], told("1", 1));
        assert_eq!(editor.data(&write(2)).await["upsertObservation"], told("2", 2));
        // Twice in one request, and so at one moment: what was written first is not the figure any more.
        let twice = editor.data(&format!("a: {} b: {}", write(3), write(4))).await;
        assert_eq!(twice["b"], told("4", 4));
        let all = versions(server, ID).await;
        assert_eq!((twice["a"]["observation"]["id"].as_str(), all.len()), (Some(all[1].as_str()), 4));
        let each = |value: &str, revision: u32| json!({ "__typename": "Observation", "value": value, "revision": revision, "metric": { "id": "metric:22" }, "claims": { "totalCount": 0 } });
        let mut wanted = [each("4", 4), each("3", 3), each("2", 2), each("1", 1)];
        wanted.iter_mut().zip(&all).for_each(|(wanted, id)| wanted["id"] = json!(id));
        let fields = "... on Observation { value revision metric { id } claims { totalCount } }";
        assert_eq!(found(server, &all, fields).await, json!(wanted));
        for id in &all {
            assert_eq!(versions(server, id).await, all);
        }
        // On whichever path.
        let paths = server.data(r#"{ district(slug: "haidian") { latest(metric: "computing-power") { id change { absolute { inputs { id } } } }
            observations(filter: {metric: {slug: {eq: "computing-power"}}}) { edges { node { id history(last: 1) { edges { node { id change { absolute { inputs { id } } } } } } } } }
            observationSummary(filter: {metric: {slug: {eq: "computing-power"}}}) { last { id } sum { inputs { id } } } }
            metric(slug: "computing-power") { ranking(period: "2024-Q1") { entries { nodes { observation { id } } } } series(district: "haidian") { points { observation { id } } } } }"#).await;
        let (here, oldest) = (json!({ "id": ID }), &all[3]);
        assert_eq!(paths, json!({
            "district": {
                "latest": { "id": ID, "change": { "absolute": { "inputs": [here] } } },
                "observations": { "edges": [{ "node": { "id": ID, "history": { "edges": [{ "node": { "id": oldest, "change": { "absolute": { "inputs": [{ "id": oldest }] } } } }] } } }] },
                "observationSummary": { "last": here, "sum": { "inputs": [here] } } },
            "metric": { "ranking": { "entries": { "nodes": [{ "observation": here }] } }, "series": { "points": [{ "observation": here }] } },
        }));
        // Retracted, it is not there; its versions are. Recorded again, it is the same figure.
        let gone = editor.data(&format!(r#"deleteObservation(id: "{ID}") {{ deletedIds }}"#)).await;
        assert_eq!(gone["deleteObservation"]["deletedIds"], json!([ID]));
        assert_eq!(server.data(&format!(r#"{{ node(id: "{ID}") {{ id }} }}"#)).await["node"], json!(null));
        assert_eq!(versions(server, &all[0]).await[1..], all);
        assert_eq!(editor.data(&write(5)).await["upsertObservation"], told("5", 6));
        let feed = server.data("{ changes(last: 2) { nodes { kind nodeId node { id } version { id } } } }").await;
        let now = versions(server, ID).await;
        let change = |kind: &str, version: &str| json!({ "kind": kind, "nodeId": ID, "node": { "id": ID }, "version": { "id": version } });
        assert_eq!(feed["changes"]["nodes"], json!([change("REMOVED", &now[1]), change("UPDATED", &now[0])]));
    }

    /// What refers to what was retracted, or removed, is told which state of it it is.
    async fn what_is_gone_is_not_what_is_there(server: &Server) {
        let editor = Editor::of(server).await;
        editor.data(&format!(r#"{} createClaim(input: {{slug: "c", kind: FIRST, observation: "{ID}", statement: [{{language: "en", text: "C"}}]}}) {{ claim {{ id }} }}"#, write(1))).await;
        let claimed = r#"{ claim(slug: "c") { observation { id value } } }"#;
        assert_eq!(server.data(claimed).await, json!({ "claim": { "observation": { "id": ID, "value": "1" } } }));
        let before = versions(server, ID).await;
        editor.data(r#"createMetric(input: {slug: "m", unit: "percent", measure: RATE, aggregation: NONE, direction: NEUTRAL, decimals: 0, name: [{language: "en", text: "M"}]}) { metric { id } }"#).await;
        let made = editor.data(r#"createObservation(input: {metric: "m", district: "haidian", period: "2024", value: 7, source: "beijing-daily-2026-01-27"}) { observation { id metric { id } } }"#).await;
        let (figure, metric) = (made["createObservation"]["observation"]["id"].clone(), made["createObservation"]["observation"]["metric"]["id"].clone());
        let version = versions(server, figure.as_str().unwrap()).await.remove(0);
        let gone = editor.data(r#"deleteMetric(id: "m", cascade: true) { deletedIds }"#).await;
        assert_eq!(gone["deleteMetric"]["deletedIds"], json!([figure, metric]));
        let seen = server.data(&format!(r#"{{ node(id: "{version}") {{ ... on Observation {{ metric {{ id name }} district {{ id }} }} }} }}"#)).await;
        let state = seen["node"]["metric"]["id"].as_str().unwrap().to_owned();
        assert!(state.starts_with(&format!("{}~", metric.as_str().unwrap())), "{state}");
        assert_eq!(seen["node"], json!({ "metric": { "id": state, "name": "M" }, "district": { "id": "district:7" } }));
        let former = found(server, &[state.clone(), metric.as_str().unwrap().to_owned(), format!("{state}1")], "... on Metric { name }").await;
        assert_eq!(former, json!([{ "id": state, "__typename": "Metric", "name": "M" }, null, null]));
        // A file retracts what a claim is about.
        server.write("observation", "metric,district,period,action\ncomputing-power,haidian,2024-Q1,D").await;
        assert_eq!(server.data(claimed).await, json!({ "claim": { "observation": { "id": before[0], "value": "1" } } }));
        assert_eq!(found(server, &before, "").await, json!([{ "id": before[0], "__typename": "Observation" }]));
    }

    /// What is seen from a moment or a day has ids that say so, and is found by them as it was seen.
    async fn the_past_has_ids_of_its_own(server: &Server) {
        let editor = Editor::of(server).await;
        let figure = r#"filter: {slug: {eq: "digital-economy-value-added-2025"}}"#;
        let seen = "id value metric { id name unit { id } } district { id } source { id } history { nodes { id supersededAt } }";
        let query = |past: &str| format!("{{ observations({past} {figure}) {{ nodes {{ __typename {seen} }} }} }}");
        let (moment, day) = ("2026-03-01T00:00:00Z", "2026-01-28");
        let places = [
            (String::new(), String::new()),
            (format!(r#"asOf: "{moment}""#), format!("@{moment}")),
            (format!(r#"knownOn: "{day}""#), format!("@{day}")),
            (format!(r#"asOf: "2026-03-01T01:00:00+01:00", knownOn: "{day}""#), format!("@{moment}@{day}")),
        ];
        let id = "observation:1.3.0.2025";
        for renamed in [false, true] {
            for (past, at) in &places {
                let node = &server.data(&query(past)).await["observations"]["nodes"][0];
                assert_eq!(node["id"], format!("{id}{at}"));
                assert_eq!((&node["metric"]["id"], &node["metric"]["unit"]["id"]), (&json!(format!("metric:1{at}")), &json!(format!("unit:1{at}"))));
                assert_eq!(node["history"]["nodes"].as_array().unwrap().last().unwrap()["id"], format!("{id}~1.2026-02-01T08:00:00Z{at}"));
                let then = !renamed || at.contains(moment);
                assert_eq!(node["metric"]["name"] == "Value added", !then, "{node}");
                let history = node["history"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned());
                let ids: Vec<String> = [node, &node["metric"], &node["metric"]["unit"], &node["district"], &node["source"]].map(|node| node["id"].as_str().unwrap().to_owned()).into_iter().chain(history).collect();
                let again = found(server, &ids, &format!("... on Observation {{ {seen} }} ... on Metric {{ name }}")).await;
                assert_eq!(&again[0], node);
                assert_eq!(again[1]["name"], node["metric"]["name"]);
                assert!(again.as_array().unwrap().iter().zip(&ids).all(|(node, id)| node["id"] == **id), "{ids:?} {again}");
            }
            editor.data(&format!(r#"updateMetric(id: "metric:1", patch: {{name: [{{language: "en", text: "Value added"}}]}}) {{ revision }} updateObservation(id: "{id}", patch: {{value: "1", multiplier: 0, decimals: 0}}) {{ revision }}"#)).await;
        }
        // Before it was there it is not there.
        assert_eq!(found(server, &[format!("{id}@2026-01-31T00:00:00Z"), "district:7@2026-01-31T00:00:00Z".into(), format!("{id}@2026-01-26")], "").await, json!([null, null, null]));
        for (id, message) in [
            ("district:7@yesterday", "`id` is \"district:7@yesterday\", which is no id; give one that this server returned"),
            ("district:7@2026-03-01T00:00:00.000Z", "`id` is \"district:7@2026-03-01T00:00:00.000Z\", which is no id; give one that this server returned"),
            ("district:7@", "`id` is \"district:7@\", which is no id; give one that this server returned"),
        ] {
            let (told, code, _) = server.error(&format!(r#"{{ node(id: "{id}") {{ id }} }}"#)).await;
            assert_eq!((told.as_str(), code.as_str()), (message, "BAD_USER_INPUT"));
        }
        let (told, code, _) = server.error(r#"{ node(id: "district:7@2999-01-01T00:00:00Z") { id } }"#).await;
        assert!(told.contains("2999-01-01T00:00:00Z") && code == "BAD_USER_INPUT", "{told}");
        let ids: Vec<String> = (1..=11).map(|day| format!("district:7@2026-02-{day:02}")).collect();
        let answer = server.ask_with("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
        assert_eq!(answer.error().0, "`ids` holds ids that are seen from 11 different moments and days, but they may be 10 at the most; ask for the others by themselves");
        assert_eq!(found(server, &ids[..10], "").await.as_array().unwrap().len(), 10);
    }

    /// Who means a version that was replaced is told which one is in force; nothing is written.
    async fn a_version_that_was_replaced_is_not_changed(server: &Server) {
        let editor = Editor::of(server).await;
        editor.data(&write(1)).await;
        editor.data(&write(2)).await;
        let [now, before] = &versions(server, ID).await[..] else { panic!() };
        let claim = |slug: &str, of: &str| format!(r#"createClaim(input: {{slug: "{slug}", kind: FIRST, observation: "{of}", statement: [{{language: "en", text: "C"}}]}}) {{ claim {{ observation {{ id }} }} }}"#);
        let why = format!("this version is not in force any more; read {ID}, which has the revision 2 by now, and decide what is to be changed");
        for (fields, origin) in [
            (format!(r#"updateObservation(id: "{before}", patch: {{value: 9}}) {{ revision }}"#), "patch.id"),
            (format!(r#"deleteObservation(id: "{before}") {{ revision }}"#), "id"),
            (claim("c", before), "input.observation"),
        ] {
            let (code, message, problem) = editor.refused(&fields).await;
            assert_eq!(code, "REVISION_CONFLICT", "{message}");
            assert_eq!(problem["current"], json!({ "id": ID, "revision": 2 }), "{fields}");
            assert_eq!(problem["reason"], why);
            assert!(problem["origin"].as_str().unwrap().starts_with(origin), "{problem}");
        }
        // Nor what has another revision than was thought, of whatever type.
        let late = [
            (format!(r#"updateObservation(id: "{ID}", ifRevision: 1, patch: {{value: 9}}) {{ revision }}"#), json!({ "id": ID, "revision": 2 })),
            (format!(r#"upsertObservation(ifRevision: 1, input: {{{FIGURE}, value: 9}}) {{ revision }}"#), json!({ "id": ID, "revision": 2 })),
            (format!(r#"deleteObservation(id: "{ID}", ifRevision: 1) {{ revision }}"#), json!({ "id": ID, "revision": 2 })),
            (r#"updateDistrict(id: "district:7", ifRevision: 5, patch: {code: "1"}) { revision }"#.to_owned(), json!({ "id": "district:7", "revision": 1 })),
        ];
        for (fields, current) in late {
            let (code, _, problem) = editor.refused(&fields).await;
            assert_eq!((code.as_str(), &problem["current"]), ("REVISION_CONFLICT", &current), "{fields}");
        }
        let data = server.data(&format!(r#"{{ node(id: "{ID}") {{ ... on Observation {{ value revision claims {{ totalCount }} }} }} }}"#)).await;
        assert_eq!(data["node"], json!({ "value": "2", "revision": 2, "claims": { "totalCount": 0 } }));
        // The one in force may be meant by its own id, and the figure by its.
        assert_eq!(editor.data(&claim("c", now)).await["createClaim"]["claim"]["observation"]["id"], ID);
        assert_eq!(editor.data(&claim("d", ID)).await["createClaim"]["claim"]["observation"]["id"], ID);
        let done = editor.data(&format!(r#"updateObservation(id: "{now}", patch: {{value: 3}}) {{ observation {{ id value revision }} }}"#)).await;
        assert_eq!(done["updateObservation"]["observation"], json!({ "id": ID, "value": "3", "revision": 3 }));
        editor.data(&format!(r#"deleteObservation(id: "{ID}", cascade: true) {{ revision }}"#)).await;
        let (code, message, problem) = editor.refused(&format!(r#"updateObservation(id: "{now}", patch: {{value: 9}}) {{ revision }}"#)).await;
        assert_eq!((code.as_str(), problem.get("current")), ("REVISION_CONFLICT", None));
        assert!(message.ends_with("the figure was retracted; none is in force"), "{message}");
        let (code, message, _) = editor.refused(&format!(r#"updateObservation(id: "{ID}", patch: {{value: 9}}) {{ revision }}"#)).await;
        assert_eq!((code.as_str(), message.ends_with("there is no such observation")), ("BAD_USER_INPUT", true), "{message}");
    }

    /// What was seen from the past is not written to, and ids of nothing and of other sorts are
    /// refused by name.
    async fn ids_of_something_else_are_refused(server: &Server) {
        let editor = Editor::of(server).await;
        editor.data(&write(1)).await;
        let at = "@2026-03-01T00:00:00Z";
        let theme = |parent: &str| format!(r#"createTheme(input: {{slug: "t", parent: "{parent}", name: [{{language: "en", text: "T"}}]}}) {{ revision }}"#);
        for (fields, reason) in [
            (format!(r#"updateDistrict(id: "district:7{at}", patch: {{code: "1"}}) {{ revision }}"#), "it is what was there at another time; give district:7"),
            (r#"deleteDistrict(id: "district:7@2026-03-01") { revision }"#.to_owned(), "it is what was there at another time; give district:7"),
            (theme(&format!("theme:2{at}")), "it is what was there at another time; give theme:2"),
            (format!(r#"updateObservation(id: "{ID}{at}", patch: {{value: 9}}) {{ revision }}"#), "it is what was there at another time; give observation:22.7.0.2024-Q1"),
            (format!(r#"deleteObservation(id: "{ID}~1.2026-03-01T00:00:00Z{at}") {{ revision }}"#), "it is what was there at another time; give observation:22.7.0.2024-Q1"),
            (theme("theme:999"), "there is no such theme"),
            (theme("theme:digital-economy"), "there is no such theme"),
            (theme("district:3"), "there is no such theme"),
            (theme("theme:02"), "there is no such theme"),
            (theme("theme:2~2026-03-01T00:00:00Z"), "there is no such theme"),
            (theme("Theme:2"), "there is no such theme"),
            (r#"updateTheme(id: "theme:999", patch: {slug: "x"}) { revision }"#.to_owned(), "there is no such theme"),
            (r#"deleteTheme(id: "theme:999") { revision }"#.to_owned(), "there is no such theme"),
            (r#"deleteInitiativeMetric(id: "initiativeMetric:999") { revision }"#.to_owned(), "it is not there any more"),
            (r#"deleteObservation(id: "observation:1") { revision }"#.to_owned(), "there is no such observation"),
            (r#"deleteObservation(id: "observation:999.1.0.2025") { revision }"#.to_owned(), "there is no such observation"),
            (r#"createClaim(input: {slug: "c", kind: FIRST, observation: "observation:1", statement: [{language: "en", text: "C"}]}) { revision }"#.to_owned(), "there is no such observation"),
        ] {
            let (code, _, problem) = editor.refused(&fields).await;
            assert_eq!((code.as_str(), problem["reason"].as_str()), ("BAD_USER_INPUT", Some(reason)), "{fields}");
        }
        // A row that was removed is not there to be referred to, not even in the same request.
        let (code, ..) = editor.refused(&format!(r#"a: deleteTheme(id: "theme:19", cascade: true) {{ revision }} b: {}"#, theme("theme:19"))).await;
        assert_eq!(code, "BAD_USER_INPUT");
        // By its id a row is as much as by its slug.
        editor.data(&theme("theme:2")).await;
        assert_eq!(server.data(r#"{ theme(slug: "t") { parent { id slug } } }"#).await["theme"]["parent"], json!({ "id": "theme:2", "slug": "artificial-intelligence" }));
    }

    /// Who follows the figures is told of each by the id of the figure, and that it was retracted.
    async fn retractions_are_told(server: &Server) {
        let editor = Editor::of(server).await;
        let mut socket = Socket::begin(server).await;
        let told = |arguments: &str| format!("subscription {{ observationsRecorded{arguments} {{ id value retracted changeCursor }} }}");
        socket.subscribe("all", &told("")).await;
        socket.subscribe("some", &told("(filter: {value: {gte: \"2\"}})")).await;
        socket.is_silent().await;
        editor.data(&write(1)).await;
        let first = socket.data("all").await["observationsRecorded"].clone();
        let event = |value: &str, retracted: bool| json!({ "id": ID, "value": value, "retracted": retracted });
        let without = |event: &Value| { let mut event = event.clone(); event.as_object_mut().unwrap().remove("changeCursor"); event };
        assert_eq!(without(&first), event("1", false));
        editor.data(&format!(r#"deleteObservation(id: "{ID}") {{ revision }}"#)).await;
        assert_eq!(without(&socket.data("all").await["observationsRecorded"]), event("1", true));
        socket.send(json!({ "type": "complete", "id": "all" })).await;
        socket.is_silent().await;
        // Of those that meet the filter alone.
        editor.data(&write(2)).await;
        assert_eq!(without(&socket.data("some").await["observationsRecorded"]), event("2", false));
        editor.data(&format!(r#"deleteObservation(id: "{ID}") {{ revision }}"#)).await;
        assert_eq!(without(&socket.data("some").await["observationsRecorded"]), event("2", true));
        // Whoever was away is told the same.
        socket.subscribe("again", &told(&format!("(since: {})", first["changeCursor"]))).await;
        let mut again = Vec::new();
        for _ in 0..2 {
            again.push(without(&socket.data("again").await["observationsRecorded"]));
        }
        assert_eq!(again, [event("1", true), event("2", true)]);
        socket.is_silent().await;
    }
}
