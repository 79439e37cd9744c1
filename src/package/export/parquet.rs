//! Parquet: columns, compressed with Zstandard. Values are decimals with as many places as the most
//! exact one of the file has, days are dates, and everything else is text or a whole number.

use std::sync::Arc;

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use super::{
    cells::Cells,
    encode::Encode,
    figures::Survey,
    table::{Column, Kind},
};
use crate::error::Error;

/// How many lines stand together.
const GROUP: usize = 20_000;

/// The most digits a decimal of the format may have that others read.
const DIGITS: usize = 38;

/// How many bytes such a decimal takes.
const BYTES: i32 = 16;

/// A Parquet file under way.
pub(super) struct Parquet {
    columns: Vec<Column>,
    scale: usize,
    file: SerializedFileWriter<Vec<u8>>,
    /// Lines that are no whole group yet.
    waiting: Vec<Cells>,
}

impl Parquet {
    /// A file of figures like those that were looked at. Fails where no decimal holds all of them.
    pub(super) fn new(columns: Vec<Column>, survey: &Survey) -> Result<Self, Error> {
        let Survey { whole, scale, .. } = *survey;
        if whole + scale > DIGITS {
            return Err(Error::input(format!(
                "the values have up to {whole} digits before the point and {scale} after it, more \
                 than the {DIGITS} that a column of Parquet keeps exactly; export them as CSV, or \
                 fewer of them by a filter"
            )));
        }
        let fields = columns.iter().map(|column| field(column, scale).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("observation").with_fields(fields).build();
        let properties = WriterProperties::builder()
            .set_created_by("hutong".to_owned())
            .set_compression(Compression::ZSTD(Default::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let schema = Arc::new(schema.map_err(Error::internal)?);
        let file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
        Ok(Self { columns, scale, file: file.map_err(Error::internal)?, waiting: Vec::new() })
    }

    fn group(&mut self, mut rows: Vec<Cells>) -> Result<(), Error> {
        let mut group = self.file.next_row_group().map_err(Error::internal)?;
        for (at, column) in self.columns.iter().enumerate() {
            let cells: Vec<Option<String>> = rows.iter_mut().map(|row| row[at].take()).collect();
            let mut writer = group.next_column().map_err(Error::internal)?.ok_or_else(|| {
                Error::internal("a Parquet file has fewer columns than its lines")
            })?;
            write(&mut writer, column, cells, self.scale)?;
            writer.close().map_err(Error::internal)?;
        }
        group.close().map_err(Error::internal).map(drop)
    }
}

impl Encode for Parquet {
    fn rows(&mut self, rows: Vec<Cells>) -> Result<(), Error> {
        self.waiting.extend(rows);
        while self.waiting.len() >= GROUP {
            let rest = self.waiting.split_off(GROUP);
            let rows = std::mem::replace(&mut self.waiting, rest);
            self.group(rows)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.waiting);
        if !rows.is_empty() {
            self.group(rows)?;
        }
        self.file.finish().map_err(Error::internal).map(drop)
    }

    fn take(&mut self) -> Result<Vec<u8>, Error> {
        self.file.flush().map_err(Error::internal)?;
        // The writer counts what it has written and never looks back.
        Ok(std::mem::take(self.file.inner_mut()))
    }
}

fn field(column: &Column, scale: usize) -> Result<Type, Error> {
    let (physical, logical) = match column.field.kind {
        Kind::Number => {
            let logical = LogicalType::decimal(scale as i32, DIGITS as i32);
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(logical))
        }
        Kind::Integer => (Physical::INT32, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = match column.field.is_required() {
        true => Repetition::REQUIRED,
        false => Repetition::OPTIONAL,
    };
    let mut field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical);
    if physical == Physical::FIXED_LEN_BYTE_ARRAY {
        field = field.with_length(BYTES).with_precision(DIGITS as i32).with_scale(scale as i32);
    }
    field.build().map_err(Error::internal)
}

fn write(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    cells: Vec<Option<String>>,
    scale: usize,
) -> Result<(), Error> {
    let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
    let levels = (!column.field.is_required()).then_some(levels.as_slice());
    let cells = cells.into_iter().flatten();
    let written = match column.field.kind {
        Kind::Number => {
            let values = cells.map(|text| decimal(&text, scale)).collect::<Result<Vec<_>, _>>()?;
            writer.typed::<FixedLenByteArrayType>().write_batch(&values, levels, None)
        }
        Kind::Integer => {
            let values = cells.map(|text| text.parse()).collect::<Result<Vec<i32>, _>>();
            let values = values.map_err(Error::internal)?;
            writer.typed::<Int32Type>().write_batch(&values, levels, None)
        }
        Kind::Date => {
            let values = cells.map(|text| day(&text)).collect::<Result<Vec<_>, _>>()?;
            writer.typed::<Int32Type>().write_batch(&values, levels, None)
        }
        _ => {
            let values: Vec<ByteArray> =
                cells.map(|text| ByteArray::from(text.into_bytes())).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, levels, None)
        }
    };
    written.map_err(Error::internal).map(drop)
}

/// A number as the whole number that it is in units of the last decimal.
fn decimal(text: &str, scale: usize) -> Result<FixedLenByteArray, Error> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{decimals:0<scale$}");
    let number: i128 = digits.parse().map_err(Error::internal)?;
    Ok(FixedLenByteArray::from(number.to_be_bytes().to_vec()))
}

/// A day as the days since 1970.
fn day(text: &str) -> Result<i32, Error> {
    let day: chrono::NaiveDate = text.parse().map_err(Error::internal)?;
    let since = day.signed_duration_since(chrono::NaiveDate::default()).num_days();
    i32::try_from(since).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let number = |text, scale| {
            let bytes = decimal(text, scale).unwrap();
            i128::from_be_bytes(bytes.data().try_into().unwrap())
        };
        assert_eq!(number("8.7", 2), 870);
        assert_eq!(number("-0.05", 2), -5);
        assert_eq!(number("2400000000000", 0), 2_400_000_000_000);
        assert_eq!(number("-1", 3), -1000);
        assert_eq!(day("1970-01-02").unwrap(), 1);
        assert_eq!(day("1949-10-01").unwrap(), -7397);
    }
}
