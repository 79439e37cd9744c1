//! Localised texts in folded spelling, kept beside the rows by whoever writes them, for PostgreSQL
//! cannot fold.
//!
//! A text has one folded spelling, wherever it stands. So they are kept by the text, and hold for
//! every row that has it, also for what a row was before: nothing is ever taken away.

use std::collections::BTreeSet;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Statement, Value,
    sea_query::ArrayType,
};

use super::{
    CHUNK, Rows, Writer,
    row::Field,
    tables::{chosen, of},
};
use crate::{
    database::Transaction,
    fold,
    query::search::{columns, is_json},
};

impl Writer {
    /// Folds the texts in rows that are about to be written.
    pub(super) async fn fold(&self, columns: &[Field], rows: &Rows) -> Result<(), DbErr> {
        let is_text = |field: &&Field| matches!(field, Field::Text { .. });
        if self.backend() != DbBackend::Postgres || !columns.iter().any(|field| is_text(&field)) {
            return Ok(());
        }
        let texts = rows.rows.iter().flat_map(|(_, fields)| {
            columns.iter().zip(fields).filter(move |(field, _)| is_text(field))
        });
        let texts = texts.map(|(_, text)| text.as_str()).filter(|text| !text.is_empty());
        let texts: BTreeSet<&str> = texts.collect();
        if texts.is_empty() {
            return Ok(());
        }
        let folded = texts.iter().map(|text| fold::text(text));
        let values =
            [array(folded.collect()), array(texts.iter().map(|&t| t.to_owned()).collect())];
        let insert = "INSERT INTO folded_text (folded, text)
            SELECT given.folded, given.text FROM unnest($1, $2) AS given (folded, text)
            WHERE NOT EXISTS (SELECT 1 FROM folded_text AS known WHERE known.text = given.text)";
        let insert = Statement::from_sql_and_values(DbBackend::Postgres, insert, values);
        self.transaction.execute_raw(insert).await.map(drop)
    }
}

/// Folds every text there is or was by the rules of now.
pub(super) async fn all_anew(transaction: &Transaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in super::TABLES {
        for gather in of!(*table, E => gathered::<E>(), else Vec::new()) {
            let insert = format!(
                "INSERT INTO folded_text (text, folded) SELECT DISTINCT given.value, ''
                FROM ({gather}) AS given WHERE NOT EXISTS
                    (SELECT 1 FROM folded_text AS known WHERE known.text = given.value)"
            );
            transaction.execute_unprepared(&insert).await?;
        }
    }
    let mut last = 0_i64;
    loop {
        let next = "SELECT id, text FROM folded_text WHERE id > $1 ORDER BY id LIMIT $2";
        let values = [last.into(), Value::from(CHUNK as i64)];
        let next = Statement::from_sql_and_values(DbBackend::Postgres, next, values);
        let rows = transaction.query_all_raw(next).await?;
        let mut numbers = Vec::with_capacity(rows.len());
        let mut folded = Vec::with_capacity(rows.len());
        for row in &rows {
            last = row.try_get_by_index(0)?;
            numbers.push(Value::from(last));
            folded.push(fold::text(&row.try_get_by_index::<String>(1)?));
        }
        let update = "UPDATE folded_text SET folded = given.folded
            FROM unnest($1, $2) AS given (id, folded) WHERE folded_text.id = given.id";
        let numbers = Value::Array(ArrayType::BigInt, Some(Box::new(numbers)));
        let values = [numbers, array(folded)];
        let update = Statement::from_sql_and_values(DbBackend::Postgres, update, values);
        transaction.execute_raw(update).await?;
        if rows.len() < CHUNK {
            return Ok(());
        }
    }
}

/// The statements that read the texts of a table's rows, as they are and as they were.
fn gathered<E: EntityTrait>() -> Vec<String> {
    let table = E::default().table_name().to_owned();
    // An outline is JSON that is no text.
    let localised =
        columns::<E>().filter(|column| is_json(column) && column.as_str() != "geometry");
    let gathered = localised.flat_map(|column| {
        let column = column.as_str();
        let was = format!("change.before -> '{column}'");
        [
            format!("SELECT each.value FROM {table}, jsonb_each_text({table}.{column}) AS each"),
            format!(
                "SELECT each.value FROM change, jsonb_each_text(
                    CASE WHEN jsonb_typeof({was}) = 'object' THEN {was} END) AS each
                WHERE change.entity = '{table}'"
            ),
        ]
    });
    gathered.collect()
}

fn array(texts: Vec<String>) -> Value {
    let texts = texts.into_iter().map(Value::from).collect();
    Value::Array(ArrayType::String, Some(Box::new(texts)))
}
