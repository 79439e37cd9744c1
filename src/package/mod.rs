//! Data packages: files to records (Frictionless Data Package v2).
//!
//! A package is a `datapackage.json` beside one CSV file for each table. [`Package`] holds a small
//! one in memory, such as the one in the binary. [`import`] reads any file, of any size, in bounded
//! memory: `file` makes a table of text of it, `figures` makes figures of a table that nobody wrote
//! for this server, `reading` sees to the rest.

pub mod bundled;
mod descriptor;
pub mod export;
mod figures;
mod file;
mod import;
mod option_check;
mod options;
mod parcel;
mod parts;
mod progress;
mod reading;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use descriptor::Descriptor;
use file::DESCRIPTOR;
pub use import::{Summary, import};
pub use options::{DateOrder, Format, Frequency, Layout, Options};
pub use progress::Progress;
pub use reading::Source;

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

impl Package {
    /// Reads a package; `file` gives the contents of the file with a name, `None` where there is
    /// none. Fails with the file, and for a table the line, that cannot be read.
    pub fn read<B: AsRef<[u8]>>(file: impl Fn(&str) -> Option<B>) -> Result<Self, Error> {
        let open = |name: &str| {
            file(name).ok_or_else(|| Error::input(format!("{name}: the package has no such file")))
        };
        let descriptor: Descriptor = serde_json::from_slice(open(DESCRIPTOR)?.as_ref())
            .map_err(|why| Error::input(format!("{DESCRIPTOR}: {why}")))?;
        let mut tables = BTreeMap::new();
        for resource in &descriptor.resources {
            let wrong = |why| Error::input(format!("{DESCRIPTOR}, {}: {why}", resource.name));
            let path = resource.path().map_err(wrong)?;
            tables.insert(resource.name.clone(), table(path, open(path)?.as_ref())?);
        }
        let slug = descriptor.name.clone().unwrap_or_default();
        Ok(Self { dataset: descriptor.dataset(slug), tables })
    }

    /// Loads the package into the database if that is empty, all or nothing. Tells whether it did.
    pub async fn load_into_empty(
        &self,
        database: &Database,
        now: impl Into<Option<DateTime<Utc>>>,
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
