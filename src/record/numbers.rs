//! Numbers for new rows. Those that not everybody may see are numbered apart from the others, which
//! tell nothing of them.

use super::Writer;
use crate::error::Error;
use entity::HIDDEN;

/// The highest numbers that were given so far to rows of a table: to those that everybody may see,
/// and to the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) public: i64,
    pub(super) hidden: i64,
}

impl Numbers {
    /// A number for a new row; `hidden` where not everybody may see it.
    pub(super) fn next(&mut self, hidden: bool) -> i64 {
        let last = if hidden { &mut self.hidden } else { &mut self.public };
        *last += 1;
        *last
    }
}

/// Whether a row with this number is one that not everybody may see.
pub(super) fn is_hidden(number: i64) -> bool {
    number >= HIDDEN
}

impl Writer {
    /// The numbers for new rows of a table, to be given back with those that were taken
    /// ([`Writer::took`]).
    pub(super) async fn numbers(&mut self, table: &str) -> Result<Numbers, Error> {
        if let Some(numbers) = self.numbers.get(table) {
            return Ok(*numbers);
        }
        // No row ever gets the number of another, for ids are made of it: not even of one that was
        // removed without a trace but its change.
        let last = |there: &str, none: i64| {
            format!(
                "(SELECT coalesce(max(last), {none}) FROM
                    (SELECT max(id) AS last FROM {table} WHERE id {there} UNION ALL
                    SELECT max(row) FROM change WHERE entity = '{table}' AND row {there}) AS given)"
            )
        };
        let public = last(&format!("< {HIDDEN}"), 0);
        let sql = format!("SELECT {public}, {}", last(&format!(">= {HIDDEN}"), HIDDEN - 1));
        let last = self.ask(&sql, []).await?.pop();
        let last = last.ok_or_else(|| Error::internal("a question without an answer"))?;
        Ok(Numbers { public: last.try_get_by_index(0)?, hidden: last.try_get_by_index(1)? })
    }

    /// Notes which numbers were taken.
    pub(super) fn took(&mut self, table: &str, numbers: Numbers) {
        self.numbers.insert(table.to_owned(), numbers);
    }
}
