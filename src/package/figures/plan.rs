//! How the figures stand in a table: decided once, from its columns and the options.

use std::collections::HashSet;

use entity::Period;

use super::{
    columns::{Role, is_ancestor, is_field, roles},
    period,
    resolve::{Called, Origin},
};
use crate::{
    package::options::{Layout, Options},
    record::Problem,
};

/// Where a field of a figure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// In a column.
    Column(usize),
    /// Origin once for all rows.
    Given(String),
    /// Nowhere.
    Nowhere,
}

/// Where a field of a figure is, and the name of the column, for messages.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) column: String,
    pub(super) cell: Cell,
}

impl Spot {
    /// What stands there in a row.
    pub(super) fn of<'s>(&'s self, fields: &'s [String]) -> Called<'s> {
        let (text, origin) = match &self.cell {
            Cell::Column(at) => (fields.get(*at).map_or("", |field| field.trim()), Origin::Column),
            Cell::Given(text) => (text.as_str(), Origin::Option),
            Cell::Nowhere => ("", Origin::Nowhere),
        };
        Called { column: &self.column, text, origin }
    }
}

/// Where the fields are that every table may have.
#[derive(Debug)]
pub(super) struct Spots {
    pub(super) metric: [Spot; 3],
    pub(super) district: [Spot; 3],
    pub(super) period: Spot,
    pub(super) frequency: Spot,
    pub(super) unit: Spot,
    pub(super) unit_mult: Spot,
    pub(super) status: Spot,
    pub(super) decimals: Spot,
    pub(super) multiplier: Spot,
    pub(super) comparator: Spot,
    pub(super) source: Spot,
    pub(super) action: Spot,
    pub(super) initiative: Spot,
    /// Those that are taken as they are, by their fields.
    pub(super) others: Vec<(String, Spot)>,
    /// The places, from the next outwards, in which the district lies.
    pub(super) ancestors: Vec<(String, Spot)>,
}

/// A column with values, and what of each is known from the column.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) column: usize,
    pub(super) metric: Option<String>,
    pub(super) period: Option<Period>,
}

/// How a table is read.
#[derive(Debug)]
pub(super) struct Plan {
    roles: Vec<Role>,
    given: Vec<(String, String)>,
    pub(super) values: Vec<Values>,
}

/// Fields that are taken as they are.
const OTHERS: [&str; 7] = [
    "slug",
    "initiative",
    "reference_date",
    "price_basis",
    "unit_as_printed",
    "locator",
    "published_on",
];

impl Plan {
    /// Decides; fails with all that is missing or left over.
    pub(super) fn new(
        origin: &str,
        columns: &[String],
        options: &Options,
    ) -> Result<Self, Vec<Problem>> {
        let roles = roles(origin, columns, options)?;
        let given = options.set.iter().filter(|(field, _)| is_field(field)).cloned().collect();
        let mut plan = Self { roles, given, values: Vec::new() };
        let layout = options.layout.unwrap_or_else(|| plan.layout(columns, options));
        let mut problems = plan.place_values(origin, columns, options, layout);
        problems.extend(plan.lacking(origin, columns, layout));
        problems.extend(plan.unheeded(origin, options, layout));
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// Where the fields are.
    pub(super) fn spots(&self, columns: &[String]) -> Spots {
        let spot = |field: &str| {
            let cell = self.cell(field);
            let column = match &cell {
                Cell::Column(at) => columns[*at].clone(),
                _ => field.to_owned(),
            };
            Spot { column, cell }
        };
        let all = |fields: Vec<String>| {
            fields.into_iter().map(|field| (field.clone(), spot(&field))).collect::<Vec<_>>()
        };
        let mut ancestors = all(self.fields(is_ancestor));
        ancestors.sort_by_key(|(field, _)| field.len());
        Spots {
            metric: ["metric", "metric.name", "metric.code"].map(spot),
            district: ["district", "district.name", "district.code"].map(spot),
            period: spot("period"),
            frequency: spot("frequency"),
            unit: spot("unit"),
            unit_mult: spot("unit_mult"),
            status: spot("status"),
            decimals: spot("decimals"),
            multiplier: spot("multiplier"),
            comparator: spot("comparator"),
            source: spot("source"),
            action: spot("action"),
            initiative: spot("initiative"),
            others: all(self.fields(|field| OTHERS.contains(&field) || field.starts_with("note_"))),
            ancestors,
        }
    }

    fn fields(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let columns = self.roles.iter().filter_map(|role| match role {
            Role::Field(field) => Some(field),
            _ => None,
        });
        let mut names: Vec<&String> =
            columns.chain(self.given.iter().map(|(field, _)| field)).collect();
        names.sort();
        names.dedup();
        names.retain(|name| wanted(name));
        names.into_iter().cloned().collect()
    }

    /// Where a field is.
    fn cell(&self, field: &str) -> Cell {
        let is = |role: &Role| matches!(role, Role::Field(name) if name == field);
        if let Some(at) = self.roles.iter().position(is) {
            return Cell::Column(at);
        }
        let given = self.given.iter().rev().find(|(name, _)| name == field);
        given.map_or(Cell::Nowhere, |(_, value)| Cell::Given(value.clone()))
    }

    fn has(&self, field: &str) -> bool {
        self.cell(field) != Cell::Nowhere
    }

    fn unknown(&self) -> impl Iterator<Item = usize> {
        self.roles.iter().enumerate().filter(|(_, role)| **role == Role::Unknown).map(|(at, _)| at)
    }

    /// The layout, by the columns.
    fn layout(&self, columns: &[String], options: &Options) -> Layout {
        let is_period = |at: usize| period::of_column(&columns[at], options.frequency).is_some();
        let metric = ["metric", "metric.name", "metric.code"].iter().any(|field| self.has(field));
        let mapped = self.roles.iter().any(|role| matches!(role, Role::Metric(_)));
        if mapped {
            Layout::WideMetrics
        } else if self.has("value") {
            Layout::Long
        } else if !self.has("period") && self.unknown().any(is_period) {
            Layout::WidePeriods
        } else if metric {
            Layout::Long
        } else {
            Layout::WideMetrics
        }
    }

    /// Finds the columns with values, and tells of those that have no place.
    fn place_values(
        &mut self,
        origin: &str,
        columns: &[String],
        options: &Options,
        layout: Layout,
    ) -> Vec<Problem> {
        let unknown: Vec<usize> = self.unknown().collect();
        let mapped = self.roles.iter().any(|role| matches!(role, Role::Metric(_)));
        for at in unknown {
            let (metric, period) = match layout {
                Layout::Long => continue,
                Layout::WidePeriods => (None, period::of_column(&columns[at], options.frequency)),
                Layout::WideMetrics => ((!mapped).then(|| columns[at].clone()), None),
            };
            if metric.is_some() || period.is_some() {
                self.roles[at] = Role::Metric(metric.clone().unwrap_or_default());
                self.values.push(Values { column: at, metric, period });
            }
        }
        let taken: HashSet<usize> = self.values.iter().map(|value| value.column).collect();
        for (at, role) in self.roles.iter().enumerate() {
            if let Role::Metric(metric) = role
                && !taken.contains(&at)
            {
                self.values.push(Values { column: at, metric: Some(metric.clone()), period: None });
            }
        }
        if layout == Layout::Long
            && let Cell::Column(column) = self.cell("value")
        {
            self.values.push(Values { column, metric: None, period: None });
        }
        let unused: &[&str] = match layout {
            Layout::Long => &[],
            Layout::WidePeriods => &["period", "value"],
            Layout::WideMetrics => &["metric", "metric.name", "metric.code", "value"],
        };
        let unused = unused.iter().filter_map(|field| match self.cell(field) {
            Cell::Column(at) => Some(at),
            _ => None,
        });
        let lost = self.unknown().chain(unused).map(|at| {
            let why = "there is no place for this column; say what it holds by --map FIELD=COLUMN, \
                       or leave it out by --ignore";
            let name = &columns[at];
            let column = Some(name.clone());
            Problem { column, ..Problem::of(origin, None, why) }
        });
        lost.collect()
    }

    /// What is said by `--set` of nothing that is read here.
    fn unheeded(&self, origin: &str, options: &Options, layout: Layout) -> Vec<Problem> {
        let why = |field: &str| {
            let by_column = |of: &str| {
                format!(
                    "each column with values is {of} here; leave it out, or give another --layout"
                )
            };
            let role = field.rsplit_once('.').map(|(role, _)| role);
            match (layout, field) {
                (Layout::WideMetrics, "metric" | "metric.name" | "metric.code") => {
                    Some(by_column("a metric"))
                }
                (Layout::WidePeriods, "period") => Some(by_column("a period")),
                _ if is_field(field) => None,
                _ => role
                    .filter(|role| is_ancestor(role) && !self.has(role))
                    .map(|role| format!("no column holds the {role}; give --map {role}=COLUMN")),
            }
        };
        let lost = |(field, value): &(String, String)| {
            let why = format!("--set {field}={value}: {}", why(field)?);
            Some(Problem::of(origin, None, why))
        };
        options.set.iter().filter_map(lost).collect()
    }

    /// What every figure needs and is nowhere.
    fn lacking(&self, origin: &str, columns: &[String], layout: Layout) -> Vec<Problem> {
        let named = |field: &str| {
            ["", ".name", ".code"].iter().any(|part| self.has(&format!("{field}{part}")))
        };
        let mut lacking = Vec::new();
        if layout != Layout::WideMetrics && !named("metric") {
            lacking.push(("metric", "--map metric=COLUMN or --set metric=SLUG"));
        }
        if !named("district") {
            lacking.push(("district", "--map district=COLUMN or --set district=SLUG"));
        }
        if layout != Layout::WidePeriods && !self.has("period") {
            lacking.push(("period", "--map period=COLUMN or --set period=2025"));
        }
        if self.values.is_empty() {
            lacking.push((
                "value",
                match layout {
                    Layout::Long => "--map value=COLUMN, or another --layout",
                    Layout::WidePeriods => "names of columns that are periods, or another --layout",
                    Layout::WideMetrics => "a column for each metric, or another --layout",
                },
            ));
        }
        let problem = |(field, hint): (&str, &str)| {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let why = format!(
                "no column holds the {field}: give {hint}; the columns are {}",
                names.join(", ")
            );
            Problem::of(origin, None, why)
        };
        lacking.into_iter().map(problem).collect()
    }
}
