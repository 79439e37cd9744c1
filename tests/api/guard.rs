//! What a request may ask for at the most: each limit has its code, and says what it found.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hutong::access::Role;
use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database, server::sqlite};

/// The one error of an answer that was refused: nothing was executed. Its code, what was found, and
/// the limit.
#[track_caller]
fn refusal(answer: &Answer) -> (String, Value, Value) {
    let (message, code, path) = answer.error();
    assert_eq!((answer.statements, &path), (None, &Value::Null), "{message}");
    let json = answer.json();
    assert_eq!(json.get("data"), None, "{json}");
    let extensions = &json["errors"][0]["extensions"];
    for number in [&extensions["found"], &extensions["limit"]] {
        assert!(number.is_null() || message.contains(&number.to_string()), "{message}");
    }
    (code, extensions["found"].clone(), extensions["limit"].clone())
}

/// The longest that a healthy question may wait as a rule, on a machine that runs other tests too. It
/// is not optimised: of a release a tenth is expected.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server with these options, over a database in a folder that must outlive it.
async fn server(options: &[&str]) -> (Server, tempfile::TempDir) {
    let (store, folder) = sqlite().await;
    (Server::start_with(store, options).await, folder)
}

/// What tools ask to know the schema.
const SCHEMA: &str = "{ __schema { description queryType { name } mutationType { name }
    subscriptionType { name } types { ...type } directives { name description locations
    isRepeatable args(includeDeprecated: true) { ...input } } } }
fragment type on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...input }
        type { ...ref } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...input } interfaces { ...ref }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...ref } }
fragment input on __InputValue { name description type { ...ref } defaultValue isDeprecated
    deprecationReason }
fragment ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

/// Fragments each of which names the next one twice.
fn doubling(fragments: usize) -> String {
    let doubles = (0..fragments)
        .map(|number| format!("fragment f{number} on Query {{ ...f{0} ...f{0} }} ", number + 1));
    let doubles: String = doubles.collect();
    format!("{{ ...f0 }} {doubles} fragment f{fragments} on Query {{ __typename }}")
}

#[tokio::test]
async fn every_limit_says_what_it_found() {
    let options = [
        "--token-max=200",
        "--depth-max=4",
        "--value-depth-max=3",
        "--alias-max=2",
        "--directive-max=2",
        "--selection-max=20",
        "--root-field-max=3",
        "--cost-max=1000",
    ];
    let (server, _folder) = server(&options).await;
    for (query, code, found, limit) in [
        ("{ a: __typename b: __typename c: __typename }", "ALIAS_LIMIT_EXCEEDED", 3, 2),
        (
            "{ __typename @skip(if: true) dataset @skip(if: true) { slug @skip(if: true) } }",
            "DIRECTIVE_LIMIT_EXCEEDED",
            3,
            2,
        ),
        ("{ districts { nodes { parent { parent { slug } } } } }", "DEPTH_LIMIT_EXCEEDED", 5, 4),
        (
            "{ districts { ...c } } fragment c on DistrictConnection { nodes { ...d } } fragment d on District { parent { ... { parent { slug } } } }",
            "DEPTH_LIMIT_EXCEEDED",
            5,
            4,
        ),
        (
            "{ districts(filter: {not: {or: [{slug: {}}]}}) { totalCount } }",
            "VALUE_DEPTH_LIMIT_EXCEEDED",
            5,
            3,
        ),
        (
            "query ($f: DistrictFilter = {not: {or: [{slug: {}}]}}) { districts(filter: $f) { totalCount } }",
            "VALUE_DEPTH_LIMIT_EXCEEDED",
            5,
            3,
        ),
        ("{ __typename @skip(if: [[[[true]]]]) }", "VALUE_DEPTH_LIMIT_EXCEEDED", 4, 3),
        (
            "{ __typename __typename ...more } fragment more on Query { __typename dataset { slug } }",
            "ROOT_FIELD_LIMIT_EXCEEDED",
            4,
            3,
        ),
        (
            "{ observations(first: 500) { nodes { slug value } } }",
            "COST_LIMIT_EXCEEDED",
            1 + 500 * 3,
            1000,
        ),
    ] {
        let refused = refusal(&server.ask(query).await);
        assert_eq!(refused, (code.to_owned(), json!(found), json!(limit)), "{query}");
    }
    let fragments = refusal(&server.ask(&doubling(4)).await);
    assert_eq!(
        fragments,
        ("SELECTION_LIMIT_EXCEEDED".to_owned(), json!(1 + 2 * 15 + 16), json!(20))
    );
    // Each of eleven types has the three fields, and one of them a fourth.
    let types = "{ node(id: \"district:1\") { ...F } } fragment F on Node { a: id b: id id ... on District { slug } }";
    let types = refusal(&server.ask(types).await);
    assert_eq!(types, ("SELECTION_LIMIT_EXCEEDED".to_owned(), json!(21), json!(20)));
    let tokens = refusal(&server.ask(&format!("{{ {} }}", "__typename ".repeat(300))).await);
    assert_eq!(tokens.0, "TOKEN_LIMIT_EXCEEDED");
    let nested = json!({"f": {"not": {"or": [{"slug": {}}]}}});
    let query = "query ($f: DistrictFilter) { districts(filter: $f) { totalCount } }";
    let nested = refusal(&server.ask_with(query, nested).await);
    assert_eq!(nested, ("VALUE_DEPTH_LIMIT_EXCEEDED".to_owned(), json!(5), json!(3)));
    server.stop().await;
}

/// Fragments that double 31 times or 400 are counted as fast as any.
#[tokio::test]
async fn doubling_fragments_are_counted_not_expanded() {
    let (server, _folder) = server(&[]).await;
    let begun = std::time::Instant::now();
    let (code, found, _) = refusal(&server.ask(&doubling(31)).await);
    assert_eq!(
        (code.as_str(), found),
        ("SELECTION_LIMIT_EXCEEDED", json!((1_u64 << 33) - 1 - (1 << 31)))
    );
    let (code, found, _) = refusal(&server.ask(&doubling(200)).await);
    assert_eq!((code.as_str(), found), ("SELECTION_LIMIT_EXCEEDED", json!(u64::MAX)));
    assert_eq!(refusal(&server.ask(&doubling(400)).await).0, "DEPTH_LIMIT_EXCEEDED");
    assert!(begun.elapsed().as_secs() < 2);
    server.stop().await;
}

/// Schemas are described in full, but nobody goes round in them.
#[tokio::test]
async fn introspection_is_bounded_and_can_be_switched_off() {
    let (one, _folder) = server(&[]).await;
    let round =
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(refusal(&one.ask(round).await).0, "DEPTH_LIMIT_EXCEEDED");
    let full = one.ask(SCHEMA).await;
    assert!(full.data()["__schema"]["types"].as_array().unwrap().len() > 100);
    let many: String = (0..90).map(|number| format!("a{number}: __schema {{ ...s }} ")).collect();
    let many = format!(
        "{{ {many} }} fragment s on __Schema {{ types {{ name fields {{ name args {{ name description type {{ name kind }} }} }} }} }}"
    );
    assert_eq!(refusal(&one.ask(&many).await).0, "COST_LIMIT_EXCEEDED");
    one.stop().await;
    let (closed, _folder) = server(&["--introspection=false"]).await;
    for query in [
        "{ __schema { types { name } } }",
        "{ ...t } fragment t on Query { __type(name: \"Query\") { name } }",
    ] {
        assert_eq!(refusal(&closed.ask(query).await).0, "INTROSPECTION_DISABLED");
    }
    assert_eq!(closed.data("{ __typename }").await, json!({"__typename": "Query"}));
    closed.stop().await;
}

/// Where there are trusted documents, they are executed and no others.
#[tokio::test]
async fn trusted_documents_alone_are_executed() {
    let folder = tempfile::tempdir().unwrap();
    let text = "query ($s: String!) { district(slug: $s) { name } }";
    let hash = "b87e79c23750d05cc3abcfa44a76f114e27d9d1cd6f5a8eb1a9a0ff23670b04c";
    std::fs::write(folder.path().join("place.graphql"), text).unwrap();
    let file = folder.path().join("documents.json");
    std::fs::write(&file, json!({ "place": text }).to_string()).unwrap();
    for path in [folder.path(), &file] {
        let option = format!("--trusted-documents={}", path.display());
        let (server, _database) = server(&[&option]).await;
        let ask = |request: Value| {
            let post = server.client().post(server.url("/graphql")).json(&request).send();
            async { Answer::read(post.await.unwrap()).await }
        };
        let variables = json!({"s": "haidian"});
        for request in [
            json!({"documentId": "place", "variables": variables}),
            json!({"documentId": hash, "variables": variables}),
            json!({"documentId": format!("sha256:{hash}"), "variables": variables}),
            json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}, "variables": variables}),
            json!({"query": text, "variables": variables}),
        ] {
            assert_eq!(ask(request).await.data(), json!({"district": {"name": "Haidian"}}));
        }
        for request in [
            json!({"query": "{ __typename }"}),
            json!({"documentId": "other"}),
            json!({"documentId": "sha256:"}),
            json!({}),
        ] {
            assert_eq!(refusal(&ask(request).await).0, "DOCUMENT_NOT_TRUSTED");
        }
        server.stop().await;
    }
}

on_each_database! {
    /// What an answer was estimated to cost stands beside it: pages as they are asked for, by
    /// literals, variables, defaults and not at all; through fragments; without what is left out.
    async fn the_cost_is_told(server: &Server) {
        for (query, variables, wanted) in [
            ("{ __typename }", json!({}), 1),
            ("{ districts { totalCount } }", json!({}), 1 + 10),
            ("{ districts { nodes { slug } } }", json!({}), 1 + 50 * 2),
            ("{ districts(last: 3) { nodes { slug } pageInfo { endCursor } } }", json!({}), 1 + 3 * 2 + 2),
            ("{ districts(first: 3) { edges { cursor node { slug } } } }", json!({}), 1 + 3 * 4),
            ("query ($n: Int) { districts(first: $n) { nodes { slug } } }", json!({"n": 7}), 1 + 7 * 2),
            ("query ($n: Int = 9) { districts(first: $n) { nodes { slug } } }", json!({}), 1 + 9 * 2),
            ("query ($n: Int) { districts(first: $n) { nodes { slug } } }", json!({}), 1 + 50 * 2),
            ("query ($n: Int) { districts(first: $n) { nodes { slug } } }", json!({"n": null}), 1 + 50 * 2),
            ("{ districts(first: 2) { ...p } } fragment p on DistrictConnection { nodes { ...d } } fragment d on District { slug name }", json!({}), 1 + 2 * 3),
            ("{ districts(first: 2) { nodes { initiatives(first: 5) { nodes { slug } } } } }", json!({}), 1 + 2 * (1 + 1 + 5 * 2)),
            ("{ districts(first: 2) @skip(if: true) { nodes { slug } } __typename }", json!({}), 1),
            ("query ($w: Boolean!) { districts(first: 2) @include(if: $w) { nodes { slug } } __typename }", json!({"w": false}), 1),
            ("{ metric(slug: \"5g-base-stations\") { ranking { of entries(first: 7) { nodes { position } pageInfo { endCursor } } } } }", json!({}), 5 + 100 + 7 * 2),
            ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", json!({"i": ["district:7", "district:11"]}), 1 + 2),
            ("{ district(slug: \"haidian\") { names { language text } } }", json!({}), 1 + 1 + 10 * 2),
            ("{ compare(metrics: [\"5g-base-stations\"], districts: [\"haidian\", \"miyun\"]) { metrics { slug } rows { cells { value reason } } } }", json!({}), 1 + 2 + 1 + 1 + 2 * 2),
            ("query ($m: [String!]!, $d: [String!]!) { compare(metrics: $m, districts: $d, periods: [\"2024\", \"2025\", \"2026\"]) { ...t } } fragment t on CompareTable { rows { cells { value } } }",
                json!({"m": ["5g-base-stations"], "d": ["haidian", "miyun"]}), 1 + 1 + 3 * (1 + 2)),
            ("{ metric(slug: \"5g-base-stations\") { series(district: \"haidian\") { points { period { code } } } } }", json!({}), 3 + 1000 * 2),
        ] {
            let answer = server.ask_with(query, variables).await;
            answer.data();
            let cost = json!({"requested": wanted, "limit": 1_000_000});
            assert_eq!(answer.json()["extensions"]["cost"], cost, "{query}");
        }
    }

    /// A condition on related rows costs ten times as much as one that is a relation nearer, wherever
    /// it stands; an order by related rows as much as the nearest.
    async fn conditions_along_relations_cost(server: &Server) {
        let literal = |filter: &str| format!("{{ districts(filter: {filter}) {{ totalCount }} }}");
        let variable = "query ($f: DistrictFilter, $o: [DistrictOrder!]) { districts(filter: $f, orderBy: $o) { totalCount } }";
        for (query, variables, wanted) in [
            (literal("{slug: {eq: \"x\"}, not: {or: [{code: {eq: \"x\"}}]}}"), json!({}), 0),
            (literal("{parent: null}"), json!({}), 0),
            (literal("{parent: {slug: {eq: \"x\"}}}"), json!({}), 100),
            (literal("{children: {count: {gt: 1}}}"), json!({}), 100),
            (literal("{children: {some: {slug: {eq: \"x\"}}, none: {parent: {}}}}"), json!({}), 100 + 1000),
            (literal("{or: [{parent: {}}, {not: {parent: {}}}]}"), json!({}), 200),
            (literal("{parent: {parent: {parent: {parent: {}}}}}"), json!({}), 111_100),
            (variable.to_owned(), json!({"f": {"parent": {"children": {"some": {}}}}}), 1_100),
            (variable.to_owned(), json!({"o": [{"by": "SLUG"}, {"by": "INITIATIVE_COUNT"}]}), 100),
            (variable.to_owned(), json!({"o": {"by": "PARENT_NAME"}}), 100),
            ("{ districts(orderBy: [{by: INITIATIVE_COUNT}]) { totalCount } }".to_owned(), json!({}), 100),
            (
                "query ($p: DistrictFilter = {parent: {}}) { districts(filter: {parent: $p}) { totalCount } }".to_owned(),
                json!({}),
                1_100,
            ),
        ] {
            let answer = server.ask_with(&query, variables).await;
            answer.data();
            assert_eq!(answer.json()["extensions"]["cost"]["requested"], 11 + wanted, "{query}");
        }
        let five = literal("{parent: {parent: {parent: {parent: {parent: {}}}}}}");
        let limit = ("COST_LIMIT_EXCEEDED".to_owned(), json!(1_111_111), json!(1_000_000));
        assert_eq!(refusal(&server.ask(&five).await), limit);
        // Below a list a condition costs as often as the list has rows.
        let nested = "{ districts(first: 7) { nodes { children(filter: {parent: {}}) { totalCount } } } }";
        let answer = server.ask(nested).await;
        answer.data();
        assert_eq!(answer.json()["extensions"]["cost"]["requested"], 1 + 7 * (1 + 11 + 100));
    }

    /// What is written many at once is answered as many.
    async fn what_is_written_at_once_counts_each(server: &Server) {
        let editor = server.token(Role::Editor).await;
        let theme = |slug: &str| format!("{{slug: \"{slug}\", name: [{{language: \"en\", text: \"{slug}\"}}]}}");
        for (query, wanted) in [
            (format!("mutation {{ createThemes(inputs: [{}, {}]) {{ themes {{ slug name }} }} }}", theme("a"), theme("b")), 1 + 1 + 2 * 2),
            ("mutation { updateThemes(filter: {slug: {in: [\"a\", \"b\"]}}, patch: {}, atMost: 5) { themes { slug } } }".to_owned(), 1 + 1 + 5),
        ] {
            let answer = server.ask_as(&editor, &query).await;
            answer.data();
            assert_eq!(answer.json()["extensions"]["cost"]["requested"], wanted, "{query}");
        }
    }

    /// Six who ask for the most that a stranger may, again and again: whoever asks beside them is
    /// answered at once.
    async fn hostile_conditions_hold_nobody_up(server: &Server) {
        const QUESTIONS: usize = 40;
        let deep = (0..4).fold(json!({"slug": {"eq": "x"}}), |inner, step| match step % 2 {
            0 => json!({"children": {"some": inner}}),
            _ => json!({"parent": inner}),
        });
        let many: String = (0..8).map(|n| format!("a{n}: districts(filter: $f) {{ totalCount }} ")).collect();
        let hostile = format!("query ($f: DistrictFilter) {{ {many} }}");
        let again = || async {
            loop {
                server.ask_with(&hostile, json!({"f": deep})).await.data();
            }
        };
        let hold_up = join_all((0..6).map(|_| again()));
        let ask = async {
            let mut waited = Vec::new();
            for _ in 0..QUESTIONS {
                let begun = Instant::now();
                server.data("{ districts(first: 1) { nodes { slug code } } }").await;
                waited.push(begun.elapsed());
            }
            waited.sort();
            waited
        };
        tokio::select! {
            _ = hold_up => unreachable!(),
            waited = ask => {
                let (median, longest) = (waited[QUESTIONS / 2], waited[QUESTIONS - 1]);
                eprintln!("beside hostile conditions: median {median:?}, longest {longest:?}");
                assert!(median < PATIENCE, "{median:?}");
            }
        }
    }

    /// Too large a page is still told by its argument.
    async fn a_page_too_large_is_told_by_its_argument(server: &Server) {
        let (message, code, _) = server.error("{ districts(first: 2000000000) { nodes { slug } } }").await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.starts_with("`first` is 2000000000, but must be from 1 to 1000"), "{message}");
    }

    /// A key that is given twice is refused: which of them counted would be chance.
    async fn keys_are_given_once(server: &Server) {
        let (message, code, _) = server
            .error(r#"{ districts(filter: {slug: {eq: "haidian", eq: "miyun"}}) { totalCount } }"#)
            .await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(message, "the key `eq` is given twice in one object; give it once");
        let body = r#"{"query": "query ($s: String!) { district(slug: $s) { slug } }",
            "variables": {"s": "haidian", "s": "miyun"}}"#;
        let post = server.client().post(server.url("/graphql"));
        let post = post.header("content-type", "application/json").body(body);
        let (message, code, _) = Answer::read(post.send().await.unwrap()).await.error();
        assert_eq!(code, "BAD_REQUEST");
        assert!(message.contains("the key `s` is given twice"), "{message}");
    }

    /// A document with many errors is told the first of them.
    async fn not_all_errors_are_told(server: &Server) {
        let answer = server.ask(&format!("{{ dataset {{ {} }} }}", "nope ".repeat(1000))).await.json();
        assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
    }

    /// Of several operations one is named.
    async fn operations_are_found_by_name(server: &Server) {
        let query = "query A { __typename } query B { dataset { slug } }";
        let ask = |name: Value| {
            let request = json!({"query": query, "operationName": name});
            let post = server.client().post(server.url("/graphql")).json(&request).send();
            async { Answer::read(post.await.unwrap()).await }
        };
        assert_eq!(ask(json!("A")).await.data(), json!({"__typename": "Query"}));
        let one = server.client().post(server.url("/graphql"));
        let one = one.json(&json!({"query": "{ __typename }", "operationName": ""}));
        Answer::read(one.send().await.unwrap()).await.data();
        for name in [json!("C"), Value::Null] {
            let (message, code, _) = ask(name).await.error();
            assert_eq!(code, "OPERATION_NOT_FOUND");
            assert!(message.ends_with("; name one of A, B"), "{message}");
        }
    }
}
