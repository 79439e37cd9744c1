//! Periods as people write them. What could be read in two ways is refused.

use chrono::{Datelike, Days, Months, NaiveDate};
use entity::{Frequency as Length, Period};

use crate::package::options::{DateOrder, Frequency};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a period.
pub(super) fn read(
    text: &str,
    frequency: Option<Frequency>,
    order: Option<DateOrder>,
) -> Result<Period, String> {
    let plain: String = text.trim().chars().map(digit).collect();
    let period = match plain.parse::<Period>() {
        Ok(period) => period,
        Err(why) => match spelt(&plain, order) {
            Some(code) => code?.parse::<Period>().map_err(|_| why.to_string())?,
            None => return Err(why.to_string()),
        },
    };
    match frequency {
        None => Ok(period),
        Some(frequency) => of_length(period, frequency),
    }
}

/// The period of that length that a day begins.
pub(super) fn of_length(period: Period, frequency: Frequency) -> Result<Period, String> {
    let day = period.first_day();
    let (year, month) = (day.year(), day.month0());
    let (length, code) = match frequency {
        Frequency::Year => (Length::Annual, format!("{year:04}")),
        Frequency::Half => (Length::HalfYearly, format!("{year:04}-S{}", month / 6 + 1)),
        Frequency::Quarter => (Length::Quarterly, format!("{year:04}-Q{}", month / 3 + 1)),
        Frequency::Month => (Length::Monthly, format!("{year:04}-{:02}", month + 1)),
        Frequency::Week => {
            let week = day.iso_week();
            (Length::Weekly, format!("{:04}-W{:02}", week.year(), week.week()))
        }
        Frequency::Day => (Length::Daily, day.to_string()),
    };
    if period.length() == length {
        return Ok(period);
    }
    let whole: Result<Period, _> = code.parse();
    match whole {
        Ok(whole) if period.length() == Length::Daily && whole.first_day() == day => Ok(whole),
        _ => Err(format!(
            "it neither is a period of the length that --frequency says, nor the day that one begins with, such as {code}"
        )),
    }
}

/// A range as SDMX writes it, by its first day and how long it is: `2021-01-01/P5Y`.
fn lasting(text: &str) -> Option<String> {
    let (first, length) = text.split_once("/P")?;
    let first: NaiveDate = first.strip_suffix("T00:00:00").unwrap_or(first).parse().ok()?;
    let count = |unit: char| length.strip_suffix(unit)?.parse::<u32>().ok();
    let months = count('Y').and_then(|years| years.checked_mul(12)).or_else(|| count('M'));
    let days = count('W').and_then(|weeks| weeks.checked_mul(7)).or_else(|| count('D'));
    let beyond = match (months, days) {
        (Some(months), _) => first.checked_add_months(Months::new(months))?,
        (_, Some(days)) => first.checked_add_days(Days::new(days.into()))?,
        (None, None) => return None,
    };
    let last = beyond.pred_opt().filter(|last| *last >= first)?;
    Some(format!("{first}/{last}"))
}

fn digit(character: char) -> char {
    let of = |zero: char| {
        u32::from(character).checked_sub(zero.into()).and_then(|place| char::from_digit(place, 10))
    };
    of('٠').or_else(|| of('۰')).or_else(|| of('０')).unwrap_or(character)
}

/// The code of a period in another spelling; an error where it could be two. None where it is none.
fn spelt(text: &str, order: Option<DateOrder>) -> Option<Result<String, String>> {
    if let Some(range) = lasting(text) {
        return Some(Ok(range));
    }
    let date =
        text.get(..10).filter(|_| text.as_bytes().get(10).is_some_and(|b| b"T ".contains(b)));
    if let Some(date) = date.filter(|_| is_time(&text[11..])) {
        return Some(Ok(date.to_owned()));
    }
    if let Some(year) = text.strip_suffix(".0").filter(|year| is_year(year)) {
        return Some(Ok(year.to_owned()));
    }
    if let Some(rest) = text.strip_suffix(['年', '月', '日', '度']).filter(|_| text.contains('年'))
    {
        return Some(Ok(chinese(rest)?));
    }
    let lower = text.to_lowercase().replace(',', " ");
    let words: Vec<&str> =
        lower.split([' ', '-', '/', '.']).filter(|word| !word.is_empty()).collect();
    let two = |text: &str| format!("{text:0>2}");
    let small = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    Some(Ok(match words[..] {
        [one] if one.len() == 8 && one.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{}-{}-{}", &one[..4], &one[4..6], &one[6..])
        }
        [one] if one.len() == 6 && one.bytes().all(|b| b.is_ascii_digit()) => {
            return Some(Err(
                "six digits may be a year and a month, or a date with a short year; \
                             write 2025-01"
                    .to_owned(),
            ));
        }
        [one] => lettered(one.get(..4)?, one.get(4..)?)?,
        // A year with decimals, or a month whose zero was lost.
        [_, _] if text.contains('.') => return None,
        [year, part] if is_year(year) && small(part) => format!("{year}-{}", two(part)),
        [year, part] if is_year(year) => match month(part) {
            Some(number) => format!("{year}-{number:02}"),
            None => lettered(year, part)?,
        },
        [part, year] if is_year(year) => match month(part) {
            Some(number) => format!("{year}-{number:02}"),
            None => lettered(year, part)?,
        },
        [year, part, day] if is_year(year) && small(part) && small(day) => {
            format!("{year}-{}-{}", two(part), two(day))
        }
        [one, other, year] if is_year(year) => match (month(one), month(other)) {
            (Some(number), None) if small(other) => format!("{year}-{number:02}-{}", two(other)),
            (None, Some(number)) if small(one) => format!("{year}-{number:02}-{}", two(one)),
            (None, None) if small(one) && small(other) => match order {
                Some(DateOrder::Dmy) => format!("{year}-{}-{}", two(other), two(one)),
                Some(DateOrder::Mdy) => format!("{year}-{}-{}", two(one), two(other)),
                None => {
                    return Some(Err("day and month may stand in either order; say which by \
                                     --date-order dmy or mdy"
                        .to_owned()));
                }
            },
            _ => return None,
        },
        _ => return None,
    }))
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `08:00:00.000Z`.
fn is_time(text: &str) -> bool {
    text.len() >= 5 && text.bytes().all(|b| b.is_ascii_digit() || b":.Z+-".contains(&b))
}

fn month(name: &str) -> Option<usize> {
    let short =
        MONTHS.iter().position(|month| *month == name || (name == "sept" && *month == "sep"));
    short.or_else(|| NAMES.iter().position(|month| *month == name)).map(|place| place + 1)
}

/// `q1`, `s2`, `h2`, `w5`, `m01` of a year.
fn lettered(year: &str, part: &str) -> Option<String> {
    let number: u32 = part.get(1..)?.parse().ok()?;
    let code = match part.as_bytes().first()? {
        b'q' => format!("{year}-Q{number}"),
        b's' | b'h' => format!("{year}-S{number}"),
        b'w' => format!("{year}-W{number:02}"),
        b'm' => format!("{year}-{number:02}"),
        _ => return None,
    };
    (is_year(year) && part[1..].bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

/// `2025年`, `2025年3月`, `2025年3月5日`, `2025年第1季度`, without the last character.
fn chinese(text: &str) -> Option<String> {
    let (year, rest) = text.split_once('年').unwrap_or((text, ""));
    let two = |text: &str| format!("{text:0>2}");
    Some(match rest.split_once('月') {
        _ if rest.is_empty() => year.to_owned(),
        Some((month, day)) => format!("{year}-{}-{}", two(month), two(day)),
        None => match rest.strip_suffix('季') {
            Some(quarter) => format!("{year}-Q{}", quarter.strip_prefix('第').unwrap_or(quarter)),
            None => format!("{year}-{}", two(rest)),
        },
    })
}

/// Whether a column's name is a period: a year, or something no shorter.
pub(super) fn of_column(name: &str, frequency: Option<Frequency>) -> Option<Period> {
    // World Bank exports call their columns "1960 [YR1960]", R calls them X1960.
    let bare = name.split(" [").next().unwrap_or(name);
    let bare = bare.strip_prefix(['X', 'x', 'Y', 'y']).filter(|rest| is_year(rest)).unwrap_or(bare);
    read(bare, frequency, None)
        .ok()
        .filter(|period| (1000..=2999).contains(&period.first_day().year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_spellings_are_read() {
        for (text, code) in [
            ("2025", "2025"),
            (" 2025 ", "2025"),
            ("2025.0", "2025"),
            ("2025Q1", "2025-Q1"),
            ("2025 q1", "2025-Q1"),
            ("Q1 2025", "2025-Q1"),
            ("2025-Q1", "2025-Q1"),
            ("2025H2", "2025-S2"),
            ("2025W05", "2025-W05"),
            ("2025M01", "2025-01"),
            ("2025-M1", "2025-01"),
            ("2025/01", "2025-01"),
            ("2025/01/31", "2025-01-31"),
            ("20250131", "2025-01-31"),
            ("Jan 2025", "2025-01"),
            ("January 2025", "2025-01"),
            ("2025 Sept", "2025-09"),
            ("Jan 1 2000", "2000-01-01"),
            ("1 Jan 2000", "2000-01-01"),
            ("January 1, 2000", "2000-01-01"),
            ("1-Jan-2000", "2000-01-01"),
            ("2000-01-01T08:00:00.000Z", "2000-01-01"),
            ("2000-01-01 00:00:00", "2000-01-01"),
            ("2021/2025", "2021/2025"),
            ("2021-01-01/P5Y", "2021/2025"),
            ("2024-11-01T00:00:00/P3M", "2024-11/2025-01"),
            ("2025-01-06/P1W", "2025-W02"),
            ("2025-01-30/P4D", "2025-01-30/2025-02-02"),
            ("٢٠٢٥", "2025"),
            ("2025年", "2025"),
            ("2025年3月", "2025-03"),
            ("2025年3月5日", "2025-03-05"),
            ("2025年第1季度", "2025-Q1"),
        ] {
            assert_eq!(read(text, None, None).unwrap().to_string(), code, "{text}");
        }
    }

    #[test]
    fn orders_of_day_and_month_are_never_guessed() {
        for text in [
            "01/02/2025",
            "13/02/2025",
            "2.1.2025",
            "202501",
            "Jan 25",
            "2025.1",
            "1/2/25",
            "25",
            "",
            "soon",
            "2025Q5",
            "2025-13",
        ] {
            assert!(read(text, None, None).is_err(), "{text}");
        }
        let read = |order| read("01/02/2025", None, Some(order)).unwrap().to_string();
        assert_eq!(read(DateOrder::Dmy), "2025-02-01");
        assert_eq!(read(DateOrder::Mdy), "2025-01-02");
    }

    #[test]
    fn days_stand_for_what_they_begin_where_it_is_said() {
        let month =
            |text| read(text, Some(Frequency::Month), None).map(|period| period.to_string());
        assert_eq!(month("2000-02-01").unwrap(), "2000-02");
        assert_eq!(month("Feb 1 2000").unwrap(), "2000-02");
        assert_eq!(month("2000-02").unwrap(), "2000-02");
        assert!(month("2000-02-02").is_err());
        assert!(month("2000").is_err());
        assert_eq!(read("2001-01-01", Some(Frequency::Year), None).unwrap().to_string(), "2001");
    }
}
