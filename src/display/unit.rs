//! Units beside their numbers.

use entity::{unit::Model as Unit, vocabulary::Dimension};
use icu_experimental::{
    dimension::provider::{
        currency::{extended::CurrencyExtendedDataV1, patterns::CurrencyPatternsDataV1},
        units::{
            categorized_display_names::{UnitsNamesLengthCoreV1, UnitsNamesLengthExtendedV1},
            display_names::UnitsDisplayNames,
        },
    },
    provider::Baked,
};
use icu_locale_core::Locale;
use icu_plurals::PluralRules;
use icu_provider::{marker::ErasedMarker, prelude::DataPayload};

use super::number::Number;
use crate::icu;

/// Patterns of a length, be they among the common or the rarer ones.
type Lengths = ErasedMarker<UnitsDisplayNames<'static>>;

/// The number with its unit; `None` where the unit has no name in the language.
///
/// ICU's own formatters of currencies and lengths are passed by, for they take no exact abbreviated
/// number; the patterns and names are those they would use.
pub(super) fn attached(unit: &Unit, number: &Number, tag: &str, locale: &Locale) -> Option<String> {
    let plurals = PluralRules::try_new_cardinal(locale.into()).ok()?;
    if let Some(names) = length(unit).and_then(|key| lengths(key, locale)) {
        let pattern = names.get().get(number.plural, &plurals);
        return Some(pattern.interpolate((&number.text,)).to_string());
    }
    let currency = match unit.dimension {
        Dimension::Currency => icu::own::<CurrencyExtendedDataV1>(&Baked, &unit.symbol, locale),
        _ => None,
    };
    let name = match &currency {
        Some(names) => names.get().get(number.plural, &plurals),
        None => unit.name.near(tag)?,
    };
    // The pattern of a named currency serves every name: "{0} {1}", "{0}{1}".
    let patterns = icu::any::<CurrencyPatternsDataV1>(&Baked, locale)?;
    let pattern = patterns.get().get(number.plural, &plurals);
    Some(pattern.interpolate((&number.text, name)).to_string())
}

/// The patterns of a unit of length, such as "{0} kilometres".
fn lengths(key: &str, locale: &Locale) -> Option<DataPayload<Lengths>> {
    // Where ICU counts the long name among the rarer ones, the common ones hold a short one.
    let rare = icu::own::<UnitsNamesLengthExtendedV1>(&Baked, key, locale);
    let common = || icu::own::<UnitsNamesLengthCoreV1>(&Baked, key, locale);
    rare.map(DataPayload::cast).or_else(|| common().map(DataPayload::cast))
}

/// What ICU calls a unit of length, by its sign.
fn length(unit: &Unit) -> Option<&'static str> {
    match (unit.dimension, unit.symbol.as_str()) {
        (Dimension::Length, "km") => Some("long-kilometer"),
        (Dimension::Length, "m") => Some("long-meter"),
        (Dimension::Length, "cm") => Some("long-centimeter"),
        (Dimension::Length, "mm") => Some("long-millimeter"),
        _ => None,
    }
}
