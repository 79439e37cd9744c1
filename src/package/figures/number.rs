//! Numbers as people print them, read exactly or refused.

use std::num::NonZeroU64;

use bigdecimal::{BigDecimal, RoundingMode};
use entity::Decimal;

/// How far an exponent may move the point.
const SHIFT_MAX: i32 = 60;

/// How long a number may be whose digits need not be counted.
const PLAINEST: usize = 28;

/// A number as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    /// The number, as [`Decimal`] reads it.
    pub(super) number: String,
    /// How many digits stand after the point.
    pub(super) decimals: u32,
    /// How the figure relates to it, in the words of [`entity::vocabulary::Comparator`].
    pub(super) comparator: &'static str,
    /// Whether a percent sign stands behind it.
    pub(super) percent: bool,
}

/// What stands before a number that is a bound, the longer before those they begin with.
const BOUNDS: &[(&str, &str)] = &[
    (">=", "AT_LEAST"),
    ("≥", "AT_LEAST"),
    ("⩾", "AT_LEAST"),
    (">", "MORE_THAN"),
    ("<=", "AT_MOST"),
    ("≤", "AT_MOST"),
    ("⩽", "AT_MOST"),
    ("<", "LESS_THAN"),
    ("~", "ABOUT"),
    ("≈", "ABOUT"),
    ("about ", "ABOUT"),
    ("circa ", "ABOUT"),
    ("approx. ", "ABOUT"),
    ("ca. ", "ABOUT"),
    ("c. ", "ABOUT"),
    ("more than ", "MORE_THAN"),
    ("over ", "MORE_THAN"),
    ("at least ", "AT_LEAST"),
    ("less than ", "LESS_THAN"),
    ("under ", "LESS_THAN"),
    ("at most ", "AT_MOST"),
    ("up to ", "AT_MOST"),
    ("nearly ", "NEARLY"),
    ("almost ", "NEARLY"),
];

/// Reads a number. `decimal` is what stands before its decimals, where somebody said.
pub(super) fn read(text: &str, decimal: Option<char>) -> Result<Printed, String> {
    // A point is what stands before decimals, unless somebody said otherwise.
    if decimal != Some(',')
        && let Some(printed) = plainest(text)
    {
        return Ok(printed);
    }
    let plain: String = text.trim().chars().filter_map(plain).collect();
    let mut rest = plain.trim();
    let mut comparator = "EQUAL";
    let lower = rest.to_lowercase();
    if let Some((sign, word)) = BOUNDS.iter().find(|(sign, _)| lower.starts_with(sign)) {
        comparator = word;
        rest = rest.get(sign.len()..).unwrap_or_default().trim_start();
    } else if let Some(number) = rest.strip_suffix('+').filter(|number| !number.is_empty()) {
        comparator = "AT_LEAST";
        rest = number.trim_end();
    }
    let percent = rest.strip_suffix('%');
    let rest = percent.map_or(rest, str::trim_end);
    let (negative, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let scientific = rest
        .split_once(['e', 'E'])
        .filter(|(digits, _)| digits.ends_with(|c: char| c.is_ascii_digit() || c == '.'));
    let (digits, exponent) = match scientific {
        Some((digits, exponent)) => {
            let plain = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let whole = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
            let shift = exponent.parse::<i32>().ok().filter(|_| whole);
            (digits, shift.ok_or_else(|| no_number("what follows the e is no whole number"))?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = parts(digits.trim(), decimal)?;
    let (whole, fraction) = shifted(&whole, &fraction, exponent)?;
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let number = format!("{sign}{whole}{point}{fraction}");
    number.parse::<Decimal>().map_err(|_| no_number("it has more than 28 significant digits"))?;
    let decimals = fraction.len() as u32;
    Ok(Printed { number, decimals, comparator, percent: percent.is_some() })
}

/// A number in the form it is kept in, which most are.
fn plainest(text: &str) -> Option<Printed> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fits = digits(whole) && digits(fraction) && text.len() <= PLAINEST;
    if !fits || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let decimals = text.len().saturating_sub(whole.len() + 1) as u32;
    Some(Printed { number: text.to_owned(), decimals, comparator: "EQUAL", percent: false })
}

fn no_number(why: &str) -> String {
    format!("it is no number: {why}")
}

/// The same character in the form that is read here; none for marks that only direct the writing.
fn plain(character: char) -> Option<char> {
    const ZEROS: [char; 5] = ['٠', '۰', '०', '০', '０'];
    let digit = ZEROS.iter().find_map(|&zero| {
        let place = u32::from(character).checked_sub(zero.into())?;
        char::from_digit(place, 10)
    });
    Some(match character {
        '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => return None,
        '−' | '﹣' | '－' | '–' => '-',
        '＋' => '+',
        '．' => '.',
        '，' => ',',
        '٪' | '％' => '%',
        '’' | '＇' => '\'',
        space if space.is_whitespace() => ' ',
        other => digit.unwrap_or(other),
    })
}

/// The digits before and after the point.
fn parts(text: &str, decimal: Option<char>) -> Result<(String, String), String> {
    // The Arabic separators can be nothing else.
    let point = if text.contains('٫') { '٫' } else { decimal.unwrap_or('.') };
    let (whole, fraction) = match text.split_once(point) {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    if decimal.is_none() && fraction.is_empty() && separators == [','] && text.contains(',') {
        return Err("the comma may stand before decimals or between thousands; say which by \
                    --decimal , or --decimal ."
            .to_owned());
    }
    if !all_digits(fraction) {
        return Err(match fraction.contains(point) || fraction.contains(',') {
            true => no_number(
                "there are digits or signs after the point that cannot be there; where a comma \
                 stands before decimals, say so by --decimal ,",
            ),
            false => no_number("write digits only, and a point before decimals"),
        });
    }
    let whole = match separators.first() {
        None => whole.to_owned(),
        Some(&separator) => ungrouped(whole, separator, &separators)?,
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(no_number("write digits only, and a point before decimals"));
    }
    Ok((if whole.is_empty() { "0".to_owned() } else { whole }, fraction.to_owned()))
}

/// Digits without what stands between thousands, or between lakhs and crores.
fn ungrouped(whole: &str, separator: char, all: &[char]) -> Result<String, String> {
    let known = [',', '.', ' ', '\'', '٬'].contains(&separator);
    let groups: Vec<&str> = whole.split(separator).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let inner = &lengths[1..lengths.len().max(2) - 1];
    let last = lengths.last() == Some(&3);
    let thousands = (1..=3).contains(&lengths[0]) && inner.iter().all(|&length| length == 3);
    let indian = (1..=2).contains(&lengths[0]) && inner.iter().all(|&length| length == 2);
    let zero = groups[0].starts_with('0');
    match known && all.iter().all(|&c| c == separator) && last && (thousands || indian) && !zero {
        true => Ok(groups.concat()),
        false => Err(no_number(
            "write digits only, in groups of three if any, and a point before decimals",
        )),
    }
}

/// The digits with the point moved.
fn shifted(whole: &str, fraction: &str, by: i32) -> Result<(String, String), String> {
    if by.abs() > SHIFT_MAX {
        return Err(no_number("its exponent is too large"));
    }
    let digits = format!("{whole}{fraction}");
    let point = whole.len() as i32 + by;
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => {
            (format!("{digits}{}", "0".repeat(point - digits.len())), String::new())
        }
        Ok(point) if point > 0 => (digits[..point].to_owned(), digits[point..].to_owned()),
        _ => {
            let zeros = "0".repeat(point.unsigned_abs() as usize);
            ("0".to_owned(), format!("{zeros}{digits}"))
        }
    };
    let trimmed = whole.trim_start_matches('0');
    Ok((if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }, fraction))
}

/// A number times a power of ten, exactly.
pub(super) fn scaled(number: &str, by: i32) -> Result<String, String> {
    let (sign, plain) = match number.strip_prefix('-') {
        Some(plain) => ("-", plain),
        None => ("", number),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let (whole, fraction) = shifted(whole, fraction, by)?;
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{fraction}"))
}

/// The number with at most that many significant digits, a half rounded away from zero; none where
/// it has no more.
pub(super) fn rounded(number: &str, digits: u32) -> Option<String> {
    let exact: BigDecimal = number.parse().ok()?;
    let rounded = exact.with_precision_round(NonZeroU64::new(digits.into())?, RoundingMode::HalfUp);
    (rounded != exact).then(|| rounded.normalized().to_plain_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, decimal: Option<char>) -> (String, u32, &'static str, bool) {
        let read = read(text, decimal).unwrap_or_else(|why| panic!("{text}: {why}"));
        (read.number, read.decimals, read.comparator, read.percent)
    }

    #[test]
    fn numbers_are_read_as_printed() {
        for (text, decimal, number, decimals) in [
            ("70.0", None, "70.0", 1),
            ("-8.7", None, "-8.7", 1),
            ("−8.7", None, "-8.7", 1),
            ("+5", None, "5", 0),
            (".097", None, "0.097", 3),
            ("5.", None, "5", 0),
            ("007", None, "7", 0),
            ("1,234,567.8", None, "1234567.8", 1),
            ("1,234.5", None, "1234.5", 1),
            ("12,34,567", None, "1234567", 0),
            ("1,234", Some('.'), "1234", 0),
            ("1,234", Some(','), "1.234", 3),
            ("1.234,5", Some(','), "1234.5", 1),
            ("1 234 567", None, "1234567", 0),
            ("1\u{a0}234,50", Some(','), "1234.50", 2),
            ("1\u{202f}234", None, "1234", 0),
            ("1'234.5", None, "1234.5", 1),
            ("1’234", None, "1234", 0),
            ("١٬٢٣٤٫٥", None, "1234.5", 1),
            ("۱۲۳", None, "123", 0),
            ("１２３．４", None, "123.4", 1),
            ("1.5e3", None, "1500", 0),
            ("1.23E-2", None, "0.0123", 4),
            ("1e+28", None, "10000000000000000000000000000", 0),
        ] {
            let (read, places, ..) = printed(text, decimal);
            assert_eq!((read.as_str(), places), (number, decimals), "{text}");
        }
    }

    #[test]
    fn bounds_stay_bounds() {
        for (text, comparator) in [
            ("> 10", "MORE_THAN"),
            ("≥ 10", "AT_LEAST"),
            (">=10", "AT_LEAST"),
            ("<10", "LESS_THAN"),
            ("≤10", "AT_MOST"),
            ("~10", "ABOUT"),
            ("About 10", "ABOUT"),
            ("nearly 10", "NEARLY"),
            ("10+", "AT_LEAST"),
            ("10", "EQUAL"),
        ] {
            assert_eq!(printed(text, None), ("10".to_owned(), 0, comparator, false), "{text}");
        }
        assert_eq!(printed("> 8.7 %", None), ("8.7".to_owned(), 1, "MORE_THAN", true));
    }

    #[test]
    fn what_may_mean_two_things_is_refused() {
        for (text, decimal) in [
            ("1,234", None),
            ("1,5", None),
            ("1.234.567", None),
            ("1.234,5", None),
            ("0,234", Some('.')),
            ("1,23,4", None),
            ("12,3456", Some('.')),
            ("1 23", None),
            ("1,234 567", None),
            ("1e", None),
            ("1e999", None),
            ("e5", None),
            ("Asia", None),
            ("-", None),
            ("1-2", None),
            ("0x10", None),
            ("12345678901234567890123456789012", None),
        ] {
            assert!(read(text, decimal).is_err(), "{text}: {:?}", read(text, decimal));
        }
    }

    #[test]
    fn digits_nobody_knew_are_rounded_where_it_is_said() {
        let rounded = |number| rounded(number, 15);
        assert_eq!(rounded("40300.619960000004").as_deref(), Some("40300.61996"));
        assert_eq!(rounded("0.30000000000000004").as_deref(), Some("0.3"));
        assert_eq!(rounded("-1234567890123456").as_deref(), Some("-1234567890123460"));
        assert_eq!(rounded("779.4453145"), None);
        assert_eq!(rounded("70.0"), None);
    }

    #[test]
    fn powers_of_ten_are_exact() {
        assert_eq!(scaled("2.4", 12).unwrap(), "2400000000000");
        assert_eq!(scaled("-24", -1).unwrap(), "-2.4");
        assert_eq!(scaled("0", 6).unwrap(), "0");
    }
}
