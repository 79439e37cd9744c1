//! Pages of a list, by key and not by offset.
//!
//! A page is found by seeking to the row where the last one ended: its cost does not grow with its
//! depth, and rows inserted or removed meanwhile neither repeat nor hide others. One row more than
//! asked for tells whether there is another page; no second statement is run to find out.

use crate::error::Error;

/// How many rows a page may have.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Pages")]
#[group(skip)]
pub struct Limits {
    /// How many rows a list returns when neither `first` nor `last` is given
    #[arg(long, env = "HUTONG_PAGE_DEFAULT", value_name = "ROWS", global = true)]
    #[arg(default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub page_default: u32,
    /// The most rows a list may be asked for at once
    #[arg(long, env = "HUTONG_PAGE_MAX", value_name = "ROWS", global = true)]
    #[arg(default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub page_max: u32,
}

/// Which part of a list is asked for. Cursors are still text: only the list's order can read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many rows, at most.
    pub limit: u32,
    /// Whether they are counted from the end.
    pub backward: bool,
    /// Only rows after this cursor's.
    pub after: Option<String>,
    /// Only rows before this cursor's.
    pub before: Option<String>,
}

impl Page {
    /// A page from the four arguments every list has (Relay's connection specification).
    pub fn new(
        limits: &Limits,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self, Error> {
        let (name, rows, backward) = match (first, last) {
            (Some(_), Some(_)) => {
                return Err(Error::input(
                    "`first` and `last` cannot be given together; ask for one end of the list",
                ));
            }
            (None, Some(rows)) => ("last", rows, true),
            (Some(rows), None) => ("first", rows, false),
            (None, None) => {
                let limit = limits.page_default.min(limits.page_max);
                return Ok(Self { limit, backward: false, after, before });
            }
        };
        match u32::try_from(rows) {
            Ok(limit) if (1..=limits.page_max).contains(&limit) => {
                Ok(Self { limit, backward, after, before })
            }
            _ => Err(Error::input(format!(
                "`{name}` is {rows}, but must be from 1 to {}; read on from a page's cursor \
                 for more",
                limits.page_max
            ))),
        }
    }
}

/// Where a page ends on each side, as its cursors say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bounds<T> {
    pub(super) after: Option<T>,
    pub(super) before: Option<T>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// What is on it, in the list's order.
    pub items: Vec<T>,
    /// Whether the list goes on before it.
    pub has_previous: bool,
    /// Whether the list goes on after it.
    pub has_next: bool,
}

impl<T> Paged<T> {
    /// The same page of something else.
    pub fn map<U>(&self, item: impl Fn(&T) -> U) -> Paged<U> {
        Paged {
            items: self.items.iter().map(item).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}

impl Page {
    /// Reads the cursors, given each with the name of its argument.
    pub(super) fn bounds<T>(
        &self,
        read: impl Fn(&str, &str) -> Result<T, Error>,
    ) -> Result<Bounds<T>, Error> {
        let read = |argument: &str, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| read(argument, cursor)).transpose()
        };
        Ok(Bounds { after: read("after", &self.after)?, before: read("before", &self.before)? })
    }

    /// How many rows to read: one more than the page has, where it is to be seen whether there is
    /// another page.
    pub(super) fn rows(&self, more: bool) -> u64 {
        u64::from(self.limit) + u64::from(more)
    }

    /// Whether the list goes on before the page and after it, given how many rows were read. Rows on
    /// the other side of the cursor that the page starts from are not looked for: the row the cursor
    /// was made from is there, or was.
    pub(super) fn goes_on(&self, rows: usize) -> (bool, bool) {
        let more = rows > self.limit as usize;
        match self.backward {
            true => (more, self.before.is_some()),
            false => (self.after.is_some(), more),
        }
    }

    /// The page, from its rows in the order in which they were read: from its end where it is
    /// counted from there.
    pub(super) fn cut<T>(&self, mut rows: Vec<T>) -> Paged<T> {
        let (has_previous, has_next) = self.goes_on(rows.len());
        rows.truncate(self.limit as usize);
        if self.backward {
            rows.reverse();
        }
        Paged { items: rows, has_previous, has_next }
    }
}
