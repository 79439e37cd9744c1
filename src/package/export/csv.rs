//! Lines with commas (RFC 4180): every text as it is.

use csv::{Writer, WriterBuilder};

use super::{cells::Cells, encode::Encode};
use crate::error::Error;

/// A file of comma-separated values under way.
pub(super) struct Csv {
    lines: Writer<Vec<u8>>,
}

impl Csv {
    /// A file that begins with the names of its columns.
    pub(super) fn new<'c>(columns: impl IntoIterator<Item = &'c str>) -> Result<Self, Error> {
        let mut csv = Self { lines: empty() };
        csv.lines.write_record(columns).map_err(Error::internal)?;
        Ok(csv)
    }
}

fn empty() -> Writer<Vec<u8>> {
    WriterBuilder::new().from_writer(Vec::new())
}

impl Encode for Csv {
    fn rows(&mut self, rows: Vec<Cells>) -> Result<(), Error> {
        for row in rows {
            let cells = row.iter().map(|cell| cell.as_deref().unwrap_or_default());
            self.lines.write_record(cells).map_err(Error::internal)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn take(&mut self) -> Result<Vec<u8>, Error> {
        std::mem::replace(&mut self.lines, empty()).into_inner().map_err(Error::internal)
    }
}
