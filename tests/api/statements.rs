//! How many SQL statements an answer takes: it follows from the query alone.

use hutong::access::Role;
use serde_json::json;

use crate::{
    Server, on_each_database,
    server::Uncached,
    versions::{Hand, explained_to},
};

/// Districts, their initiatives, those's figures and metrics with units: one statement each.
const THREE_LEVELS: &str = "{ districts(first: 20) { nodes { name
    initiatives(first: 10, orderBy: [{by: STARTED_ON, direction: DESC}]) { nodes { title status
        observations(first: 5, orderBy: [{by: PERIOD, direction: DESC}]) { nodes {
            value period { code } metric { name unit { symbol } } } } } } } } }";

/// The same through fragments and aliases, with differing arguments at the same and at other
/// depths: a list with other arguments is another question, the same list through an alias is not.
const TANGLED: &str = r#"
    query ($few: Int!) {
        all: districts { ...places }
        city: district(slug: "beijing") { slug ...place children { ...places } }
        again: district(slug: "haidian") { ...place }
    }
    fragment places on DistrictConnection { nodes { ... on District { ...place } } }
    fragment place on District {
        name
        some: initiatives(first: $few) { nodes { slug ...links } }
        same: initiatives(first: $few) { totalCount nodes { slug } }
        more: initiatives(first: 7) { nodes { slug ...links } }
    }
    fragment links on Initiative { theme { slug parent { slug } } source { slug } }
"#;

on_each_database! {
    /// However often it runs, the number never varies.
    async fn three_levels_take_one_statement_each(server: &Uncached) {
        for _ in 0..100 {
            let answer = server.ask(THREE_LEVELS).await;
            answer.data();
            // districts, initiatives, observations, metrics, units
            assert_eq!(answer.statements, Some(5));
        }
    }

    /// A row that is found by its slug is read with those it refers to.
    async fn a_row_and_what_it_refers_to_take_one_statement(server: &Uncached) {
        for (query, statements, data) in [
            (
                r#"{ district(slug: "haidian") { slug parent { slug name } it: parent { kind } } }"#,
                1,
                json!({ "district": { "slug": "haidian", "parent": { "slug": "beijing", "name": "Beijing" },
                    "it": { "kind": "CITY" } } }),
            ),
            (
                r#"{ district(slug: "world") { slug parent { slug } } }"#,
                1,
                json!({ "district": { "slug": "world", "parent": null } }),
            ),
            (
                r#"{ district(slug: "nowhere") { slug parent { slug } } }"#,
                1,
                json!({ "district": null }),
            ),
            // What is beyond is asked for when that is known.
            (
                r#"{ metric(slug: "5g-base-stations") { unit { symbol } theme { slug parent { slug } } } }"#,
                3,
                json!({ "metric": { "unit": { "symbol": "station" }, "theme": {
                    "slug": "5g", "parent": { "slug": "digital-infrastructure" } } } }),
            ),
            // Two are asked for together, and then all they refer to.
            (
                r#"{ a: district(slug: "haidian") { parent { slug } } b: district(slug: "beijing") { parent { slug } name } }"#,
                2,
                json!({ "a": { "parent": { "slug": "beijing" } },
                    "b": { "parent": { "slug": "china" }, "name": "Beijing" } }),
            ),
        ] {
            let answer = server.ask(query).await;
            assert_eq!(answer.data(), data, "{query}");
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }

    /// Aliases, fragments, arguments and depths: siblings that ask alike ask together.
    async fn equal_questions_are_asked_together(server: &Uncached) {
        let mut first = None;
        for _ in 0..50 {
            let answer = server.ask_with(TANGLED, serde_json::json!({ "few": 3 })).await;
            answer.data();
            // 2 at the root: all districts, and the two by slug together. 4 of those: `some` and
            // `same` are one list, its total beside it, `more` another, the city's children. 5: the
            // themes and sources of their rows, and the children's two lists with the total. 2: the
            // children's sources, and their themes together with the parents of the themes before.
            // 1: the parents of those.
            assert_eq!(answer.statements, Some(2 + 4 + 5 + 2 + 1));
            let text = first.get_or_insert_with(|| answer.text.clone());
            assert_eq!(*text, answer.text);
        }
    }

    /// Requests that run at once do not share statements, nor split each other's.
    async fn requests_at_once_do_not_disturb_each_other(server: &Uncached) {
        let many = (0..64).map(|_| server.ask(THREE_LEVELS));
        for answer in futures_util::future::join_all(many).await {
            answer.data();
            assert_eq!(answer.statements, Some(5));
        }
    }

    /// What fails of a row that many refer to is told at each place, however often rows refer to it
    /// on the way, and what is around it is asked for once more alone.
    async fn what_fails_of_a_row_is_told_wherever_it_stands(server: &Uncached) {
        for (fields, path, statements) in [
            (
                r#"metric { unit { symbol } observations(first: 1, after: "no cursor") { totalCount } }"#,
                ["metric", "observations"].as_slice(),
                3,
            ),
            (
                r#"metric { theme { initiatives(first: 1) { nodes { slug } } metrics(first: 1, after: "no cursor") { totalCount } } }"#,
                &["metric", "theme", "metrics"],
                5,
            ),
        ] {
            let query = format!("{{ observations(first: 15, filter: {{metric: {{theme: {{}}}}}}) {{ nodes {{ {fields} }} }} }}");
            let answer = server.ask(&query).await;
            let json = answer.json();
            let mut told: Vec<_> = json["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
            told.sort_by_key(|path| path[2].as_u64());
            let place = |row: usize| {
                let mut place = vec![json!("observations"), json!("nodes"), json!(row)];
                place.extend(path.iter().map(|name| json!(name)));
                json!(place)
            };
            assert_eq!(told, (0..15).map(place).collect::<Vec<_>>(), "{}", answer.text);
            // Figures, metrics, units; or figures, metrics, themes, and the initiatives of themes, which
            // are asked for once more, for several metrics have one theme.
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }

    /// Lists of figures are read from one stretch of an index that holds all that is asked for; but
    /// what is asked of a metric at a place is found by both, not gone through for either.
    async fn figures_are_found_by_the_index_made_for_them(server: &Server) {
        if !server.store.url.starts_with("sqlite") {
            return;
        }
        let hand = Hand::on(&server.store).await;
        let figures = "observations(first: 5) { nodes { value comparator status period { code } metric { slug } } }";
        for (query, statement, step) in [
            (
                format!("{{ initiatives {{ nodes {{ {figures} }} }} }}"),
                1,
                "SEARCH observation USING COVERING INDEX ix_observation_22_0 (initiative_id=?)",
            ),
            (
                format!("{{ districts {{ nodes {{ {figures} }} }} }}"),
                1,
                "SEARCH observation USING COVERING INDEX ix_observation_20_0 (district_id=?)",
            ),
            (
                "{ metrics { nodes { latest(district: \"beijing\") { value } } } }".to_owned(),
                2,
                "SEARCH observation USING INDEX ix_observation_key_1 (metric_id=? AND district_id=?)",
            ),
        ] {
            let answer = explained_to(server, Role::Reader, &query).await;
            let sql = answer["extensions"]["explain"][statement]["sql"].as_str().unwrap();
            let plan = hand.plan(sql).await;
            assert!(plan.iter().any(|found| found == step), "{plan:#?}");
        }
    }

    /// What is not asked for is not read: no count without `totalCount`, no row without a list.
    async fn only_what_is_asked_for_is_read(server: &Server) {
        for (query, statements) in [
            ("{ __typename }", 0),
            ("{ districts { nodes { slug } } }", 1),
            ("{ districts { totalCount } }", 1),
            ("{ districts { totalCount nodes { slug } edges { cursor } pageInfo { endCursor } } }", 2),
            ("{ a: districts { totalCount } b: districts(first: 3) { totalCount } }", 1),
            ("{ observations { nodes { metric { slug } district { slug } } } }", 3),
            ("{ observations { nodes { unit { symbol } metric { unit { symbol } } } } }", 3),
            (r#"{ district(slug: "nowhere") { initiatives { nodes { slug } } } }"#, 1),
            (r#"{ a: district(slug: "haidian") { id } b: district(slug: "miyun") { id } }"#, 1),
            (r#"{ nodes(ids: ["district:7", "district:11", "unit:2"]) { id } }"#, 2),
            ("{ districts @skip(if: true) { nodes { slug } } __typename }", 0),
        ] {
            let answer = server.ask(query).await;
            answer.data();
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }
}
