//! `datapackage.json`: what is in a package (Frictionless Data Package, versions 1 and 2).

use std::collections::BTreeMap;

use entity::Text;
use serde::Deserialize;
use serde_json::{Value as Json, value::RawValue};

use crate::record::Dataset;

/// The parts of a descriptor that are used here; the rest is for other readers.
#[derive(Deserialize)]
pub(super) struct Descriptor {
    pub(super) name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    version: Option<String>,
    #[serde(default)]
    licenses: Vec<Licence>,
    /// The languages of the package; the first is that of `title` and `description`.
    #[serde(default)]
    languages: Vec<String>,
    /// `title` and `description` in the other languages.
    #[serde(default)]
    translations: BTreeMap<String, Translation>,
    pub(super) resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Licence {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Translation {
    title: Option<String>,
    description: Option<String>,
}

/// One file of a package.
#[derive(Deserialize)]
pub(super) struct Resource {
    pub(super) name: String,
    path: Option<Paths>,
    /// Its contents, where they stand in the descriptor itself.
    pub(super) data: Option<Box<RawValue>>,
    pub(super) format: Option<String>,
    mediatype: Option<String>,
    pub(super) encoding: Option<String>,
    /// How a delimited file is written, or the path of a file that says so.
    dialect: Option<Json>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Paths {
    One(String),
    Several(Vec<String>),
}

impl Descriptor {
    /// What is said of the data set as a whole; `slug` where the package has no name.
    pub(super) fn dataset(&self, slug: String) -> Dataset {
        let own = self.languages.first().map_or("en", String::as_str);
        let in_all = |text: Option<&String>, other: fn(&Translation) -> Option<&String>| {
            let translated = self.translations.iter().filter_map(|(language, translation)| {
                Some((language.clone(), other(translation)?.clone()))
            });
            let own = text.map(|text| (own.to_owned(), text.clone()));
            translated.chain(own).collect::<Text>()
        };
        // It may be in other languages than the title is.
        let description = in_all(self.description.as_ref(), |other| other.description.as_ref());
        Dataset {
            title: in_all(self.title.as_ref().or(Some(&slug)), |other| other.title.as_ref()),
            description: Some(description).filter(|text| text.iter().next().is_some()),
            licence: self.licenses.first().and_then(|licence| licence.name.clone()),
            version: self.version.clone(),
            slug,
        }
    }
}

/// Why a resource cannot be read.
const NOWHERE: &str = "it has neither a path nor data";

impl Resource {
    /// The files it is in, in their order; fails where there is none.
    pub(super) fn paths(&self) -> Result<&[String], String> {
        match &self.path {
            Some(Paths::One(path)) => Ok(std::slice::from_ref(path)),
            Some(Paths::Several(paths)) if !paths.is_empty() => Ok(paths),
            _ => Err(NOWHERE.to_owned()),
        }
    }

    /// The one file it is in; fails where there is none or are several.
    pub(super) fn path(&self) -> Result<&str, String> {
        match self.paths()? {
            [path] => Ok(path),
            paths => Err(format!("it is in {} files; import it instead", paths.len())),
        }
    }

    /// What it is that is no table, in words.
    pub(super) fn no_table(&self) -> Option<String> {
        let format = self.format.as_deref().unwrap_or_default().trim_start_matches('.');
        let media = self.mediatype.as_deref().unwrap_or_default();
        let is = |what: &str| Some(format!("it is {what}"));
        match format.to_lowercase().as_str() {
            _ if media.starts_with("image/") => is(&format!("an image ({media})")),
            "topojson" | "geojson" => is(&format!("a map ({format}), no table of figures")),
            "arrow" | "feather" => is("an Arrow file; write it as Parquet"),
            "xls" | "xlsx" | "ods" => is("a workbook; save its sheet as CSV"),
            "pdf" | "html" | "xml" | "zip" | "md" | "txt" => is(&format!("no table, but {format}")),
            _ => None,
        }
    }

    /// A text of its dialect, such as its delimiter.
    pub(super) fn dialect(&self, name: &str) -> Option<&Json> {
        self.dialect.as_ref()?.get(name)
    }
}
