//! Columns as fields of the schema: what they are called there, what is said of them, and how what
//! they hold is written.

use std::{fmt::Display, io::Write};

use async_graphql::{OutputType, registry::Registry, resolver_utils::EnumType};
use serde::{
    Serialize,
    de::{DeserializeOwned, Error as _, value::Error as Unfit},
};

use crate::{Cell, Date, DateTime, Decimal, Frequency, Geometry, Period, Text};

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// Its description, as its comment has it.
    pub description: &'static str,
    /// See [`ColumnValue::type_info`].
    pub type_info: fn(&mut Registry) -> Option<String>,
    /// See [`ColumnValue::copy`].
    pub copy: CopyCell,
}

/// Writes what a statement returned as JSON.
pub type CopyCell = fn(Cell<'_>, &[SubField], &mut Vec<u8>) -> Result<(), Unfit>;

/// A row of a table whose columns the schema knows.
pub trait Columns {
    /// Its columns, in order.
    fn columns() -> Vec<Column>;
}

/// A field that is asked for of an object that stands in a single column.
#[derive(Debug)]
pub struct SubField {
    /// By what key it is answered, as JSON with a colon: `"start":`.
    pub key: Vec<u8>,
    /// Its name.
    pub name: String,
}

impl SubField {
    /// Writes an object: of each field its key, and then what `write` makes of its name.
    pub fn write_object(
        fields: &[Self],
        to: &mut Vec<u8>,
        typename: &str,
        write: impl Fn(&str, &mut Vec<u8>),
    ) {
        to.push(b'{');
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                to.push(b',');
            }
            to.extend_from_slice(&field.key);
            match field.name.as_str() {
                "__typename" => write_text(typename, to),
                name => write(name, to),
            }
        }
        to.push(b'}');
    }
}

/// What a column holds.
pub trait ColumnValue: DeserializeOwned {
    /// Makes its type known to the schema and returns how the schema spells it; `None` for what
    /// reaches clients in another form: the number of a row, a text in several languages.
    fn type_info(registry: &mut Registry) -> Option<String>;

    /// Writes it as JSON: of an object, the fields that are asked for.
    fn write(&self, fields: &[SubField], to: &mut Vec<u8>);

    /// The same of what a statement returned. Fails where that is none.
    fn copy(cell: Cell<'_>, fields: &[SubField], to: &mut Vec<u8>) -> Result<(), Unfit> {
        cell.read::<Self>().map(|value| value.write(fields, to))
    }
}

/// Writes a text as JSON.
pub fn write_text(text: &str, to: &mut Vec<u8>) {
    write_json(text, to);
}

/// Writes a value as JSON.
pub fn write_json(value: &(impl Serialize + ?Sized), to: &mut Vec<u8>) {
    // Writing to memory does not fail, and all keys are text.
    let _ = serde_json::to_writer(to, value);
}

/// Writes what has no sign in it that JSON would write otherwise.
fn write_quoted(plain: impl Display, to: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(to, "\"{plain}\"");
}

/// Writes a word of an enum as JSON.
pub fn write_word<T: EnumType>(word: &T, to: &mut Vec<u8>) {
    let name = T::items().iter().find(|item| item.value == *word).map_or("", |item| item.name);
    write_text(name, to);
}

impl<T: ColumnValue> ColumnValue for Option<T> {
    fn type_info(registry: &mut Registry) -> Option<String> {
        T::type_info(registry).map(|required| required.trim_end_matches('!').to_owned())
    }

    fn write(&self, fields: &[SubField], to: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(fields, to),
            None => to.extend_from_slice(b"null"),
        }
    }

    fn copy(cell: Cell<'_>, fields: &[SubField], to: &mut Vec<u8>) -> Result<(), Unfit> {
        match cell {
            Cell::Null => {
                to.extend_from_slice(b"null");
                Ok(())
            }
            cell => T::copy(cell, fields, to),
        }
    }
}

impl ColumnValue for String {
    fn type_info(registry: &mut Registry) -> Option<String> {
        Some(<Self as OutputType>::create_type_info(registry))
    }

    fn write(&self, _: &[SubField], to: &mut Vec<u8>) {
        write_text(self, to);
    }

    fn copy(cell: Cell<'_>, _: &[SubField], to: &mut Vec<u8>) -> Result<(), Unfit> {
        cell.read::<&str>().map(|text| write_text(text, to))
    }
}

macro_rules! column_values {
    ($($type:ty: $value:ident, $to:ident => $write:expr;)+) => {$(
        impl ColumnValue for $type {
            fn type_info(registry: &mut Registry) -> Option<String> {
                Some(<$type as OutputType>::create_type_info(registry))
            }

            fn write(&self, _: &[SubField], $to: &mut Vec<u8>) {
                let $value = self;
                $write;
            }
        }
    )+};
}

column_values! {
    bool: truth, to => write_json(truth, to);
    i32: number, to => write_json(number, to);
    Decimal: number, to => write_quoted(number, to);
    Date: day, to => write_quoted(day.0, to);
    DateTime: moment, to => write_quoted(moment, to);
    Frequency: word, to => write_word(word, to);
    Geometry: geometry, to => write_json(geometry, to);
}

impl ColumnValue for i64 {
    fn type_info(_: &mut Registry) -> Option<String> {
        None
    }

    fn write(&self, _: &[SubField], _: &mut Vec<u8>) {}
}

impl ColumnValue for Text {
    fn type_info(_: &mut Registry) -> Option<String> {
        None
    }

    fn write(&self, _: &[SubField], _: &mut Vec<u8>) {}
}

impl ColumnValue for Period {
    fn type_info(registry: &mut Registry) -> Option<String> {
        Some(<Self as OutputType>::create_type_info(registry))
    }

    fn write(&self, fields: &[SubField], to: &mut Vec<u8>) {
        SubField::write_object(fields, to, "TimePeriod", |name, to| match name {
            "code" => write_quoted(self, to),
            "start" => Date(self.first_day()).write(&[], to),
            "end" => Date(self.last_day()).write(&[], to),
            _ => self.length().write(&[], to),
        });
    }

    fn copy(cell: Cell<'_>, fields: &[SubField], to: &mut Vec<u8>) -> Result<(), Unfit> {
        let span = cell.read::<&str>()?;
        if fields.iter().all(|field| field.name == "code")
            && let Some((year, rest)) = Self::code_of_span(span)
        {
            SubField::write_object(fields, to, "", |_, to| {
                to.push(b'"');
                to.extend_from_slice(year.as_bytes());
                to.extend_from_slice(rest.as_bytes());
                to.push(b'"');
            });
            return Ok(());
        }
        let period: Self = span.parse().map_err(Unfit::custom)?;
        period.write(fields, to);
        Ok(())
    }
}

/// Declares the row of a table, and tells the schema of its columns: each column's comment is its
/// description there.
#[macro_export]
macro_rules! columns {
    (@doc doc = $line:literal) => { concat!($line, "\n") };
    (@doc $($other:tt)*) => { "" };
    (
        @of
        $(#[$($outer:tt)*])*
        pub struct $model:ident {
            $( $(#[$($attribute:tt)*])* pub $name:ident: $type:ty, )+
        }
    ) => {
        /// The columns, by their names: as a number, the place of each among all.
        #[allow(non_camel_case_types, reason = "they are spelt as the columns are")]
        #[derive(Debug, Clone, Copy)]
        pub enum Place {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                $name,
            )+
        }

        impl $crate::column::Columns for $model {
            fn columns() -> Vec<$crate::column::Column> {
                vec![$(
                    $crate::column::Column {
                        name: stringify!($name),
                        description: concat!($($crate::columns!(@doc $($attribute)*)),*),
                        type_info: <$type as $crate::column::ColumnValue>::type_info,
                        copy: <$type as $crate::column::ColumnValue>::copy,
                    },
                )+]
            }
        }
    };
    ($($model:tt)*) => {
        $($model)*
        $crate::columns!(@of $($model)*);
    };
}
