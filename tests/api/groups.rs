//! Groups of figures: by every dimension, in every order, page by page, alike on both databases.

use hutong::access::Role;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    sums::{figures, town},
    versions::{Hand, explained_to},
};

/// The groups of a question.
async fn groups(server: &Server, arguments: &str, fields: &str) -> Vec<Value> {
    let query =
        format!("{{ observationGroups({arguments}) {{ totalCount nodes {{ {fields} }} }} }}");
    let data = server.data(&query).await;
    let nodes = data["observationGroups"]["nodes"].as_array().unwrap().clone();
    assert_eq!(data["observationGroups"]["totalCount"], nodes.len(), "{query}");
    nodes
}

/// The groups of a question, which are the same page by page.
async fn walk(server: &Server, arguments: &str, fields: &str) -> Vec<Value> {
    let whole = groups(server, arguments, fields).await;
    for size in [1, 3] {
        let mut walked = Vec::new();
        let mut after = String::new();
        loop {
            let query = format!(
                "{{ observationGroups(first: {size}, {arguments} {after}) {{
                    edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let page = server.data(&query).await["observationGroups"].clone();
            let edges = page["edges"].as_array().unwrap();
            walked.extend(edges.iter().map(|edge| edge["node"].clone()));
            assert_eq!(edges.last().unwrap()["cursor"], page["pageInfo"]["endCursor"]);
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(walked, whole, "{arguments} by {size}");
    }
    whole
}

/// Only the town's figures: the others have notes.
const TOWN: &str = "filter: {note: {isNull: true}}";

const FIGURES: &[&str] = &[
    "sales,north,,2024,4,EQUAL,NORMAL",
    "sales,north,,2024-Q1,1,EQUAL,NORMAL",
    "sales,north,,2024-02,0.5,EQUAL,PROVISIONAL",
    "sales,south,,2023,2,EQUAL,NORMAL",
    "sales,south,,2024,2,ABOUT,NORMAL",
    "sales,south,,2023-11/2024-02,1,EQUAL,NORMAL",
    "sales,port,,2024,,EQUAL,MISSING",
    "people,north,,2024,9,EQUAL,NORMAL",
    "sales,north,mill,2024,3,EQUAL,NORMAL",
];

on_each_database! {
    /// Every dimension, with its key and how many figures have it.
    async fn by_every_dimension(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for (dimension, key, wanted) in [
            ("DISTRICT", "district { slug }", json!([["north", 5], ["south", 3], ["port", 1]])),
            ("METRIC", "metric { slug }", json!([["sales", 8], ["people", 1]])),
            ("THEME", "theme { slug }", json!([[null, 9]])),
            ("INITIATIVE", "initiative { slug }", json!([["mill", 1], [null, 8]])),
            ("PERIOD", "period { code }", json!([["2023", 1], ["2023-11/2024-02", 1], ["2024-Q1", 1], ["2024", 5], ["2024-02", 1]])),
            ("YEAR", "year { code }", json!([["2023", 1], ["2024", 7], [null, 1]])),
            ("QUARTER", "quarter { code }", json!([["2024-Q1", 2], [null, 7]])),
            ("MONTH", "month { code }", json!([["2024-02", 1], [null, 8]])),
            ("FREQUENCY", "frequency", json!([["ANNUAL", 6], ["MONTHLY", 1], ["QUARTERLY", 1], ["RANGE", 1]])),
            ("SOURCE", "source { slug }", json!([["town-book", 9]])),
            ("STATUS", "status", json!([["MISSING", 1], ["NORMAL", 7], ["PROVISIONAL", 1]])),
            ("COMPARATOR", "comparator", json!([["ABOUT", 1], ["EQUAL", 8]])),
            ("UNIT", "unit { slug }", json!([["coin", 8], ["person", 1]])),
            ("DISTRICT_KIND", "districtKind", json!([["DISTRICT", 8], ["ECONOMIC_ZONE", 1]])),
            ("PARENT_DISTRICT", "parentDistrict { slug }", json!([["town", 9]])),
        ] {
            let found = groups(server, &format!("by: [{dimension}], {TOWN}"), &format!("key {{ {key} }} count")).await;
            let found: Vec<Value> = found.iter().map(|group| {
                let key = group["key"].as_object().unwrap().values().next().unwrap();
                let inner = key.as_object().and_then(|object| object.values().next());
                json!([inner.unwrap_or(key), group["count"]])
            }).collect();
            assert_eq!(json!(found), wanted, "{dimension}");
        }
    }

    /// A group's own figures are exactly those it counts, in whatever dimensions; the best of each
    /// group come by `first`.
    async fn lead_on_to_their_figures(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for by in [
            "DISTRICT", "METRIC, DISTRICT", "THEME, INITIATIVE", "PERIOD", "YEAR", "QUARTER, MONTH",
            "FREQUENCY", "SOURCE, STATUS, COMPARATOR", "UNIT", "DISTRICT_KIND, PARENT_DISTRICT", "",
        ] {
            let found = groups(server, &format!("by: [{by}], {TOWN}"), "count observations { totalCount nodes { id } }").await;
            let mut ids: Vec<&Value> = Vec::new();
            for group in &found {
                let nodes = group["observations"]["nodes"].as_array().unwrap();
                assert_eq!(group["count"], nodes.len(), "{by}");
                assert_eq!(group["count"], group["observations"]["totalCount"], "{by}");
                ids.extend(nodes);
            }
            ids.sort_by_key(|id| id.to_string());
            ids.dedup();
            assert_eq!(ids.len(), 9, "{by}");
        }
        let top = groups(
            server,
            &format!("by: [DISTRICT], {TOWN}"),
            "observations(first: 2, filter: {value: {isNull: false}}, orderBy: [{by: VALUE, direction: DESC}]) { totalCount nodes { value } }",
        ).await;
        assert_eq!(json!(top), json!([
            {"observations": {"totalCount": 5, "nodes": [{"value": "9"}, {"value": "4"}]}},
            {"observations": {"totalCount": 3, "nodes": [{"value": "2"}, {"value": "2"}]}},
            {"observations": {"totalCount": 0, "nodes": []}},
        ]));
    }

    /// Every order, with ties, nulls on either side, walked group by group.
    async fn are_ordered_and_paged(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for order in [
            "", "{measure: COUNT}", "{measure: COUNT, direction: DESC}", "{measure: MISSING, direction: DESC}",
            "{measure: SUM, direction: DESC}", "{measure: SUM, nulls: FIRST}", "{measure: MEAN}",
            "{measure: MEAN, direction: DESC, nulls: FIRST}", "{measure: MIN}, {measure: MAX}",
            "{measure: MAX, direction: DESC}", "{measure: MEDIAN}", "{measure: STANDARD_DEVIATION}",
            "{measure: STANDARD_DEVIATION, direction: DESC}", "{measure: FIRST}", "{measure: LAST, direction: DESC}",
            "{dimension: DISTRICT}", "{dimension: DISTRICT, direction: DESC}, {dimension: PERIOD}",
            "{dimension: PERIOD, direction: DESC}, {measure: COUNT}",
        ] {
            let arguments = format!("by: [DISTRICT, PERIOD, METRIC], orderBy: [{order}], {TOWN}");
            let key = "key { district { slug } period { code } metric { slug } }";
            assert_eq!(walk(server, &arguments, key).await.len(), 8);
        }
        // In the order of the keys alone, some of which are null.
        let parts = walk(server, &format!("by: [YEAR, QUARTER], {TOWN}"),
            "key { year { code } quarter { code } } count").await;
        assert_eq!(json!(parts), json!([
            {"key": {"year": {"code": "2023"}, "quarter": null}, "count": 1},
            {"key": {"year": {"code": "2024"}, "quarter": {"code": "2024-Q1"}}, "count": 2},
            {"key": {"year": {"code": "2024"}, "quarter": null}, "count": 5},
            {"key": {"year": null, "quarter": null}, "count": 1},
        ]));
        let largest = groups(server, &format!("by: [DISTRICT], orderBy: [{{measure: MAX, direction: DESC}}], {TOWN}"),
            "key { district { slug } }").await;
        assert_eq!(json!(largest), json!([
            {"key": {"district": {"slug": "north"}}}, {"key": {"district": {"slug": "south"}}},
            {"key": {"district": {"slug": "port"}}},
        ]));
    }

    /// Conditions on what was computed, exactly at their edges.
    async fn are_chosen_by_what_was_computed(server: &Server) {
        town(server).await;
        figures(server, &["sales,north,,2023,0.1,EQUAL,NORMAL", "sales,north,,2024,0.2,EQUAL,NORMAL",
            "sales,south,,2024,0.3,EQUAL,NORMAL", "sales,port,,2024,,EQUAL,MISSING",
            "sales,far,,2023,-1,EQUAL,NORMAL", "sales,far,,2024,1,EQUAL,NORMAL"]).await;
        let selected = "key { district { slug } } count missing sum { value } mean { value } min { value }
            max { value } median { value } standardDeviation { value }";
        for (having, wanted) in [
            ("{sum: {eq: \"0.3\"}}", &["north", "south"][..]),
            ("{sum: {gt: \"0.3\"}}", &[]),
            ("{sum: {gte: 0.3}}", &["north", "south"]),
            ("{sum: {lt: \"0.30000000000000000000001\"}}", &["north", "south", "far"]),
            ("{sum: {in: [0, 7]}}", &["far"]),
            ("{sum: {isNull: true}}", &["port"]),
            ("{mean: {eq: \"0.15\"}}", &["north"]),
            ("{mean: {ne: \"0.15\"}}", &["south", "far"]),
            ("{median: {gt: \"0.15\"}}", &["south"]),
            ("{min: {lt: 0}}", &["far"]),
            ("{max: {gte: 1}}", &["far"]),
            ("{count: {gt: 1}}", &["north", "far"]),
            ("{missing: {gte: 1}}", &["port"]),
            ("{standardDeviation: {gt: 1}}", &["far"]),
            ("{standardDeviation: {isNull: true}}", &["south", "port"]),
            ("{or: []}", &[]),
            ("{and: []}", &["north", "south", "port", "far"]),
            ("{or: [{sum: {eq: 0}}, {missing: {eq: 1}}]}", &["port", "far"]),
            ("{not: {sum: {eq: 0}}}", &["north", "south"]),
        ] {
            let arguments = format!("by: [DISTRICT], having: {having}, {TOWN}");
            let found = groups(server, &arguments, selected).await;
            let found: Vec<&str> =
                found.iter().map(|group| group["key"]["district"]["slug"].as_str().unwrap()).collect();
            assert_eq!(found, wanted, "{having}");
        }
    }

    /// What cannot be meant is refused, with what would be right.
    async fn refuse_what_cannot_be_meant(server: &Server) {
        for (arguments, fields, why, path) in [
            ("by: [DISTRICT], having: {sum: {gt: 1}}", "count", "`having.sum` is set, but `sum` is not selected", json!(["observationGroups"])),
            ("by: [DISTRICT], having: {and: [{not: {standardDeviation: {gt: 1}}}]}", "count mean { value }",
             "`having.standardDeviation` is set, but", json!(["observationGroups"])),
            ("by: [DISTRICT, YEAR, DISTRICT]", "count", "`by` has DISTRICT twice; give each dimension once", json!(["observationGroups"])),
            ("by: [DISTRICT, YEAR, METRIC, UNIT, SOURCE, STATUS, MONTH]", "count",
             "`by` has 7 dimensions, but may have 6 at the most", json!(["observationGroups"])),
            ("by: [DISTRICT], orderBy: [{dimension: YEAR}]", "count", "`orderBy.dimension` is YEAR, but the groups are not by it; add YEAR to `by`", json!(["observationGroups"])),
            ("by: [DISTRICT], orderBy: [{}]", "count", "`orderBy` must have either `measure` or `dimension`", json!(["observationGroups"])),
            ("by: [DISTRICT], first: 0", "count", "`first` is 0, but must be from 1 to 1000", json!(["observationGroups"])),
            ("by: [DISTRICT], after: \"x\"", "count", "`after` is \"x\", which is no cursor", json!(["observationGroups"])),
            ("by: [DISTRICT], first: 1", "percentile(p: 101) { value }", "`p` is 101, but must be from 0 to 100", json!(["observationGroups", "nodes", 0, "percentile"])),
            ("by: [DISTRICT], first: 1", "percentile(p: \"-0.1\") { value }", "`p` is -0.1, but must be from 0 to 100", json!(["observationGroups", "nodes", 0, "percentile"])),
            ("by: [DISTRICT], first: 1", "key { metric { slug } }", "the groups are not by METRIC; add METRIC to `by`", json!(["observationGroups", "nodes", 0, "key", "metric"])),
        ] {
            let query = format!("{{ observationGroups({arguments}) {{ nodes {{ {fields} }} }} }}");
            let (message, code, at) = server.error(&query).await;
            assert!(message.starts_with(why), "{message}");
            assert_eq!((code.as_str(), at), ("BAD_USER_INPUT", path), "{query}");
        }
        let cursor = server.data("{ observationGroups(by: [METRIC], first: 1) { pageInfo { endCursor } } }").await;
        let cursor = &cursor["observationGroups"]["pageInfo"]["endCursor"];
        let (message, ..) = server.error(
            &format!("{{ observationGroups(by: [DISTRICT], after: {cursor}) {{ nodes {{ count }} }} }}")).await;
        assert!(message.contains("a cursor of another list or another order"), "{message}");
    }

    /// The number of statements follows from the query alone.
    async fn take_as_many_statements_for_many_as_for_few(server: &Server) {
        town(server).await;
        figures(server, &FIGURES[..1]).await;
        let query = format!("{{ observationGroups(by: [DISTRICT, METRIC], {TOWN}) {{ nodes {{
            key {{ district {{ slug }} metric {{ unit {{ symbol }} }} }} count mean {{ value }} median {{ value }}
            a: percentile(p: 10) {{ value }} b: percentile(p: 90) {{ value inputs {{ id }} }}
            observations(first: 2) {{ nodes {{ value }} }} }} }} }}");
        let few = server.ask(&query).await;
        few.data();
        figures(server, &FIGURES[1..]).await;
        let many = server.ask(&query).await;
        many.data();
        assert_eq!((few.statements, many.statements), (Some(6), Some(6)));
        let summaries = "{ districts { nodes { slug observationSummary { count missing mean { value } max { value } }
            years: observationSummary(filter: {period: {gte: \"2024\"}}) { count } } } }";
        assert_eq!(server.ask(summaries).await.statements, Some(4));
    }
    /// In the order of its keys, a page of groups is read from an index until it is full: nothing
    /// is sorted.
    async fn by_key_are_read_in_order(server: &Server) {
        if !server.store.url.starts_with("sqlite") {
            return;
        }
        let hand = Hand::on(&server.store).await;
        let query = r#"{ observationGroups(by: [DISTRICT], filter: {metric: {slug: {eq: "5g-base-stations"}}}, first: 1) {
            nodes { count missing } } }"#;
        let answer = explained_to(server, Role::Reader, query).await;
        let sql = answer["extensions"]["explain"][0]["sql"].as_str().unwrap();
        let plan = hand.plan(sql).await;
        assert_eq!(plan[0], "SEARCH observation USING INDEX ix_observation_key_1 (metric_id=?)");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }
}
