//! Removing rows: with what cannot be without them, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use entity::{observation, vocabulary::ChangeKind};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, IdenStatic, Iterable, Statement};
use serde_json::Value as Json;

use super::{
    CHUNK, TABLES, Writer, change,
    change::Noted,
    incoming::{RETRACT, STAGED, all_given},
    index,
    named::{Kept, Table},
    row,
    slugs::live,
    tables::{chosen, of},
};
use crate::{error::Error, identity::Id, query::figure::Place};

/// A column that refers to rows of a table.
struct Reference {
    table: &'static str,
    column: &'static str,
    /// Whether its row cannot be without what it refers to.
    whole: bool,
}

/// References that may be null although their rows say nothing without what they refer to.
const WHOLE: [(&str, &str); 3] = [
    ("claim", "initiative_id"),
    ("claim", "observation_id"),
    // Without its initiative a figure would be the place's own.
    ("observation", "initiative_id"),
];

fn references<E: Table>(target: &str) -> Vec<Reference> {
    let all = row::references::<E>();
    let to_target = all.into_iter().filter(|(_, to)| to == target);
    let columns: Vec<String> = to_target.map(|(column, _)| column).collect();
    let table = E::KEPT.table;
    let known =
        E::Column::iter().filter(|column| columns.iter().any(|name| name == column.as_str()));
    known
        .map(|column| {
            let declared = column.def();
            let required = declared.clone().nullable() != declared;
            let name = column.as_str();
            Reference { table, column: name, whole: required || WHOLE.contains(&(table, name)) }
        })
        .collect()
}

impl Writer {
    /// Removes rows of a table. Where others refer to them this fails and says how many do, unless
    /// it is to cascade: then those that cannot be without them are removed too, and the others
    /// refer to nothing any more. Returns the ids of what was removed.
    pub async fn remove(
        &mut self,
        table: &str,
        numbers: Vec<i64>,
        cascade: bool,
        reason: Option<String>,
    ) -> Result<Vec<Id>, Error> {
        self.merge().await?;
        let mut removed = BTreeMap::<_, BTreeSet<i64>>::new();
        let mut dependants = BTreeMap::<&str, usize>::new();
        let Some(table) = TABLES.iter().copied().find(|known| *known == table) else {
            return Err(Error::internal(format!("there is no table {table}")));
        };
        let mut left = vec![(table, numbers)];
        while let Some((table, numbers)) = left.pop() {
            let known = removed.entry(table).or_default();
            let numbers: Vec<i64> =
                numbers.into_iter().filter(|number| known.insert(*number)).collect();
            if numbers.is_empty() {
                continue;
            }
            for Reference { table: other, column, whole } in referring(table) {
                let rows = self.referring_rows(other, column, &numbers).await?;
                let known = removed.get(other);
                let rows: Vec<i64> = rows
                    .into_iter()
                    .filter(|row| known.is_none_or(|known| !known.contains(row)))
                    .collect();
                match (rows.len(), cascade, whole) {
                    (0, ..) => {}
                    (count, false, _) => *dependants.entry(other).or_default() += count,
                    (_, true, true) => left.push((other, rows)),
                    (_, true, false) => {
                        of!(other, E => self.detach::<E>(rows, column).await?, else {});
                    }
                }
            }
        }
        if !dependants.is_empty() {
            let counts: Vec<String> =
                dependants.iter().map(|(table, count)| format!("{table}: {count}")).collect();
            let message = format!(
                "other rows refer to this {table} ({}); remove them first, or say `cascade: true`",
                counts.join(", ")
            );
            return Err(Error::Dependants(message.into()));
        }
        let mut ids = Vec::new();
        // What refers to others goes before them.
        for table in TABLES.iter().rev() {
            let numbers: Vec<i64> = removed.get(table).into_iter().flatten().copied().collect();
            match *table {
                _ if numbers.is_empty() => {}
                "observation" => {
                    self.retract(&numbers, reason.as_deref()).await?;
                    ids.extend(self.gone(&numbers).await?);
                }
                table => {
                    of!(table, E => self.take_away::<E>(&numbers).await?, else {});
                    ids.extend(numbers.iter().map(|number| Id::of_row(table, *number)));
                }
            }
        }
        self.by.reason = self.by.reason.take().or(reason);
        Ok(ids)
    }

    async fn referring_rows(
        &self,
        table: &str,
        column: &str,
        numbers: &[i64],
    ) -> Result<Vec<i64>, Error> {
        let mut rows = Vec::new();
        for numbers in numbers.chunks(CHUNK) {
            let sql = format!(
                "SELECT id FROM {table} WHERE {column} IN ({}) AND {} ORDER BY id",
                list(numbers),
                live(table)
            );
            let statement = Statement::from_string(self.backend(), sql);
            for row in self.transaction.query_all_raw(statement).await? {
                rows.push(row.try_get_by_index(0)?);
            }
        }
        Ok(rows)
    }

    /// Lets rows refer to nothing by a column.
    async fn detach<E: Table>(&mut self, numbers: Vec<i64>, column: &str) -> Result<(), Error> {
        let mut noted = Vec::with_capacity(numbers.len());
        let mut rows: Vec<_> = self.rows::<E>(numbers).await?.into_iter().collect();
        rows.sort_by_key(|(number, _)| *number);
        for (number, row) in rows {
            let before = change::columns::<E>(&row);
            let mut after = before.clone();
            after.insert(column.to_owned(), Json::Null);
            let after: E::Model =
                serde_json::from_value(Json::Object(after)).map_err(Error::internal)?;
            self.update::<E>(number, &after).await?;
            let key = self.name::<E>(&before);
            noted.push(Noted { kind: ChangeKind::Updated, row: number, key, before: Some(before) });
        }
        self.outcome.of(E::KEPT.table).updated += noted.len() as u64;
        self.note(E::KEPT.table, noted).await
    }

    /// Removes rows.
    async fn take_away<E: Table>(&mut self, numbers: &[i64]) -> Result<(), Error> {
        let removed = self.erase::<E>(numbers).await?;
        self.outcome.of(E::KEPT.table).removed += removed;
        Ok(())
    }

    /// The same without counting them among what was done. Returns how many there were.
    pub(super) async fn erase<E: Table>(&mut self, numbers: &[i64]) -> Result<u64, Error> {
        let Kept { table, standing, key, .. } = E::KEPT;
        if !key.is_empty() {
            // What it joins names it.
            for target in row::references::<E>().into_values() {
                self.know(&target).await?;
            }
        }
        let mut noted = Vec::with_capacity(numbers.len());
        let rows = self.rows::<E>(numbers.to_vec()).await?;
        for number in numbers {
            let Some(row) = rows.get(number) else { continue };
            let before = change::columns::<E>(row);
            let key = self.name::<E>(&before);
            if let Some(slugs) = self.slugs.get_mut(table) {
                slugs.remove(&key);
            }
            if let Some(names) = self.names.get_mut(table) {
                names.remove(number);
            }
            noted.push(Noted {
                kind: ChangeKind::Removed,
                row: *number,
                key,
                before: Some(before),
            });
        }
        for numbers in numbers.chunks(CHUNK) {
            let rows = format!("WHERE id IN ({})", list(numbers));
            // Figures of the past may refer to a row that has a name.
            let stays = E::Column::iter().any(|column| column.as_str() == "removed_at");
            let (sql, values) = match stays {
                true => (
                    format!("UPDATE {table} SET removed_at = $1, revision = revision + 1 {rows}"),
                    vec![entity::DateTime::from(self.now).into()],
                ),
                false => (format!("DELETE FROM {table} {rows}"), Vec::new()),
            };
            let statement = Statement::from_sql_and_values(self.backend(), sql, values);
            self.transaction.execute_raw(statement).await?;
        }
        index::remove(&self.transaction, standing, numbers.iter().copied()).await?;
        let removed = noted.len() as u64;
        self.note(table, noted).await?;
        Ok(removed)
    }

    /// Retracts figures: those in force, and those that wait.
    async fn retract(&mut self, numbers: &[i64], reason: Option<&str>) -> Result<(), Error> {
        self.prepare_stage().await?;
        let columns = STAGED.join(", ");
        for numbers in numbers.chunks(CHUNK) {
            let sql = format!(
                "INSERT INTO incoming (n, origin, line, mode, given, target, metric_id, district_id,
                    initiative_id, period, {columns}, reason)
                SELECT {} + row_number() OVER (ORDER BY id), 0, 0, '{RETRACT}', {}, id, metric_id,
                    district_id, coalesce(initiative_id, 0), period, {columns}, CAST($1 AS text)
                FROM observation WHERE id IN ({})",
                self.staged.count,
                all_given(),
                list(numbers)
            );
            let statement = Statement::from_sql_and_values(
                self.backend(),
                sql,
                [reason.map(str::to_owned).into()],
            );
            let staged = self.transaction.execute_raw(statement).await?.rows_affected();
            self.staged.count += i64::try_from(staged).map_err(Error::internal)?;
        }
        self.merge().await.map(drop)
    }

    /// The figures of which these are versions, if nothing stands for them any more: where one
    /// that waited for its day is withdrawn, what is public stays.
    async fn gone(&self, numbers: &[i64]) -> Result<BTreeSet<Id>, Error> {
        let mut gone = BTreeSet::new();
        for numbers in numbers.chunks(CHUNK) {
            let others = "o.metric_id = v.metric_id AND o.district_id = v.district_id \
                 AND coalesce(o.initiative_id, 0) = coalesce(v.initiative_id, 0) \
                 AND o.period = v.period";
            let sql = format!(
                "SELECT v.* FROM observation v WHERE v.id IN ({})
                AND NOT EXISTS (SELECT 1 FROM observation o WHERE {others} AND o.superseded_at IS NULL)
                AND NOT EXISTS (SELECT 1 FROM observation o WHERE {others} AND o.embargoed
                    AND o.embargo_ended_at IS NULL)",
                list(numbers)
            );
            let statement = Statement::from_string(self.backend(), sql);
            for row in self.transaction.query_all_raw(statement).await? {
                let row = observation::Model::from_query_result(&row, "")?;
                gone.insert(Id::of_figure(&Place::of(&row)));
            }
        }
        Ok(gone)
    }
}

/// Everything that refers to rows of a table.
fn referring(target: &str) -> Vec<Reference> {
    TABLES
        .iter()
        .flat_map(|table| of!(*table, E => references::<E>(target), else Vec::new()))
        .collect()
}

fn list(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}
