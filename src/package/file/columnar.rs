//! Tables as Parquet, read row by row out of one group of rows at a time.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::DateTime;
use parquet::{
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::{Field, Row, reader::RowIter},
};

use super::{FIELD_MAX, Fault, Table};
use crate::record::Problem;

/// A Parquet file under way.
pub(in crate::package) struct Columnar {
    origin: String,
    columns: Vec<String>,
    rows: RowIter<'static>,
    row: u64,
    /// How many rows and bytes the file has, and how many bytes the rows so far come to.
    size: (u64, u64),
    read: Arc<AtomicU64>,
}

impl Columnar {
    /// Reads as far as the names of the columns.
    pub(in crate::package) fn open(
        origin: &str,
        file: File,
        read: Arc<AtomicU64>,
    ) -> Result<Self, Problem> {
        let bytes = file.metadata().map_or(0, |data| data.len());
        let wrong = |why| Problem::of(origin, None, format!("it is no Parquet file: {why}"));
        let reader = SerializedFileReader::new(file).map_err(wrong)?;
        let schema = reader.metadata().file_metadata().schema();
        let mut columns = Vec::new();
        for field in schema.get_fields() {
            if !field.is_primitive() {
                let why = "it holds lists or groups; a table has only plain columns";
                return Err(Problem::of(origin, None, why).at(field.name(), "nested"));
            }
            columns.push(field.name().to_owned());
        }
        let count = reader.metadata().file_metadata().num_rows();
        let size = (u64::try_from(count).unwrap_or(0).max(1), bytes);
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok(Self { origin: origin.to_owned(), columns, rows, row: 0, size, read })
    }
}

impl Table for Columnar {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, fields: &mut Vec<String>) -> Result<Option<u64>, Fault> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        self.row += 1;
        let (rows, bytes) = self.size;
        self.read.store(bytes.saturating_mul(self.row) / rows, Ordering::Relaxed);
        let wrong = |why: String| Problem::of(&self.origin, Some(self.row), why);
        let row: Row =
            row.map_err(|why| Fault::Whole(wrong(format!("it cannot be read: {why}"))))?;
        fields.clear();
        for (name, field) in row.get_column_iter() {
            match text(field) {
                Some(text) if text.len() <= FIELD_MAX => fields.push(text),
                Some(text) => {
                    let why = format!("the field has more than {FIELD_MAX} bytes");
                    return Err(Fault::Row(wrong(why).at(name, &text)));
                }
                None => {
                    let why = "it is no text, number, date, true or false".to_owned();
                    return Err(Fault::Row(wrong(why).at(name, &field.to_string())));
                }
            }
        }
        Ok(Some(self.row))
    }
}

/// A value as text: of a binary number the shortest decimal that names it.
fn text(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok()?.to_owned(),
        Field::Float16(number) => number.to_string(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Date(days) => {
            DateTime::from_timestamp(i64::from(*days) * 86_400, 0)?.date_naive().to_string()
        }
        Field::TimestampMillis(time) => DateTime::from_timestamp_millis(*time)?.to_rfc3339(),
        Field::TimestampMicros(time) => DateTime::from_timestamp_micros(*time)?.to_rfc3339(),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => return None,
        plain => plain.to_string(),
    })
}
