//! What may be said of rows, and whether it is so.

use super::{
    Mode, Problem, Rows, Writer, change,
    named::{Table, same},
    row,
    tables::{chosen, of},
};
use crate::{
    error::Error,
    suggest::{Budget, closest_matches},
};

/// Whether a column of a table may hold a value, as far as that is known without its rows.
pub fn check(table: &str, column: &str, value: &str) -> Result<(), Problem> {
    of!(table, E => check_of::<E>(column, value), else Ok(()))
}

fn check_of<E: Table>(column: &str, value: &str) -> Result<(), Problem> {
    let table = E::KEPT.table;
    if column == "slug" {
        let why = "a slug is made of a name; say which column or value it is by --map or --set";
        return Err(Problem::of(table, None, why));
    }
    let fields = match row::columns::<E>(&only(column, value), Mode::Upsert) {
        Ok(fields) if column != row::IF_REVISION => fields,
        _ => {
            let names = row::names::<E>();
            let names = names.iter().map(String::as_str);
            let suggestions = closest_matches(column, names, &Budget::default());
            let why = Problem::of(table, None, format!("a {table} has no such column"));
            return Err(Problem { suggestions, ..why });
        }
    };
    row::may_hold::<E>(&fields, value)
}

/// A row of which nothing but this is said.
fn only(column: &str, value: &str) -> Rows {
    let rows = vec![(0, vec![value.to_owned()])];
    Rows { origin: String::new(), columns: vec![column.to_owned()], rows }
}

impl Writer {
    /// Whether a row that is there has a value in a column.
    pub async fn holds(
        &mut self,
        table: &'static str,
        slug: &str,
        column: &str,
        value: &str,
    ) -> Result<bool, Error> {
        of!(table, E => self.holds_in::<E>(slug, &only(column, value)).await, else Ok(false))
    }

    async fn holds_in<E: Table>(&mut self, slug: &str, said: &Rows) -> Result<bool, Error> {
        let Ok(columns) = row::columns::<E>(said, Mode::Upsert) else { return Ok(false) };
        for target in row::references::<E>().into_values() {
            self.know(&target).await?;
        }
        let number = self.knows(E::KEPT.table).await?.get(slug).copied();
        let found = self.rows::<E>(number.into_iter().collect()).await?;
        let Some(before) = found.into_values().next() else { return Ok(false) };
        let fields = said.rows.iter().flat_map(|(_, fields)| fields.clone()).collect::<Vec<_>>();
        let after = self.reading(&columns).row::<E>(change::columns::<E>(&before), &fields);
        Ok(after.is_ok_and(|after| same::<E>(&before, &after)))
    }
}
