//! Rows of a table that lie in rows which come later, however far away.

use std::fmt::Write;

use serde_json::json;

use crate::{
    Server,
    imports::{counts, folder, import, import_path, places},
    on_each_database,
    server::Store,
};

/// How many districts: several batches of them.
const MANY: usize = 12_000;

const HEAD: &str = "slug,kind,name_en,partition,parent\n";

/// The district a district lies in, so that they are some thirty levels deep.
fn above(number: usize) -> Option<usize> {
    number.checked_sub(1).map(|before| before * 3 / 4)
}

fn row(number: usize, parent: &str) -> String {
    format!("d{number},DISTRICT,D {number},true,{parent}\n")
}

/// Every district before the one it lies in.
fn upwards(count: usize, above: impl Fn(usize) -> Option<usize>) -> String {
    let parent = |number| above(number).map_or_else(String::new, |above| format!("d{above}"));
    let rows = (0..count).rev().map(|number| row(number, &parent(number)));
    HEAD.to_owned() + &rows.collect::<String>()
}

/// The line on which a district stands there.
fn line(number: usize) -> usize {
    MANY - number + 1
}

async fn wrong(store: &Store, table: impl AsRef<[u8]>) -> Vec<String> {
    import(store, "district.csv", table, &["--table=district"]).await.unwrap_err()
}

on_each_database! {
    /// Children before their parents, all the way up, as a package.
    async fn children_come_before_their_parents(store: &Store) {
        let json = br#"{"name": "tree", "resources": [{"name": "district", "path": "district.csv"}]}"#;
        let files = folder(&[
            ("tree/datapackage.json", &json[..]),
            ("tree/district.csv", upwards(MANY, above).as_bytes()),
        ]);
        let path = files.path().join("tree");
        let done = import_path(store, &path, &[]).await.unwrap();
        assert_eq!(counts(&done), [("district", [MANY as u64, 0, 0, 0])]);
        let again = import_path(store, &path, &[]).await.unwrap();
        assert_eq!(counts(&again), [("district", [0, 0, 0, MANY as u64])]);
        let own = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::over(own, &[]).await;
        let levels = 6;
        let mut query = "slug".to_owned();
        let mut way: Vec<usize> = std::iter::successors(Some(MANY - 1), |at| above(*at)).collect();
        assert_eq!(way.pop(), Some(0));
        way.truncate(levels + 1);
        let mut wanted = json!({ "slug": format!("d{}", way[levels]) });
        for at in way[..levels].iter().rev() {
            query = format!("slug parent {{ {query} }}");
            wanted = json!({ "slug": format!("d{at}"), "parent": wanted });
        }
        let answer = server.data(&format!("{{ district(slug: \"d{}\") {{ {query} }} }}", MANY - 1)).await;
        assert_eq!(answer, json!({ "district": wanted }));
        let answer = server.data(r#"{ district(slug: "d3000") { children { totalCount nodes { slug } } } }"#).await;
        assert_eq!(answer, json!({ "district": { "children": {
            "totalCount": 2, "nodes": [{ "slug": "d4002" }, { "slug": "d4001" }] } } }));
        server.stop().await;
    }

    /// One long chain, from its last link to its first.
    async fn a_long_chain(store: &Store) {
        let chain = upwards(6000, |number| number.checked_sub(1));
        let done = import(store, "district.csv", &chain, &["--table=district"]).await.unwrap();
        assert_eq!(counts(&done), [("district", [6000, 0, 0, 0])]);
        // Turned upside down, all of them move.
        let turned: String = (0..6000).map(|number| match number {
            5999 => row(number, ""),
            number => row(number, &format!("d{}", number + 1)),
        }).collect();
        let done = import(store, "district.csv", HEAD.to_owned() + &turned, &["--table=district"]).await;
        assert_eq!(counts(&done.unwrap()), [("district", [0, 6000, 0, 0])]);
    }

    /// A parent that never comes is told of the row that names it, with the nearest there are; rows
    /// below it are told only what is wrong with themselves.
    async fn a_parent_never_comes(store: &Store) {
        let table = upwards(MANY, above)
            .replace(&row(6000, "d4499"), &row(6000, "d-4499"))
            .replace("d10669,DISTRICT", "d10669,VILLAGE")
            .replace("d300,DISTRICT", "d300,HAMLET");
        let told = wrong(store, table).await;
        let at = |number: usize, rest: &str| format!("district.csv, line {}, column {rest}", line(number));
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.contains(&at(6000, "parent: \"d-4499\": there is no such district; did you mean d4499 \
            or d10499 or d11499?")), "{told:?}");
        for (number, kind) in [(10_669, "VILLAGE"), (300, "HAMLET")] {
            let start = at(number, &format!("kind: {kind:?}: unknown variant `{kind}`, expected one of "));
            assert!(told.iter().any(|told| told.starts_with(&start)), "{told:?}");
        }
        assert!(places(store).await.is_empty());
    }

    /// Rows that lie in each other are refused, however far they are from each other, new or not.
    async fn circles_over_batches(store: &Store) {
        let table = upwards(MANY, above).replace(&row(0, ""), &row(0, &format!("d{}", MANY - 1)));
        let within = |at: usize, parent: usize| format!(
            "district.csv, line {}, column parent: \"d{parent}\": it would lie within itself", line(at));
        let circle: Vec<usize> = std::iter::successors(Some(MANY - 1), |at| above(*at)).collect();
        let expected: Vec<String> = circle.iter()
            .map(|at| within(*at, above(*at).unwrap_or(MANY - 1))).collect();
        assert_eq!(wrong(store, &table).await, expected);
        let sound = upwards(MANY, above);
        import(store, "district.csv", &sound, &["--table=district"]).await.unwrap();
        // Only the first moves, into its own grandchild.
        let told = wrong(store, HEAD.to_owned() + &row(0, "d2")).await;
        assert_eq!(told, ["district.csv, line 2, column parent: \"d2\": it would lie within itself"]);
        let far: String = (100..MANY).map(|at| row(at, &format!("d{}", above(at).unwrap()))).collect();
        let told = wrong(store, format!("{HEAD}{}{far}{}", row(0, "d98"), row(98, "d1"))).await;
        let within = |line: usize, parent: &str| format!(
            "district.csv, line {line}, column parent: {parent:?}: it would lie within itself");
        assert_eq!(told, [within(2, "d98"), within(MANY - 100 + 3, "d1")]);
    }

    /// What is given twice is told, also where one of the two waits.
    async fn rows_that_wait_are_given_once(store: &Store) {
        let mut table = format!("{HEAD}{}", row(1, "d0"));
        (10..6000).for_each(|at| write!(table, "{}", row(at, "")).unwrap());
        let told = wrong(store, format!("{table}{}{}", row(1, ""), row(0, ""))).await;
        assert_eq!(told, ["district.csv, line 5993, column slug: \"d1\": it is given twice"]);
    }
}
