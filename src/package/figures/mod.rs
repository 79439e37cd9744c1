//! Figures out of any table: which column is what, which row is meant, what a number says.

mod columns;
mod common;
mod figure;
mod metric;
mod names;
mod newcomers;
mod number;
mod period;
mod plan;
mod resolve;
mod said_rows;
mod sdmx;

use std::collections::{HashMap, HashSet};

use entity::Period;

pub(super) use columns::normal;
use figure::Figure;
use metric::Metric;
pub(super) use names::{Known, slug};
use plan::{Plan, Spot, Spots, Values};
use resolve::{Called, District, Origin, Refused, Resolver, none};
pub(super) use said_rows::{said_rows, wrong_rows};
pub(super) use sdmx::code as sdmx_code;

use super::{
    file::{Fault, Table},
    options::{Format, Options},
    parcel::{Batch, Gone, Out, Parcel},
};
use crate::record::Problem;

/// Texts that stand where a figure is missing, in small letters.
const MISSING: [&str; 14] =
    ["nan", "..", "...", "…", "-", "--", "—", "–", "n/a", "#n/a", "na", "n.a.", "null", ":"];

/// How many spellings of periods are remembered.
const PERIODS: usize = 10_000;

/// Columns every figure is written with.
const COLUMNS: [&str; 9] = [
    "metric",
    "district",
    "period",
    "value",
    "decimals",
    "multiplier",
    "comparator",
    "status",
    "source",
];

/// A table of figures under way.
struct Figures<'o> {
    origin: &'o str,
    called: &'o str,
    columns: &'o [String],
    options: &'o Options,
    spots: &'o Spots,
    resolver: Resolver<'o>,
    out: &'o Out,
    periods: HashMap<String, Result<Period, String>>,
    rows: Batch,
    withdrawn: Batch,
    left_out: u64,
    rounded: u64,
    /// The source of all rows, where no column says it.
    source: Option<String>,
    /// What was told that is wrong in all rows alike.
    told: HashSet<String>,
}

/// Why a figure is not handed over.
enum Wrong {
    Here(Box<Problem>),
    /// It was told of another row.
    Told,
    Gone,
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::Here(Box::new(problem))
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::First(problem) => problem.into(),
            Refused::Again(_) => Self::Told,
        }
    }
}

impl From<Gone> for Wrong {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A file of figures: where it is, and what the table is called that it is a part of.
#[derive(Clone, Copy)]
pub(super) struct File<'o> {
    pub(super) origin: &'o str,
    pub(super) called: Option<&'o str>,
}

/// Reads figures and hands them over.
pub(super) fn read(
    table: &mut dyn Table,
    File { origin, called }: File<'_>,
    format: Option<Format>,
    options: &Options,
    known: &mut Known,
    out: &Out,
) -> Result<(), Gone> {
    let mut columns = table.columns().to_vec();
    if format == Some(Format::SdmxCsv) || sdmx::is(&columns) {
        columns = sdmx::columns(&columns);
    }
    let plan = match Plan::new(origin, &columns, options) {
        Ok(plan) => plan,
        Err(problems) => return problems.into_iter().try_for_each(|why| out.problem(why)),
    };
    let spots = plan.spots(&columns);
    let others = spots.others.iter().map(|(field, _)| field.as_str());
    let written = COLUMNS.into_iter().chain(others).map(str::to_owned).collect();
    let withdrawn =
        ["action", "metric", "district", "initiative", "period"].map(str::to_owned).to_vec();
    let mut figures = Figures {
        origin,
        called: called.or_else(|| origin.rsplit('/').next()).unwrap_or_default(),
        columns: &columns,
        options,
        spots: &spots,
        resolver: Resolver::new(known, options),
        out,
        periods: HashMap::new(),
        rows: Batch::new(origin, written),
        withdrawn: Batch::new(origin, withdrawn),
        left_out: 0,
        rounded: 0,
        source: None,
        told: HashSet::new(),
    };
    if !figures.find_common(&plan.values)? {
        return Ok(());
    }
    let mut fields = Vec::new();
    loop {
        match table.next(&mut fields) {
            Ok(Some(line)) => figures.row(line, &fields, &plan.values)?,
            Ok(None) => break,
            Err(Fault::Row(problem)) => out.problem(problem)?,
            Err(Fault::Whole(problem)) => {
                out.problem(problem)?;
                break;
            }
        }
    }
    figures.send_rows()?;
    figures.send_withdrawn()?;
    out.send(Parcel::Passed { left_out: figures.left_out, rounded: figures.rounded })
}

impl Figures<'_> {
    /// The figures of a row.
    fn row(&mut self, line: u64, fields: &[String], values: &[Values]) -> Result<(), Gone> {
        let problem = Problem::of(self.origin, Some(line), "");
        let [any, name, code] = self.spots.district.each_ref().map(|spot| spot.of(fields));
        let ancestors = self.spots.ancestors.iter();
        let ancestors = ancestors.map(|(role, spot)| (role.as_str(), spot.of(fields))).collect();
        let district = self.resolver.district(&problem, &District { any, name, code, ancestors });
        let district = match district {
            Ok(district) => district,
            Err(why) => return self.tell(why.into()),
        };
        for values in values {
            if let Err(why) = self.figure(&problem, fields, values, &district) {
                self.tell(why)?;
            }
        }
        Ok(())
    }

    /// Tells what is wrong, unless it was told.
    fn tell(&mut self, wrong: Wrong) -> Result<(), Gone> {
        match wrong {
            Wrong::Here(why) if why.line.is_none() && !self.told.insert(why.reason.clone()) => {
                Ok(())
            }
            Wrong::Here(why) => self.out.problem(*why),
            Wrong::Told => Ok(()),
            Wrong::Gone => Err(Gone),
        }
    }

    /// One figure of a row.
    fn figure(
        &mut self,
        problem: &Problem,
        fields: &[String],
        values: &Values,
        district: &str,
    ) -> Result<(), Wrong> {
        let spots = self.spots;
        let (line, initiative) = (problem.line.unwrap_or(0), spots.initiative.of(fields).text);
        let (column, text) = (&self.columns[values.column], fields[values.column].trim());
        let value = Called { column, text, origin: Origin::Column };
        let action = spots.action.of(fields);
        let withdrawn = sdmx::withdraws(sdmx::code(action.text).0);
        let withdrawn = withdrawn.map_err(|why| action.wrong(problem, why))?;
        let missing = self.is_missing(value.text);
        let status = sdmx::status(sdmx::code(spots.status.of(fields).text).0);
        if missing && status.is_empty() && !self.options.keep_missing && !withdrawn {
            self.left_out += 1;
            return Ok(());
        }
        let metric = self.metric(problem, fields, values)?;
        let period = match values.period {
            Some(period) => period,
            None => self.period(problem, fields)?,
        };
        if withdrawn {
            self.send_rows()?;
            let initiative = self.resolver.initiative(initiative);
            let (action, period) = ("D".to_owned(), period.to_string());
            let row = vec![action, metric, district.to_owned(), initiative, period];
            if self.withdrawn.add(line, row) {
                self.send_withdrawn()?;
            }
            return Ok(());
        }
        self.send_withdrawn()?;
        let mut figure = Figure::default();
        if !missing {
            figure = Figure::read(problem, value, spots, fields, self.options)?;
        }
        if figure.percent && !self.resolver.in_percent(&metric) {
            let why = format!("it is a percentage, but {metric} is measured in another unit");
            return Err(value.wrong(problem, why).into());
        }
        self.rounded += u64::from(figure.rounded);
        self.resolver.newcomers.decimals(&metric, figure.decimals);
        let or = |spot: &Spot, other: String| match spot.of(fields).text {
            "" => other,
            text => text.to_owned(),
        };
        let status = match status {
            "" if missing => "MISSING",
            "" => "NORMAL",
            status => status,
        };
        let source = match &self.source {
            Some(source) => source.clone(),
            None => self.resolver.source(problem, spots.source.of(fields))?,
        };
        let mut row = vec![
            metric,
            district.to_owned(),
            period.to_string(),
            figure.value,
            or(&spots.decimals, figure.decimals.to_string()),
            or(&spots.multiplier, figure.power.to_string()),
            figure.comparator,
            status.to_owned(),
            source,
        ];
        row.extend(spots.others.iter().map(|(field, spot)| match field.as_str() {
            "initiative" => self.resolver.initiative(initiative),
            _ => spot.of(fields).text.to_owned(),
        }));
        if self.rows.add(line, row) {
            self.send_rows()?;
        }
        Ok(())
    }

    fn is_missing(&self, text: &str) -> bool {
        if text.is_empty() {
            return true;
        }
        if self.options.missing.is_empty() && text.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        let lower = text.to_lowercase();
        MISSING.contains(&lower.as_str())
            || self.options.missing.iter().any(|missing| missing.to_lowercase() == lower)
    }

    fn metric(
        &mut self,
        problem: &Problem,
        fields: &[String],
        values: &Values,
    ) -> Result<String, Refused> {
        let spots = self.spots;
        let [any, name, code] = spots.metric.each_ref().map(|spot| spot.of(fields));
        let unit = spots.unit.of(fields);
        let called = match &values.metric {
            None => Metric { any, name, code, unit, head: None },
            Some(metric) => {
                let head = self.columns[values.column].as_str();
                let origin = if head == metric { Origin::Column } else { Origin::Map };
                let any = Called { column: head, text: metric, origin };
                let none = Called { text: "", ..any };
                Metric { any, name: none, code: none, unit, head: Some(head) }
            }
        };
        self.resolver.metric(problem, &called)
    }

    fn period(&mut self, problem: &Problem, fields: &[String]) -> Result<Period, Problem> {
        let (called, frequency) = (self.spots.period.of(fields), self.spots.frequency.of(fields));
        if called.text.is_empty() {
            return Err(none(problem, &[&called], "every figure is of a period"));
        }
        let key = format!("{}\u{1f}{}", called.text, frequency.text);
        if let Some(known) = self.periods.get(&key) {
            return known.clone().map_err(|why| called.wrong(problem, why));
        }
        let read = period::read(called.text, self.options.frequency, self.options.date_order);
        let read = read.and_then(|period| sdmx::of_frequency(period, sdmx::code(frequency.text).0));
        if self.periods.len() >= PERIODS {
            self.periods.clear();
        }
        self.periods.insert(key, read.clone());
        read.map_err(|why| called.wrong(problem, why))
    }

    fn send_rows(&mut self) -> Result<(), Gone> {
        match self.rows.take() {
            Some(rows) => self.send(Parcel::Rows("observation", rows)),
            None => Ok(()),
        }
    }

    fn send_withdrawn(&mut self) -> Result<(), Gone> {
        match self.withdrawn.take() {
            Some(rows) => self.send(Parcel::Rows("observation", rows)),
            None => Ok(()),
        }
    }

    /// Hands rows over, after those they refer to.
    fn send(&mut self, rows: Parcel) -> Result<(), Gone> {
        if self.resolver.newcomers.wait() {
            self.resolver.newcomers.send(self.origin, self.out)?;
        }
        self.out.rows(rows)
    }
}
