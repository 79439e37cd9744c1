//! What somebody says of the files they import, where the files do not say it themselves.

use async_graphql::Enum;
use clap::{Args, ValueEnum};

/// How files are read.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Options {
    /// What the files are [default: seen from their names and contents]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// How figures stand in a table [default: seen from its columns]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub layout: Option<Layout>,
    /// A resource of a package that is to be read, and no other (may be given several times)
    #[arg(long = "resource", value_name = "NAME")]
    pub resources: Vec<String>,
    /// The table whose rows a file holds, column by column, such as district
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    /// The column that holds a field, such as district=Country; for --layout wide-metrics also the
    /// one that holds a metric's values, such as life-expectancy=lifeExp (may be given several
    /// times)
    #[arg(long = "map", value_name = "FIELD=COLUMN", value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// What a field is in every row, such as source=census-2020; with --create-missing also what a
    /// new row has, such as district.kind=COUNTRY, or population.unit=persons for one with that
    /// slug (may be given several times)
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// A column that is left out (may be given several times)
    #[arg(long = "ignore", value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// The encoding of text, by its label, such as gb18030 [default: utf-8, or by its byte order
    /// mark]
    #[arg(long, value_name = "LABEL")]
    pub encoding: Option<String>,
    /// What stands between the fields of a line, such as ";" [default: seen from the first lines]
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<char>,
    /// How many lines stand before the one that names the columns [default: seen]
    #[arg(long, value_name = "LINES")]
    pub skip_lines: Option<u64>,
    /// What stands before the decimals of a number: "." or "," [default: ".", and commas are taken
    /// only where they can be nothing but separators of thousands]
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    pub decimal: Option<char>,
    /// How many significant digits numbers are rounded to, where a program wrote more than it knew,
    /// such as 0.30000000000000004; 15 is what SQLite keeps [default: none is rounded]
    #[arg(long, value_name = "DIGITS", value_parser = clap::value_parser!(u32).range(1..=28))]
    pub digits: Option<u32>,
    /// A text that stands where a figure is missing, beside the usual ones (may be given several
    /// times)
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub missing: Vec<String>,
    /// Record that a figure is missing, instead of leaving it out
    #[arg(long)]
    pub keep_missing: bool,
    /// How long the periods are: days that begin one stand for it
    #[arg(long, value_enum, value_name = "LENGTH")]
    pub frequency: Option<Frequency>,
    /// In which order the parts of dates like 3/4/2025 stand
    #[arg(long, value_enum, value_name = "ORDER")]
    pub date_order: Option<DateOrder>,
    /// Make districts, metrics, units and sources that are not there yet
    #[arg(long)]
    pub create_missing: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Enum)]
#[graphql(name = "ImportFormat")]
pub enum Format {
    /// A Frictionless Data Package: a folder or a zip archive with a datapackage.json
    Package,
    /// A table as text with commas, semicolons or tabs
    Csv,
    /// SDMX-CSV 2
    SdmxCsv,
    /// JSON Lines, or a list of objects
    Json,
    /// Parquet
    Parquet,
}

/// How figures stand in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Enum)]
#[graphql(name = "ImportLayout")]
pub enum Layout {
    /// A figure a row
    Long,
    /// A column for each period
    WidePeriods,
    /// A column for each metric
    WideMetrics,
}

/// How long periods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Enum)]
#[graphql(name = "ImportFrequency")]
pub enum Frequency {
    /// Years
    Year,
    /// Halves of years
    Half,
    /// Quarters of years
    Quarter,
    /// Months
    Month,
    /// Weeks from Monday to Sunday
    Week,
    /// Single days
    Day,
}

/// In which order the parts of a date stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Enum)]
#[graphql(name = "ImportDateOrder")]
pub enum DateOrder {
    /// Day, month, year
    Dmy,
    /// Month, day, year
    Mdy,
}

impl Options {
    /// What a field is in every row.
    pub(super) fn given(&self, field: &str) -> Option<&str> {
        self.set.iter().rev().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write a name, = and a value".to_owned()),
    }
}

fn decimal(text: &str) -> Result<char, String> {
    match text {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err("it is . or ,".to_owned()),
    }
}
