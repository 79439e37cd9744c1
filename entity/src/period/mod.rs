//! Periods of time: the part of the calendar a figure is about.

mod code;
mod graphql;

use async_graphql::Enum;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use sea_orm::DeriveValueType;
use serde::Deserialize;

use crate::time::YEARS;

pub use code::PeriodError;

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
        let Self { start, end } = self;
        let Some(after) = end.succ_opt() else { return Frequency::Range };
        if start == end {
            return Frequency::Daily;
        }
        if start.weekday() == Weekday::Mon && (end - start).num_days() == 6 {
            return Frequency::Weekly;
        }
        // Whole months of one year, of which longer parts begin where one of their length may.
        if start.day() != 1 || after.day() != 1 || start.year() != end.year() {
            return Frequency::Range;
        }
        match (end.month() - start.month() + 1, start.month0()) {
            (1, _) => Frequency::Monthly,
            (3, 0 | 3 | 6 | 9) => Frequency::Quarterly,
            (6, 0 | 6) => Frequency::HalfYearly,
            (12, _) => Frequency::Annual,
            _ => Frequency::Range,
        }
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

    /// Whether the other is as long: the same part of the calendar, or, of two ranges, one that spans
    /// as many months between the same days of a month.
    pub fn is_as_long_as(self, other: Self) -> bool {
        let length = self.length();
        length == other.length() && (length != Frequency::Range || self.extent() == other.extent())
    }

    /// How far a range reaches: its months, the day of the month it begins on, and the one it ends
    /// before, as `60:01:01` of `2021/2025`.
    pub fn extent(self) -> String {
        let after = self.end.succ_opt().unwrap_or(self.end);
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month());
        let (from, to) = (self.start.day(), after.day());
        format!("{}:{from:02}:{to:02}", months(after) - months(self.start))
    }

    /// Itself, and the parts of the calendar it lies in, from the shortest to the year. A week lies
    /// in the year of its number.
    pub fn outwards(self) -> Vec<Self> {
        let year = Self::containing(Frequency::Annual, self.first_day_of_year());
        let is_week = self.length() == Frequency::Weekly;
        let lies_in = |part: &Self| {
            part.start <= self.start && self.end <= part.end || is_week && Some(*part) == year
        };
        let shorter = PARTS.into_iter().rev().filter(|part| *part != Frequency::Annual);
        let shorter = shorter.filter_map(|part| Self::containing(part, self.start));
        let around = shorter.chain(year).filter(|part| *part != self && lies_in(part));
        std::iter::once(self).chain(around).collect()
    }

    /// The first day of the calendar year it belongs to: the one it begins in, or that of a week's
    /// number.
    pub fn first_day_of_year(self) -> NaiveDate {
        let year = match self.length() {
            Frequency::Weekly => self.start.iso_week().year(),
            _ => self.start.year(),
        };
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(self.start)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    #[test]
    fn is_as_long_as_the_part_of_the_calendar_it_is() {
        let first = NaiveDate::from_ymd_opt(2023, 12, 20).unwrap();
        for start in first.iter_days().take(450) {
            for end in start.iter_days().take(400) {
                let period = Period { start, end };
                let is_part = |part: &Frequency| Period::containing(*part, start) == Some(period);
                let part = PARTS.into_iter().find(is_part).unwrap_or(Frequency::Range);
                assert_eq!(period.length(), part, "{start}/{end}");
            }
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
    fn ranges_are_as_long_as_others() {
        for (one, other, alike) in [
            ("2021/2023", "2024/2026", true),
            ("2021/2023", "2023/2024", false),
            ("2024-01/2024-11", "2025-01/2025-11", true),
            ("2025-01/2025-10", "2025-01/2025-11", false),
            ("2023-12/2024-02", "2024-12/2025-02", true),
            ("2025-06-03/2025-06-30", "2026-06-03/2026-06-30", true),
            ("2025-06-03/2025-06-30", "2026-06-04/2026-06-30", false),
            ("2023-Q1", "2025-Q4", true),
            ("2023-Q1", "2023", false),
            ("2023", "2024", true),
        ] {
            assert_eq!(period(one).is_as_long_as(period(other)), alike, "{one} {other}");
        }
    }

    #[test]
    fn lies_in_longer_parts() {
        for (text, around) in [
            ("2024-02-29", "2024-02-29 2024-W09 2024-02 2024-Q1 2024-S1 2024"),
            ("2024-W09", "2024-W09 2024-Q1 2024-S1 2024"),
            ("2025-W01", "2025-W01 2025"),
            ("2023-Q1", "2023-Q1 2023-S1 2023"),
            ("2023-S2", "2023-S2 2023"),
            ("2023", "2023"),
            ("2023-02/2023-03", "2023-02/2023-03 2023-Q1 2023-S1 2023"),
            ("2021/2023", "2021/2023"),
        ] {
            let codes: Vec<String> =
                period(text).outwards().iter().map(Period::to_string).collect();
            assert_eq!(codes.join(" "), around, "{text}");
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
