//! A figure on its way in: from the fields of a file, or from a version that is corrected.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use entity::{
    Date, Decimal, Period, observation,
    vocabulary::{Comparator, ObservationStatus, PriceBasis},
};
use sea_orm::DbBackend;
use serde::de::{DeserializeOwned, IntoDeserializer, value::StrDeserializer};

use super::{Mode, Problem, Writer, check, row, row::Field};

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
    (1 << (OPTIONAL.len() + 1)) - 1
}

/// That the note is given in all its languages, and takes the place of the one before; otherwise it
/// takes the place of the same languages.
pub(super) const WHOLE_NOTE: u32 = 1 << OPTIONAL.len();

/// A figure, read and checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Incoming {
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
    /// The texts by language, none where one is taken away.
    note: BTreeMap<String, Option<String>>,
    source: Option<i64>,
    locator: String,
    published_on: String,
    reason: String,
}

impl Writer {
    /// What the fields make of a figure.
    pub(super) fn incoming(
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
                    let text = (!field.is_empty()).then(|| field.clone());
                    incoming.note.insert(language.clone(), text);
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
    pub(super) fn of(row: &observation::Model, revalued: bool) -> Self {
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
            note: note
                .map(|(language, text)| (language.to_owned(), Some(text.to_owned())))
                .collect(),
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
            "note" if field.is_empty() => {
                self.given |= WHOLE_NOTE;
                self.note.clear();
            }
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

    /// The fields in the order of the columns of the table beside; an empty one is null.
    pub(super) fn texts(self, texts: &mut Vec<String>, place: [i64; 3], mode: Mode) {
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
    match field.parse::<entity::Date>() {
        Ok(_) => Ok(field.to_owned()),
        Err(_) if field.is_empty() => Ok(String::new()),
        _ => Err(row::wrong(name, field, row::NO_DAY)),
    }
}

fn word<T: DeserializeOwned>(name: &str, field: &str) -> Result<Option<T>, Problem> {
    if field.is_empty() {
        return Ok(None);
    }
    let text: StrDeserializer<'_, serde::de::value::Error> = field.into_deserializer();
    T::deserialize(text).map(Some).map_err(|why| row::wrong(name, field, why))
}
