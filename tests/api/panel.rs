//! A panel nobody here wrote: 142 countries in twelve years. What the server answers is compared
//! with what `panel/answers.py` worked out without it.

use std::path::Path;

use hutong::package::Package;
use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// A server with the panel in it.
pub(crate) type Panel = Server;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/panel"))
}

/// The panel as a data package.
pub(crate) fn package() -> Package {
    Package::read(|name| std::fs::read(folder().join(name)).ok()).unwrap()
}

/// What was worked out under a name.
pub(crate) fn expected(name: &str) -> Value {
    let text = std::fs::read(folder().join("expected.json")).unwrap();
    let mut all: Value = serde_json::from_slice(&text).unwrap();
    let found = all[name].take();
    assert!(!found.is_null(), "{name}");
    found
}

/// Compares lists item by item, so that what differs is seen.
#[track_caller]
fn assert_items(found: &Value, wanted: &Value, what: &str) {
    let (found, wanted) = (found.as_array().unwrap(), wanted.as_array().unwrap());
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found, wanted, "{what}");
    }
    assert_eq!(found.len(), wanted.len(), "{what}");
}

/// The groups of a question, all on one page.
async fn groups(server: &Server, arguments: &str, fields: &str) -> Value {
    let query = format!(
        "{{ observationGroups(first: 1000, {arguments}) {{ totalCount nodes {{ {fields} }} }} }}"
    );
    let groups = server.data(&query).await["observationGroups"].take();
    assert_eq!(groups["totalCount"], groups["nodes"].as_array().unwrap().len());
    groups["nodes"].clone()
}

/// All that is computed of figures, but sums.
const MEASURES: &str = r#"count missing distinct(of: DISTRICT) mean { value exact } min { value }
    max { value } median { value } low: percentile(p: 10) { value } high: percentile(p: 90) { value }
    third: percentile(p: "33.3") { value } standardDeviation { value exact }
    first { value period { code } district { slug } } last { value period { code } district { slug } }"#;

/// Only the figures of a metric.
fn of(metric: &str) -> String {
    format!("filter: {{metric: {{slug: {{eq: \"{metric}\"}}}}}}")
}

const FELL: &str = r#"{observations: {
    none: {metric: {slug: {eq: "life-expectancy"}}, period: {lt: "1985"}, value: {lt: 35}},
    some: {metric: {slug: {eq: "life-expectancy"}}, period: {gt: "1985"}, value: {lt: 40}}}}"#;

on_each_database! {
    /// What the source printed is what is answered, digit for digit; what it printed with too many
    /// digits is withheld, and says so.
    async fn is_kept_digit_for_digit(server: &Panel) {
        let text = std::fs::read_to_string(folder().join("observation.csv")).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), 5112);
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let query = format!("{{ observations(first: 1000, orderBy: [{{by: RECORDED_AT}}] {after}) {{
                totalCount pageInfo {{ hasNextPage endCursor }} nodes {{
                    metric {{ slug }} district {{ slug }} period {{ code }} value status }} }} }}");
            let page = server.data(&query).await["observations"].take();
            assert_eq!(page["totalCount"], 5112);
            found.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        let wanted = lines.iter().map(|line| {
            let value = Some(&line[3]).filter(|value| !value.is_empty());
            json!({"metric": {"slug": line[0]}, "district": {"slug": line[1]}, "period": {"code": line[2]},
                "value": value, "status": line[7]})
        });
        assert_items(&json!(found), &wanted.collect(), "figures");
        let withheld = server.data(r#"{ observations(filter: {value: {isNull: true}}, orderBy: [{by: PERIOD}]) {
            nodes { status decimals note district { name } } } }"#).await;
        let printed = |digits: &str| format!("Printed as {digits}: the digits of a binary fraction, more than the 15 \
            that are kept on every database. Withheld rather than rounded.");
        assert_eq!(withheld["observations"]["nodes"], json!([
            {"status": "SUPPRESSED", "decimals": 13, "note": printed("6360.9434440000005"), "district": {"name": "Peru"}},
            {"status": "SUPPRESSED", "decimals": 12, "note": printed("40300.619960000004"), "district": {"name": "Kuwait"}},
            {"status": "SUPPRESSED", "decimals": 14, "note": printed("609.17395079999994"), "district": {"name": "Liberia"}},
        ]));
    }

    /// Counts, means, percentiles, deviations, first and last of years, regions and countries.
    async fn is_summed_up_as_worked_out_elsewhere(server: &Panel) {
        for (name, arguments, fields) in [
            ("byYear", "by: [METRIC, YEAR]", format!("key {{ metric {{ slug }} year {{ code }} }} {MEASURES}")),
            ("byRegion", "by: [PARENT_DISTRICT, METRIC]",
             format!("key {{ parentDistrict {{ slug }} metric {{ slug }} }} {MEASURES}")),
            ("byCountry", "by: [DISTRICT, METRIC]",
             "key { district { slug } metric { slug } } count missing mean { value exact } median { value }
              standardDeviation { value exact } last { value period { code } district { slug } }".to_owned()),
            ("populationByYear", &format!("by: [YEAR], {}", of("population")),
             "key { year { code } } sum { value exact } mean { value exact }".to_owned()),
            ("populationByRegion", &format!("by: [PARENT_DISTRICT, YEAR], {}", of("population")),
             "key { parentDistrict { slug } year { code } } sum { value exact } mean { value exact }".to_owned()),
            ("coverage", &format!("by: [PARENT_DISTRICT, YEAR], {}", of("gdp-per-capita")),
             "key { parentDistrict { slug } year { code } } count missing coverage { have of parent { slug } }".to_owned()),
        ] {
            assert_items(&groups(server, arguments, &fields).await, &expected(name), name);
        }
    }

    /// What may not be added up is refused, and says why.
    async fn is_added_up_only_where_that_has_a_meaning(server: &Panel) {
        for (arguments, why) in [
            (of("life-expectancy"), "figures of life-expectancy may not be added up: their metrics are not declared additive"),
            (of("gdp-per-capita"), "figures of gdp-per-capita may not be added up: their metrics are not declared additive"),
            (of("population"), "figures of population count what is there at a time, so those of different periods (1952 and others)"),
            ("filter: {}".to_owned(), "figures of life-expectancy, gdp-per-capita may not be added up"),
        ] {
            let sum = &groups(server, &format!("by: [DISTRICT], {arguments}"), "sum { value reason explanation }").await[0]["sum"];
            assert_eq!((&sum["value"], &sum["reason"]), (&Value::Null, &json!("NOT_ADDITIVE")), "{sum}");
            assert!(sum["explanation"].as_str().unwrap().starts_with(why), "{sum}");
        }
        let mean = &groups(server, "by: [YEAR]", "mean { value reason explanation }").await[0]["mean"];
        assert_eq!(mean, &json!({"value": null, "reason": "UNLIKE_UNITS", "explanation": "life-expectancy, population, \
            gdp-per-capita are in different units; group by UNIT or METRIC, or filter to one metric"}));
        // Income per head is no amount that could be divided among heads.
        let data = server.data(r#"{ observations(filter: {district: {slug: {eq: "china"}}, period: {eq: "2007"}},
            orderBy: [{by: RECORDED_AT}]) { nodes {
            per(metric: "population") { value { value reason explanation } denominator { value } } } } }"#).await;
        let per = |value: Value| json!({"per": {"value": value, "denominator": {"value": "1318683096"}}});
        let refused = |metric: &str| per(json!({"value": null, "reason": "NOT_APPLICABLE",
            "explanation": format!("{metric} is no amount that could be divided among others")}));
        assert_eq!(data["observations"]["nodes"], json!([refused("life-expectancy"),
            per(json!({"value": "1", "reason": null, "explanation": null})), refused("gdp-per-capita")]));
    }

    /// The countries with the most people of each region.
    async fn gives_the_largest_of_each_region(server: &Panel) {
        let largest = groups(server, r#"by: [PARENT_DISTRICT], filter: {metric: {slug: {eq: "population"}}, period: {eq: "2007"}}"#,
            "key { parentDistrict { slug } } observations(first: 3, orderBy: [{by: VALUE, direction: DESC}]) {
                totalCount nodes { value district { slug } } }").await;
        assert_eq!(largest, expected("largest"));
    }

    /// Groups chosen and ordered by what was computed, whole and page by page.
    async fn is_ordered_by_what_was_computed(server: &Panel) {
        let norway = expected("noLessThanNorway");
        let country = |measure: &str| format!("key {{ district {{ slug }} }} {measure} {{ value }}");
        for (what, wanted, arguments, fields) in [
            ("long lived", expected("longLived"),
             format!("by: [DISTRICT], {}, having: {{mean: {{gte: 72}}}}, orderBy: [{{measure: MEAN, direction: DESC}}]", of("life-expectancy")),
             "key { district { slug } } mean { value exact }".to_owned()),
            ("no less than Norway", norway["nodes"].clone(),
             format!("by: [DISTRICT], {}, having: {{median: {{gte: {}}}}}, orderBy: [{{measure: MEDIAN}}]", of("life-expectancy"), norway["edge"]),
             country("median")),
            ("crowded", expected("crowded"),
             format!("by: [PARENT_DISTRICT, YEAR], {}, having: {{sum: {{gt: 500000000}}}}, orderBy: [{{measure: SUM, direction: DESC}}]", of("population")),
             "key { parentDistrict { slug } year { code } } sum { value }".to_owned()),
            ("unsteady", expected("unsteady"),
             format!("by: [DISTRICT], {}, orderBy: [{{measure: STANDARD_DEVIATION, direction: DESC}}]", of("gdp-per-capita")),
             country("standardDeviation")),
            ("poorest", expected("poorest"), format!("by: [DISTRICT], {}, orderBy: [{{measure: MIN}}]", of("gdp-per-capita")),
             country("min")),
        ] {
            assert_items(&groups(server, &arguments, &fields).await, &wanted, what);
            let mut walked = Vec::new();
            let mut after = String::new();
            loop {
                let query = format!("{{ observationGroups(first: 13, {arguments} {after}) {{
                    nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}");
                let page = server.data(&query).await["observationGroups"].take();
                walked.extend(page["nodes"].as_array().unwrap().iter().cloned());
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = format!(", after: {}", page["pageInfo"]["endCursor"]);
            }
            assert_items(&json!(walked), &wanted, what);
        }
    }

    /// Changes, indexes, extremes and rates of growth over the years.
    async fn is_followed_over_time(server: &Panel) {
        const CHANGE: &str = "absolute { value reason } percent { value reason }";
        let changes = server.data(&format!("{{ districts(first: 1000, filter: {{kind: {{eq: COUNTRY}}}}) {{ nodes {{
            observations(filter: {{period: {{eq: \"2002\"}}}}, orderBy: [{{by: RECORDED_AT}}]) {{ nodes {{
                district {{ slug }} metric {{ slug }} value change {{ from {{ value period {{ code }} }} {CHANGE} }}
                since: change(basis: BASE, base: \"1952\") {{ {CHANGE} }} }} }} }} }} }}")).await;
        let countries = changes["districts"]["nodes"].as_array().unwrap().iter();
        let changes = countries.flat_map(|country| country["observations"]["nodes"].as_array().unwrap().clone());
        assert_items(&changes.collect(), &expected("changes"), "changes");
        for (country, metrics) in expected("series").as_object().unwrap() {
            for (metric, wanted) in metrics.as_object().unwrap() {
                let query = format!("{{ metric(slug: \"{metric}\") {{ series(district: \"{country}\") {{
                    frequency first {{ period {{ code }} }} latest {{ period {{ code }} }}
                    minimum {{ period {{ code }} observation {{ value }} }} maximum {{ period {{ code }} observation {{ value }} }}
                    cagr {{ value exact }} points {{ period {{ code }} observation {{ value }} change {{ {CHANGE} }}
                        since: change(basis: BASE, base: \"1977\") {{ {CHANGE} }} index(base: \"1977\") {{ value reason }} }} }} }} }}");
                let series = server.data(&query).await["metric"]["series"].take();
                assert_items(&series["points"], &wanted["points"], &format!("{metric} of {country}"));
                assert_eq!(&series, wanted);
            }
        }
        // Between two figures are four years without one, which no average bridges, nor any sum.
        let gaps = server.data(r#"{ metric(slug: "population") { series(district: "china", from: "2002", gaps: NULL) { points {
            period { code } movingAverage(over: 2) { reason explanation } cumulative { reason }
            change(basis: YEAR_AGO) { absolute { reason } } } } } }"#).await;
        let point = |year: &str, average: Value, change: &str| json!({"period": {"code": year}, "movingAverage": average,
            "cumulative": {"reason": "NOT_ADDITIVE"}, "change": {"absolute": {"reason": change}}});
        let none = |year: &str| json!({"reason": "NO_VALUE", "explanation": format!("there is no figure with a value for {year}")});
        assert_eq!(gaps["metric"]["series"]["points"], json!([
            point("2002", none("1998"), "NO_BASE"),
            point("2003", none("2003"), "NO_VALUE"), point("2004", none("2003"), "NO_VALUE"),
            point("2005", none("2004"), "NO_VALUE"), point("2006", none("2005"), "NO_VALUE"),
            point("2007", none("2006"), "NO_BASE"),
        ]));
    }

    /// Countries chosen by their figures, and regions by those of their countries.
    async fn is_filtered_by_related_rows(server: &Panel) {
        let lives = r#"metric: {slug: {eq: "life-expectancy"}}"#;
        let income = r#"metric: {slug: {eq: "gdp-per-capita"}}"#;
        let people = r#"metric: {slug: {eq: "population"}}"#;
        let wanted = expected("filters");
        let cases = [
            ("someBelow30", format!("{{observations: {{some: {{{lives}, value: {{lt: 30}}}}}}}}")),
            ("everyOver10000", format!("{{observations: {{every: {{or: [{{not: {{{income}}}}}, {{value: {{gt: 10000}}}}]}}}}}}")),
            ("noneOverMillion", format!("{{observations: {{none: {{{people}, value: {{gt: 1000000}}}}}}}}")),
            ("sixOver70", format!("{{observations: {{count: {{eq: 6}}, counting: {{{lives}, value: {{gt: 70}}}}}}}}")),
            ("threeOver75", format!("{{observations: {{count: {{gte: 3}}, counting: {{{lives}, value: {{gt: 75}}}}}}}}")),
            ("withheld", "{observations: {some: {status: {eq: SUPPRESSED}}}}".to_owned()),
            ("richAfrican", format!("{{parent: {{slug: {{eq: \"africa\"}}}}, observations: {{some: {{{income}, period: {{eq: \"2007\"}}, value: {{gt: 10000}}}}}}}}")),
            ("fell", FELL.to_owned()),
        ];
        for (name, filter) in &cases {
            assert_slugs(server, &format!("{{and: [{{kind: {{eq: COUNTRY}}}}, {filter}]}}"), &wanted[name]).await;
        }
        let region = "kind: {eq: REGION}";
        let alive = format!("{lives}, period: {{eq: \"2007\"}}, value: {{gt: 60}}");
        assert_slugs(server, &format!("{{{region}, children: {{every: {{observations: {{some: {{{alive}}}}}}}}}}}"), &wanted["regionsOver60"]).await;
        assert_slugs(server, &format!("{{{region}, children: {{count: {{gte: 30}}}}}}"), &wanted["regionsOf30"]).await;
        assert_eq!(wanted.as_object().unwrap().len(), cases.len() + 2);
    }

    /// Every country is the first to be found by its name, whatever marks it is written with.
    async fn is_found_by_name(server: &Panel) {
        const QUERY: &str = "query ($query: String!) { search(query: $query, types: [DISTRICT], first: 5) { nodes { node { ... on District { slug } } } } }";
        let names = expected("names");
        let own = names.as_object().unwrap().iter().map(|(slug, name)| (name.as_str().unwrap(), slug.as_str()));
        let spelt = [
            ("Côte d’Ivoire", "cote-d-ivoire"), ("COTE D'IVOIRE", "cote-d-ivoire"), ("sao tome and pr", "sao-tome-and-principe"),
            ("são tomé", "sao-tome-and-principe"), ("Réunion", "reunion"), ("guinea bissau", "guinea-bissau"),
            ("Hong Kong", "hong-kong-china"), ("Ｊａｐａｎ", "japan"), ("bosnia herz", "bosnia-and-herzegovina"),
        ];
        for (query, slug) in own.chain(spelt) {
            let data = server.ask_with(QUERY, json!({ "query": query })).await.data();
            assert_eq!(data["search"]["nodes"][0]["node"]["slug"], slug, "{query}");
        }
    }

    /// As many statements for all regions as for the smallest.
    async fn takes_as_many_statements_for_all_as_for_one(server: &Panel) {
        let within = |regions: &str| format!("district: {{parent: {{slug: {{in: [{regions}]}}}}}}");
        let ask = |regions: &str| {
            let within = within(regions);
            format!("{{ districts(first: 5, filter: {{slug: {{in: [{regions}]}}}}) {{ nodes {{ name children(first: 1000) {{ nodes {{ name
                    latest(metric: \"population\") {{ value change {{ percent {{ value }} }} }}
                    observations(first: 3) {{ nodes {{ value metric {{ unit {{ symbol }} }} previous {{ value }} }} }}
                    observationSummary(filter: {{metric: {{slug: {{eq: \"life-expectancy\"}}}}}}) {{ mean {{ value }} median {{ value }} }} }} }} }} }}
                observationGroups(first: 1000, by: [DISTRICT, METRIC], filter: {{{within}}}) {{ totalCount nodes {{ key {{ district {{ parent {{ slug }} }} metric {{ slug }} }}
                    mean {{ value }} standardDeviation {{ value }} coverage {{ have }} last {{ value }} observations(first: 1) {{ nodes {{ value }} }} }} }} }}")
        };
        let few = server.ask(&ask(r#""oceania""#)).await;
        let all = server.ask(&ask(r#""africa", "americas", "asia", "europe", "oceania""#)).await;
        let size = |answer: &crate::Answer| answer.data()["observationGroups"]["totalCount"].clone();
        assert_eq!((size(&few), size(&all)), (json!(2 * 3), json!(142 * 3)));
        assert!(few.statements.is_some());
        assert_eq!(few.statements, all.statements);
    }
}

/// Compares the slugs of the places under a filter, in the order of loading.
async fn assert_slugs(server: &Server, filter: &str, wanted: &Value) {
    let query =
        format!("{{ districts(first: 1000, filter: {filter}) {{ totalCount nodes {{ slug }} }} }}");
    let data = server.data(&query).await;
    let nodes = data["districts"]["nodes"].as_array().unwrap();
    let slugs: Vec<&Value> = nodes.iter().map(|node| &node["slug"]).collect();
    assert_eq!(json!(slugs), *wanted, "{filter}");
    assert_eq!(data["districts"]["totalCount"], slugs.len(), "{filter}");
}
