//! The tables as they were at a moment of the past.
//!
//! A row is changed in place, and what it was before is kept beside it (`change.before`). So a row
//! was at a moment what it was before the first change since, or what it is where there was none;
//! and it was not there where the first change since made it. Statements about the past read these
//! tables under the names of the real ones.

use std::collections::HashMap;

use entity::DateTime;
use futures_util::future::try_join_all;
use sea_orm::{ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable};

use super::batch::Load;
use crate::{
    database::{Database, Settled, Shadow},
    error::Error,
};

/// Whether what was so at a moment stays so.
#[derive(Debug, PartialEq)]
pub struct Settling;

impl Load for Settling {
    type Key = DateTime;
    type Value = Settled;

    const FIRST: bool = true;

    async fn load(
        &self,
        database: &Database,
        moments: Vec<DateTime>,
    ) -> Result<HashMap<DateTime, Settled>, Error> {
        let each = moments
            .into_iter()
            .map(async |moment| database.settle(moment).await.map(|settled| (moment, settled)));
        try_join_all(each).await.map(HashMap::from_iter)
    }
}

/// Refuses a moment of the past, given by the argument with this name, whose answer would not stay
/// as it is: one to come, or one since which a write is under way.
pub fn check(argument: &str, moment: DateTime, settled: Settled) -> Result<(), Error> {
    match settled {
        Settled::Yes => Ok(()),
        Settled::ToCome(now) => Err(Error::input(format!(
            "`{argument}` is {moment}, but it is only {now} here; give a moment that has passed, or \
             leave it out for now"
        ))),
        Settled::Until(before) => Err(Error::input(format!(
            "`{argument}` is {moment}, but what is recorded after {before} may not be there yet: a \
             write is under way, or the database follows another one; give that moment or one \
             before, or ask again later"
        ))),
    }
}

macro_rules! shadows {
    ([$backend:ident, $moment:ident] $($table:ident $standing:literal $(by $key:expr)?,)+) => {
        [$(shadows!(@$table $backend $moment)),+].into_iter().flatten().collect()
    };
    // Its versions lie beside each other.
    (@observation $backend:ident $moment:ident) => { None };
    (@$table:ident $backend:ident $moment:ident) => {
        Some(table::<entity::$table::Entity>($backend, $moment))
    };
}

/// All tables whose rows are changed in place.
pub(super) fn tables(backend: DbBackend, moment: DateTime) -> Vec<Shadow> {
    entity::tables!(shadows backend, moment)
}

fn table<E: EntityTrait>(backend: DbBackend, moment: DateTime) -> Shadow {
    let table = E::default();
    let name = table.table_name();
    let since = |change: &str| {
        format!("{change}.entity = '{name}' AND {change}.recorded_at > '{}'", moment.to_sql())
    };
    let columns = |each: &dyn Fn(E::Column) -> String| {
        E::Column::iter().map(each).collect::<Vec<_>>().join(", ")
    };
    // Within a shadow, SQLite takes the bare name for the shadow itself.
    let real =
        if backend == DbBackend::Postgres { name.to_owned() } else { format!("main.{name}") };
    let now = columns(&|column| format!("own.{}", column.as_str()));
    let then = columns(&|column| match column.as_str() {
        "id" => "c.row AS id".to_owned(),
        _ => before(column, backend),
    });
    let select = format!(
        "SELECT {now} FROM {real} AS own WHERE NOT EXISTS \
         (SELECT 1 FROM change AS c WHERE {} AND c.row = own.id) \
         UNION ALL SELECT {then} FROM change AS c WHERE {} AND c.before IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM change AS d WHERE {} AND d.row = c.row AND d.id < c.id)",
        since("c"),
        since("c"),
        since("d"),
    );
    Shadow { name: name.to_owned(), select }
}

/// A column as it was before a change.
fn before<C: ColumnTrait>(column: C, backend: DbBackend) -> String {
    let name = column.as_str();
    let text = format!("c.before ->> '{name}'");
    let definition = column.def();
    let kind = definition.get_column_type();
    let value = match (backend, kind) {
        (DbBackend::Postgres, kind) => match kind {
            ColumnType::BigInteger => format!("CAST({text} AS bigint)"),
            ColumnType::Integer => format!("CAST({text} AS integer)"),
            ColumnType::Boolean => format!("CAST({text} AS boolean)"),
            ColumnType::Decimal(_) => format!("CAST({text} AS numeric)"),
            ColumnType::Date => format!("CAST({text} AS date)"),
            ColumnType::TimestampWithTimeZone => {
                format!("CAST({text} AS timestamp with time zone)")
            }
            ColumnType::JsonBinary => format!("CAST({text} AS jsonb)"),
            _ => format!("({text}) COLLATE \"C\""),
        },
        (_, ColumnType::Decimal(_)) => format!("CAST({text} AS real)"),
        _ => text,
    };
    format!("{value} AS {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TABLES;

    #[test]
    fn every_table_has_a_past() {
        let moment = chrono::DateTime::UNIX_EPOCH.into();
        let mut known: Vec<String> =
            tables(DbBackend::Sqlite, moment).into_iter().map(|shadow| shadow.name).collect();
        // Figures keep their own.
        known.push("observation".to_owned());
        let mut all = TABLES.to_vec();
        known.sort_unstable();
        all.sort_unstable();
        assert_eq!(known, all);
    }
}
