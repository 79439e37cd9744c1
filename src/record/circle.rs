//! Rows that would lie within themselves.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use sea_orm::{ConnectionTrait, Statement};

use super::{Problem, Writer, named::Table, row};
use crate::error::Error;

/// From how many rows on the whole table is read instead of what they lie in.
const MANY: usize = 5000;

/// Where the rows that were written lie from now on.
#[derive(Default)]
pub(super) struct Ways {
    origins: Vec<String>,
    rows: Vec<Way>,
    /// Whether rows that were there before lie elsewhere now.
    moved: bool,
}

/// A row, where it stands in a file, and what it lies in.
struct Way {
    number: i64,
    above: Option<i64>,
    origin: usize,
    line: u64,
}

impl Ways {
    /// Takes note of a row; `before` is what it lay in, if it was there.
    pub(super) fn note(
        &mut self,
        number: i64,
        before: Option<Option<i64>>,
        above: Option<i64>,
        (origin, line): (&str, u64),
    ) {
        if before.unwrap_or(None) == above {
            return;
        }
        self.moved |= before.is_some();
        if self.origins.last().is_none_or(|last| last != origin) {
            self.origins.push(origin.to_owned());
        }
        self.rows.push(Way { number, above, origin: self.origins.len() - 1, line });
    }
}

impl Writer {
    /// Refuses rows that would lie within themselves.
    pub(super) async fn refuse_circles<E: Table>(&mut self, ways: Ways) -> Result<(), Error> {
        let Some(column) = row::above::<E>().filter(|_| !ways.rows.is_empty()) else {
            return Ok(());
        };
        let table = E::KEPT.table;
        // What is new lies in itself only together with other new rows, or with one that moved.
        let mut up = match ways.moved {
            true => self.ancestors(table, &column, &ways).await?,
            false => HashMap::with_capacity(ways.rows.len()),
        };
        // Not all of them need be written, where something is wrong.
        let mut last = HashMap::with_capacity(ways.rows.len());
        for (place, way) in ways.rows.iter().enumerate() {
            last.insert(way.number, place);
            match way.above {
                Some(above) => up.insert(way.number, above),
                None => up.remove(&way.number),
            };
        }
        let circles = circles(&up);
        if circles.is_empty() {
            return Ok(());
        }
        let slugs = self.slugs.get(table).into_iter().flatten();
        let slugs: HashMap<i64, String> = slugs
            .filter(|(_, number)| circles.contains(number))
            .map(|(slug, number)| (*number, slug.clone()))
            .collect();
        for (place, way) in ways.rows.iter().enumerate() {
            if circles.contains(&way.number) && last.get(&way.number) == Some(&place) {
                let above = way.above.and_then(|above| slugs.get(&above));
                let above = above.map_or("", String::as_str);
                let why = row::wrong(row::name(&column), above, row::WITHIN);
                let origin = ways.origins[way.origin].clone();
                self.report(Problem { origin, line: Some(way.line), ..why });
            }
        }
        Ok(())
    }

    /// What the rows lie in, and what those lie in, all the way up.
    async fn ancestors(
        &self,
        table: &str,
        column: &str,
        ways: &Ways,
    ) -> Result<HashMap<i64, i64>, Error> {
        let above: HashSet<i64> = ways.rows.iter().filter_map(|way| way.above).collect();
        let sql = if above.is_empty() || above.len() > MANY {
            format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL")
        } else {
            let above: Vec<String> = above.iter().map(i64::to_string).collect();
            // Every row comes once, however many lie in it.
            format!(
                "WITH RECURSIVE up (id, above) AS (
                    SELECT id, {column} FROM {table}
                    WHERE id IN ({}) AND {column} IS NOT NULL
                    UNION SELECT o.id, o.{column} FROM up JOIN {table} o ON o.id = up.above
                    WHERE o.{column} IS NOT NULL)
                SELECT id, above FROM up",
                above.join(", ")
            )
        };
        let statement = Statement::from_string(self.backend(), sql);
        let mut up = HashMap::new();
        for row in self.transaction.query_all_raw(statement).await? {
            up.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        Ok(up)
    }
}

/// Those that come back to themselves on the way up.
pub(super) fn circles<K: Copy + Eq + Hash>(up: &HashMap<K, K>) -> HashSet<K> {
    let (mut circles, mut met) = (HashSet::new(), HashMap::with_capacity(up.len()));
    for (walk, start) in up.keys().enumerate() {
        let mut at = *start;
        while let Some(above) = up.get(&at)
            && !met.contains_key(&at)
        {
            met.insert(at, walk);
            at = *above;
        }
        // Met on this very walk, not on one before.
        if met.get(&at) == Some(&walk) {
            while circles.insert(at)
                && let Some(above) = up.get(&at)
            {
                at = *above;
            }
        }
    }
    circles
}
