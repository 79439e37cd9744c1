//! Variables are coerced before anything looks at them: directives, costs, conditions, fields.

use async_graphql::{Name, Positioned, Request, parser::types::Selection};
use async_graphql_value::Value as GraphQlValue;
use clap::Parser;
use hutong::{
    cli::Cli,
    graphql::{self, Asked, Guard},
};
use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// Documents in which the variable `$x`, which is left out, stands where the schema has a default.
const DEFAULTED: &[(&str, &str)] = &[
    (
        "Direction",
        r#"metric(slug: "computing-power") { ranking(direction: $x) { of entries { nodes { position district { slug } } } } }"#,
    ),
    (
        "RankingTies",
        r#"metric(slug: "computing-power") { ranking(ties: $x) { of entries { nodes { position } } } }"#,
    ),
    (
        "SeriesGaps",
        r#"metric(slug: "computing-power") { series(district: "beijing", gaps: $x) { points { period { code } } } }"#,
    ),
    (
        "ChangeBasis",
        r#"observations(first: 1) { nodes { change(basis: $x) { percent { value reason } } } }"#,
    ),
    (
        "Int",
        r#"observations(first: 1) { nodes { per(metric: "computing-power", scale: $x) { value { value reason } } } }"#,
    ),
    (
        "Boolean",
        r#"compare(metrics: ["computing-power"], districts: ["beijing"], samePeriod: $x) { rows { cells { value } } }"#,
    ),
    (
        "Direction",
        r#"districts(first: 1, orderBy: [{ by: SLUG, direction: $x }]) { nodes { slug } }"#,
    ),
    ("Nulls", r#"districts(orderBy: [{ by: CODE, nulls: $x }]) { nodes { slug } }"#),
    (
        "Boolean",
        r#"districts(filter: { slug: { eq: "beijing", caseSensitive: $x } }) { totalCount }"#,
    ),
    (
        "Direction",
        r#"observationGroups(by: [UNIT], orderBy: [{ measure: COUNT, direction: $x }]) { nodes { count } }"#,
    ),
];

/// A default that is not the schema's, for each type.
const OTHERS: &[(&str, &str)] = &[
    ("Direction", "ASC"),
    ("RankingTies", "DENSE"),
    ("SeriesGaps", "OMIT"),
    ("ChangeBasis", "YEAR_AGO"),
    ("Int", "1000"),
    ("Boolean", "true"),
    ("Nulls", "FIRST"),
];

/// Values that are wrong, each in an argument, as a literal and by a variable, and its path there.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "Decimal",
        "metrics(first: 3) { nodes { slug x: observations(first: 1, filter: {value: {gt: $v}}) { totalCount } } }",
        "abc",
        "filter.value.gt",
    ),
    (
        "Period",
        r#"metric(slug: "computing-power") { slug ranking(period: $v) { of } }"#,
        "bad",
        "period",
    ),
    (
        "Date",
        "observations(filter: {publishedOn: {gt: $v}}) { totalCount }",
        "2025-02-30",
        "filter.publishedOn.gt",
    ),
    ("DateTime", "observations(asOf: $v) { totalCount }", "yesterday", "asOf"),
    ("Date", "observations(knownOn: $v) { totalCount }", "tomorrow", "knownOn"),
    ("Language", "districts { nodes { name(language: $v) } }", "no language", "language"),
    (
        "Period!",
        r#"compare(metrics: ["computing-power"], districts: ["beijing"], periods: ["2025", $v]) { rows { cells { value } } }"#,
        "2025-Q5",
        "periods[1]",
    ),
];

on_each_database! {
    /// A default counts in `@skip` and `@include`, wherever they are (G07).
    async fn a_default_counts_in_directives(server: &Server) {
        let version = server.data("{ dataset { version } }").await["dataset"]["version"].clone();
        let both = json!({"dataset": {"slug": "beijing-digital-economy-2025", "version": version}});
        let alone = json!({"dataset": {"version": version}});
        for (query, wanted) in [
            ("query($s: Boolean = false, $i: Boolean = true) { dataset { slug @skip(if: $s) version @include(if: $i) } }", &both),
            ("query($s: Boolean = true) { dataset { slug @skip(if: $s) version } }", &alone),
            ("query($i: Boolean = true) { dataset { ... @include(if: $i) { slug } ...F @include(if: $i) } } fragment F on Dataset { version }", &both),
            ("query($i: Boolean! = false) { dataset { ... @include(if: $i) { slug } ...F } } fragment F on Dataset { version slug @include(if: $i) }", &alone),
        ] {
            assert_eq!(server.data(query).await, *wanted, "{query}");
        }
        let groups = "query($i: Boolean = true) { observationGroups(by: [UNIT], having: { max: { gt: \"100\" } }, first: 1) { nodes { max @include(if: $i) { value } } } }";
        let literal = groups.replace("query($i: Boolean = true) ", "").replace("$i", "true");
        assert_eq!(server.data(groups).await, server.data(&literal).await);
        // What is left out costs nothing.
        let lists = "query($s: Boolean = true) { dataset { slug } districts(first: 1000) @skip(if: $s) { nodes { slug } } }";
        let cost = server.ask(lists).await.json()["extensions"]["cost"]["requested"].clone();
        assert_eq!(cost, json!(2));
        // Null takes the place of a default, and is no Boolean.
        let query = "query($s: Boolean = false) { dataset { slug @skip(if: $s) version } }";
        let answer = server.ask_with(query, json!({"s": null})).await;
        assert!(answer.json().get("data").is_none(), "{}", answer.text);
        assert_eq!(answer.error(), ("`if` is null by $s, but its type is Boolean!".to_owned(), "BAD_USER_INPUT".to_owned(), Value::Null));
        // But what is not executed is not looked at.
        let query = "query($s: Boolean = false) { dataset { slug ... @skip(if: true) { version @skip(if: $s) } } }";
        let data = server.ask_with(query, json!({"s": null})).await.data();
        assert_eq!(data, json!({"dataset": {"slug": "beijing-digital-economy-2025"}}));
    }

    /// A variable that is left out leaves the schema's default, and its own comes before that (G08).
    async fn a_variable_left_out_takes_the_default(server: &Server) {
        for (kind, fields) in DEFAULTED {
            let query = format!("query($x: {kind}) {{ {fields} }}");
            let plain = ["direction: $x", "ties: $x", "gaps: $x", "basis: $x", "scale: $x", "samePeriod: $x", "nulls: $x", "caseSensitive: $x"]
                .iter().fold((*fields).to_owned(), |text, part| text.replace(&format!(", {part}"), "").replace(&format!("({part})"), ""));
            assert!(!plain.contains("$x"), "{plain}");
            let wanted = server.data(&format!("{{ {plain} }}")).await;
            assert_eq!(server.data(&query).await, wanted, "{query}");
            // In a fragment too.
            let inside = format!("query($x: {kind}) {{ ...F }} fragment F on Query {{ {fields} }}");
            assert_eq!(server.data(&inside).await, wanted, "{inside}");
            // Null is no value, and no absence.
            let answer = server.ask_with(&query, json!({"x": null})).await;
            let (message, code, _) = answer.error();
            assert_eq!(code, "BAD_USER_INPUT", "{message}");
            assert!(answer.json().get("data").is_none(), "{message}");
            assert!(message.contains(" is null by $x, but its type is "), "{message}");
            // Its own default is as if it were given.
            let other = OTHERS.iter().find(|(of, _)| of == kind).unwrap().1;
            let own = format!("query($x: {kind} = {other}) {{ {fields} }}");
            let wanted = server.data(&format!("{{ {} }}", fields.replace("$x", other))).await;
            assert_eq!(server.data(&own).await, wanted, "{own}");
            // Of one that is defined without being given, and of an operation beside it.
            let two = format!("query A($x: {kind}) {{ {fields} }} query B($x: {kind}!) {{ {fields} }}");
            let body = json!({"query": two, "operationName": "B"});
            let post = server.client().post(server.url("/graphql")).json(&body).send().await.unwrap();
            let (message, ..) = crate::Answer::read(post).await.error();
            assert_eq!(message, format!("`$x` is missing; its type is {kind}!"));
        }
    }

    /// What stands for nothing leaves out fields of input objects, and is null in a list.
    async fn what_is_absent_is_not_null(server: &Server) {
        let all = server.data("{ districts { totalCount } }").await;
        for query in [
            "query($x: String) { districts(filter: {slug: {eq: $x}}) { totalCount } }",
            "query($x: TextFilter) { districts(filter: {slug: $x}) { totalCount } }",
            "query($x: DistrictFilter) { districts(filter: $x) { totalCount } }",
            "query($x: Boolean) { districts(filter: {and: [{code: {isNull: $x}}]}) { totalCount } }",
            "query($x: Int) { districts(first: $x) { totalCount } }",
        ] {
            assert_eq!(server.data(query).await, all, "{query}");
        }
        let of = |x: Value| json!({"x": x});
        let list = "query($x: String) { districts(filter: {slug: {in: [\"haidian\", $x]}}) { totalCount } }";
        let (message, code, _) = server.error(list).await;
        assert_eq!((message.as_str(), code.as_str()), ("`filter.slug.in[1]` must be String!, but $x is String", "GRAPHQL_VALIDATION_FAILED"));
        let nested = "query($x: DistrictFilter) { districts(filter: {not: $x}) { totalCount } }";
        assert_eq!(server.ask_with(nested, of(json!({"slug": {"eq": "haidian"}}))).await.data()["districts"]["totalCount"],
            json!(all["districts"]["totalCount"].as_i64().unwrap() - 1));
        // A whole number may be written with a fraction of zero; a value alone is a list of one.
        let first = "query($x: Int) { districts(first: $x) { nodes { slug } } }";
        assert_eq!(server.ask_with(first, of(json!(2.0))).await.data()["districts"]["nodes"].as_array().unwrap().len(), 2);
        let (message, ..) = server.ask_with(first, of(json!(2.5))).await.error();
        assert_eq!(message, "`$x` is 2.5, but Int is a whole number of 32 bits");
        let alone = "query($x: [String!]) { districts(filter: {slug: {in: $x}}) { totalCount } }";
        assert_eq!(server.ask_with(alone, of(json!("haidian"))).await.data(), json!({"districts": {"totalCount": 1}}));
    }

    /// One value that is wrong is refused before anything is executed, with its path (G11).
    async fn a_wrong_value_is_refused_with_its_path(server: &Server) {
        for (kind, fields, value, path) in WRONG {
            let literal = format!("{{ dataset {{ slug }} {} }}", fields.replace("$v", &format!("{value:?}")));
            let variable = format!("query($v: {kind}) {{ dataset {{ slug }} {fields} }}");
            let default = format!("query($v: {kind} = {value:?}) {{ dataset {{ slug }} {fields} }}");
            for (query, variables, path) in [
                (&literal, json!({}), *path),
                (&variable, json!({"v": value}), "$v"),
                (&default, json!({}), "$v"),
            ] {
                let answer = server.ask_with(query, variables).await;
                let (message, code, at) = answer.error();
                assert!(message.starts_with(&format!("`{path}`: {value:?} is no ")), "{query}: {message}");
                assert_eq!((code.as_str(), at), ("BAD_USER_INPUT", Value::Null), "{query}");
                assert!(answer.json().get("data").is_none(), "{query}");
            }
        }
        // Inside of variables too, all of them told.
        let query = "query($f: ObservationFilter) { dataset { slug } observations(filter: $f) { totalCount } }";
        let answer = server.ask_with(query, json!({"f": {"value": {"gt": "abc"}, "and": [{"period": {"eq": "bad"}}]}})).await;
        let errors = answer.json()["errors"].clone();
        let messages: Vec<&str> = errors.as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap()).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].starts_with("`$f.value.gt`: \"abc\" is no "), "{messages:?}");
        assert!(messages[1].starts_with("`$f.and[0].period.eq`: \"bad\" is no "), "{messages:?}");
    }
}

/// The fields of an operation that are executed: of each its key and its arguments.
fn executed(request: &mut Request) -> Vec<(String, Value)> {
    let variables = request.variables.clone();
    let document = request.parsed_query().unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let mut fields = Vec::new();
    for selection in &operation.node.selection_set.node.items {
        let Selection::Field(field) = &selection.node else { panic!() };
        let field = &field.node;
        let value = |value: &Positioned<GraphQlValue>| -> Value {
            let known = |name: Name| Ok::<_, ()>(variables.get(&name).unwrap().clone());
            value.node.clone().into_const_with(known).unwrap().into_json().unwrap()
        };
        let skipped = field.directives.iter().any(|directive| {
            let (_, condition) = &directive.node.arguments[0];
            value(condition) == json!(directive.node.name.node == "skip")
        });
        if !skipped {
            let arguments =
                field.arguments.iter().map(|(name, given)| (name.node.to_string(), value(given)));
            fields
                .push((field.response_key().node.to_string(), Value::Object(arguments.collect())));
        }
    }
    fields
}

/// Random documents with random variables are taken and refused as the reference implementation takes
/// and refuses them, and with the same values. `HUTONG_DOCUMENTS` says how many (1000 unless it is
/// set).
#[tokio::test]
async fn are_coerced_as_by_the_reference_implementation() {
    let count = std::env::var("HUTONG_DOCUMENTS").unwrap_or_else(|_| "1000".to_owned());
    let arguments = vec!["1".to_owned(), count];
    let Some((told, _)) = crate::clients::run("coerce.mjs", arguments).await else { return };
    let config = Cli::parse_from(["hutong", "--cost-max=1000000000000"]).config;
    let schema = graphql::schema(config.limits);
    let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&told).unwrap();
    let mut taken = 0;
    for case in &cases {
        let asked: Asked =
            serde_json::from_value(json!({"query": case["query"], "variables": case["variables"]}))
                .unwrap();
        let (wanted, found) = (&case["coerced"], guard.check(&asked));
        assert_eq!(found.is_ok(), !wanted.is_null(), "{case} {:?}", found.err());
        let Ok(mut checked) = found else { continue };
        let variables = Value::Object(
            checked
                .request
                .variables
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone().into_json().unwrap()))
                .collect(),
        );
        assert_eq!(
            json!({"variables": variables, "fields": executed(&mut checked.request)}),
            *wanted,
            "{case}"
        );
        taken += 1;
    }
    assert!(
        taken * 10 > cases.len() * 4 && taken * 10 < cases.len() * 8,
        "{taken} of {}",
        cases.len()
    );
}
