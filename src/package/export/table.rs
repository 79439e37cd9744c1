//! The tables of a package: what their columns are called, hold and mean, as `tables.json` says.
//!
//! The columns stand in the order of the entities'. What a table remembers of its own past (when
//! and by whom a row was recorded, its revision) is not among them.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::error::Error;

/// A table as every package has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Table {
    pub(super) name: String,
    title: String,
    description: String,
    /// What names a row.
    #[serde(default)]
    pub(super) primary_key: Vec<String>,
    /// What names a row where part of that may be empty.
    #[serde(default)]
    unique_keys: Vec<Vec<String>>,
    fields: Vec<Field>,
}

/// A column of a table, before it is one for each language.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    name: String,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    format: Option<String>,
    description: String,
    /// The table whose slugs it holds.
    pub(super) refers_to: Option<String>,
    /// Whether there is one for each language.
    #[serde(default)]
    localized: bool,
    #[serde(default)]
    constraints: Map<String, Json>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    String,
    Period,
    Date,
    Number,
    Integer,
    Boolean,
    Geojson,
}

/// A column of a file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) field: &'static Field,
    /// The one language of its texts, where they are in several.
    pub(super) language: Option<String>,
}

/// The tables in the order in which they refer to each other.
static TABLES: LazyLock<Result<Vec<Table>, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("tables.json")).map_err(|why| why.to_string())
});

/// Every table.
pub(super) fn tables() -> Result<&'static [Table], Error> {
    TABLES.as_deref().map_err(Error::internal)
}

/// The table with this name.
pub(super) fn named(name: &str) -> Result<&'static Table, Error> {
    let found = tables()?.iter().find(|table| table.name == name);
    found.ok_or_else(|| Error::internal(format!("no package has a table {name}")))
}

impl Field {
    /// Whether no row is without it.
    pub(super) fn is_required(&self) -> bool {
        self.constraints.get("required") == Some(&Json::Bool(true))
    }

    /// The column of the database.
    pub(super) fn column(&self) -> String {
        match self.refers_to {
            Some(_) => format!("{}_id", self.name),
            None => self.name.clone(),
        }
    }
}

impl Table {
    /// The columns of its file where the texts of each of its localised columns are in these
    /// languages.
    pub(super) fn columns(
        &'static self,
        languages: impl Fn(&str) -> BTreeSet<String>,
    ) -> Vec<Column> {
        let mut columns = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let name = &field.name;
            match field.localized {
                true => columns.extend(in_order(&languages(name)).map(|language| Column {
                    name: format!("{name}_{language}"),
                    field,
                    language: Some(language.to_owned()),
                })),
                false => columns.push(Column { name: name.clone(), field, language: None }),
            }
        }
        columns
    }

    /// What a package says of its file. `loose` are the columns that hold other than slugs too.
    pub(super) fn resource(&self, columns: &[Column], loose: &[&str]) -> Json {
        let references = self.fields.iter().filter_map(|field| {
            let target = field.refers_to.as_ref().filter(|_| !loose.contains(&&*field.name))?;
            let reference = match *target == self.name {
                true => json!({ "fields": ["slug"] }),
                false => json!({ "resource": target, "fields": ["slug"] }),
            };
            Some(json!({ "fields": [field.name], "reference": reference }))
        });
        let references: Vec<Json> = references.collect();
        let fields: Vec<Json> = columns.iter().map(|column| column.schema(loose)).collect();
        let mut schema = Map::new();
        let mut put = |name: &str, value: Json| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                schema.insert(name.to_owned(), value);
            }
        };
        put("$schema", "https://datapackage.org/profiles/2.0/tableschema.json".into());
        put("fields", fields.into());
        put("missingValues", json!([""]));
        put("primaryKey", json!(self.primary_key));
        put("uniqueKeys", json!(self.unique_keys));
        put("foreignKeys", references.into());
        json!({
            "name": self.name,
            "path": format!("{}.csv", self.name),
            "title": self.title,
            "description": self.description,
            "type": "table",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": schema,
        })
    }
}

impl Column {
    fn schema(&self, loose: &[&str]) -> Json {
        let Field { kind, format, description, refers_to, constraints, .. } = self.field;
        let (name, more) = match kind {
            Kind::String | Kind::Period => ("string", json!({})),
            Kind::Date => ("date", json!({})),
            Kind::Number => ("number", json!({ "bareNumber": true })),
            Kind::Integer => ("integer", json!({ "bareNumber": true })),
            Kind::Boolean => {
                ("boolean", json!({ "trueValues": ["true"], "falseValues": ["false"] }))
            }
            Kind::Geojson => ("geojson", json!({})),
        };
        let mut schema = Map::new();
        schema.insert("name".to_owned(), self.name.as_str().into());
        schema.insert("type".to_owned(), name.into());
        schema.extend(format.as_ref().map(|format| ("format".to_owned(), format.as_str().into())));
        if let Json::Object(more) = more {
            schema.extend(more);
        }
        let description = match &self.language {
            Some(language) => format!("{description} In the language {language}."),
            None => description.clone(),
        };
        schema.insert("description".to_owned(), description.into());
        let slug = (refers_to.is_some() || self.name == "slug") && !loose.contains(&&*self.name);
        let pattern = match kind {
            _ if slug => Some(SLUG),
            Kind::Period => Some(PERIOD),
            _ => None,
        };
        let mut constraints = constraints.clone();
        constraints.extend(pattern.map(|pattern| ("pattern".to_owned(), pattern.into())));
        if !constraints.is_empty() {
            schema.insert("constraints".to_owned(), constraints.into());
        }
        schema.into()
    }
}

/// The languages as they stand beside each other: English, then the others by their tags.
pub(super) fn in_order(languages: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    let english = |language: &&String| *language == entity::Text::FALLBACK;
    let others = languages.iter().filter(move |language| !english(language));
    languages.iter().filter(english).chain(others).map(String::as_str)
}

/// What a slug looks like.
const SLUG: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";

/// What a period looks like.
const PERIOD: &str = r"^\d{4}(-(\d{2}(-\d{2})?|S[12]|Q[1-4]|W\d{2}))?(/\d{4}(-(\d{2}(-\d{2})?|S[12]|Q[1-4]|W\d{2}))?)?$";

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, IdenStatic, Iterable};

    use super::*;
    use crate::record;

    /// What rows remember of their own past.
    const PAST: [&str; 10] = [
        "id",
        "revision",
        "removed_at",
        "recorded_at",
        "superseded_at",
        "recorded_by",
        "reason",
        "retracted",
        "embargoed",
        "embargo_ended_at",
    ];

    fn columns<E: EntityTrait>() -> (String, Vec<String>) {
        let columns = E::Column::iter().map(|column| column.as_str().to_owned());
        let columns = columns.filter(|column| !PAST.contains(&column.as_str()));
        (E::default().table_name().to_owned(), columns.collect())
    }

    #[test]
    fn every_column_of_every_table_is_told() {
        let entities = [
            columns::<entity::source::Entity>(),
            columns::<entity::unit::Entity>(),
            columns::<entity::theme::Entity>(),
            columns::<entity::district::Entity>(),
            columns::<entity::organization::Entity>(),
            columns::<entity::initiative::Entity>(),
            columns::<entity::initiative_organization::Entity>(),
            columns::<entity::metric::Entity>(),
            columns::<entity::initiative_metric::Entity>(),
            columns::<entity::observation::Entity>(),
            columns::<entity::claim::Entity>(),
        ];
        let told = tables().unwrap().iter().map(|table| {
            (table.name.clone(), table.fields.iter().map(Field::column).collect::<Vec<_>>())
        });
        assert_eq!(told.collect::<Vec<_>>(), entities);
        let names: Vec<&str> = tables().unwrap().iter().map(|table| &*table.name).collect();
        assert_eq!(names, record::TABLES);
    }
}
