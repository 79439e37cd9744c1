//! Languages and localised text.

use std::str::FromStr;

use async_graphql::{
    Context, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value,
};
use entity::{Quoted, Text, quote::unexpected, text::LANGUAGE_MAX};
use oxilangtag::LanguageTag;

/// A well-formed language tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Language(String);

impl FromStr for Language {
    type Err = String;

    fn from_str(tag: &str) -> Result<Self, String> {
        if tag.len() > LANGUAGE_MAX {
            let found = tag.chars().count();
            return Err(format!("it has {found} characters, but may have {LANGUAGE_MAX}"));
        }
        let parsed = LanguageTag::parse_and_normalize(tag).map_err(|why| why.to_string())?;
        Ok(Self(parsed.into_inner()))
    }
}

/// The languages a request prefers, best first: those that count where a field's `language` is
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Preferred(pub Vec<Language>);

impl Language {
    /// Its tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// A language of the data, whose tags were checked when they were loaded.
    pub(super) fn known(tag: String) -> Self {
        Self(tag)
    }
}

/// A language as a BCP 47 tag: `ar`, `zh`, `zh-Hant`, `en`, of 100 characters at the most. Any
/// language may be asked for; see the field for what is given when the data do not have it.
#[Scalar(name = "Language", specified_by_url = "https://www.rfc-editor.org/info/bcp47")]
impl ScalarType for Language {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(tag) => tag.parse().map_err(|why| {
                InputValueError::custom(format!(
                    "{} is no language tag ({why}); write one like \"ar\" or \"zh-Hant\" \
                     (BCP 47)",
                    Quoted(&tag)
                ))
            }),
            other => Err(unexpected(&other)),
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

/// The tags of the languages wanted, best first: the one asked for, or else those the request
/// prefers.
pub(super) fn wanted<'a>(ctx: &'a Context<'_>, language: Option<&'a Language>) -> Vec<&'a str> {
    let preferred = || ctx.data_opt::<Preferred>().map_or(&[][..], |preferred| &preferred.0);
    let languages = language.map_or_else(preferred, std::slice::from_ref);
    languages.iter().map(|language| language.0.as_str()).collect()
}

/// The text in the nearest language there is to those wanted; see [`Text::get`].
pub(super) fn localized(
    ctx: &Context<'_>,
    text: &Text,
    language: Option<&Language>,
) -> Option<String> {
    text.get(&wanted(ctx, language)).map(str::to_owned)
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
