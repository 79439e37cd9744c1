//! What the side that reads hands to the side that writes: rows in handy batches, what is wrong,
//! and what else there is to say.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc::Sender;

use crate::record::{Dataset, Problem, Rows};

/// How many rows are handed over at once, at most.
pub(super) const ROWS_MAX: usize = 5000;

/// How many bytes of text, about.
const BYTES_MAX: usize = 4 << 20;

/// One thing handed over.
pub(super) enum Parcel {
    /// Rows of a table.
    Rows(&'static str, Rows),
    /// Something that is wrong.
    Problem(Problem),
    /// What an option says of a row that is there already.
    Said(SaidRow),
    /// What is said of the data as a whole, where nothing is yet.
    Dataset(Dataset),
    /// How many cells held no figure, and how many numbers were rounded.
    Passed { left_out: u64, rounded: u64 },
    /// A new file is begun, of that many bytes.
    Begun(String, u64),
    /// How many bytes of it were read.
    Read(u64),
}

/// What an option says of a row that is there already: no more than is so.
pub(super) struct SaidRow {
    /// What is wrong if it is not so.
    pub(super) problem: Problem,
    pub(super) table: &'static str,
    pub(super) slug: String,
    pub(super) column: String,
    pub(super) value: String,
}

/// The writing side is gone, for it failed.
pub(super) struct Gone;

/// The way to the side that writes.
pub(super) struct Out {
    sender: Sender<Parcel>,
    /// How many bytes were read of the file under way.
    pub(super) read: Arc<AtomicU64>,
    /// Whether something was wrong so far.
    wrong: Cell<bool>,
}

impl Out {
    pub(super) fn new(sender: Sender<Parcel>) -> Self {
        Self { sender, read: Arc::default(), wrong: Cell::new(false) }
    }

    pub(super) fn send(&self, parcel: Parcel) -> Result<(), Gone> {
        self.sender.blocking_send(parcel).map_err(|_| Gone)
    }

    pub(super) fn problem(&self, problem: Problem) -> Result<(), Gone> {
        self.wrong.set(true);
        self.send(Parcel::Problem(problem))
    }

    /// Whether nothing was wrong so far with what was read.
    pub(super) fn is_sound(&self) -> bool {
        !self.wrong.get()
    }

    /// Hands rows over, and how far the file was read.
    pub(super) fn rows(&self, rows: Parcel) -> Result<(), Gone> {
        self.send(rows)?;
        self.send(Parcel::Read(self.read.load(Ordering::Relaxed)))
    }
}

/// Rows that wait until they are worth handing over.
pub(super) struct Batch {
    rows: Rows,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(origin: &str, columns: Vec<String>) -> Self {
        Self { rows: Rows { origin: origin.to_owned(), columns, rows: Vec::new() }, bytes: 0 }
    }

    /// One more row; whether there are enough now.
    pub(super) fn add(&mut self, line: u64, fields: Vec<String>) -> bool {
        self.bytes += fields.iter().map(|field| field.len() + 24).sum::<usize>();
        self.rows.rows.push((line, fields));
        self.rows.rows.len() >= ROWS_MAX || self.bytes >= BYTES_MAX
    }

    /// What has gathered.
    pub(super) fn take(&mut self) -> Option<Rows> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows.rows);
        let (origin, columns) = (self.rows.origin.clone(), self.rows.columns.clone());
        (!rows.is_empty()).then_some(Rows { origin, columns, rows })
    }
}
