//! Exact decimal numbers, from the file to the wire.

use std::{fmt, io::Write as _, str::FromStr};

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use sea_orm::DeriveValueType;
use serde::{
    Deserialize, Deserializer,
    de::{self, value::Error as Unfit},
};

use crate::Cell;
use crate::quote::{Quoted, cut, unexpected};

/// An exact decimal number of at most 28 significant digits, never a binary fraction.
///
/// It is kept normalised: `70.0` and `70` are one number. How many decimals a source printed is
/// the observation's own column. PostgreSQL keeps it as `numeric`; SQLite as a `real`, which is
/// exact, ordered and unique up to [`Decimal::SQLITE_DIGITS`] significant digits, and the writer
/// refuses anything longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(column_type = "Decimal(None)", array_type = "Decimal")]
pub struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// How many significant digits every binary double keeps apart.
    pub const SQLITE_DIGITS: usize = 15;

    /// With so many digits after the point fifteen before it fit.
    const PADDED_MAX: u32 = 12;

    /// How many significant digits this number has; 1 for zero.
    pub fn significant_digits(self) -> usize {
        let digits = self.0.mantissa().unsigned_abs().to_string();
        digits.trim_end_matches('0').len().max(1)
    }

    /// The number with these digits, so many of them after the point; `None` where it holds more
    /// than a [`Decimal`] does.
    pub fn from_digits(digits: i128, scale: u32) -> Option<Self> {
        rust_decimal::Decimal::try_from_i128_with_scale(digits, scale).ok().map(Self::from)
    }

    /// Its digits, and how many of them stand after the point.
    pub fn digits(self) -> (i128, u32) {
        (self.0.mantissa(), self.0.scale())
    }

    /// The double SQLite keeps for this number. Refused where two numbers would share one.
    pub fn as_double(self) -> Result<f64, Inexact> {
        if self.significant_digits() > Self::SQLITE_DIGITS {
            return Err(Inexact(self));
        }
        self.0.to_string().parse().map_err(|_| Inexact(self))
    }

    /// Writes what a column holds, in quotes, with at least `decimals` digits after the point.
    pub fn copy_padded(cell: Cell<'_>, decimals: u32, to: &mut Vec<u8>) -> Result<(), Unfit> {
        // The shortest decimal that names a double is the number that was stored, which needs no
        // other form where it has digits on both sides of the point.
        if let Cell::Real(number) = cell
            && (1e-9..1e15).contains(&number.abs())
            && decimals <= Self::PADDED_MAX
        {
            to.push(b'"');
            if write_scaled(number, decimals, to) {
                to.push(b'"');
                return Ok(());
            }
            let start = to.len();
            // Writing to memory does not fail.
            let _ = write!(to, "{number}");
            let point = to[start..].iter().position(|sign| *sign == b'.');
            let after = point.map_or(0, |point| to.len() - start - point - 1);
            let missing = (decimals as usize).saturating_sub(after);
            if point.is_none() && missing > 0 {
                to.push(b'.');
            }
            to.resize(to.len() + missing, b'0');
            to.push(b'"');
            return Ok(());
        }
        // As PostgreSQL returns it: what it says is written as it is.
        if let Cell::Text(number) = cell
            && decimals <= Self::PADDED_MAX
            && let Some(after) = digits_after_point(number)
        {
            to.push(b'"');
            to.extend_from_slice(number.as_bytes());
            let missing = (decimals as usize).saturating_sub(after);
            if after == 0 && missing > 0 {
                to.push(b'.');
            }
            to.resize(to.len() + missing, b'0');
            to.push(b'"');
            return Ok(());
        }
        let number: Self = cell.read()?;
        // Writing to memory does not fail.
        let _ = write!(to, "\"{}\"", number.padded(decimals));
        Ok(())
    }

    /// The number as text with at least `decimals` digits after the point: `70` with 1 is `70.0`.
    pub fn padded(self, decimals: u32) -> String {
        let mut padded = self.0;
        if padded.scale() < decimals {
            padded.rescale(decimals);
        }
        padded.to_string()
    }
}

/// How many digits follow the point of a number; none where a text is not one as [`Decimal`] prints
/// it, or has so many digits that not all of them may count.
fn digits_after_point(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = match digits.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (digits, None),
    };
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_printed = match (whole, rest) {
        ("0", None) => digits.len() == text.len(),
        ("0", Some(rest)) => !rest.ends_with('0'),
        (whole, rest) => !whole.starts_with('0') && !rest.is_some_and(|rest| rest.ends_with('0')),
    };
    let is_number = are_digits(whole) && rest.is_none_or(are_digits);
    let is_short = digits.len() <= MOST_DIGITS;
    (is_number && is_printed && is_short).then(|| rest.map_or(0, str::len))
}

/// How long a number is copied: with zeros after it, it still has no more digits than count.
const MOST_DIGITS: usize = 16;

/// The powers of ten by which numbers are tried as whole ones.
const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Writes a number that has so few digits after the point that it is a whole number of the last of
/// them; whether it is. A double names one decimal of up to 15 digits at the most, so that is the
/// shortest that names it.
fn write_scaled(number: f64, decimals: u32, to: &mut Vec<u8>) -> bool {
    let Some(power) = POWERS.get(decimals as usize) else { return false };
    let scaled = (number * power).round();
    if scaled.abs() >= 1e15 || scaled / power != number {
        return false;
    }
    // Both are whole, and small enough to be exact.
    let (scaled, power) = (scaled.abs() as u64, *power as u64);
    if number < 0.0 {
        to.push(b'-');
    }
    let mut digits = itoa::Buffer::new();
    to.extend_from_slice(digits.format(scaled / power).as_bytes());
    if decimals > 0 {
        to.push(b'.');
        let rest = digits.format(scaled % power).as_bytes();
        to.resize(to.len() + decimals as usize - rest.len(), b'0');
        to.extend_from_slice(rest);
    }
    true
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecimalError(String);

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is no decimal number; write it like \"2400000000000\" or \"-8.7\", with at most \
             28 significant digits",
            Quoted(&self.0)
        )
    }
}

impl std::error::Error for DecimalError {}

/// A number that SQLite would have to round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inexact(Decimal);

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} has more than {} significant digits, the most SQLite keeps exactly; PostgreSQL \
             keeps more",
            self.0,
            Decimal::SQLITE_DIGITS
        )
    }
}

impl std::error::Error for Inexact {}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let plain = text.strip_prefix('-').unwrap_or(text);
        let well_formed = plain.starts_with(|c: char| c.is_ascii_digit())
            && plain.ends_with(|c: char| c.is_ascii_digit())
            && plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !well_formed {
            return Err(DecimalError(cut(text).into_owned()));
        }
        // `from_str_exact` refuses what would have to be rounded.
        rust_decimal::Decimal::from_str_exact(text)
            .map(|number| Self(number.normalize()))
            .map_err(|_| DecimalError(cut(text).into_owned()))
    }
}

impl From<rust_decimal::Decimal> for Decimal {
    fn from(number: rust_decimal::Decimal) -> Self {
        Self(number.normalize())
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(rust_decimal::Decimal::from(number).normalize())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// From text (a file), from an integer, or from the double SQLite keeps; the shortest decimal
    /// that names a double is the number that was stored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(number.into())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                number.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// An exact decimal number, sent as a string so that no client rounds it: "2400000000000", "8.7".
///
/// As input, a string ("8.7"), an integer (9) or a decimal literal (8.7) of at most 15 significant
/// digits; longer numbers must be strings. At most 28 significant digits.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            Value::Number(number) => from_literal(&number).ok_or_else(|| {
                InputValueError::custom(format!(
                    "the number {number} has more digits than a number literal keeps exactly; \
                     send it as a string"
                ))
            }),
            other => Err(unexpected(&other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A literal that went through a double is taken only when it is short enough to have come
/// through unharmed.
fn from_literal(number: &Number) -> Option<Decimal> {
    if let Some(integer) = number.as_i64() {
        return Some(integer.into());
    }
    let decimal: Decimal = number.as_f64()?.to_string().parse().ok()?;
    (decimal.significant_digits() <= Decimal::SQLITE_DIGITS).then_some(decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn keeps_every_digit() {
        for text in ["2400000000000", "0.1", "-8.7", "0", "1234567890123456789012345678"] {
            assert_eq!(decimal(text).to_string(), text);
        }
    }

    #[test]
    fn is_normalised() {
        assert_eq!(decimal("70.0").to_string(), "70");
        assert_eq!(decimal("70").padded(1), "70.0");
        assert_eq!(decimal("8.75").padded(1), "8.75");
        assert_eq!(decimal("-0"), decimal("0"));
    }

    #[test]
    fn a_column_is_copied_as_it_is_read() {
        let mut numbers: Vec<f64> =
            ["0", "1", "70", "-8.7", "2400000000000", "0.1", "1e-9", "1e-10", "999999999999999"]
                .map(|text| text.parse().unwrap())
                .into();
        numbers.extend((0..1000).map(|number| f64::from(number * 7919 % 100_003) / 1000.0));
        for number in numbers {
            let cell = Cell::Real(number);
            for decimals in [0, 1, 2, 5, 12, 13, 20] {
                let mut copied = Vec::new();
                Decimal::copy_padded(cell, decimals, &mut copied).unwrap();
                let read: Decimal = cell.read().unwrap();
                let expected = format!("\"{}\"", read.padded(decimals));
                assert_eq!(String::from_utf8(copied).unwrap(), expected, "{number}");
                // As PostgreSQL returns it.
                let (mut copied, text) = (Vec::new(), read.to_string());
                Decimal::copy_padded(Cell::Text(&text), decimals, &mut copied).unwrap();
                assert_eq!(String::from_utf8(copied).unwrap(), expected, "{text}");
            }
        }
        for text in [
            "-0",
            "0.0",
            "70.0",
            "70.10",
            "007",
            "00",
            "-00.5",
            "-0.5",
            "0.5",
            "12345678901234567890.5",
        ] {
            let mut copied = Vec::new();
            Decimal::copy_padded(Cell::Text(text), 3, &mut copied).unwrap();
            let expected = format!("\"{}\"", decimal(text).padded(3));
            assert_eq!(String::from_utf8(copied).unwrap(), expected, "{text}");
        }
        for text in ["", "-", ".", "1.", ".5", "1e3", "NaN", "--1", "1..2", "٤"] {
            assert!(Decimal::copy_padded(Cell::Text(text), 3, &mut Vec::new()).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", ".", "1.", ".5", "1e3", "NaN", "+1", "1,000", "1_000", "٤", " 1", "1.2.3"]
        {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
        assert!("12345678901234567890123456789.5".parse::<Decimal>().is_err());
        assert!("0.12345678901234567890123456789".parse::<Decimal>().is_err());
    }

    #[test]
    fn counts_significant_digits() {
        for (text, digits) in [("0", 1), ("2400000000000", 2), ("0.001", 1), ("-153400.5", 7)] {
            assert_eq!(decimal(text).significant_digits(), digits, "{text}");
        }
    }

    #[test]
    fn literals_are_exact_or_refused() {
        assert_eq!(<Decimal as ScalarType>::parse(Value::from(8.7)).unwrap(), decimal("8.7"));
        assert_eq!(<Decimal as ScalarType>::parse(Value::from(9)).unwrap(), decimal("9"));
        assert!(<Decimal as ScalarType>::parse(Value::from(0.1 + 0.2)).is_err());
    }
}
