//! From the fields of a file to a row of a table, whatever the table.
//!
//! What a table's columns are called in a file follows from the entity: a reference goes by the
//! slug of its target and drops the `_id`, a localised text has one column for each language, and
//! everything else goes by its name. A new entity needs nothing here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::Decimal;
use oxilangtag::LanguageTag;
use sea_orm::{
    ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable, ModelTrait,
    RelationTrait, Value, sea_query::TableRef,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::Rows;
use crate::error::Error;

/// What a file's column holds.
pub(super) enum Field {
    /// The value of a column.
    Plain { name: String, kind: ColumnType },
    /// The slug of the row a column refers to.
    Reference { column: String, name: String, target: String },
    /// A localised text in one language.
    Text { name: String, language: String },
}

/// Whether the table's rows have slugs.
pub(super) fn has_slug<E: EntityTrait>() -> bool {
    E::Column::iter().any(|column| column.as_str() == "slug")
}

/// The table each column refers to.
pub(super) fn references<E: EntityTrait>() -> HashMap<String, String> {
    E::Relation::iter()
        .filter_map(|relation| {
            let definition = relation.def();
            let TableRef::Table(target, _) = definition.to_tbl else { return None };
            let column = definition.from_col.into_iter().next()?;
            Some((column.to_string(), target.1.to_string()))
        })
        .collect()
}

/// What the file's columns hold. A column the table does not have is refused, and so is a file
/// without one the table must have.
pub(super) fn columns<E: EntityTrait>(rows: &Rows) -> Result<Vec<Field>, Error> {
    let references = references::<E>();
    let mut fields = Vec::with_capacity(rows.columns.len());
    for name in &rows.columns {
        let found = E::Column::iter().find_map(|column| {
            let (known, kind) = (column.as_str(), column.def().get_column_type().clone());
            if let Some(target) = references.get(known) {
                let same = known.strip_suffix("_id") == Some(name);
                return same.then(|| Field::Reference {
                    column: known.to_owned(),
                    name: name.clone(),
                    target: target.clone(),
                });
            }
            if known == name && known != "id" {
                return Some(Field::Plain { name: name.clone(), kind });
            }
            let tag = name.strip_prefix(known)?.strip_prefix('_')?;
            let tag = LanguageTag::parse_and_normalize(tag).ok()?.into_inner();
            matches!(kind, ColumnType::JsonBinary)
                .then(|| Field::Text { name: known.to_owned(), language: tag })
        });
        fields.push(found.ok_or_else(|| {
            let table = E::default();
            Error::input(format!(
                "{}: the table {} has no column {name:?}",
                rows.origin,
                table.table_name()
            ))
        })?);
    }
    Ok(fields)
}

/// The slug of a row, where it has one.
pub(super) fn slug<'f>(columns: &[Field], fields: &'f [String]) -> Option<&'f str> {
    let is_slug = |field: &Field| matches!(field, Field::Plain { name, .. } if name == "slug");
    let place = columns.iter().position(is_slug)?;
    fields.get(place).map(String::as_str).filter(|slug| !slug.is_empty())
}

/// How the rows of one file are read.
pub(super) struct Reading<'a> {
    pub(super) columns: &'a [Field],
    pub(super) slugs: &'a HashMap<String, HashMap<String, i64>>,
    pub(super) now: DateTime<Utc>,
    pub(super) backend: DbBackend,
}

impl Reading<'_> {
    /// The row, or which column is wrong and why.
    pub(super) fn row<E>(&self, number: i64, fields: &[String]) -> Result<E::Model, String>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E> + DeserializeOwned>,
    {
        let mut row = Map::new();
        row.insert("id".to_owned(), number.into());
        // What the writer itself knows; deserializing ignores what the table does not have.
        row.insert("recorded_at".to_owned(), self.now.to_rfc3339().into());
        row.insert("revision".to_owned(), 1.into());
        row.insert("retracted".to_owned(), false.into());
        row.insert("embargoed".to_owned(), false.into());
        for (column, field) in self.columns.iter().zip(fields) {
            if !field.is_empty() {
                self.put(&mut row, column, field)?;
            }
        }
        let model: E::Model =
            serde_path_to_error::deserialize(Json::Object(row.clone())).map_err(|error| {
                let name = error.path().to_string();
                let given = row.get(&name).map(|value| format!("{value}: ")).unwrap_or_default();
                let why = error.into_inner();
                if name == "." { why.to_string() } else { format!("column {name}: {given}{why}") }
            })?;
        if self.backend == DbBackend::Sqlite {
            exact::<E>(&model)?;
        }
        Ok(model)
    }

    fn put(&self, row: &mut Map<String, Json>, column: &Field, field: &str) -> Result<(), String> {
        match column {
            Field::Reference { column, name, target } => {
                let known = self.slugs.get(target).and_then(|slugs| slugs.get(field));
                let number = known
                    .ok_or_else(|| format!("column {name}: there is no {target} {field:?}"))?;
                row.insert(column.clone(), (*number).into());
            }
            Field::Text { name, language } => {
                let texts = row.entry(name.clone()).or_insert_with(|| Map::new().into());
                if let Json::Object(texts) = texts {
                    texts.insert(language.clone(), field.into());
                }
            }
            Field::Plain { name, kind } => {
                let value = match kind {
                    ColumnType::Integer | ColumnType::BigInteger => field
                        .parse::<i64>()
                        .map_err(|_| format!("column {name}: {field:?} is no whole number"))?
                        .into(),
                    ColumnType::Boolean => field
                        .parse::<bool>()
                        .map_err(|_| format!("column {name}: {field:?} is neither true nor false"))?
                        .into(),
                    _ if name == "slug" && !is_slug(field) => {
                        return Err(format!(
                            "column slug: {field:?} is no slug; write small Latin letters and \
                             digits, in parts joined by hyphens"
                        ));
                    }
                    _ => Json::from(field),
                };
                row.insert(name.clone(), value);
            }
        }
        Ok(())
    }
}

/// `part-2-of-a-slug`.
fn is_slug(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// Refuses a number SQLite would round.
fn exact<E>(model: &E::Model) -> Result<(), String>
where
    E: EntityTrait<Model: ModelTrait<Entity = E>>,
{
    for column in E::Column::iter() {
        if let Value::Decimal(Some(number)) = model.get(column) {
            Decimal::from(number)
                .as_double()
                .map_err(|why| format!("column {}: {why}", column.as_str()))?;
        }
    }
    Ok(())
}
