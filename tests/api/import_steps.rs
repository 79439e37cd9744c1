//! What an import tells while it goes on.

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};

use clap::Parser;
use hutong::{
    package::{self, Progress, Source},
    record::{By, Watcher, Writer},
};

use crate::{
    imports::{Line, folder},
    on_each_database,
    server::{Store, now},
};

/// Notes all it is told.
#[derive(Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Progress for Notes {
    fn begin(&mut self, file: &str, bytes: u64) {
        let file = file.rsplit('/').next().unwrap();
        self.add(format!("{file} {bytes}"));
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        self.add(format!("read {bytes} {rows}"));
    }

    fn watcher(&self) -> Watcher {
        let notes = Self(Arc::clone(&self.0));
        Arc::new(move |step| notes.add(format!("{:?} {} of {}", step.phase, step.done, step.of)))
    }
}

async fn told(store: &Store, table: &str) -> Vec<String> {
    let folder = folder(&[("t.csv", table.as_bytes())]);
    let options = ["import", "--create-missing", "--set=metric=m", "--set=unit=persons"];
    let options = Line::try_parse_from(options).unwrap().options;
    let database = &store.database;
    database.migrate().await.unwrap();
    let mut writer = Writer::begin(database, now(), By::operator("a test")).await.unwrap();
    let (sources, mut notes) = (vec![Source::path(folder.path().join("t.csv"))], Notes::default());
    package::import(database, &mut writer, sources, &options, &mut notes).await.unwrap();
    writer.commit().await.unwrap();
    let told = notes.0.lock().unwrap();
    told.iter().filter(|line| !line.starts_with("read ")).cloned().collect()
}

on_each_database! {
    /// The figures are compared, written in steps, and indexed; the same ones are only compared.
    async fn every_step_is_told(store: &Store) {
        let mut table = "place,year,value\n".to_owned();
        for place in 0..450 {
            for year in 1900..2000 {
                writeln!(table, "p{place},{year},{}", place * year).unwrap();
            }
        }
        let file = format!("t.csv {}", table.len());
        assert_eq!(
            told(store, &table).await,
            [
                file.as_str(),
                "Checking 0 of 45000",
                "Writing 0 of 45000",
                "Writing 20000 of 45000",
                "Writing 40000 of 45000",
                "Indexing 45000 of 45000",
            ]
        );
        assert_eq!(told(store, &table).await, [file.as_str(), "Checking 0 of 45000"]);
        let more = "place,year,value\np1,1990,7\np2,2024,8\n";
        assert_eq!(
            told(store, more).await,
            ["t.csv 37", "Checking 0 of 2", "Writing 0 of 2", "Indexing 2 of 2"]
        );
        assert_eq!(crate::imports::figures(store).await.len(), 45_001);
    }
}
