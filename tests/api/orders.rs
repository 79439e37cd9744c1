//! Orders by what stands in other tables: of a related row, how many there are, the greatest.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// One field of each row of a list at the root.
async fn column(server: &Server, list: &str, arguments: &str, field: &str) -> Vec<Value> {
    let name = field.split('/').next().unwrap();
    let (open, close) = ("{ ".repeat(field.matches('/').count()), " }");
    let inside = field.split('/').skip(1).collect::<Vec<_>>().join(" ");
    let close = close.repeat(field.matches('/').count());
    let query = format!("{{ {list}({arguments}) {{ nodes {{ {name} {open}{inside}{close} }} }} }}");
    let data = server.data(&query).await;
    let at = format!("/{field}");
    let nodes = data[list]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node.pointer(&at).cloned().unwrap_or_default()).collect()
}

on_each_database! {
    /// By a column of the row that a column refers to, of the same table and of another; rows that
    /// refer to none go where nulls go, whichever way the list runs.
    async fn by_a_related_row(server: &Server) {
        let beijing = ["beijing-economic-technological-development-area", "changping", "chaoyang",
            "daxing-airport-economic-zone", "haidian", "huairou", "miyun", "shijingshan", "shunyi",
            "xicheng"];
        let china = ["beijing", "hebei", "hong-kong", "inner-mongolia", "tianjin"];
        let ascending = [&beijing[..], &china, &["china"]].concat();
        let descending = [&["china"], &china[..], &beijing].concat();
        for (direction, nulls, wanted) in [
            ("ASC", "FIRST", [&["world"], &ascending[..]].concat()),
            ("ASC", "LAST", [&ascending[..], &["world"]].concat()),
            ("DESC", "FIRST", [&["world"], &descending[..]].concat()),
            ("DESC", "LAST", [&descending[..], &["world"]].concat()),
        ] {
            let order = format!(
                "orderBy: [{{by: PARENT_NAME, direction: {direction}, nulls: {nulls}}}, {{by: SLUG}}]"
            );
            assert_eq!(column(server, "districts", &order, "slug").await, wanted, "{order}");
        }
        let order = "first: 4, orderBy: [{by: METRIC_NAME, direction: DESC}, {by: PERIOD}]";
        assert_eq!(column(server, "observations", order, "metric/name").await, [
            "Value added of the digital economy",
            "Use of digital technology by enterprises above designated size",
            "Use of digital technology by enterprises above designated size",
            "Satisfaction with smart-city projects",
        ]);
        assert_eq!(
            column(server, "observations", order, "value").await,
            ["2400000000000", "40", "70", "82.8"]
        );
    }

    /// By how many rows refer to each; the next key decides among those that are level.
    async fn by_a_number_of_rows(server: &Server) {
        let order = "first: 4, orderBy: [{by: INITIATIVE_COUNT, direction: DESC},
            {by: OBSERVATION_COUNT, direction: DESC}, {by: SLUG}]";
        assert_eq!(column(server, "districts", order, "slug").await, [
            "beijing", "haidian", "beijing-economic-technological-development-area", "changping",
        ]);
        assert_eq!(
            column(server, "districts", order, "initiatives/totalCount").await,
            [14, 2, 1, 1]
        );
        assert_eq!(
            column(server, "districts", order, "observations/totalCount").await,
            [24, 0, 0, 0]
        );
        let fewest = "first: 2, orderBy: [{by: CHILD_COUNT}, {by: SLUG, direction: DESC}]";
        assert_eq!(column(server, "districts", fewest, "slug").await, ["xicheng", "tianjin"]);
    }

    /// By the greatest value of a column in the rows that refer to each; null without any.
    async fn by_the_greatest_of_rows(server: &Server) {
        let order = "first: 2, orderBy: [{by: LATEST_PERIOD}, {by: SLUG}]";
        assert_eq!(
            column(server, "metrics", order, "slug").await,
            ["digital-technology-adoption", "5g-base-stations"]
        );
        let order = "first: 2, orderBy: [{by: LATEST_PERIOD, nulls: FIRST}, {by: SLUG}]";
        assert_eq!(
            column(server, "districts", order, "slug").await,
            ["beijing-economic-technological-development-area", "changping"]
        );
    }

    /// At the root and nested such an order costs no statement more, whatever the rows.
    async fn they_cost_no_statement(server: &Server) {
        for (query, statements) in [
            ("{ districts(orderBy: [{by: INITIATIVE_COUNT}, {by: PARENT_NAME}]) { edges { cursor } } }", 1),
            ("{ districts { nodes { initiatives(orderBy: [{by: CLAIM_COUNT}, {by: THEME_NAME}]) {
                edges { cursor node { slug } } } } } }", 2),
        ] {
            let answer = server.ask(query).await;
            answer.data();
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }

    /// A cursor holds what the row does not, and is refused where that cannot be.
    async fn cursors_hold_what_the_row_does_not(server: &Server) {
        let order = "orderBy: [{by: INITIATIVE_COUNT, direction: DESC}, {by: SLUG}]";
        let first = server.data(&format!(
            "{{ districts(first: 2, {order}) {{ nodes {{ slug }} pageInfo {{ endCursor }} }} }}"
        )).await;
        let cursor = first["districts"]["pageInfo"]["endCursor"].as_str().unwrap();
        let after = format!("first: 1, after: \"{cursor}\", {order}");
        assert_eq!(
            column(server, "districts", &after, "slug").await,
            ["beijing-economic-technological-development-area"]
        );
        let other = "orderBy: [{by: OBSERVATION_COUNT, direction: DESC}, {by: SLUG}]";
        let (message, code, path) = server.error(&format!(
            "{{ districts(after: \"{cursor}\", {other}) {{ totalCount }} }}"
        )).await;
        assert_eq!((code.as_str(), path), ("BAD_USER_INPUT", json!(["districts"])));
        assert!(message.contains("a cursor of another list or another order"), "{message}");
    }
}
