//! How lines become bytes, one file a form.

use super::cells::Cells;
use crate::error::Error;

/// A form of file under way.
pub(super) trait Encode: Send {
    /// Writes more lines.
    fn rows(&mut self, rows: Vec<Cells>) -> Result<(), Error>;

    /// Writes what comes after the last line.
    fn end(&mut self) -> Result<(), Error>;

    /// The bytes that are ready.
    fn take(&mut self) -> Result<Vec<u8>, Error>;
}
