//! Figures as text for people: number, unit and comparator, in one language.
//!
//! How a language writes numbers, thousands and millions, percentages, currencies and lengths is
//! ICU's knowledge (CLDR); nothing of it is written down here. Where ICU does not have the unit,
//! the unit's own name stands instead. ICU4X has no words for comparators either (of CLDR's signs
//! it gives only the one for "approximately", and that only beside percentages): those are kept in
//! `comparators.json`, and a language that is not in it gets the mathematical sign.

mod number;
mod unit;

use std::{collections::HashMap, sync::LazyLock};

use entity::{Decimal, Text, text::shortened, unit::Model as Unit, vocabulary::Comparator};
use icu_locale_core::Locale;

use crate::{error::Error, icu};

/// A value with all that says how to read it; the fields are those of an observation.
#[derive(Debug, Clone, Copy)]
pub struct Figure<'a> {
    /// The value, in `unit`.
    pub value: Decimal,
    /// How many decimals were printed.
    pub decimals: i32,
    /// The power of ten between the number as printed and the value.
    pub multiplier: i32,
    /// How the value relates to the true figure.
    pub comparator: Comparator,
    /// The unit of the value.
    pub unit: &'a Unit,
}

/// The tag of the signs that need no translation.
const SIGNS: &str = "und";

/// What stands around a number: by comparator, in each language there are words for.
static COMPARATORS: LazyLock<Result<HashMap<Comparator, Text>, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("comparators.json")).map_err(|why| why.to_string())
});

/// The figure in the first of the `wanted` languages, best first, that has all it takes; else in
/// English, else in a language the unit has a name in.
///
/// All of it is in one language, for "1.234" is not the same number in all of them.
pub fn value(figure: &Figure<'_>, wanted: &[&str]) -> Result<String, Error> {
    let named = figure.unit.name.iter().map(|(tag, _)| tag);
    for tag in wanted.iter().copied().chain([Text::FALLBACK]).chain(named) {
        if let Some(amount) = amount(figure, tag) {
            return compared(figure.comparator, &amount, tag);
        }
    }
    // A unit without a name, or with names in languages unknown to ICU alone.
    let amount = format!("{} {}", figure.value, figure.unit.symbol);
    compared(figure.comparator, &amount, SIGNS)
}

/// Number and unit; `None` where ICU does not know the language or nobody the unit's name in it.
fn amount(figure: &Figure<'_>, tag: &str) -> Option<String> {
    // Some old tags are well-formed and yet no Unicode locales: `zh-cmn` is read as `zh`.
    let locale: Locale = shortened(tag).find_map(|tag| tag.parse().ok())?;
    if !icu::knows(&locale) {
        return None;
    }
    if figure.unit.symbol == "%" {
        return number::percent(figure, &locale);
    }
    let number = number::number(figure, &locale)?;
    unit::attached(figure.unit, &number, tag, &locale)
}

/// The amount with the words or the sign of its comparator.
fn compared(comparator: Comparator, amount: &str, tag: &str) -> Result<String, Error> {
    if comparator == Comparator::Equal {
        return Ok(amount.to_owned());
    }
    let patterns = COMPARATORS.as_ref().map_err(Error::internal)?.get(&comparator);
    let pattern = patterns.and_then(|patterns| patterns.near(tag).or_else(|| patterns.near(SIGNS)));
    let pattern = pattern.ok_or_else(|| Error::internal(format!("no words for {comparator:?}")))?;
    Ok(pattern.replace("{0}", amount))
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::Dimension;

    use super::*;

    fn unit(symbol: &str, dimension: Dimension, names: &[(&str, &str)]) -> Unit {
        let own = |&(tag, name): &(&str, &str)| (tag.to_owned(), name.to_owned());
        let name = names.iter().map(own).collect();
        Unit {
            id: 1,
            slug: String::new(),
            symbol: symbol.to_owned(),
            name,
            dimension,
            factor: None,
            revision: 1,
            removed_at: None,
        }
    }

    fn text(unit: &Unit, number: (&str, i32, i32), comparator: Comparator, tag: &str) -> String {
        let (text, decimals, multiplier) = number;
        let value = text.parse().unwrap();
        super::value(&Figure { value, decimals, multiplier, comparator, unit }, &[tag]).unwrap()
    }

    #[test]
    fn numbers_keep_their_digits() {
        let unit = unit("car", Dimension::Count, &[("en", "cars"), ("zh", "辆车")]);
        for (number, en, zh) in [
            (("0", 0, 0), "0 cars", "0辆车"),
            (("0", 1, 6), "0 cars", "0辆车"),
            (("-8.7", 2, 0), "-8.70 cars", "-8.70辆车"),
            (("8.75", 1, 0), "8.75 cars", "8.75辆车"),
            (("1234", 0, 0), "1,234 cars", "1,234辆车"),
            (("500", 1, 2), "500 cars", "500辆车"),
            (("500", 1, 3), "500 cars", "500辆车"),
            (("2000000", 2, 6), "2.00 million cars", "200万辆车"),
            (("-2450000", 2, 6), "-2.45 million cars", "-245万辆车"),
            (("123456789", 0, 3), "123.456789 million cars", "1.23456789亿辆车"),
            (("999999", 0, 6), "999.999 thousand cars", "99.9999万辆车"),
            (
                ("1234567890123456789012345678", 0, 0),
                "1,234,567,890,123,456,789,012,345,678 cars",
                "1,234,567,890,123,456,789,012,345,678辆车",
            ),
            (
                ("0.1234567890123456789012345678", i32::MAX, i32::MIN),
                "0.1234567890123456789012345678 cars",
                "0.1234567890123456789012345678辆车",
            ),
            (("7", i32::MIN, i32::MAX), "7 cars", "7辆车"),
        ] {
            assert_eq!(text(&unit, number, Comparator::Equal, "en"), en);
            assert_eq!(text(&unit, number, Comparator::Equal, "zh"), zh);
        }
    }

    #[test]
    fn every_comparator_has_its_words() {
        let percent = unit("%", Dimension::Ratio, &[]);
        for (comparator, wanted) in [
            (Comparator::Equal, ["5%", "5%", "5%", "%5"]),
            (Comparator::MoreThan, ["more than 5%", "超过5%", "超過5%", "> %5"]),
            (Comparator::AtLeast, ["at least 5%", "至少5%", "至少5%", "≥ %5"]),
            (Comparator::LessThan, ["less than 5%", "不到5%", "不到5%", "< %5"]),
            (Comparator::AtMost, ["at most 5%", "至多5%", "至多5%", "≤ %5"]),
            (Comparator::About, ["about 5%", "约5%", "約5%", "≈ %5"]),
            (Comparator::Nearly, ["nearly 5%", "近5%", "近5%", "≲ %5"]),
        ] {
            let tags = ["en-GB", "zh", "zh-Hant-TW", "tr"];
            let given = tags.map(|tag| text(&percent, ("5", 0, 0), comparator, tag));
            assert_eq!(given, wanted);
            let arabic = text(&percent, ("5", 0, 0), comparator, "ar");
            assert!(!arabic.contains(['>', '<', '≥', '≤', '≈', '≲']), "{arabic}");
        }
    }

    #[test]
    fn units_agree_with_their_number() {
        let metre = unit("m", Dimension::Length, &[("en", "m")]);
        let euro = unit("EUR", Dimension::Currency, &[("en", "money")]);
        let shells = unit("XSH", Dimension::Currency, &[("en", "shells"), ("fj", "qanivivili")]);
        for (unit, number, tag, wanted) in [
            (&metre, ("1", 0, 0), "en", "1 meter"),
            (&metre, ("1.0", 1, 0), "en", "1.0 meters"),
            (&metre, ("2", 0, 0), "ru", "2 метра"),
            (&metre, ("5", 0, 0), "ru", "5 метров"),
            (&euro, ("1", 0, 0), "pl", "1 euro"),
            (&euro, ("1000", 0, 3), "fr", "mille euros"),
            (&euro, ("3", 0, 0), "la", "3 euros"),
            (&shells, ("3", 0, 0), "de", "3 shells"),
            (&shells, ("3", 0, 0), "fj", "3 shells"),
        ] {
            assert_eq!(text(unit, number, Comparator::Equal, tag), wanted, "{tag}");
        }
    }

    #[test]
    fn without_any_name_the_sign_stands() {
        let nameless = unit("XSH", Dimension::Currency, &[]);
        assert_eq!(text(&nameless, ("3.5", 1, 0), Comparator::AtLeast, "en"), "≥ 3.5 XSH");
        let fijian = unit("XSH", Dimension::Currency, &[("fj", "qanivivili")]);
        assert_eq!(text(&fijian, ("3.5", 1, 0), Comparator::AtLeast, "fj"), "≥ 3.5 XSH");
    }
}
