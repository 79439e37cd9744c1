//! What of a row is searched, whatever the table.
//!
//! It follows from the entity: every localised text, and plain columns by their names. A new
//! entity needs nothing here.

use entity::Text;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable, Value};

use super::token::{self, Token};
use crate::fold;

/// Columns that name their row; other texts tell about it.
const NAMES: [&str; 5] = ["name", "title", "slug", "symbol", "code"];

/// Columns searched though they are no localised text.
const PLAIN: [&str; 4] = ["slug", "symbol", "code", "publisher"];

/// The longest name that can be met as a whole, in characters.
const WHOLE: usize = 200;

/// One text of a row in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The column.
    pub column: &'static str,
    /// The language; none for a text in no language, such as a slug.
    pub language: Option<String>,
    /// The text.
    pub text: String,
}

impl Field {
    /// Whether it names its row.
    pub(super) fn is_name(&self) -> bool {
        NAMES.contains(&self.column)
    }

    pub(super) fn tokens(&self) -> Vec<Token> {
        token::tokens(&self.text)
    }
}

/// The columns of a table that may hold what is searched.
pub fn columns<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::Column::iter().filter(|column| is_json(column) || PLAIN.contains(&column.as_str()))
}

/// Whether a column holds JSON, as localised texts do.
pub fn is_json<C: ColumnTrait>(column: &C) -> bool {
    matches!(column.def().get_column_type(), ColumnType::JsonBinary)
}

/// The texts of a row, given its values: names before what is said of it, localised ones first.
pub fn fields<E: EntityTrait>(value: impl Fn(E::Column) -> Value) -> Vec<Field> {
    let mut fields = Vec::new();
    for column in columns::<E>() {
        let name = column.as_str();
        match value(column) {
            Value::String(Some(text)) => {
                fields.push(Field { column: name, language: None, text });
            }
            // JSON that is no localised text, such as an outline, is not read.
            Value::Json(Some(json)) => {
                if let Ok(text) = serde_json::from_value::<Text>(*json) {
                    fields.extend(text.iter().map(|(language, text)| Field {
                        column: name,
                        language: Some(language.to_owned()),
                        text: text.to_owned(),
                    }));
                }
            }
            _ => {}
        }
    }
    fields.sort_by_key(|field| (!field.is_name(), field.language.is_none()));
    fields
}

/// A text as a whole, where it is short enough to be a name.
pub(super) fn whole(text: &str) -> Option<String> {
    let words: Vec<String> = fold::words(text).map(|(_, word)| word).collect();
    let whole = words.join("_");
    (!whole.is_empty() && whole.chars().count() <= WHOLE).then_some(whole)
}
