//! Languages and localised text.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use entity::Text;
use oxilangtag::LanguageTag;

/// A well-formed language tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

/// A language as a BCP 47 tag: `ar`, `zh`, `zh-Hant`, `en`. Any language may be asked for; see the
/// field for what is given when the data do not have it.
#[Scalar(name = "Language", specified_by_url = "https://www.rfc-editor.org/info/bcp47")]
impl ScalarType for Language {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(tag) => match LanguageTag::parse_and_normalize(&tag) {
                Ok(tag) => Ok(Self(tag.into_inner())),
                Err(why) => Err(InputValueError::custom(format!(
                    "{tag:?} is no language tag ({why}); write one like \"ar\" or \"zh-Hant\" \
                     (BCP 47)"
                ))),
            },
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A text and the language it is in.
#[derive(Debug, Clone, SimpleObject)]
pub struct LocalizedText {
    /// The language.
    language: Language,
    /// The text.
    text: String,
}

/// The text in the language asked for or the nearest there is; see [`Text::get`].
pub(super) fn localized(text: &Text, wanted: Option<&Language>) -> Option<String> {
    text.get(wanted.map_or(Text::FALLBACK, |tag| &tag.0)).map(str::to_owned)
}

/// The text in every language there is.
pub(super) fn in_all_languages(text: &Text) -> Vec<LocalizedText> {
    text.iter()
        .map(|(tag, text)| LocalizedText {
            language: Language(tag.to_owned()),
            text: text.to_owned(),
        })
        .collect()
}

/// The languages a text is in.
pub(super) fn languages(text: &Text) -> Vec<Language> {
    text.iter().map(|(tag, _)| Language(tag.to_owned())).collect()
}
