//! Districts as GeoJSON (RFC 7946): their outlines, or the points that are known inside.

use serde_json::{Map, Value as Json, value::to_value};

use super::{
    cells::Sheet,
    json_lines::value,
    table::{Column, Kind},
};
use crate::error::Error;

/// A feature for each district that is anywhere, and how many are nowhere.
pub(super) fn features(sheet: Sheet) -> Result<(Vec<u8>, u64), Error> {
    let Sheet { columns, rows, .. } = sheet;
    let (mut lines, mut without) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        match feature(&columns, row)? {
            Some(line) => lines.push(line),
            None => without += 1,
        }
    }
    let features = lines.join(",\n");
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"withoutGeometry\":{without},\"features\":[\n{features}\n]}}\n"
    );
    Ok((text.into_bytes(), without))
}

fn feature(columns: &[Column], row: Vec<Option<String>>) -> Result<Option<String>, Error> {
    let (mut properties, mut outline) = (Map::new(), None);
    let (mut latitude, mut longitude) = (None, None);
    for (column, cell) in columns.iter().zip(row) {
        match (column.field.kind, &*column.name) {
            (Kind::Geojson, _) => outline = cell,
            (_, "latitude") => latitude = cell,
            (_, "longitude") => longitude = cell,
            (kind, name) => _ = properties.insert(name.to_owned(), value(kind, cell)?),
        }
    }
    // The decimals as they are, which JSON's numbers are too.
    let point = latitude.zip(longitude).map(|(latitude, longitude)| {
        format!("{{\"type\":\"Point\",\"coordinates\":[{longitude},{latitude}]}}")
    });
    let id = properties.get("slug").cloned().unwrap_or(Json::Null);
    let properties = to_value(properties).map_err(Error::internal)?;
    Ok(outline.or(point).map(|geometry| {
        format!(
            "{{\"type\":\"Feature\",\"id\":{id},\"geometry\":{geometry},\"properties\":{properties}}}"
        )
    }))
}
