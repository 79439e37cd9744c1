//! From a row of a table to the fields of a file, whatever the table.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use entity::{Decimal, Period};
use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait, Value};
use serde_json::Value as Json;

use super::table::{Column, Kind, Table};
use crate::error::Error;

/// The fields of a line; none where a value is null.
pub(super) type Cells = Vec<Option<String>>;

/// What rows are called by, by their tables and numbers.
pub(super) type Names = HashMap<&'static str, HashMap<i64, String>>;

/// How the rows of a table become lines.
pub(super) struct Lines<E: EntityTrait> {
    pub(super) columns: Vec<Column>,
    /// The columns of the database, beside those of the file.
    values: Vec<E::Column>,
}

impl<E: EntityTrait<Model: ModelTrait<Entity = E>>> Lines<E> {
    pub(super) fn new(
        table: &'static Table,
        languages: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<Self, Error> {
        let columns = table.columns(languages);
        let values = columns.iter().map(|column| {
            let name = column.field.column();
            let found = E::Column::iter().find(|column| column.as_str() == name);
            found.ok_or_else(|| Error::internal(format!("{} has no column {name}", table.name)))
        });
        Ok(Self { values: values.collect::<Result<_, _>>()?, columns })
    }

    /// The fields of a row.
    pub(super) fn of(&self, row: &E::Model, names: &Names) -> Result<Cells, Error> {
        let cells = self.columns.iter().zip(&self.values);
        cells.map(|(column, value)| cell(column, row.get(*value), names)).collect()
    }
}

/// The languages in which the rows' texts of a column are.
pub(super) fn languages<E>(rows: &[E::Model], column: &str) -> BTreeSet<String>
where
    E: EntityTrait<Model: ModelTrait<Entity = E>>,
{
    let Some(column) = E::Column::iter().find(|known| known.as_str() == column) else {
        return BTreeSet::new();
    };
    let texts = rows.iter().filter_map(|row| match row.get(column) {
        Value::Json(Some(json)) => json.as_object().cloned(),
        _ => None,
    });
    texts.flatten().map(|(language, _)| language).collect()
}

fn cell(column: &Column, value: Value, names: &Names) -> Result<Option<String>, Error> {
    let cell = match value {
        Value::BigInt(Some(number)) => match &column.field.refers_to {
            Some(target) => Some(name(names, target, number)?.to_owned()),
            None => Some(number.to_string()),
        },
        Value::Int(number) => number.map(|number| number.to_string()),
        Value::Bool(truth) => truth.map(|truth| truth.to_string()),
        Value::Decimal(number) => number.map(|number| Decimal::from(number).to_string()),
        Value::ChronoDate(day) => day.map(|day| day.to_string()),
        Value::String(Some(span)) if column.field.kind == Kind::Period => {
            Some(span.parse::<Period>().map_err(Error::internal)?.to_string())
        }
        Value::String(text) => text,
        Value::Json(Some(json)) => match &column.language {
            Some(language) => json.get(language).and_then(Json::as_str).map(str::to_owned),
            None => Some(in_order(&json).to_string()),
        },
        Value::BigInt(None) | Value::Json(None) => None,
        other => return Err(Error::internal(format!("{}: no file has {other:?}", column.name))),
    };
    // A file cannot tell an empty text from none, and neither can the tables.
    Ok(cell.filter(|text| !text.is_empty()))
}

/// What the row with a number is called.
pub(super) fn name<'n>(names: &'n Names, table: &str, number: i64) -> Result<&'n str, Error> {
    let found = names.get(table).and_then(|names| names.get(&number)).map(String::as_str);
    found.ok_or_else(|| Error::internal(format!("the {table} {number} is referred to, and gone")))
}

/// A JSON value whose keys stand in one order, whichever database kept it: its type first, then by
/// the alphabet.
pub(super) fn in_order(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(in_order).collect(),
        Json::Object(fields) => {
            let mut fields: Vec<(&String, &Json)> = fields.iter().collect();
            fields.sort_unstable_by(|(one, _), (other, _)| by_key(one, other));
            fields.into_iter().map(|(name, value)| (name.clone(), in_order(value))).collect()
        }
        other => other.clone(),
    }
}

fn by_key(one: &str, other: &str) -> Ordering {
    (one != "type", one).cmp(&(other != "type", other))
}

/// A table whose rows are all in memory.
pub(super) struct Sheet {
    pub(super) table: &'static Table,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Cells>,
}

impl Sheet {
    /// The rows of a table in the order of what names them.
    pub(super) fn new<E>(
        table: &'static Table,
        rows: &[E::Model],
        names: &Names,
    ) -> Result<Self, Error>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E>>,
    {
        let lines = Lines::<E>::new(table, |column| languages::<E>(rows, column))?;
        let mut cells = Vec::with_capacity(rows.len());
        for row in rows {
            cells.push(lines.of(row, names)?);
        }
        let places: BTreeMap<&str, usize> =
            lines.columns.iter().enumerate().map(|(at, column)| (&*column.name, at)).collect();
        let key: Vec<usize> =
            table.primary_key.iter().filter_map(|name| places.get(&**name).copied()).collect();
        cells.sort_unstable_by(|one, other| {
            key.iter().map(|&at| &one[at]).cmp(key.iter().map(|&at| &other[at]))
        });
        Ok(Self { table, columns: lines.columns, rows: cells })
    }

    /// Every language of its texts.
    pub(super) fn languages(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().filter_map(|column| column.language.as_ref())
    }
}
