//! Doubles as the decimals they stand for, and what decimals add up to.
//!
//! SQLite keeps a decimal of up to 15 significant digits as the double nearest to it, and the
//! shortest decimal that names the double is the number that was stored.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, Zero, num_bigint::BigInt};
use entity::Decimal;

/// The largest double below which every whole number is one.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// The powers of ten that are tried, by the number of digits after the point.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Added to a double below [`HALVED`] and taken away again, this leaves it rounded to a whole
/// number, much faster than the function that rounds.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
const HALVED: f64 = 2_251_799_813_685_248.0;

/// The decimal that a double stands for, as digits and the number of them after the point; `None`
/// of what is no number.
pub(super) fn of(double: f64) -> Option<(i64, i32)> {
    // A short decimal times its power of ten is whole, and both are doubles without error, so
    // that dividing them gives the double back only for the decimal that was stored.
    for (scale, power) in POWERS.into_iter().enumerate() {
        let multiple = double * power;
        if multiple.abs() >= WHOLE {
            break;
        }
        let digits = match multiple.abs() < HALVED {
            true => (multiple + ROUNDING) - ROUNDING,
            false => multiple.round(),
        };
        if digits / power == double {
            return Some((digits as i64, scale as i32));
        }
    }
    // What is very large or very small, from its shortest text.
    let text = format!("{double:e}");
    let (digits, exponent) = text.split_once('e')?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = i32::try_from(fraction.len()).ok()? - exponent.parse::<i32>().ok()?;
    Some((format!("{whole}{fraction}").parse().ok()?, scale))
}

/// A decimal as plain text.
pub(super) fn text(digits: i128, scale: i32) -> String {
    let short = u32::try_from(scale).ok().and_then(|scale| Decimal::from_digits(digits, scale));
    let long = || BigDecimal::new(digits.into(), scale.into()).normalized().to_plain_string();
    short.map_or_else(long, |number| number.to_string())
}

/// What was added so far, by the number of digits after the point: none of it is ever rounded.
#[derive(Default)]
pub(super) struct Total {
    /// From none to 15 digits, as nearly all numbers have; none where nothing was added.
    few: [Option<i128>; POWERS.len()],
    by_scale: BTreeMap<i32, i128>,
    /// What would not fit any more.
    more: BigDecimal,
}

impl Total {
    /// Adds a decimal.
    pub(super) fn add(&mut self, digits: i128, scale: i32) {
        let few = usize::try_from(scale).ok().and_then(|scale| self.few.get_mut(scale));
        let total = match few {
            Some(total) => total.get_or_insert_default(),
            None => self.by_scale.entry(scale).or_default(),
        };
        match total.checked_add(digits) {
            Some(sum) => *total = sum,
            None => self.more += BigDecimal::new(BigInt::from(digits), scale.into()),
        }
    }

    /// All of it as plain text; none where nothing was added.
    pub(super) fn text(self) -> Option<String> {
        match self.short() {
            Some((digits, scale)) => Some(text(digits, scale)),
            None => self.sum().map(|sum| sum.normalized().to_plain_string()),
        }
    }

    /// All of it, where it is short enough, as digits and the number of them after the point.
    fn short(&self) -> Option<(i128, i32)> {
        let most = self.few.iter().rposition(Option::is_some)?;
        if !self.by_scale.is_empty() || !self.more.is_zero() {
            return None;
        }
        let digits = self.few[..=most].iter().try_fold(0_i128, |sum, digits| {
            sum.checked_mul(10)?.checked_add(digits.unwrap_or_default())
        });
        Some((digits?, most as i32))
    }

    /// All of it, however long.
    fn sum(self) -> Option<BigDecimal> {
        let few = (0..).zip(self.few).filter_map(|(scale, digits)| Some((scale, digits?)));
        let parts = few.chain(self.by_scale);
        let parts = parts.map(|(scale, digits)| BigDecimal::new(digits.into(), scale.into()));
        parts.reduce(|sum, part| sum + part).map(|sum| sum + self.more)
    }
}
