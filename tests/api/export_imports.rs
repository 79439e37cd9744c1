//! What is exported is what the importer takes: each form read by `hutong import` gives the same
//! export again.

use std::path::Path;

use hutong::package::bundled;

use crate::{
    command::hutong,
    on_each_database,
    server::{Store, now},
};

#[track_caller]
fn run(folder: &Path, arguments: &[&str]) {
    let mut command = hutong(folder, arguments);
    let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
}

on_each_database! {
    async fn every_form_comes_back_by_the_importer(store: &Store) {
        store.database.migrate().await.unwrap();
        assert!(bundled::package().unwrap().load_into_empty(&store.database, now()).await.unwrap());
        store.write("observation", "metric,district,period,value,source\n\
            5g-base-stations,haidian,2024,7.50,beijing-daily-2026-01-27\n\
            5g-base-stations,haidian,2021/2025,8,beijing-daily-2026-01-27").await;
        store.write("claim", "slug,observation,kind,statement_en\n\
            mine,5g-base-stations haidian 2024,RECORD,Many").await;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let own = format!("--database-url={}", store.url);
        for name in ["first.zip", "first/", "first.csv", "first.jsonl", "first.parquet", "first.sdmx.csv"] {
            run(folder, &["export", name, &own]);
        }
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        for package in ["first.zip", "first/"] {
            let database = format!("--database-url=sqlite://{}.db", package.trim_end_matches('/'));
            run(folder, &["import", package, &database]);
            run(folder, &["export", "again.zip", &database]);
            assert!(read("again.zip") == read("first.zip"), "{package}");
        }
        // All but the figures, to read these from other files.
        run(folder, &["export", "bare.zip", &own, "--filter={slug: {eq: \"none\"}}"]);
        for form in ["csv", "jsonl", "parquet"] {
            let database = format!("--database-url=sqlite://{form}.db");
            run(folder, &["import", "bare.zip", &database]);
            run(folder, &["import", &format!("first.{form}"), &database]);
            run(folder, &["export", "again.csv", &database]);
            assert_eq!(String::from_utf8(read("again.csv")).unwrap(), String::from_utf8(read("first.csv")).unwrap(), "{form}");
        }
        // What SDMX has no words for stays behind: the notes.
        run(folder, &["import", "bare.zip", "--database-url=sqlite://sdmx.db"]);
        run(folder, &["import", "first.sdmx.csv", "--ignore=OBS_COMMENT", "--database-url=sqlite://sdmx.db"]);
        run(folder, &["export", "again.sdmx.csv", "--database-url=sqlite://sdmx.db"]);
        let without = |name: &str| -> Vec<Vec<String>> {
            let bytes = read(name);
            let mut reader = csv::Reader::from_reader(&*bytes);
            let records = reader.records().map(Result::unwrap);
            records.map(|record| record.iter().take(19).map(str::to_owned).collect()).collect()
        };
        assert_eq!(without("again.sdmx.csv"), without("first.sdmx.csv"));
    }
}
