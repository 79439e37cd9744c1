//! Questions to ICU's compiled data.

use icu_decimal::provider::DecimalCompactLongV1;
use icu_locale_core::Locale;
use icu_provider::{
    marker::DataMarkerExt,
    prelude::{
        DataIdentifierBorrowed, DataLocale, DataMarker, DataMarkerAttributes, DataPayload,
        DataProvider, DataRequest, DataRequestMetadata, DataResponse,
    },
};

/// Whether ICU knows how the language writes numbers.
pub(crate) fn knows(locale: &Locale) -> bool {
    let words = own::<DecimalCompactLongV1>(&icu_decimal::provider::Baked, "", locale);
    !locale.id.language.is_unknown() && words.is_some()
}

/// What ICU has under a key for the language or its relatives; not what it has for all languages.
pub(crate) fn own<M: DataMarker>(
    provider: &impl DataProvider<M>,
    key: &str,
    locale: &Locale,
) -> Option<DataPayload<M>> {
    let found = load(provider, key, locale)?;
    // It names the language only where that is another one than was asked for.
    let own = found.metadata.locale.is_none_or(|found| !found.is_unknown());
    own.then_some(found.payload)
}

/// What ICU has for the language or else for all.
pub(crate) fn any<M: DataMarker>(
    provider: &impl DataProvider<M>,
    locale: &Locale,
) -> Option<DataPayload<M>> {
    load(provider, "", locale).map(|found| found.payload)
}

/// The nearest relative of the language for which ICU has something else than for all languages.
pub(crate) fn nearest<M: DataMarker>(
    provider: &impl DataProvider<M>,
    locale: &Locale,
) -> Option<DataLocale> {
    let found = load(provider, "", locale)?.metadata.locale;
    let nearest = found.unwrap_or_else(|| M::make_locale(locale.into()));
    (!nearest.is_unknown()).then_some(nearest)
}

fn load<M: DataMarker>(
    provider: &impl DataProvider<M>,
    key: &str,
    locale: &Locale,
) -> Option<DataResponse<M>> {
    let key = DataMarkerAttributes::try_from_str(key).ok()?;
    let locale = M::make_locale(locale.into());
    let id = DataIdentifierBorrowed::for_marker_attributes_and_locale(key, &locale);
    let mut metadata = DataRequestMetadata::default();
    // That something is not there is an answer like any other.
    metadata.silent = true;
    provider.load(DataRequest { id, metadata }).ok()
}
