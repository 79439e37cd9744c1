//! For whom lists are: for the root, or for many parents at once, whose keys are one parameter.

use std::sync::Arc;

use entity::Cell;
use sea_orm::{
    DbBackend, EntityTrait, IdenStatic,
    sea_query::{Condition, Expr, ExprTrait, FunctionCall},
};

use super::{Dimension, KEYS, Scope, Table, column, condition::either, figure, keys, version};
use crate::error::Error;

/// The name of a statement's first column.
pub(super) const PARENT: &str = "parent";

/// The parent of the one list that has none, the root's.
pub const ROOT: i64 = 0;

/// Whose rows a list has.
#[derive(Debug, Clone)]
pub enum Parent<C> {
    /// All rows of the table.
    Root,
    /// The rows whose column holds the number asked for.
    Column(C),
    /// The figures of a group by these dimensions.
    Group(Arc<[Dimension]>),
    /// The rows whose column holds the number of any version of a figure.
    About(C),
    /// All versions of a figure, whether lists show them or not.
    Versions,
}

/// For whom a list is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The row with this number, or [`ROOT`].
    Number(i64),
    /// The group with these values, or the figure with this place in a series, a JSON array.
    Group(Arc<str>),
}

impl<C: IdenStatic> Parent<C> {
    /// The rows of the key in the column [`KEYS`]; none for the root.
    pub(super) fn condition<E>(&self, backend: DbBackend) -> Option<Condition>
    where
        E: EntityTrait<Column = C>,
    {
        let key = Expr::col((KEYS, KEYS));
        match self {
            Self::Root => None,
            Self::Column(_) => self.holds::<E>(key),
            Self::Group(dimensions) => Some(Dimension::all(dimensions, &key, backend)),
            Self::About(column) => {
                let versions = figure::numbers_of_key(backend);
                Some(Condition::all().add(super::column::<E>(*column).in_subquery(versions)))
            }
            Self::Versions => Some(figure::of_key(backend)),
        }
    }

    /// The rows whose column holds this key; none where no column tells a parent.
    pub(super) fn holds<E>(&self, key: Expr) -> Option<Condition>
    where
        E: EntityTrait<Column = C>,
    {
        match self {
            Self::Column(parent) => Some(Condition::all().add(column::<E>(*parent).eq(key))),
            _ => None,
        }
    }

    /// The rows that are there to be listed, in ways of which no row goes two.
    pub(super) fn ways<E>(&self, scope: Scope) -> Vec<Condition>
    where
        E: Table<Column = C>,
    {
        match self {
            Self::Versions => version::versions(scope),
            _ => E::listed(scope),
        }
    }

    /// Those that are like this. Each way says all of it, so that an index made for the way finds
    /// them.
    pub(super) fn rows<E>(&self, like: Option<&Condition>, scope: Scope) -> Condition
    where
        E: Table<Column = C>,
    {
        either(self.ways::<E>(scope), like)
    }

    /// The key of a parent as a statement returns it.
    pub(super) fn read_key(&self, cell: Cell<'_>) -> Result<Key, Error> {
        match (self, cell) {
            (Self::Group(_) | Self::About(_) | Self::Versions, Cell::Text(key)) => {
                Ok(Key::Group(key.into()))
            }
            (Self::Root | Self::Column(_), Cell::Integer(number)) => Ok(Key::Number(number)),
            (_, other) => Err(Error::internal(format!("{other:?} is no key of a parent"))),
        }
    }

    /// The keys as one parameter.
    pub(super) fn keys(&self, backend: DbBackend, wanted: &[Key]) -> Result<FunctionCall, Error> {
        let numbers = || wanted.iter().filter_map(Key::number).collect::<Vec<i64>>();
        let groups = || {
            let texts = wanted.iter().filter_map(|key| match key {
                Key::Group(text) => Some(text.to_string()),
                Key::Number(_) => None,
            });
            texts.collect::<Vec<String>>()
        };
        match self {
            Self::Group(_) | Self::About(_) | Self::Versions => keys(backend, &groups()),
            _ => keys(backend, &numbers()),
        }
    }
}

impl<C: IdenStatic> PartialEq for Parent<C> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Root, Self::Root) | (Self::Versions, Self::Versions) => true,
            // Columns do not compare themselves.
            (Self::Column(one), Self::Column(other)) | (Self::About(one), Self::About(other)) => {
                one.as_str() == other.as_str()
            }
            (Self::Group(one), Self::Group(other)) => one == other,
            _ => false,
        }
    }
}

impl Key {
    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Group(_) => None,
        }
    }
}
