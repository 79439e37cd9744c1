//! Metrics and places side by side, alike on both databases.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    sums::{figures, town},
};

const CELL: &str = "district { slug } period { code } observation { slug } value comparator status reason explanation";

/// The rows of a table: the metric, the period, and the cells as period, value, comparator, status
/// and reason.
async fn rows(server: &Server, arguments: &str) -> Value {
    let query = format!(
        "{{ compare({arguments}) {{ districts {{ slug }} rows {{ metric {{ slug }} period {{ code }} cells {{ {CELL} }} }} }} }}"
    );
    let table = server.data(&query).await["compare"].clone();
    let rows = table["rows"].as_array().unwrap().iter().map(|row| {
        let cells = row["cells"].as_array().unwrap();
        let columns: Vec<Value> = cells.iter().map(|cell| cell["district"].clone()).collect();
        assert_eq!(json!(columns), table["districts"]);
        let cells: Vec<Value> = cells
            .iter()
            .map(|cell| {
                // Wherever there is no value there is a reason, and a sentence, and nowhere else.
                assert_eq!(cell["value"].is_null(), !cell["reason"].is_null(), "{cell}");
                assert_eq!(cell["reason"].is_null(), cell["explanation"].is_null(), "{cell}");
                json!([
                    cell["period"]["code"],
                    cell["value"],
                    cell["comparator"],
                    cell["status"],
                    cell["reason"]
                ])
            })
            .collect();
        json!([row["metric"]["slug"], row["period"]["code"], cells])
    });
    rows.collect()
}

const FIGURES: &[&str] = &[
    "sales,north,,2024,9,MORE_THAN,NORMAL",
    "sales,north,,2023,8,EQUAL,NORMAL",
    "sales,south,,2024,,EQUAL,MISSING",
    "sales,south,,2023,0,EQUAL,PROVISIONAL",
    "sales,south,,2022,6,EQUAL,NORMAL",
    "sales,north,,2022,5,EQUAL,NORMAL",
    "sales,north,mill,2025,99,EQUAL,NORMAL",
    "share,north,,2024,12.5,EQUAL,NORMAL",
    "share,south,,2024-Q4,30,NEARLY,ESTIMATED",
    "people,north,,2024,50,EQUAL,NORMAL",
];

on_each_database! {
    /// The document's figures are the city's; what its districts have is said to be unknown.
    async fn of_the_bundled_data(server: &Server) {
        let data = server.data(r#"{ compare(metrics: ["digital-economy-value-added", "digital-technology-adoption"], districts: ["beijing", "haidian"]) {
            metrics { slug unit { symbol } } districts { name }
            rows { metric { slug } period { code } cells { district { slug } period { code } observation { slug } value comparator status reason explanation } } } }"#).await;
        assert_eq!(data["compare"], json!({
            "metrics": [{"slug": "digital-economy-value-added", "unit": {"symbol": "CNY"}}, {"slug": "digital-technology-adoption", "unit": {"symbol": "%"}}],
            "districts": [{"name": "Beijing"}, {"name": "Haidian"}],
            "rows": [
                {"metric": {"slug": "digital-economy-value-added"}, "period": null, "cells": [
                    {"district": {"slug": "beijing"}, "period": {"code": "2025"}, "observation": {"slug": "digital-economy-value-added-2025"},
                        "value": "2400000000000", "comparator": "MORE_THAN", "status": "NORMAL", "reason": null, "explanation": null},
                    {"district": {"slug": "haidian"}, "period": null, "observation": null, "value": null, "comparator": null, "status": null,
                        "reason": "NO_VALUE", "explanation": "there is no ANNUAL figure of digital-economy-value-added with a value for haidian"},
                ]},
                {"metric": {"slug": "digital-technology-adoption"}, "period": null, "cells": [
                    {"district": {"slug": "beijing"}, "period": {"code": "2024"}, "observation": {"slug": "digital-technology-adoption-2024"},
                        "value": "70", "comparator": "EQUAL", "status": "NORMAL", "reason": null, "explanation": null},
                    {"district": {"slug": "haidian"}, "period": null, "observation": null, "value": null, "comparator": null, "status": null,
                        "reason": "NO_VALUE", "explanation": "there is no ANNUAL figure of digital-technology-adoption with a value for haidian"},
                ]},
            ],
        }));
    }

    /// At given periods, at the newest of each place, and at the newest of all.
    async fn at_every_choice_of_periods(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        let none = |period: Option<&str>, reason: &str| json!([period, null, null, null, reason]);
        assert_eq!(rows(server, r#"metrics: ["share", "sales"], districts: ["south", "north"]"#).await, json!([
            ["share", null, [none(None, "NO_VALUE"), ["2024", "12.5", "EQUAL", "NORMAL", null]]],
            ["sales", null, [["2023", "0", "EQUAL", "PROVISIONAL", null], ["2024", "9", "MORE_THAN", "NORMAL", null]]],
        ]));
        assert_eq!(rows(server, r#"metrics: ["sales", "share"], districts: ["north", "south", "far"], periods: ["2023", "2024"]"#).await, json!([
            ["sales", "2023", [["2023", "8", "EQUAL", "NORMAL", null], ["2023", "0", "EQUAL", "PROVISIONAL", null], none(Some("2023"), "NO_VALUE")]],
            ["sales", "2024", [["2024", "9", "MORE_THAN", "NORMAL", null], ["2024", null, null, "MISSING", "NO_VALUE"], none(Some("2024"), "NO_VALUE")]],
            ["share", "2023", [none(Some("2023"), "NO_VALUE"), none(Some("2023"), "NO_VALUE"), none(Some("2023"), "NO_VALUE")]],
            ["share", "2024", [["2024", "12.5", "EQUAL", "NORMAL", null], none(Some("2024"), "NO_VALUE"), none(Some("2024"), "NO_VALUE")]],
        ]));
        assert_eq!(rows(server, r#"metrics: ["sales", "share", "people"], districts: ["north", "south"], samePeriod: true"#).await, json!([
            ["sales", "2023", [["2023", "8", "EQUAL", "NORMAL", null], ["2023", "0", "EQUAL", "PROVISIONAL", null]]],
            ["share", null, [none(None, "NO_COMMON_PERIOD"), none(None, "NO_COMMON_PERIOD")]],
            ["people", null, [none(None, "NO_COMMON_PERIOD"), none(None, "NO_COMMON_PERIOD")]],
        ]));
        assert_eq!(rows(server, r#"metrics: ["sales"], districts: ["north"], samePeriod: true"#).await,
            json!([["sales", "2024", [["2024", "9", "MORE_THAN", "NORMAL", null]]]]));
        // A correction takes effect.
        let connection = server.store.connection().await;
        connection.execute_unprepared("UPDATE observation SET superseded_at = recorded_at, slug = 'replaced' WHERE slug = 'sales-south-2024'").await.unwrap();
        figures(server, &["sales,south,,2024,7,EQUAL,NORMAL"]).await;
        assert_eq!(rows(server, r#"metrics: ["sales"], districts: ["north", "south"], samePeriod: true"#).await,
            json!([["sales", "2024", [["2024", "9", "MORE_THAN", "NORMAL", null], ["2024", "7", "EQUAL", "NORMAL", null]]]]));
        // Two spellings of one period.
        assert_eq!(rows(server, r#"metrics: ["share"], districts: ["south"], periods: ["2024-10/2024-12"]"#).await,
            json!([["share", "2024-Q4", [["2024-Q4", "30", "NEARLY", "ESTIMATED", null]]]]));
    }

    /// Every cell without a value says why in a sentence, and keeps the figure that is marked.
    async fn an_empty_cell_is_explained(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for (arguments, place, slug, wanted) in [
            (r#"periods: ["2024"]"#, "south", json!({"slug": "sales-south-2024"}), "the figure of sales for south at 2024 is marked MISSING"),
            (r#"periods: ["1999"]"#, "south", Value::Null, "there is no figure of sales for south at 1999"),
            ("", "far", Value::Null, "there is no figure of sales with a value for far"),
            ("samePeriod: true", "far", Value::Null, "there is no period for which all the places have a figure of sales with a value"),
        ] {
            let data = server.data(&format!("{{ compare(metrics: [\"sales\"], districts: [\"{place}\"], {arguments}) {{ rows {{ cells {{ observation {{ slug }} explanation }} }} }} }}")).await;
            assert_eq!(data["compare"]["rows"][0]["cells"], json!([{"observation": slug, "explanation": wanted}]));
        }
    }

    /// What cannot be meant is refused by name, with the nearest there is.
    async fn refuse_what_cannot_be_meant(server: &Server) {
        let years: Vec<String> = (1500..2001).map(|year| format!("\"{year}\"")).collect();
        let many: Vec<String> = (0..1001).map(|number| format!("\"m{number}\"")).collect();
        let many_periods = format!("metrics: [\"computing-power\"], districts: [\"beijing\", \"haidian\"], periods: [{}]", years.join(","));
        let many_metrics = format!("metrics: [{}], districts: [\"beijing\"]", many.join(","));
        for (arguments, why) in [
            (r#"metrics: [], districts: ["beijing"]"#, "`metrics` is empty; give at least one"),
            (r#"metrics: ["computing-power"], districts: []"#, "`districts` is empty; give at least one"),
            (r#"metrics: ["computing-power"], districts: ["beijing"], periods: []"#, "`periods` is empty; give at least one"),
            (r#"metrics: ["a", "b", "a"], districts: ["beijing"]"#, "`metrics[2]` is a, which `metrics` has before; give each once"),
            (r#"metrics: ["a"], districts: ["beijing", "beijing"]"#, "`districts[1]` is beijing, which `districts` has before; give each once"),
            (r#"metrics: ["a"], districts: ["beijing"], periods: ["2024-Q1", "2024-01/2024-03"]"#, "`periods[1]` is 2024-Q1, which `periods` has before; give each once"),
            (r#"metrics: ["computing-power"], districts: ["beijing"], periods: ["2024"], samePeriod: true"#, "`samePeriod` is true, but `periods` are given; leave one of them out"),
            (&many_periods, "the table would have 1002 cells (1 metrics × 2 districts × 501 periods), but may have 1000 at the most; ask for less of them at once"),
            (&many_metrics, "the table would have 1001 cells (1001 metrics × 1 districts), but may have 1000 at the most; ask for less of them at once"),
        ] {
            let answer = server.ask(&format!("{{ compare({arguments}) {{ rows {{ period {{ code }} }} }} }}")).await;
            assert_eq!(answer.error(), (why.to_owned(), "BAD_USER_INPUT".to_owned(), json!(["compare"])));
            // None of it takes a look at the database.
            assert_eq!(answer.statements, Some(0));
        }
        for (arguments, argument, message, suggestions) in [
            (r#"metrics: ["computing-power", "computing-pwer"], districts: ["beijing"]"#, "metrics[1]",
                "`metrics[1]` is \"computing-pwer\", but no metric has this slug; did you mean computing-power?", json!(["computing-power"])),
            (r#"metrics: ["computing-power"], districts: ["beijing", "haidian", "hadian"]"#, "districts[2]",
                "`districts[2]` is \"hadian\", but no district has this slug; did you mean haidian?", json!(["haidian"])),
            (r#"metrics: ["computing-power"], districts: [""]"#, "districts[0]",
                "`districts[0]` is \"\", but no district has this slug; `districts` lists them", json!([])),
        ] {
            let answer = server.ask(&format!("{{ compare({arguments}) {{ rows {{ period {{ code }} }} }} }}")).await.json();
            assert_eq!(answer["data"], json!({"compare": null}));
            let error = &answer["errors"][0];
            assert_eq!(error["message"], message);
            assert_eq!(error["path"], json!(["compare"]));
            assert_eq!(error["extensions"], json!({"code": "BAD_USER_INPUT", "argument": argument, "suggestions": suggestions}));
        }
    }

    /// As many statements for a large table as for a small one.
    async fn take_as_many_statements_for_many_as_for_few(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        figures(server, &["sales,east,,2023,1,EQUAL,NORMAL", "sales,far,,2023,2,EQUAL,NORMAL"]).await;
        let fields = "metrics { unit { symbol } } districts { name } rows { metric { slug }
            cells { district { slug } observation { source { slug } } value explanation } }";
        for (few, many, statements) in [
            ("", "", 4),
            (r#"periods: ["2024"]"#, r#"periods: ["2022", "2023", "2024", "2025", "2021"]"#, 3),
            ("samePeriod: true", "samePeriod: true", 4),
        ] {
            for arguments in [
                format!(r#"metrics: ["sales"], districts: ["north"], {few}"#),
                format!(r#"metrics: ["sales", "share"], districts: ["north", "south"], {many}"#),
                format!(r#"metrics: ["sales", "share", "people"], districts: ["north", "south", "east", "far"], {many}"#),
            ] {
                let answer = server.ask(&format!("{{ compare({arguments}) {{ {fields} }} }}")).await;
                answer.data();
                // And the units, and the sources of the figures.
                assert_eq!(answer.statements, Some(statements + 2), "{arguments}");
            }
        }
    }
}
