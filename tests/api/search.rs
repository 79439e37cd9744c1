//! Search: what is found, and in which order.

use hutong::record::{Rows, Writer};
use serde_json::{Value, json};

use crate::{Server, on_each_database, server::now};

pub(crate) const QUERY: &str =
    "query ($query: String!, $types: [SearchType!], $first: Int, $after: String) {
    search(query: $query, types: $types, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { node { id } } }
        nodes { match node { ...named } excerpt { field language text } } } }
    fragment named on Node { id __typename
        ... on Claim { slug } ... on District { slug } ... on Initiative { slug } ... on Metric { slug }
        ... on Organization { slug } ... on Source { slug } ... on Theme { slug } ... on Unit { slug } }";

/// What people call an object that was found, such as `district:haidian`; its id, where it has no slug.
fn name(result: &Value) -> String {
    let node = &result["node"];
    let text = |field: &str| node[field].as_str().map(str::to_owned);
    let (mut kind, slug) = (text("__typename").unwrap(), text("slug"));
    kind[..1].make_ascii_lowercase();
    slug.map_or_else(|| text("id").unwrap(), |slug| format!("{kind}:{slug}"))
}

pub(crate) async fn search(server: &Server, variables: Value) -> Value {
    server.ask_with(QUERY, variables).await.data()["search"].clone()
}

/// What is found, by its names, best first.
pub(crate) async fn found(server: &Server, query: &str) -> Vec<String> {
    let page = search(server, json!({ "query": query, "first": 1000 })).await;
    let nodes = page["nodes"].as_array().unwrap();
    assert_eq!(page["totalCount"], nodes.len(), "{query}");
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    nodes.iter().map(name).collect()
}

on_each_database! {
    /// Case, tone marks, width, scripts: the district is the first that is found.
    async fn spellings_of_a_name_find_it(server: &Server) {
        for query in [
            "haidian", "Hǎidiàn", "HAIDIAN", "Ha\u{301}idian", "ｈａｉｄｉａｎ", "  haidian? ", "海淀", "海淀区",
            "淀区", "هاي ديان", "هـــاي دِيَان", "110108", "١١٠١٠٨", "۱۱۰۱۰۸", "haidi",
        ] {
            assert_eq!(found(server, query).await.first().unwrap(), "district:haidian", "{query}");
        }
        for (query, id) in [("海", "district:haidian"), ("淀", "district:haidian"), ("兴", "district:daxing-airport-economic-zone")] {
            assert!(found(server, query).await.contains(&id.to_owned()), "{query}");
        }
        for query in ["海区", "hai dian", "aidian", "海淀北京"] {
            assert_eq!(found(server, query).await, [""; 0], "{query}");
        }
    }

    /// Alef with and without hamza, taa marbuta, alef maqsura, points, tatweel, the article.
    async fn spellings_of_arabic_are_one(server: &Server) {
        for (spellings, id) in [
            (&["مدينة نموذجية", "مدينه نموذجيه", "مَدِينَةٌ نَمُوذَجِيَّة", "مديـــنة نموذجية", "المدينة النموذجية"][..], "initiative:model-city"),
            (&["إدراج", "ادراج", "أدراج", "ٱدراج", "الإدراج"], "initiative:zhipu-listing"),
            (&["الاقتصاد الرقمي", "اقتصاد رقمي", "للاقتصاد الرقمى", "الإقتصاد الرّقميّ"], "theme:digital-economy"),
        ] {
            let ids = found(server, spellings[0]).await;
            assert!(ids.contains(&id.to_owned()), "{ids:?}");
            for spelling in spellings {
                assert_eq!(found(server, spelling).await, ids, "{spelling}");
            }
        }
        assert_eq!(found(server, "٢٠٢٤ ٢٠٢٦").await, found(server, "2024 2026").await);
        assert_eq!(found(server, "٢٠٢٤ ٢٠٢٦").await, ["source:beijing-daily-2026-01-27"]);
    }

    /// A plural finds the singular and the other way round; short words stay what they are.
    async fn plurals_are_found(server: &Server) {
        let district = found(server, "district").await;
        assert!(district.len() > 5, "{district:?}");
        for query in ["districts", "DISTRICTS"] {
            assert_eq!(found(server, query).await, district, "{query}");
        }
        let rows = "slug,symbol,dimension,name_en
            one,one,COUNT,Economy of scale
            more,more,COUNT,Scaled economies
            old,old,COUNT,The news of gas
            new,new,COUNT,The new gases";
        server.write("unit", rows).await;
        for (query, wanted) in [
            ("scale economy", &["one"][..]), ("scale economies", &["one"]), ("scales economies", &["one"]),
            ("economies scaled", &["more"]), ("scaled economy", &["more"]), ("scaled economi", &["more"]),
            ("news", &["old"]), ("the new gases", &["new"]), ("gase", &["new"]),
        ] {
            let ids = found(server, query).await;
            let ids: Vec<_> = ids.iter().filter_map(|id| id.strip_prefix("unit:")).collect();
            assert_eq!(ids, wanted, "{query}");
        }
        // The very name is still the best.
        let page = search(server, json!({ "query": "economy of scale" })).await;
        assert_eq!(page["nodes"][0]["match"], "WHOLE_NAME");
        let page = search(server, json!({ "query": "economies of scale", "types": ["UNIT"] })).await;
        assert_eq!((&page["nodes"][0]["match"], &page["totalCount"]), (&json!("NAME"), &json!(1)));
        assert_eq!(page["nodes"][0]["excerpt"]["text"], "Economy of scale");
    }

    /// Traditional characters find simplified ones, and the other way round.
    async fn chinese_is_found_in_either_script(server: &Server) {
        for (simplified, traditional) in [("数字经济", "數字經濟"), ("海淀区", "海淀區"), ("国际数据口岸", "國際數據口岸")] {
            let ids = found(server, simplified).await;
            assert!(!ids.is_empty());
            assert_eq!(found(server, traditional).await, ids, "{traditional}");
        }
        server.write("unit", "slug,symbol,dimension,name_zh\ntaipei,taipei,COUNT,臺北市產業發展").await;
        for query in ["台北", "臺北", "产业发展", "產業发展", "北市产"] {
            assert_eq!(found(server, query).await, ["unit:taipei"], "{query}");
        }
        let excerpt = search(server, json!({ "query": "台北市" })).await["nodes"][0]["excerpt"].clone();
        assert_eq!(excerpt["text"], "臺北市產業發展");
    }

    /// Names, slugs, symbols, codes, descriptions, notes and claims, in each language.
    async fn every_text_is_searched(server: &Server) {
        let rows = Rows {
            origin: "more".to_owned(),
            columns: ["slug", "title_en", "publisher"].map(str::to_owned).to_vec(),
            rows: vec![(2, ["another", "A document", "Pressehaus Süd"].map(str::to_owned).to_vec())],
        };
        let mut writer = Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test")).await.unwrap();
        writer.write("source", &rows).await.unwrap();
        writer.commit().await.unwrap();
        for (query, id, field, language) in [
            ("Chaoyang", "district:chaoyang", "name", json!("en")),
            ("国际数据口岸", "initiative:international-data-port", "title", json!("zh")),
            ("digital-rmb-pilot", "initiative:digital-rmb-pilot", "slug", Value::Null),
            ("CNY", "unit:yuan", "symbol", Value::Null),
            ("110108", "district:haidian", "code", Value::Null),
            ("pressehaus sud", "source:another", "publisher", Value::Null),
            ("series production", "initiative:xiaomi-smart-factory", "summary", json!("en")),
            ("what the digital economy adds", "metric:digital-economy-value-added", "description", json!("en")),
            ("robots compete and train", "claim:first-humanoid-robot-venue", "statement", json!("en")),
            ("精确到百", "observation:", "note", json!("zh")),
            ("ثمرة لهذا الهدف", "initiativeMetric:", "note", json!("ar")),
            ("photo credit", "source:beijing-daily-2026-01-27", "note", json!("en")),
        ] {
            let page = search(server, json!({ "query": query, "first": 1000 })).await;
            let nodes = page["nodes"].as_array().unwrap();
            let node = nodes.iter().find(|node| name(node).starts_with(id));
            let node = node.unwrap_or_else(|| panic!("{query}: {page}"));
            let excerpt = &node["excerpt"];
            assert_eq!((&excerpt["field"], &excerpt["language"]), (&json!(field), &language), "{query}");
        }
    }

    /// A short text is shown whole, of a long one the part around the words.
    async fn excerpts_show_the_words(server: &Server) {
        let text = async |query: &str| {
            search(server, json!({ "query": query })).await["nodes"][0]["excerpt"]["text"]
                .as_str().unwrap().to_owned()
        };
        assert_eq!(text("hǎidiàn").await, "Haidian");
        let shown = text("photo credit closing").await;
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("not the photo credit and"), "{shown}");
        assert_eq!(shown.chars().count(), 242);
        let shown = text("图片署名").await;
        assert!(shown.starts_with('…') && shown.contains("图片署名"), "{shown}");
        assert!(text("newspaper article").await.starts_with("A newspaper article in Arabic"));
    }

    /// All words must be there, whole but for the last, in whatever order and text.
    async fn all_words_must_be_there(server: &Server) {
        let both = found(server, "embodied framework").await;
        assert!(both.contains(&"initiative:embodied-ai-framework".to_owned()));
        assert_eq!(found(server, "framework embodied").await, both);
        assert_eq!(found(server, "framework, (EMBODIED)").await, both);
        assert!(found(server, "framework embod").await.len() >= both.len());
        assert_eq!(found(server, "embod framework").await, [""; 0]);
        // A name in one language and a word of a summary in another.
        assert_eq!(found(server, "小米 changping").await, ["initiative:xiaomi-smart-factory"]);
        assert_eq!(found(server, "haidian nonsuchword").await, [""; 0]);
    }

    /// That very name, then names with the words, then other texts; places before the rest.
    async fn the_best_come_first(server: &Server) {
        let page = search(server, json!({ "query": "beijing", "first": 1000 })).await;
        let nodes = page["nodes"].as_array().unwrap();
        assert_eq!((name(&nodes[0]).as_str(), &nodes[0]["match"]), ("district:beijing", &json!("WHOLE_NAME")));
        let area = "beijing-economic-technological-development-area";
        assert_eq!(nodes[1], json!({
            "match": "NAME",
            "node": { "id": nodes[1]["node"]["id"], "__typename": "District", "slug": area },
            "excerpt": { "field": "name", "language": "en", "text": "Beijing Economic-Technological Development Area" },
        }));
        let ways = ["WHOLE_NAME", "NAME", "TEXT"];
        let types = ["District", "Theme", "Organization", "Initiative", "Metric", "Unit", "Claim", "Source", "Observation", "InitiativeMetric"];
        let place = |words: &[&str], word: &Value| words.iter().position(|&one| word == one).unwrap();
        let order: Vec<(usize, usize)> = nodes.iter()
            .map(|node| (place(&ways, &node["match"]), place(&types, &node["node"]["__typename"])))
            .collect();
        assert!(order.is_sorted(), "{order:?}");
        let (first, last) = (order[0], *order.last().unwrap());
        assert!(first.0 == 0 && last.0 == 2 && last.1 >= 8, "{order:?}");
        let haidian = search(server, json!({ "query": "海淀区" })).await;
        let ways: Vec<&Value> = haidian["nodes"].as_array().unwrap().iter().map(|node| &node["match"]).collect();
        assert_eq!(ways, ["WHOLE_NAME", "TEXT", "TEXT"]);
    }

    /// Only of the types asked for, however often and in whatever order they are given.
    async fn types_limit_it(server: &Server) {
        let all = search(server, json!({ "query": "beijing", "first": 1000 })).await;
        let of = |name: &str| all["nodes"].as_array().unwrap().iter()
            .filter(|node| node["node"]["__typename"] == name).cloned().collect::<Vec<_>>();
        for (types, names) in [
            (json!(["CLAIM"]), &["Claim"][..]),
            (json!("DISTRICT"), &["District"]),
            (json!(["UNIT"]), &[]),
        ] {
            let page = search(server, json!({ "query": "beijing", "types": types, "first": 1000 })).await;
            let wanted: Vec<Value> = names.iter().flat_map(|name| of(name)).collect();
            assert_eq!((&page["nodes"], &page["totalCount"]), (&json!(wanted), &json!(wanted.len())));
            assert_eq!(wanted.is_empty(), names.is_empty());
        }
        let two = search(server, json!({ "query": "beijing", "types": ["CLAIM", "DISTRICT", "CLAIM"], "first": 1 })).await;
        assert_eq!(two["totalCount"], of("Claim").len() + of("District").len());
        // The same search in other words: its cursor is good there.
        let after = &two["pageInfo"]["endCursor"];
        let rest = search(server, json!({ "query": "BEIJING!", "types": ["DISTRICT", "CLAIM"], "after": after })).await;
        assert_eq!(rest["nodes"].as_array().unwrap().len() + 1, two["totalCount"]);
    }

    /// Whatever stands in a query is text.
    async fn operators_are_text(server: &Server) {
        let haidian = found(server, "haidian").await;
        for query in [
            "\"haidian", "haidian*", "'haidian'", "haidian'); DROP TABLE search_entry; --", "haidian:*", "haidian\\",
            "(haidian", "haidian & !", "^haidian", "=haidian", "words:haidian", "-haidian", "%haidian%",
            "@district", "@rules1", "haidian AND", "haidian OR beijing", "NOT haidian", "NEAR(haidian)", "haidian <-> 海", "{words} : haidian", "$1", "?1",
            &"ﷺ".repeat(200), &"海".repeat(200), &"a ".repeat(100), &"x".repeat(200), "\u{1f600}a",
        ] {
            let ids = found(server, query).await;
            let same = query.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()) == "haidian";
            assert!(!same || ids == haidian, "{query}: {ids:?}");
        }
        assert_eq!(found(server, "haidian OR beijing").await, [""; 0]);
        assert_eq!(found(server, "nonsuchword").await, [""; 0]);
        assert_eq!(found(server, "haidian").await, haidian);
    }
}
