//! The audit log, as admins read it.

use chrono::Utc;
use hutong::{access::Role, record::token::withdraw};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// Four writes of different people.
const WRITES: [(&str, &str, &str, &str); 4] = [
    (
        "'the editor', 'EDITOR'",
        "createDistrict",
        "NULL",
        r#"{"district": {"created": 1, "updated": 0, "removed": 0}}"#,
    ),
    (
        "NULL, 'ADMIN'",
        "hutong import",
        "'the yearbook'",
        r#"{"observation": {"created": 3, "updated": 2, "removed": 1}, "metric": {"created": 1}}"#,
    ),
    (
        "'desk', 'PUBLISHER'",
        "deleteClaim",
        "'wrong'",
        r#"{"claim": {"created": 0, "updated": 0, "removed": 5}}"#,
    ),
    ("'desk', 'PUBLISHER'", "nothing", "NULL", "{}"),
];

async fn fill(server: &Server) {
    let connection = server.store.connection().await;
    for (number, (who, operation, reason, outcome)) in WRITES.iter().enumerate() {
        let number = number + 1;
        let time = format!("2026-03-0{number}T08:00:00.000000+00:00");
        connection
            .execute_unprepared(&format!(
                "INSERT INTO audit (id, revision, recorded_at, recorded_by, role, operation, reason, outcome) \
                 VALUES ({}, {}, '{time}', {who}, '{operation}', {reason}, '{outcome}')",
                100 + number,
                number + 1,
            ))
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

on_each_database! {
    /// What was executed is told, not what else the document holds.
    async fn names_what_was_executed(server: &Server) {
        let admin = server.token(Role::Admin).await;
        let document = r#"
            mutation Other { deleteTheme(id: "theme:999") { revision } }
            mutation Asked($yes: Boolean! = true) {
                createTheme(input: {slug: "t", name: [{language: "en", text: "T"}]}) { revision }
                deleteUnit(id: "unit:1") @skip(if: $yes) { revision }
                ... @include(if: false) { deleteMetric(id: "metric:1") { revision } }
                ...More @skip(if: $yes)
                ...Wanted @include(if: $yes)
            }
            fragment More on Mutation { deleteSource(id: "source:1") { revision } }
            fragment Wanted on Mutation { updateTheme(id: "t", patch: {name: [{language: "zh", text: "T"}]}) { revision } }
        "#;
        let body = json!({"query": document, "operationName": "Asked"});
        let post = server.client().post(server.url("/graphql")).json(&body).bearer_auth(&admin);
        let answer = crate::Answer::read(post.send().await.unwrap()).await.data();
        assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["createTheme", "updateTheme"]);
        let log = server.ask_as(&admin, "{ auditLog(first: 1) { nodes { operation } } }").await.data();
        assert_eq!(log["auditLog"]["nodes"], json!([{"operation": "createTheme, updateTheme"}]));
    }

    /// The newest first, each with what it did.
    async fn tells_who_wrote_what(server: &Server) {
        let admin = server.token(Role::Admin).await;
        let query = "{ auditLog { totalCount pageInfo { hasNextPage }
            nodes { revision recordedAt recordedBy role operation reason
                outcome { type created updated removed } } } }";
        let before = server.ask_as(&admin, query).await.data()["auditLog"]["totalCount"].as_i64().unwrap();
        fill(server).await;
        let answer = server.ask_as(&admin, query).await;
        assert_eq!(answer.statements, Some(2));
        let log = &answer.data()["auditLog"];
        assert_eq!(log["totalCount"], before + 4);
        assert_eq!(log["pageInfo"]["hasNextPage"], false);
        let counts = |kind: &str, created: i32, updated: i32, removed: i32| {
            json!({ "type": kind, "created": created, "updated": updated, "removed": removed })
        };
        let entry = |day: i32, by: Value, role: &str, operation: &str, reason: Value, outcome: Value| {
            json!({
                "revision": (day + 1).to_string(), "recordedAt": format!("2026-03-0{day}T08:00:00Z"),
                "recordedBy": by, "role": role, "operation": operation, "reason": reason,
                "outcome": outcome,
            })
        };
        assert_eq!(log["nodes"].as_array().unwrap()[..4], [
            entry(4, json!("desk"), "PUBLISHER", "nothing", Value::Null, json!([])),
            entry(3, json!("desk"), "PUBLISHER", "deleteClaim", json!("wrong"), json!([counts("Claim", 0, 0, 5)])),
            entry(2, Value::Null, "ADMIN", "hutong import", json!("the yearbook"),
                json!([counts("Metric", 1, 0, 0), counts("Observation", 3, 2, 1)])),
            entry(1, json!("the editor"), "EDITOR", "createDistrict", Value::Null, json!([counts("District", 1, 0, 0)])),
        ]);
    }

    /// Page by page, without a gap and without a repetition, whatever is written meanwhile.
    async fn is_read_page_by_page(server: &Server) {
        let admin = server.token(Role::Admin).await;
        fill(server).await;
        let (mut after, mut met) = (Value::Null, Vec::new());
        while met.len() < 20 {
            let query = format!(
                "{{ auditLog(first: 1, after: {after}) {{ pageInfo {{ hasPreviousPage hasNextPage endCursor }}
                    edges {{ cursor node {{ operation }} }} }} }}"
            );
            let answer = server.ask_as(&admin, &query).await;
            assert_eq!(answer.statements, Some(1));
            let page = answer.data()["auditLog"].clone();
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            met.push(page["edges"][0]["node"]["operation"].as_str().unwrap().to_owned());
            after = page["pageInfo"]["endCursor"].clone();
            assert_eq!(after, page["edges"][0]["cursor"]);
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert!(met.len() < 20, "{met:?}");
        assert_eq!(met[..4], ["nothing", "deleteClaim", "hutong import", "createDistrict"]);
        for (argument, wanted) in [
            ("first: 0", "`first` is 0, but must be from 1 to 1000; read on from a page's cursor for more"),
            ("after: \"x\"", "`after` is \"x\", which is no cursor; give a cursor that this list returned for the same field"),
        ] {
            let query = format!("{{ auditLog({argument}) {{ totalCount }} }}");
            let (message, code, _) = server.ask_as(&admin, &query).await.error();
            assert_eq!((message.as_str(), code.as_str()), (wanted, "BAD_USER_INPUT"));
        }
    }

    /// What was done to tokens is in it too; the revision of the data stays as it is.
    async fn tells_which_tokens_were_granted_and_withdrawn(server: &Server) {
        let admin = server.token(Role::Admin).await;
        let now = Utc::now();
        server.grant("the desk", Role::Editor, None).await;
        withdraw(&server.store.database, "the desk", now).await.unwrap();
        withdraw(&server.store.database, "the desk", now).await.unwrap_err();
        let query = "{ dataset { revision } auditLog(first: 3) {
            nodes { revision recordedBy role operation reason outcome { type } } } }";
        let data = server.ask_as(&admin, query).await.data();
        let revision = &data["dataset"]["revision"];
        let entry = |operation: &str| {
            json!({ "revision": revision, "recordedBy": null, "role": "ADMIN",
                "operation": operation, "reason": null, "outcome": [] })
        };
        assert_eq!(data["auditLog"]["nodes"], json!([
            entry("token revoke the desk EDITOR"),
            entry("token create the desk EDITOR"),
            entry("token create the admin ADMIN"),
        ]));
    }
}
