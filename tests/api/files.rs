//! Answers as files: CSV and NDJSON, whole or not at all.

use std::collections::BTreeSet;

use hutong::record::{Rows, Writer};
use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database, panel::Panel, server::now};

/// What a browser says it takes.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(server: &Server, parameters: &[(&str, &str)]) -> reqwest::Response {
    let get = server.client().get(server.url("/graphql")).header("accept", BROWSER);
    get.query(parameters).send().await.unwrap()
}

/// The text of a file that must be there.
async fn file(server: &Server, format: &str, query: &str) -> String {
    let response = get(server, &[("format", format), ("query", query)]).await;
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{query}: {text}");
    text
}

/// Makes two initiatives tell one figure of the city, which has none of its own.
async fn ambiguous(server: &Server) {
    server
        .write(
            "observation",
            "slug,metric,district,initiative,period,value,comparator,status,decimals,multiplier,source
        stations-of-the-model-city,5g-base-stations,beijing,model-city,2025,1,EQUAL,NORMAL,0,0,beijing-daily-2026-01-27",
        )
        .await;
}

on_each_database! {
    /// A table in a list is a line for each element, with what stands around it.
    async fn an_answer_is_a_table(server: &Server) {
        let query = r#"{
            district(slug: "beijing") {
                name
                initiatives(filter: { slug: { in: ["5g-network", "model-city"] } }, orderBy: [{ by: SLUG }]) {
                    totalCount
                    nodes {
                        title
                        observations(orderBy: [{ by: VALUE }]) { nodes { value comparator metric { unit { symbol } } } }
                        kind
                        arabic: title(language: "ar")
                        names: titles { language text }
                    }
                }
            }
        }"#;
        let wanted = [
            "name,initiatives.title,initiatives.observations.value,initiatives.observations.comparator,initiatives.observations.metric.unit.symbol,initiatives.kind,initiatives.arabic,initiatives.names",
            r#"Beijing,5G network,70,EQUAL,"stations/10,000 persons",PROGRAMME,شبكة الجيل الخامس,ar: شبكة الجيل الخامس; en: 5G network; zh: 5G网络"#,
            "Beijing,5G network,153400,EQUAL,station,PROGRAMME,شبكة الجيل الخامس,ar: شبكة الجيل الخامس; en: 5G network; zh: 5G网络",
            "Beijing,Global model city of the digital economy,,,,PROGRAMME,مدينة نموذجية عالمية للاقتصاد الرقمي,ar: مدينة نموذجية عالمية للاقتصاد الرقمي; en: Global model city of the digital economy; zh: 全球数字经济标杆城市",
            "",
        ];
        assert_eq!(file(server, "csv", query).await, wanted.join("\r\n"));
        let query = query.replace("names: titles { language text }", "").replace("arabic: title(language: \"ar\")", "");
        assert_eq!(file(server, "ndjson", &query).await, concat!(
            r#"{"name":"Beijing","initiatives":{"title":"5G network","observations":{"nodes":["#,
            r#"{"value":"70","comparator":"EQUAL","metric":{"unit":{"symbol":"stations/10,000 persons"}}},"#,
            r#"{"value":"153400","comparator":"EQUAL","metric":{"unit":{"symbol":"station"}}}]},"kind":"PROGRAMME"}}"#, "\n",
            r#"{"name":"Beijing","initiatives":{"title":"Global model city of the digital economy","#,
            r#""observations":{"nodes":[]},"kind":"PROGRAMME"}}"#, "\n",
        ));
    }

    /// Whoever names a file in `Accept`, or in the address, has it; its name is the operation's or
    /// the field's.
    async fn the_client_says_which_form(server: &Server) {
        let query = "query Units { units(first: 2) { edges { node { slug symbol } } } }";
        let csv = "slug,symbol\r\nyuan,CNY\r\npercent,%\r\n";
        let lines = "{\"slug\":\"yuan\",\"symbol\":\"CNY\"}\n{\"slug\":\"percent\",\"symbol\":\"%\"}\n";
        let (text_csv, ndjson) = ("text/csv; charset=utf-8; header=present", "application/x-ndjson; charset=utf-8");
        for (address, accept, kind, ending, body) in [
            ("/graphql", "text/csv", text_csv, "csv", csv.to_owned()),
            ("/graphql", "application/json;q=0.5, text/csv", text_csv, "csv", csv.to_owned()),
            ("/graphql?bom=true", "text/csv", text_csv, "csv", format!("\u{feff}{csv}")),
            ("/graphql?format=csv&bom=false", BROWSER, text_csv, "csv", csv.to_owned()),
            ("/graphql?format=csv&bom=true", "application/json", text_csv, "csv", format!("\u{feff}{csv}")),
            ("/graphql", "application/x-ndjson", ndjson, "ndjson", lines.to_owned()),
            ("/graphql?format=ndjson", "text/csv", ndjson, "ndjson", lines.to_owned()),
        ] {
            let post = server.client().post(server.url(address)).header("accept", accept);
            let response = post.json(&json!({ "query": query })).send().await.unwrap();
            assert_eq!(response.status(), 200, "{address} {accept}");
            assert_eq!(response.headers()["content-type"], kind, "{address} {accept}");
            let name = format!("attachment; filename=\"Units.{ending}\"");
            assert_eq!(response.headers()["content-disposition"], name.as_str());
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers()["vary"], "accept, accept-encoding, accept-language, authorization");
            assert_eq!(response.text().await.unwrap(), body, "{address} {accept}");
        }
        let post = server.client().post(server.url("/graphql?format=json")).header("accept", "text/csv");
        let answer = Answer::read(post.json(&json!({ "query": query })).send().await.unwrap()).await;
        assert_eq!(answer.data()["units"]["edges"][1]["node"]["slug"], "percent");

        let address = [("format", "csv"), ("query", "query ($n: Int) { some: units(first: $n) { nodes { slug } } }"), ("variables", "{\"n\": 1}")];
        let response = get(server, &address).await;
        assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"some.csv\"");
        assert_eq!(response.text().await.unwrap(), "slug\r\nyuan\r\n");
        let head = server.client().head(server.url("/graphql")).query(&address).send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["content-type"]), (200, &text_csv.parse().unwrap()));
        assert_eq!(head.text().await.unwrap(), "");
    }

    /// What a spreadsheet would run, or would break a row, arrives as the text it is.
    async fn a_hostile_text_is_harmless(server: &Server) {
        let names = [
            "=HYPERLINK(\"http://x\",\"y\")", "+1-2", "-2+3", "@SUM(A1)", "-8.7", "two\nlines", "a \"b\", c", "区，二", "وحدة, ٢",
        ];
        let columns = ["slug", "symbol", "name_en", "dimension", "factor"].map(str::to_owned).to_vec();
        let row = |(number, name): (usize, &&str)| {
            (number as u64, [&format!("h-{number}"), "x", *name, "COUNT", "1"].map(str::to_owned).to_vec())
        };
        let rows = Rows { origin: "unit.csv".to_owned(), columns, rows: names.iter().enumerate().map(row).collect() };
        let mut writer = Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test")).await.unwrap();
        writer.write("unit", &rows).await.unwrap();
        writer.commit().await.unwrap();
        let query = "{ units(filter: { slug: { startsWith: \"h-\" } }) { nodes { name slug } } }";
        assert_eq!(file(server, "csv", query).await, concat!(
            "name,slug\r\n",
            "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",h-0\r\n",
            "'+1-2,h-1\r\n",
            "'-2+3,h-2\r\n",
            "'@SUM(A1),h-3\r\n",
            "-8.7,h-4\r\n",
            "\"two\nlines\",h-5\r\n",
            "\"a \"\"b\"\", c\",h-6\r\n",
            "区，二,h-7\r\n",
            "\"وحدة, ٢\",h-8\r\n",
        ));
        let lines = file(server, "ndjson", query).await;
        let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let wanted: Vec<Value> =
            names.iter().enumerate().map(|(number, name)| json!({ "name": name, "slug": format!("h-{number}") })).collect();
        assert_eq!(found, wanted);
    }

    /// Columns are there without rows, and what is not there is no row.
    async fn an_empty_list_has_its_columns(server: &Server) {
        let nobody = "filter: { slug: { eq: \"nobody\" } }";
        for (query, csv, lines) in [
            (format!("{{ units({nobody}) {{ nodes {{ slug name }} }} }}"), "slug,name\r\n", ""),
            ("{ district(slug: \"nowhere\") { slug observations { nodes { value } } } }".to_owned(), "slug,observations.value\r\n", ""),
            (
                format!("{{ district(slug: \"haidian\") {{ slug initiatives({nobody}) {{ nodes {{ title }} }} kind }} }}"),
                "slug,initiatives.title,kind\r\nhaidian,,DISTRICT\r\n",
                "",
            ),
            (
                "{ a: district(slug: \"nowhere\") { slug } b: district(slug: \"haidian\") { slug parent { slug } } }".to_owned(),
                "field,slug,parent.slug\r\na,,\r\nb,haidian,beijing\r\n",
                "{\"a\":null,\"b\":{\"slug\":\"haidian\",\"parent\":{\"slug\":\"beijing\"}}}\n",
            ),
            ("{ districts { totalCount } }".to_owned(), "totalCount\r\n17\r\n", "{\"totalCount\":17}\n"),
        ] {
            assert_eq!(file(server, "csv", &query).await, csv, "{query}");
            assert_eq!(file(server, "ndjson", &query).await, lines, "{query}");
        }
    }

    /// A file is whole or it is not there: whatever is wrong is told in JSON.
    async fn what_is_no_file_is_told(server: &Server) {
        ambiguous(server).await;
        for (format, query, status, code) in [
            ("csv", "{ a: units { nodes { slug } } b: units { nodes { slug } } }", 400, "SEVERAL_LISTS"),
            ("ndjson", "{ district(slug: \"beijing\") { initiatives { nodes { slug } } claims { nodes { slug } } } }", 400, "SEVERAL_LISTS"),
            ("csv", "{ districts { nodes { initiatives { nodes { slug } } claims { nodes { slug } } } } }", 400, "SEVERAL_LISTS"),
            ("csv", "{ __typename }", 400, "NO_COLUMNS"),
            ("csv", "{ units { nodes { slug nope } } }", 400, "GRAPHQL_VALIDATION_FAILED"),
            ("csv", "{", 400, "GRAPHQL_PARSE_FAILED"),
            ("csv", "", 400, "GRAPHQL_PARSE_FAILED"),
            ("csv", "{ units(first: 0) { nodes { slug } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ units(first: -1) { nodes { slug } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ units(last: 2000) { nodes { slug } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ units(first: 2, last: 2) { nodes { slug } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ units(after: \"x\") { nodes { slug } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ districts { nodes { slug observations(first: 2000) { nodes { value } } } } }", 400, "BAD_USER_INPUT"),
            ("csv", "{ districts { nodes { a: observations(first: 1000) { nodes { metric { observations(first: 1000) { nodes { slug value } } } } } } } }", 400, "COST_LIMIT_EXCEEDED"),
            // Half of the rows have an answer.
            ("csv", "{ metrics { nodes { slug latest(district: \"beijing\") { value } } } }", 400, "AMBIGUOUS"),
            ("ndjson", "{ metrics { nodes { slug latest(district: \"beijing\") { value } } } }", 400, "AMBIGUOUS"),
            ("xlsx", "{ units { nodes { slug } } }", 400, "UNKNOWN_FORMAT"),
            ("CSV", "{ units { nodes { slug } } }", 400, "UNKNOWN_FORMAT"),
            ("", "{ units { nodes { slug } } }", 400, "UNKNOWN_FORMAT"),
        ] {
            let response = get(server, &[("format", format), ("query", query)]).await;
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/json"), "{query}");
            assert_eq!(response.headers().get("content-disposition"), None);
            let answer = Answer::read(response).await;
            let errors = answer.json();
            assert_eq!((answer.status, &errors["errors"][0]["extensions"]["code"]), (status, &json!(code)), "{query} {}", answer.text);
            assert_eq!(errors.get("data"), None);
        }
        let explain = [("format", "csv"), ("query", "{ units { nodes { slug } } }"), ("extensions", r#"{"explain": true}"#)];
        let (message, code, _) = Answer::read(get(server, &explain).await).await.error();
        assert_eq!((&*message, &*code), ("a file cannot `explain` itself; ask for JSON, or leave it out", "BAD_REQUEST"));
        let query = "{ districts { nodes { initiatives { nodes { slug } } claims { nodes { slug } } } } }";
        let answer = Answer::read(get(server, &[("format", "csv"), ("query", query)]).await).await;
        assert_eq!(
            answer.error().0,
            "a file holds one list, but `initiatives.nodes` and `claims.nodes` stand beside each other; \
             ask for one of them, or for JSON"
        );
        // Lists beside each other in a line of JSON are no matter.
        let query = "{ districts(filter: { slug: { eq: \"xicheng\" } }) { nodes { initiatives { nodes { slug } } claims { nodes { slug } } } } }";
        assert_eq!(
            file(server, "ndjson", query).await,
            "{\"initiatives\":{\"nodes\":[{\"slug\":\"china-data-street\"}]},\"claims\":{\"nodes\":[]}}\n"
        );
        let twice = get(server, &[("format", "csv"), ("format", "csv"), ("query", "{ units { nodes { slug } } }")]).await;
        assert_eq!(Answer::read(twice).await.error().1, "BAD_REQUEST");
    }

    /// The list is read to its end, however many pages that takes: every row is there once. Pages
    /// are as small as their cost demands.
    async fn every_row_is_there_once(server: &Server) {
        let list = "{ nodes { slug initiatives(first: 1000) { nodes { slug title observations { totalCount } claims { nodes { slug } } } } } }";
        for (arguments, rows) in [
            ("", 17),
            ("(first: 2)", 2),
            ("(first: 5)", 5),
            ("(first: 100000)", 17),
            ("(orderBy: [{ by: SLUG, direction: DESC }])", 17),
            ("(first: 3, filter: { kind: { eq: DISTRICT } })", 3),
        ] {
            let flat = format!("{{ districts{arguments} {{ nodes {{ slug }} }} }}").replace("100000", "1000");
            let flat = server.data(&flat).await;
            let wanted: Vec<&str> =
                flat["districts"]["nodes"].as_array().unwrap().iter().map(|row| row["slug"].as_str().unwrap()).collect();
            let lines = file(server, "ndjson", &format!("{{ districts{arguments} {list} }}")).await;
            let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let found: Vec<&str> = found.iter().map(|row| row["slug"].as_str().unwrap()).collect();
            assert_eq!((found.len(), &found), (rows, &wanted), "{arguments}");
        }
        // From a cursor, in fragments that are named elsewhere too, with variables.
        let query = "query ($first: Int = 1, $after: String, $x: Boolean!) {
            district(slug: \"beijing\") { ...Name ...All parent { ...Name } }
            unused: units @skip(if: $x) { nodes { slug } }
        }
        fragment Name on District { slug }
        fragment All on District { children(first: $first, after: $after) { ...Page } }
        fragment Page on DistrictConnection { edges { ... on DistrictEdge { cursor node { ...Name } } } }";
        let all = server.ask_with(query, json!({ "first": 1000, "x": true })).await.data();
        let edges = all["district"]["children"]["edges"].as_array().unwrap();
        let after = &edges[1]["cursor"];
        let variables = json!({ "first": 2000, "after": after, "x": true });
        let post = server.client().post(server.url("/graphql?format=csv"));
        let response = post.json(&json!({ "query": query, "variables": variables })).send().await.unwrap();
        let mut wanted = "slug,children.cursor,children.slug,parent.slug\r\n".to_owned();
        for edge in &edges[2..] {
            wanted += &format!("beijing,{},{},china\r\n", edge["cursor"].as_str().unwrap(), edge["node"]["slug"].as_str().unwrap());
        }
        assert!(edges.len() > 5);
        assert_eq!(response.text().await.unwrap(), wanted);
    }

    /// Five thousand figures of the panel, compared with the file they are from; compressed they
    /// are the same.
    async fn a_file_has_more_rows_than_a_page(server: &Panel) {
        let query = "{ observations { nodes { metric { slug } district { slug } period { code } value } } }";
        let text = file(server, "csv", query).await;
        let mut lines = text.split_terminator("\r\n");
        assert_eq!(lines.next(), Some("metric.slug,district.slug,period.code,value"));
        let found: Vec<&str> = lines.collect();
        let source = include_str!("panel/observation.csv");
        let wanted: BTreeSet<String> =
            source.lines().skip(1).map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",")).collect();
        assert_eq!(found.len(), 5112);
        assert_eq!(found.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), wanted);

        for encoding in ["gzip", "zstd", "br"] {
            let get = server.client().get(server.url("/graphql")).header("accept-encoding", encoding);
            let response = get.query(&[("format", "csv"), ("query", query)]).send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], encoding);
            let compressed = response.bytes().await.unwrap();
            assert!(compressed.len() < text.len() / 3, "{encoding}: {}", compressed.len());
            if encoding == "gzip" {
                let mut plain = String::new();
                std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&compressed[..]), &mut plain).unwrap();
                assert_eq!(plain, text);
            }
        }

        // Lists with pages of their own kinds: groups, and the entries of a ranking.
        let groups = "{ observationGroups(by: [DISTRICT, PERIOD, METRIC]) { nodes { count } } }";
        assert_eq!(file(server, "csv", groups).await, format!("count\r\n{}", "1\r\n".repeat(5112)));
        let ranking = "{ metric(slug: \"gdp-per-capita\") { slug ranking(period: \"2007\") { of entries { nodes { position } } } } }";
        let positions = (1..=142).map(|position| format!("gdp-per-capita,142,{position}\r\n")).collect::<String>();
        assert_eq!(file(server, "csv", ranking).await, format!("slug,ranking.of,ranking.entries.position\r\n{positions}"));
    }

    /// What fails after the first page breaks the connection: no file is silently short.
    async fn a_failure_on_the_way_breaks_the_connection(server: &Server) {
        // So dear that a page is one row; the first metric is told by one initiative, the second by
        // two.
        ambiguous(server).await;
        let dear: String = (0..60).map(|number| format!("a{number}: slug ")).collect();
        let query = format!(
            "{{ metrics(filter: {{slug: {{in: [\"computing-power\", \"5g-base-stations\"]}}}}, orderBy: [{{by: SLUG, direction: DESC}}]) {{ nodes {{ slug latest(district: \"beijing\") {{ comparator }} observations(first: 1000) {{ nodes {{ {dear} }} }} }} }} }}"
        );
        let mut response = get(server, &[("format", "ndjson"), ("query", &query)]).await;
        assert_eq!(response.status(), 200);
        let mut begun = Vec::new();
        let broken = loop {
            match response.chunk().await {
                Ok(Some(part)) => begun.extend_from_slice(&part),
                other => break other,
            }
        };
        let begun = String::from_utf8(begun).unwrap();
        assert!(begun.starts_with("{\"slug\":\"computing-power\","), "{begun}");
        assert_eq!(begun.lines().count(), 1);
        assert!(broken.is_err(), "{broken:?}");

        let compressed = server.client().get(server.url("/graphql")).header("accept-encoding", "gzip");
        let response = compressed.query(&[("format", "ndjson"), ("query", &query)]).send().await.unwrap();
        assert!(response.bytes().await.is_err());
    }
}

/// Several requests in one are no file.
#[tokio::test]
async fn a_batch_is_no_file() {
    let (store, _folder) = crate::server::sqlite().await;
    let server = Server::start_with(store, &["--batch-max=3"]).await;
    let post = server.client().post(server.url("/graphql")).header("accept", "text/csv");
    let response = post.json(&json!([{ "query": "{ units { nodes { slug } } }" }])).send();
    let answer = Answer::read(response.await.unwrap()).await;
    let (message, code, _) = answer.error();
    assert_eq!((answer.status, code.as_str()), (400, "BAD_REQUEST"));
    assert_eq!(message, "a file has the answer to one request; send them one by one");
    server.stop().await;
}
