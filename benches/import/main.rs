//! Measures the import of a million figures against the database's own loader.
//!
//! ```sh
//! cargo bench --bench import                                  # SQLite, against sqlite3's .import
//! cargo bench --bench import -- --rows 100000
//! cargo bench --bench import -- --database-url postgres://…   # an empty one, against COPY
//! ```
//!
//! The bare loader gets the rows as the table holds them, numbers for references, and builds the
//! same indexes; Hutong gets a CSV file with names, checks each row, and keeps what was there.
//! Nothing is asserted on times.

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use chrono::{NaiveDate, Utc};
use clap::Parser;
use hutong::{
    cli::Cli,
    database::{self, Database},
    package::{self, Source},
    record::{By, Rows, Writer},
};
use sea_orm::{ConnectionTrait, Statement};

/// Measures imports.
#[derive(Debug, Parser)]
struct Options {
    /// The database; an empty one [default: a fresh SQLite file in `target/tmp`]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// How many figures
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

const METRICS: u64 = 50;
const DISTRICTS: u64 = 200;

/// Which figure is the one with a number: metric, district, month, value.
fn figure(n: u64) -> (u64, u64, String, String) {
    let month = n / (METRICS * DISTRICTS);
    let date = NaiveDate::from_ymd_opt(1900 + (month / 12) as i32, (month % 12) as u32 + 1, 1);
    let month = date.unwrap_or_default().format("%Y-%m").to_string();
    let value = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 10_000_000;
    (n % METRICS, n / METRICS % DISTRICTS, month, format!("{}.{:02}", value / 100, value % 100))
}

/// What figures refer to.
async fn prepare(database: &Database) -> Result<(), Box<dyn Error>> {
    let mut writer = Writer::begin(database, Utc::now(), By::operator("the bench")).await?;
    let numbered = |count: u64, row: &dyn Fn(u64) -> String| {
        (0..count).map(|n| (n, row(n).split(',').map(str::to_owned).collect())).collect()
    };
    for (table, columns, rows) in [
        ("source", "slug,title_en", numbered(1, &|_| "s,Source".to_owned())),
        ("unit", "slug,symbol,name_en,dimension", numbered(1, &|_| "u,u,Unit,COUNT".to_owned())),
        (
            "district",
            "slug,kind,name_en,partition",
            numbered(DISTRICTS, &|n| format!("d-{n},DISTRICT,District {n},false")),
        ),
        (
            "metric",
            "slug,name_en,unit,measure,aggregation,direction,decimals",
            numbered(METRICS, &|n| format!("m-{n},Metric {n},u,LEVEL,SUM,NEUTRAL,2")),
        ),
    ] {
        let columns = columns.split(',').map(str::to_owned).collect();
        writer.write(table, &Rows { origin: table.to_owned(), columns, rows }).await?;
    }
    writer.commit().await?;
    Ok(())
}

/// The file that is imported, and the rows for the bare loader.
fn files(folder: &Path, rows: u64) -> Result<(PathBuf, PathBuf), Box<dyn Error>> {
    let (named, bare) = (folder.join("figures.csv"), folder.join("bare.csv"));
    let mut names = BufWriter::new(File::create(&named)?);
    let mut numbers = BufWriter::new(File::create(&bare)?);
    writeln!(names, "metric,district,period,value,source")?;
    for n in 0..rows {
        let (metric, district, month, value) = figure(n);
        writeln!(names, "m-{metric},d-{district},{month},{value},s")?;
        let period = month.parse::<entity::Period>()?.span();
        writeln!(
            numbers,
            "{},{},{},{period},{value},2,0,EQUAL,NORMAL,1,2026-01-01T00:00:00+00:00,1,0,0",
            n + 1,
            metric + 1,
            district + 1
        )?;
    }
    names.flush()?;
    numbers.flush()?;
    Ok((named, bare))
}

/// The columns of the figures that are not null, in the order of the bare rows, and the others.
const COLUMNS: &str = "id, metric_id, district_id, period, value, decimals, multiplier, \
    comparator, status, source_id, recorded_at, revision, retracted, embargoed";
const NULLS: [&str; 12] = [
    "slug",
    "initiative_id",
    "reference_date",
    "price_basis",
    "unit_as_printed",
    "note",
    "locator",
    "published_on",
    "superseded_at",
    "recorded_by",
    "reason",
    "embargo_ended_at",
];

/// SQLite's own loader: the rows, then the indexes.
async fn sqlite(url: &str, folder: &Path, bare: &Path) -> Result<Duration, Box<dyn Error>> {
    let connection = sea_orm::Database::connect(url).await?;
    let sql = "SELECT sql FROM sqlite_master WHERE tbl_name = 'observation' AND sql IS NOT NULL \
        AND type = 'index'";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let mut script = format!(
        "CREATE TABLE observation (id INTEGER PRIMARY KEY, {});\n.mode csv\n",
        COLUMNS.trim_start_matches("id, ")
    );
    script.push_str(&format!(".import {} observation\n", bare.display()));
    // The shell takes empty fields for empty texts.
    for column in NULLS {
        script.push_str(&format!(
            "ALTER TABLE observation ADD COLUMN {column};
"
        ));
    }
    for row in connection.query_all_raw(statement).await? {
        script.push_str(&format!("{};\n", row.try_get_by_index::<String>(0)?));
    }
    connection.close().await?;
    let file = folder.join("bare.db");
    let begun = Instant::now();
    let mut shell = Command::new("sqlite3").arg(&file).stdin(Stdio::piped()).spawn()?;
    if let Some(input) = &mut shell.stdin {
        input.write_all(script.as_bytes())?;
    }
    shell.wait()?;
    Ok(begun.elapsed())
}

/// PostgreSQL's own loader, into a table with the same indexes.
fn postgres(url: &str, bare: &Path) -> Result<Duration, Box<dyn Error>> {
    let run = |sql: &str| Command::new("psql").args([url, "-qc", sql]).status();
    run("CREATE TABLE bare (LIKE observation INCLUDING ALL)")?;
    let copy = format!("\\copy bare ({COLUMNS}) FROM '{}' WITH (FORMAT csv)", bare.display());
    let begun = Instant::now();
    run(&copy)?;
    let taken = begun.elapsed();
    run("DROP TABLE bare")?;
    Ok(taken)
}

/// The most memory this process has had, in megabytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

async fn import(database: &Database, file: &Path) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let mut writer = Writer::begin(database, Utc::now(), By::operator("the bench")).await?;
    let sources = vec![Source::path(file)];
    let options = package::Options::default();
    package::import(database, &mut writer, sources, &options, &mut ()).await?;
    writer.commit().await?;
    Ok(begun.elapsed())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options { database_url, rows, .. } = Options::parse();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let fresh = format!("sqlite://{}", folder.join("import.db").display());
    let url = database_url.clone().unwrap_or(fresh);
    let defaults = Cli::parse_from(["hutong"]).config.database;
    let database =
        Database::open(&database::Options { database_url: Some(url.clone()), ..defaults }).await?;
    database.migrate().await?;
    prepare(&database).await?;
    let (named, bare) = files(&folder, rows)?;
    let own = match database_url {
        None => sqlite(&url, &folder, &bare).await?,
        Some(_) => postgres(&url, &bare)?,
    };
    let first = import(&database, &named).await?;
    let memory = peak();
    let again = import(&database, &named).await?;
    let ratio = |time: Duration| time.as_secs_f64() / own.as_secs_f64();
    println!("{rows} figures");
    println!("the database's own loader   {:6.1} s", own.as_secs_f64());
    println!(
        "hutong import               {:6.1} s   {:.2} times",
        first.as_secs_f64(),
        ratio(first)
    );
    println!(
        "the same file again         {:6.1} s   {:.2} times",
        again.as_secs_f64(),
        ratio(again)
    );
    if let Some(memory) = memory {
        println!("peak memory                 {memory:6} MB");
    }
    database.close().await?;
    Ok(())
}
