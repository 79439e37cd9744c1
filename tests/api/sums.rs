//! Honest arithmetic: what may be added up, how exactly, and what is said where it may not.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// A town with two parts and a zone that overlaps them, and metrics of every sort.
pub(crate) async fn town(server: &Server) {
    server
        .write(
            "unit",
            "slug,symbol,name_en,dimension,factor
        coin,c,coins,CURRENCY,1
        person,p,persons,COUNT,1",
        )
        .await;
    server
        .write(
            "district",
            "slug,kind,name_en,parent,partition
        town,CITY,Town,,true
        north,DISTRICT,North,town,true
        south,DISTRICT,South,town,true
        east,DISTRICT,East,town,true
        hill,DISTRICT,Hill,north,true
        port,ECONOMIC_ZONE,Port,town,false
        far,CITY,Far,,true",
        )
        .await;
    server
        .write(
            "metric",
            "slug,name_en,unit,measure,aggregation,accumulation,direction,decimals
        sales,Sales,coin,LEVEL,SUM,FLOW,NEUTRAL,0
        wages,Wages,coin,LEVEL,SUM,FLOW,NEUTRAL,0
        people,People,person,LEVEL,SUM,STOCK,NEUTRAL,0
        share,Share,percent,SHARE,NONE,,NEUTRAL,0",
        )
        .await;
    server
        .write(
            "initiative",
            "slug,district,kind,status,title_en
        mill,north,FACILITY,ONGOING,Mill",
        )
        .await;
    server.write("source", "slug,title_en\ntown-book,The book of the town").await;
}

/// Writes figures: metric, district, initiative, period, value, comparator, status.
pub(crate) async fn figures(server: &Server, lines: &[&str]) {
    let head =
        "slug,metric,district,initiative,period,value,comparator,status,decimals,multiplier,source";
    let rows = lines.iter().map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("\n{},{line},0,0,town-book", slug(&fields))
    });
    server.write("observation", &(head.to_owned() + &rows.collect::<String>())).await;
}

const FIGURES: &[&str] = &[
    "sales,north,,2024,0.1,EQUAL,NORMAL",
    "sales,south,,2024,0.2,EQUAL,NORMAL",
    "sales,east,,2024,,EQUAL,MISSING",
    "sales,port,,2024,7,EQUAL,NORMAL",
    "sales,hill,,2024,5,EQUAL,NORMAL",
    "sales,town,,2024,9,EQUAL,NORMAL",
    "sales,far,,2024,9,EQUAL,NORMAL",
    "sales,north,mill,2024,3,EQUAL,NORMAL",
    "sales,north,,2023,2400000000000,MORE_THAN,NORMAL",
    "sales,north,,2022,0.01,EQUAL,NORMAL",
    "sales,north,,2021,4,AT_LEAST,NORMAL",
    "sales,north,,2020,30,NEARLY,NORMAL",
    "sales,north,,2019,8,ABOUT,NORMAL",
    "sales,north,,2018,6,LESS_THAN,NORMAL",
    "sales,north,,2017,2,AT_MOST,NORMAL",
    "sales,north,,2017-Q1,1,EQUAL,NORMAL",
    "sales,south,,2023,,EQUAL,MISSING",
    "wages,north,,2024,10,EQUAL,NORMAL",
    "people,north,,2024,50,EQUAL,NORMAL",
    "people,south,,2024,70,EQUAL,NORMAL",
    "people,north,,2023,40,EQUAL,NORMAL",
    "share,north,,2024,12.5,EQUAL,NORMAL",
    "share,south,,2024,37.5,EQUAL,NORMAL",
];

/// What is answered for a measure of the figures of these metrics, places and periods.
async fn measure(server: &Server, [metrics, places, periods]: [&str; 3], measure: &str) -> Value {
    let mut slugs = Vec::new();
    for metric in metrics.split(' ') {
        for place in places.split(' ') {
            for period in periods.split(' ') {
                slugs.push(slug(&[metric, place, "", period]));
                slugs.push(slug(&[metric, place, "mill", period]));
            }
        }
    }
    let query =
        "query ($slugs: [String!]!) { observationGroups(by: [], filter: {slug: {in: $slugs}}) {
        nodes { MEASURE } } }";
    let answer =
        server.ask_with(&query.replace("MEASURE", measure), json!({ "slugs": slugs })).await;
    answer.json()
}

/// The slug of a figure, made of what it is of.
fn slug(fields: &[&str]) -> String {
    let parts: Vec<&str> = fields.iter().take(4).copied().filter(|part| !part.is_empty()).collect();
    parts.join("-").to_lowercase().replace('/', "-to-")
}

on_each_database! {
    /// Exact values with the right comparator, one case a line.
    async fn are_exact_and_bounded(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for (which, value, comparator) in [
            (["sales", "hill", "2024"], "5", "EQUAL"),
            (["sales", "south east", "2024"], "0.2", "EQUAL"),
            (["sales", "south east hill", "2024"], "5.2", "EQUAL"),
            (["sales", "port", "2024"], "7", "EQUAL"),
            (["sales", "north south", "2023"], "2400000000000", "MORE_THAN"),
            (["sales", "north", "2022 2023"], "2400000000000.01", "MORE_THAN"),
            (["sales", "north", "2021 2022"], "4.01", "AT_LEAST"),
            (["sales", "north", "2020 2022"], "30.01", "NEARLY"),
            (["sales", "north", "2019 2022"], "8.01", "ABOUT"),
            (["sales", "north", "2018 2022"], "6.01", "LESS_THAN"),
            (["sales", "north", "2017 2022"], "2.01", "AT_MOST"),
            (["sales", "north", "2017 2018"], "8", "LESS_THAN"),
            (["sales", "north", "2018 2020"], "36", "LESS_THAN"),
            (["sales", "north", "2021 2023"], "2400000000004", "MORE_THAN"),
            (["sales", "north", "2018 2023"], "2400000000006", "UNKNOWN"),
            (["sales", "north", "2019 2023"], "2400000000008", "UNKNOWN"),
            (["people", "north south", "2024"], "120", "EQUAL"),
        ] {
            let answer = measure(server, which, "sum { value comparator exact reason }").await;
            let is_marked = which[1].contains("east") || which == ["sales", "north south", "2023"];
            let reason = is_marked.then_some("INCOMPLETE");
            let wanted = json!({"value": value, "comparator": comparator, "exact": true, "reason": reason});
            assert_eq!(answer["data"]["observationGroups"]["nodes"][0]["sum"], wanted, "{which:?} {answer}");
        }
    }

    /// Each thing that stands in the way of a sum is named, under a code of its own.
    async fn are_refused_with_what_is_in_the_way(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        for (which, reason, why) in [
            (["share", "north south", "2024"], "NOT_ADDITIVE", "figures of share may not be added up: their metrics are not declared additive (`aggregation: SUM`)"),
            (["share", "north", "2024"], "NOT_ADDITIVE", "figures of share may not be added up"),
            (["sales people", "hill south", "2024"], "UNLIKE_UNITS", "sales, people are in different units; group by UNIT or METRIC"),
            (["sales wages", "hill north", "2022 2024"], "UNLIKE_METRICS", "sales, wages are different metrics; group by METRIC"),
            (["sales", "south port", "2024"], "OVERLAP", "the places south and port may overlap"),
            (["sales", "town south", "2024"], "OVERLAP", "the places town and south may overlap"),
            (["sales", "town port", "2024"], "OVERLAP", "the places town and port may overlap"),
            (["sales", "far south", "2024"], "OVERLAP", "the places south and far may overlap"),
            (["sales", "north", "2024"], "OVERLAP", "figures of places stand beside figures of initiatives"),
            (["people", "north", "2023 2024"], "NOT_ADDITIVE", "figures of people count what is there at a time, so those of different periods (2023 and others)"),
            (["sales", "north", "2017 2017-Q1"], "OVERLAP", "the periods 2017-Q1 and 2017 overlap"),
        ] {
            let answer = measure(server, which, "sum { value reason explanation }").await;
            let sum = &answer["data"]["observationGroups"]["nodes"][0]["sum"];
            assert_eq!((&sum["value"], &sum["reason"]), (&Value::Null, &json!(reason)), "{which:?} {answer}");
            assert!(sum["explanation"].as_str().unwrap().starts_with(why), "{which:?} {answer}");
        }
        let answer = measure(server, ["sales people", "south", "2024"], "mean { value reason explanation }").await;
        assert_eq!(answer["data"]["observationGroups"]["nodes"][0]["mean"], json!({"value": null, "reason": "UNLIKE_UNITS",
            "explanation": "sales, people are in different units; group by UNIT or METRIC, or filter to one metric"}));
    }

    /// Missing is not zero: it is counted, and nothing is computed of it.
    async fn leave_out_what_is_missing(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        let fields = "count missing sum { value reason explanation } mean { value } min { value }
            median { reason } standardDeviation { value reason } first { value } last { value }
            coverage { have of parent { slug } }";
        let answer = measure(server, ["sales", "south", "2023"], fields).await;
        assert_eq!(answer["data"]["observationGroups"]["nodes"][0], json!({
            "count": 1, "missing": 1,
            "sum": {"value": null, "reason": "NO_VALUE", "explanation": "no figure has a value"},
            "mean": {"value": null}, "min": {"value": null}, "median": {"reason": "NO_VALUE"},
            "standardDeviation": {"value": null, "reason": "NO_VALUE"},
            "first": null, "last": null, "coverage": null,
        }), "{answer}");
        let answer = measure(server, ["sales", "south east", "2024"], fields).await;
        assert_eq!(answer["data"]["observationGroups"]["nodes"][0], json!({
            "count": 2, "missing": 1,
            "sum": {"value": "0.2", "reason": "INCOMPLETE", "explanation": "1 of 2 figures have a value"},
            "mean": {"value": "0.2"}, "min": {"value": "0.2"}, "median": {"reason": "INCOMPLETE"},
            "standardDeviation": {"value": null, "reason": "TOO_FEW"},
            "first": {"value": "0.2"}, "last": {"value": "0.2"},
            "coverage": {"have": 1, "of": 3, "parent": {"slug": "town"}},
        }), "{answer}");
    }

    /// Means, deviations and picked values of bounds say what is known of them.
    async fn have_companions_that_are_bounded_too(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        let fields = "mean { value comparator exact } min { value comparator } max { value comparator }
            median { value comparator } percentile(p: \"25\") { value comparator }
            standardDeviation { value comparator exact } sum { inputs { period { code } comparator } }";
        let answer = measure(server, ["sales", "north", "2021 2022 2023"], fields).await;
        assert_eq!(answer["data"]["observationGroups"]["nodes"][0], json!({
            "mean": {"value": "800000000001.337", "comparator": "MORE_THAN", "exact": false},
            "min": {"value": "0.01", "comparator": "AT_LEAST"},
            "max": {"value": "2400000000000", "comparator": "AT_LEAST"},
            "median": {"value": "4", "comparator": "AT_LEAST"},
            "percentile": {"value": "2.005", "comparator": "AT_LEAST"},
            "standardDeviation": {"value": "1385640646053.94", "comparator": "UNKNOWN", "exact": false},
            "sum": {"inputs": [
                {"period": {"code": "2023"}, "comparator": "MORE_THAN"},
                {"period": {"code": "2022"}, "comparator": "EQUAL"},
                {"period": {"code": "2021"}, "comparator": "AT_LEAST"},
            ]},
        }), "{answer}");
    }

    /// Of a number with more digits than a Decimal holds nothing is told but why.
    async fn tell_nothing_of_what_does_not_fit(server: &Server) {
        town(server).await;
        figures(server, FIGURES).await;
        let percentile = "percentile(p: \"33.33333333333333333333333333\") { value rounded: value(decimals: 2)
            comparator exact unit { slug } reason explanation }";
        figures(server, &["sales,east,,2022,0.01,EQUAL,NORMAL", "sales,east,,2023,0.1,EQUAL,NORMAL", "sales,east,,2021,0.2,EQUAL,NORMAL"]).await;
        let answer = measure(server, ["sales", "east", "2021 2022 2023"], percentile).await;
        assert_eq!(answer["data"]["observationGroups"]["nodes"][0]["percentile"], json!({
            "value": null, "rounded": null, "comparator": null, "exact": null, "unit": null, "reason": "OUT_OF_RANGE",
            "explanation": "0.069999999999999999999999999994 has more than the 28 significant digits of a Decimal",
        }), "{answer}");
    }

    /// Nothing is lost however many figures there are and however they differ in size.
    async fn of_many_small_and_one_large_are_exact(server: &Server) {
        town(server).await;
        let mut lines: Vec<String> =
            (0..3000).map(|day| {
                let date = chrono::NaiveDate::from_ymd_opt(2015, 1, 1).unwrap() + chrono::Days::new(day);
                format!("sales,far,,{date},0.1,EQUAL,NORMAL")
            }).collect();
        lines.push("sales,far,,2014,2400000000000,EQUAL,NORMAL".to_owned());
        figures(server, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let data = server.data(r#"{ district(slug: "far") { observationSummary {
            count sum { value exact } mean { value exact } max { value } } } }"#).await;
        assert_eq!(data["district"]["observationSummary"], json!({
            "count": 3001, "sum": {"value": "2400000000300", "exact": true},
            "mean": {"value": "799733422.292569", "exact": false}, "max": {"value": "2400000000000"},
        }));
    }
}
