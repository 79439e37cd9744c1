//! What was so at a moment stays so, whoever writes meanwhile.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use hutong::record::{By, Writer};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    Server,
    command::hutong,
    on_each_database,
    server::{Store, rows},
};

/// What is asked of a moment: figures, and a row that is changed in place.
fn question(moment: DateTime<Utc>) -> String {
    let moment = moment.to_rfc3339_opts(SecondsFormat::Micros, true);
    format!(
        r#"{{ observations(filter: {{metric: {{slug: {{eq: "5g-base-stations"}}}}}}, asOf: "{moment}") {{
            nodes {{ value period {{ code }} metric {{ name }} }} }} }}"#
    )
}

/// A figure, and another name of its metric.
async fn begin(store: &Store, number: i64) -> Writer {
    let mut writer = Writer::begin(&store.database, None, By::operator("a test")).await.unwrap();
    let figure = format!(
        "metric,district,period,value,decimals,multiplier,comparator,status,source
        5g-base-stations,beijing,2020,{number},0,0,EQUAL,NORMAL,beijing-daily-2026-01-27"
    );
    writer.write("observation", &rows("observation", &figure)).await.unwrap();
    let name = format!("slug,name_en\n5g-base-stations,Stations {number}");
    writer.write("metric", &rows("metric", &name)).await.unwrap();
    writer.settle().await.unwrap();
    writer
}

/// An answer about a moment, and the moment; none where it was told that it is not settled.
async fn answer(server: &Server, moment: DateTime<Utc>) -> Option<(DateTime<Utc>, String)> {
    let answer = server.ask(&question(moment)).await;
    if answer.text.contains("\"errors\"") {
        let (message, code, _) = answer.error();
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("may not be there yet: a write is under way"), "{message}");
        return None;
    }
    Some((moment, answer.text))
}

/// What was answered is answered again.
async fn stays(server: &Server, answers: &[(DateTime<Utc>, String)]) {
    for (moment, before) in answers {
        let now = server.ask(&question(*moment)).await.text;
        assert_eq!((moment, &now), (moment, before));
    }
}

on_each_database! {
    /// Of a moment since which another instance writes nothing is told; of those before it is.
    async fn a_moment_within_a_write_waits_for_its_end(server: &Server) {
        let other = Store::open(server.store.url.clone()).await;
        let before = Utc::now();
        sleep(Duration::from_millis(600)).await;
        let writer = begin(&other, 1).await;
        let within = Utc::now();
        let (told, asked) = (answer(server, before).await, Instant::now());
        assert!(told.is_some_and(|(_, text)| !text.contains("Stations 1")));
        assert_eq!(answer(server, within).await, None);
        let waited = asked.elapsed();
        assert!((2..5).contains(&waited.as_secs()), "{waited:?}");
        // Where it ends soon, nothing is refused.
        let end = async {
            sleep(Duration::from_millis(300)).await;
            writer.commit().await.unwrap();
        };
        let (told, ()) = tokio::join!(answer(server, within), end);
        assert!(told.as_ref().is_some_and(|(_, text)| text.contains("Stations 1")), "{told:?}");
        // What is given up was never there.
        let writer = begin(&other, 2).await;
        let within = Utc::now();
        writer.rollback().await;
        let (_, text) = answer(server, within).await.unwrap();
        assert!(text.contains("Stations 1"), "{text}");
        other.database.close().await.unwrap();
    }

    /// Two instances write by turns and are asked about the same moments meanwhile.
    async fn answers_stay_while_two_instances_write(server: &Server) {
        let other = Server::over(Store::open(server.store.url.clone()).await, &[]).await;
        let mut answers = Vec::new();
        for number in 0..40 {
            let store = if number % 2 == 0 { &server.store } else { &other.store };
            let write = async {
                let writer = begin(store, number).await;
                sleep(Duration::from_millis(5)).await;
                writer.commit().await.unwrap();
            };
            let ask = async {
                let mut told = Vec::new();
                for pause in [0, 2, 5, 9] {
                    sleep(Duration::from_millis(pause)).await;
                    let moment = Utc::now();
                    let both = tokio::join!(answer(server, moment), answer(&other, moment));
                    assert_eq!(both.0, both.1);
                    told.extend(both.0);
                }
                told
            };
            answers.extend(tokio::join!(write, ask).1);
        }
        assert_eq!(answers.len(), 160);
        stays(server, &answers).await;
        stays(&other, &answers).await;
        let kinds: std::collections::BTreeSet<&String> = answers.iter().map(|(_, text)| text).collect();
        assert!(kinds.len() > 20, "{kinds:?}");
        other.stop().await;
    }

    /// A command imports beside a server, again and again.
    async fn answers_stay_while_a_command_imports(server: &Server) {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = Vec::new();
        for number in 0..3_i64 {
            let figure = |day: i64| {
                let date = chrono::NaiveDate::from_yo_opt(2021, 1).unwrap() + chrono::TimeDelta::days(day);
                format!("5g-base-stations,beijing,{date},{},0,0,EQUAL,NORMAL,beijing-daily-2026-01-27\n", number + day)
            };
            let head = "metric,district,period,value,decimals,multiplier,comparator,status,source\n";
            let file = head.to_owned() + &(0..2000).map(figure).collect::<String>();
            std::fs::write(folder.path().join("figures.csv"), file).unwrap();
            let arguments = ["import", "figures.csv", "--table=observation", "--database-url", &server.store.url];
            let mut import = hutong(folder.path(), &arguments);
            let importing = tokio::task::spawn_blocking(move || import.output().unwrap());
            while !importing.is_finished() {
                answers.extend(answer(server, Utc::now()).await);
            }
            let done = importing.await.unwrap();
            assert!(done.status.success(), "{done:?}");
        }
        assert!(answers.len() > 2, "{}", answers.len());
        stays(server, &answers).await;
    }

    /// The same for a file, and for the command that writes one.
    async fn an_export_waits_too(server: &Server) {
        let writer = begin(&server.store, 1).await;
        let moment = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let file = server.url(&format!("/export/observations.csv?asOf={moment}"));
        let refused = server.client().get(&file).send().await.unwrap();
        assert_eq!(refused.status(), 400);
        let body: serde_json::Value = refused.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], json!("BAD_USER_INPUT"));
        writer.commit().await.unwrap();
        let done = server.client().get(&file).send().await.unwrap();
        let text = done.text().await.unwrap();
        assert!(text.contains(",2020,"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["export", "x.csv", "--as-of=2999-01-01T00:00:00Z", "--database-url", &server.store.url];
        let mut export = hutong(folder.path(), &arguments);
        let export = export.stderr(std::process::Stdio::piped());
        let told = String::from_utf8(export.output().unwrap().stderr).unwrap();
        assert!(told.contains("`--as-of` is 2999-01-01T00:00:00Z, but it is only 20"), "{told}");
    }
}
