//! Options that would be dropped without a word: each is applied, or refused with what is meant.

use std::collections::BTreeSet;

use super::{
    figures::{normal, sdmx_code, wrong_rows},
    options::{Format, Options},
};
use crate::{
    record::Problem,
    suggest::{Budget, closest_matches},
};

/// How many names of columns are remembered.
const COLUMNS: usize = 100_000;

/// Fields that are never the same in all rows.
const OF_EACH_ROW: [&str; 2] = ["value", "structure"];

/// Something wrong with an option, by what was given.
fn wrong(option: &str, why: impl std::fmt::Display) -> Problem {
    Problem::of(option, None, why)
}

fn pair(name: &str, (field, value): &(String, String)) -> String {
    format!("--{name} {field}={value}")
}

/// What is wrong with options whatever is read by them.
pub(super) fn contradictions(options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(table) = &options.table {
        let why = format!(
            "it is about figures, and --table {table} says that the file holds rows of that table, \
             column by column; leave one of them out"
        );
        problems.extend(of_figures(options).iter().map(|option| wrong(option, &why)));
    }
    let other = |pairs: &'_ [(String, String)], field: &str, at: usize| {
        pairs[..at].iter().find(|(other, _)| other == field).cloned()
    };
    for (at, map) in options.map.iter().enumerate() {
        let (field, _) = map;
        if let Some(first) = other(&options.map, field, at) {
            let first = pair("map", &first);
            let why = format!(
                "the {field} is said to be in another column already, by {first}; give one of them"
            );
            problems.push(wrong(&pair("map", map), why));
        }
    }
    for (at, set) in options.set.iter().enumerate() {
        let (field, value) = set;
        let mapped = other(&options.map, field, options.map.len());
        let why = if let Some(first) = other(&options.set, field, at) {
            let first = pair("set", &first);
            format!("it is said to be another already, by {first}; give one of them")
        } else if let Some(map) = mapped {
            let map = pair("map", &map);
            format!("the {field} is said to be in a column already, by {map}; give one of them")
        } else if OF_EACH_ROW.contains(&field.as_str()) {
            "it is no field that all rows may have alike".to_owned()
        } else if value.is_empty() {
            "it says nothing; write a value behind it, or leave it out".to_owned()
        } else {
            continue;
        };
        problems.push(wrong(&pair("set", set), why));
    }
    if options.table.is_none() {
        problems.extend(wrong_rows(options));
    }
    problems
}

/// The options that are about figures alone.
fn of_figures(options: &Options) -> Vec<String> {
    let Options { layout, frequency, date_order, decimal, digits, .. } = options;
    let word = |name: &str, value: Option<String>| value.map(|value| format!("--{name} {value}"));
    let flag = |name: &str, given: bool| given.then(|| format!("--{name}"));
    let mut given: Vec<String> = options.map.iter().map(|map| pair("map", map)).collect();
    given.extend(options.set.iter().map(|set| pair("set", set)));
    given.extend(options.missing.iter().map(|text| format!("--missing {text}")));
    given.extend(
        [
            word("layout", layout.as_ref().map(named)),
            word("frequency", frequency.as_ref().map(named)),
            word("date-order", date_order.as_ref().map(named)),
            word("decimal", decimal.map(String::from)),
            word("digits", digits.map(|digits| digits.to_string())),
            flag("keep-missing", options.keep_missing),
            flag("create-missing", options.create_missing),
        ]
        .into_iter()
        .flatten(),
    );
    given
}

/// A word of an option as it is written.
fn named(word: &impl clap::ValueEnum) -> String {
    word.to_possible_value().map_or_else(String::new, |word| word.get_name().to_owned())
}

/// What was read, as far as options are about it.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Figures, in a table of any form.
    pub(super) figures: bool,
    /// Rows of the table that an option names.
    pub(super) said_table: bool,
    pub(super) packages: bool,
    /// Tables as text, and as text with delimiters.
    text: bool,
    delimited: bool,
    /// The names of columns.
    columns: BTreeSet<String>,
}

impl Met {
    /// Takes note of a table.
    pub(super) fn table(&mut self, format: Format, columns: &[String]) {
        self.delimited |= matches!(format, Format::Csv | Format::SdmxCsv);
        self.text |= matches!(format, Format::Csv | Format::SdmxCsv | Format::Json);
        let room = COLUMNS.saturating_sub(self.columns.len());
        self.columns.extend(columns.iter().take(room).map(|name| sdmx_code(name).0.to_owned()));
        self.columns.extend(columns.iter().take(room).cloned());
    }

    /// The options that were about nothing of it.
    pub(super) fn unheeded(&self, options: &Options) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |options: Vec<String>, heeded: bool, why: &str| {
            if !heeded {
                problems.extend(options.iter().map(|option| wrong(option, why)));
            }
        };
        let one = |name: &str, value: Option<String>| {
            value.map(|value| format!("--{name} {value}")).into_iter().collect::<Vec<_>>()
        };
        let resources = options.resources.iter().map(|name| format!("--resource {name}"));
        refuse(
            resources.collect(),
            self.packages,
            "it is about packages, and none is read; leave it out",
        );
        refuse(
            one("table", options.table.clone()),
            self.said_table,
            "each resource of the package is a table by its own name; leave it out",
        );
        if options.table.is_none() {
            refuse(
                of_figures(options),
                self.figures,
                "it is about figures, and no table of figures in a form of its own is read; leave \
                 it out",
            );
        }
        refuse(
            one("encoding", options.encoding.clone()),
            self.text,
            "it is about tables as text, and none is read; leave it out",
        );
        let mut of_delimited = one("delimiter", options.delimiter.map(String::from));
        of_delimited.extend(one("skip-lines", options.skip_lines.map(|lines| lines.to_string())));
        refuse(
            of_delimited,
            self.delimited,
            "it is about tables as delimited text, and none is read; leave it out",
        );
        let (normals, budget): (BTreeSet<String>, _) =
            (self.columns.iter().map(|name| normal(name)).collect(), Budget::default());
        for name in &options.ignore {
            if !self.columns.contains(name) && !normals.contains(&normal(name)) {
                let names = self.columns.iter().map(String::as_str);
                let suggestions = closest_matches(name, names, &budget);
                let why = wrong(&format!("--ignore {name}"), "no file has such a column");
                problems.push(Problem { suggestions, ..why });
            }
        }
        problems
    }
}
