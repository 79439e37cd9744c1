//! Errors: their codes, what they null, and what they never tell.

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::{Server, on_each_database};

on_each_database! {
    /// Each way to be wrong has its own stable code.
    async fn have_stable_codes(server: &Server) {
        for (query, wanted) in [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("", "GRAPHQL_PARSE_FAILED"),
            ("{ districts { nodes { nope } } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ districts }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ districts(first: \"ten\") { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ districts(filter: {kind: {eq: VILLAGE}}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query ($s: String!) { district(slug: $s) { slug } }", "BAD_USER_INPUT"),
            ("{ districts(first: 0) { totalCount } }", "BAD_USER_INPUT"),
        ] {
            let (message, code, _) = server.error(query).await;
            assert_eq!(code, wanted, "{query}: {message}");
        }
    }

    /// A misspelt word comes back with those it may have been meant to be.
    async fn suggest_the_nearest_words(server: &Server) {
        let answer = server.ask("{ observationGroups(by: [DISTRCT]) { totalCount } }").await.json();
        let error = &answer["errors"][0];
        assert_eq!(error["message"], "Invalid value for argument \"by.0\", enumeration type \
            \"ObservationDimension\" does not contain the value \"DISTRCT\"; did you mean DISTRICT?");
        assert_eq!(error["extensions"], json!({"code": "GRAPHQL_VALIDATION_FAILED", "suggestions": ["DISTRICT"]}));
        let answer = server.ask("{ observationGroups(by: [XQZ]) { totalCount } }").await.json();
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "GRAPHQL_VALIDATION_FAILED"}));
    }

    /// Keys come in the order of the query, whatever is answered first.
    async fn leave_keys_in_the_order_of_the_query(server: &Server) {
        let answer = server.ask(
            r#"{ z: __typename b: district(slug: "haidian") { name observations { totalCount } slug
                initiatives { nodes { title } totalCount } id } a: dataset { slug } __typename }"#,
        ).await;
        answer.data();
        assert_eq!(answer.text, concat!(
            r#"{"data":{"z":"Query","b":{"name":"Haidian","observations":{"totalCount":0},"slug":"haidian","#,
            r#""initiatives":{"nodes":[{"title":"Open-source framework for embodied-intelligence software"},"#,
            r#"{"title":"Embodied brain"}],"totalCount":2},"id":"district:haidian"},"#,
            r#""a":{"slug":"beijing-digital-economy-2025"},"__typename":"Query"}}"#,
        ));
    }

    /// What the database says is for the log; the client learns where it failed and nothing more.
    async fn never_show_the_database(server: &Server) {
        let hidden = "DROP TABLE initiative_organization";
        let writer = server.store.connection().await;
        writer.execute_unprepared(hidden).await.unwrap();
        writer.close().await.unwrap();
        let answer = server.ask(
            r#"{ initiative(slug: "zhipu-listing") { slug organizations { nodes { role } } kind } }"#,
        ).await;
        assert_eq!(
            answer.json()["data"],
            json!({ "initiative": { "slug": "zhipu-listing", "organizations": null, "kind": "EVENT" } })
        );
        let (message, code, path) = answer.error();
        assert_eq!(code, "INTERNAL_SERVER_ERROR");
        assert_eq!(message, "the server failed to answer this field; its log says why");
        assert_eq!(path, json!(["initiative", "organizations", "nodes"]));
        assert!(!answer.text.contains("initiative_organization"), "{}", answer.text);
    }
}
