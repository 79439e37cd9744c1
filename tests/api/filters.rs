//! Filters: each kind of column, and how conditions combine, alike on both databases.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// The slugs a list gives under a filter, sorted.
async fn slugs(server: &Server, list: &str, filter: &str) -> Vec<String> {
    let query =
        format!("{{ {list}(first: 1000, filter: {filter}) {{ totalCount nodes {{ slug }} }} }}");
    let data = server.data(&query).await;
    let nodes = data[list]["nodes"].as_array().unwrap();
    assert_eq!(data[list]["totalCount"], nodes.len(), "{filter}");
    let mut slugs: Vec<String> =
        nodes.iter().map(|node| node["slug"].as_str().unwrap().to_owned()).collect();
    slugs.sort();
    slugs
}

/// What each filter on a list must give.
async fn assert_filters(server: &Server, list: &str, cases: &[(&str, &[&str])]) {
    for (filter, wanted) in cases {
        assert_eq!(slugs(server, list, filter).await, *wanted, "{filter}");
    }
}

on_each_database! {
    /// Slugs and signs are compared letter for letter and case for case; wildcards mean themselves.
    async fn of_text(server: &Server) {
        let all = slugs(server, "units", "{}").await;
        assert_eq!(all.len(), 12);
        assert_filters(server, "units", &[
            (r#"{slug: {eq: "yuan"}}"#, &["yuan"]),
            (r#"{slug: {eq: "Yuan"}}"#, &[]),
            (r#"{slug: {in: ["yuan", "point", "none"]}}"#, &["point", "yuan"]),
            ("{slug: {in: []}}", &[]),
            (r#"{slug: {startsWith: "station"}}"#, &["station", "station-per-10000-persons"]),
            (r#"{slug: {endsWith: "on"}}"#, &["institution", "station"]),
            (r#"{slug: {contains: "PER"}}"#, &[]),
            (r#"{slug: {contains: "per"}}"#, &["percent", "station-per-10000-persons"]),
            (r#"{slug: {contains: "per", startsWith: "station"}}"#, &["station-per-10000-persons"]),
            (r#"{symbol: {contains: "%"}}"#, &["percent"]),
            (r#"{symbol: {contains: "_"}}"#, &[]),
            (r#"{symbol: {contains: "*"}}"#, &[]),
            (r#"{symbol: {contains: "?"}}"#, &[]),
            (r#"{symbol: {contains: "["}}"#, &[]),
            (r#"{symbol: {contains: "\\"}}"#, &[]),
            (r#"{slug: {startsWith: "po_nt"}}"#, &[]),
            (r#"{slug: {startsWith: "[p]oint"}}"#, &[]),
            (r#"{slug: {eq: "' OR 1=1 --"}}"#, &[]),
        ]).await;
        for filter in [
            "{slug: null}", "{slug: {}}", r#"{slug: {contains: ""}}"#, "{slug: {notIn: []}}",
            "{slug: {isNull: false}}", r#"{slug: {startsWith: "", endsWith: ""}}"#,
        ] {
            assert_eq!(slugs(server, "units", filter).await, all, "{filter}");
        }
        // Longer than what SQLite takes for a pattern.
        let long = "y".repeat(60_000);
        for condition in ["contains", "startsWith", "endsWith"] {
            assert_filters(server, "units", &[(&format!("{{slug: {{{condition}: \"{long}\"}}}}"), &[])]).await;
        }
        assert_eq!(slugs(server, "units", r#"{slug: {ne: "yuan"}}"#).await.len(), 11);
        assert_eq!(slugs(server, "units", r#"{slug: {notIn: ["yuan", "point"]}}"#).await.len(), 10);
    }

    /// Long lists and many conditions are taken and refused alike by both databases.
    async fn of_any_size(server: &Server) {
        let count = async |filter: Value| {
            let query = "query ($f: DistrictFilter) { districts(filter: $f) { totalCount } }";
            server.ask_with(query, json!({"f": filter})).await
        };
        let slugs = |count: usize| (0..count).map(|n| format!("x{n}")).chain(["haidian".to_owned()]).collect::<Vec<_>>();
        let all = server.data("{ districts { totalCount } }").await["districts"]["totalCount"].as_i64().unwrap();
        let there = |count: i64| json!({"districts": {"totalCount": count}});
        assert_eq!(count(json!({"slug": {"in": slugs(60_000)}})).await.data(), there(1));
        assert_eq!(count(json!({"slug": {"notIn": slugs(60_000)}})).await.data(), there(all - 1));
        let each = |compare: &str| slugs(8_000).iter().map(|slug| json!({"slug": {compare: slug}})).collect::<Vec<_>>();
        assert_eq!(count(json!({"or": each("eq")})).await.data(), there(1));
        assert_eq!(count(json!({"and": each("ne")})).await.data(), there(all - 1));
        let nested = (0..24).fold(json!({"slug": {"eq": "haidian"}}), |inner, _| json!({"not": {"not": {"and": [inner]}}}));
        assert_eq!(count(nested).await.data(), there(1));
        let (message, code, path) = count(json!({"slug": {"in": slugs(70_000)}})).await.error();
        assert_eq!(message, "the conditions come to 70002 values, but may come to 65535 at the most; give shorter lists");
        assert_eq!((code.as_str(), path), ("BAD_USER_INPUT", json!(["districts", "totalCount"])));
    }

    /// Names are compared in any spelling unless exactness is asked for, in every script alike;
    /// slugs and signs in any case only where that is asked for.
    async fn of_text_in_any_case(server: &Server) {
        server.write(
            "district",
            "slug,kind,partition,name_en,name_el,name_ru,name_tr
            lodz,CITY,false,Łódź ÉTÉ 100%,ΣΟΦΟΣ ΣΟΦΙΑ,МОСКВА,İstanbul",
        ).await;
        let found: &[&str] = &["lodz"];
        for (conditions, exact, folded) in [
            (r#"contains: "łódź""#, &[][..], found),
            (r#"startsWith: "ŁÓDŹ été""#, &[], found),
            (r#"endsWith: "été 100%""#, &[], found),
            (r#"eq: "σοφος σοφια""#, &[], found),
            (r#"contains: "οσ""#, &[], found),
            (r#"in: ["x", "Москва"]"#, &[], found),
            (r#"in: ["x", "МОСКВА"]"#, found, found),
            (r#"contains: "İSTANBUL""#, &[], found),
            (r#"contains: "lodz""#, &[], found),
            (r#"contains: "100_""#, &[], &[]),
            (r#"contains: "МОСКВА", language: "ru""#, found, found),
            (r#"contains: "москва", language: "en""#, &[], &[]),
        ] {
            for (flag, wanted) in
                [("", folded), (", exact: false", folded), (", exact: true", exact),
                 (", caseSensitive: true", exact), (", caseSensitive: false", folded)]
            {
                assert_filters(server, "districts", &[(&format!("{{name: {{{conditions}{flag}}}}}"), wanted)]).await;
            }
        }
        assert_filters(server, "units", &[
            (r#"{slug: {eq: "YUAN", caseSensitive: false}}"#, &["yuan"]),
            (r#"{slug: {in: ["Yuan", "POINT"], caseSensitive: false}}"#, &["point", "yuan"]),
            (r#"{slug: {contains: "PER", caseSensitive: false}}"#, &["percent", "station-per-10000-persons"]),
        ]).await;
        for filter in [
            r#"{slug: {ne: "YUAN", caseSensitive: false}}"#,
            r#"{slug: {notIn: ["YUAN"], caseSensitive: false}}"#,
        ] {
            assert_eq!(slugs(server, "units", filter).await.len(), 11, "{filter}");
        }
        for name in ["caseSensitive: false", "exact: true", "exact: false"] {
            assert_eq!(slugs(server, "districts", &format!("{{name: {{{name}}}}}")).await.len(), 18);
        }
    }

    /// Names are looked for in every language, or in one.
    async fn of_localised_text(server: &Server) {
        assert_filters(server, "districts", &[
            (r#"{name: {eq: "海淀"}}"#, &[]),
            (r#"{name: {startsWith: "海淀"}}"#, &["haidian"]),
            (r#"{name: {contains: "海", language: "zh"}}"#, &["haidian"]),
            (r#"{name: {contains: "海", language: "en"}}"#, &[]),
            (r#"{name: {eq: "Haidian"}}"#, &["haidian"]),
            (r#"{name: {eq: "haidian"}}"#, &["haidian"]),
            (r#"{name: {eq: "haidian", exact: true}}"#, &[]),
            (r#"{name: {in: ["Haidian", "China"], language: "en"}}"#, &["china", "haidian"]),
            (r#"{name: {contains: "بكين"}}"#, &["beijing"]),
            (r#"{name: {language: "fr"}}"#, &[]),
            ("{name: {isNull: true}}", &[]),
        ]).await;
        assert_eq!(slugs(server, "districts", r#"{name: {language: "ar"}}"#).await.len(), 17);
        assert_eq!(slugs(server, "districts", "{name: {}}").await.len(), 17);
    }

    /// Words of closed lists, truths and nulls.
    async fn of_words_and_truths(server: &Server) {
        let zones: &[&str] =
            &["beijing-economic-technological-development-area", "daxing-airport-economic-zone"];
        assert_filters(server, "districts", &[
            ("{kind: {eq: CITY}}", &["beijing"]),
            ("{kind: {in: [CITY, WORLD]}}", &["beijing", "world"]),
            ("{kind: {notIn: [DISTRICT, PROVINCE, CITY, SPECIAL_ADMINISTRATIVE_REGION], ne: WORLD}}",
             &["beijing-economic-technological-development-area", "china", "daxing-airport-economic-zone"]),
            ("{partition: {eq: false}}", zones),
            ("{code: {isNull: true}}", zones),
            ("{latitude: {isNull: false}}", &[]),
        ]).await;
    }

    /// Numbers are compared as numbers, exactly; a null is neither equal nor unequal to anything.
    async fn of_numbers_and_periods(server: &Server) {
        let adoption = "slug: {startsWith: \"digital-technology\"}";
        let both: &[&str] = &["digital-technology-adoption-2021", "digital-technology-adoption-2024"];
        for (condition, wanted) in [
            ("value: {eq: \"70\"}", &both[1..]),
            ("value: {eq: \"70.000\"}", &both[1..]),
            ("value: {eq: 70}", &both[1..]),
            ("value: {gt: 40.0}", &both[1..]),
            ("value: {gte: \"40\"}", both),
            ("value: {gt: \"39.9999999\", lt: \"40.0000001\"}", &both[..1]),
            ("value: {lte: \"39.9999999\"}", &[]),
            ("value: {ne: \"40\"}", &both[1..]),
            ("value: {in: [\"40\", 70]}", both),
            ("value: {notIn: [\"40\"]}", &both[1..]),
            ("value: {isNull: true}", &[]),
            ("period: {eq: \"2024\"}", &both[1..]),
            ("period: {eq: \"2024-01-01/2024-12-31\"}", &both[1..]),
            ("period: {eq: \"2024-Q1\"}", &[]),
            ("period: {gt: \"2021\"}", &both[1..]),
            ("period: {lt: \"2024-Q1\"}", &both[..1]),
            ("period: {gte: \"2021\", lte: \"2024\"}", both),
            ("period: {in: [\"2021\", \"2022\"]}", &both[..1]),
            ("publishedOn: {eq: \"2026-01-27\"}", both),
            ("publishedOn: {lt: \"2026-01-27\"}", &[]),
            ("recordedAt: {eq: \"2026-02-01T16:00:00+08:00\"}", both),
            ("recordedAt: {lt: \"2026-02-01T08:00:00Z\"}", &[]),
            ("recordedAt: {gt: \"2026-02-01T07:59:59.999999Z\"}", both),
            ("revision: {eq: 1}", both),
            ("comparator: {ne: EQUAL}", &[]),
            ("referenceDate: {eq: \"2025-12-31\"}", &[]),
            ("referenceDate: {ne: \"2025-12-31\"}", &[]),
            ("referenceDate: {isNull: true}", both),
        ] {
            let filter = format!("{{{adoption}, {condition}}}");
            assert_eq!(slugs(server, "observations", &filter).await, wanted, "{condition}");
        }
    }

    /// Nothing in `and` is true, nothing in `or` is false, and `not` turns either round.
    async fn combine_with_fixed_identities(server: &Server) {
        let all = slugs(server, "themes", "{}").await;
        assert_eq!(all.len(), 19);
        for filter in ["{and: []}", "{not: {or: []}}", "{or: [{}]}", "{and: [{}, {}]}", "{or: [{}, {or: []}]}"] {
            assert_eq!(slugs(server, "themes", filter).await, all, "{filter}");
        }
        for filter in ["{or: []}", "{not: {}}", "{not: {and: []}}", "{and: [{or: []}]}", "{or: [{}], and: [{or: []}]}"] {
            assert_eq!(slugs(server, "themes", filter).await, Vec::<String>::new(), "{filter}");
        }
        assert_filters(server, "themes", &[
            (r#"{or: [{slug: {eq: "5g"}}, {slug: {eq: "smart-city"}}]}"#, &["5g", "smart-city"]),
            (r#"{slug: {startsWith: "digital"}, not: {or: [{slug: {endsWith: "y"}}, {slug: {contains: "health"}}]}}"#,
             &["digital-government", "digital-infrastructure"]),
            (r#"{and: [{slug: {contains: "art"}}, {slug: {contains: "smart"}}]}"#,
             &["smart-city", "smart-manufacturing"]),
            (r#"{not: {not: {slug: {eq: "5g"}}}}"#, &["5g"]),
        ]).await;
    }

    /// A condition and its opposite both pass over rows without a value.
    async fn leave_nulls_to_is_null(server: &Server) {
        let with = slugs(server, "districts", r#"{code: {startsWith: "11"}}"#).await.len();
        let without = slugs(server, "districts", r#"{not: {code: {startsWith: "11"}}}"#).await.len();
        let null = slugs(server, "districts", "{code: {isNull: true}}").await.len();
        assert_eq!((with, without, null), (9, 6, 2));
        assert_eq!(with + without + null, 17);
    }

    /// In nested lists as at the root; the total follows the filter.
    async fn work_in_nested_lists(server: &Server) {
        let data = server.data(
            r#"{ district(slug: "beijing") {
                children(filter: {kind: {ne: DISTRICT}}) { totalCount nodes { kind } }
                observations(first: 2, filter: {comparator: {in: [MORE_THAN, NEARLY]}},
                    orderBy: [{by: VALUE, direction: DESC}]) { totalCount nodes { value } } } }"#,
        ).await;
        let district = &data["district"];
        assert_eq!(district["children"]["totalCount"], 2);
        assert_eq!(district["observations"]["totalCount"], 6);
        let values: Vec<&Value> = district["observations"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| &node["value"])
            .collect();
        assert_eq!(values, ["2400000000000", "48000000"]);
    }
}
