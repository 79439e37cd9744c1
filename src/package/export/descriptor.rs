//! `datapackage.json`: what is in a package.

use std::collections::BTreeSet;

use entity::{Text, dataset};
use serde_json::{Map, Value as Json, json};

use super::table::in_order;
use crate::error::Error;

/// The name of the descriptor's file.
pub(super) const NAME: &str = "datapackage.json";

/// Describes a data set whose texts are in these languages, in these resources.
pub(super) fn write(
    dataset: &dataset::Model,
    mut languages: BTreeSet<String>,
    resources: Vec<Json>,
) -> Result<Vec<u8>, Error> {
    let tags = |text: &Text| text.iter().map(|(tag, _)| tag.to_owned()).collect::<BTreeSet<_>>();
    let of_title = tags(&dataset.title);
    let own = in_order(&of_title).next().unwrap_or(Text::FALLBACK).to_owned();
    languages.extend(of_title);
    languages.extend(dataset.description.iter().flat_map(tags));
    languages.insert(own.clone());
    let others: Vec<&str> = in_order(&languages).filter(|language| *language != own).collect();
    let texts = [("title", Some(&dataset.title)), ("description", dataset.description.as_ref())];
    let in_language = |language: &str| {
        let texts = texts.iter().filter_map(|(name, text)| {
            let mut every = (*text)?.iter();
            let (_, text) = every.find(|(tag, _)| *tag == language)?;
            Some(((*name).to_owned(), Json::from(text)))
        });
        texts.collect::<Map<String, Json>>()
    };
    let mut package = Map::new();
    let mut put = |name: &str, value: Json| _ = package.insert(name.to_owned(), value);
    put("$schema", "https://datapackage.org/profiles/2.0/datapackage.json".into());
    put("name", dataset.slug.as_str().into());
    in_language(&own).into_iter().for_each(|(name, text)| put(&name, text));
    if let Some(version) = &dataset.version {
        put("version", version.as_str().into());
    }
    if let Some(licence) = &dataset.licence {
        put("licenses", json!([{ "name": licence }]));
    }
    let all: Vec<&str> = std::iter::once(&*own).chain(others.iter().copied()).collect();
    put("languages", json!(all));
    let translations = others.iter().map(|language| (*language, in_language(language)));
    let translations: Map<String, Json> = translations
        .filter(|(_, texts)| !texts.is_empty())
        .map(|(language, texts)| (language.to_owned(), texts.into()))
        .collect();
    if !translations.is_empty() {
        put("translations", translations.into());
    }
    put("resources", resources.into());
    let mut bytes = serde_json::to_vec_pretty(&package).map_err(Error::internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}
