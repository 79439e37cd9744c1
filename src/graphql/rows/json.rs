//! An answer as it was written, read in place: texts that need no unescaping are not copied.

use std::{borrow::Cow, fmt};

use async_graphql::Value;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::values::write_value;
use crate::error::Error;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// Nothing.
    Null,
    /// A truth.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text, or a word.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object, its fields in their order.
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Json<'a> {
    /// Reads JSON.
    pub fn read(text: &'a [u8]) -> Result<Self, Error> {
        serde_json::from_slice(text).map_err(Error::internal)
    }

    /// The value of a field of an object.
    pub fn field(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => {
                fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// The data of an answer as JSON.
pub fn write_data(data: &Value) -> Vec<u8> {
    let mut json = Vec::new();
    write_value(data, &mut json);
    json
}

/// A text that is read in place where it can be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json<'de>, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
                Ok(Json::Boolean(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json<'de>, E> {
                let number = Number::from_f64(number);
                number.map(Json::Number).ok_or_else(|| E::custom("a number that JSON has not"))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = from.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(key), value)) = from.next_entry()? {
                    fields.push((key, value));
                }
                Ok(Json::Object(fields))
            }
        }

        from.deserialize_any(Any)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Boolean(truth) => to.serialize_bool(*truth),
            Self::Number(number) => number.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => to.collect_seq(items),
            Self::Object(fields) => to.collect_map(fields.iter().map(|(key, value)| (key, value))),
        }
    }
}
