//! What the writer knows of every table.

use super::{
    check,
    named::{Kept, Table},
};
use crate::query::figure::Place;

macro_rules! declare {
    ([] $($table:ident $standing:literal $(by $key:expr)?,)+) => {
        /// The tables rows can be written to, each after those it refers to.
        pub const TABLES: &[&str] = &[$(stringify!($table),)+];

        /// The table with this standing among the results of a search.
        pub fn standing(number: i64) -> Option<&'static str> {
            match number {
                $($standing => Some(stringify!($table)),)+
                _ => None,
            }
        }

        $(
            impl Table for entity::$table::Entity {
                const KEPT: Kept<Self> = Kept {
                    table: stringify!($table),
                    standing: $standing,
                    key: declare!(@key $($key)?),
                    check: declare!(@check $table),
                    figure: declare!(@figure $table),
                };
            }
        )+
    };
    (@key) => { &[] };
    (@key $key:expr) => { &$key };
    // What the types of the columns do not make sure of.
    (@check district) => { check::district };
    (@check claim) => { check::claim };
    (@check $table:ident) => { |_| Ok(()) };
    (@figure observation) => { |row| Some(Place::of(row)) };
    (@figure $table:ident) => { |_| None };
}

entity::tables!(declare);

/// Does something with the table of a name: `of!(name, E => done::<E>(), else other)`.
macro_rules! of {
    ($($given:tt)*) => { entity::tables!(chosen $($given)*) };
}

macro_rules! chosen {
    (
        [$name:expr, $entity:ident => $done:expr, else $other:expr]
        $($table:ident $standing:literal $(by $key:expr)?,)+
    ) => {
        match $name {
            $(stringify!($table) => {
                type $entity = entity::$table::Entity;
                $done
            })+
            _ => $other,
        }
    };
}

pub(super) use {chosen, of};
