//! How far an import is.

/// Whoever wants to know how far an import is.
pub trait Progress: Send {
    /// A file is begun; how many bytes it has, 0 where that is not known.
    fn begin(&mut self, file: &str, bytes: u64);
    /// How many bytes of it are read by now, and how many rows of all files were written.
    fn advance(&mut self, bytes: u64, rows: u64);
    /// All is read; what was written is being settled.
    fn settle(&mut self) {}
}

/// Nobody wants to know.
impl Progress for () {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64, _: u64) {}
}
