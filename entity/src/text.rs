//! Text for people, in any number of languages.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use memchr::memchr2;
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Deserializer, Serialize, de};

/// How many characters the tag of a language may have: many more than those in use.
pub const LANGUAGE_MAX: usize = 100;

/// One text in one or more languages, by BCP 47 tag: `{"ar": "بكين", "en": "Beijing"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Text(BTreeMap<String, String>);

impl Text {
    /// The language read when the wanted one, and its relatives, are missing.
    pub const FALLBACK: &'static str = "en";

    /// The text in the first of the `wanted` languages, best first, that it is in or near to; else
    /// in English, else in the first tag of the alphabet. `None` only for a text in no language at
    /// all.
    pub fn get(&self, wanted: &[&str]) -> Option<&str> {
        best(|| self.iter(), wanted)
    }

    /// The tags that [`Text::get`] looks for, in order and in small letters; `zh-*` stands for any
    /// variety of a language. Where the text has none of them, the first tag of the alphabet counts.
    pub fn chain(wanted: &[&str]) -> Vec<String> {
        let chain = wanted.iter().chain([&Self::FALLBACK]).flat_map(|tag| {
            let any = primary(tag).to_ascii_lowercase() + "-*";
            shortened(tag).map(str::to_ascii_lowercase).chain([any])
        });
        chain.collect()
    }

    /// The text in one language or its nearest relative. In order: the tag itself, the tag
    /// shortened from its end (`zh-Hant-TW`, `zh-Hant`, `zh`; RFC 4647 lookup), any other variety
    /// of the same language.
    pub fn near(&self, wanted: &str) -> Option<&str> {
        nearest(|| self.iter(), wanted)
    }

    /// Every language and its text, by tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text.as_str()))
    }
}

/// What [`Text::get`] finds among texts by tag.
fn best<'t, I>(texts: impl Fn() -> I, wanted: &[&str]) -> Option<&'t str>
where
    I: Iterator<Item = (&'t str, &'t str)>,
{
    let wanted = wanted.iter().chain([&Text::FALLBACK]);
    let near = wanted.copied().find_map(|tag| nearest(&texts, tag));
    near.or_else(|| texts().next().map(|(_, text)| text))
}

/// What [`Text::near`] finds among texts by tag.
fn nearest<'t, I>(texts: impl Fn() -> I, wanted: &str) -> Option<&'t str>
where
    I: Iterator<Item = (&'t str, &'t str)>,
{
    let find =
        |is_it: &dyn Fn(&str) -> bool| texts().find(|(have, _)| is_it(have)).map(|(_, text)| text);
    let tagged = |tag: &str| {
        find(&|have| have == tag).or_else(|| find(&|have| have.eq_ignore_ascii_case(tag)))
    };
    shortened(wanted).find_map(tagged).or_else(|| {
        let language = primary(wanted);
        find(&|have| primary(have).eq_ignore_ascii_case(language))
    })
}

/// The language of a tag, without what says which variety.
fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// A tag and what is left of it when it is shortened from its end: `zh-Hant-TW`, `zh-Hant`, `zh`.
pub fn shortened(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rfind('-').map(|end| &tag[..end]))
}

impl FromIterator<(String, String)> for Text {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Text {
    /// From a map, or from the JSON text SQLite keeps.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by language, like {\"en\": \"Beijing\"}")
            }
            fn visit_str<E: de::Error>(self, json: &str) -> Result<Text, E> {
                serde_json::from_str(json).map(Text).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                let mut texts = BTreeMap::new();
                while let Some((language, text)) = map.next_entry::<Cow<'_, str>, String>()? {
                    texts.insert(language.into_owned(), text);
                }
                Ok(Text(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A text as it stands in a column, read where it is.
#[derive(Debug, Default)]
pub struct TextRef<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> TextRef<'a> {
    /// Of the JSON text that a column holds, the text in exactly this language as it stands there, with
    /// its quotes: so nothing is read and written anew. None where there is none, and where finding
    /// it takes more than a look.
    pub fn json_in(json: &'a str, language: &str) -> Option<&'a str> {
        let mut rest = json.strip_prefix('{')?;
        loop {
            let (tag, value) = string(rest.trim_start())?;
            let value = value.trim_start().strip_prefix(':')?.trim_start();
            let (text, after) = string(value)?;
            if tag.strip_prefix('"')?.strip_suffix('"')? == language {
                return Some(text);
            }
            rest = after.trim_start().strip_prefix(',')?;
        }
    }

    /// See [`Text::get`].
    pub fn get(&self, wanted: &[&str]) -> Option<&str> {
        best(|| self.iter(), wanted)
    }

    /// Every language and its text, by tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_ref(), text.as_ref()))
    }
}

/// The JSON string that a text begins with, and what follows it.
fn string(json: &str) -> Option<(&str, &str)> {
    let bytes = json.as_bytes();
    let mut end = usize::from(bytes.first() == Some(&b'"'));
    if end == 0 {
        return None;
    }
    loop {
        end += memchr2(b'"', b'\\', bytes.get(end..)?)?;
        if bytes[end] == b'"' {
            return json.split_at_checked(end + 1);
        }
        // Whatever is escaped.
        end += 2;
    }
}

impl<'de> Deserialize<'de> for TextRef<'de> {
    /// From the JSON text that a column holds.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A language or a text, which is copied only where it has escapes in it.
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Part<'a>(#[serde(borrow)] Cow<'a, str>);

        struct Entries;
        impl<'de> de::Visitor<'de> for Entries {
            type Value = TextRef<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from language tags to texts")
            }
            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<TextRef<'de>, A::Error> {
                let mut texts = Vec::with_capacity(2);
                while let Some((Part(language), Part(text))) = map.next_entry()? {
                    texts.push((language, text));
                }
                // PostgreSQL keeps them in another order.
                texts.sort_unstable();
                Ok(TextRef(texts))
            }
        }
        let json = <&str>::deserialize(deserializer)?;
        let mut json = serde_json::Deserializer::from_str(json);
        json.deserialize_map(Entries).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(languages: &[&str]) -> Text {
        languages.iter().map(|&l| (l.to_owned(), l.to_owned())).collect()
    }

    #[test]
    fn falls_back_along_the_documented_chain() {
        for (have, wanted, got) in [
            (&["ar", "en", "zh"][..], "ar", Some("ar")),
            (&["en", "zh-Hant"], "ZH-hant", Some("zh-Hant")),
            (&["en", "zh", "zh-Hant"], "zh-Hant-TW", Some("zh-Hant")),
            (&["en", "zh"], "zh-Hant-TW", Some("zh")),
            (&["en", "zh-Hans"], "zh-Hant", Some("zh-Hans")),
            (&["ar", "en"], "fr", Some("en")),
            (&["ar", "en-GB"], "fr", Some("en-GB")),
            (&["ar", "zh"], "fr", Some("ar")),
            (&[], "fr", None),
        ] {
            assert_eq!(text(have).get(&[wanted]), got, "{have:?} {wanted}");
        }
    }

    #[test]
    fn is_found_where_it_stands() {
        let text = [("ar", "\"ب\" \\"), ("en", "a\\\"b\u{1}\n"), ("zh", "北京"), ("zh-Hant", "")];
        let text: Text =
            text.iter().map(|(tag, text)| (tag.to_string(), text.to_string())).collect();
        let compact = serde_json::to_string(&text).unwrap();
        let spaced = compact.replace("\":\"", "\": \"").replace("\",\"", "\", \"");
        for json in [&compact, &spaced] {
            for (tag, text) in text.iter() {
                let found = TextRef::json_in(json, tag);
                assert_eq!(
                    found,
                    Some(serde_json::to_string(text).unwrap().as_str()),
                    "{json} {tag}"
                );
            }
            for tag in ["", "e", "EN", "fr", "z", "zh-Han", "ب", "a", ":"] {
                assert_eq!(TextRef::json_in(json, tag), None, "{json} {tag}");
            }
        }
        for json in [
            "",
            "{",
            "{}",
            "{\"en",
            "{\"en\"",
            "{\"en\":",
            "{\"en\":1}",
            "{\"en\":\"a\\",
            "[\"en\"]",
        ] {
            assert_eq!(TextRef::json_in(json, "en"), None, "{json}");
        }
    }

    #[test]
    fn takes_the_best_language_it_is_in() {
        for (have, wanted, got) in [
            (&["ar", "en", "zh"][..], &["fr", "zh-TW", "ar"][..], "zh"),
            (&["ar", "en", "zh-Hans"], &["fr", "zh-Hant", "ar"], "zh-Hans"),
            (&["ar", "en", "zh"], &["en", "zh"], "en"),
            (&["ar", "zh"], &["en", "zh"], "zh"),
            (&["ar", "en", "zh"], &["fr", "de"], "en"),
            (&["ar", "en", "zh"], &[], "en"),
        ] {
            assert_eq!(text(have).get(wanted), Some(got), "{have:?} {wanted:?}");
            let have = text(have);
            let chain = Text::chain(wanted);
            let rank = |tag: &str| {
                let language = tag.split('-').next().unwrap().to_ascii_lowercase() + "-*";
                let tag = tag.to_ascii_lowercase();
                chain.iter().position(|one| *one == tag || *one == language)
            };
            let first = have.iter().min_by_key(|(tag, _)| (rank(tag).is_none(), rank(tag)));
            assert_eq!(first.map(|(_, text)| text), Some(got), "{chain:?}");
        }
    }
}
