//! What waits for its day, written by mutations: made of the version that is public, corrected where
//! it waits, and public on its day, whatever becomes of the other meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use chrono::{TimeZone, Utc};
use hutong::{access::Role, record};
use serde_json::{Value, json};

use crate::{Server, on_each_database, versions::answer_to};

const FIGURE: &str =
    r#"metric: "5g-base-stations", district: "haidian", source: "beijing-daily-2026-01-27""#;

/// What somebody sees of the figure.
async fn seen(server: &Server, role: Role) -> Value {
    let query = r#"{ observations(filter: {slug: {eq: "x"}}) { nodes { value revision embargoed locator claims { nodes { slug } } history { nodes { revision value } } } } }"#;
    answer_to(server, role, query).await["observations"]["nodes"].clone()
}

/// The code and message of an answer's first error.
async fn refused(server: &Server, role: Role, query: &str) -> (String, String) {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let name = format!("Ling {}", ASKED.fetch_add(1, SeqCst));
    let token = server.grant(&name, role, None).await;
    let answer = server.ask_as(&token, query).await.json();
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

on_each_database! {
    /// A correction waits with all that was not changed, is found by the slug of the figure, and
    /// takes its place on its day with what is said of it.
    async fn a_correction_waits(server: &Server) {
        let make = format!(r#"mutation {{ createObservation(input: {{{FIGURE}, period: "2001", value: 1, slug: "x", locator: "page 1"}}) {{ __typename }}
            createClaim(input: {{slug: "c", kind: FIRST, statement: [{{language: "en", text: "c"}}], observation: "x"}}) {{ __typename }} }}"#);
        answer_to(server, Role::Editor, &make).await;
        let embargo = r#"mutation { updateObservation(id: "x", ifRevision: 1, patch: {value: 2, publishedOn: "2999-01-01"}) { observation { value revision embargoed } } }"#;
        assert_eq!(refused(server, Role::Editor, embargo).await.0, "FORBIDDEN");
        assert_eq!(answer_to(server, Role::Publisher, embargo).await,
            json!({ "updateObservation": { "observation": { "value": "2", "revision": 2, "embargoed": true } } }));
        let public = json!([{ "value": "1", "revision": 1, "embargoed": false, "locator": "page 1", "claims": { "nodes": [{ "slug": "c" }] }, "history": { "nodes": [{ "revision": 1, "value": "1" }] } }]);
        assert_eq!(seen(server, Role::Reader).await, public);
        // An editor who names it means what they see; a file that says nothing of the day, too.
        for change in [
            r#"mutation { updateObservation(id: "x", ifRevision: 2, patch: {value: 3}) { observation { value revision embargoed } } }"#.to_owned(),
            format!(r#"mutation {{ updateObservation: upsertObservation(ifRevision: 3, input: {{{FIGURE}, period: "2001", value: 4}}) {{ observation {{ value revision embargoed }} }} }}"#),
        ] {
            let answer = answer_to(server, Role::Editor, &change).await;
            assert_eq!(answer["updateObservation"]["observation"]["embargoed"], true, "{answer}");
        }
        assert_eq!(seen(server, Role::Reader).await, public);
        let waiting = seen(server, Role::Editor).await;
        assert_eq!((&waiting[0]["value"], &waiting[0]["revision"], &waiting[0]["locator"]), (&json!("4"), &json!(4), &json!("page 1")));
        // A claim that is made meanwhile is about the version in force.
        answer_to(server, Role::Editor, r#"mutation { createClaim(input: {slug: "d", kind: FIRST, statement: [{language: "en", text: "d"}], observation: "x"}) { __typename } }"#).await;
        assert_eq!(seen(server, Role::Reader).await[0]["claims"]["nodes"], json!([{ "slug": "c" }, { "slug": "d" }]));
        // The public version is corrected by its own id, and the other waits on.
        let id = server.data(r#"{ observations(filter: {slug: {eq: "x"}}) { nodes { history { nodes { id } } } } }"#).await
            ["observations"]["nodes"][0]["history"]["nodes"][0]["id"].clone();
        answer_to(server, Role::Editor, &format!("mutation {{ updateObservation(id: {id}, patch: {{value: 9}}) {{ __typename }} }}")).await;
        let public = seen(server, Role::Reader).await;
        assert_eq!((&public[0]["value"], &public[0]["revision"]), (&json!("9"), &json!(2)));
        // Its day comes.
        record::release(&server.store.database, Utc.with_ymd_and_hms(2999, 1, 1, 0, 0, 0).unwrap()).await.unwrap();
        let public = seen(server, Role::Reader).await;
        assert_eq!(public, json!([{ "value": "4", "revision": 3, "embargoed": false, "locator": "page 1", "claims": { "nodes": [{ "slug": "c" }, { "slug": "d" }] },
            "history": { "nodes": [{ "revision": 3, "value": "4" }, { "revision": 2, "value": "9" }, { "revision": 1, "value": "1" }] } }]));
        assert_eq!(seen(server, Role::Editor).await[0]["value"], "4");
    }

    /// The id is that of the figure, in whichever version it is seen; the other has one of its own.
    async fn the_figure_has_one_id(server: &Server) {
        let id = "observation:20.7.0.2001";
        let write = |day: &str| format!(r#"mutation {{ upsertObservation(input: {{{FIGURE}, period: "2001", value: 1{day}}}) {{ observation {{ id }} }} }}"#);
        let written = json!({ "upsertObservation": { "observation": { "id": id } } });
        assert_eq!(answer_to(server, Role::Editor, &write("")).await, written);
        assert_eq!(answer_to(server, Role::Publisher, &write(r#", note: [{language: "en", text: "Later"}], publishedOn: "2999-01-01""#)).await, written);
        let node = format!("{{ node(id: \"{id}\") {{ id ... on Observation {{ revision history {{ nodes {{ id revision }} }} }} }} }}");
        let [public, inside] = [answer_to(server, Role::Reader, &node).await, answer_to(server, Role::Editor, &node).await].map(|answer| answer["node"].clone());
        assert_eq!((&public["id"], &public["revision"], &inside["id"], &inside["revision"]), (&json!(id), &json!(1), &json!(id), &json!(2)));
        assert_eq!(inside["history"]["nodes"][1], public["history"]["nodes"][0]);
        let version = public["history"]["nodes"][0]["id"].as_str().unwrap();
        // What is written of the public one is not what an editor sees in its place.
        let corrected = answer_to(server, Role::Editor, &format!(r#"mutation {{ updateObservation(id: "{version}", patch: {{value: 9}}) {{ observation {{ id revision }} }} }}"#)).await;
        let corrected = &corrected["updateObservation"]["observation"];
        assert_eq!((corrected["id"].as_str().unwrap().starts_with(&format!("{id}~2.")), &corrected["revision"]), (true, &json!(2)));
        assert_eq!(answer_to(server, Role::Editor, &node).await["node"]["revision"], 2);
        // Who withdraws what waits has not withdrawn the figure.
        let delete = format!(r#"mutation {{ deleteObservation(id: "{id}") {{ deletedIds }} }}"#);
        assert_eq!(answer_to(server, Role::Editor, &delete).await, json!({ "deleteObservation": { "deletedIds": [] } }));
        assert_eq!(answer_to(server, Role::Editor, &node).await["node"]["revision"], 2);
        assert_eq!(answer_to(server, Role::Editor, &delete).await, json!({ "deleteObservation": { "deletedIds": [id] } }));
        assert_eq!(answer_to(server, Role::Editor, &node).await, json!({ "node": null }));
    }

    /// Nobody takes the slug of what waits, which would keep it from its day; and nobody but a
    /// publisher makes public what is under embargo alone.
    async fn what_waits_keeps_its_name(server: &Server) {
        let make = |period: &str, more: &str| format!(r#"mutation {{ createObservation(input: {{{FIGURE}, period: "{period}", value: 1, {more}}}) {{ observation {{ embargoed }} }} }}"#);
        answer_to(server, Role::Publisher, &make("2001", r#"slug: "x", publishedOn: "2999-01-01""#)).await;
        assert_eq!(refused(server, Role::Editor, &make("2002", r#"slug: "x""#)).await,
            ("BAD_USER_INPUT".to_owned(), "input.slug: \"x\": another figure has it; slugs are unique".to_owned()));
        assert_eq!(refused(server, Role::Publisher, &make("2002", r#"slug: "x", publishedOn: "2999-02-01""#)).await.0, "BAD_USER_INPUT");
        assert_eq!(refused(server, Role::Editor, &make("2001", r#"publishedOn: "2001-01-01""#)).await.0, "FORBIDDEN");
        // It may be withdrawn by whoever sees it, and then its name is free.
        answer_to(server, Role::Editor, r#"mutation { deleteObservation(id: "x") { deletedIds } }"#).await;
        answer_to(server, Role::Editor, &make("2002", r#"slug: "x""#)).await;
        assert!(!record::release(&server.store.database, Utc.with_ymd_and_hms(2999, 1, 1, 0, 0, 0).unwrap()).await.unwrap());
        assert_eq!(seen(server, Role::Reader).await[0]["value"], "1");
    }
}
