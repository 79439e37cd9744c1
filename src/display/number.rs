//! Exact numbers as a language writes them.

use fixed_decimal::{CompactDecimal, Decimal as Digits};
use icu_decimal::{CompactDecimalFormatter, DecimalFormatter};
use icu_experimental::dimension::percent::formatter::PercentFormatter;
use icu_locale_core::Locale;
use icu_plurals::PluralOperands;

use super::Figure;

/// The power of ten from which on a source's "thousand" or "million" is written as a word again.
const THOUSAND: i32 = 3;

/// The most decimals a value can have.
const DECIMALS: i32 = 28;

/// A number as a language writes it.
pub(super) struct Number {
    pub(super) text: String,
    /// What decides which form of its unit stands beside it.
    pub(super) plural: PluralOperands,
}

/// The number with the decimals its source printed. Where the source abbreviated it ("2.4
/// trillion"), it is abbreviated in the language's own steps: 153.4 thousand is 15.34万.
pub(super) fn number(figure: &Figure<'_>, locale: &Locale) -> Option<Number> {
    if figure.multiplier < THOUSAND {
        let digits = digits(figure, 0)?;
        let formatter = DecimalFormatter::try_new(locale.into(), Default::default()).ok()?;
        let text = formatter.format(&digits).to_string();
        return Some(Number { text, plural: (&digits).into() });
    }
    let formatter =
        CompactDecimalFormatter::try_new_long(locale.into(), Default::default()).ok()?;
    let magnitude = digits(figure, 0)?.absolute.nonzero_magnitude_start();
    let exponent = formatter.compact_exponent_for_magnitude(magnitude);
    let digits = digits(figure, exponent)?;
    // `format` would round to two digits; this writes what it is given.
    let text = formatter.format_with_exponent(&digits, exponent).ok()?.to_string();
    let compact = CompactDecimal::from_significand_and_exponent(digits, exponent);
    Some(Number { text, plural: (&compact).into() })
}

/// The number as a percentage.
pub(super) fn percent(figure: &Figure<'_>, locale: &Locale) -> Option<String> {
    let formatter = PercentFormatter::try_new(locale.into(), Default::default()).ok()?;
    Some(formatter.format(&digits(figure, 0)?).to_string())
}

/// The digits of the value in units of ten to the `exponent`, with the decimals printed by the
/// source, and more where the value has more. From text to text: no digit is lost on the way.
fn digits(figure: &Figure<'_>, exponent: u8) -> Option<Digits> {
    let printed = i32::from(exponent).saturating_add(figure.decimals);
    let printed = printed.saturating_sub(figure.multiplier).clamp(0, DECIMALS);
    let mut digits: Digits = figure.value.to_string().parse().ok()?;
    digits.multiply_pow10(-i16::from(exponent));
    digits.absolute.trim_end();
    digits.absolute.pad_end(-i16::try_from(printed).ok()?);
    Some(digits)
}
