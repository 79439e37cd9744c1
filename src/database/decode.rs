//! An SQLite row into any type that serde can build, column after column by position.
//!
//! A struct takes as many columns as it has fields, in the order they are declared, which is the
//! order SeaORM selects them in; a tuple takes those of its parts one after the other. Nothing is
//! looked up by name. What a column holds must fit the field's type: a value that does not is an
//! error, never a silent null.

use rusqlite::{Row, types::ValueRef};
use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, SeqAccess, Visitor,
        value::Error as Unfit,
    },
    forward_to_deserialize_any,
};

use crate::error::Error;

/// Decodes one row.
pub(super) fn row<T: DeserializeOwned>(row: &Row<'_>) -> Result<T, Error> {
    let mut columns = Columns { row, next: 0 };
    T::deserialize(&mut columns).map_err(|error| {
        let column = columns.next.saturating_sub(1);
        let name = row.as_ref().column_name(column).unwrap_or("?").to_owned();
        Error::internal(format!("column {column} ({name}): {error}"))
    })
}

/// The columns of a row that are still to be read.
struct Columns<'a, 'r> {
    row: &'a Row<'r>,
    next: usize,
}

impl<'a> Columns<'a, '_> {
    fn take(&mut self) -> Result<ValueRef<'a>, Unfit> {
        let value = self.row.get_ref(self.next).map_err(de::Error::custom)?;
        self.next += 1;
        Ok(value)
    }
}

impl<'de> de::Deserializer<'de> for &mut Columns<'_, '_> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.take()? {
            ValueRef::Null => visitor.visit_unit(),
            ValueRef::Integer(number) => visitor.visit_i64(number),
            ValueRef::Real(number) => visitor.visit_f64(number),
            ValueRef::Text(text) => {
                visitor.visit_str(std::str::from_utf8(text).map_err(de::Error::custom)?)
            }
            ValueRef::Blob(bytes) => visitor.visit_bytes(bytes),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.take()? {
            ValueRef::Integer(0) => visitor.visit_bool(false),
            ValueRef::Integer(1) => visitor.visit_bool(true),
            other => Err(de::Error::custom(format!("{other:?} is neither 0 nor 1"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.row.get_ref(self.next).map_err(de::Error::custom)? {
            ValueRef::Null => {
                self.next += 1;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.take()? {
            ValueRef::Text(word) => {
                let word = std::str::from_utf8(word).map_err(de::Error::custom)?;
                visitor.visit_enum(word.into_deserializer())
            }
            other => Err(de::Error::custom(format!("{other:?} is no word"))),
        }
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
struct Part<'c, 'a, 'r> {
    columns: &'c mut Columns<'a, 'r>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Part<'_, '_, '_> {
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
