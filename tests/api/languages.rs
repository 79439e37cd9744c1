//! The languages a request prefers, and figures as text in them.

use reqwest::header::HeaderValue;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database};

/// The answer to a request with this `Accept-Language`.
async fn ask(server: &Server, preferred: &[u8], query: &str) -> Answer {
    let header = HeaderValue::from_bytes(preferred).unwrap();
    let request = server.client().post(server.url("/graphql")).header("accept-language", header);
    Answer::read(request.json(&json!({ "query": query })).send().await.unwrap()).await
}

const AR: &str = "هاي ديان";
const EN: &str = "Haidian";
const ZH: &str = "海淀区";

/// Figures by the slugs of their metrics, as text in English, Chinese, Arabic and German.
const FIGURES: [(&str, [&str; 4]); 9] = [
    (
        "digital-economy-value-added",
        [
            "more than 2.4 trillion Chinese yuan",
            "超过2.4万亿人民币",
            "أكثر من 2.4 ترليون يوان صيني",
            "> 2,4 Billionen Renminbi Yuan",
        ],
    ),
    (
        "autonomous-driving-test-distance",
        [
            "more than 48 million kilometers",
            "超过4800万公里",
            "أكثر من 48 مليون كيلومتر",
            "> 48 Millionen Kilometer",
        ],
    ),
    ("digital-economy-share-of-gdp", ["46.4%", "46.4%", "46.4\u{200e}%\u{200e}", "46,4\u{a0}%"]),
    ("new-energy-vehicle-output-growth", ["140%", "140%", "140\u{200e}%\u{200e}", "140\u{a0}%"]),
    (
        "integrated-circuit-output-growth",
        ["more than 10%", "超过10%", "أكثر من 10\u{200e}%\u{200e}", "> 10\u{a0}%"],
    ),
    (
        "registered-large-models-national-share",
        ["nearly 30%", "近30%", "قرابة 30\u{200e}%\u{200e}", "≲ 30\u{a0}%"],
    ),
    // Nobody has the name of these units in German: all of it is English.
    (
        "5g-base-stations",
        ["153.4 thousand stations", "15.34万个基站", "153.4 ألف محطة", "153.4 thousand stations"],
    ),
    (
        "5g-base-stations-per-10000-persons",
        [
            "70 stations per 10,000 persons",
            "70个基站每万人",
            "70 محطة لكل عشرة آلاف شخص",
            "70 stations per 10,000 persons",
        ],
    ),
    (
        "computing-power",
        [
            "more than 60,000 petaflops",
            "超过60,000千万亿次每秒（PFLOPS）",
            "أكثر من 60,000 بيتافلوبس",
            "more than 60,000 petaflops",
        ],
    ),
];

on_each_database! {
    /// Without an argument the header counts, best first; what is malformed in it does not.
    async fn the_header_is_the_default(server: &Server) {
        let query = r#"{ district(slug: "haidian") { name arabic: name(language: "ar") } }"#;
        let endless = "zh,".repeat(2000);
        for (header, wanted) in [
            ("zh", ZH),
            ("AR-eg", AR),
            ("zh-Hant-TW", ZH),
            ("fr, zh-Hant-TW;q=0.8, ar;q=0.9", AR),
            ("fr-CH, fr;q=0.9, zh;q=0.8, en;q=0.7", ZH),
            ("en;q=0.5, zh;q=0.501", ZH),
            ("zh;q=0, ar;q=0.1", AR),
            ("*, zh;q=0.5", EN),
            ("tlh", EN),
            ("tlh, und", EN),
            ("", EN),
            ("zh;q=9", EN),
            ("zh_CN", EN),
            ("zh_CN, ;;, ar", AR),
            ("no language at all; really", EN),
            (&endless, EN),
        ] {
            let answer = ask(server, header.as_bytes(), query).await;
            assert_eq!(answer.data(), json!({ "district": { "name": wanted, "arabic": AR } }), "{header}");
        }
        let answer = ask(server, b"zh, \xff\xfe", query).await;
        assert_eq!(answer.data()["district"]["name"], EN);
        assert_eq!(server.data(query).await["district"]["name"], EN);
    }

    /// Every text follows the header, those of the data set and those that may be null too.
    async fn every_text_follows_the_header(server: &Server) {
        let texts = |argument: &str| format!(r#"{{
            dataset {{ title{argument} description{argument} }}
            metric(slug: "computing-power") {{ name{argument} description{argument} unit {{ name{argument} }} }}
            initiatives {{ nodes {{ title{argument} summary{argument} claims {{ nodes {{ statement{argument} }} }} }} }}
            observations {{ nodes {{ note{argument} display{argument} }} }}
            theme(slug: "5g") {{ name{argument} }} sources {{ nodes {{ title{argument} }} }}
        }}"#);
        let mut answers = Vec::new();
        for language in ["ar", "en", "zh"] {
            let asked = server.data(&texts(&format!("(language: \"{language}\")"))).await;
            assert_eq!(ask(server, language.as_bytes(), &texts("")).await.data(), asked);
            answers.push(asked);
        }
        assert!(answers[0] != answers[1] && answers[1] != answers[2] && answers[0] != answers[2]);
    }

    /// A cache between here and the client keeps the languages apart.
    async fn caches_are_told(server: &Server) {
        for query in ["{ districts { nodes { name } } }", "{ nothing }"] {
            let request = server.client().get(server.url("/graphql")).query(&[("query", query)]);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["vary"], "accept, accept-encoding, accept-language, authorization");
        }
    }

    /// Numbers, units and comparators as each language writes them.
    async fn figures_are_text_for_people(server: &Server) {
        for (metric, wanted) in FIGURES {
            let query = format!(r#"{{ metric(slug: "{metric}") {{ observations {{ nodes {{
                en: display(language: "en") zh: display(language: "zh") ar: display(language: "ar")
                de: display(language: "de") none: display }} }} }} }}"#);
            let data = server.data(&query).await;
            let [en, zh, ar, de] = wanted;
            let wanted = json!([{ "en": en, "zh": zh, "ar": ar, "de": de, "none": en }]);
            assert_eq!(data["metric"]["observations"]["nodes"], wanted, "{metric}");
        }
    }

    /// The next language of the header takes the place of one that lacks the unit, and a region
    /// or a key of the tag decides the digits.
    async fn a_figure_is_in_one_language(server: &Server) {
        let query = r#"{
            power: metric(slug: "computing-power") { observations { nodes { display } } }
            share: metric(slug: "digital-economy-share-of-gdp") { observations { nodes { display } } }
        }"#;
        for (header, power, share) in [
            ("de, zh;q=0.5", "超过60,000千万亿次每秒（PFLOPS）", "46,4\u{a0}%"),
            ("tlh, zh-cmn;q=0.5", "超过60,000千万亿次每秒（PFLOPS）", "46.4%"),
            ("i-klingon", "more than 60,000 petaflops", "46.4%"),
            ("ar-EG", "أكثر من ٦٠٬٠٠٠ بيتافلوبس", "٤٦٫٤\u{200e}%\u{200e}"),
            ("ar-EG-u-nu-latn", "أكثر من 60,000 بيتافلوبس", "46.4\u{200e}%\u{200e}"),
            ("en-u-nu-arab", "more than ٦٠,٠٠٠ petaflops", "٤٦.٤%"),
        ] {
            let data = ask(server, header.as_bytes(), query).await.data();
            let text = |metric: &str| data[metric]["observations"]["nodes"][0]["display"].clone();
            assert_eq!([text("power"), text("share")], [power, share], "{header}");
        }
    }

    /// A missing figure has no text, and what is no language is refused.
    async fn what_is_missing_is_null(server: &Server) {
        let writer = server.store.connection().await;
        let sql = "UPDATE observation SET value = NULL, status = 'MISSING' WHERE slug = 'computing-power-2025'";
        writer.execute_unprepared(sql).await.unwrap();
        writer.close().await.unwrap();
        let query = r#"{ metric(slug: "computing-power") { observations { nodes { value display } } } }"#;
        let wanted = json!({ "metric": { "observations": { "nodes": [{ "value": null, "display": null }] } } });
        assert_eq!(server.data(query).await, wanted);
        let (message, code, _) =
            server.error(r#"{ observations(first: 1) { nodes { display(language: "zh_CN") } } }"#).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("is no language tag"), "{message}");
        let long = format!("en-x-{}", vec!["a"; 60].join("-"));
        let (message, _, _) =
            server.error(&format!(r#"{{ observations(first: 1) {{ nodes {{ display(language: "{long}") }} }} }}"#)).await;
        assert!(message.contains("(it has 124 characters, but may have 100); write one like"), "{message}");
    }

    /// Two statements more, for the metrics and their units, however many figures and languages.
    async fn texts_take_a_fixed_number_of_statements(server: &Server) {
        for (query, statements) in [
            ("{ observations(first: 1) { nodes { display } } }", 3),
            ("{ observations { nodes { display } } }", 3),
            (r#"{ observations { nodes { display unit { name } ar: display(language: "ar") zh: display(language: "zh") } } }"#, 3),
            ("{ districts { nodes { observations { nodes { display } } } } }", 4),
        ] {
            let answer = server.ask(query).await;
            assert_ne!(answer.data(), Value::Null);
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }
}
