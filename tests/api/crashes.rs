//! The program killed at any moment: what it acknowledged is there, and nothing is half.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    thread::sleep,
    time::Duration,
};

use hutong::{
    access::Role,
    record::token::{NewToken, grant},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::{
    command::{hutong, serve},
    on_each_database,
    server::{Store, now},
};

/// How often the program is killed while it writes, and again while it imports.
const TIMES: u64 = 25;

/// The figures of one file.
const ROWS: i64 = 400;

async fn number(connection: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// A moment within the time something takes, another one each time.
fn moment(time: u64, within: u64) -> Duration {
    Duration::from_millis(time.wrapping_mul(0x9E37_79B9_7F4A_7C15) % within)
}

/// Writes pairs of rows one after the other until the server is gone; notes those acknowledged.
async fn write(address: &str, token: &str, begin: u64, acknowledged: Arc<Mutex<Vec<u64>>>) {
    let client = reqwest::Client::new();
    for n in begin.. {
        let query = format!(
            r#"mutation {{
                a: createUnit(input: {{slug: "killed-{n}", symbol: "k", dimension: COUNT, name: [{{language: "en", text: "Killed"}}]}}) {{ revision }}
                b: upsertObservation(input: {{metric: "5g-base-stations", district: "haidian", period: "2025", value: "{n}",
                    source: "beijing-daily-2026-01-27", locator: "k{n}"}}) {{ revision }}
            }}"#
        );
        let post = client.post(format!("http://{address}/graphql")).bearer_auth(token);
        let Ok(answer) = post.json(&json!({ "query": query })).send().await else { return };
        let Ok(answer) = answer.json::<Value>().await else { return };
        assert!(answer.get("errors").is_none(), "{answer}");
        acknowledged.lock().unwrap().push(n);
    }
}

/// Kills the server while it writes.
async fn kill_mutations(folder: &Path, store: &Store) {
    let url = format!("--database-url={}", store.url);
    let new = NewToken { name: "writer".to_owned(), role: Role::Editor, expires_at: None };
    let token = grant(&store.database, new, now()).await.unwrap();
    let connection = store.connection().await;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for time in 0..TIMES {
        let command = hutong(folder, &["--listen=127.0.0.1:0", &url]);
        let (mut child, address) = tokio::task::spawn_blocking(|| serve(command)).await.unwrap();
        let (token, noted) = (token.clone(), Arc::clone(&acknowledged));
        let writing = tokio::spawn(async move {
            write(&address, &token, (time + 1) * 100_000, noted).await;
        });
        tokio::time::sleep(Duration::from_millis(60) + moment(time, 240)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        writing.await.unwrap();
        let units =
            number(&connection, "SELECT count(*) FROM unit WHERE slug LIKE 'killed-%'").await;
        let figures = "SELECT count(*) FROM observation WHERE locator LIKE 'k%'";
        assert_eq!(number(&connection, figures).await, units, "a write is half there");
        let all = acknowledged.lock().unwrap().clone();
        let known = all.len();
        for n in all {
            let there = format!("SELECT count(*) FROM unit WHERE slug = 'killed-{n}'");
            assert_eq!(number(&connection, &there).await, 1, "{n} was acknowledged and is gone");
        }
        // Of the last one nobody heard each time.
        assert!(units >= known as i64 && units <= known as i64 + time as i64 + 1);
        let in_force =
            "SELECT count(*) FROM observation WHERE locator LIKE 'k%' AND superseded_at IS NULL";
        assert_eq!(number(&connection, in_force).await, i64::from(units > 0));
        let revisions = "SELECT max(revision) - (SELECT revision FROM dataset) FROM audit";
        assert_eq!(number(&connection, revisions).await, 0);
    }
    assert!(!acknowledged.lock().unwrap().is_empty(), "nothing was written in time");
    connection.close().await.unwrap();
}

/// Kills imports, each of one file more.
async fn kill_imports(folder: &Path, store: &Store) {
    let url = format!("--database-url={}", store.url);
    let connection = store.connection().await;
    let mut finished = 0;
    for time in 0..TIMES {
        let name = format!("figures-{time}.csv");
        let rows = (0..ROWS).map(|n| {
            let day = chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap()
                + chrono::Days::new(time * 1000 + n as u64);
            format!("5g-base-stations,chaoyang,{day},{n},beijing-daily-2026-01-27,i{time}-\n")
        });
        let text =
            format!("metric,district,period,value,source,locator\n{}", rows.collect::<String>());
        std::fs::write(folder.join(&name), text).unwrap();
        let mut child =
            hutong(folder, &["import", &name, &url]).stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(30) + moment(time, 700));
        child.kill().unwrap();
        child.wait().unwrap();
        let there = format!("SELECT count(*) FROM observation WHERE locator = 'i{time}-'");
        let there = number(&connection, &there).await;
        assert!(there == 0 || there == ROWS, "{there} rows of a file are there");
        finished += there / ROWS;
    }
    // Whatever was there in time, all of it can be there.
    for time in 0..TIMES {
        let name = format!("figures-{time}.csv");
        let output = hutong(folder, &["import", &name, &url]).output().unwrap();
        assert!(output.status.success());
    }
    let all = "SELECT count(*) FROM observation WHERE locator LIKE 'i%-'";
    assert_eq!(number(&connection, all).await, ROWS * TIMES as i64);
    eprintln!("{finished} of {TIMES} imports had ended before they were killed");
    connection.close().await.unwrap();
}

on_each_database! {
    async fn leave_nothing_half(store: &Store) {
        let folder = tempfile::tempdir().unwrap();
        store.database.migrate().await.unwrap();
        let package = hutong::package::bundled::package().unwrap();
        assert!(package.load_into_empty(&store.database, now()).await.unwrap());
        kill_mutations(folder.path(), store).await;
        kill_imports(folder.path(), store).await;
        if let Some(file) = store.url.strip_prefix("sqlite://") {
            let connection = rusqlite::Connection::open(file).unwrap();
            let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok");
        }
    }
}
