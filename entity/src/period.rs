//! Periods of time: the part of the calendar a figure is about.

use std::{fmt, str::FromStr};

use async_graphql::{
    Enum, InputType, InputValueError, InputValueResult, Object, Value,
    registry::{MetaType, MetaTypeId, Registry},
};
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    Date,
    quote::{Quoted, cut, unexpected},
    time::YEARS,
};

/// A span of whole days, both ends included, ordered by its first day and then by its last.
///
/// Two spellings of one span are one period: `2025-01/2025-03` is `2025-Q1`. Databases keep the
/// [`Period::span`], whose text order is the order of the periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", to_str = "Period::span", column_type = "Text")]
pub struct Period {
    start: NaiveDate,
    end: NaiveDate,
}

/// How long a period is, in the words of SDMX's frequency code list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Frequency {
    /// A calendar year (SDMX A): `2025`.
    Annual,
    /// Half a calendar year (SDMX S): `2025-S1`.
    HalfYearly,
    /// A quarter of a calendar year (SDMX Q): `2025-Q1`.
    Quarterly,
    /// A calendar month (SDMX M): `2025-06`.
    Monthly,
    /// A week from Monday to Sunday, numbered as ISO 8601 does (SDMX W): `2025-W05`.
    Weekly,
    /// One day (SDMX D): `2025-06-30`.
    Daily,
    /// Any other span of days: `2021/2025`.
    Range,
}

/// The calendar's parts from the longest to the shortest, as a code is sought.
const PARTS: [Frequency; 6] = [
    Frequency::Annual,
    Frequency::HalfYearly,
    Frequency::Quarterly,
    Frequency::Monthly,
    Frequency::Weekly,
    Frequency::Daily,
];

impl Period {
    /// The span as an ISO 8601 interval of dates, `2025-01-01/2025-12-31`.
    pub fn span(&self) -> String {
        format!("{}/{}", self.start, self.end)
    }

    /// The first day.
    pub fn first_day(self) -> NaiveDate {
        self.start
    }

    /// The last day, which belongs to the period.
    pub fn last_day(self) -> NaiveDate {
        self.end
    }

    /// Whether the two have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// How long the period is.
    pub fn length(self) -> Frequency {
        let whole = |&part: &Frequency| Self::containing(part, self.start) == Some(self);
        PARTS.into_iter().find(whole).unwrap_or(Frequency::Range)
    }

    /// The part of the calendar that follows; none after a range.
    pub fn next(self) -> Option<Self> {
        Self::containing(self.length(), self.end.succ_opt()?)
    }

    /// The same part of the calendar a year earlier: of a week, the one with its number. None for a
    /// range, and where that year has no such week or day.
    pub fn year_earlier(self) -> Option<Self> {
        match self.length() {
            Frequency::Range => None,
            Frequency::Weekly => {
                let week = self.start.iso_week();
                let monday =
                    NaiveDate::from_isoywd_opt(week.year() - 1, week.week(), Weekday::Mon)?;
                Self::containing(Frequency::Weekly, monday)
            }
            length => {
                let (start, year) = (self.start, self.start.year() - 1);
                let day = NaiveDate::from_ymd_opt(year, start.month(), start.day())?;
                Self::containing(length, day)
            }
        }
    }

    /// How many steps of its length another period is later, and how many of them a year has.
    /// None where the lengths differ, or have no whole number of months, or the other is earlier.
    pub fn steps_to(self, other: Self) -> Option<(u32, u32)> {
        let per_year = match self.length() {
            Frequency::Annual => 1,
            Frequency::HalfYearly => 2,
            Frequency::Quarterly => 4,
            Frequency::Monthly => 12,
            _ => return None,
        };
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        let apart = (months(other.start) - months(self.start)) * i64::from(per_year) / 12;
        let steps = u32::try_from(apart).ok().filter(|_| self.length() == other.length())?;
        Some((steps, per_year))
    }

    /// The part of the calendar of that length in which `day` lies; none where it goes beyond the
    /// years there are.
    fn containing(part: Frequency, day: NaiveDate) -> Option<Self> {
        let year = day.year();
        let months = |length: u32| {
            let first = day.month0() / length * length + 1;
            let start = NaiveDate::from_ymd_opt(year, first, 1)?;
            let end = start.checked_add_months(Months::new(length))?.pred_opt()?;
            Some(Self { start, end })
        };
        let part = match part {
            Frequency::Annual => months(12),
            Frequency::HalfYearly => months(6),
            Frequency::Quarterly => months(3),
            Frequency::Monthly => months(1),
            Frequency::Weekly => {
                let into = Days::new(day.weekday().num_days_from_monday().into());
                let start = day.checked_sub_days(into)?;
                Some(Self { start, end: start.checked_add_days(Days::new(6))? })
            }
            Frequency::Daily => Some(Self { start: day, end: day }),
            Frequency::Range => None,
        };
        part.filter(|part| [part.start, part.end].iter().all(|day| YEARS.contains(&day.year())))
    }

    /// A single part of the calendar, as SDMX and ISO 8601 write it.
    fn part(code: &str) -> Option<Self> {
        let digits = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            if plain { text.parse::<u32>().ok() } else { None }
        };
        let (year, rest) = match code.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (code, None),
        };
        let year = if year.len() == 4 { digits(year)? as i32 } else { return None };
        let month = |number: u32| NaiveDate::from_ymd_opt(year, number, 1);
        // The number after a letter, within `1..=most`.
        let numbered = |text: &str, most: u32| digits(text).filter(|n| (1..=most).contains(n));
        let (part, day) = match rest {
            None => (Frequency::Annual, month(1)?),
            Some(rest) if rest.len() == 2 && rest.starts_with('S') => {
                (Frequency::HalfYearly, month(numbered(&rest[1..], 2)? * 6 - 5)?)
            }
            Some(rest) if rest.len() == 2 && rest.starts_with('Q') => {
                (Frequency::Quarterly, month(numbered(&rest[1..], 4)? * 3 - 2)?)
            }
            Some(rest) if rest.starts_with('W') && rest.len() == 3 => {
                let week = digits(&rest[1..])?;
                (Frequency::Weekly, NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?)
            }
            Some(rest) if rest.len() == 2 => (Frequency::Monthly, month(digits(rest)?)?),
            Some(rest) if rest.len() == 5 => {
                let (number, day) = rest.split_once('-').filter(|(m, _)| m.len() == 2)?;
                let date = NaiveDate::from_ymd_opt(year, digits(number)?, digits(day)?)?;
                (Frequency::Daily, date)
            }
            Some(_) => return None,
        };
        Self::containing(part, day)
    }
}

/// The code of the part of the calendar that begins on `day`.
fn code(part: Frequency, day: NaiveDate) -> String {
    let (year, month) = (day.year(), day.month0());
    match part {
        Frequency::Annual => format!("{year:04}"),
        Frequency::HalfYearly => format!("{year:04}-S{}", month / 6 + 1),
        Frequency::Quarterly => format!("{year:04}-Q{}", month / 3 + 1),
        Frequency::Monthly => format!("{year:04}-{:02}", month + 1),
        Frequency::Weekly => {
            let week = day.iso_week();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        Frequency::Daily | Frequency::Range => day.to_string(),
    }
}

impl fmt::Display for Period {
    /// The code: a part of the calendar where the period is one, else a range of the longest
    /// parts that both its ends fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length();
        if length != Frequency::Range {
            return f.write_str(&code(length, self.start));
        }
        for part in PARTS {
            let (first, last) =
                (Self::containing(part, self.start), Self::containing(part, self.end));
            if let (Some(first), Some(last)) = (first, last)
                && first.start == self.start
                && last.end == self.end
            {
                return write!(f, "{}/{}", code(part, first.start), code(part, last.start));
            }
        }
        f.write_str(&self.span())
    }
}

/// Why a text is no [`Period`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodError(String);

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is no period; write a year \"2025\", half \"2025-S1\", quarter \"2025-Q1\", month \
             \"2025-06\", week \"2025-W05\", day \"2025-06-30\", or a range of them \"2021/2025\"",
            Quoted(&self.0)
        )
    }
}

impl std::error::Error for PeriodError {}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let period = match text.split_once('/') {
            None => Self::part(text),
            Some((first, last)) => Self::part(first).zip(Self::part(last)).and_then(|(a, b)| {
                (a.start <= b.start && a.end <= b.end)
                    .then_some(Self { start: a.start, end: b.end })
            }),
        };
        period.ok_or_else(|| PeriodError(cut(text).into_owned()))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    #[test]
    fn codes_come_back_as_they_were_written() {
        for (text, length) in [
            ("2025", Frequency::Annual),
            ("2025-S1", Frequency::HalfYearly),
            ("2025-Q4", Frequency::Quarterly),
            ("2024-02", Frequency::Monthly),
            ("2025-W05", Frequency::Weekly),
            ("2026-W53", Frequency::Weekly),
            ("2025-06-30", Frequency::Daily),
            ("2021/2025", Frequency::Range),
            ("2024-Q4/2025-Q1", Frequency::Range),
            ("2025-01/2025-11", Frequency::Range),
            ("2025-W05/2025-W07", Frequency::Range),
            ("2025-06-03/2025-06-30", Frequency::Range),
        ] {
            assert_eq!(period(text).to_string(), text);
            assert_eq!(period(text).length(), length, "{text}");
            assert_eq!(period(&period(text).span()), period(text));
        }
    }

    #[test]
    fn one_span_is_one_period() {
        for (text, code) in [
            ("2025/2025", "2025"),
            ("2025-01-01/2025-12-31", "2025"),
            ("2025-Q1/2025-Q2", "2025-S1"),
            ("2025-01/2025-03", "2025-Q1"),
            ("2025-01-27/2025-02-02", "2025-W05"),
        ] {
            assert_eq!(period(text).to_string(), code, "{text}");
        }
    }

    #[test]
    fn knows_its_neighbours() {
        let code = |period: Option<Period>| period.map(|period| period.to_string());
        for (text, next, earlier) in [
            ("2024", Some("2025"), Some("2023")),
            ("2024-S2", Some("2025-S1"), Some("2023-S2")),
            ("2024-Q4", Some("2025-Q1"), Some("2023-Q4")),
            ("2024-02", Some("2024-03"), Some("2023-02")),
            ("2024-W52", Some("2025-W01"), Some("2023-W52")),
            ("2020-W53", Some("2021-W01"), None),
            ("2024-12-31", Some("2025-01-01"), Some("2023-12-31")),
            ("2024-02-29", Some("2024-03-01"), None),
            ("2021/2024", None, None),
        ] {
            assert_eq!(code(period(text).next()).as_deref(), next, "{text}");
            assert_eq!(code(period(text).year_earlier()).as_deref(), earlier, "{text}");
        }
        let steps = |one: &str, other: &str| period(one).steps_to(period(other));
        assert_eq!(steps("2021", "2024"), Some((3, 1)));
        assert_eq!(steps("2023-Q3", "2024-Q1"), Some((2, 4)));
        assert_eq!(steps("2023-12", "2024-02"), Some((2, 12)));
        assert_eq!(steps("2024", "2023"), None);
        assert_eq!(steps("2023", "2024-Q1"), None);
        assert_eq!(steps("2024-W01", "2024-W02"), None);
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        for text in [
            "",
            "25",
            "2025-",
            "2025-Q5",
            "2025-Q0",
            "2025-S3",
            "2025-13",
            "2025-00",
            "2025-1",
            "2025-W54",
            "2025-W00",
            "2025-W5",
            "2025-02-29",
            "2025-06-31",
            "2025-6-3",
            "2025/2024",
            "2025/",
            "2021/2023/2025",
            "2025-Q",
            "2025-Q01x",
            "٢٠٢٥",
            "2025-q1",
            " 2025",
            "+025",
            "9999-W52",
            "+10000-01-01",
            "10000",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn text_order_of_spans_is_the_order_of_periods() {
        let mut periods: Vec<Period> = [
            "2025-06",
            "2021/2025",
            "2025-Q1",
            "2025",
            "2024",
            "2025-W05",
            "2025-S1",
            "2025-01-01",
        ]
        .map(period)
        .into();
        periods.sort();
        let codes: Vec<String> = periods.iter().map(Period::to_string).collect();
        assert_eq!(
            codes,
            [
                "2021/2025",
                "2024",
                "2025-01-01",
                "2025-Q1",
                "2025-S1",
                "2025",
                "2025-W05",
                "2025-06"
            ]
        );
        let mut spans: Vec<String> = periods.iter().map(Period::span).collect();
        spans.sort();
        assert_eq!(spans, periods.iter().map(Period::span).collect::<Vec<_>>());
    }
}
