//! Years beside quarters, a city beside its parts, gaps and bounds: which figures go into an
//! answer, asked as somebody would who means what the words say.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

const FIGURES: &str = "
    population aldermoor 2022 300000, population aldermoor 2023 306000,
    population harbour 2022 120000, population harbour 2023 125000,
    population kingsway 2022 90000, population kingsway 2023 91000,
    population millbrook 2022 90000, population millbrook 2023 90000,
    gdp harbour 2022 3800, gdp harbour 2023 4000, gdp harbour 2023-Q1 970,
    gdp harbour 2023-Q2 1000, gdp harbour 2023-Q3 1010, gdp harbour 2023-Q4 1020,
    gdp harbour 2024-Q1 1040, gdp kingsway 2022 2500, gdp kingsway 2023 2650,
    gdp millbrook 2022 1400, gdp millbrook 2023 -,
    visitors harbour 2020 >500, visitors harbour 2021 520, visitors harbour 2022 560,
    visitors harbour 2023 600";

/// A city of three districts.
async fn city(server: &Server) {
    let tables = [
        (
            "unit",
            "slug,symbol,name_en,dimension,factor
            head,persons,persons,COUNT,1
            euro,EUR,euro,CURRENCY,1",
        ),
        (
            "district",
            "slug,kind,name_en,parent,partition
            aldermoor,CITY,Aldermoor,,false
            harbour,DISTRICT,Harbour,aldermoor,true
            kingsway,DISTRICT,Kingsway,aldermoor,true
            millbrook,DISTRICT,Millbrook,aldermoor,true",
        ),
        (
            "metric",
            "slug,name_en,unit,measure,aggregation,accumulation,direction,decimals
            population,Population,head,LEVEL,SUM,STOCK,NEUTRAL,0
            gdp,Gdp,euro,LEVEL,SUM,FLOW,HIGHER_IS_BETTER,0
            visitors,Visitors,head,LEVEL,SUM,FLOW,NEUTRAL,0",
        ),
        ("source", "slug,title_en\nyearbook,Yearbook"),
    ];
    for (table, lines) in tables {
        server.write(table, lines).await;
    }
    figures(server, FIGURES).await;
}

/// Writes figures: metric, place or place/initiative, period, value.
async fn figures(server: &Server, figures: &str) {
    let head = "slug,metric,district,initiative,period,value,comparator,status,decimals,\
                multiplier,source";
    let rows = figures.split(',').map(|figure| {
        let parts: Vec<&str> = figure.split_whitespace().collect();
        let [metric, place, period, value] = parts[..] else { panic!("{figure}") };
        let (place, initiative) = place.split_once('/').unwrap_or((place, ""));
        let (value, comparator, status) = match value.strip_prefix('>') {
            Some(bound) => (bound, "MORE_THAN", "NORMAL"),
            None if value == "-" => ("", "EQUAL", "MISSING"),
            None => (value, "EQUAL", "NORMAL"),
        };
        let slug = format!("{metric}-{place}-{initiative}-{period}").replace('/', "-to-");
        let slug = slug.replace("--", "-").to_lowercase();
        format!(
            "\n{slug},{metric},{place},{initiative},{period},{value},{comparator},{status},0,0,\
             yearbook"
        )
    });
    server.write("observation", &(head.to_owned() + &rows.collect::<String>())).await;
}

/// The periods of Harbour's gdp that a filter picks, the earliest first.
async fn periods(server: &Server, filter: &str) -> Vec<String> {
    let answer = server
        .data(&format!(
            "{{ observations(orderBy: [{{by: PERIOD, direction: ASC}}], filter: {{period: \
             {{{filter}}}, metric: {{slug: {{eq: \"gdp\"}}}}, district: {{slug: {{eq: \
             \"harbour\"}}}}}}) {{ nodes {{ period {{ code }} }} }} }}"
        ))
        .await;
    let nodes = answer["observations"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["period"]["code"].as_str().unwrap().to_owned()).collect()
}

/// What is computed of the figures of a filter, all taken together or by dimensions.
async fn computed(server: &Server, by: &str, filter: &str, fields: &str) -> Value {
    let query = format!(
        "{{ observationGroups(by: [{by}], filter: {{{filter}}}) {{ nodes {{ {fields} }} }} }}"
    );
    let nodes = server.data(&query).await["observationGroups"]["nodes"].take();
    match by {
        "" => nodes[0].clone(),
        _ => nodes,
    }
}

fn is(field: &str, slug: &str) -> String {
    format!("{field}: {{slug: {{eq: \"{slug}\"}}}}")
}

on_each_database! {
    /// A period is where its days are.
    async fn periods_compare_as_spans(server: &Server) {
        city(server).await;
        for (filter, wanted) in [
            (r#"gte: "2023", lt: "2024""#, "2023-Q1 2023 2023-Q2 2023-Q3 2023-Q4"),
            (r#"gt: "2023""#, "2024-Q1"),
            (r#"gte: "2023", lte: "2023", frequency: QUARTERLY"#, "2023-Q1 2023-Q2 2023-Q3 2023-Q4"),
            (r#"lt: "2023-Q2""#, "2022 2023-Q1"),
            (r#"lte: "2023-Q2""#, "2022 2023-Q1 2023-Q2"),
            (r#"gt: "2022""#, "2023-Q1 2023 2023-Q2 2023-Q3 2023-Q4 2024-Q1"),
            (r#"gt: "2023-Q2""#, "2023-Q3 2023-Q4 2024-Q1"),
            (r#"during: "2023""#, "2023-Q1 2023 2023-Q2 2023-Q3 2023-Q4"),
            (r#"during: "2023-S2""#, "2023-Q3 2023-Q4"),
            (r#"during: "2022/2023", frequency: ANNUAL"#, "2022 2023"),
            (r#"from: "2023", to: "2023-Q2""#, "2023-Q1 2023-Q2"),
            (r#"gte: "2023-02-01", lt: "9999-12-31""#, "2023-Q2 2023-Q3 2023-Q4 2024-Q1"),
            (r#"gt: "9999""#, ""),
            (r#"lt: "0001""#, ""),
            (r#"lt: "2022""#, ""),
        ] {
            assert_eq!(periods(server, filter).await.join(" "), wanted, "{filter}");
        }
        let quarters = format!(
            r#"{}, {}, period: {{gte: "2023", lte: "2023", frequency: QUARTERLY}}"#,
            is("metric", "gdp"),
            is("district", "harbour")
        );
        let sum = computed(server, "", &quarters, "sum { value comparator reason present expected }").await;
        assert_eq!(sum, json!({"sum": {"value": "4000", "comparator": "EQUAL", "reason": null,
            "present": 4, "expected": 4}}));
    }

    /// Every part of a year is divided by the same.
    async fn parts_of_a_year_are_per_the_same(server: &Server) {
        city(server).await;
        figures(server, "gdp harbour 2024-W01 7, gdp harbour 2025 9, gdp harbour 2021 5,
            visitors harbour 2023-Q2 33, visitors harbour 2022-Q4 20").await;
        let per = async |period: &str, metric: &str| {
            let query = format!(
                "{{ observations(filter: {{period: {{eq: \"{period}\"}}, {}, {}}}) {{ nodes {{
                per(metric: \"{metric}\") {{ value {{ value reason }} period {{ code }} }} }} }} }}",
                is("metric", "gdp"),
                is("district", "harbour")
            );
            let nodes = server.data(&query).await["observations"]["nodes"].take();
            let per = &nodes[0]["per"];
            format!("{} {}", per["period"]["code"], per["value"]["value"]).replace('"', "")
        };
        for (period, metric, wanted) in [
            ("2023-Q1", "population", "2023 0.00776"),
            ("2023-Q2", "population", "2023 0.008"),
            ("2023-Q3", "population", "2023 0.00808"),
            ("2023-Q4", "population", "2023 0.00816"),
            ("2023", "population", "2023 0.032"),
            // Of the year before where its own has none.
            ("2024-Q1", "population", "2023 0.00832"),
            ("2024-W01", "population", "2023 0.000056"),
            ("2025", "population", "2023 0.000072"),
            ("2021", "population", "null null"),
            // The shortest it lies in, and never a part of it.
            ("2023-Q2", "visitors", "2023-Q2 30.3030303030303"),
            ("2023-Q1", "visitors", "2023 1.61666666666667"),
            ("2022", "visitors", "2022 6.78571428571429"),
            // Of those that ended last, the longest: not the last quarter of the year before.
            ("2024-Q1", "visitors", "2023 1.73333333333333"),
            // A bound in proportion to itself is no bound.
            ("2023", "gdp", "2023 1"),
        ] {
            assert_eq!(per(period, metric).await, wanted, "{period} per {metric}");
        }
    }

    /// What is not as long is not compared.
    async fn lengths_are_not_compared(server: &Server) {
        city(server).await;
        figures(server, "visitors harbour 2024-01/2024-10 7, visitors harbour 2024-01/2024-11 9,
            visitors harbour 2025-01/2025-11 18").await;
        let change = async |period: &str, arguments: &str| {
            let query = format!(
                "{{ observations(filter: {{period: {{eq: \"{period}\"}}, {}}}) {{ nodes {{
                change{arguments} {{ from {{ period {{ code }} }} percent {{ value comparator reason explanation }} }} }} }} }}",
                is("metric", "visitors")
            );
            server.data(&query).await["observations"]["nodes"][0]["change"].take()
        };
        let percent = |value: Value, comparator: Value, reason: Value, explanation: Value| {
            json!({"value": value, "comparator": comparator, "reason": reason, "explanation": explanation})
        };
        let found = change("2025-01/2025-11", "").await;
        let wanted = percent("100".into(), "EQUAL".into(), Value::Null, Value::Null);
        assert_eq!(found, json!({"from": {"period": {"code": "2024-01/2024-11"}}, "percent": wanted}));
        let found = change("2024-01/2024-11", "").await;
        assert_eq!(found["percent"]["reason"], "NO_BASE", "{found}");
        let found = change("2025-01/2025-11", r#"(basis: BASE, base: "2023")"#).await;
        let why = "2025-01/2025-11 (RANGE) and 2023 (ANNUAL) are not as long as each other; name a base that is";
        let wanted = percent(Value::Null, Value::Null, "UNLIKE_PERIODS".into(), why.into());
        assert_eq!(found, json!({"from": {"period": {"code": "2023"}}, "percent": wanted}));
        // A bound compared with itself has not changed.
        let found = change("2020", r#"(basis: BASE, base: "2020")"#).await;
        let wanted = percent("0".into(), "EQUAL".into(), Value::Null, Value::Null);
        assert_eq!(found["percent"], wanted);
    }

    /// A city and its districts, a year and its quarters, unlike metrics: nothing is made of them
    /// together unasked, and what is said to mend it does.
    async fn what_does_not_belong_together_is_told(server: &Server) {
        city(server).await;
        let people = format!(r#"{}, period: {{eq: "2023"}}"#, is("metric", "population"));
        let places = "the places aldermoor and harbour may overlap; group by DISTRICT, or filter to the \
            parts that aldermoor is divided into without overlap (`district: {parent: {slug: {eq: \
            \"aldermoor\"}}, partition: {eq: true}}`)";
        let fields = "count reason explanation mean { value reason explanation } median { value reason }
            percentile(p: 10) { value reason } standardDeviation { value reason } min { value reason }
            max { value reason } sum { value reason explanation }
            mixed: mean(mixed: true) { value reason expected }";
        let refused = json!({"value": null, "reason": "OVERLAP"});
        assert_eq!(computed(server, "", &people, fields).await, json!({
            "count": 4, "reason": "OVERLAP", "explanation": places,
            "mean": {"value": null, "reason": "OVERLAP", "explanation": places},
            "median": refused, "percentile": refused, "standardDeviation": refused,
            "min": {"value": "90000", "reason": "OVERLAP"}, "max": {"value": "306000", "reason": "OVERLAP"},
            "sum": {"value": null, "reason": "OVERLAP", "explanation": places},
            "mixed": {"value": "153000", "reason": "OVERLAP", "expected": null},
        }));
        let mended = format!(
            r#"{people}, district: {{parent: {{slug: {{eq: "aldermoor"}}}}, partition: {{eq: true}}}}"#
        );
        let mean = computed(server, "", &mended, "reason mean { value reason present expected }").await;
        assert_eq!(mean, json!({"reason": null, "mean": {"value": "102000", "reason": null,
            "present": 3, "expected": 3}}));

        let year = format!(
            r#"{}, {}, period: {{during: "2023"}}"#,
            is("metric", "gdp"),
            is("district", "harbour")
        );
        let why = "the periods 2023-Q1 and 2023 overlap; group by PERIOD, or filter by `period: {frequency: ANNUAL}`";
        let mean = computed(server, "", &year, "mean { value reason explanation }").await;
        assert_eq!(mean, json!({"mean": {"value": null, "reason": "OVERLAP", "explanation": why}}));
        let mended = year.replace("during", "frequency: ANNUAL, during");
        let mean = computed(server, "", &mended, "mean { value reason }").await;
        assert_eq!(mean, json!({"mean": {"value": "4000", "reason": null}}));

        let unlike = format!(r#"metric: {{slug: {{in: ["population", "visitors"]}}}}, {}"#, is("district", "harbour"));
        let why = "population, visitors are different metrics; group by METRIC, or filter to one (`metric: {slug: {eq: \"population\"}}`)";
        let mean = computed(server, "UNIT", &unlike, "mean { value reason explanation } max { value reason }").await;
        assert_eq!(mean, json!([{"mean": {"value": null, "reason": "UNLIKE_METRICS", "explanation": why},
            "max": {"value": "125000", "reason": "UNLIKE_METRICS"}}]));

        let units = format!(r#"{}, period: {{eq: "2023"}}"#, is("district", "harbour"));
        let why = "gdp, population, visitors are in different units; group by UNIT or METRIC, or filter to one metric";
        let mean = computed(server, "", &units, "reason mean(mixed: true) { value reason } max { value reason explanation }").await;
        assert_eq!(mean["max"]["reason"], "UNLIKE_UNITS", "{mean}");
        assert_eq!(mean["mean"], json!({"value": null, "reason": "UNLIKE_UNITS"}));
        assert_eq!(mean["max"]["explanation"].as_str().unwrap().len(), why.len());
    }

    /// What is not there is counted, whether somebody marked it or not.
    async fn what_is_missing_is_told(server: &Server) {
        city(server).await;
        let parts = "district: {partition: {eq: true}}";
        let gdp = format!(r#"{}, {parts}, period: {{eq: "2023"}}"#, is("metric", "gdp"));
        let fields = "missing reason sum { value comparator reason explanation present expected } mean { value reason }
            min { value reason }";
        let why = "2 of the 3 figures have a value that the metric's places (3) and periods (1) would give; there is none of millbrook";
        assert_eq!(computed(server, "", &gdp, fields).await, json!({
            "missing": 1, "reason": "INCOMPLETE",
            "sum": {"value": "6650", "comparator": "EQUAL", "reason": "INCOMPLETE", "explanation": why, "present": 2, "expected": 3},
            "mean": {"value": "3325", "reason": "INCOMPLETE"}, "min": {"value": "2650", "reason": "INCOMPLETE"},
        }));
        let years = format!(
            r#"{}, {parts}, period: {{in: ["2022", "2023"]}}"#, is("metric", "gdp"));
        let why = "5 of the 6 figures have a value that the metric's places (3) and periods (2) would give; single places have none at single periods";
        let sum = computed(server, "", &years, "sum { value reason explanation present expected }").await;
        assert_eq!(sum, json!({"sum": {"value": "14350", "reason": "INCOMPLETE", "explanation": why, "present": 5, "expected": 6}}));

        // A place whose row is not there at all, and one that the metric has never had.
        figures(server, "visitors kingsway 2022 40").await;
        let fields = "sum { value reason present expected }";
        let visitors = format!(r#"{}, {parts}"#, is("metric", "visitors"));
        let sums = computed(server, "YEAR", &visitors, &format!("key {{ year {{ code }} }} {fields}")).await;
        let of = |year: &str, value: &str, present: i32| {
            let reason = (present < 2).then_some("INCOMPLETE");
            json!({"key": {"year": {"code": year}}, "sum": {"value": value, "reason": reason, "present": present, "expected": 2}})
        };
        assert_eq!(sums, json!([of("2020", "500", 1), of("2021", "520", 1), of("2022", "600", 2), of("2023", "600", 1)]));

        // By place, each is expected at all periods of the metric that are as long.
        let sums = computed(server, "DISTRICT", &visitors, &format!("key {{ district {{ slug }} }} {fields}")).await;
        assert_eq!(sums, json!([
            {"key": {"district": {"slug": "harbour"}}, "sum": {"value": "2180", "reason": null, "present": 4, "expected": 4}},
            {"key": {"district": {"slug": "kingsway"}}, "sum": {"value": "40", "reason": "INCOMPLETE", "present": 1, "expected": 4}},
        ]));
        let query = r#"{ district(slug: "kingsway") { observationSummary(filter: {metric: {slug: {eq: "visitors"}}}) { sum { present expected } } }
            metric(slug: "visitors") { observationSummary(filter: {district: {partition: {eq: true}}, period: {gte: "2022"}}) { sum { value explanation } } } }"#;
        assert_eq!(server.data(query).await, json!({
            "district": {"observationSummary": {"sum": {"present": 1, "expected": 4}}},
            "metric": {"observationSummary": {"sum": {"value": "1200", "explanation":
                "3 of the 4 figures have a value that the metric's places (2) and periods (2) would give; single places have none at single periods"}}},
        }));

        // Figures that were left out by their value are not missing.
        let large = format!("{visitors}, value: {{gt: \"510\"}}");
        let sum = computed(server, "", &large, fields).await;
        assert_eq!(sum, json!({"sum": {"value": "1680", "reason": null, "present": null, "expected": null}}));
        // That there be a value leaves out none that has one.
        let valued = format!("{gdp}, value: {{isNull: false}}");
        let sum = computed(server, "", &valued, fields).await;
        assert_eq!(sum, json!({"sum": {"value": "6650", "reason": "INCOMPLETE", "present": 2, "expected": 3}}));
        // Conditions in whatever form, as long as each is about one side.
        for (filter, expected) in [
            (format!("and: [{{{}}}, {{{parts}}}, {{period: {{eq: \"2023\"}}}}]", is("metric", "gdp")), json!(3)),
            (format!("{}, or: [{{{}}}, {{{}}}], not: {{period: {{ne: \"2023\"}}}}", is("metric", "gdp"),
                is("district", "harbour"), is("district", "millbrook")), json!(2)),
            (format!("{}, or: [{{{}, period: {{eq: \"2023\"}}}}]", is("metric", "gdp"), is("district", "kingsway")), Value::Null),
            (format!("{gdp}, source: {{slug: {{eq: \"yearbook\"}}}}"), Value::Null),
        ] {
            let sum = computed(server, "", &filter, "sum { expected }").await;
            assert_eq!(sum["sum"]["expected"], expected, "{filter}");
        }
        // Where nothing is expected, what is marked missing is missing even so.
        let sum = computed(server, "SOURCE", &gdp, "reason sum { value reason explanation expected }").await;
        assert_eq!(sum, json!([{"reason": "INCOMPLETE", "sum": {"value": "6650", "reason": "INCOMPLETE",
            "explanation": "2 of 3 figures have a value", "expected": null}}]));
    }

    /// The longest periods there are, everywhere.
    async fn years_are_not_beside_quarters(server: &Server) {
        city(server).await;
        let query = r#"{ metric(slug: "gdp") {
            latest(district: "harbour") { value period { code } }
            quarter: latest(district: "harbour", frequency: QUARTERLY) { value period { code } }
            month: latest(district: "harbour", frequency: MONTHLY) { value }
            ranking { period { code } frequency of missing unranked { district { slug } reason explanation }
                entries { nodes { period { code } district { slug } observation { value } } } }
            quarterly: ranking(frequency: QUARTERLY) { period { code } of missing }
            each: ranking(newestOfEach: true) { period { code } frequency of missing
                entries { nodes { position period { code } district { slug } observation { value } } } } }
            district(slug: "harbour") { latest(metric: "gdp") { value } quarter: latest(metric: "gdp", frequency: QUARTERLY) { value } }
            compare(metrics: ["gdp"], districts: ["harbour", "kingsway"]) { rows { period { code } frequency cells { value period { code } } } }
            quarters: compare(metrics: ["gdp"], districts: ["harbour", "kingsway"], frequency: QUARTERLY) { rows { frequency cells { value reason explanation } } }
            shared: compare(metrics: ["gdp"], districts: ["harbour", "millbrook"], samePeriod: true) { rows { frequency cells { value period { code } } } } }"#;
        let at = |period: &str, place: &str, value: &str| json!({"period": {"code": period}, "district": {"slug": place}, "observation": {"value": value}});
        let ranked = |position: &str, period: &str, place: &str, value: &str| {
            let mut entry = at(period, place, value);
            entry["position"] = position.into();
            entry
        };
        assert_eq!(server.data(query).await, json!({
            "metric": {
                "latest": {"value": "4000", "period": {"code": "2023"}},
                "quarter": {"value": "1040", "period": {"code": "2024-Q1"}},
                "month": null,
                "ranking": {"period": {"code": "2023"}, "frequency": "ANNUAL", "of": 2, "missing": 1,
                    "unranked": [{"district": {"slug": "millbrook"}, "reason": "NO_VALUE",
                        "explanation": "there is no figure of gdp with a value for millbrook at 2023"}],
                    "entries": {"nodes": [at("2023", "harbour", "4000"), at("2023", "kingsway", "2650")]}},
                "quarterly": {"period": {"code": "2024-Q1"}, "of": 1, "missing": 2},
                "each": {"period": null, "frequency": "ANNUAL", "of": 3, "missing": 0, "entries": {"nodes": [
                    ranked("1", "2023", "harbour", "4000"), ranked("2", "2023", "kingsway", "2650"),
                    ranked("3", "2022", "millbrook", "1400")]}},
            },
            "district": {"latest": {"value": "4000"}, "quarter": {"value": "1040"}},
            "compare": {"rows": [{"period": null, "frequency": "ANNUAL", "cells": [
                {"value": "4000", "period": {"code": "2023"}}, {"value": "2650", "period": {"code": "2023"}}]}]},
            "quarters": {"rows": [{"frequency": "QUARTERLY", "cells": [
                {"value": "1040", "reason": null, "explanation": null},
                {"value": null, "reason": "NO_VALUE", "explanation": "there is no QUARTERLY figure of gdp with a value for kingsway"}]}]},
            "shared": {"rows": [{"frequency": "ANNUAL", "cells": [
                {"value": "3800", "period": {"code": "2022"}}, {"value": "1400", "period": {"code": "2022"}}]}]},
        }));
        // Pages of the newest of each go on where they were, and belong to that ranking alone.
        let page = r#"{ metric(slug: "gdp") { ranking(newestOfEach: true) { entries(first: 2) { pageInfo { endCursor } } } } }"#;
        let cursor = server.data(page).await["metric"]["ranking"]["entries"]["pageInfo"]["endCursor"].take();
        let next = format!(r#"{{ metric(slug: "gdp") {{ ranking(newestOfEach: true) {{ entries(after: {cursor}) {{ nodes {{ position district {{ slug }} }} }} }} }} }}"#);
        assert_eq!(server.data(&next).await["metric"]["ranking"]["entries"]["nodes"],
            json!([{"position": "3", "district": {"slug": "millbrook"}}]));
        let (message, code, _) = server.error(&next.replace("(newestOfEach: true)", "")).await;
        assert_eq!(code, "BAD_USER_INPUT", "{message}");
        for (arguments, wanted) in [
            (r#"period: "2023", newestOfEach: true"#, "`newestOfEach` is true, but `period` is 2023; leave one of them out"),
            (r#"period: "2023", frequency: MONTHLY"#, "`period` is 2023, but `frequency` is MONTHLY; leave one of them out"),
        ] {
            let (message, code, _) = server.error(&format!("{{ metric(slug: \"gdp\") {{ ranking({arguments}) {{ of }} }} }}")).await;
            assert_eq!((code.as_str(), message.as_str()), ("BAD_USER_INPUT", wanted));
        }
    }

    /// A place's own figure comes first; then that of the one initiative that has one.
    async fn initiatives_figures_are_found(server: &Server) {
        city(server).await;
        server.write("initiative", "slug,district,kind,status,title_en
            quay,harbour,FACILITY,ONGOING,Quay
            mart,kingsway,FACILITY,ONGOING,Mart
            mall,kingsway,FACILITY,ONGOING,Mall").await;
        server.write("metric", "slug,name_en,unit,measure,aggregation,accumulation,direction,decimals
            stalls,Stalls,head,LEVEL,SUM,STOCK,NEUTRAL,0").await;
        figures(server, "stalls harbour/quay 2022 5, stalls harbour/quay 2023 6, stalls kingsway/mart 2023 3,
            stalls kingsway/mall 2023 4, stalls millbrook 2023 2, visitors harbour/quay 2023 50,
            visitors kingsway/mall 2023 7").await;
        let query = r#"{ stalls: metric(slug: "stalls") {
            latest(district: "harbour") { value initiative { slug } }
            none: latest(district: "aldermoor") { value }
            own: latest(district: "millbrook") { value initiative { slug } }
            mall: latest(district: "kingsway", initiative: "mall") { value initiative { slug } }
            series(district: "harbour") { initiative { slug } points { period { code } observation { value } } }
            ranking { of missing unranked { district { slug } reason explanation } entries { nodes { district { slug } initiative { slug } } } }
            chosen: ranking(initiative: "mall") { of missing entries { nodes { initiative { slug } observation { value } } } } }
            visitors: metric(slug: "visitors") { latest(district: "harbour") { value initiative { slug } }
                quay: latest(district: "harbour", initiative: "quay") { value } series(district: "harbour") { initiative { slug } latest { observation { value } } } }
            compare(metrics: ["stalls", "visitors"], districts: ["harbour", "kingsway", "millbrook"]) { rows { cells { value initiative { slug } reason explanation } } }
            shared: compare(metrics: ["stalls"], districts: ["harbour", "millbrook"], samePeriod: true) { rows { period { code } cells { value } } }
            unshared: compare(metrics: ["stalls"], districts: ["harbour", "kingsway"], samePeriod: true) { rows { cells { reason } } }
            choice: compare(metrics: ["stalls"], districts: ["kingsway"], initiative: "mart") { rows { cells { value } } } }"#;
        let several = "kingsway has no figure of stalls of its own, and several initiatives have one: mart, mall; choose by `initiative`";
        let cell = |value: Value, initiative: &str| {
            let initiative = (!initiative.is_empty()).then(|| json!({"slug": initiative}));
            json!({"value": value, "initiative": initiative, "reason": null, "explanation": null})
        };
        assert_eq!(server.data(query).await, json!({
            "stalls": {
                "latest": {"value": "6", "initiative": {"slug": "quay"}}, "none": null,
                "own": {"value": "2", "initiative": null},
                "mall": {"value": "4", "initiative": {"slug": "mall"}},
                "series": {"initiative": {"slug": "quay"}, "points": [
                    {"period": {"code": "2022"}, "observation": {"value": "5"}},
                    {"period": {"code": "2023"}, "observation": {"value": "6"}}]},
                "ranking": {"of": 2, "missing": 1, "unranked": [{"district": {"slug": "kingsway"}, "reason": "SEVERAL_INITIATIVES",
                    "explanation": "kingsway has no figure of stalls of its own at 2023, and several initiatives have one; choose by `initiative`"}],
                    "entries": {"nodes": [{"district": {"slug": "harbour"}, "initiative": {"slug": "quay"}},
                        {"district": {"slug": "millbrook"}, "initiative": null}]}},
                "chosen": {"of": 1, "missing": 0, "entries": {"nodes": [{"initiative": {"slug": "mall"}, "observation": {"value": "4"}}]}},
            },
            "visitors": {"latest": {"value": "600", "initiative": null}, "quay": {"value": "50"},
                "series": {"initiative": null, "latest": {"observation": {"value": "600"}}}},
            "compare": {"rows": [
                {"cells": [cell("6".into(), "quay"), json!({"value": null, "initiative": null, "reason": "SEVERAL_INITIATIVES", "explanation": several}), cell("2".into(), "")]},
                {"cells": [cell("600".into(), ""), cell("7".into(), "mall"),
                    json!({"value": null, "initiative": null, "reason": "NO_VALUE", "explanation": "there is no ANNUAL figure of visitors with a value for millbrook"})]}]},
            "shared": {"rows": [{"period": {"code": "2023"}, "cells": [{"value": "6"}, {"value": "2"}]}]},
            "unshared": {"rows": [{"cells": [{"reason": "NO_COMMON_PERIOD"}, {"reason": "NO_COMMON_PERIOD"}]}]},
            "choice": {"rows": [{"cells": [{"value": "3"}]}]},
        }));
        // A period at which several initiatives alone have figures is none to rank at; what an
        // initiative has is a share of what the city has; years without a value are not the longest.
        figures(server, "stalls kingsway/mart 2024 5, stalls kingsway/mall 2024 6, stalls aldermoor 2023 60,
            visitors millbrook 2020-01 3, visitors millbrook 2024 -").await;
        let query = r#"{ metric(slug: "stalls") { ranking(among: {partition: {eq: true}}) { period { code } entries { nodes {
                district { slug } share { value reason } } } } }
            visitors: metric(slug: "visitors") { series(district: "millbrook") { frequency points { period { code } } } } }"#;
        assert_eq!(server.data(query).await, json!({
            "metric": {"ranking": {"period": {"code": "2023"}, "entries": {"nodes": [
                {"district": {"slug": "harbour"}, "share": {"value": "10", "reason": null}},
                {"district": {"slug": "millbrook"}, "share": {"value": "3.33333333333333", "reason": null}}]}}},
            "visitors": {"series": {"frequency": "MONTHLY", "points": [{"period": {"code": "2020-01"}}]}},
        }));
        for query in [
            r#"{ metric(slug: "stalls") { latest(district: "kingsway") { value } } }"#,
            r#"{ district(slug: "kingsway") { latest(metric: "stalls") { value } } }"#,
        ] {
            let (message, code, _) = server.error(query).await;
            assert_eq!((code.as_str(), message.as_str()), ("AMBIGUOUS", several));
        }
        let (message, code, _) = server.error(r#"{ metric(slug: "stalls") { series(district: "kingsway") { frequency } } }"#).await;
        assert_eq!((code.as_str(), message.as_str()), ("AMBIGUOUS", several));
    }

    /// The first points of a part have what lies before it; an index is exact at its own base.
    async fn edges_are_no_ends(server: &Server) {
        city(server).await;
        let query = r#"{ metric(slug: "visitors") {
            series(district: "harbour", from: "2022") { points { period { code }
                movingAverage(over: 2) { value reason inputs { period { code } } }
                long: movingAverage(over: 5) { value reason explanation } } }
            whole: series(district: "harbour", to: "2021") { points {
                movingAverage(over: 2) { value comparator reason }
                index(base: "2020") { value comparator exact }
                quarter: index(base: "2023-Q1") { reason } } } } }"#;
        let inputs = |codes: &[&str]| codes.iter().map(|code| json!({"period": {"code": code}})).collect::<Vec<_>>();
        let few = |points: usize| json!({"value": null, "reason": "TOO_FEW", "explanation": format!("there are only {points} points up to this one, not 5")});
        assert_eq!(server.data(query).await, json!({"metric": {
            "series": {"points": [
                {"period": {"code": "2022"}, "movingAverage": {"value": "540", "reason": null, "inputs": inputs(&["2021", "2022"])}, "long": few(3)},
                {"period": {"code": "2023"}, "movingAverage": {"value": "580", "reason": null, "inputs": inputs(&["2022", "2023"])}, "long": few(4)}]},
            "whole": {"points": [
                {"movingAverage": {"value": null, "comparator": null, "reason": "TOO_FEW"},
                    "index": {"value": "100", "comparator": "EQUAL", "exact": true}, "quarter": {"reason": "NO_BASE"}},
                {"movingAverage": {"value": "510", "comparator": "MORE_THAN", "reason": null},
                    "index": {"value": "104", "comparator": "LESS_THAN", "exact": true}, "quarter": {"reason": "NO_BASE"}}]},
        }}));
    }
}
