//! Cursors: where in a list a row stands.
//!
//! A cursor carries a version, the table and the order it belongs to, and the row's values in that
//! order. It is refused in any other order or list, rather than read as something it is not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Cell, Date, DateTime, Decimal, Quoted, Text};
use sea_orm::{ColumnType, EntityTrait, Value};
use serde::de::value::Error as Unfit;
use serde_json::Value as Json;

use super::{OrderBy, OrderKey, Row, Source, Table, row::place_of};
use crate::error::Error;

/// Raised whenever cursors of older versions could no longer be read.
const VERSION: u8 = 1;

/// The cursor of a row, given what it is ordered by that it does not hold itself and the order of
/// the list.
pub(super) fn encode<E: Table>(
    row: &Row<E>,
    beside: Vec<Json>,
    order: &[OrderBy<E::OrderKey>],
) -> Result<String, Error> {
    let mut beside = beside.into_iter();
    let mut values = Vec::with_capacity(order.len() + 1);
    for key in order {
        let source = key.by.source();
        values.push(match &source {
            Source::Elsewhere(_) => beside.next().unwrap_or_default(),
            Source::Text(column) => {
                let text: Option<Text> = row.get(place_of::<E>(*column))?;
                text.as_ref().and_then(|text| key.locale.read(text)).into()
            }
            Source::Column(column) => {
                let cell = row.cell(place_of::<E>(*column))?;
                to_json(cell, &source.kind()).map_err(Error::internal)?
            }
        });
    }
    let number: i64 = row.get(place_of::<E>(E::id()))?;
    values.push(number.into());
    Ok(seal(&signature::<E, E::OrderKey>(order), values))
}

/// The values of a cursor in the order, and last the row's number.
pub(super) fn decode<E, K>(
    argument: &str,
    cursor: &str,
    order: &[OrderBy<K>],
) -> Result<Vec<Value>, Error>
where
    E: EntityTrait,
    K: OrderKey<E>,
{
    let malformed = || refuse(argument, cursor, MALFORMED, ORDER);
    let parts = open(argument, cursor, &signature::<E, K>(order), ORDER)?;
    let [values @ .., id] = parts.as_slice() else {
        return Err(malformed());
    };
    if values.len() != order.len() {
        return Err(refuse(argument, cursor, ELSEWHERE, ORDER));
    }
    let keys = order.iter().map(|key| key.by.source());
    let mut decoded = values
        .iter()
        .zip(keys)
        .map(|(value, source)| from_json(value, &source.kind(), source.nullable()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(malformed)?;
    decoded.push(Value::BigInt(Some(id.as_i64().ok_or_else(malformed)?)));
    Ok(decoded)
}

/// A cursor that holds these values and belongs to what the signature says.
pub(super) fn seal(signature: &str, values: impl IntoIterator<Item = Json>) -> String {
    let mut parts = vec![Json::from(VERSION), Json::from(signature)];
    parts.extend(values);
    URL_SAFE_NO_PAD.encode(Json::from(parts).to_string())
}

/// The values of a cursor that belongs to what the signature says. `same` is which arguments must
/// be those it was returned for.
pub(super) fn open(
    argument: &str,
    cursor: &str,
    signature: &str,
    same: &str,
) -> Result<Vec<Json>, Error> {
    let malformed = || refuse(argument, cursor, MALFORMED, same);
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| malformed())?;
    let parts: Vec<Json> = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
    let [version, belongs, values @ ..] = parts.as_slice() else {
        return Err(malformed());
    };
    if version.as_u64() != Some(VERSION.into()) {
        return Err(refuse(argument, cursor, "a cursor of another version of this server", same));
    }
    if belongs.as_str() != Some(signature) {
        return Err(refuse(argument, cursor, ELSEWHERE, same));
    }
    Ok(values.to_vec())
}

/// What a text is that no server has returned as a cursor.
pub(super) const MALFORMED: &str = "which is no cursor";

/// What a cursor is where it does not belong.
pub(super) const ELSEWHERE: &str = "a cursor of another list or another order";

/// The argument that a list's cursor belongs to.
const ORDER: &str = "`orderBy` and languages";

pub(super) fn refuse(argument: &str, cursor: &str, why: &str, same: &str) -> Error {
    Error::input(format!(
        "`{argument}` is {}, {why}; give a cursor that this list returned for the same \
         {same}",
        Quoted(cursor)
    ))
}

/// What a cursor belongs to: the table and the order, of texts with their languages.
fn signature<E: EntityTrait, K: OrderKey<E>>(order: &[OrderBy<K>]) -> String {
    let mut signature = E::default().table_name().to_owned();
    for key in order {
        signature.push_str(&format!(" {:?} {:?} {:?}", key.by, key.direction, key.nulls));
        if key.by.source().is_text() {
            signature.push_str(&format!(" {}", key.locale.key()));
        }
    }
    signature
}

fn to_json(cell: Cell<'_>, kind: &ColumnType) -> Result<Json, Unfit> {
    Ok(match (kind, cell) {
        (_, Cell::Null) => Json::Null,
        (ColumnType::Boolean, cell) => cell.read::<bool>()?.into(),
        (ColumnType::Integer | ColumnType::BigInteger, cell) => cell.read::<i64>()?.into(),
        (ColumnType::Decimal(_), cell) => cell.read::<Decimal>()?.to_string().into(),
        (ColumnType::TimestampWithTimeZone, cell) => cell.read::<DateTime>()?.to_string().into(),
        (_, cell) => cell.read::<&str>()?.into(),
    })
}

fn from_json(value: &Json, kind: &ColumnType, nullable: bool) -> Option<Value> {
    let null = value.is_null();
    if null && !nullable {
        return None;
    }
    let text = || value.as_str();
    Some(match kind {
        ColumnType::Boolean if null => Value::Bool(None),
        ColumnType::Boolean => Value::Bool(Some(value.as_bool()?)),
        ColumnType::Integer if null => Value::Int(None),
        ColumnType::Integer => Value::Int(Some(value.as_i64()?.try_into().ok()?)),
        ColumnType::BigInteger if null => Value::BigInt(None),
        ColumnType::BigInteger => Value::BigInt(Some(value.as_i64()?)),
        ColumnType::Decimal(_) if null => Value::Decimal(None),
        ColumnType::Decimal(_) => text()?.parse::<Decimal>().ok()?.into(),
        ColumnType::Date if null => Value::ChronoDate(None),
        ColumnType::Date => text()?.parse::<Date>().ok()?.into(),
        ColumnType::TimestampWithTimeZone if null => Value::ChronoDateTimeUtc(None),
        ColumnType::TimestampWithTimeZone => text()?.parse::<DateTime>().ok()?.into(),
        _ if null => Value::String(None),
        _ => Value::String(Some(text()?.to_owned())),
    })
}
