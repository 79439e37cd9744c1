//! `hutong import`: files into the database, all of them or nothing.

use std::{
    io::IsTerminal,
    path::PathBuf,
    time::{Duration, Instant},
};

use chrono::Utc;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

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
        let mut writer = Writer::begin(database, Utc::now(), By::operator("import")).await?;
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

/// Progress on a terminal: a bar with rate and time left.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        Self(ProgressBar::hidden())
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&mut self, file: &str, bytes: u64) {
        self.end();
        self.0 = ProgressBar::new(bytes).with_message(file.to_owned());
        let template = "{msg} {bar:30} {percent}% {binary_bytes_per_sec} {prefix} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        self.0.set_prefix(format!("{rows} rows"));
        self.0.set_position(bytes);
    }

    fn settle(&mut self) {
        self.0.set_message("settling");
    }
}

/// How often a line tells of the progress.
const EVERY: Duration = Duration::from_secs(5);

/// Progress where nobody watches: a line now and then.
struct Lines {
    file: String,
    bytes: u64,
    begun: Instant,
    told: Instant,
}

impl Lines {
    fn new() -> Self {
        let now = Instant::now();
        Self { file: String::new(), bytes: 0, begun: now, told: now }
    }
}

impl Progress for Lines {
    fn begin(&mut self, file: &str, bytes: u64) {
        (self.file, self.bytes, self.begun) = (file.to_owned(), bytes, Instant::now());
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        if self.told.elapsed() < EVERY || bytes == 0 {
            return;
        }
        self.told = Instant::now();
        let elapsed = self.begun.elapsed().as_millis().max(1);
        let left =
            u128::from(self.bytes.saturating_sub(bytes)) * elapsed / u128::from(bytes) / 1000;
        let percent = bytes.saturating_mul(100) / self.bytes.max(1);
        let rate = u128::from(rows) * 1000 / elapsed;
        let file = &self.file;
        eprintln!("{file}: {percent} % read, {rows} rows, {rate} rows a second, {left} s left");
    }
}
