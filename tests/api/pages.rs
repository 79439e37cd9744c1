//! Pages of lists that are no rows of one table: forwards and backwards, by any size, they are the
//! whole list.

use hutong::access::Role;
use serde_json::Value;

use crate::{Server, on_each_database};

/// Walks a list from one of its ends to the other, and returns its cursors in the list's order.
async fn walk(server: &Server, token: &str, list: &str, size: usize, back: bool) -> Vec<String> {
    let (count, cursor, end, on) = match back {
        false => ("first", "after", "endCursor", "hasNextPage"),
        true => ("last", "before", "startCursor", "hasPreviousPage"),
    };
    let mut walked: Vec<String> = Vec::new();
    let mut page = format!("{count}: {size}");
    loop {
        let query = format!(
            "{{ list: {} {{ edges {{ cursor node {{ __typename }} }} totalCount
                pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} }} }}",
            list.replace("PAGE", &page)
        );
        let data = server.ask_as(token, &query).await.data();
        let (edges, info) = (data["list"]["edges"].as_array().unwrap(), &data["list"]["pageInfo"]);
        let cursors = edges.iter().map(|edge| edge["cursor"].as_str().unwrap().to_owned());
        let cursors: Vec<String> = cursors.collect();
        assert!(!cursors.is_empty(), "{query}");
        assert_eq!(info["startCursor"], cursors[0]);
        assert_eq!(info["endCursor"], *cursors.last().unwrap());
        // The side that the page comes from.
        let other = if back { "hasNextPage" } else { "hasPreviousPage" };
        assert_eq!(info[other], !walked.is_empty(), "{query}");
        let place = if back { 0 } else { walked.len() };
        walked.splice(place..place, cursors);
        if info[on] == Value::Bool(false) {
            assert_eq!(data["list"]["totalCount"], walked.len(), "{list}");
            return walked;
        }
        page = format!("{count}: {size}, {cursor}: {}", info[end]);
    }
}

on_each_database! {
    /// The log, changes, groups with ties and nulls, searches in all their ways of fitting.
    async fn are_the_whole_list_both_ways(server: &Server) {
        let admin = server.token(Role::Admin).await;
        for number in 1..=4 {
            server.write("unit", &format!("slug,symbol,dimension,name_en\nu{number},u,COUNT,Unit")).await;
        }
        for list in [
            "auditLog(PAGE)",
            "changes(PAGE)",
            "observationGroups(by: [METRIC], PAGE)",
            "observationGroups(by: [INITIATIVE], PAGE)",
            "observationGroups(by: [METRIC, INITIATIVE], orderBy: [{dimension: INITIATIVE, nulls: FIRST}], PAGE)",
            "observationGroups(by: [INITIATIVE], orderBy: [{dimension: INITIATIVE, direction: DESC}], PAGE)",
            "search(query: \"beijing\", PAGE)",
            "search(query: \"digital\", types: [METRIC, INITIATIVE], PAGE)",
        ] {
            let whole = walk(server, &admin, list, 1000, false).await;
            assert!(whole.len() > 1, "{list}");
            for size in [1, 2, 3, 7] {
                for back in [false, true] {
                    assert_eq!(walk(server, &admin, list, size, back).await, whole, "{list} {size} {back}");
                }
            }
        }
    }

    /// Between two cursors there is what lies between them; where nothing does, nothing.
    async fn lie_between_both_cursors(server: &Server) {
        let admin = server.token(Role::Admin).await;
        for list in ["changes(PAGE)", "search(query: \"beijing\", PAGE)", "observationGroups(by: [METRIC], PAGE)"] {
            let all = walk(server, &admin, list, 1000, false).await;
            let last = all.len() - 1;
            for (after, before) in [(0, 4), (1, last), (0, 1), (last, 0), (3, 3)] {
                for count in ["first", "last"] {
                    let page = format!("{count}: 1000, after: {:?}, before: {:?}", all[after], all[before]);
                    let query = format!("{{ list: {} {{ edges {{ cursor }} }} }}", list.replace("PAGE", &page));
                    let data = server.ask_as(&admin, &query).await.data();
                    let found = data["list"]["edges"].as_array().unwrap().iter();
                    let found: Vec<&str> = found.map(|edge| edge["cursor"].as_str().unwrap()).collect();
                    let wanted = all.get(after + 1..before).unwrap_or_default();
                    assert_eq!(found, wanted, "{query}");
                }
            }
            let page = "first: 1, last: 1";
            let query = format!("{{ list: {} {{ totalCount }} }}", list.replace("PAGE", page));
            let (message, code, _) = server.ask_as(&admin, &query).await.error();
            assert_eq!(message, "`first` and `last` cannot be given together; ask for one end of the list");
            assert_eq!(code, "BAD_USER_INPUT");
        }
    }
}
