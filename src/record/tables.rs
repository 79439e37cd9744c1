//! Every table that is written to.

use super::{
    check,
    named::{Kept, Table},
};

/// Hands every table rows can be written to, each after those it refers to, to the macro `to`:
/// where its rows stand among results of a search that fit alike, a number of its own that never
/// changes, since the index keeps it; what names a row that has no slug; and the check that its
/// columns' types do not make.
macro_rules! tables {
    ($to:ident $($given:tt)*) => {
        $to! {
            [$($given)*]
            source 80,
            unit 60,
            theme 20,
            district 10; check district,
            organization 30,
            initiative 40,
            initiative_organization 110 by ["initiative_id", "organization_id", "role"],
            metric 50,
            initiative_metric 100 by ["initiative_id", "metric_id"],
            observation 90,
            claim 70; check claim,
        }
    };
}

macro_rules! declare {
    ([] $($table:ident $standing:literal $(by $key:expr)? $(; check $check:ident)?,)+) => {
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
                    check: declare!(@check $($check)?),
                };
            }
        )+
    };
    (@key) => { &[] };
    (@key $key:expr) => { &$key };
    (@check) => { |_| Ok(()) };
    (@check $check:ident) => { check::$check };
}

tables!(declare);

/// Does something with the table of a name: `of!(name, E => done::<E>(), else other)`.
macro_rules! of {
    ($($given:tt)*) => { tables!(chosen $($given)*) };
}

macro_rules! chosen {
    (
        [$name:expr, $entity:ident => $done:expr, else $other:expr]
        $($table:ident $standing:literal $(by $key:expr)? $(; check $check:ident)?,)+
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

pub(super) use {chosen, of, tables};
