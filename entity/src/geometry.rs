//! GeoJSON geometries.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// A GeoJSON geometry object (RFC 7946), kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Geometry(serde_json::Value);

impl<'de> Deserialize<'de> for Geometry {
    /// From a JSON object, or from text that holds one (SQLite, a file).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => {
                serde_json::from_str(&text).map_err(D::Error::custom)?
            }
            other => other,
        };
        match value.get("type").and_then(serde_json::Value::as_str) {
            Some(_) => Ok(Self(value)),
            None => Err(D::Error::custom("a GeoJSON geometry is an object with a \"type\"")),
        }
    }
}

/// A GeoJSON geometry object: `{"type": "Polygon", "coordinates": [...]}`, longitude before
/// latitude, WGS 84.
#[Scalar(name = "GeoJSON", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc7946")]
impl ScalarType for Geometry {
    fn parse(value: Value) -> InputValueResult<Self> {
        let json = value.into_json().map_err(InputValueError::custom)?;
        serde_json::from_value(json).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}
