//! Walks: every connection forward and backward, with any page size and order, meets every row
//! once, also while rows are being inserted.

use hutong::record::{Rows, Writer};
use serde_json::{Value, json};

use crate::{Server, on_each_database, server::now};

/// A source of arbitrary choices that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.roll(choices.len())]
    }
}

/// Lists to walk: where they are, and their order keys, with ties and nulls among them.
const LISTS: [(&str, &str, &[&str]); 10] = [
    ("", "districts", &["SLUG", "NAME", "KIND", "CODE"]),
    (
        "",
        "districts",
        &["PARENT_NAME", "CHILD_COUNT", "INITIATIVE_COUNT", "OBSERVATION_COUNT", "LATEST_PERIOD"],
    ),
    ("", "initiatives", &["SLUG", "TITLE", "KIND", "STATUS", "STARTED_ON", "ENDED_ON"]),
    ("", "initiatives", &["THEME_NAME", "METRIC_COUNT", "STARTED_ON", "LATEST_PERIOD"]),
    ("", "observations", &["PERIOD", "VALUE", "RECORDED_AT"]),
    ("", "sources", &["SLUG", "PUBLISHED_ON", "PUBLISHER"]),
    ("", "claims", &["SLUG", "KIND", "POSITION", "PERIOD", "INITIATIVE_TITLE", "SCOPE_NAME"]),
    ("district(slug: \"beijing\")", "initiatives", &["KIND", "STATUS", "STARTED_ON", "TITLE"]),
    ("district(slug: \"beijing\")", "observations", &["PERIOD", "VALUE", "RECORDED_AT"]),
    (
        "district(slug: \"beijing\")",
        "observations",
        &["METRIC_NAME", "INITIATIVE_TITLE", "SOURCE_PUBLISHED_ON", "PERIOD"],
    ),
];

/// One page of a list: its edges and page info.
async fn page(server: &Server, parent: &str, list: &str, arguments: &str) -> Value {
    let field = format!(
        "{list}({arguments}) {{ edges {{ cursor node {{ id }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
    );
    if parent.is_empty() {
        server.data(&format!("{{ {field} }}")).await[list].clone()
    } else {
        server.data(&format!("{{ parent: {parent} {{ {field} }} }}")).await["parent"][list].clone()
    }
}

fn ids(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Walks a list page by page and returns the ids in the list's order.
async fn walk(
    server: &Server,
    dice: &mut Dice,
    place: (&str, &str),
    order: &str,
    back: bool,
) -> Vec<String> {
    let mut met: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let size = 1 + dice.roll(7);
        let ends = if back { ("last", "before") } else { ("first", "after") };
        let mut arguments = format!("{order} {}: {size}", ends.0);
        if !cursor.is_empty() {
            arguments.push_str(&format!(" {}: \"{cursor}\"", ends.1));
        }
        let page = page(server, place.0, place.1, &arguments).await;
        let found = ids(&page);
        assert!(found.len() <= size);
        let (more, next) =
            if back { ("hasPreviousPage", "startCursor") } else { ("hasNextPage", "endCursor") };
        if back {
            met.splice(0..0, found);
        } else {
            met.extend(found);
        }
        if page["pageInfo"][more] == false {
            return met;
        }
        assert_eq!(ids(&page).len(), size, "a page that is not the last is full");
        cursor = page["pageInfo"][next].as_str().unwrap().to_owned();
        let edges = page["edges"].as_array().unwrap();
        let end = if back { edges.first() } else { edges.last() };
        assert_eq!(end.unwrap()["cursor"], json!(cursor));
    }
}

fn order(dice: &mut Dice, keys: &[&str]) -> String {
    let count = dice.roll(keys.len().min(3) + 1);
    let mut parts = Vec::new();
    for _ in 0..count {
        let (key, direction) = (dice.of(keys), dice.of(&["ASC", "DESC"]));
        let language = match key.contains("NAME") || key.contains("TITLE") {
            true => dice.of(&["", ", language: \"ar\"", ", language: \"zh-TW\""]),
            false => "",
        };
        parts.push(format!(
            "{{by: {key}, direction: {direction}, nulls: {}{language}}}",
            dice.of(&["FIRST", "LAST"])
        ));
    }
    if parts.is_empty() { String::new() } else { format!("orderBy: [{}]", parts.join(", ")) }
}

on_each_database! {
    /// The same rows in the same order, whatever the pages and the direction: no gap, no repeat.
    async fn meet_every_row_once(server: &Server) {
        let mut dice = Dice(0x2026_0127);
        for round in 0..80 {
            let (parent, list, keys) = LISTS[round % LISTS.len()];
            let order = order(&mut dice, keys);
            let whole = ids(&page(server, parent, list, &format!("{order} first: 1000")).await);
            let mut sorted = whole.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(sorted.len(), whole.len());
            let place = (parent, list);
            assert_eq!(walk(server, &mut dice, place, &order, false).await, whole, "{list} {order}");
            assert_eq!(walk(server, &mut dice, place, &order, true).await, whole, "{list} {order}");
        }
    }

    /// Rows inserted meanwhile neither hide others nor make one come twice, whichever way the walk
    /// goes. Those behind it are not met; those before it are.
    async fn are_not_disturbed_by_insertions(server: &Server) {
        for back in [false, true] {
            let before = units(server, "first: 1000").await.0;
            let ends = if back { ("last", "before") } else { ("first", "after") };
            let (mut met, mut cursor) = (Vec::new(), String::new());
            for number in 0..40 {
                let arguments = format!("{}: 2 {cursor}", ends.0);
                let (mut slugs, info) = units(server, &arguments).await;
                if slugs.is_empty() {
                    break;
                }
                if back {
                    slugs.reverse();
                }
                met.extend(slugs);
                // One before everything and one after.
                insert(server, &[format!("a-{back}-{number}"), format!("z-{back}-{number}")]).await;
                let end = if back { &info["startCursor"] } else { &info["endCursor"] };
                cursor = format!("{}: {end}", ends.1);
            }
            let mut old: Vec<&String> = met.iter().filter(|slug| before.contains(slug)).collect();
            if back {
                old.reverse();
            }
            assert_eq!(old, before.iter().collect::<Vec<_>>());
            let (behind, ahead) = if back { ("z-true", "a-true-0") } else { ("a-false", "z-false-0") };
            assert!(met.iter().all(|slug| !slug.starts_with(behind)), "{met:?}");
            assert!(met.iter().any(|slug| slug == ahead), "{met:?}");
        }
    }

    /// A list that is longer than a page gives the default page.
    async fn begin_with_fifty_rows(server: &Server) {
        let slugs: Vec<String> = (0..60).map(|number| format!("m-{number}")).collect();
        insert(server, &slugs).await;
        let data = server.data("{ units { totalCount nodes { slug } pageInfo { hasNextPage } } }").await;
        assert_eq!(data["units"]["totalCount"], 72);
        assert_eq!(data["units"]["nodes"].as_array().unwrap().len(), 50);
        assert_eq!(data["units"]["pageInfo"]["hasNextPage"], true);
    }
}

/// A page of the units by slug: their slugs, and its page info.
async fn units(server: &Server, arguments: &str) -> (Vec<String>, Value) {
    let query = format!(
        "{{ units({arguments}, orderBy: [{{by: SLUG}}]) {{ nodes {{ slug }}
            pageInfo {{ startCursor endCursor }} }} }}"
    );
    let units = server.data(&query).await["units"].clone();
    let slug = |node: &Value| node["slug"].as_str().unwrap().to_owned();
    (units["nodes"].as_array().unwrap().iter().map(slug).collect(), units["pageInfo"].clone())
}

/// Inserts units with these slugs.
async fn insert(server: &Server, slugs: &[String]) {
    let row = |slug: &String| (1, vec![slug.clone(), slug.clone(), "New".into(), "COUNT".into()]);
    let rows = Rows {
        origin: "unit.csv".to_owned(),
        columns: ["slug", "symbol", "name_en", "dimension"].map(str::to_owned).into(),
        rows: slugs.iter().map(row).collect(),
    };
    let mut writer =
        Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test"))
            .await
            .unwrap();
    writer.write("unit", &rows).await.unwrap();
    writer.commit().await.unwrap();
}
