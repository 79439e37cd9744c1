//! What PostgreSQL returns, as cells.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{Cell, Decimal};
use sea_orm::{
    QueryResult,
    prelude::Decimal as Numeric,
    sqlx::{
        Column, Decode, Postgres, Row, TypeInfo, ValueRef,
        postgres::{PgTypeInfo, PgValueFormat, PgValueRef},
    },
};

use super::cells::Cells;
use crate::error::Error;

/// How a column is read.
#[derive(Clone, Copy)]
enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float,
    Numeric,
    Date,
    Moment,
    Text,
    /// JSON as the database keeps it: its text follows a byte that tells the version.
    Jsonb,
}

impl Form {
    fn of(column: &PgTypeInfo) -> Result<Self, Error> {
        Ok(match column.name() {
            "BOOL" => Self::Bool,
            "INT2" => Self::Int2,
            "INT4" => Self::Int4,
            "INT8" => Self::Int8,
            "FLOAT8" => Self::Float,
            "NUMERIC" => Self::Numeric,
            "DATE" => Self::Date,
            "TIMESTAMPTZ" => Self::Moment,
            "TEXT" | "VARCHAR" | "NAME" | "JSON" | "UNKNOWN" => Self::Text,
            "JSONB" => Self::Jsonb,
            other => return Err(Error::internal(format!("PostgreSQL returned {other}"))),
        })
    }
}

/// The rows of a statement.
pub(super) fn cells(rows: &[QueryResult]) -> Result<Cells, Error> {
    let rows = rows.iter().filter_map(QueryResult::try_as_pg_row);
    let Some(first) = rows.clone().next() else { return Ok(Cells::default()) };
    let forms = first.columns().iter().map(|column| Form::of(column.type_info()));
    let forms: Vec<_> = forms.collect::<Result<_, _>>()?;
    let mut cells = Cells::new(forms.len());
    for row in rows {
        for (column, form) in forms.iter().enumerate() {
            let value = row.try_get_raw(column).map_err(Error::internal)?;
            push(&mut cells, value, *form)?;
        }
    }
    Ok(cells)
}

fn push(cells: &mut Cells, value: PgValueRef<'_>, form: Form) -> Result<(), Error> {
    if value.is_null() {
        return cells.push(Cell::Null);
    }
    match form {
        Form::Bool => cells.push(Cell::Integer(decode::<bool>(value)?.into())),
        Form::Int2 => cells.push(Cell::Integer(decode::<i16>(value)?.into())),
        Form::Int4 => cells.push(Cell::Integer(decode::<i32>(value)?.into())),
        Form::Int8 => cells.push(Cell::Integer(decode::<i64>(value)?)),
        Form::Float => cells.push(Cell::Real(decode::<f64>(value)?)),
        Form::Numeric => {
            let number = Decimal::from(decode::<Numeric>(value)?);
            cells.push(Cell::Text(&number.to_string()))
        }
        Form::Date => cells.push(Cell::Text(&decode::<NaiveDate>(value)?.to_string())),
        Form::Moment => {
            let moment = entity::DateTime::from(decode::<DateTime<Utc>>(value)?);
            cells.push(Cell::Text(&moment.to_sql()))
        }
        Form::Text => cells.push(Cell::Text(decode::<&str>(value)?)),
        Form::Jsonb => {
            let skipped = usize::from(value.format() == PgValueFormat::Binary);
            let bytes = value.as_bytes().map_err(Error::internal)?;
            let text = std::str::from_utf8(bytes.get(skipped..).unwrap_or_default());
            cells.push(Cell::Text(text.map_err(Error::internal)?))
        }
    }
}

fn decode<'r, T: Decode<'r, Postgres>>(value: PgValueRef<'r>) -> Result<T, Error> {
    T::decode(value).map_err(Error::internal)
}
