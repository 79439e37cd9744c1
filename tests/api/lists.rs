//! Lists: pages, cursors, totals and orders.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

async fn refused(server: &Server, query: &str) -> String {
    let (message, code, path) = server.error(query).await;
    assert_eq!(code, "BAD_USER_INPUT", "{message}");
    assert!(path.is_array(), "{query}");
    message
}

on_each_database! {
    /// Pages that cannot be are refused in words that say what would be right.
    async fn impossible_pages_are_refused(server: &Server) {
        for (arguments, wanted) in [
            ("first: 0", "`first` is 0, but must be from 1 to 1000; "),
            ("first: -1", "`first` is -1, but must be from 1 to 1000; "),
            ("first: 1001", "`first` is 1001, but must be from 1 to 1000; "),
            ("last: 0", "`last` is 0, but must be from 1 to 1000; "),
            ("last: 2147483647", "`last` is 2147483647, but must be from 1 to 1000; "),
            ("first: 1, last: 1", "`first` and `last` cannot be given together; "),
            (r#"after: "nonsense""#, r#"`after` is "nonsense", which is no cursor; "#),
            (r#"before: """#, r#"`before` is "", which is no cursor; "#),
        ] {
            for query in [
                format!("{{ districts({arguments}) {{ nodes {{ slug }} }} }}"),
                format!("{{ district(slug: \"beijing\") {{ children({arguments}) {{ totalCount }} }} }}"),
            ] {
                let message = refused(server, &query).await;
                assert!(message.starts_with(wanted), "{message}");
            }
        }
    }

    /// A refused list is null; what stands beside it is not.
    async fn a_refused_list_fails_alone(server: &Server) {
        let answer = server.ask(
            r#"{ district(slug: "haidian") { slug children(first: 0) { totalCount } name } }"#,
        ).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json()["data"],
            json!({ "district": { "slug": "haidian", "children": null, "name": "Haidian" } })
        );
        assert_eq!(answer.json()["errors"][0]["path"], json!(["district", "children"]));
    }

    /// A cursor belongs to its table and its order, and says so elsewhere.
    async fn a_cursor_is_refused_elsewhere(server: &Server) {
        let data = server.data(
            "{ districts(first: 1, orderBy: [{by: KIND}]) { pageInfo { endCursor } } }",
        ).await;
        let cursor = data["districts"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        for (list, order) in [
            ("themes", "SLUG"),
            ("districts", "SLUG"),
            ("districts", "KIND, direction: DESC"),
            ("districts", "KIND, nulls: FIRST"),
            ("districts", "KIND}, {by: SLUG"),
        ] {
            let query = format!(
                "{{ {list}(after: \"{cursor}\", orderBy: [{{by: {order}}}]) {{ nodes {{ slug }} }} }}"
            );
            let message = refused(server, &query).await;
            assert!(message.contains("a cursor of another list or another order"), "{message}");
        }
        let query = format!(
            "{{ districts(after: \"{cursor}\", orderBy: [{{by: KIND}}]) {{ nodes {{ slug }} }} }}"
        );
        server.data(&query).await;
    }

    /// Cursors made by hand are refused, whatever they hold; none reaches the database.
    async fn forged_cursors_are_refused(server: &Server) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        for (forged, wanted) in [
            (json!([2, "observation Value Asc Last", "1", 1]), "a cursor of another version"),
            (json!([1, "observation Value Asc Last", 1, 1]), "which is no cursor"),
            (json!([1, "observation Value Asc Last", "1e9", 1]), "which is no cursor"),
            (json!([1, "observation Value Asc Last", {"a": 1}, 1]), "which is no cursor"),
            (json!([1, "observation Value Asc Last", "1", "1 OR 1=1"]), "which is no cursor"),
            (json!([1, "observation Value Asc Last", "1", "2", 1]), "another list or another order"),
            (json!([1, "observation Value Asc Last", 1]), "another list or another order"),
            (json!([]), "which is no cursor"),
            (json!({}), "which is no cursor"),
        ] {
            let cursor = URL_SAFE_NO_PAD.encode(forged.to_string());
            let query = format!(
                "{{ observations(after: \"{cursor}\", orderBy: [{{by: VALUE}}]) {{ totalCount }} }}"
            );
            let message = refused(server, &query).await;
            assert!(message.contains(wanted), "{forged}: {message}");
        }
    }

    /// Without arguments a list has its default order and page.
    async fn defaults_are_the_documented_ones(server: &Server) {
        let data = server.data(
            r#"{ units { pageInfo { hasNextPage hasPreviousPage } nodes { slug } }
                metric(slug: "digital-technology-adoption") {
                    observations { nodes { period { code } value } } } }"#,
        ).await;
        assert_eq!(data["units"]["pageInfo"], json!({ "hasNextPage": false, "hasPreviousPage": false }));
        assert_eq!(data["units"]["nodes"][0], json!({ "slug": "yuan" }));
        // The newest first.
        assert_eq!(data["metric"]["observations"]["nodes"], json!([
            { "period": { "code": "2024" }, "value": "70" },
            { "period": { "code": "2021" }, "value": "40" },
        ]));
    }

    /// Nulls go where they are sent, whichever way the list runs, alike on both databases.
    async fn nulls_go_where_they_are_sent(server: &Server) {
        for (order, wanted) in [
            ("{by: CODE}, {by: SLUG}", ["001", "110000", "-", "-"]),
            ("{by: CODE, direction: DESC}, {by: SLUG}", ["CN", "810000", "-", "-"]),
            ("{by: CODE, nulls: FIRST}, {by: SLUG}", ["-", "-", "810000", "CN"]),
            ("{by: CODE, direction: DESC, nulls: FIRST}, {by: SLUG}", ["-", "-", "110000", "001"]),
        ] {
            let query = format!("{{ districts(orderBy: [{order}]) {{ nodes {{ code }} }} }}");
            let data = server.data(&query).await;
            let codes: Vec<String> = data["districts"]["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["code"].as_str().unwrap_or("-").to_owned())
                .collect();
            let ends = [&codes[0], &codes[1], &codes[codes.len() - 2], &codes[codes.len() - 1]];
            assert_eq!(ends, wanted.each_ref(), "{order}");
        }
    }

    /// Letters are ordered by their codes on both databases, in the English name for names.
    async fn text_is_ordered_alike_everywhere(server: &Server) {
        let data = server.data(
            "{ initiatives(first: 4, orderBy: [{by: TITLE}]) { nodes { title } } }",
        ).await;
        assert_eq!(data["initiatives"]["nodes"], json!([
            { "title": "\"China Data Street\"" },
            { "title": "\"First city of artificial intelligence\"" },
            { "title": "5G network" },
            { "title": "BAIC BJEV Stelato super factory" },
        ]));
    }

    /// Numbers are ordered as numbers, and several keys in the client's order.
    async fn numbers_are_ordered_as_numbers(server: &Server) {
        let data = server.data(
            "{ observations(first: 6, orderBy: [{by: VALUE}, {by: PERIOD}]) { nodes { value } } }",
        ).await;
        let values: Vec<&Value> = data["observations"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| &node["value"])
            .collect();
        assert_eq!(values, ["8.7", "10", "10", "10.4", "11", "19"]);
    }

    /// The limit is each parent's own, and so is the page's end.
    async fn the_limit_is_each_parents_own(server: &Server) {
        let data = server.data(
            r#"{ districts(filter: { slug: { in: ["beijing", "haidian", "miyun", "china"] } },
                    orderBy: [{by: SLUG}]) { nodes { slug
                initiatives(first: 1, orderBy: [{by: SLUG, direction: DESC}]) {
                    totalCount pageInfo { hasNextPage } nodes { slug } } } } }"#,
        ).await;
        let row = |district: &str, total: u32, more: bool, slugs: &[&str]| json!({
            "slug": district,
            "initiatives": {
                "totalCount": total, "pageInfo": { "hasNextPage": more },
                "nodes": slugs.iter().map(|slug| json!({ "slug": slug })).collect::<Vec<_>>(),
            },
        });
        assert_eq!(data["districts"]["nodes"], json!([
            row("beijing", 14, true, &["zhipu-listing"]),
            row("china", 0, false, &[]),
            row("haidian", 2, true, &["embodied-brain"]),
            row("miyun", 1, false, &["stelato-super-factory"]),
        ]));
    }

    /// `before` with `first`, and `after` with `last`, bound the list on both sides.
    async fn a_page_can_be_bounded_on_both_sides(server: &Server) {
        let data = server.data("{ units(orderBy: [{by: SLUG}]) { edges { cursor node { slug } } } }").await;
        let edges = data["units"]["edges"].as_array().unwrap().clone();
        let cursor = |place: usize| edges[place]["cursor"].as_str().unwrap().to_owned();
        let slugs = |from: usize, to: usize| -> Vec<Value> {
            edges[from..to].iter().map(|edge| edge["node"].clone()).collect()
        };
        for (arguments, wanted) in [
            (format!("first: 3, before: \"{}\"", cursor(8)), slugs(0, 3)),
            (format!("first: 9, before: \"{}\"", cursor(2)), slugs(0, 2)),
            (format!("last: 3, after: \"{}\"", cursor(8)), slugs(9, 12)),
            (format!("last: 3, before: \"{}\"", cursor(8)), slugs(5, 8)),
            (format!("first: 3, after: \"{}\", before: \"{}\"", cursor(2), cursor(5)), slugs(3, 5)),
            (format!("after: \"{}\", before: \"{}\"", cursor(5), cursor(2)), vec![]),
        ] {
            let query = format!("{{ units(orderBy: [{{by: SLUG}}], {arguments}) {{ nodes {{ slug }} }} }}");
            let data = server.data(&query).await;
            assert_eq!(data["units"]["nodes"], json!(wanted), "{arguments}");
        }
    }
}
