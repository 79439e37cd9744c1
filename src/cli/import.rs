//! `hutong import`: files into the database, all of them or nothing.

use std::{io::IsTerminal, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::import_progress::{Bar, Lines};
use crate::{
    database::{self, Database},
    error::Error,
    package::{self, Progress, Source, Summary},
    record::{By, Counts, Problems, Writer},
};

/// What to import.
#[derive(Debug, Clone, Args)]
pub(super) struct Import {
    /// Files and folders: data packages, CSV, SDMX-CSV, JSON Lines, Parquet
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Say what would be changed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How to tell what was done, or what is wrong
    #[arg(long, value_enum, default_value_t = Report::Text, value_name = "FORM")]
    report: Report,
    #[command(flatten)]
    options: package::Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// A line for each table, or for each thing that is wrong
    Text,
    /// JSON on standard output
    Json,
}

impl Import {
    /// Brings the database's tables up to date, reads the files, and tells what became of them.
    pub(super) async fn run(&self, options: &database::Options) -> Result<(), Error> {
        let database = Database::open(options).await?;
        database.migrate().await?;
        let imported = self.import(&database).await;
        database.close().await?;
        match imported {
            Ok(summary) => {
                self.tell(&summary);
                Ok(())
            }
            Err(Error::Rejected(problems)) => Err(self.refuse(&problems)),
            Err(other) => Err(other),
        }
    }

    async fn import(&self, database: &Database) -> Result<Summary, Error> {
        let mut writer = Writer::begin(database, None, By::operator("import")).await?;
        let sources = self.paths.iter().map(Source::path).collect();
        let (mut bar, mut lines) = (Bar::new(), Lines::new());
        let progress: &mut dyn Progress =
            if std::io::stderr().is_terminal() { &mut bar } else { &mut lines };
        let summary =
            package::import(database, &mut writer, sources, &self.options, progress).await;
        bar.end();
        let summary = summary?;
        if !self.dry_run {
            writer.commit().await?;
        }
        Ok(summary)
    }

    fn tell(&self, summary: &Summary) {
        let Summary { outcome, left_out, rounded } = summary;
        if self.report == Report::Json {
            let tables = outcome.0.iter().map(|(table, counts)| {
                let Counts { created, updated, removed, unchanged } = counts;
                let counts = json!({
                    "created": created, "updated": updated, "removed": removed,
                    "unchanged": unchanged,
                });
                ((*table).to_owned(), counts)
            });
            let tables: serde_json::Map<String, serde_json::Value> = tables.collect();
            println!(
                "{}",
                json!({
                    "written": !self.dry_run, "tables": tables, "leftOut": left_out,
                    "rounded": rounded, "problems": Problems::default(),
                })
            );
            return;
        }
        for (table, counts) in &outcome.0 {
            let Counts { created, updated, removed, unchanged } = counts;
            let removed = if *removed > 0 { format!(", {removed} removed") } else { String::new() };
            println!(
                "{table}: {created} created, {updated} updated{removed}, {unchanged} unchanged"
            );
        }
        if *left_out > 0 {
            println!("{left_out} cells without a figure were left out");
        }
        if *rounded > 0 {
            println!("{rounded} numbers were rounded to fewer digits");
        }
        if self.dry_run {
            println!("nothing was written: this was a dry run");
        }
    }

    fn refuse(&self, problems: &Problems) -> Error {
        match self.report {
            Report::Json => println!(
                "{}",
                json!({ "written": false, "tables": {}, "leftOut": 0, "rounded": 0, "problems": problems })
            ),
            Report::Text => eprintln!("{problems}"),
        }
        let count = match problems.count {
            1 => "one thing is".to_owned(),
            count => format!("{count} things are"),
        };
        Error::input(format!("nothing was written: {count} wrong"))
    }
}
