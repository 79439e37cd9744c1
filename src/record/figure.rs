//! Figures on their way in: read, checked, and set down in a table beside, from where all of them
//! are merged at once.
//!
//! Nothing of them is kept in memory, so that a file may be of any size.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use entity::{
    Date, Decimal, Period,
    observation::{self, Entity as Observation},
    vocabulary::{Comparator, ObservationStatus, PriceBasis},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde::de::{DeserializeOwned, IntoDeserializer, value::StrDeserializer};

use super::{Mode, Problem, Rows, Writer, check, row, row::Field};
use crate::error::Error;

/// The columns of the table beside, in the order of [`Incoming::texts`]. Those after them are
/// filled while merging.
const COLUMNS: [(&str, &str); 25] = [
    // The place among all, from 1, and where the row is from: among the origins, and its line.
    ("n", "bigint"),
    ("origin", "bigint"),
    ("line", "bigint"),
    ("mode", "text"),
    ("given", "bigint"),
    ("if_revision", "bigint"),
    ("target", "bigint"),
    ("metric_id", "bigint"),
    ("district_id", "bigint"),
    // 0 for none: so it can be compared.
    ("initiative_id", "bigint"),
    ("period", "text"),
    ("slug", "text"),
    ("reference_date", "date"),
    ("value", "numeric"),
    ("decimals", "integer"),
    ("multiplier", "integer"),
    ("comparator", "text"),
    ("status", "text"),
    ("price_basis", "text"),
    ("unit_as_printed", "text"),
    ("note", "jsonb"),
    ("source_id", "bigint"),
    ("locator", "text"),
    ("published_on", "date"),
    ("reason", "text"),
];

/// What merging fills: the number of the new row, of the one it takes the place of, of the waiting
/// one it ends, and of the one in force; the highest revision there was; whether nothing changes; whether it waits.
const MERGED: &str = "id bigint, old bigint, ends bigint, public bigint, revision bigint, \
     same boolean NOT NULL DEFAULT false, embargoed boolean NOT NULL DEFAULT false";

/// The columns of which a file may say nothing: then they stay as they are.
pub(super) const OPTIONAL: [&str; 7] =
    ["slug", "reference_date", "price_basis", "unit_as_printed", "note", "locator", "published_on"];

/// What of a figure can be other than before.
pub(super) const STAGED: [&str; 13] = [
    "slug",
    "reference_date",
    "value",
    "decimals",
    "multiplier",
    "comparator",
    "status",
    "price_basis",
    "unit_as_printed",
    "note",
    "source_id",
    "locator",
    "published_on",
];

/// That something is said of every column.
pub(super) const fn all_given() -> u32 {
    (1 << OPTIONAL.len()) - 1
}

/// How many rows go into a statement: within SQLite's limit of parameters.
const CHUNK: usize = 1000;

/// Who sends figures in, and how many are there.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) count: i64,
    pub(super) origins: Vec<String>,
    ready: bool,
}

/// A figure, read and checked.
#[derive(Debug, Clone, Default)]
struct Incoming {
    given: u32,
    if_revision: Option<i32>,
    target: Option<i64>,
    retracts: bool,
    metric: Option<i64>,
    district: Option<i64>,
    initiative: Option<i64>,
    period: Option<Period>,
    slug: String,
    reference_date: String,
    value: Option<Decimal>,
    decimals: Option<i32>,
    multiplier: Option<i32>,
    /// How many decimals the value is written with here.
    written: i32,
    comparator: Option<Comparator>,
    status: Option<ObservationStatus>,
    price_basis: String,
    unit_as_printed: String,
    note: BTreeMap<String, String>,
    source: Option<i64>,
    locator: String,
    published_on: String,
    reason: String,
}

impl Writer {
    /// Sets rows of figures down, as far as nothing is wrong with them.
    pub(super) async fn stage(&mut self, rows: &Rows, mode: Mode) -> Result<(), Error> {
        let Some(columns) = self.figure_columns(rows, mode).await? else { return Ok(()) };
        let base = Incoming::default();
        self.stage_over(&base, &rows.origin, &columns, &rows.rows, mode).await
    }

    /// What the columns hold; none where one is wrong.
    async fn figure_columns(
        &mut self,
        rows: &Rows,
        mode: Mode,
    ) -> Result<Option<Vec<Field>>, Error> {
        let columns = match row::columns::<Observation>(rows, mode) {
            Ok(columns) => columns,
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.report(problem));
                return Ok(None);
            }
        };
        for target in row::references::<Observation>().into_values() {
            self.know(&target).await?;
        }
        Ok(Some(columns))
    }

    /// Makes the table beside, if it is not there.
    pub(super) async fn prepare_stage(&mut self) -> Result<(), Error> {
        if !self.staged.ready {
            self.transaction.execute_unprepared(&table(self.backend())).await?;
            self.transaction.execute_unprepared("DELETE FROM incoming").await?;
            self.staged.ready = true;
        }
        Ok(())
    }

    async fn stage_over(
        &mut self,
        base: &Incoming,
        from: &str,
        columns: &[Field],
        rows: &[(u64, Vec<String>)],
        mode: Mode,
    ) -> Result<(), Error> {
        self.prepare_stage().await?;
        if self.staged.origins.last().is_none_or(|last| last != from) {
            self.staged.origins.push(from.to_owned());
        }
        let origin = self.staged.origins.len() as i64 - 1;
        for chunk in rows.chunks(CHUNK) {
            let mut texts = Vec::with_capacity(chunk.len() * COLUMNS.len());
            let mut count = 0;
            for (line, fields) in chunk {
                match self.incoming(base.clone(), columns, fields) {
                    Ok(incoming) => {
                        count += 1;
                        self.staged.count += 1;
                        let place = [self.staged.count, origin, *line as i64];
                        incoming.texts(&mut texts, place, mode);
                    }
                    Err(why) => {
                        let origin = from.to_owned();
                        self.report(Problem { origin, line: Some(*line), ..why });
                    }
                }
            }
            if count > 0 {
                self.transaction.execute_raw(insert(texts, count, self.backend())).await?;
            }
        }
        Ok(())
    }

    /// Sets down corrections of figures meant by their ids: what there are columns for changes.
    pub(super) async fn correct(&mut self, rows: &Rows) -> Result<(), Error> {
        let Some(columns) = self.figure_columns(rows, Mode::Update).await? else { return Ok(()) };
        self.know("observation").await?;
        let revalued = rows.columns.iter().any(|name| name == "value");
        for row in &rows.rows {
            let number = self.reading(&columns).own("observation", &row.1);
            let found = match &number {
                Ok(number) => self.rows::<Observation>(vec![*number]).await?.remove(number),
                Err(_) => None,
            };
            let origin = rows.origin.clone();
            match (number, found) {
                (Ok(_), Some(before)) => {
                    let base = Incoming::of(&before, revalued);
                    let row = std::slice::from_ref(row);
                    self.stage_over(&base, &origin, &columns, row, Mode::Update).await?;
                }
                (Ok(number), None) => {
                    let why = row::wrong("id", &number.to_string(), "there is no such observation");
                    self.report(Problem { origin, line: Some(row.0), ..why });
                }
                (Err(why), _) => self.report(Problem { origin, line: Some(row.0), ..why }),
            }
        }
        Ok(())
    }

    /// What the fields make of a figure.
    fn incoming(
        &self,
        mut incoming: Incoming,
        columns: &[Field],
        fields: &[String],
    ) -> Result<Incoming, Problem> {
        let reading = self.reading(columns);
        incoming.if_revision = row::if_revision(columns, fields)?;
        for (column, field) in columns.iter().zip(fields) {
            match column {
                Field::Reference { name, target, .. } => {
                    if incoming.target.is_some() && name != "source" {
                        return Err(row::wrong(name, field, KEY));
                    }
                    let number = reading.number(name, target, field)?;
                    match name.as_str() {
                        "metric" => incoming.metric = number,
                        "district" => incoming.district = number,
                        "initiative" => incoming.initiative = number,
                        _ => incoming.source = number,
                    }
                }
                Field::Text { name, language } => {
                    incoming.give(name);
                    match field.as_str() {
                        "" => _ = incoming.note.remove(language),
                        text => _ = incoming.note.insert(language.clone(), text.to_owned()),
                    }
                }
                Field::Plain { name, .. } => incoming.plain(name, field)?,
                Field::Action => incoming.retracts = retracts(field)?,
                Field::IfRevision | Field::Id => {}
            }
        }
        incoming.checked(self.backend())
    }
}

impl Incoming {
    /// A figure as it is, to be corrected. A value that is given anew is taken as it is written.
    fn of(row: &observation::Model, revalued: bool) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let day = |day: &Option<Date>| day.map(|day| day.0.to_string()).unwrap_or_default();
        let note = row.note.iter().flat_map(|note| note.iter());
        Self {
            given: all_given(),
            target: Some(row.id),
            metric: Some(row.metric_id),
            district: Some(row.district_id),
            initiative: row.initiative_id,
            period: Some(row.period),
            slug: text(&row.slug),
            reference_date: day(&row.reference_date),
            value: row.value,
            decimals: (!revalued).then_some(row.decimals),
            multiplier: (!revalued).then_some(row.multiplier),
            comparator: Some(row.comparator),
            status: Some(row.status),
            price_basis: row.price_basis.map(enum_word).unwrap_or_default(),
            unit_as_printed: text(&row.unit_as_printed),
            note: note.map(|(language, text)| (language.to_owned(), text.to_owned())).collect(),
            source: Some(row.source_id),
            locator: text(&row.locator),
            published_on: day(&row.published_on),
            ..Self::default()
        }
    }

    fn give(&mut self, name: &str) {
        if let Some(place) = OPTIONAL.iter().position(|optional| *optional == name) {
            self.given |= 1 << place;
        }
    }

    fn plain(&mut self, name: &str, field: &str) -> Result<(), Problem> {
        self.give(name);
        match name {
            "period" if self.target.is_some() => {
                return Err(row::wrong(name, field, KEY));
            }
            "period" => self.period = parsed(name, field)?,
            "value" => {
                self.value = parsed(name, field)?;
                let written = field.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                self.written = i32::try_from(written).unwrap_or(0);
            }
            "decimals" => self.decimals = whole(name, field)?,
            "multiplier" => self.multiplier = whole(name, field)?,
            "comparator" => self.comparator = word(name, field)?,
            "status" => self.status = word(name, field)?,
            "price_basis" => {
                word::<PriceBasis>(name, field)?;
                self.price_basis = field.to_owned();
            }
            "reference_date" => self.reference_date = day(name, field)?,
            "published_on" => self.published_on = day(name, field)?,
            "slug" if !field.is_empty() && !row::is_slug(field) => {
                return Err(row::wrong(name, field, row::no_slug(field)));
            }
            "slug" => self.slug = field.to_owned(),
            "unit_as_printed" => self.unit_as_printed = field.to_owned(),
            "locator" => self.locator = field.to_owned(),
            "reason" => self.reason = field.to_owned(),
            // A note without a language.
            _ => {
                return Err(row::wrong(
                    name,
                    field,
                    format!("it needs a language, as in {name}_en"),
                ));
            }
        }
        Ok(())
    }

    fn checked(mut self, backend: DbBackend) -> Result<Self, Problem> {
        for (name, missing) in [
            ("metric", self.metric.is_none()),
            ("district", self.district.is_none()),
            ("period", self.period.is_none()),
            ("source", self.source.is_none() && !self.retracts),
        ] {
            if missing {
                return Err(row::wrong(name, "", "a figure cannot be without it"));
            }
        }
        let comparator = *self.comparator.get_or_insert(Comparator::Equal);
        let status = *self.status.get_or_insert(ObservationStatus::Normal);
        let decimals = *self.decimals.get_or_insert(self.written);
        if !self.retracts {
            let multiplier = self.multiplier.unwrap_or(0);
            check::figure(self.value, status, comparator, decimals, multiplier)?;
        }
        if backend == DbBackend::Sqlite
            && let Some(value) = self.value
        {
            value.as_double().map_err(|why| row::wrong("value", &value.to_string(), why))?;
        }
        Ok(self)
    }

    /// The fields in the order of [`COLUMNS`]; an empty one is null.
    fn texts(self, texts: &mut Vec<String>, place: [i64; 3], mode: Mode) {
        let number =
            |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let note = match self.note.is_empty() {
            true => String::new(),
            // A map of texts is always JSON.
            false => serde_json::to_string(&self.note).unwrap_or_default(),
        };
        let mode = match (self.retracts, mode) {
            (true, _) => RETRACT,
            (false, Mode::Create) => CREATE,
            (false, Mode::Update) => UPDATE,
            (false, Mode::Upsert) => UPSERT,
        };
        texts.extend(place.map(|number| number.to_string()));
        texts.extend([
            mode.to_owned(),
            self.given.to_string(),
            number(self.if_revision.map(i64::from)),
            number(self.target),
            number(self.metric),
            number(self.district),
            self.initiative.unwrap_or(0).to_string(),
            self.period.map(|period| period.span()).unwrap_or_default(),
            self.slug,
            self.reference_date,
            self.value.map(|value| value.to_string()).unwrap_or_default(),
            self.decimals.unwrap_or(0).to_string(),
            self.multiplier.unwrap_or(0).to_string(),
            self.comparator.map(enum_word).unwrap_or_default(),
            self.status.map(enum_word).unwrap_or_default(),
            self.price_basis,
            self.unit_as_printed,
            note,
            number(self.source),
            self.locator,
            self.published_on,
            self.reason,
        ]);
    }
}

/// Why a figure is not moved.
const KEY: &str = "it is part of what the figure is of, which stays; retract it and record another";

pub(super) const RELEASE: &str = "E";
pub(super) const RETRACT: &str = "D";
pub(super) const CREATE: &str = "C";
pub(super) const UPDATE: &str = "U";
pub(super) const UPSERT: &str = "R";

fn enum_word<E: async_graphql::resolver_utils::EnumType>(word: E) -> String {
    async_graphql::resolver_utils::enum_value(word).to_string().trim_matches('"').to_owned()
}

/// What SDMX's ACTION says: append, replace, merge or information record; delete retracts.
fn retracts(field: &str) -> Result<bool, Problem> {
    match field {
        "D" => Ok(true),
        "" | "I" | "A" | "R" | "M" => Ok(false),
        _ => Err(row::wrong(
            row::ACTION,
            field,
            "it is none of I, A, R and M, which record a figure, and D, which retracts it",
        )),
    }
}

fn parsed<T: FromStr<Err: Display>>(name: &str, field: &str) -> Result<Option<T>, Problem> {
    let wrong = |why| row::wrong(name, field, why);
    (!field.is_empty()).then(|| field.parse().map_err(wrong)).transpose()
}

fn whole(name: &str, field: &str) -> Result<Option<i32>, Problem> {
    let wrong = |_| row::wrong(name, field, "it is no whole number");
    (!field.is_empty()).then(|| field.parse::<i32>().map_err(wrong)).transpose()
}

fn day(name: &str, field: &str) -> Result<String, Problem> {
    match field.parse::<chrono::NaiveDate>() {
        Ok(day) if day.to_string() == field => Ok(field.to_owned()),
        Err(_) if field.is_empty() => Ok(String::new()),
        _ => Err(row::wrong(name, field, "it is no day of the calendar like 2026-01-27")),
    }
}

fn word<T: DeserializeOwned>(name: &str, field: &str) -> Result<Option<T>, Problem> {
    if field.is_empty() {
        return Ok(None);
    }
    let text: StrDeserializer<'_, serde::de::value::Error> = field.into_deserializer();
    T::deserialize(text).map(Some).map_err(|why| row::wrong(name, field, why))
}

/// The table beside, which lasts as long as the connection.
fn table(backend: DbBackend) -> String {
    let columns = COLUMNS.map(|(name, kind)| format!("{name} {}", spelt(kind, backend)));
    format!("CREATE TEMP TABLE IF NOT EXISTS incoming ({}, {MERGED})", columns.join(", "))
}

/// SQLite compares by the kinds of columns: the same as those figures have.
fn spelt(kind: &'static str, backend: DbBackend) -> &'static str {
    match (backend, kind) {
        (DbBackend::Postgres, kind) => kind,
        (_, "numeric") => "real",
        (_, "bigint" | "integer") => "integer",
        _ => "text",
    }
}

/// A statement for all rows whose fields follow each other.
fn insert(texts: Vec<String>, count: usize, backend: DbBackend) -> Statement {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let null = |place: usize, name: &str| match (backend, COLUMNS[place].1) {
        (DbBackend::Postgres, "text") => format!("NULLIF({name}, '')"),
        (DbBackend::Postgres, kind) => format!("CAST(NULLIF({name}, '') AS {kind})"),
        _ => format!("NULLIF({name}, '')"),
    };
    let (source, values): (String, Vec<Value>) = match backend {
        DbBackend::Postgres => {
            let mut columns = vec![Vec::with_capacity(count); COLUMNS.len()];
            for (place, text) in texts.into_iter().enumerate() {
                columns[place % COLUMNS.len()].push(text);
            }
            let signs: Vec<String> =
                (1..=COLUMNS.len()).map(|place| format!("${place}::text[]")).collect();
            let aliases: Vec<String> =
                (1..=COLUMNS.len()).map(|place| format!("column{place}")).collect();
            let source = format!("unnest({}) AS x({})", signs.join(", "), aliases.join(", "));
            (source, columns.into_iter().map(Value::from).collect())
        }
        _ => {
            let row = format!("({})", ["?"; COLUMNS.len()].join(", "));
            let source = format!("(VALUES {})", vec![row; count].join(", "));
            (source, texts.into_iter().map(Value::from).collect())
        }
    };
    let picked: Vec<String> =
        (0..COLUMNS.len()).map(|place| null(place, &format!("column{}", place + 1))).collect();
    let sql = format!("INSERT INTO incoming ({names}) SELECT {} FROM {source}", picked.join(", "));
    Statement::from_sql_and_values(backend, sql, values)
}
