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
        let sql = format!(
            "SELECT (SELECT coalesce(max(id), 0) FROM {table} WHERE id < {HIDDEN}),
                (SELECT coalesce(max(id), {HIDDEN} - 1) FROM {table} WHERE id >= {HIDDEN})"
        );
        let last = self.ask(&sql, []).await?.pop();
        let last = last.ok_or_else(|| Error::internal("a question without an answer"))?;
        Ok(Numbers { public: last.try_get_by_index(0)?, hidden: last.try_get_by_index(1)? })
    }

    /// Notes which numbers were taken.
    pub(super) fn took(&mut self, table: &str, numbers: Numbers) {
        self.numbers.insert(table.to_owned(), numbers);
    }
}
