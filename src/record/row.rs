//! From the fields of a file to a row of a table, whatever the table.
//!
//! What a table's columns are called in a file follows from the entity: a reference goes by the
//! slug of its target and drops the `_id`, a localised text has one column for each language, and
//! everything else goes by its name. A new entity needs nothing here.

use std::collections::HashMap;

use entity::{Date, Decimal, Quoted, text::LANGUAGE_MAX};
use oxilangtag::LanguageTag;
use sea_orm::{
    ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable, ModelTrait,
    RelationTrait, Value, sea_query::TableRef,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{Mode, Problem, Rows, reference::Meant, slugs::WAITING};
use crate::identity::{FIGURE, Id, camel};

/// What a file's column holds.
pub(super) enum Field {
    /// The value of a column.
    Plain { name: String, kind: ColumnType },
    /// The slug of the row a column refers to.
    Reference { column: String, name: String, target: String },
    /// A localised text in one language.
    Text { name: String, language: String },
    /// The revision that the row is taken to have.
    IfRevision,
    /// Whether a figure is recorded or retracted.
    Action,
    /// Which row is to be changed: its slug, or its id.
    Id,
}

/// The columns that only the writer fills.
const OWN: [&str; 9] = [
    "id",
    "revision",
    "removed_at",
    "recorded_at",
    "superseded_at",
    "recorded_by",
    "retracted",
    "embargoed",
    "embargo_ended_at",
];

/// The column with the revision that a row is taken to have.
pub(super) const IF_REVISION: &str = "if_revision";

/// The column of figures that says what to do with each: `D` retracts it, everything else records
/// it (SDMX ACTION).
pub(super) const ACTION: &str = "action";

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

/// Whether rows of a table refer to those of another one.
pub(super) fn refers_to<E: EntityTrait>(table: &str) -> bool {
    references::<E>().values().any(|target| target == table)
}

/// The column that refers to another row of the same table: the one a row lies in.
pub(super) fn above<E: EntityTrait>() -> Option<String> {
    let table = E::default().table_name().to_owned();
    references::<E>().into_iter().find(|(_, target)| *target == table).map(|(column, _)| column)
}

/// What a column that refers to other rows is called in a file.
pub(super) fn name(column: &str) -> &str {
    column.strip_suffix("_id").unwrap_or(column)
}

/// What the file's columns hold; or which of them the table does not have, and which fields hold
/// what is no text to PostgreSQL.
pub(super) fn columns<E: EntityTrait>(rows: &Rows, mode: Mode) -> Result<Vec<Field>, Vec<Problem>> {
    let references = references::<E>();
    let table = E::default().table_name().to_owned();
    let (mut fields, mut problems) = (Vec::with_capacity(rows.columns.len()), Vec::new());
    for name in &rows.columns {
        let found = match name.as_str() {
            IF_REVISION => Some(Field::IfRevision),
            ACTION if table == "observation" => Some(Field::Action),
            "id" if mode == Mode::Update => Some(Field::Id),
            _ => E::Column::iter().find_map(|column| field(column, name, &references)),
        };
        match found {
            Some(field) => fields.push(field),
            None => {
                let why = format!("the table {table} has no column {}", Quoted(name));
                problems.push(Problem::of(&rows.origin, None, why));
            }
        }
    }
    for (line, texts) in &rows.rows {
        let held = rows.columns.iter().zip(texts).filter(|(_, text)| text.contains('\0'));
        problems.extend(held.map(|(column, text)| {
            let why = "it holds the character NUL, which no text may";
            Problem::of(&rows.origin, Some(*line), why).at(column, text)
        }));
    }
    if problems.is_empty() { Ok(fields) } else { Err(problems) }
}

/// The names of the columns that a file may give: those of localised texts without a language.
pub(super) fn names<E: EntityTrait>() -> Vec<String> {
    let columns = E::Column::iter().filter(|column| !OWN.contains(&column.as_str()));
    columns.map(|column| name(column.as_str()).to_owned()).collect()
}

/// Whether a column can hold a text. Of a reference that is not known without the rows there are.
pub(super) fn may_hold<E>(columns: &[Field], text: &str) -> Result<(), Problem>
where
    E: EntityTrait<Model: DeserializeOwned>,
{
    let [column @ (Field::Plain { .. } | Field::Text { .. })] = columns else { return Ok(()) };
    let (slugs, names, figures) = (&HashMap::new(), &HashMap::new(), &HashMap::new());
    let reading = Reading { columns, slugs, names, figures, backend: DbBackend::Postgres };
    let mut row = Map::new();
    reading.put(&mut row, column, text)?;
    match serde_path_to_error::deserialize::<_, E::Model>(Json::Object(row.clone())) {
        // What else is missing is not asked for here.
        Err(error) if row.contains_key(&error.path().to_string()) => {
            Err(wrong(&error.path().to_string(), text, error.into_inner()))
        }
        _ => Ok(()),
    }
}

fn field<C: ColumnTrait>(
    column: C,
    name: &str,
    references: &HashMap<String, String>,
) -> Option<Field> {
    let (known, kind) = (column.as_str(), column.def().get_column_type().clone());
    if OWN.contains(&known) {
        return None;
    }
    if let Some(target) = references.get(known) {
        return (known.strip_suffix("_id") == Some(name)).then(|| Field::Reference {
            column: known.to_owned(),
            name: name.to_owned(),
            target: target.clone(),
        });
    }
    if known == name {
        return Some(Field::Plain { name: name.to_owned(), kind });
    }
    let tag = name.strip_prefix(known)?.strip_prefix('_')?;
    let tag = LanguageTag::parse_and_normalize(tag).ok()?.into_inner();
    if tag.len() > LANGUAGE_MAX {
        return None;
    }
    matches!(kind, ColumnType::JsonBinary)
        .then(|| Field::Text { name: known.to_owned(), language: tag })
}

/// The slug of a row, where it has one.
pub(super) fn slug<'f>(columns: &[Field], fields: &'f [String]) -> Option<&'f str> {
    let is_slug = |field: &Field| matches!(field, Field::Plain { name, .. } if name == "slug");
    let place = columns.iter().position(is_slug)?;
    fields.get(place).map(String::as_str).filter(|slug| !slug.is_empty())
}

/// The revision that a row is taken to have.
pub(super) fn if_revision(columns: &[Field], fields: &[String]) -> Result<Option<i32>, Problem> {
    let place = columns.iter().position(|field| matches!(field, Field::IfRevision));
    let text = place.and_then(|place| fields.get(place)).filter(|text| !text.is_empty());
    let number = |text: &String| text.parse().map_err(|_| wrong(IF_REVISION, text, NO_NUMBER));
    text.map(number).transpose()
}

/// How the fields of a file are read.
pub(super) struct Reading<'a> {
    pub(super) columns: &'a [Field],
    pub(super) slugs: &'a HashMap<String, HashMap<String, i64>>,
    pub(super) names: &'a HashMap<String, HashMap<i64, String>>,
    pub(super) figures: &'a HashMap<String, Meant>,
    pub(super) backend: DbBackend,
}

impl Reading<'_> {
    /// The row with the fields of a line in it; an empty one is null. What the line has no field
    /// for stays as it is.
    pub(super) fn row<E>(
        &self,
        mut row: Map<String, Json>,
        fields: &[String],
    ) -> Result<E::Model, Problem>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E> + DeserializeOwned>,
    {
        for (column, field) in self.columns.iter().zip(fields) {
            self.put(&mut row, column, field)?;
        }
        let model: E::Model =
            serde_path_to_error::deserialize(Json::Object(row.clone())).map_err(|error| {
                let name = error.path().to_string();
                let why = error.into_inner().to_string();
                match row.get(&name) {
                    // A reference that is empty.
                    Some(Json::Null) => left_out(&name),
                    Some(Json::String(text)) => wrong(&name, text, why),
                    Some(value) => wrong(&name, &value.to_string(), why),
                    None => missing(&why),
                }
            })?;
        if self.backend == DbBackend::Sqlite {
            exact::<E>(&model)?;
        }
        Ok(model)
    }

    fn put(&self, row: &mut Map<String, Json>, column: &Field, field: &str) -> Result<(), Problem> {
        match column {
            Field::Reference { column, name, target } => {
                let number = self.number(name, target, field)?;
                row.insert(column.clone(), number.map_or(Json::Null, Json::from));
            }
            Field::Text { name, language } => {
                let texts = row.entry(name.clone()).or_insert(Json::Null);
                if texts.is_null() {
                    *texts = Map::new().into();
                }
                if let Json::Object(all) = texts {
                    match field {
                        "" => _ = all.remove(language),
                        text => _ = all.insert(language.clone(), text.into()),
                    }
                    if all.is_empty() {
                        row.remove(name);
                    }
                }
            }
            Field::Plain { name, .. } if field.is_empty() => _ = row.remove(name),
            Field::Plain { name, kind } => {
                let value = match kind {
                    ColumnType::Integer | ColumnType::BigInteger => {
                        field.parse::<i64>().map_err(|_| wrong(name, field, NO_NUMBER))?.into()
                    }
                    ColumnType::Boolean => field
                        .parse::<bool>()
                        .map_err(|_| wrong(name, field, "it is neither true nor false"))?
                        .into(),
                    ColumnType::Date if field.parse::<Date>().is_err() => {
                        return Err(wrong(name, field, NO_DAY));
                    }
                    _ if name == "slug" && !is_slug(field) => {
                        return Err(wrong(name, field, no_slug(field)));
                    }
                    _ => Json::from(field),
                };
                row.insert(name.clone(), value);
            }
            Field::IfRevision | Field::Action | Field::Id => {}
        }
        Ok(())
    }

    /// What names a row that has no slug; none where something of it is wrong or left out.
    pub(super) fn key(&self, key: &[&str], fields: &[String]) -> Option<Vec<Json>> {
        let mut row = Map::new();
        for (column, field) in self.columns.iter().zip(fields) {
            self.put(&mut row, column, field).ok()?;
        }
        key.iter().map(|name| row.get(*name).cloned()).collect()
    }

    /// The number of the row to be changed.
    pub(super) fn own(&self, table: &str, fields: &[String]) -> Result<i64, Problem> {
        let place = self.columns.iter().position(|field| matches!(field, Field::Id));
        let id = place.and_then(|place| fields.get(place)).map_or("", String::as_str);
        // Where the row was found by a filter.
        let found = id.split_once('#').filter(|(kind, _)| *kind == table);
        if let Some(Ok(number)) = found.map(|(_, number)| number.parse()) {
            return Ok(number);
        }
        if table == FIGURE {
            // Whoever changes a figure means the version that insiders see.
            if let Some(number) = self.slugs.get(WAITING).and_then(|slugs| slugs.get(id)) {
                return Ok(*number);
            }
            if let Some(meant) = self.figures.get(id) {
                return meant.to_change().map_err(|why| why.at("id", id));
            }
        }
        let missing = || wrong("id", "", "it says which row is to be changed");
        self.number("id", table, id)?.ok_or_else(missing)
    }

    /// The number of the row that a field names by its slug, or by its id.
    pub(super) fn number(
        &self,
        name: &str,
        target: &str,
        field: &str,
    ) -> Result<Option<i64>, Problem> {
        if field.is_empty() {
            return Ok(None);
        }
        if let Some(number) = self.slugs.get(target).and_then(|slugs| slugs.get(field)) {
            return Ok(Some(*number));
        }
        let of_target = |id: &Id| id.kind == camel(target);
        let Some(id) = Id::parse(field).filter(of_target) else {
            return Err(unknown(name, target, field));
        };
        if id.is_past() {
            let why = format!("it is what was there at another time; give {}", id.now());
            return Err(wrong(name, field, why));
        }
        if let Some(meant) = self.figures.get(field) {
            return meant.to_refer_to().map(Some).map_err(|why| why.at(name, field));
        }
        // Of links it is asked when they are read.
        let is_there =
            |number: &i64| self.names.get(target).is_none_or(|names| names.contains_key(number));
        let number =
            id.number().filter(|_| target != FIGURE && id.state.is_none()).filter(is_there);
        number.map(Some).ok_or_else(|| unknown(name, target, field))
    }
}

const NO_NUMBER: &str = "it is no whole number";

/// Why a text is no date.
pub(super) const NO_DAY: &str = "it is no day of the calendar like 2026-01-27";

/// Why a text is no slug.
pub(super) fn no_slug(text: &str) -> &'static str {
    match text.len() > SLUG_MAX {
        true => "it is longer than a slug may be; write at most 500 letters",
        false => "it is no slug; write small Latin letters and digits, in parts joined by hyphens",
    }
}

/// A row without something it must have.
fn missing(why: &str) -> Problem {
    let name = why.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match name {
        Some(name) => left_out(name),
        None => Problem { reason: why.to_owned(), ..Problem::default() },
    }
}

/// A column that holds nothing, and must.
fn left_out(column: &str) -> Problem {
    wrong(name(column), "", "it cannot be left out")
}

/// That there is no row of that name.
pub(super) fn unknown(column: &str, target: &str, value: &str) -> Problem {
    wrong(column, value, format!("there is no such {target}"))
}

/// Why a row is refused whose name another row of the file has.
pub(super) const TWICE: &str = "it is given twice";

/// Why a row is refused that is its own ancestor.
pub(super) const WITHIN: &str = "it would lie within itself";

/// Something wrong in a column.
pub(super) fn wrong(column: &str, value: &str, reason: impl std::fmt::Display) -> Problem {
    Problem { reason: reason.to_string(), ..Problem::default() }.at(column, value)
}

/// How long a slug may be: within what an index of PostgreSQL holds.
pub const SLUG_MAX: usize = 500;

/// `part-2-of-a-slug`.
pub(super) fn is_slug(text: &str) -> bool {
    text.len() <= SLUG_MAX
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// Refuses a number SQLite would round.
fn exact<E>(model: &E::Model) -> Result<(), Problem>
where
    E: EntityTrait<Model: ModelTrait<Entity = E>>,
{
    for column in E::Column::iter() {
        if let Value::Decimal(Some(number)) = model.get(column) {
            let number = Decimal::from(number);
            number.as_double().map_err(|why| wrong(column.as_str(), &number.to_string(), why))?;
        }
    }
    Ok(())
}
