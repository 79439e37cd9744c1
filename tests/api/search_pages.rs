//! Search: how it is paged, what it costs, what is refused, and that nothing is left out of it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{Days, NaiveDate};
use hutong::{
    package::bundled,
    record::{Rows, Writer},
};
use migration::{Migrator, MigratorTrait};
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    search::{QUERY, found, search},
    server::now,
};

/// The only error of a search that must be refused, alone.
async fn refusal(server: &Server, variables: Value) -> String {
    let answer = server.ask_with(QUERY, variables).await;
    assert_eq!((answer.status, &answer.json()["data"]), (200, &json!({ "search": null })));
    let (message, code, path) = answer.error();
    assert_eq!((code.as_str(), path), ("BAD_USER_INPUT", json!(["search"])));
    message
}

on_each_database! {
    /// Page by page everything comes once, in the order of the whole.
    async fn pages_give_each_once(server: &Server) {
        let all = search(server, json!({ "query": "beijing", "first": 1000 })).await;
        let all: Vec<String> = all["nodes"].as_array().unwrap().iter().map(|node| node["node"]["id"].as_str().unwrap().to_owned()).collect();
        for first in [1, 2, 7] {
            let (mut ids, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = search(server, json!({ "query": "beijing", "first": first, "after": after })).await;
                assert_eq!(page["totalCount"], all.len());
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
                let edges = page["edges"].as_array().unwrap();
                ids.extend(edges.iter().map(|edge| edge["node"]["node"]["id"].as_str().unwrap().to_owned()));
                assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"]);
                assert_eq!(page["pageInfo"]["endCursor"], edges[edges.len() - 1]["cursor"]);
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                assert_eq!(edges.len(), first);
            }
            assert_eq!(ids, all);
            let none = search(server, json!({ "query": "beijing", "after": after })).await;
            assert_eq!(none["nodes"], json!([]));
            assert_eq!(none["pageInfo"], json!({
                "hasNextPage": false, "hasPreviousPage": true, "startCursor": null, "endCursor": null,
            }));
        }
    }

    /// What cannot be searched for is refused in words that say what would be right.
    async fn bad_input_is_refused(server: &Server) {
        for query in ["", "  ", "?!", "“”、。", "\u{640}", "\u{301}", "%&|*", "😀"] {
            let message = refusal(server, json!({ "query": query })).await;
            assert_eq!(message, format!("`query` is {query:?}, in which there is nothing to search for; give at least one letter or digit"));
        }
        let message = refusal(server, json!({ "query": "海".repeat(201) })).await;
        assert_eq!(message, "`query` has 201 characters, but may have 200 at the most");
        let message = refusal(server, json!({ "query": "a", "types": [] })).await;
        assert_eq!(message, "`types` is empty; give at least one type, or leave it out for all");
        for first in [0, -1, 1001] {
            let message = refusal(server, json!({ "query": "a", "first": first })).await;
            assert!(message.starts_with(&format!("`first` is {first}, but must be from 1 to 1000; ")), "{message}");
        }
    }

    /// A cursor belongs to its search.
    async fn a_cursor_is_refused_elsewhere(server: &Server) {
        let page = search(server, json!({ "query": "beijing", "first": 1 })).await;
        let own = page["pageInfo"]["endCursor"].as_str().unwrap();
        let list = server.data("{ districts(first: 1) { pageInfo { endCursor } } }").await;
        let list = list["districts"]["pageInfo"]["endCursor"].as_str().unwrap();
        let same = "; give a cursor that this list returned for the same `query` and `types`";
        for (cursor, variables, why) in [
            (own, json!({ "query": "beijin" }), "a cursor of another list or another order"),
            (own, json!({ "query": "beijing", "types": ["CLAIM"] }), "a cursor of another list or another order"),
            (list, json!({ "query": "beijing" }), "a cursor of another list or another order"),
            ("nonsense", json!({ "query": "beijing" }), "which is no cursor"),
            ("", json!({ "query": "beijing" }), "which is no cursor"),
        ] {
            let mut variables = variables;
            variables["after"] = json!(cursor);
            let message = refusal(server, variables).await;
            assert_eq!(message, format!("`after` is {cursor:?}, {why}{same}"));
        }
        let (message, ..) = server.error(&format!("{{ districts(after: {own:?}) {{ totalCount }} }}")).await;
        assert!(message.contains("a cursor of another list or another order"), "{message}");
    }

    /// Whatever a forged cursor holds, it is refused or empty, never an error of the server.
    async fn forged_cursors_are_refused(server: &Server) {
        let page = search(server, json!({ "query": "beijing", "first": 1 })).await;
        let own = URL_SAFE_NO_PAD.decode(page["pageInfo"]["endCursor"].as_str().unwrap()).unwrap();
        let own: Vec<Value> = serde_json::from_slice(&own).unwrap();
        let forge = |values: &[Value]| {
            let parts: Vec<&Value> = own[..2].iter().chain(values).collect();
            URL_SAFE_NO_PAD.encode(json!(parts).to_string())
        };
        for values in [
            &[][..], &[json!(0)], &[json!(3), json!(1)], &[json!(-1), json!(1)], &[json!(0), json!("1")],
            &[json!(0), Value::Null], &[json!(0), json!(1), json!(2)], &[json!(0), json!(1e30)],
        ] {
            let message = refusal(server, json!({ "query": "beijing", "after": forge(values) })).await;
            assert!(message.contains(", which is no cursor; "), "{message}");
        }
        for (place, rows) in [(i64::MIN, true), (-1, true), (i64::MAX, false)] {
            let after = forge(&[json!(2), json!(place)]);
            let page = search(server, json!({ "query": "beijing", "after": after })).await;
            assert_eq!(!page["nodes"].as_array().unwrap().is_empty(), rows);
        }
    }

    /// One statement for the page, one for the total, one for each type on the page.
    async fn statements_follow_from_types(server: &Server) {
        for (query, statements) in [
            (r#"{ search(query: "haidian") { nodes { match } pageInfo { endCursor } edges { cursor } } }"#, 1),
            (r#"{ search(query: "haidian") { totalCount } }"#, 1),
            (r#"{ search(query: "haidian") { totalCount nodes { match } } }"#, 2),
            (r#"{ search(query: "haidian") { nodes { node { id } excerpt { text } } edges { node { node { id } } } } }"#, 3),
            (r#"{ search(query: "embodied", types: [INITIATIVE]) { nodes { node { id ... on Initiative { title district { name } } } } } }"#, 3),
            (r#"{ a: search(query: "haidian") { nodes { match } } b: search(query: "Hǎidiàn") { nodes { match } } }"#, 1),
        ] {
            let answer = server.ask(query).await;
            answer.data();
            assert_eq!(answer.statements, Some(statements), "{query}");
        }
    }

    /// Words that thousands of figures have, and one that a single one has.
    async fn many_are_paged_and_one_is_found(server: &Server) {
        let columns = "metric district period value decimals multiplier comparator status source note_en";
        let day = |number| NaiveDate::from_ymd_opt(2001, 1, 1).unwrap() + Days::new(number);
        let rows = (0..2501).map(|number| {
            let note = format!("Repeated note, of {}", if number == 2400 { "needle" } else { "hay" });
            let day = day(number).to_string();
            let fields = ["computing-power", "haidian", &day, "1", "0", "0", "EQUAL", "NORMAL", "beijing-daily-2026-01-27", &note];
            (number, fields.map(str::to_owned).to_vec())
        });
        let rows = Rows { origin: "many".to_owned(), columns: columns.split(' ').map(str::to_owned).collect(), rows: rows.collect() };
        let mut writer = Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test")).await.unwrap();
        writer.write("observation", &rows).await.unwrap();
        writer.commit().await.unwrap();
        server.write("observation", &format!("metric,district,period,action\ncomputing-power,haidian,{},D", day(7))).await;

        let (mut ids, mut after) = (Vec::new(), Value::Null);
        for (length, more) in [(1000, true), (1000, true), (500, false)] {
            let page = search(server, json!({ "query": "repeated note", "first": 1000, "after": after })).await;
            assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(2500), &json!(more)));
            let nodes = page["nodes"].as_array().unwrap();
            assert_eq!(nodes.len(), length);
            ids.extend(nodes.iter().map(|node| {
                node["node"]["id"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()
            }));
            after = page["pageInfo"]["endCursor"].clone();
        }
        // In the order in which they were loaded, without the one that was retracted.
        let wanted: Vec<String> = (0..2501).filter(|of| *of != 7).map(|of| day(of).to_string()).collect();
        assert_eq!(ids, wanted);
        let needles = found(server, "needle").await;
        assert_eq!((needles.len(), needles[0].ends_with(&format!(".{}", day(2400)))), (1, true));
        assert_eq!(found(server, "haystack").await, [""; 0]);
    }

    /// A database that was loaded before there was an index is indexed when it is opened again.
    async fn an_older_database_becomes_searchable(server: &Server) {
        const QUERIES: [&str; 4] = ["beijing", "海", "الاقتصاد", "first"];
        let mut before = Vec::new();
        for query in QUERIES {
            before.push(search(server, json!({ "query": query })).await);
        }
        let revision = server.data("{ dataset { revision } }").await;
        // The index, and what came after it.
        let (database, connection) = (&server.store.database, server.store.connection().await);
        let since = Migrator::migrations().len() as u32 - 1;
        Migrator::down(&connection, Some(since)).await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        connection.close().await.unwrap();
        assert_eq!(found(server, "beijing").await, [""; 0]);
        for _ in 0..2 {
            assert!(!bundled::package().unwrap().load_into_empty(database, now()).await.unwrap());
            for (query, before) in QUERIES.iter().zip(&before) {
                assert_eq!(search(server, json!({ "query": query })).await, *before, "{query}");
            }
        }
        assert_eq!(server.data("{ dataset { revision } }").await, revision);
    }
}
