//! Periods in the GraphQL schema.

use async_graphql::{
    InputType, InputValueError, InputValueResult, Object, Value,
    registry::{MetaType, MetaTypeId, Registry},
};
use serde::{Deserialize, Deserializer, de::Error};

use super::{Frequency, Period};
use crate::{Date, quote::unexpected};

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A span of whole days that a figure or an event belongs to (SDMX TIME_PERIOD).
#[Object(name = "TimePeriod")]
impl Period {
    /// The period in its shortest standard form: `2025`, `2025-S1`, `2025-Q1`, `2025-06`,
    /// `2025-W05`, `2025-06-30`, or a range such as `2021/2025`. The `Period` scalar reads it back.
    async fn code(&self) -> String {
        self.to_string()
    }

    /// The first day.
    async fn start(&self) -> Date {
        Date(self.start)
    }

    /// The last day, which belongs to the period.
    async fn end(&self) -> Date {
        Date(self.end)
    }

    /// How long the period is.
    async fn frequency(&self) -> Frequency {
        self.length()
    }
}

/// As input a period is a scalar, its code; as output it is an object with its first and last day.
impl InputType for Period {
    type RawValueType = Self;

    fn type_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Scalar, |_| {
            MetaType::Scalar {
            name: "Period".to_owned(),
            description: Some(
                "A period of time in SDMX or ISO 8601 form: a year `2025`, half `2025-S1`, quarter \
                 `2025-Q1`, month `2025-06`, week `2025-W05`, day `2025-06-30`, or a range of them \
                 `2021/2025`, both ends included. Different spellings of the same days are the \
                 same period. Periods are ordered by their first day, then by their last."
                    .to_owned(),
            ),
            is_valid: Some(std::sync::Arc::new(|value| matches!(value, Value::String(_)))),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            specified_by_url: Some("https://sdmx.org/standards-2/".to_owned()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(unexpected(&other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
