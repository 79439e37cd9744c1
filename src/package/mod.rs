//! Data packages: files to records (Frictionless Data Package v2).
//!
//! A package is a `datapackage.json` beside one CSV file for each table. The reader knows nothing
//! of where the files are; the package in the binary is read as any other.

pub mod bundled;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    database::Database,
    error::Error,
    record::{By, Dataset, Rows, TABLES, Writer},
};

/// A package, read but not yet checked against the tables.
#[derive(Debug, Clone)]
pub struct Package {
    dataset: Dataset,
    tables: BTreeMap<String, Rows>,
}

/// The parts of a descriptor that are used here; the rest is for other readers.
#[derive(Deserialize)]
struct Descriptor {
    name: String,
    title: String,
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
    resources: Vec<Resource>,
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

#[derive(Deserialize)]
struct Resource {
    name: String,
    path: String,
}

impl Package {
    /// Reads a package; `file` gives the contents of the file with a name, `None` where there is
    /// none. Fails with the file, and for a table the line, that cannot be read.
    pub fn read<B: AsRef<[u8]>>(file: impl Fn(&str) -> Option<B>) -> Result<Self, Error> {
        const DESCRIPTOR: &str = "datapackage.json";
        let open = |name: &str| {
            file(name).ok_or_else(|| Error::input(format!("{name}: the package has no such file")))
        };
        let descriptor: Descriptor = serde_json::from_slice(open(DESCRIPTOR)?.as_ref())
            .map_err(|why| Error::input(format!("{DESCRIPTOR}: {why}")))?;
        let mut tables = BTreeMap::new();
        for Resource { name, path } in &descriptor.resources {
            tables.insert(name.clone(), table(path, open(path)?.as_ref())?);
        }
        Ok(Self { dataset: descriptor.dataset(), tables })
    }

    /// Loads the package into the database if that is empty, all or nothing. Tells whether it did.
    pub async fn load_into_empty(
        &self,
        database: &Database,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut writer = Writer::begin(database, now, By::operator("the first load")).await?;
        if !writer.is_empty().await? {
            return Ok(false);
        }
        writer.describe(self.dataset.clone()).await?;
        if let Some(name) = self.tables.keys().find(|name| !TABLES.contains(&name.as_str())) {
            return Err(Error::input(format!(
                "datapackage.json: there is no table {name:?}; there are {}",
                TABLES.join(", ")
            )));
        }
        for table in TABLES {
            if let Some(rows) = self.tables.get(*table) {
                writer.write(table, rows).await?;
            }
        }
        writer.commit().await?;
        Ok(true)
    }
}

impl Descriptor {
    fn dataset(&self) -> Dataset {
        let own = self.languages.first().map_or("en", String::as_str);
        let in_all = |text: &str, other: fn(&Translation) -> Option<&String>| {
            let translated = self.translations.iter().filter_map(|(language, translation)| {
                Some((language.clone(), other(translation)?.clone()))
            });
            translated.chain([(own.to_owned(), text.to_owned())]).collect()
        };
        Dataset {
            slug: self.name.clone(),
            title: in_all(&self.title, |translation| translation.title.as_ref()),
            description: self
                .description
                .as_ref()
                .map(|text| in_all(text, |translation| translation.description.as_ref())),
            licence: self.licenses.first().and_then(|licence| licence.name.clone()),
            version: self.version.clone(),
        }
    }
}

/// A table's rows from a CSV file (RFC 4180) whose first line names its columns.
fn table(path: &str, bytes: &[u8]) -> Result<Rows, Error> {
    let wrong = |why: csv::Error| Error::input(format!("{path}: {why}"));
    let mut reader = csv::Reader::from_reader(bytes);
    let columns = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(Rows { origin: path.to_owned(), columns, rows })
}
