//! The rows of a statement, cell after cell in one piece of memory, and their decoding into any type
//! that serde can build.
//!
//! A struct takes as many columns as it has fields, in the order they are declared, which is the
//! order SeaORM selects them in; a tuple takes those of its parts one after the other. Nothing is
//! looked up by name. What a column holds must fit the field's type: a value that does not is an
//! error, never a silent null.

use entity::{Cell, Decimal};
use sea_orm::Value;
use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, SeqAccess, Visitor, value::Error as Unfit},
    forward_to_deserialize_any,
};

use crate::error::Error;

/// Rows that a statement returned.
#[derive(Debug, Default)]
pub struct Cells {
    /// How many columns a row has.
    width: usize,
    cells: Vec<Kept>,
    /// The text of all cells.
    text: String,
    /// Where the rows of each key end, of a statement that was run for keys.
    ends: Vec<usize>,
}

/// A cell as it is kept: of a text, where it stands.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Null,
    Integer(i64),
    Real(f64),
    Text { start: u32, length: u32 },
}

impl Cells {
    /// No rows of so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a cell after all others.
    pub(crate) fn push(&mut self, cell: Cell<'_>) -> Result<(), Error> {
        self.cells.push(match cell {
            Cell::Null => Kept::Null,
            Cell::Integer(number) => Kept::Integer(number),
            Cell::Real(number) => Kept::Real(number),
            Cell::Text(text) => {
                let start = u32::try_from(self.text.len());
                let length = u32::try_from(text.len());
                let (Ok(start), Ok(length)) = (start, length) else {
                    return Err(Error::internal("a statement returned more than 4 GB of text"));
                };
                self.text.push_str(text);
                Kept::Text { start, length }
            }
        });
        Ok(())
    }

    /// The same of a value that is at hand.
    pub(crate) fn push_value(&mut self, value: Value) -> Result<(), Error> {
        match value {
            Value::Bool(Some(truth)) => self.push(Cell::Integer(truth.into())),
            Value::Int(Some(number)) => self.push(Cell::Integer(number.into())),
            Value::BigInt(Some(number)) => self.push(Cell::Integer(number)),
            Value::String(Some(text)) => self.push(Cell::Text(&text)),
            Value::Decimal(Some(number)) => {
                self.push(Cell::Text(&Decimal::from(number).to_string()))
            }
            Value::ChronoDate(Some(day)) => self.push(Cell::Text(&day.to_string())),
            Value::ChronoDateTimeUtc(Some(time)) => {
                self.push(Cell::Text(&entity::DateTime::from(time).to_sql()))
            }
            Value::Json(Some(json)) => self.push(Cell::Text(&json.to_string())),
            Value::Bool(None)
            | Value::Int(None)
            | Value::BigInt(None)
            | Value::String(None)
            | Value::Decimal(None)
            | Value::ChronoDate(None)
            | Value::ChronoDateTimeUtc(None)
            | Value::Json(None) => self.push(Cell::Null),
            other => Err(Error::internal(format!("no column holds {other:?}"))),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.cells.len() / self.width.max(1)
    }

    /// Ends the rows of a key.
    pub(super) fn end_key(&mut self) {
        self.ends.push(self.rows());
    }

    /// Where the rows of each key end, in the order of the keys for which the statement was run.
    pub(crate) fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// What stands in a column of a row; nothing beyond the last.
    pub fn get(&self, row: usize, column: usize) -> Cell<'_> {
        match self.cells.get(row * self.width + column) {
            Some(Kept::Integer(number)) => Cell::Integer(*number),
            Some(Kept::Real(number)) => Cell::Real(*number),
            Some(Kept::Text { start, length }) => {
                let start = *start as usize;
                Cell::Text(self.text.get(start..start + *length as usize).unwrap_or_default())
            }
            Some(Kept::Null) | None => Cell::Null,
        }
    }

    /// Decodes a row from a column on.
    pub(crate) fn decode<T: DeserializeOwned>(&self, row: usize, from: usize) -> Result<T, Error> {
        let mut columns = Columns { cells: self, row, next: from };
        T::deserialize(&mut columns).map_err(|error| {
            Error::internal(format!("column {}: {error}", columns.next.saturating_sub(1)))
        })
    }
}

/// The columns of a row that are still to be read.
struct Columns<'a> {
    cells: &'a Cells,
    row: usize,
    next: usize,
}

impl<'a> Columns<'a> {
    fn take(&mut self) -> Result<Cell<'a>, Unfit> {
        if self.next >= self.cells.width {
            return Err(de::Error::custom("the statement returned fewer columns"));
        }
        self.next += 1;
        Ok(self.cells.get(self.row, self.next - 1))
    }
}

impl<'de> Deserializer<'de> for &mut Columns<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.take()?.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.take()?.deserialize_bool(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.cells.get(self.row, self.next) {
            Cell::Null => {
                self.take()?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.take()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Part { columns: self, left: fields.len() })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        parts: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Part { columns: self, left: parts })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple_struct map identifier ignored_any
    }
}

/// The columns that belong to one struct or tuple.
struct Part<'c, 'a> {
    columns: &'c mut Columns<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Part<'_, 'de> {
    type Error = Unfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unfit> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.columns).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}
