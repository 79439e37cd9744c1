//! Days and moments.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, NaiveDate, SecondsFormat, SubsecRound};
use sea_orm::{DeriveValueType, prelude::DateTimeUtc};
use serde::Deserialize;

use crate::quote::{Quoted, unexpected};

/// The years there are. Beyond them a year has more than four digits, or a sign: as text, which days,
/// moments and periods are on SQLite, it is not ordered as it is in time.
pub(crate) const YEARS: RangeInclusive<i32> = 0..=9999;

/// A day of the calendar.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, DeriveValueType,
)]
pub struct Date(pub NaiveDate);

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // chrono by itself would take `2026-1-7`.
        match text.parse::<NaiveDate>() {
            Ok(date) if date.to_string() == text && YEARS.contains(&date.year()) => Ok(Self(date)),
            _ => Err(format!(
                "{} is no day of the calendar (of the years 0000 to 9999); write it like \
                 \"2026-01-27\"",
                Quoted(text)
            )),
        }
    }
}

/// A day of the calendar (ISO 8601), of the years 0000 to 9999: `2026-01-27`.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(unexpected(&other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment, to the microsecond, which is what both databases keep.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, DeriveValueType,
)]
pub struct DateTime(DateTimeUtc);

impl From<DateTime> for DateTimeUtc {
    fn from(time: DateTime) -> Self {
        time.0
    }
}

impl From<DateTimeUtc> for DateTime {
    fn from(time: DateTimeUtc) -> Self {
        Self(time.trunc_subsecs(6))
    }
}

impl DateTime {
    /// As both databases write it in SQL: `2026-01-27T08:00:00+00:00`. On SQLite, where it is text,
    /// such texts are ordered as the moments are.
    pub fn to_sql(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }

    /// The microseconds since 1970.
    pub fn microseconds(self) -> i64 {
        self.0.timestamp_micros()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl FromStr for DateTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        let time = time.ok().filter(|time| YEARS.contains(&time.year()));
        time.map(Self::from).ok_or_else(|| {
            format!(
                "{} is no moment (of the years 0000 to 9999 in UTC); write it like \
                 \"2026-01-27T08:00:00Z\"",
                Quoted(text)
            )
        })
    }
}

/// A moment (RFC 3339), of the years 0000 to 9999 in UTC: `2026-01-27T08:00:00Z`. Given with any
/// offset, returned in UTC.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(unexpected(&other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
