//! What `--set` says of rows: those that an import makes, and no others.

use std::collections::BTreeSet;

use super::{
    columns::{is_ancestor, is_field},
    metric::found_unit,
    names::{self, Known},
};
use crate::{
    package::{
        options::Options,
        parcel::{Gone, Out, Parcel, SaidRow},
    },
    record::{self, Problem},
    suggest::{Budget, closest_matches},
};

/// The tables of which an import makes rows.
const MADE: [&str; 4] = ["district", "metric", "unit", "source"];

/// What an option says of rows: of all of a table, of those in a role, or of the one with a slug.
struct Said<'o> {
    option: String,
    row: &'o str,
    column: &'o str,
    value: &'o str,
}

/// What options say of rows.
fn said(options: &Options) -> impl Iterator<Item = Said<'_>> {
    let rows = options.set.iter().filter(|(field, _)| !is_field(field));
    rows.filter_map(|(field, value)| {
        let (row, column) = field.rsplit_once('.')?;
        Some(Said { option: format!("--set {field}={value}"), row, column, value })
    })
}

/// The table whose new rows a word stands for.
fn table(row: &str) -> Option<&'static str> {
    match is_ancestor(row) {
        true => Some("district"),
        false => MADE.into_iter().find(|table| *table == row),
    }
}

/// What is wrong with what is said of rows, whatever is read.
pub(in crate::package) fn wrong_rows(options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !options.create_missing {
        let rows = said(options).map(|said| said.option);
        let language = options.given("language").map(|tag| format!("--set language={tag}"));
        let why = "it says what rows are like that are made, and without --create-missing none is; \
                   give that, or leave this out";
        problems.extend(language.into_iter().chain(rows).map(|of| Problem::of(&of, None, why)));
        return problems;
    }
    if let Some(tag) = options.given("language")
        && record::check("district", &format!("name_{tag}"), "").is_err()
    {
        let why = "it is no tag of a language, such as zh or pt-BR";
        problems.push(Problem::of(&format!("--set language={tag}"), None, why));
    }
    for said in said(options) {
        if let Some(table) = table(said.row) {
            problems.extend(said.check(table).err());
        }
    }
    problems
}

impl Said<'_> {
    /// Whether rows of a table may be like this.
    fn check(&self, table: &'static str) -> Result<(), Problem> {
        // In what a metric is measured may be said by a unit's name.
        if (table, self.column) == ("metric", "unit") {
            return Ok(());
        }
        record::check(table, self.column, self.value).map_err(
            |Problem { reason, suggestions, .. }| Problem {
                suggestions,
                ..Problem::of(&self.option, None, reason)
            },
        )
    }

    /// That no row is made that has this slug.
    fn no_row(&self, known: &mut Known, budget: &Budget) -> Problem {
        let Self { option, row, .. } = self;
        let mut made = BTreeSet::new();
        for table in MADE {
            let names = known.of(table);
            made.extend(names.made.keys().chain(&names.wanted).cloned());
        }
        let slug = names::slug("", row);
        let mut suggestions = match made.contains(&slug) {
            true => vec![slug],
            false => closest_matches(row, made.iter().map(String::as_str), budget),
        };
        for table in MADE {
            if suggestions.is_empty() {
                suggestions = closest_matches(row, known.of(table).slugs(), budget);
            }
        }
        let why = format!("the import makes no row with the slug {row}, and there is none");
        Problem { suggestions, ..Problem::of(option, None, why) }
    }
}

/// Tells what was said of rows that are not made; of those that are there already it is to be seen
/// whether they are like that.
pub(in crate::package) fn said_rows(
    options: &Options,
    known: &mut Known,
    out: &Out,
) -> Result<(), Gone> {
    let (sound, budget) = (out.is_sound(), Budget::default());
    for said in said(options).filter(|said| table(said.row).is_none()) {
        if let Some(table) =
            MADE.into_iter().find(|table| known.of(table).made.contains_key(said.row))
        {
            said.check(table).or_else(|why| out.problem(why))?;
            continue;
        }
        let there: Vec<_> =
            MADE.into_iter().filter(|table| known.of(table).has(said.row)).collect();
        let checked: Vec<_> = there.iter().map(|table| (*table, said.check(table))).collect();
        let fits = checked.iter().find(|(_, checked)| checked.is_ok()).map(|(table, _)| *table);
        match (fits, checked.into_iter().next()) {
            (Some(table), _) => out.send(Parcel::Said(is_like(table, &said, known)))?,
            (None, Some((_, Err(why)))) => out.problem(why)?,
            _ => {
                let why = said.no_row(known, &budget);
                // What cannot be read might have had it.
                if sound || !why.suggestions.is_empty() {
                    out.problem(why)?;
                }
            }
        }
    }
    Ok(())
}

/// What is said of a row that is there already.
fn is_like(table: &'static str, said: &Said<'_>, known: &mut Known) -> SaidRow {
    let Said { option, row, column, value } = said;
    let kind: String = table.split_at(1).0.to_uppercase() + table.split_at(1).1;
    let why = format!(
        "the {table} {row} is there already, with another {column}, and --set is about rows that \
         are made; change it by `update{kind}` or by rows of its own (--table {table}), or leave \
         this out"
    );
    let unit = ((table, *column) == ("metric", "unit"))
        .then(|| found_unit(known.of("unit"), value).ok().flatten())
        .flatten();
    SaidRow {
        problem: Problem::of(option, None, why),
        table,
        slug: (*row).to_owned(),
        column: (*column).to_owned(),
        value: unit.unwrap_or_else(|| (*value).to_owned()),
    }
}
