//! Districts, metrics, units and sources that a file names and that are not there yet.

use std::collections::BTreeMap;

use super::{
    columns::is_field,
    names::{self, Known},
};
use crate::{
    package::{
        options::Options,
        parcel::{Batch, Gone, Out, Parcel},
    },
    record,
};

/// A row that is to be made.
struct Newcomer {
    table: &'static str,
    line: u64,
    fields: BTreeMap<String, String>,
}

/// Rows that wait to be made, in order.
pub(super) struct Newcomers<'o> {
    options: &'o Options,
    waiting: Vec<Newcomer>,
}

/// Units whose dimension is known by their names.
const DIMENSIONS: &[(&str, &[&str])] = &[
    ("RATIO", &["%", "percent", "percentage", "per cent", "‰", "1"]),
    (
        "TIME",
        &["year", "years", "month", "months", "day", "days", "hour", "hours", "minutes", "seconds"],
    ),
    (
        "LENGTH",
        &[
            "m",
            "km",
            "cm",
            "mm",
            "metre",
            "metres",
            "meter",
            "meters",
            "kilometre",
            "kilometres",
            "mile",
            "miles",
        ],
    ),
    (
        "CURRENCY",
        &[
            "usd", "eur", "cny", "gbp", "jpy", "inr", "chf", "aed", "sar", "egp", "rub", "yuan",
            "euro", "dollars",
        ],
    ),
    ("COUNT", &["person", "persons", "people", "inhabitants", "units", "number", "items"]),
];

impl<'o> Newcomers<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self { options, waiting: Vec::new() }
    }

    /// Whether rows may be made at all.
    pub(super) fn may(&self) -> bool {
        self.options.create_missing
    }

    /// The language of names that are made.
    fn language(&self, name: &str) -> &str {
        let own = if name.is_ascii() { "en" } else { "und" };
        self.options.given("language").unwrap_or(own)
    }

    /// Makes a place of that name in another, and returns its slug.
    pub(super) fn district(
        &mut self,
        known: &mut Known,
        line: u64,
        role: &str,
        name: &str,
        code: Option<&str>,
        parent: Option<&str>,
    ) -> Result<String, String> {
        let mut slug = names::slug("district", name);
        if known.of("district").has(&slug)
            && let Some(parent) = parent
        {
            slug = format!("{parent}-{slug}");
        }
        let name_column = format!("name_{}", self.language(name));
        let fields = [
            ("kind", "DISTRICT".to_owned()),
            ("partition", "false".to_owned()),
            (name_column.as_str(), name.to_owned()),
            ("code", code.unwrap_or_default().to_owned()),
            ("parent", parent.unwrap_or_default().to_owned()),
        ];
        self.make(known, "district", role, line, slug, name, &fields)
    }

    /// Says in which place one lies that this import made before it was told.
    pub(super) fn lies_in(&mut self, known: &mut Known, line: u64, slug: &str, parent: &str) {
        let names = known.of("district");
        let none =
            |fields: &&mut BTreeMap<_, String>| fields.get("parent").is_none_or(String::is_empty);
        let Some(fields) = names.made.get_mut(slug).filter(none) else { return };
        fields.insert("parent".to_owned(), parent.to_owned());
        let fields = fields.clone();
        names.lies_in(slug, parent);
        // All that wait are made at once, so one may lie in a later one.
        let same = |new: &&mut Newcomer| new.table == "district" && new.fields["slug"] == slug;
        match self.waiting.iter_mut().find(same) {
            Some(new) => new.fields = fields,
            None => self.waiting.push(Newcomer { table: "district", line, fields }),
        }
    }

    /// Makes a metric of that name in a unit, and returns its slug.
    pub(super) fn metric(
        &mut self,
        known: &mut Known,
        line: u64,
        (slug, name): (String, &str),
        unit: &str,
    ) -> Result<String, String> {
        let name_column = format!("name_{}", self.language(name));
        let fields = [
            (name_column.as_str(), name.to_owned()),
            ("unit", unit.to_owned()),
            ("measure", "LEVEL".to_owned()),
            ("aggregation", "NONE".to_owned()),
            ("direction", "NEUTRAL".to_owned()),
            ("decimals", "0".to_owned()),
        ];
        self.make(known, "metric", "metric", line, slug, name, &fields)
    }

    /// Makes a unit of that name, and returns its slug.
    pub(super) fn unit(
        &mut self,
        known: &mut Known,
        line: u64,
        name: &str,
    ) -> Result<String, String> {
        let slug = match name {
            "%" | "٪" => "percent".to_owned(),
            name => names::slug("unit", name),
        };
        known.of("unit").wanted.insert(slug.clone());
        let lower = name.to_lowercase();
        let dimension = DIMENSIONS.iter().find(|(_, names)| names.contains(&lower.as_str()));
        let said = [&format!("{slug}.dimension"), "unit.dimension"];
        let said = said.iter().any(|field| self.options.given(field).is_some());
        if dimension.is_none() && !said {
            return Err(format!(
                "the unit is new, and it is not known what it measures; say so by \
                 --set {slug}.dimension=COUNT, or CURRENCY, RATIO, LENGTH, TIME, COMPUTING_POWER or \
                 SCORE"
            ));
        }
        let name_column = format!("name_{}", self.language(name));
        let mut fields = vec![(name_column.as_str(), name.to_owned()), ("symbol", name.to_owned())];
        fields.extend(dimension.map(|(dimension, _)| ("dimension", (*dimension).to_owned())));
        self.make(known, "unit", "unit", line, slug, name, &fields)
    }

    /// Makes a source of that name, and returns its slug.
    pub(super) fn source(
        &mut self,
        known: &mut Known,
        line: u64,
        name: &str,
    ) -> Result<String, String> {
        let slug = names::slug("source", name);
        let title_column = format!("title_{}", self.language(name));
        let fields = [(title_column.as_str(), name.to_owned())];
        self.make(known, "source", "source", line, slug, name, &fields)
    }

    #[expect(clippy::too_many_arguments, reason = "all of what a row is made of, in one place")]
    fn make(
        &mut self,
        known: &mut Known,
        table: &'static str,
        role: &str,
        line: u64,
        slug: String,
        name: &str,
        fields: &[(&str, String)],
    ) -> Result<String, String> {
        if known.of(table).has(&slug) {
            return Err(format!(
                "the slug that would be made of it, {slug}, is that of another {table}; write that \
                 slug if that one is meant"
            ));
        }
        let own = fields.iter().map(|(column, value)| ((*column).to_owned(), value.clone()));
        let mut fields: BTreeMap<String, String> = own.collect();
        // What is said of all rows of the table, then of those in this role, then of this row.
        for start in [table, role, &slug] {
            for (field, value) in self.options.set.iter().filter(|(field, _)| !is_field(field)) {
                let column = field.strip_prefix(start).and_then(|rest| rest.strip_prefix('.'));
                // In what a metric is measured may be said by a unit's name.
                if let Some(column) = column.filter(|column| *column != "unit")
                    && record::check(table, column, value).is_ok()
                {
                    fields.insert(column.to_owned(), value.clone());
                }
            }
        }
        fields.insert("slug".to_owned(), slug.clone());
        let within = if table == "metric" { "unit" } else { "parent" };
        let some = |text: &&String| !text.is_empty();
        let code = fields.get("code").or_else(|| fields.get("symbol")).filter(some).cloned();
        let within = fields.get(within).filter(some).cloned();
        let names = known.of(table);
        names.add(slug.clone(), code.as_deref(), &[name.to_owned()], within);
        names.made.insert(slug.clone(), fields.clone());
        self.waiting.push(Newcomer { table, line, fields });
        Ok(slug)
    }

    /// Takes note of how many decimals a value of a metric has that waits to be made.
    pub(super) fn decimals(&mut self, metric: &str, decimals: u32) {
        let is = |new: &&mut Newcomer| {
            new.table == "metric" && new.fields.get("slug").is_some_and(|slug| slug == metric)
        };
        if let Some(new) = self.waiting.iter_mut().find(is)
            && let Some(known) = new.fields.get_mut("decimals")
            && known.parse().is_ok_and(|known: u32| known < decimals)
        {
            *known = decimals.to_string();
        }
    }

    /// Whether any wait.
    pub(super) fn wait(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands over those that wait, each after what it refers to.
    pub(super) fn send(&mut self, origin: &str, out: &Out) -> Result<(), Gone> {
        for table in ["source", "unit", "district", "metric"] {
            let mut batch: Option<(Vec<String>, Batch)> = None;
            for new in self.waiting.iter().filter(|new| new.table == table) {
                let columns: Vec<String> = new.fields.keys().cloned().collect();
                if batch.as_ref().is_none_or(|(known, _)| *known != columns) {
                    send(table, batch.take(), out)?;
                    batch = Some((columns.clone(), Batch::new(origin, columns)));
                }
                if let Some((_, rows)) = &mut batch {
                    rows.add(new.line, new.fields.values().cloned().collect());
                }
            }
            send(table, batch, out)?;
        }
        self.waiting.clear();
        Ok(())
    }
}

fn send(table: &'static str, batch: Option<(Vec<String>, Batch)>, out: &Out) -> Result<(), Gone> {
    match batch.and_then(|(_, mut rows)| rows.take()) {
        Some(rows) => out.rows(Parcel::Rows(table, rows)),
        None => Ok(()),
    }
}
