//! A metric over time: points, changes, indexes, averages, rates, proportions.

use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    sums::{figures, town},
};

/// The sales of the north as a series: a field of each of its points.
async fn points(server: &Server, arguments: &str, field: &str) -> Value {
    let query = format!(
        "{{ metric(slug: \"sales\") {{ series(district: \"north\" {arguments}) {{ points {{
            period {{ code }} {field} }} }} }} }}"
    );
    let data = server.data(&query).await;
    let points = data["metric"]["series"]["points"].as_array().unwrap();
    let pair = |point: &Value| {
        let value =
            point.as_object().unwrap().iter().find(|(name, _)| *name != "period").unwrap().1;
        json!([point["period"]["code"], value])
    };
    points.iter().map(pair).collect()
}

const SALES: &[&str] = &[
    "sales,north,,2018,-4,EQUAL,NORMAL",
    "sales,north,,2019,0,EQUAL,NORMAL",
    "sales,north,,2020,10,EQUAL,NORMAL",
    "sales,north,,2021,15,MORE_THAN,NORMAL",
    "sales,north,,2022,,EQUAL,MISSING",
    "sales,north,,2024,30,EQUAL,NORMAL",
    "sales,north,,2023-Q4,7,EQUAL,NORMAL",
    "sales,north,,2024-Q1,9,EQUAL,NORMAL",
    "sales,north,,2024-Q4,14,EQUAL,NORMAL",
    "sales,north,mill,2024,1,EQUAL,NORMAL",
    "people,north,,2020,200,EQUAL,NORMAL",
    "people,north,,2023,400,MORE_THAN,NORMAL",
    "share,north,,2024,12.5,EQUAL,NORMAL",
];

on_each_database! {
    /// What the document says of adoption, and what follows from it.
    async fn of_the_bundled_data(server: &Server) {
        let data = server.data(r#"{ metric(slug: "digital-technology-adoption") { series(district: "beijing") {
            frequency
            points { period { code } observation { value } change { from { period { code } }
                points { value unit { symbol } inputs { id } } absolute { value reason } percent { value } } }
            cagr { value(decimals: 1) exact inputs { period { code } } } first { period { code } } latest { period { code } observation { value } }
            minimum { observation { value } } maximum { observation { value } } } } }"#).await;
        let series = &data["metric"]["series"];
        let mut last = series["points"][1].clone();
        assert_eq!(last["change"]["points"]["inputs"].as_array().unwrap().len(), 2);
        last["change"]["points"].as_object_mut().unwrap().remove("inputs");
        assert_eq!(last, json!({
            "period": {"code": "2024"}, "observation": {"value": "70"},
            "change": {"from": {"period": {"code": "2021"}}, "points": {"value": "30", "unit": null},
                "absolute": {"value": null, "reason": "NOT_APPLICABLE"}, "percent": {"value": "75"}},
        }));
        assert_eq!(series["points"][0]["change"]["percent"], json!({"value": null}));
        assert_eq!(series["cagr"], json!({"value": "20.5", "exact": false,
            "inputs": [{"period": {"code": "2021"}}, {"period": {"code": "2024"}}]}));
        assert_eq!(series["frequency"], "ANNUAL");
        assert_eq!(series["latest"], json!({"period": {"code": "2024"}, "observation": {"value": "70"}}));
        assert_eq!((&series["minimum"], &series["maximum"]),
            (&json!({"observation": {"value": "40"}}), &json!({"observation": {"value": "70"}})));
        // The growth of vehicle output is stated, and nothing is computed.
        let data = server.data(r#"{ metric(slug: "new-energy-vehicle-output") { latest(district: "beijing") {
            value previous { value } change { from { id } absolute { value reason explanation }
                percent { value reason } stated { value metric { slug } unit { symbol } } } } } }"#).await;
        assert_eq!(data["metric"]["latest"], json!({"value": "699000", "previous": null, "change": {
            "from": null,
            "absolute": {"value": null, "reason": "NO_BASE",
                "explanation": "there is no figure before 2025 with a value, of a period as long"},
            "percent": {"value": null, "reason": "NO_BASE"},
            "stated": {"value": "140", "metric": {"slug": "new-energy-vehicle-output-growth"}, "unit": {"symbol": "%"}},
        }}));
    }

    /// Each change with its comparator, or the reason why there is none.
    async fn change_from_one_point_to_another(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        let change = "change { absolute { value comparator reason } percent { value comparator reason } points { reason } }";
        let of = |absolute: Value, percent: Value| json!({"absolute": absolute, "percent": percent, "points": {"reason": "NOT_APPLICABLE"}});
        let value = |value: &str, comparator: &str| json!({"value": value, "comparator": comparator, "reason": null});
        let why = |reason: &str| json!({"value": null, "comparator": null, "reason": reason});
        let none = |reason: &str| json!({"absolute": why(reason), "percent": why(reason), "points": {"reason": reason}});
        assert_eq!(points(server, "", change).await, json!([
            ["2018", none("NO_BASE")],
            ["2019", of(value("4", "EQUAL"), why("NOT_POSITIVE"))],
            ["2020", of(value("10", "EQUAL"), why("BASE_ZERO"))],
            ["2021", of(value("5", "MORE_THAN"), value("50", "MORE_THAN"))],
            ["2022", none("NO_VALUE")],
            ["2024", of(value("15", "LESS_THAN"), value("100", "LESS_THAN"))],
        ]));
        let year = "change(basis: YEAR_AGO) { from { period { code } } absolute { value reason explanation } }";
        assert_eq!(points(server, ", from: \"2022\", gaps: NULL", year).await, json!([
            ["2022", {"from": {"period": {"code": "2021"}}, "absolute": {"value": null, "reason": "NO_VALUE", "explanation": "there is no figure with a value here"}}],
            ["2023", {"from": {"period": {"code": "2022"}}, "absolute": {"value": null, "reason": "NO_VALUE", "explanation": "there is no figure with a value here"}}],
            ["2024", {"from": null, "absolute": {"value": null, "reason": "NO_BASE", "explanation": "there is no figure a year before 2024"}}],
        ]));
        assert_eq!(points(server, ", frequency: QUARTERLY", year).await, json!([
            ["2023-Q4", {"from": null, "absolute": {"value": null, "reason": "NO_BASE", "explanation": "there is no figure a year before 2023-Q4"}}],
            ["2024-Q1", {"from": null, "absolute": {"value": null, "reason": "NO_BASE", "explanation": "there is no figure a year before 2024-Q1"}}],
            ["2024-Q4", {"from": {"period": {"code": "2023-Q4"}}, "absolute": {"value": "7", "reason": null, "explanation": null}}],
        ]));
        let base = "change(basis: BASE, base: \"2020\") { percent { value } }";
        assert_eq!(points(server, ", from: \"2021\", to: \"2024\"", base).await, json!([
            ["2021", {"percent": {"value": "50"}}], ["2022", {"percent": {"value": null}}], ["2024", {"percent": {"value": "200"}}],
        ]));
        let previous = server.data(r#"{ observations(filter: {slug: {eq: "sales-north-2024-q4"}}) { nodes { previous { period { code } } } } }"#).await;
        assert_eq!(previous["observations"]["nodes"][0]["previous"]["period"]["code"], "2024-Q1");
    }

    /// Indexes, running sums and moving averages, which never bridge a gap.
    async fn add_up_and_average(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        assert_eq!(points(server, "", "index(base: \"2020\") { value comparator reason }").await, json!([
            ["2018", {"value": "-40", "comparator": "EQUAL", "reason": null}],
            ["2019", {"value": "0", "comparator": "EQUAL", "reason": null}],
            ["2020", {"value": "100", "comparator": "EQUAL", "reason": null}],
            ["2021", {"value": "150", "comparator": "MORE_THAN", "reason": null}],
            ["2022", {"value": null, "comparator": null, "reason": "NO_VALUE"}],
            ["2024", {"value": "300", "comparator": "EQUAL", "reason": null}],
        ]));
        assert_eq!(points(server, ", to: \"2020\"", "index(base: \"2019\") { value reason }").await[2],
            json!(["2020", {"value": null, "reason": "BASE_ZERO"}]));
        assert_eq!(points(server, "", "cumulative { value comparator reason explanation }").await, json!([
            ["2018", {"value": "-4", "comparator": "EQUAL", "reason": null, "explanation": null}],
            ["2019", {"value": "-4", "comparator": "EQUAL", "reason": null, "explanation": null}],
            ["2020", {"value": "6", "comparator": "EQUAL", "reason": null, "explanation": null}],
            ["2021", {"value": "21", "comparator": "MORE_THAN", "reason": null, "explanation": null}],
            ["2022", {"value": null, "comparator": null, "reason": "NO_VALUE", "explanation": "there is no figure with a value for 2022"}],
            ["2024", {"value": null, "comparator": null, "reason": "NO_VALUE", "explanation": "there is no figure with a value for 2022"}],
        ]));
        assert_eq!(points(server, "", "movingAverage(over: 3) { value comparator reason }").await, json!([
            ["2018", {"value": null, "comparator": null, "reason": "TOO_FEW"}],
            ["2019", {"value": null, "comparator": null, "reason": "TOO_FEW"}],
            ["2020", {"value": "2", "comparator": "EQUAL", "reason": null}],
            ["2021", {"value": "8.33333333333333", "comparator": "MORE_THAN", "reason": null}],
            ["2022", {"value": null, "comparator": null, "reason": "NO_VALUE"}],
            ["2024", {"value": null, "comparator": null, "reason": "NO_VALUE"}],
        ]));
        let stock = server.data(r#"{ metric(slug: "people") { series(district: "north", gaps: NULL) {
            points { period { code } observation { value } cumulative { reason } } cagr { value comparator } } } }"#).await;
        assert_eq!(stock["metric"]["series"], json!({"points": [
            {"period": {"code": "2020"}, "observation": {"value": "200"}, "cumulative": {"reason": "NOT_ADDITIVE"}},
            {"period": {"code": "2021"}, "observation": null, "cumulative": {"reason": "NOT_ADDITIVE"}},
            {"period": {"code": "2022"}, "observation": null, "cumulative": {"reason": "NOT_ADDITIVE"}},
            {"period": {"code": "2023"}, "observation": {"value": "400"}, "cumulative": {"reason": "NOT_ADDITIVE"}},
        ], "cagr": {"value": "25.9921049894873", "comparator": "MORE_THAN"}}));
        let ends = server.data(r#"{ metric(slug: "sales") {
            negative: series(district: "north") { cagr { value reason } latest { period { code } } }
            zero: series(district: "north", from: "2019") { cagr { reason } }
            one: series(district: "north", from: "2024") { cagr { reason } }
            none: series(district: "south") { frequency points { period { code } } first { period { code } } latest { period { code } } cagr { reason } }
            quarters: series(district: "north", frequency: QUARTERLY) { cagr { value } }
            mill: series(district: "north", initiative: "mill") { points { observation { value } } } } }"#).await;
        assert_eq!(ends["metric"], json!({
            "negative": {"cagr": {"value": null, "reason": "NOT_POSITIVE"}, "latest": {"period": {"code": "2024"}}},
            "zero": {"cagr": {"reason": "BASE_ZERO"}}, "one": {"cagr": {"reason": "TOO_FEW"}},
            "none": {"frequency": null, "points": [], "first": null, "latest": null, "cagr": {"reason": "NO_VALUE"}},
            "quarters": {"cagr": {"value": "100"}},
            "mill": {"points": [{"observation": {"value": "1"}}]},
        }));
    }

    /// Per head: with the denominator of the same period or the newest before, named.
    async fn stand_in_proportion_to_others(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        let per = |slug: &str, arguments: &str| format!(
            "{{ observations(filter: {{slug: {{eq: \"{slug}\"}}}}) {{ nodes {{ per({arguments}) {{
                value {{ value comparator reason }} denominator {{ value }} period {{ code }} }} }} }} }}");
        for (slug, arguments, wanted) in [
            ("sales-north-2020", "metric: \"people\", scale: 100", json!({"value": {"value": "5", "comparator": "EQUAL", "reason": null}, "denominator": {"value": "200"}, "period": {"code": "2020"}})),
            ("sales-north-2024", "metric: \"people\"", json!({"value": {"value": "0.075", "comparator": "LESS_THAN", "reason": null}, "denominator": {"value": "400"}, "period": {"code": "2023"}})),
            ("sales-north-2021", "metric: \"people\", scale: 1000", json!({"value": {"value": "75", "comparator": "MORE_THAN", "reason": null}, "denominator": {"value": "200"}, "period": {"code": "2020"}})),
            ("sales-north-mill-2024", "metric: \"people\", scale: 1000", json!({"value": {"value": "2.5", "comparator": "LESS_THAN", "reason": null}, "denominator": {"value": "400"}, "period": {"code": "2023"}})),
            ("sales-north-2022", "metric: \"people\"", json!({"value": {"value": null, "comparator": null, "reason": "NO_VALUE"}, "denominator": {"value": "200"}, "period": {"code": "2020"}})),
            ("sales-north-2018", "metric: \"people\"", json!({"value": {"value": null, "comparator": null, "reason": "NO_BASE"}, "denominator": null, "period": null})),
            ("people-north-2020", "metric: \"sales\"", json!({"value": {"value": "20", "comparator": "EQUAL", "reason": null}, "denominator": {"value": "10"}, "period": {"code": "2020"}})),
            ("share-north-2024", "metric: \"people\"", json!({"value": {"value": null, "comparator": null, "reason": "NOT_APPLICABLE"}, "denominator": {"value": "400"}, "period": {"code": "2023"}})),
            // What covers four provinces is nobody's proportion.
            ("computing-power-2025", "metric: \"registered-large-models\"", json!({"value": {"value": null, "comparator": null, "reason": "NO_BASE"}, "denominator": null, "period": null})),
            ("computing-power-2025", "metric: \"digital-economy-value-added\"", json!({"value": {"value": null, "comparator": null, "reason": "UNRELIABLE"}, "denominator": {"value": "2400000000000"}, "period": {"code": "2025"}})),
        ] {
            let data = server.data(&per(slug, arguments)).await;
            assert_eq!(data["observations"]["nodes"][0]["per"], wanted, "{slug} {arguments}");
        }
    }

    /// Arguments that cannot be meant are refused by name, with the nearest there is.
    async fn refuse_what_cannot_be_meant(server: &Server) {
        let metric = |field: &str| format!("{{ metric(slug: \"digital-technology-adoption\") {{ {field} }} }}");
        for (query, why) in [
            (metric("series(district: \"beijing\", from: \"2025\", to: \"2024\") { frequency }"),
             "`from` is 2025 and `to` is 2024; `from` must not be later than `to`"),
            (metric("series(district: \"beijing\") { latest { change(basis: BASE) { percent { value } } } }"),
             "`basis` is BASE, so `base` must be given"),
            (metric("series(district: \"beijing\") { latest { change(base: \"2021\") { percent { value } } } }"),
             "`base` is 2021, but `basis` is not BASE"),
            (metric("series(district: \"beijing\") { latest { movingAverage(over: 1) { value } } }"), "`over` is 1, but must be from 2 to 1000"),
            (metric("latest(district: \"beijing\") { per(metric: \"computing-power\", scale: 0) { period { code } } }"), "`scale` is 0, but must be from 1 to 1000000000"),
            (metric("latest(district: \"beijing\") { change { percent { value(decimals: 29) } } }"), "`decimals` is 29, but must be from 0 to 28"),
        ] {
            let (message, code, _) = server.error(&query).await;
            assert!(message.starts_with(why), "{query}: {message}");
            assert_eq!(code, "BAD_USER_INPUT");
        }
        for (field, argument, message, suggestions) in [
            ("series(district: \"hadian\") { frequency }", "district",
             "`district` is \"hadian\", but no district has this slug; did you mean haidian?", json!(["haidian"])),
            ("latest(district: \"Q\") { id }", "district", "`district` is \"Q\", but no district has this slug; `districts` lists them", json!([])),
            ("series(district: \"beijing\", initiative: \"5g-netwrk\") { frequency }", "initiative",
             "`initiative` is \"5g-netwrk\", but no initiative has this slug; did you mean 5g-network?", json!(["5g-network"])),
            ("latest(district: \"beijing\") { per(metric: \"computing-pwer\") { period { code } } }", "metric",
             "`metric` is \"computing-pwer\", but no metric has this slug; did you mean computing-power?", json!(["computing-power"])),
        ] {
            let answer = server.ask(&metric(field)).await.json();
            let error = &answer["errors"][0];
            assert_eq!(error["message"], message);
            assert_eq!(error["extensions"], json!({"code": "BAD_USER_INPUT", "argument": argument, "suggestions": suggestions}));
        }
    }

    /// Many short periods keep nobody from the few long ones beside them.
    async fn of_the_longest_periods_however_many_shorter_there_are(server: &Server) {
        town(server).await;
        let first = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let days = first.iter_days().take(1001).map(|day| format!("sales,north,,{day},1,EQUAL,NORMAL"));
        let years = (2018..2023).map(|year| format!("sales,north,,{year},{year},EQUAL,NORMAL"));
        let all: Vec<String> = days.chain(years).collect();
        figures(server, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let year = |year: i32| json!([year.to_string(), {"value": year.to_string()}]);
        let value = "observation { value }";
        assert_eq!(points(server, "", value).await, (2018..2023).map(year).collect::<Value>());
        let within = r#", from: "2019-12-31", to: "2021-12-31""#;
        assert_eq!(points(server, within, value).await, json!([year(2020), year(2021)]));
        // Where there are days alone, they are too many.
        for days in [", frequency: DAILY", r#", from: "2020-01-02", to: "2022-10-01", frequency: DAILY"#] {
            let query = format!(r#"{{ metric(slug: "sales") {{ series(district: "north"{days}) {{ frequency }} }} }}"#);
            let found = server.ask(&query).await;
            match days.contains("from") {
                true => assert_eq!(found.data()["metric"]["series"]["frequency"], "DAILY"),
                false => assert_eq!(found.error().0, "the series has more than 1000 points; narrow it by `from`, `to` or `frequency`"),
            }
        }
    }

    /// As many statements for all metrics and points as for one.
    async fn take_as_many_statements_for_many_as_for_few(server: &Server) {
        town(server).await;
        figures(server, &SALES[..3]).await;
        let query = "{ metrics(filter: {slug: {in: [\"sales\", \"people\", \"share\"]}}) { nodes { latest(district: \"north\") { value }
            series(district: \"north\") { cagr { value } points { index(base: \"2020\") { value } cumulative { value }
                change { percent { value } points { value } stated { value } } movingAverage(over: 2) { value } } } } } }";
        let few = server.ask(query).await;
        few.data();
        figures(server, &SALES[3..]).await;
        let many = server.ask(query).await;
        many.data();
        assert_eq!((few.statements, many.statements), (Some(9), Some(9)));
    }
}
