//! Filters on names and other texts for people: spellings of one word are one, as in `search`.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{Server, on_each_database, search::found};

/// The slugs of the units whose names meet conditions, sorted.
async fn units(server: &Server, name: Value) -> Vec<String> {
    let query = "query ($name: LocalizedTextFilter) {
        units(first: 1000, filter: { name: $name }) { totalCount nodes { slug } } }";
    let data = server.ask_with(query, json!({ "name": name })).await.data();
    let nodes = data["units"]["nodes"].as_array().unwrap();
    assert_eq!(data["units"]["totalCount"], nodes.len(), "{name}");
    let slugs = nodes.iter().map(|node| node["slug"].as_str().unwrap().to_owned());
    let mut slugs: Vec<String> = slugs.collect();
    slugs.sort();
    slugs
}

/// Writes a unit for each name, with these slugs.
async fn name(server: &Server, names: &[(&str, &str)]) {
    let rows = names.iter().zip(1..).map(|((slug, name), number)| {
        let fields = [*slug, &format!("symbol{number}"), "COUNT", name];
        (number, fields.map(str::to_owned).to_vec())
    });
    let columns = ["slug", "symbol", "dimension", "name_en"];
    let columns = columns.map(str::to_owned).to_vec();
    let rows = hutong::record::Rows { origin: "test".to_owned(), columns, rows: rows.collect() };
    let by = hutong::record::By::operator("a test");
    let now = crate::server::now();
    let mut writer = hutong::record::Writer::begin(&server.store.database, now, by).await.unwrap();
    writer.write("unit", &rows).await.unwrap();
    writer.commit().await.unwrap();
}

/// Names, other spellings of a part of each, and what is no part of it.
const SPELLINGS: [(&str, &str, &[&str], &[&str]); 20] = [
    ("gdp", "Gdp per head", &["GDP", "gdp", "ＧＤＰ", "GDP PER HEAD"], &["gdphead", "hdp"]),
    (
        "accents",
        "Évolution à Łódź",
        &["evolution", "ÉVOLUTION", "lodz", "E\u{301}volution"],
        &["lods"],
    ),
    ("german", "Straße über Ærø", &["STRASSE", "strasse uber aero", "straße"], &["strase"]),
    ("turkish", "Iğdır İli", &["igdir", "IĞDIR", "ili"], &["iqdir"]),
    ("vietnamese", "Thừa Thiên Huế", &["thua thien", "HUE"], &["thu thien"]),
    ("greek", "Σοφός Άνθρωπος", &["ΣΟΦΟΣ", "σοφος ανθρωπος", "οσ α"], &["σοφα"]),
    ("russian", "Ёлка Москва", &["елка", "МОСКВА"], &["масква"]),
    ("simplified", "数字经济", &["數字經濟", "经濟", "數"], &["数经", "位"]),
    ("traditional", "臺灣發展 資訊產業", &["台湾", "发展", "资讯产业"], &["信息"]),
    ("japanese", "ガス料金", &["ｶﾞｽ", "料金"], &["カス"]),
    ("korean", "한국은행", &["한국", "\u{1112}\u{1161}\u{11ab}국"], &["하국"]),
    ("arabic", "الإِقْتِصَاد الرَّقْميّ", &["الاقتصاد الرقمى", "أقتصاد", "الـــرقمي"], &["اقتصادي"]),
    ("persian", "شاخص کلی", &["شاخص كلي", "كلى"], &["كلا"]),
    ("hebrew", "שָׁלוֹם עולם", &["שלום", "שלום עולם"], &["שלוים"]),
    ("hindi", "कड़ा हिन्दी", &["हिन्दी", "क\u{921}\u{93c}ा"], &["हन्दी"]),
    ("thai", "กรุงเทพ", &["กรุง", "เทพ"], &["กรง"]),
    ("digits", "عام ٢٠٢٥", &["2025", "۲۰۲۵", "２０２５"], &["2024"]),
    (
        "signs",
        "100% of_all, [km²] *?\\",
        &["%", "_", "100%", "of_all,", "[KM2]", "*?\\"],
        &["1_0", "100_", "of%all", "[k]"],
    ),
    ("apostrophes", "Xi’an's 'new' towns", &["xian", "Xi'an", "XIANS", "new towns"], &["xi an"]),
    ("spaces", "two  wide\u{a0}spaces", &["two wide spaces", "TWO   WIDE"], &["twowide"]),
];

on_each_database! {
    /// What analysts ask first.
    async fn a_name_is_found_in_any_case(server: &Server) {
        let metrics = async |filter: &str| {
            let query = format!("{{ metrics(first: 99, filter: {{ name: {{ {filter} }} }}) {{ nodes {{ slug }} }} }}");
            server.data(&query).await["metrics"]["nodes"].clone()
        };
        let digital = metrics(r#"contains: "digital""#).await;
        let all = digital.as_array().unwrap();
        assert!(all.contains(&json!({ "slug": "digital-economy-share-of-gdp" })), "{digital}");
        assert_eq!(metrics(r#"contains: "DIGITAL""#).await, digital);
        let exact = metrics(r#"contains: "digital", exact: true"#).await;
        assert!(exact.as_array().unwrap().len() < all.len(), "{exact}");
        let share = metrics(r#"contains: "gdp", language: "en""#).await;
        let wanted = ["digital-economy-share-of-gdp", "core-industries-share-of-gdp"];
        assert_eq!(share, json!(wanted.map(|slug| json!({ "slug": slug }))));
    }

    /// In every script, by each kind of condition, and by `search` as by the filter.
    async fn spellings_are_one(server: &Server) {
        let names: Vec<_> = SPELLINGS.iter().map(|(slug, name, ..)| (*slug, *name)).collect();
        name(server, &names).await;
        for (slug, name, parts, others) in SPELLINGS {
            for part in parts {
                assert_eq!(units(server, json!({ "contains": part })).await, [slug], "{part}");
            }
            for other in others {
                let found = units(server, json!({ "contains": other })).await;
                assert!(!found.contains(&slug.to_owned()), "{other}");
            }
            let upper = name.to_uppercase();
            for filter in [
                json!({ "eq": name }), json!({ "eq": upper }), json!({ "in": ["-", upper] }),
                json!({ "eq": name, "exact": true }), json!({ "startsWith": upper, "endsWith": upper }),
            ] {
                assert_eq!(units(server, filter.clone()).await, [slug], "{filter}");
            }
            let exact = units(server, json!({ "eq": upper, "exact": true })).await;
            assert_eq!(exact.is_empty(), upper != name, "{upper}");
            for (start, end) in [(&upper[..], "none"), ("none", &upper[..])] {
                let filter = json!({ "startsWith": start, "endsWith": end });
                assert_eq!(units(server, filter).await, [""; 0]);
            }
        }
        for (slug, part) in [("gdp", "GDP PER"), ("accents", "evolution"), ("german", "STRASSE"),
            ("traditional", "台湾发展"), ("simplified", "數字經濟"), ("persian", "شاخص كلى"), ("digits", "٢٠٢٥")] {
            let wanted = format!("unit:{slug}");
            assert!(found(server, part).await.contains(&wanted), "{part}");
        }
    }

    /// What would be in every text if it were folded is compared exactly instead.
    async fn what_folds_to_nothing_is_not_everywhere(server: &Server) {
        name(server, &[("plain", "Plain"), ("typewriter", "Xi'an"), ("printed", "Xi’an"), ("tatweel", "مديـنة")]).await;
        for (part, wanted) in [
            ("'", &["typewriter"][..]), ("’", &["printed"]), ("ـ", &["tatweel"]), ("\u{301}", &[]), ("\u{200b}", &[]),
            ("\u{ad}'", &[]),
        ] {
            for condition in ["contains", "eq", "startsWith", "endsWith", "in"] {
                let wanted = if condition == "contains" { wanted } else { &[] };
                let name = if condition == "in" { json!({ "in": [part] }) } else { json!({ condition: part }) };
                assert_eq!(units(server, name).await, wanted, "{condition} {part:?}");
            }
        }
        let all = units(server, json!({})).await;
        assert_eq!(all.len(), 16);
        assert_eq!(units(server, json!({ "contains": "" })).await, all);
        assert_eq!(units(server, json!({ "eq": "" })).await, [""; 0]);
        assert_eq!(units(server, json!({ "in": [] })).await, [""; 0]);
        assert_eq!(units(server, json!({ "in": ["'", "PLAIN"] })).await, ["plain"]);
        let long = "ﷺ".repeat(20_000);
        for condition in ["contains", "eq", "startsWith", "endsWith"] {
            assert_eq!(units(server, json!({ condition: long })).await, [""; 0]);
        }
    }

    /// Every letter of the basic plane is kept, folded and found.
    async fn every_letter_is_found(server: &Server) {
        let letters: Vec<char> = ('\u{21}'..='\u{ffff}').filter(|c| !c.is_control()).collect();
        let names: Vec<(String, String)> = letters.chunks(200).zip(0..)
            .map(|(letters, number)| (format!("all-{number}"), format!("{number}: {}", letters.iter().collect::<String>())))
            .collect();
        let given: Vec<_> = names.iter().map(|(slug, name)| (&**slug, &**name)).collect();
        name(server, &given).await;
        let mut slugs: Vec<&str> = names.iter().map(|(slug, _)| &**slug).collect();
        slugs.sort();
        let all: Vec<&str> = names.iter().map(|(_, name)| &**name).collect();
        assert_eq!(units(server, json!({ "in": all })).await, slugs);
        for (slug, name) in names.iter().step_by(20) {
            for filter in [json!({ "eq": name }), json!({ "startsWith": name, "language": "en" })] {
                assert_eq!(units(server, filter).await, [slug.as_str()], "{name}");
            }
        }
    }

    /// What a name was is found in any spelling where the past is asked for.
    async fn past_names_are_found(server: &Server) {
        let before = rename(server).await;
        for (moment, part, count) in [
            (&before, "ALTERE GROSSE", 1), (&before, "neuere", 0), (&Value::Null, "NEUERE", 1), (&Value::Null, "altere", 0),
        ] {
            assert_eq!(figures(server, moment, part).await, count, "{part}");
        }
    }

    /// A database that another version wrote is folded anew when it is opened, its past too.
    async fn an_older_database_is_folded_anew(server: &Server) {
        let before = rename(server).await;
        let connection = server.store.connection().await;
        connection.execute_unprepared("DELETE FROM search_entry").await.unwrap();
        if server.store.url.starts_with("postgres") {
            connection.execute_unprepared("DELETE FROM folded_text").await.unwrap();
            assert_eq!(figures(server, &Value::Null, "NEUERE").await, 0);
        }
        connection.close().await.unwrap();
        for _ in 0..2 {
            hutong::record::prepare(&server.store.database).await.unwrap();
            assert_eq!(figures(server, &Value::Null, "NEUERE GROSSE").await, 1);
            assert_eq!(figures(server, &before, "ALTERE GROSSE").await, 1);
        }
        assert_eq!(found(server, "neuere").await[0], "metric:5g-base-stations");
    }
}

/// Gives a metric a name, and then another one; when it had the first.
async fn rename(server: &Server) -> Value {
    server.write("metric", "slug,name_en\n5g-base-stations,Ältere Größe").await;
    let before = server.data("{ dataset { changedAt } }").await["dataset"]["changedAt"].clone();
    server.write("metric", "slug,name_en\n5g-base-stations,Neuere Größe").await;
    before
}

/// How many figures there were at a moment of metrics whose names held this.
async fn figures(server: &Server, moment: &Value, part: &str) -> i64 {
    let query = "query ($asOf: DateTime, $part: String) {
        observations(asOf: $asOf, filter: { metric: { name: { contains: $part } } }) { totalCount } }";
    let data = server.ask_with(query, json!({ "asOf": moment, "part": part })).await.data();
    data["observations"]["totalCount"].as_i64().unwrap()
}
