//! How far an import is.

use std::sync::Arc;

use crate::record::Watcher;

/// Whoever wants to know how far an import is.
pub trait Progress: Send {
    /// A file is begun; how many bytes it has, 0 where that is not known.
    fn begin(&mut self, file: &str, bytes: u64);
    /// How many bytes of it are read by now, and how many rows of all files were written.
    fn advance(&mut self, bytes: u64, rows: u64);
    /// Who is told of the steps by which the figures that were read are brought to where they
    /// belong: at the end, or before rows that may refer to them.
    fn watcher(&self) -> Watcher;
}

/// Nobody wants to know.
impl Progress for () {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64, _: u64) {}
    fn watcher(&self) -> Watcher {
        Arc::new(|_| {})
    }
}
