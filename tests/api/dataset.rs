//! The bundled data set: every number of its document, and what is honestly not there.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// A figure: metric, period, value on the wire, comparator, unit, whose own it is, paragraph.
type Figure =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, u8);

/// Read from the document by hand, once more than the data set was.
const FIGURES: [Figure; 24] = [
    ("digital-economy-value-added", "2025", "2400000000000", "MORE_THAN", "CNY", "", 2),
    ("digital-economy-value-added-growth", "2025", "8.7", "EQUAL", "%", "", 2),
    ("digital-economy-share-of-gdp", "2025", "46.4", "EQUAL", "%", "", 2),
    ("core-industries-value-added-growth", "2025", "10.4", "EQUAL", "%", "", 2),
    ("core-industries-share-of-gdp", "2025", "29.3", "EQUAL", "%", "", 2),
    ("electronics-value-added-growth", "2025", "20.2", "EQUAL", "%", "", 2),
    ("information-services-value-added-growth", "2025", "11", "EQUAL", "%", "", 2),
    ("registered-large-models", "2025", "209", "EQUAL", "model", "large-model-registration", 3),
    (
        "registered-large-models-national-share",
        "2025",
        "30",
        "NEARLY",
        "%",
        "large-model-registration",
        3,
    ),
    ("digital-technology-adoption", "2021", "40", "EQUAL", "%", "", 4),
    ("digital-technology-adoption", "2024", "70", "EQUAL", "%", "", 4),
    (
        "excellence-level-factories",
        "2025",
        "19",
        "EQUAL",
        "factory",
        "smart-manufacturing-upgrade",
        5,
    ),
    (
        "advanced-level-smart-factories",
        "2025",
        "178",
        "EQUAL",
        "factory",
        "smart-manufacturing-upgrade",
        5,
    ),
    ("new-energy-vehicle-output", "2025", "699000", "EQUAL", "vehicle", "", 5),
    ("new-energy-vehicle-output-growth", "2025", "140", "EQUAL", "%", "", 5),
    ("integrated-circuit-output-growth", "2025", "10", "MORE_THAN", "%", "", 5),
    ("wind-turbine-output-growth", "2025", "10", "MORE_THAN", "%", "", 5),
    ("online-hospitals", "2025", "119", "EQUAL", "hospital", "digital-health-services", 6),
    (
        "online-care-institutions",
        "2025",
        "346",
        "EQUAL",
        "institution",
        "digital-health-services",
        6,
    ),
    ("smart-city-satisfaction", "2025", "82.8", "EQUAL", "point", "smart-city-construction", 6),
    ("5g-base-stations", "2025", "153400", "EQUAL", "station", "5g-network", 7),
    (
        "5g-base-stations-per-10000-persons",
        "2025",
        "70",
        "EQUAL",
        "stations/10,000 persons",
        "5g-network",
        7,
    ),
    ("computing-power", "2025", "60000", "MORE_THAN", "PFLOPS", "computing-power-resources", 7),
    (
        "autonomous-driving-test-distance",
        "2025",
        "48000000",
        "MORE_THAN",
        "km",
        "autonomous-driving-tests",
        7,
    ),
];

fn nodes(value: &Value) -> Vec<Value> {
    value["nodes"].as_array().unwrap().clone()
}

on_each_database! {
    /// Every number of the document once, with its period, unit, comparator and place in the text.
    async fn has_exactly_the_figures_of_the_document(server: &Server) {
        let data = server.data(
            "{ observations(first: 100) { totalCount nodes {
                value comparator locator publishedOn revision period { code }
                district { slug } initiative { slug } metric { slug } unit { symbol }
                source { slug } } } }",
        ).await;
        assert_eq!(data["observations"]["totalCount"], 24);
        let mut found = nodes(&data["observations"]);
        let mut wanted: Vec<Value> = FIGURES.iter().map(|figure| {
            let &(metric, period, value, comparator, unit, initiative, paragraph) = figure;
            let initiative = match initiative {
                "" => Value::Null,
                slug => json!({ "slug": slug }),
            };
            json!({
                "value": value, "comparator": comparator,
                "locator": format!("paragraph {paragraph}"),
                "publishedOn": "2026-01-27", "revision": 1, "period": { "code": period },
                "district": { "slug": "beijing" }, "initiative": initiative,
                "metric": { "slug": metric }, "unit": { "symbol": unit },
                "source": { "slug": "beijing-daily-2026-01-27" },
            })
        }).collect();
        let key = |figure: &Value| format!("{} {}", figure["metric"]["slug"], figure["period"]["code"]);
        found.sort_by_key(key);
        wanted.sort_by_key(key);
        assert_eq!(found, wanted);
    }

    /// What was printed can be told from what it means.
    async fn tells_how_the_odd_figures_were_printed(server: &Server) {
        let data = server.data(
            r#"{ observations(filter: { slug: { in: [
                "digital-economy-value-added-2025", "computing-power-2025",
                "new-energy-vehicle-output-growth-2025", "digital-economy-value-added-growth-2025",
                "excellence-level-factories-2025"] } }, orderBy: [{by: VALUE}]) { nodes {
                value decimals multiplier unitAsPrinted status priceBasis referenceDate } } }"#,
        ).await;
        assert_eq!(data["observations"]["nodes"], json!([
            { "value": "8.7", "decimals": 1, "multiplier": 0, "unitAsPrinted": "%",
              "status": "NORMAL", "priceBasis": "CURRENT", "referenceDate": null },
            { "value": "19", "decimals": 0, "multiplier": 0, "unitAsPrinted": "مصنعًا",
              "status": "NORMAL", "priceBasis": null, "referenceDate": "2025-12-31" },
            { "value": "140", "decimals": 1, "multiplier": 2, "unitAsPrinted": "ضعف",
              "status": "NORMAL", "priceBasis": null, "referenceDate": null },
            { "value": "60000", "decimals": 0, "multiplier": 0, "unitAsPrinted": "بيتابايت",
              "status": "UNRELIABLE", "priceBasis": null, "referenceDate": null },
            { "value": "2400000000000", "decimals": 1, "multiplier": 12,
              "unitAsPrinted": "تريليون يوان", "status": "NORMAL", "priceBasis": null,
              "referenceDate": null },
        ]));
    }

    /// Every figure says in every language how it was read.
    async fn says_how_each_figure_was_read(server: &Server) {
        let data = server.data("{ observations(first: 100) { nodes { notes { language text } } } }").await;
        for figure in nodes(&data["observations"]) {
            let notes = figure["notes"].as_array().unwrap();
            let languages: Vec<&Value> = notes.iter().map(|note| &note["language"]).collect();
            assert_eq!(languages, ["ar", "en", "zh"]);
            assert!(notes.iter().all(|note| note["text"].as_str().unwrap().chars().count() > 10));
        }
    }

    /// Haidian has two initiatives and no figure: the city's are not handed down.
    async fn a_district_without_figures_has_none(server: &Server) {
        let data = server.data(
            r#"{ district(slug: "haidian") { name kind initiatives { totalCount nodes { slug status } }
                observations { totalCount nodes { value } } parent { slug } } }"#,
        ).await;
        assert_eq!(data["district"], json!({
            "name": "Haidian", "kind": "DISTRICT", "parent": { "slug": "beijing" },
            "initiatives": { "totalCount": 2, "nodes": [
                { "slug": "embodied-ai-framework", "status": "LAUNCHED" },
                { "slug": "embodied-brain", "status": "LAUNCHED" },
            ] },
            "observations": { "totalCount": 0, "nodes": [] },
        }));
        let data = server.data(
            r#"{ districts(filter: { slug: { ne: "beijing" } }) { totalCount nodes {
                observations { totalCount } } } }"#,
        ).await;
        assert_eq!(data["districts"]["totalCount"], 16);
        for district in nodes(&data["districts"]) {
            assert_eq!(district["observations"]["totalCount"], 0);
        }
    }

    /// Eleven places have something to say; six more are only referred to.
    async fn knows_the_places(server: &Server) {
        let data = server.data(
            "{ districts(first: 100) { nodes { slug kind partition initiatives { totalCount } } } }",
        ).await;
        let districts = nodes(&data["districts"]);
        let with = |some: bool| {
            let mut slugs: Vec<String> = districts
                .iter()
                .filter(|district| (district["initiatives"]["totalCount"] != 0) == some)
                .map(|district| district["slug"].as_str().unwrap().to_owned())
                .collect();
            slugs.sort();
            slugs
        };
        assert_eq!(with(true), [
            "beijing", "beijing-economic-technological-development-area", "changping", "chaoyang",
            "daxing-airport-economic-zone", "haidian", "huairou", "miyun", "shijingshan", "shunyi",
            "xicheng",
        ]);
        assert_eq!(with(false), ["china", "hebei", "hong-kong", "inner-mongolia", "tianjin", "world"]);
        let overlapping: Vec<&Value> = districts
            .iter()
            .filter(|district| district["partition"] == false)
            .map(|district| &district["kind"])
            .collect();
        assert_eq!(overlapping, ["DEVELOPMENT_AREA", "ECONOMIC_ZONE"]);
    }

    /// Claims stand where the document puts them, aspirations apart from what was reached.
    async fn has_the_claims_of_the_document(server: &Server) {
        let data = server.data(
            "{ claims(orderBy: [{by: KIND}, {by: SLUG}]) { totalCount nodes { slug kind position
                period { code } scope { slug } initiative { slug } observation { slug } } } }",
        ).await;
        let row = |slug: &str, kind: &str, position: Value, period: Value, scope: Value,
                   initiative: Value, observation: Value| json!({
            "slug": slug, "kind": kind, "position": position,
            "period": if period.is_null() { period } else { json!({ "code": period }) },
            "scope": if scope.is_null() { scope } else { json!({ "slug": scope }) },
            "initiative": if initiative.is_null() { initiative } else { json!({ "slug": initiative }) },
            "observation": if observation.is_null() { observation } else { json!({ "slug": observation }) },
        });
        let none = Value::Null;
        assert_eq!(data["claims"]["totalCount"], 8);
        assert_eq!(nodes(&data["claims"]), [
            row("first-city-of-ai", "ASPIRATION", none.clone(), none.clone(), none.clone(),
                "first-city-of-ai".into(), none.clone()),
            row("model-city-of-digital-economy", "ASPIRATION", none.clone(), none.clone(),
                "world".into(), "model-city".into(), none.clone()),
            row("first-humanoid-robot-venue", "FIRST", 1.into(), none.clone(), "world".into(),
                "humanoid-robot-venue".into(), none.clone()),
            row("first-listed-large-model-company", "FIRST", 1.into(), "2026-01-08".into(),
                "world".into(), "zhipu-listing".into(), none.clone()),
            row("first-open-source-embodied-framework", "FIRST", 1.into(), none.clone(),
                "world".into(), "embodied-ai-framework".into(), none.clone()),
            row("forefront-of-autonomous-driving", "FOREFRONT", none.clone(), "2025".into(),
                "china".into(), none.clone(), "autonomous-driving-test-distance-2025".into()),
            row("most-5g-stations-per-person", "RANK", 1.into(), "2025".into(), "china".into(),
                none.clone(), "5g-base-stations-per-10000-persons-2025".into()),
            row("highest-satisfaction", "RECORD", none.clone(), "2021/2025".into(),
                "beijing".into(), none.clone(), "smart-city-satisfaction-2025".into()),
        ]);
    }

    /// Shares, rates, ratios, growths and scores are never to be added up.
    async fn only_levels_can_be_added_up(server: &Server) {
        let data = server.data("{ metrics(first: 100) { totalCount nodes { slug measure aggregation } } }").await;
        assert_eq!(data["metrics"]["totalCount"], 23);
        for metric in nodes(&data["metrics"]) {
            if metric["measure"] != "LEVEL" {
                assert_eq!(metric["aggregation"], "NONE", "{metric}");
            }
        }
    }

    /// The data set says what it is, and that the year of its document was inferred.
    async fn describes_itself_and_its_source(server: &Server) {
        let data = server.data(
            r#"{ dataset { slug title(language: "zh") licence version languages revision }
                sources { nodes { publisher language publishedOn dateBasis url licence
                    observations { totalCount } claims { totalCount } initiatives { totalCount } } }
                initiatives { totalCount } organizations { totalCount } themes { totalCount }
                units { totalCount } }"#,
        ).await;
        assert_eq!(data, json!({
            "dataset": {
                "slug": "beijing-digital-economy-2025", "title": "北京数字经济2025",
                "licence": "CC-BY-4.0", "version": "1.0.0", "languages": ["ar", "en", "zh"],
                "revision": "1",
            },
            "sources": { "nodes": [{
                "publisher": "Beijing Daily", "language": "ar", "publishedOn": "2026-01-27",
                "dateBasis": "INFERRED", "url": null, "licence": null,
                "observations": { "totalCount": 24 }, "claims": { "totalCount": 8 },
                "initiatives": { "totalCount": 25 },
            }] },
            "initiatives": { "totalCount": 25 }, "organizations": { "totalCount": 6 },
            "themes": { "totalCount": 19 }, "units": { "totalCount": 12 },
        }));
    }
}
