//! Files as tables of text, whatever their format, in bounded memory.

mod columnar;
mod delimited;
mod json;
mod place;
mod text;

use std::{fs::File, io::Read, path::Path};

use columnar::Columnar;
use delimited::Delimited;
pub(super) use delimited::Dialect;
use json::Objects;
pub(super) use place::{DESCRIPTOR, Opened, Place, of, open};
pub(super) use text::{encoding, whole};

use super::options::Format;
use crate::record::Problem;

/// How many columns a table may have.
pub(super) const COLUMNS_MAX: usize = 20_000;

/// How many bytes a field may have.
pub(super) const FIELD_MAX: usize = 1 << 20;

/// A table that is read row by row.
pub(super) trait Table {
    /// The names of its columns, an empty one for a column without.
    fn columns(&self) -> &[String];

    /// Reads the next row in the place of the one before, a field for each column, and tells its
    /// line. None at the end.
    fn next(&mut self, fields: &mut Vec<String>) -> Result<Option<u64>, Fault>;
}

/// What is wrong in a table.
pub(super) enum Fault {
    /// A row, after which others can be read.
    Row(Problem),
    /// All that follows.
    Whole(Problem),
}

impl Fault {
    fn into_problem(self) -> Problem {
        match self {
            Self::Row(problem) | Self::Whole(problem) => problem,
        }
    }
}

/// What a file is, by its first bytes and its name.
pub(super) fn format(name: &str, first: &[u8]) -> Format {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_lowercase();
    let start = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let letter = start.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
        Format::Package
    } else if first.starts_with(b"PAR1") || extension == "parquet" {
        Format::Parquet
    } else if matches!(letter, Some(b'{' | b'[')) {
        Format::Json
    } else {
        Format::Csv
    }
}

/// What a file is that is no table, by its first bytes, in words.
pub(super) fn no_table(first: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"\x89PNG", "an image (PNG)"),
        (b"\xff\xd8\xff", "an image (JPEG)"),
        (b"GIF8", "an image (GIF)"),
        (b"%PDF", "a PDF document"),
        (b"\x1f\x8b", "compressed (gzip): unpack it first"),
        (b"7z\xbc\xaf", "an archive (7z): unpack it first"),
        (b"Rar!", "an archive (RAR): unpack it first"),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd): unpack it first"),
        (b"ARROW1", "an Arrow file: write it as Parquet"),
        (b"SQLite format 3", "an SQLite database: write its table as CSV"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook: save its sheet as CSV"),
        (b"<", "XML or HTML"),
    ];
    KINDS.iter().find(|(start, _)| first.starts_with(start)).map(|(_, kind)| *kind)
}

/// Opens a file of a format as a table.
pub(super) fn table<'f>(
    origin: &str,
    opened: Opened<'f>,
    format: Format,
    dialect: &Dialect,
) -> Result<Box<dyn Table + 'f>, Problem> {
    let Opened { first, reader, file, read, set_down_max } = opened;
    let wrong = |why: &str| Problem::of(origin, None, why);
    match format {
        Format::Package => Err(wrong("it is an archive within an archive: unpack it first")),
        Format::Parquet => match file {
            Some(file) => Ok(Box::new(Columnar::open(origin, file, read)?)),
            // It is read from its end.
            None => {
                Ok(Box::new(Columnar::open(origin, set_down(origin, reader, set_down_max)?, read)?))
            }
        },
        _ if no_table(&first).is_some() => {
            Err(wrong(&format!("it is {}", no_table(&first).unwrap_or_default())))
        }
        Format::Json => Ok(Box::new(Objects::open(origin, reader, dialect.encoding)?)),
        Format::Csv | Format::SdmxCsv => Ok(Box::new(Delimited::open(origin, reader, dialect)?)),
    }
}

/// A file for what comes out of an archive; gone when it is closed.
fn set_down(origin: &str, reader: impl Read, most: u64) -> Result<File, Problem> {
    let wrong = |why| Problem::of(origin, None, format!("it cannot be read: {why}"));
    let mut file = tempfile::tempfile().map_err(wrong)?;
    if std::io::copy(&mut reader.take(most + 1), &mut file).map_err(wrong)? > most {
        let why = format!(
            "more than {most} bytes come out of the archive, too many for a Parquet file of its \
             size; unpack it yourself if you trust it"
        );
        return Err(Problem::of(origin, None, why));
    }
    Ok(file)
}

/// Reads the whole of a small file.
pub(super) fn small(origin: &str, reader: impl Read, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let unreadable = |why| Problem::of(origin, None, format!("it cannot be read: {why}"));
    reader.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > most {
        true => Err(Problem::of(origin, None, format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}
