//! What is written of many rows, one after the other, as JSON.

use std::ops::Range;

use async_graphql::{
    Name, QueryPathNode, Response, ServerError, ServerResult, Value, indexmap::IndexMap,
};
use async_graphql_value::RAW_VALUE_TOKEN;
use entity::column::{write_json, write_text};

use super::Env;

/// Something that was found of many rows, and can be written of each.
pub trait Written: Send {
    /// Writes the value of a row, given the place of its object in the answer. What was written of
    /// one that fails is for others to take back.
    fn write(
        &self,
        row: usize,
        object: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>>;
}

/// Writes a value; null where it may be null and fails, which is told.
pub(super) fn write_or_null(
    env: Env<'_>,
    optional: bool,
    to: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<ServerError>>,
) -> Result<(), Box<ServerError>> {
    let start = to.len();
    match write(to) {
        Err(error) if optional => {
            to.truncate(start);
            env.add_error(*error);
            to.extend_from_slice(b"null");
            Ok(())
        }
        written => written,
    }
}

/// The value of something for each of many rows, as it is written already: where its bytes are, or why
/// there is none and nothing may stand in its place.
#[derive(Default)]
pub struct Values {
    bytes: Vec<u8>,
    each: Vec<Result<Range<usize>, Box<ServerError>>>,
}

impl Values {
    /// Room for as many.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { bytes: Vec::with_capacity(rows * 64), each: Vec::with_capacity(rows) }
    }

    /// Writes the value of the next row. What was written of one that fails is taken back.
    pub(super) fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<ServerError>>,
    ) {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        if written.is_err() {
            self.bytes.truncate(start);
        }
        self.each.push(written.map(|()| start..self.bytes.len()));
    }

    /// Whether there is a value for each row.
    pub(super) fn is_whole(&self) -> bool {
        self.each.iter().all(Result::is_ok)
    }

    /// The value of the only row.
    pub(super) fn into_only(mut self) -> ServerResult<Value> {
        match self.each.pop() {
            Some(Ok(range)) => {
                self.bytes.truncate(range.end);
                self.bytes.drain(..range.start);
                Ok(raw(self.bytes))
            }
            Some(Err(error)) => Err(*error),
            None => Ok(Value::Null),
        }
    }

    /// The same where it may be null.
    pub(super) fn into_optional(self, env: Env<'_>) -> ServerResult<Value> {
        Ok(self.into_only().unwrap_or_else(|error| {
            env.add_error(error);
            Value::Null
        }))
    }
}

impl Written for Values {
    fn write(
        &self,
        row: usize,
        _: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        to.extend_from_slice(&self.bytes[self.each[row].clone()?]);
        Ok(())
    }
}

/// A value that is JSON already.
fn raw(json: Vec<u8>) -> Value {
    // All that is written is text.
    let json = String::from_utf8(json).unwrap_or_default();
    Value::Object(IndexMap::from([(Name::new(RAW_VALUE_TOKEN), Value::String(json))]))
}

/// The JSON of a value that is JSON already.
fn as_raw(fields: &IndexMap<Name, Value>) -> Option<&str> {
    match fields.first() {
        Some((name, Value::String(json))) if fields.len() == 1 && name == RAW_VALUE_TOKEN => {
            Some(json)
        }
        _ => None,
    }
}

/// Writes a value as JSON.
pub(super) fn write_value(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => match as_raw(fields) {
            Some(json) => to.extend_from_slice(json.as_bytes()),
            None => {
                to.push(b'{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        to.push(b',');
                    }
                    write_text(name, to);
                    to.push(b':');
                    write_value(value, to);
                }
                to.push(b'}');
            }
        },
        Value::List(items) => {
            to.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    to.push(b',');
                }
                write_value(item, to);
            }
            to.push(b']');
        }
        Value::Null => to.extend_from_slice(b"null"),
        Value::Boolean(truth) => to.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::String(text) => write_text(text, to),
        Value::Enum(word) => write_text(word, to),
        Value::Number(number) => write_json(number, to),
        Value::Binary(bytes) => write_json(&**bytes, to),
    }
}

/// Writes a response as JSON, without reading again what is JSON already.
pub fn write_response(response: &Response, to: &mut Vec<u8>) {
    to.extend_from_slice(b"{\"data\":");
    write_value(&response.data, to);
    if !response.extensions.is_empty() {
        to.extend_from_slice(b",\"extensions\":");
        write_json(&response.extensions, to);
    }
    if !response.errors.is_empty() {
        to.extend_from_slice(b",\"errors\":");
        write_json(&response.errors, to);
    }
    to.push(b'}');
}
