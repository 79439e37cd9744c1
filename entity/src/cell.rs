//! What a statement returns in one column of a row, whatever the database.

use serde::{
    Deserialize, Deserializer,
    de::{self, IntoDeserializer, Visitor, value::Error as Unfit},
    forward_to_deserialize_any,
};

/// What stands in one column of a row. Truths are 0 or 1; days, moments, periods, words and JSON are
/// text; decimal numbers are doubles on SQLite, and text on PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number, or a truth.
    Integer(i64),
    /// A number as SQLite keeps decimals.
    Real(f64),
    /// Anything else.
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// What it holds. Fails where that does not fit the type: it never becomes a silent null.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, Unfit> {
        T::deserialize(self)
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Integer(number) => visitor.visit_i64(number),
            Self::Real(number) => visitor.visit_f64(number),
            Self::Text(text) => visitor.visit_borrowed_str(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Self::Integer(0) => visitor.visit_bool(false),
            Self::Integer(1) => visitor.visit_bool(true),
            other => Err(de::Error::custom(format!("{other:?} is neither 0 nor 1"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Self::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self {
            Self::Text(word) => visitor.visit_enum(word.into_deserializer()),
            other => Err(de::Error::custom(format!("{other:?} is no word"))),
        }
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
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
