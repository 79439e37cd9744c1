//! Places ranked by a metric: ties, bounds, shares and pages, alike on both databases.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    sums::{figures, town},
};

/// A ranking of sales as rows of a position, a place and whether it is provisional.
async fn ranking(server: &Server, arguments: &str) -> Value {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    let query = format!(
        "{{ metric(slug: \"sales\") {{ ranking{arguments} {{ entries(first: 50) {{ nodes {{
            position district {{ slug }} provisional }} }} }} }} }}"
    );
    let data = server.data(&query).await;
    let nodes = data["metric"]["ranking"]["entries"]["nodes"].as_array().unwrap();
    let row =
        |node: &Value| json!([node["position"], node["district"]["slug"], node["provisional"]]);
    nodes.iter().map(row).collect()
}

/// The same without the last column.
async fn positions(server: &Server, arguments: &str) -> Value {
    let rows = ranking(server, arguments).await;
    rows.as_array().unwrap().iter().map(|row| json!([row[0], row[1]])).collect()
}

const SALES: &[&str] = &[
    "sales,north,,2024,9,EQUAL,NORMAL",
    "sales,south,,2024,10,EQUAL,NORMAL",
    "sales,east,,2024,10,EQUAL,NORMAL",
    "sales,port,,2024,-3,EQUAL,NORMAL",
    "sales,hill,,2024,0.5,EQUAL,NORMAL",
    "sales,far,,2024,,EQUAL,MISSING",
    "sales,north,mill,2024,99,EQUAL,NORMAL",
    "sales,north,,2024-Q4,1,EQUAL,NORMAL",
    "sales,south,,2023,7,EQUAL,NORMAL",
];

/// The places of the town, and one beside it.
const PLACES: &str =
    r#"among: {slug: {in: ["town", "north", "south", "east", "hill", "port", "far", "nowhere"]}}"#;

/// The arguments of a ranking that has none of its own.
const PLAIN: &str = "ties: MIN";

on_each_database! {
    /// The city is the only place with figures of its own, and nothing is made up for the others.
    async fn of_the_bundled_data(server: &Server) {
        let data = server.data(r#"{
            metric(slug: "digital-economy-value-added") { ranking { period { code } of missing entries { totalCount nodes {
                position of district { name } observation { value comparator } provisional
                share { value reason explanation inputs { id } } } } } }
            initiative: metric(slug: "computing-power") { ranking { period { code } of missing entries { totalCount nodes { position } } } }
        }"#).await;
        assert_eq!(data, json!({
            "metric": {"ranking": {"period": {"code": "2025"}, "of": 1, "missing": 0, "entries": {"totalCount": 1, "nodes": [{
                "position": "1", "of": 1, "district": {"name": "Beijing"},
                "observation": {"value": "2400000000000", "comparator": "MORE_THAN"}, "provisional": false,
                "share": {"value": null, "reason": "NO_BASE", "inputs": [],
                    "explanation": "there is no figure of digital-economy-value-added with a value for china at 2025"},
            }]}}},
            // Its one figure is an initiative's.
            "initiative": {"ranking": {"period": {"code": "2025"}, "of": 1, "missing": 0, "entries": {"totalCount": 1, "nodes": [{"position": "1"}]}}},
        }));
    }

    /// Equal values in each mode, both ways; numbers are ordered as such, not as text.
    async fn places_with_equal_values_are_tied(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        for (arguments, wanted) in [
            ("", json!([["1", "south"], ["1", "east"], ["3", "north"], ["4", "hill"], ["5", "port"]])),
            ("ties: MIN", json!([["1", "south"], ["1", "east"], ["3", "north"], ["4", "hill"], ["5", "port"]])),
            ("ties: DENSE", json!([["1", "south"], ["1", "east"], ["2", "north"], ["3", "hill"], ["4", "port"]])),
            ("ties: AVERAGE", json!([["1.5", "south"], ["1.5", "east"], ["3", "north"], ["4", "hill"], ["5", "port"]])),
            ("direction: ASC", json!([["1", "port"], ["2", "hill"], ["3", "north"], ["4", "south"], ["4", "east"]])),
            ("direction: ASC, ties: DENSE", json!([["1", "port"], ["2", "hill"], ["3", "north"], ["4", "south"], ["4", "east"]])),
            ("direction: ASC, ties: AVERAGE", json!([["1", "port"], ["2", "hill"], ["3", "north"], ["4.5", "south"], ["4.5", "east"]])),
        ] {
            assert_eq!(positions(server, &format!("period: \"2024\", {PLACES} {arguments}")).await, wanted, "{arguments}");
        }
        figures(server, &[
            "sales,north,,2025,9,EQUAL,NORMAL", "sales,south,,2025,10,EQUAL,NORMAL", "sales,east,,2025,10,EQUAL,NORMAL",
            "sales,port,,2025,9,EQUAL,NORMAL", "sales,hill,,2025,0.5,EQUAL,NORMAL", "sales,far,,2025,10,EQUAL,NORMAL",
        ]).await;
        for (ties, wanted) in [("MIN", ["1", "4", "6"]), ("DENSE", ["1", "2", "3"]), ("AVERAGE", ["2", "4.5", "6"])] {
            let [first, second, third] = wanted;
            assert_eq!(positions(server, &format!("ties: {ties}")).await, json!([
                [first, "south"], [first, "east"], [first, "far"], [second, "north"], [second, "port"], [third, "hill"],
            ]));
        }
    }

    /// Neighbours in value, as near to each other as both databases keep apart.
    async fn values_are_compared_exactly(server: &Server) {
        town(server).await;
        figures(server, &[
            "sales,north,,2024,2400000000000.01,EQUAL,NORMAL", "sales,south,,2024,2400000000000.02,EQUAL,NORMAL",
            "sales,east,,2024,2400000000000.010,EQUAL,NORMAL", "sales,port,,2024,0.3,EQUAL,NORMAL",
            "sales,hill,,2024,0.30,EQUAL,NORMAL", "sales,far,,2024,0.300000000000001,EQUAL,NORMAL",
        ]).await;
        assert_eq!(positions(server, "").await,
            json!([["1", "south"], ["2", "north"], ["2", "east"], ["4", "far"], ["5", "hill"], ["5", "port"]]));
    }

    /// A rank is provisional where the true figures could stand otherwise. Each line: figures of
    /// the north, the south and the east, and whether their ranks are.
    async fn a_rank_that_rests_on_a_bound_is_provisional(server: &Server) {
        town(server).await;
        let cases: &[(&[&str], &[bool])] = &[
            (&["5,MORE_THAN,NORMAL", "4,EQUAL,NORMAL"], &[false, false]),
            (&["5,MORE_THAN,NORMAL", "7,EQUAL,NORMAL"], &[true, true]),
            (&["5,MORE_THAN,NORMAL", "5,EQUAL,NORMAL"], &[true, true]),
            (&["5,AT_LEAST,NORMAL", "5,EQUAL,NORMAL"], &[true, true]),
            (&["5,AT_LEAST,NORMAL", "4,MORE_THAN,NORMAL"], &[true, true]),
            (&["5,LESS_THAN,NORMAL", "7,EQUAL,NORMAL"], &[false, false]),
            (&["5,LESS_THAN,NORMAL", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,NEARLY,NORMAL", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,NEARLY,NORMAL", "6,AT_MOST,NORMAL"], &[true, true]),
            (&["5,AT_MOST,NORMAL", "6,AT_LEAST,NORMAL"], &[false, false]),
            (&["5,AT_LEAST,NORMAL", "6,AT_MOST,NORMAL"], &[true, true]),
            (&["5,LESS_THAN,NORMAL", "5,MORE_THAN,NORMAL"], &[true, true]),
            (&["5,ABOUT,NORMAL", "100,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,PROVISIONAL", "100,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,ESTIMATED", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,FORECAST", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,IMPUTED", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,UNRELIABLE", "4,EQUAL,NORMAL"], &[true, true]),
            (&["5,EQUAL,BREAK", "4,EQUAL,NORMAL"], &[false, false]),
            (&["5,EQUAL,NORMAL", "5,EQUAL,NORMAL"], &[false, false]),
            (&["5,ABOUT,ESTIMATED"], &[false]),
            (&["9,EQUAL,NORMAL", "7,MORE_THAN,NORMAL", "5,EQUAL,NORMAL"], &[true, true, false]),
            (&["9,EQUAL,NORMAL", "7,LESS_THAN,NORMAL", "5,EQUAL,NORMAL"], &[false, true, true]),
            (&["9,MORE_THAN,NORMAL", "7,LESS_THAN,NORMAL", "7,EQUAL,NORMAL"], &[false, true, true]),
            (&["9,LESS_THAN,NORMAL", "7,MORE_THAN,NORMAL", "5,EQUAL,NORMAL"], &[true, true, true]),
            (&["9,AT_MOST,NORMAL", "9,AT_LEAST,NORMAL", "10,EQUAL,NORMAL"], &[true, true, true]),
            (&["9,AT_MOST,NORMAL", "9,EQUAL,NORMAL", "10,EQUAL,NORMAL"], &[true, true, false]),
        ];
        let mut lines = Vec::new();
        for (year, (given, _)) in (1901..).zip(cases) {
            for (place, figure) in ["north", "south", "east"].iter().zip(*given) {
                lines.push(format!("sales,{place},,{year},{figure}"));
            }
        }
        figures(server, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for (year, (given, wanted)) in (1901..).zip(cases) {
            for more in ["", "direction: ASC", "ties: AVERAGE"] {
                let rows = ranking(server, &format!("period: \"{year}\" {more}")).await;
                let of = |place: &str| rows.as_array().unwrap().iter().find(|row| row[1] == place).map(|row| row[2].clone());
                let found: Vec<Value> = ["north", "south", "east"].into_iter().filter_map(of).collect();
                assert_eq!(json!(found), json!(wanted), "{given:?} {more}");
            }
        }
        // How many different values come before the east depends on how the other two stand to
        // each other; how many places do does not.
        figures(server, &["sales,north,,2024,9,MORE_THAN,NORMAL", "sales,south,,2024,9,EQUAL,NORMAL", "sales,east,,2024,5,EQUAL,NORMAL"]).await;
        assert_eq!(ranking(server, "").await, json!([["1", "north", true], ["1", "south", true], ["3", "east", false]]));
        assert_eq!(ranking(server, "ties: DENSE").await, json!([["1", "north", true], ["1", "south", true], ["2", "east", true]]));
        assert_eq!(ranking(server, "ties: DENSE, direction: ASC").await, json!([["1", "east", false], ["2", "north", true], ["2", "south", true]]));
    }

    /// Which period, who takes part, who is missing.
    async fn places_without_a_figure_are_missing(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        let head = "period { code } of missing entries { totalCount nodes { district { slug } observation { value } } }";
        for (arguments, wanted) in [
            // The newest of all is a quarter, which only the north has, and the years are longer.
            (PLACES, json!([{"code": "2024"}, 5, 2, [["south", "10"], ["east", "10"], ["north", "9"], ["hill", "0.5"], ["port", "-3"]]])),
            (&format!("{PLACES}, frequency: QUARTERLY"), json!([{"code": "2024-Q4"}, 1, 6, [["north", "1"]]])),
            (r#"among: {slug: {in: ["south", "port", "far"]}}"#, json!([{"code": "2024"}, 2, 1, [["south", "10"], ["port", "-3"]]])),
            (r#"among: {parent: {slug: {eq: "town"}}, partition: {eq: true}}, period: "2024""#,
                json!([{"code": "2024"}, 3, 0, [["south", "10"], ["east", "10"], ["north", "9"]]])),
            (r#"among: {slug: {in: ["south", "port"]}}, period: "2023""#, json!([{"code": "2023"}, 1, 1, [["south", "7"]]])),
            (r#"among: {slug: {in: ["north"]}}, period: "2024-10/2024-12""#, json!([{"code": "2024-Q4"}, 1, 0, [["north", "1"]]])),
            (r#"among: {slug: {in: ["north", "far"]}}, period: "1999""#, json!([{"code": "1999"}, 0, 2, []])),
            (r#"among: {slug: {eq: "far"}}"#, json!([null, 0, 1, []])),
            (r#"among: {slug: {eq: "nowhere"}}"#, json!([null, 0, 0, []])),
            (r#"among: {slug: {eq: "' OR 1=1 --"}}, period: "2024""#, json!([{"code": "2024"}, 0, 0, []])),
            (r#"among: {observations: {some: {metric: {slug: {eq: "sales"}}, value: {lt: 0}}}}"#, json!([{"code": "2024"}, 1, 0, [["port", "-3"]]])),
        ] {
            let data = server.data(&format!("{{ metric(slug: \"sales\") {{ ranking({arguments}) {{ {head} }} }} }}")).await;
            let found = &data["metric"]["ranking"];
            let nodes = found["entries"]["nodes"].as_array().unwrap();
            let rows: Vec<Value> = nodes.iter().map(|node| json!([node["district"]["slug"], node["observation"]["value"]])).collect();
            assert_eq!(json!([found["period"], found["of"], found["missing"], rows]), wanted, "{arguments}");
            assert_eq!(found["entries"]["totalCount"], found["of"], "{arguments}");
        }
        // A figure that a correction replaced takes no part.
        let connection = server.store.connection().await;
        connection.execute_unprepared("UPDATE observation SET superseded_at = recorded_at, slug = 'replaced' WHERE slug = 'sales-south-2023'").await.unwrap();
        figures(server, &["sales,south,,2023,8,EQUAL,NORMAL"]).await;
        let data = server.data(&format!("{{ metric(slug: \"sales\") {{ ranking(period: \"2023\") {{ {head} }} }} }}")).await;
        assert_eq!(data["metric"]["ranking"]["entries"], json!({"totalCount": 1, "nodes": [{"district": {"slug": "south"}, "observation": {"value": "8"}}]}));
    }

    /// In percent of the place around, only where a place is a part of it.
    async fn a_share_is_of_the_place_around(server: &Server) {
        town(server).await;
        figures(server, &[
            "sales,town,,2024,8,MORE_THAN,NORMAL", "sales,north,,2024,2,EQUAL,NORMAL", "sales,south,,2024,1,EQUAL,NORMAL",
            "sales,port,,2024,4,EQUAL,NORMAL", "sales,hill,,2024,1,ABOUT,NORMAL",
            "sales,town,,2023,3,EQUAL,NORMAL", "sales,north,,2023,1,AT_LEAST,NORMAL", "sales,south,,2023,2,EQUAL,UNRELIABLE",
            "sales,hill,,2022,1,EQUAL,NORMAL", "sales,north,,2022,,EQUAL,MISSING",
            "sales,hill,,2021,1,EQUAL,NORMAL", "sales,north,,2021,0,EQUAL,NORMAL",
            "sales,hill,,2020,-1,EQUAL,NORMAL", "sales,north,,2020,4,EQUAL,NORMAL",
            "people,north,,2024,70,EQUAL,NORMAL", "people,town,,2024,140,EQUAL,NORMAL",
            "share,north,,2024,70,EQUAL,NORMAL", "share,town,,2024,80,EQUAL,NORMAL",
        ]).await;
        let ok = |value: &str, comparator: &str, inputs: &[&str]| json!({"value": value, "comparator": comparator, "reason": null, "explanation": null,
            "unit": null, "inputs": inputs.iter().map(|slug| json!({"slug": slug})).collect::<Value>()});
        let why = |reason: &str, explanation: &str| json!({"value": null, "comparator": null, "reason": reason, "explanation": explanation, "unit": null, "inputs": []});
        for (metric, period, district, wanted) in [
            ("sales", "2024", "north", ok("25", "LESS_THAN", &["sales-north-2024", "sales-town-2024"])),
            ("sales", "2024", "south", ok("12.5", "LESS_THAN", &["sales-south-2024", "sales-town-2024"])),
            ("sales", "2024", "hill", ok("50", "ABOUT", &["sales-hill-2024", "sales-north-2024"])),
            ("sales", "2024", "port", why("NOT_ADDITIVE", "port is none of the parts that town is divided into without overlap (`partition`)")),
            ("sales", "2024", "town", why("NO_BASE", "town lies in no other place")),
            ("sales", "2023", "north", ok("33.3333333333333", "AT_LEAST", &["sales-north-2023", "sales-town-2023"])),
            ("sales", "2023", "south", why("UNRELIABLE", "a figure it would rest on is UNRELIABLE; its note says why")),
            ("sales", "2022", "hill", why("NO_BASE", "there is no figure of sales with a value for north at 2022")),
            ("sales", "2021", "hill", why("BASE_ZERO", "the figure to divide by is zero")),
            ("sales", "2021", "north", why("NO_BASE", "there is no figure of sales with a value for town at 2021")),
            ("sales", "2020", "hill", why("NOT_POSITIVE", "a figure is negative, so a share says nothing")),
            ("people", "2024", "north", ok("50", "EQUAL", &["people-north-2024", "people-town-2024"])),
            ("share", "2024", "north", why("NOT_ADDITIVE", "figures of share are no parts of a whole: it is not declared additive (`aggregation: SUM`)")),
        ] {
            let data = server.data(&format!("{{ metric(slug: \"{metric}\") {{ ranking(period: \"{period}\", among: {{slug: {{eq: \"{district}\"}}}}) {{
                entries {{ nodes {{ share {{ value comparator reason explanation unit {{ slug }} inputs {{ slug }} }} }} }} }} }} }}")).await;
            assert_eq!(data["metric"]["ranking"]["entries"]["nodes"][0]["share"], wanted, "{metric} {period} {district}");
        }
    }

    /// Page after page, each with what is before and after it.
    async fn are_read_page_by_page(server: &Server) {
        town(server).await;
        figures(server, SALES).await;
        let entry = "position of provisional district { slug } observation { value }";
        for arguments in ["", "direction: ASC", "ties: DENSE", "ties: AVERAGE, direction: ASC"] {
            let whole = server.data(&format!("{{ metric(slug: \"sales\") {{ ranking(period: \"2024\", {arguments}) {{ entries {{ nodes {{ {entry} }} }} }} }} }}")).await;
            let whole = whole["metric"]["ranking"]["entries"]["nodes"].as_array().unwrap().clone();
            assert_eq!(whole.len(), 5);
            for (size, back) in [1, 2, 3, 5].into_iter().flat_map(|size| [(size, false), (size, true)]) {
                let (count, cursor, end, on) = match back {
                    false => ("first", "after", "endCursor", "hasNextPage"),
                    true => ("last", "before", "startCursor", "hasPreviousPage"),
                };
                let mut walked: Vec<Value> = Vec::new();
                let mut page = format!("{count}: {size}");
                loop {
                    // The metric beside it has no figures, and its pages are empty.
                    let data = server.data(&format!("{{ metrics(filter: {{slug: {{in: [\"sales\", \"wages\"]}}}}) {{ nodes {{
                        ranking(period: \"2024\", {arguments}) {{ of entries({page}) {{ totalCount
                            nodes {{ {entry} }} edges {{ cursor node {{ {entry} }} }}
                            pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} }} }} }} }} }}")).await;
                    let [sales, wages] = [0, 1].map(|metric| data["metrics"]["nodes"][metric]["ranking"].clone());
                    assert_eq!(wages["entries"]["nodes"], json!([]));
                    assert_eq!((&sales["of"], &sales["entries"]["totalCount"]), (&json!(5), &json!(5)));
                    let entries = &sales["entries"];
                    let edges = entries["edges"].as_array().unwrap();
                    assert_eq!(json!(edges.iter().map(|edge| edge["node"].clone()).collect::<Vec<_>>()), entries["nodes"]);
                    let (met, more) = (!walked.is_empty(), walked.len() + edges.len() < whole.len());
                    assert_eq!(entries["pageInfo"], json!({
                        "hasPreviousPage": if back { more } else { met },
                        "hasNextPage": if back { met } else { more },
                        "startCursor": edges[0]["cursor"], "endCursor": edges.last().unwrap()["cursor"]}));
                    let nodes = entries["nodes"].as_array().unwrap().iter().cloned();
                    let place = if back { 0 } else { walked.len() };
                    walked.splice(place..place, nodes);
                    if entries["pageInfo"][on] == json!(false) {
                        break;
                    }
                    page = format!("{count}: {size}, {cursor}: {}", entries["pageInfo"][end]);
                }
                assert_eq!(walked, whole, "{arguments}, {count}: {size}");
            }
        }
    }

    /// A cursor goes on in its period, though a newer one has come, and nowhere else.
    async fn a_cursor_keeps_its_period(server: &Server) {
        town(server).await;
        figures(server, &SALES[..7]).await;
        let page = |about: &str, arguments: &str| format!("{{ metric(slug: \"sales\") {{ ranking({about}) {{
            period {{ code }} of entries(first: 2 {arguments}) {{ totalCount nodes {{ position district {{ slug }} observation {{ period {{ code }} }} }} pageInfo {{ endCursor }} }} }} }} }}");
        let first = server.data(&page(PLAIN, "")).await["metric"]["ranking"].clone();
        assert_eq!(first["period"]["code"], "2024");
        let cursor = first["entries"]["pageInfo"]["endCursor"].to_string();
        figures(server, &["sales,north,,2025,1,EQUAL,NORMAL"]).await;
        let next = server.data(&page(PLAIN, &format!(", after: {cursor}"))).await["metric"]["ranking"].clone();
        // The ranking around it is the newest, the entries go on where they were.
        assert_eq!((&next["period"]["code"], &next["of"]), (&json!("2025"), &json!(1)));
        assert_eq!(next["entries"]["totalCount"], 5);
        let of = |position: &str, slug: &str| json!({
            "position": position, "district": {"slug": slug}, "observation": {"period": {"code": "2024"}},
        });
        assert_eq!(next["entries"]["nodes"], json!([of("3", "north"), of("4", "hill")]));
        let back = server.data(&page(PLAIN, &format!(", before: {cursor}"))).await["metric"]["ranking"].clone();
        assert_eq!(back["entries"]["nodes"], json!([first["entries"]["nodes"][0]]));
        assert_eq!(server.data(&page(PLAIN, "")).await["metric"]["ranking"]["period"]["code"], "2025");
        let same = "give a cursor that this list returned for the same `period`, `newestOfEach` and `direction`";
        for (about, arguments, why) in [
            ("direction: ASC", format!("after: {cursor}"), "a cursor of another list or another order"),
            ("period: \"2025\"", format!("after: {cursor}"), "a cursor of another list or another order"),
            (PLAIN, "after: \"nonsense\"".to_owned(), "which is no cursor"),
            (PLAIN, "after: \"\"".to_owned(), "which is no cursor"),
        ] {
            for argument in ["after", "before"] {
                let (message, code, path) = server.error(&page(about, &arguments.replace("after", argument))).await;
                assert!(message.starts_with(&format!("`{argument}` is ")) && message.ends_with(&format!(", {why}; {same}")), "{message}");
                assert_eq!((code.as_str(), path), ("BAD_USER_INPUT", json!(["metric", "ranking", "entries"])));
            }
        }
        let districts = server.data("{ districts(first: 1) { pageInfo { endCursor } } }").await;
        let (message, ..) = server.error(&page(PLAIN, &format!("after: {}", districts["districts"]["pageInfo"]["endCursor"]))).await;
        assert!(message.contains("a cursor of another list or another order"), "{message}");
    }

    /// What cannot be meant is refused by name.
    async fn refuse_what_cannot_be_meant(server: &Server) {
        for (arguments, why, code) in [
            ("first: 0", "`first` is 0, but must be from 1 to 1000; read on from a page's cursor for more", "BAD_USER_INPUT"),
            ("first: -1", "`first` is -1, but must be from 1 to 1000; read on from a page's cursor for more", "BAD_USER_INPUT"),
            ("first: 1001", "`first` is 1001, but must be from 1 to 1000; read on from a page's cursor for more", "BAD_USER_INPUT"),
            ("period: \"2025-13\"", "`period`: \"2025-13\" is no period; write a year", "BAD_USER_INPUT"),
            ("ties: MAX", "value `MAX` does not exist on `RankingTies`", "GRAPHQL_VALIDATION_FAILED"),
            ("direction: null", "expected value of type Direction!, found null", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let query = match arguments.starts_with("first") {
                true => format!("{{ metric(slug: \"computing-power\") {{ ranking {{ entries({arguments}) {{ totalCount }} }} }} }}"),
                false => format!("{{ metric(slug: \"computing-power\") {{ ranking({arguments}) {{ of }} }} }}"),
            };
            let (message, found, path) = server.error(&query).await;
            assert!(message.starts_with(why), "{arguments}: {message}");
            assert_eq!(found, code, "{arguments}");
            if arguments.starts_with("first") {
                assert_eq!(path[1], "ranking");
            }
        }
    }

    /// All metrics and places in as many statements as one, each metric's page cut by itself.
    async fn take_as_many_statements_for_many_as_for_few(server: &Server) {
        town(server).await;
        let query = "{ metrics(filter: {slug: {in: [\"sales\", \"wages\", \"people\", \"share\"]}}) { nodes { slug
            ranking { period { code } of missing entries(first: 2) { totalCount pageInfo { hasNextPage } nodes {
                position district { slug } observation { value district { slug } } share { value reason inputs { id district { slug } } } } } } } } }";
        figures(server, &["sales,north,,2024,1,EQUAL,NORMAL", "sales,town,,2024,12,EQUAL,NORMAL"]).await;
        let few = server.ask(query).await;
        few.data();
        figures(server, &[
            "sales,south,,2024,2,EQUAL,NORMAL", "sales,east,,2024,9,EQUAL,NORMAL",
            "wages,port,,2023,4,EQUAL,NORMAL", "wages,far,,2023,5,EQUAL,NORMAL", "wages,hill,,2022,5,EQUAL,NORMAL",
            "people,north,,2021,70,EQUAL,NORMAL", "share,south,,2020,3,EQUAL,NORMAL", "share,north,,2020,2,EQUAL,NORMAL", "share,east,,2020,1,EQUAL,NORMAL",
        ]).await;
        let many = server.ask(query).await;
        let rows: Vec<Value> = many.data()["metrics"]["nodes"].as_array().unwrap().iter().map(|metric| {
            let ranking = &metric["ranking"];
            let entries = ranking["entries"]["nodes"].as_array().unwrap();
            let entries: Vec<Value> = entries.iter().map(|entry| {
                assert_eq!(entry["district"], entry["observation"]["district"]);
                json!([entry["position"], entry["district"]["slug"], entry["observation"]["value"], entry["share"]["value"], entry["share"]["reason"]])
            }).collect();
            json!([metric["slug"], ranking["period"]["code"], ranking["of"], ranking["missing"], ranking["entries"]["pageInfo"]["hasNextPage"], entries])
        }).collect();
        assert_eq!(json!(rows), json!([
            ["sales", "2024", 4, 0, true, [["1", "town", "12", null, "NO_BASE"], ["2", "east", "9", "75", null]]],
            ["wages", "2023", 2, 1, false, [["1", "far", "5", null, "NO_BASE"], ["2", "port", "4", null, "NOT_ADDITIVE"]]],
            ["people", "2021", 1, 0, false, [["1", "north", "70", null, "NO_BASE"]]],
            ["share", "2020", 3, 0, true, [["1", "south", "3", null, "NOT_ADDITIVE"], ["2", "north", "2", null, "NOT_ADDITIVE"]]],
        ]));
        // The metrics, their extents and their entries; figures and places; the figures of the
        // places around with those places, among which are the figures' own; the inputs' places.
        assert_eq!((few.statements, many.statements), (Some(1 + 2 + 2 + 2 + 1), Some(1 + 2 + 2 + 2 + 1)));
        let entries = server.ask("{ metrics { nodes { ranking { entries { nodes { position } } } } } }").await;
        entries.data();
        assert_eq!(entries.statements, Some(2));
        let head = server.ask("{ metrics { nodes { ranking { period { code } of missing entries { totalCount } } } } }").await;
        head.data();
        assert_eq!(head.statements, Some(2));
    }
}
