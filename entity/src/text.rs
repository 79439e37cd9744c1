//! Text for people, in any number of languages.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Deserializer, Serialize, de};

/// One text in one or more languages, by BCP 47 tag: `{"ar": "بكين", "en": "Beijing"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Text(BTreeMap<String, String>);

impl Text {
    /// The language read when the wanted one, and its relatives, are missing.
    pub const FALLBACK: &'static str = "en";

    /// The text in `wanted`, or in the nearest language there is.
    ///
    /// In order: the tag itself, the tag shortened from its end (`zh-Hant-TW`, `zh-Hant`, `zh`;
    /// RFC 4647 lookup), any other variety of the same language, English, the first tag of the
    /// alphabet. `None` only for a text in no language at all.
    pub fn get(&self, wanted: &str) -> Option<&str> {
        let mut tag = wanted;
        loop {
            if let Some(text) = self.tagged(tag) {
                return Some(text);
            }
            match tag.rfind('-') {
                Some(end) => tag = &tag[..end],
                None => break,
            }
        }
        let variety = self.0.iter().find(|(have, _)| {
            have.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(tag))
        });
        variety
            .map(|(_, text)| text.as_str())
            .or_else(|| self.tagged(Self::FALLBACK))
            .or_else(|| self.0.values().next().map(String::as_str))
    }

    /// Every language and its text, by tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text.as_str()))
    }

    fn tagged(&self, tag: &str) -> Option<&str> {
        self.0
            .get(tag)
            .or_else(|| {
                let same = |(have, _): &(&String, &String)| have.eq_ignore_ascii_case(tag);
                self.0.iter().find(same).map(|(_, text)| text)
            })
            .map(String::as_str)
    }
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
            (&["ar", "zh"], "fr", Some("ar")),
            (&[], "fr", None),
        ] {
            assert_eq!(text(have).get(wanted), got, "{have:?} {wanted}");
        }
    }
}
