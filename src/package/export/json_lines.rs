//! A JSON object on each line. Numbers that may have a fraction are texts, as they are in the API,
//! so that nobody rounds them.

use serde_json::{Map, Value as Json};

use super::{
    cells::Cells,
    encode::Encode,
    table::{Column, Kind},
};
use crate::error::Error;

/// A file of JSON lines under way.
pub(super) struct JsonLines {
    columns: Vec<Column>,
    bytes: Vec<u8>,
}

impl JsonLines {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, bytes: Vec::new() }
    }
}

impl Encode for JsonLines {
    fn rows(&mut self, rows: Vec<Cells>) -> Result<(), Error> {
        for row in rows {
            let mut object = Map::with_capacity(row.len());
            for (column, cell) in self.columns.iter().zip(row) {
                object.insert(column.name.clone(), value(column.field.kind, cell)?);
            }
            serde_json::to_writer(&mut self.bytes, &object).map_err(Error::internal)?;
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn take(&mut self) -> Result<Vec<u8>, Error> {
        Ok(std::mem::take(&mut self.bytes))
    }
}

/// A field as JSON.
pub(super) fn value(kind: Kind, cell: Option<String>) -> Result<Json, Error> {
    let Some(text) = cell else { return Ok(Json::Null) };
    Ok(match kind {
        Kind::Integer => text.parse::<i64>().map_err(Error::internal)?.into(),
        Kind::Boolean => (text == "true").into(),
        Kind::Geojson => serde_json::from_str(&text).map_err(Error::internal)?,
        _ => text.into(),
    })
}
