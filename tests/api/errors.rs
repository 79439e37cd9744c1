//! Errors: their codes, what they null, and what they never tell.

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::{Answer, Server, on_each_database};

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
        assert_eq!(
            error["message"],
            "value `DISTRCT` does not exist on `ObservationDimension`; did you mean DISTRICT?"
        );
        assert_eq!(error["locations"], json!([{"line": 1, "column": 26}]));
        assert_eq!(error["extensions"], json!({"code": "GRAPHQL_VALIDATION_FAILED", "suggestions": ["DISTRICT"]}));
        let answer = server.ask("{ observationGroups(by: [XQZ]) { totalCount } }").await.json();
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "GRAPHQL_VALIDATION_FAILED"}));
        for (query, wanted) in [
            ("{ distrcts { totalCount } }", "type `Query` does not have a field `distrcts`; did you mean districts or district?"),
            ("{ districts(frist: 1) { totalCount } }", "the argument `frist` is not supported by `Query.districts`; did you mean first?"),
            ("{ districts(filter: {slg: {}}) { totalCount } }", "field `slg` does not exist on `DistrictFilter`; did you mean slug?"),
        ] {
            let (message, code, _) = server.error(query).await;
            assert_eq!((message.as_str(), code.as_str()), (wanted, "GRAPHQL_VALIDATION_FAILED"));
        }
    }

    /// Variables are checked before anything is executed: each that is wrong by its path.
    async fn name_the_variable_that_is_wrong(server: &Server) {
        let query = r#"query ($f: DistrictFilter, $n: Int!, $i: ID = "unit:99", $o: [DistrictOrder!]) {
            districts(filter: $f, first: $n, orderBy: $o) { totalCount } node(id: $i) { id } }"#;
        for (variables, wanted) in [
            (json!({}), &["`$n` is missing; its type is Int!"][..]),
            (json!({"n": null}), &["`$n` is null, but its type is Int!"]),
            (json!({"n": 1.5}), &["`$n` is 1.5, but Int is a whole number of 32 bits"]),
            (json!({"n": 2147483648_u32}), &["`$n` is 2147483648, but Int is a whole number of 32 bits"]),
            (json!({"n": [1]}), &["`$n` is a list, but Int is a whole number of 32 bits"]),
            (json!({"n": 1, "i": true}), &["`$i` is true, but ID is a text or a whole number"]),
            (json!({"n": 1, "f": "beijing"}), &["`$f` is \"beijing\", but DistrictFilter is an object"]),
            (json!({"n": 1, "f": {"slg": {}}}), &["`$f` has no field `slg`: DistrictFilter has none; did you mean slug?"]),
            (json!({"n": 1, "f": {"and": [{}, {"kind": {"in": ["CITY", "VILAGE"]}}]}}),
                &["`$f.and[1].kind.in[1]` is \"VILAGE\", but DistrictKind has no such word"]),
            (json!({"n": 1, "o": {"by": "NAMES"}}), &["`$o.by` is \"NAMES\", but DistrictOrderKey has no such word; did you mean NAME?"]),
            (json!({"n": 1, "o": {}}), &["`$o.by` is missing; its type is DistrictOrderKey!"]),
            (json!({"n": "1", "f": {"kind": {"eq": 5}}}), &[
                "`$f.kind.eq` is 5, but DistrictKind is one of its words as a text",
                "`$n` is \"1\", but Int is a whole number of 32 bits",
            ]),
        ] {
            let answer = server.ask_with(query, variables.clone()).await;
            assert_eq!(answer.statements, None);
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            let messages: Vec<&str> = errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
            assert_eq!(messages, wanted, "{variables}");
            for error in errors {
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
                assert_eq!(error["locations"][0]["line"], 1);
            }
        }
        // A value alone is a list of one, and what may be null may be left out.
        let fine = server.ask_with(query, json!({"n": 1, "o": {"by": "SLUG"}})).await;
        assert_eq!(fine.data(), json!({"districts": {"totalCount": 17}, "node": null}));
    }

    /// Errors stand where the field or the value does, in lines and characters from 1.
    async fn say_where_they_stand(server: &Server) {
        let query = "# 北京\n{\n  a: district(slug: \"北京\") { slug } districts(first: 0) { totalCount }\n}";
        let error = &server.ask(query).await.json()["errors"][0];
        assert_eq!(error["path"], json!(["districts"]));
        assert_eq!(error["locations"], json!([{"line": 3, "column": 36}]));
        let query = "{ district(slug: \"北京\") { nothing } }";
        let error = &server.ask(query).await.json()["errors"][0];
        assert_eq!(error["locations"], json!([{"line": 1, "column": 26}]));
    }

    /// Keys come in the order of the query, whatever is answered first.
    async fn leave_keys_in_the_order_of_the_query(server: &Server) {
        let answer = server.ask(
            r#"{ z: __typename b: district(slug: "haidian") { name observations { totalCount } slug
                initiatives { nodes { title } totalCount } id } a: dataset { slug } __typename }"#,
        ).await;
        answer.data();
        assert!(answer.text.starts_with(concat!(
            r#"{"data":{"z":"Query","b":{"name":"Haidian","observations":{"totalCount":0},"slug":"haidian","#,
            r#""initiatives":{"nodes":[{"title":"Open-source framework for embodied-intelligence software"},"#,
            r#"{"title":"Embodied brain"}],"totalCount":2},"id":"district:7"},"#,
            r#""a":{"slug":"beijing-digital-economy-2025"},"__typename":"Query"},"#,
        )), "{}", answer.text);
    }

    /// What the database says is for the log; the client learns where it failed and nothing more.
    async fn never_show_the_database(server: &Server) {
        let hidden = "DROP TABLE initiative_organization";
        let writer = server.store.connection().await;
        writer.execute_unprepared(hidden).await.unwrap();
        writer.close().await.unwrap();
        let query = r#"{ initiative(slug: "zhipu-listing") { slug organizations { nodes { role } } kind } }"#;
        let post = server.client().post(server.url("/graphql")).header("x-request-id", "mine");
        let answer = Answer::read(post.json(&json!({ "query": query })).send().await.unwrap()).await;
        assert_eq!(
            answer.json()["data"],
            json!({ "initiative": { "slug": "zhipu-listing", "organizations": null, "kind": "EVENT" } })
        );
        let (message, code, path) = answer.error();
        assert_eq!(code, "INTERNAL_SERVER_ERROR");
        assert_eq!(message, "the server failed to answer this field; its log says why");
        assert_eq!(path, json!(["initiative", "organizations", "nodes"]));
        let extensions = &answer.json()["errors"][0]["extensions"];
        assert_eq!(extensions, &json!({ "code": "INTERNAL_SERVER_ERROR", "requestId": "mine" }));
        assert!(!answer.text.contains("initiative_organization"), "{}", answer.text);
    }
}
