//! What rows were like before, kept beside what became of them.

use entity::{Decimal, change, vocabulary::ChangeKind};
use sea_orm::{
    ActiveValue::Set, EntityTrait, IdenStatic, Iterable, ModelTrait, Value,
    sea_query::value::sea_value_to_json_value,
};
use serde_json::{Map, Value as Json};

use super::{CHUNK, Writer, numbers::is_hidden};
use crate::error::Error;

/// The table of the changes.
const CHANGE: &str = "change";

/// A change that is to be noted.
pub(super) struct Noted {
    pub(super) kind: ChangeKind,
    pub(super) row: i64,
    pub(super) key: String,
    pub(super) before: Option<Map<String, Json>>,
}

impl Writer {
    /// Notes what became of rows of a table.
    pub(super) async fn note(&mut self, table: &str, noted: Vec<Noted>) -> Result<(), Error> {
        let mut numbers = self.numbers(CHANGE).await?;
        self.public |= noted.iter().any(|noted| !is_hidden(noted.row));
        let rows: Vec<change::ActiveModel> = noted
            .into_iter()
            .map(|noted| change::ActiveModel {
                id: Set(numbers.next(is_hidden(noted.row))),
                revision: Set(self.revision),
                recorded_at: Set(self.now.into()),
                kind: Set(noted.kind),
                entity: Set(table.to_owned()),
                row: Set(noted.row),
                key: Set(noted.key),
                before: Set(noted.before.map(Json::Object)),
            })
            .collect();
        self.took(CHANGE, numbers);
        for rows in rows.chunks(CHUNK) {
            let insert = change::Entity::insert_many(rows.to_vec());
            insert.exec_without_returning(&self.transaction).await?;
        }
        Ok(())
    }
}

/// The columns of a row by their names, as the row can be read from again.
pub(super) fn columns<E>(row: &E::Model) -> Map<String, Json>
where
    E: EntityTrait<Model: ModelTrait<Entity = E>>,
{
    E::Column::iter().map(|column| (column.as_str().to_owned(), json(row.get(column)))).collect()
}

fn json(value: Value) -> Json {
    match value {
        // Exact, and in the form in which moments are read.
        Value::Decimal(Some(number)) => Decimal::from(number).to_string().into(),
        Value::ChronoDateTimeUtc(Some(moment)) => moment.to_rfc3339().into(),
        value => sea_value_to_json_value(&value),
    }
}
