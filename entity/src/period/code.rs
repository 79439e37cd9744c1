//! Periods as text: the codes of SDMX and ISO 8601.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Frequency, PARTS, Period};
use crate::quote::{Quoted, cut};

impl Period {
    /// A single part of the calendar, as SDMX and ISO 8601 write it.
    fn part(code: &str) -> Option<Self> {
        // What a column holds, and so the most by far.
        if let Some(day) = day(code) {
            return Self::containing(Frequency::Daily, day);
        }
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
            Some(_) => return None,
        };
        Self::containing(part, day)
    }
}

/// What the codes of a year's months add to the year.
const MONTHS: [&str; 12] =
    ["-01", "-02", "-03", "-04", "-05", "-06", "-07", "-08", "-09", "-10", "-11", "-12"];

impl Period {
    /// The code of a period as columns hold it ([`Period::span`]), in two parts, where that is seen
    /// without reading it: whole months of one year that are a part of the calendar, as most are.
    pub(crate) fn code_of_span(span: &str) -> Option<(&str, &'static str)> {
        let (start, end) = span.split_once('/')?;
        let (year, first) = start.split_once('-')?;
        let rest = end.strip_prefix(year)?.strip_prefix('-')?;
        let (last, days) = rest.split_once('-')?;
        let month = |text: &str| {
            MONTHS.iter().position(|month| month.get(1..) == Some(text)).map(|place| place + 1)
        };
        let (first, last) = (month(first.strip_suffix("-01")?)?, month(last)?);
        if year.len() != 4 || !year.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let is_last = match (last, days) {
            (2, "28" | "29") => {
                let february = NaiveDate::from_ymd_opt(year.parse().ok()?, 2, 29);
                february.is_some() == (days == "29")
            }
            (4 | 6 | 9 | 11, "30") | (1 | 3 | 5 | 7 | 8 | 10 | 12, "31") => true,
            _ => false,
        };
        let rest = match (first, last) {
            (1, 12) => "",
            (1, 6) => "-S1",
            (7, 12) => "-S2",
            (1, 3) => "-Q1",
            (4, 6) => "-Q2",
            (7, 9) => "-Q3",
            (10, 12) => "-Q4",
            _ if first == last => MONTHS[first - 1],
            _ => return None,
        };
        is_last.then_some((year, rest))
    }
}

/// A day, as ISO 8601 writes it: `2025-06-30`.
fn day(code: &str) -> Option<NaiveDate> {
    let [y, e, a, r, b'-', m, n, b'-', d, i] = *code.as_bytes() else { return None };
    let number = |digits: &[u8]| {
        let add = |number: u32, digit: &u8| {
            let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'));
            digit.map(|digit| number * 10 + digit)
        };
        digits.iter().try_fold(0, add)
    };
    let year = i32::try_from(number(&[y, e, a, r])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[m, n])?, number(&[d, i])?)
}

/// Writes the code of the part of the calendar that begins on `day`.
fn write_code(part: Frequency, day: NaiveDate, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (year, month) = (day.year(), day.month0());
    match part {
        Frequency::Annual => write!(f, "{year:04}"),
        Frequency::HalfYearly => write!(f, "{year:04}-S{}", month / 6 + 1),
        Frequency::Quarterly => write!(f, "{year:04}-Q{}", month / 3 + 1),
        Frequency::Monthly => write!(f, "{year:04}-{:02}", month + 1),
        Frequency::Weekly => {
            let week = day.iso_week();
            write!(f, "{:04}-W{:02}", week.year(), week.week())
        }
        Frequency::Daily | Frequency::Range => write!(f, "{day}"),
    }
}

impl fmt::Display for Period {
    /// The code: a part of the calendar where the period is one, else a range of the longest
    /// parts that both its ends fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length();
        if length != Frequency::Range {
            return write_code(length, self.start, f);
        }
        for part in PARTS {
            let (first, last) =
                (Self::containing(part, self.start), Self::containing(part, self.end));
            if let (Some(first), Some(last)) = (first, last)
                && first.start == self.start
                && last.end == self.end
            {
                write_code(part, first.start, f)?;
                f.write_str("/")?;
                return write_code(part, last.start, f);
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

#[cfg(test)]
mod tests {
    use chrono::Days;

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
    fn codes_of_spans_are_those_of_what_they_say() {
        let day = |number: u64| NaiveDate::from_ymd_opt(2023, 11, 1).unwrap() + Days::new(number);
        let (mut seen, mut unseen) = (0, 0);
        for (start, length) in (0..500).flat_map(|start| (0..400).map(move |end| (start, end))) {
            let period = Period { start: day(start), end: day(start + length) };
            match Period::code_of_span(&period.span()) {
                Some((year, rest)) => {
                    assert_eq!(format!("{year}{rest}"), period.to_string());
                    seen += 1;
                }
                None => {
                    let is_short = [Frequency::Weekly, Frequency::Daily, Frequency::Range];
                    assert!(is_short.contains(&period.length()), "{period}");
                    unseen += 1;
                }
            }
        }
        // Two years with all their parts, and what begins of a third.
        assert_eq!((seen, unseen), (2 + 2 + 1 + 5 + 17, 500 * 400 - 27));
        for wrong in ["2025-01-01/2025-02-29", "225-01-01/225-12-31", "x025-01-01/x025-12-31"] {
            assert_eq!(Period::code_of_span(wrong), None, "{wrong}");
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
}
