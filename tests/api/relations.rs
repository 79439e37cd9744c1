//! Conditions on related rows, at any depth and over a table's relation to itself.

use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    server::Store,
    sums::{figures, town},
};

/// The slugs a list gives under a filter, in the order of loading.
async fn slugs(server: &Server, list: &str, filter: &str) -> Vec<String> {
    let query =
        format!("{{ {list}(first: 1000, filter: {filter}) {{ totalCount nodes {{ slug }} }} }}");
    let data = server.data(&query).await;
    let nodes = data[list]["nodes"].as_array().unwrap();
    assert_eq!(data[list]["totalCount"], nodes.len(), "{filter}");
    nodes.iter().map(|node| node["slug"].as_str().unwrap().to_owned()).collect()
}

async fn assert_filters(server: &Server, list: &str, cases: &[(&str, &[&str])]) {
    for (filter, wanted) in cases {
        assert_eq!(slugs(server, list, filter).await, *wanted, "{filter}");
    }
}

on_each_database! {
    /// The row that a reference gives, and what that one refers to.
    async fn of_one(server: &Server) {
        let figures_of_5g = slugs(server, "observations", r#"{metric: {theme: {slug: {eq: "5g"}}}}"#).await;
        assert_eq!(figures_of_5g, ["5g-base-stations-per-10000-persons-2025", "5g-base-stations-2025"]);
        assert_filters(server, "districts", &[
            (r#"{parent: {slug: {eq: "world"}}}"#, &["china"]),
            (r#"{parent: {parent: {slug: {eq: "world"}}}}"#, &["beijing", "tianjin", "hebei", "inner-mongolia", "hong-kong"]),
            (r#"{parent: {parent: {parent: {slug: {eq: "world"}}}}, partition: {eq: false}}"#,
             &["beijing-economic-technological-development-area", "daxing-airport-economic-zone"]),
            ("{not: {parent: {}}}", &["world"]),
            (r#"{not: {parent: {slug: {startsWith: ""}}}}"#, &["world"]),
            // The opposite of a condition on a row there is none of holds.
            (r#"{not: {parent: {parent: {slug: {startsWith: ""}}}}}"#, &["world", "china"]),
            (r#"{parent: {or: []}}"#, &[]),
            (r#"{parent: {slug: {eq: "nowhere"}}}"#, &[]),
            (r#"{not: {or: [{parent: {not: {slug: {eq: "nowhere"}}}}, {parent: {slug: {eq: "nowhere"}}}]}}"#, &["world"]),
            (r#"{parent: {and: [{slug: {eq: "world"}}, {slug: {eq: "china"}}]}}"#, &[]),
            (r#"{parent: {slug: {eq: "WORLD", caseSensitive: false}}}"#, &["china"]),
            (r#"{parent: {code: {isNull: true}}}"#, &[]),
        ]).await;
        assert_eq!(slugs(server, "districts", "{parent: {}}").await.len(), 16);
        assert_eq!(slugs(server, "districts", r#"{not: {parent: {slug: {eq: "nowhere"}}}}"#).await.len(), 17);
        assert_eq!(slugs(server, "observations", "{initiative: {}}").await.len(), 11);
        assert_eq!(slugs(server, "observations", "{not: {initiative: {}}}").await.len(), 13);
    }

    /// Some, every and none of the rows of a list, and how many they are.
    async fn of_many(server: &Server) {
        assert_filters(server, "districts", &[
            (r#"{children: {some: {slug: {eq: "haidian"}}}}"#, &["beijing"]),
            (r#"{children: {some: {children: {some: {slug: {eq: "haidian"}}}}}}"#, &["china"]),
            ("{children: {some: {}, every: {partition: {eq: true}}}}", &["world", "china"]),
            ("{children: {some: {partition: {eq: false}}}}", &["beijing"]),
            ("{children: {count: {gte: 5}}}", &["china", "beijing"]),
            ("{children: {count: {eq: 2}, counting: {partition: {eq: false}}}}", &["beijing"]),
            ("{children: {count: {gt: 0}}, initiatives: {count: {eq: 0}}}", &["world", "china"]),
            ("{observations: {some: {}}}", &["beijing"]),
            ("{observations: {some: {metric: {unit: {symbol: {eq: \"CNY\"}}}}}}", &["beijing"]),
            ("{initiatives: {count: {gte: 2}}, kind: {eq: DISTRICT}}", &["haidian"]),
        ]).await;
        let childless = slugs(server, "districts", "{children: {none: {}}}").await;
        assert_eq!(childless.len(), 14);
        assert_eq!(slugs(server, "districts", "{children: {count: {eq: 0}}}").await, childless);
        assert_eq!(slugs(server, "districts", "{children: {some: {or: []}}}").await, Vec::<String>::new());
        // Every of nothing is true; so is none of nothing.
        assert_eq!(slugs(server, "districts", "{children: {every: {or: []}}}").await, childless);
        assert_eq!(slugs(server, "districts", "{children: {none: {or: []}}}").await.len(), 17);
        assert_eq!(slugs(server, "districts", "{children: {}}").await.len(), 17);
        assert_eq!(slugs(server, "districts", "{not: {children: {some: {}}}}").await, childless);
    }

    /// A row whose value is null is not like a condition on the value: so not every row is.
    async fn of_every_row_count_the_nulls_as_unlike(server: &Server) {
        town(server).await;
        figures(server, &["sales,north,,2024,5,EQUAL,NORMAL", "sales,north,,2023,,EQUAL,MISSING",
            "sales,south,,2024,5,EQUAL,NORMAL", "sales,east,,2024,1,EQUAL,NORMAL"]).await;
        let own = "parent: {slug: {eq: \"town\"}}, observations";
        assert_filters(server, "districts", &[
            (&format!("{{{own}: {{every: {{value: {{gt: 2}}}}}}}}"), &["south", "port"]),
            (&format!("{{{own}: {{some: {{}}, every: {{value: {{gt: 2}}}}}}}}"), &["south"]),
            (&format!("{{{own}: {{some: {{value: {{gt: 2}}}}}}}}"), &["north", "south"]),
            (&format!("{{{own}: {{none: {{value: {{gt: 2}}}}}}}}"), &["east", "port"]),
            (&format!("{{{own}: {{none: {{not: {{value: {{gt: 2}}}}}}}}}}"), &["north", "south", "port"]),
            (&format!("{{{own}: {{count: {{eq: 1}}, counting: {{value: {{isNull: true}}}}}}}}"), &["north"]),
        ]).await;
    }

    /// Figures that a correction replaced are no figures of a list, nor of a filter.
    async fn leave_out_what_was_replaced(server: &Server) {
        use sea_orm::ConnectionTrait;
        town(server).await;
        figures(server, &["sales,north,,2024,5,EQUAL,NORMAL"]).await;
        let with = slugs(server, "districts", "{slug: {eq: \"north\"}, observations: {count: {eq: 1}}}").await;
        assert_eq!(with, ["north"]);
        let connection = server.store.connection().await;
        connection.execute_unprepared(
            "UPDATE observation SET superseded_at = recorded_at WHERE slug = 'sales-north-2024'").await.unwrap();
        connection.close().await.unwrap();
        let own = "slug: {eq: \"north\"}, observations";
        assert_filters(server, "districts", &[
            (&format!("{{{own}: {{some: {{}}}}}}"), &[]),
            (&format!("{{{own}: {{none: {{}}}}}}"), &["north"]),
            (&format!("{{{own}: {{count: {{eq: 0}}}}}}"), &["north"]),
            (&format!("{{{own}: {{every: {{or: []}}}}}}"), &["north"]),
        ]).await;
    }

    /// Depth costs no statement; more than may be is refused in words.
    async fn cost_no_statement(store: &Store) {
        let deep = |levels: u32| (0..levels).fold("{slug: {eq: \"world\"}}".to_owned(), |inner, step| match step % 2 {
            0 => format!("{{children: {{none: {inner}}}}}"),
            _ => format!("{{not: {{parent: {inner}}}}}"),
        });
        let query = |levels: u32| format!("{{ districts(filter: {}) {{ nodes {{ slug }} }} }}", deep(levels));
        let only_world = json!({"districts": {"nodes": [{"slug": "world"}]}});
        let server = Server::start(Store::open(store.url.clone()).await).await;
        let answer = server.ask(&query(4)).await;
        assert_eq!((answer.data(), answer.statements), (only_world.clone(), Some(1)));
        let (message, code, _) = server.error(&query(5)).await;
        assert_eq!(code, "COST_LIMIT_EXCEEDED");
        assert!(message.ends_with("or set conditions along fewer relations"), "{message}");
        server.stop().await;

        let unlimited = format!("--cost-max={}", u64::MAX);
        let server = Server::over(Store::open(store.url.clone()).await, &[&unlimited]).await;
        let answer = server.ask(&query(20)).await;
        assert_eq!((answer.data(), answer.statements), (only_world, Some(1)));
        let deeper = server.ask(&query(40)).await.json();
        if store.url.starts_with("sqlite") {
            let error = &deeper["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with("the conditions are nested too deeply for SQLite"), "{message}");
        } else {
            assert!(deeper.get("errors").is_none(), "{deeper}");
        }
        server.stop().await;
    }

    /// Periods by what lies within two, and by their length: in SQL as in Rust.
    async fn and_periods_by_length_and_place(server: &Server) {
        town(server).await;
        let periods = [
            "2024", "2023-S1", "2024-S2", "2024-Q1", "2023-Q4", "2024-02", "2023-02", "2000-02", "1900-02",
            "2024-01", "2024-04", "2024-12", "2024-W05", "2020-W53", "2020-W01", "2024-02-29", "2021/2024",
            "2024-01-02/2025-01-01", "2024-02-01/2024-02-28", "2023-02-01/2023-03-01", "2024-01-02/2024-01-08",
            "2024-01/2024-11", "2023-Q4/2024-Q1", "2024-01-30/2024-02-05",
        ];
        let lines: Vec<String> =
            periods.iter().map(|period| format!("sales,north,,{period},1,EQUAL,NORMAL")).collect();
        figures(server, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut found = 0;
        for frequency in ["ANNUAL", "HALF_YEARLY", "QUARTERLY", "MONTHLY", "WEEKLY", "DAILY", "RANGE"] {
            let data = server.data(&format!(
                "{{ district(slug: \"north\") {{ observations(filter: {{period: {{frequency: {frequency}}}}}) {{
                    nodes {{ period {{ code frequency }} }} }} }} }}")).await;
            let nodes = data["district"]["observations"]["nodes"].as_array().unwrap().clone();
            for node in &nodes {
                assert_eq!(node["period"]["frequency"], frequency, "{node}");
            }
            found += nodes.len();
        }
        assert_eq!(found, periods.len());
        for (condition, wanted) in [
            ("from: \"2024-Q4\"", json!(["2024-12"])),
            ("from: \"2023-02\", to: \"2023-02\"", json!(["2023-02"])),
            ("to: \"2000\"", json!(["2000-02", "1900-02"])),
            ("from: \"2024\", to: \"2024-01\"", json!(["2024-01-02/2024-01-08", "2024-01"])),
            ("from: \"2024\", to: \"2023\"", json!([])),
        ] {
            let data = server.data(&format!(
                "{{ district(slug: \"north\") {{ observations(filter: {{period: {{{condition}}}}}) {{ nodes {{ period {{ code }} }} }} }} }}")).await;
            let codes: Vec<Value> = data["district"]["observations"]["nodes"].as_array().unwrap()
                .iter().map(|node| node["period"]["code"].clone()).collect();
            assert_eq!(json!(codes), wanted, "{condition}");
        }
    }
}
