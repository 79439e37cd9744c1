//! From where the past is looked at, and how much is seen.

use std::borrow::Cow;

use entity::{Date, DateTime};
use sea_orm::DbBackend;

use super::past;
use crate::database::Database;

/// Which figures are seen: those in force now, unless it says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct View {
    /// Those that were in force in this database at a moment.
    pub as_of: Option<DateTime>,
    /// Of those, the newest versions that were public on a day.
    pub known_on: Option<Date>,
    /// Whether figures under embargo are seen, in the place of those they will replace.
    pub insider: bool,
}

impl View {
    /// Whether it is what strangers see now: each figure's row in force.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The database as the statements of a question see it: at a moment of the past, with every
    /// table but that of the figures, which keep their past themselves, as it was then.
    pub(crate) fn of<'d>(&self, database: &'d Database) -> Cow<'d, Database> {
        match self.as_of {
            Some(moment) => Cow::Owned(database.shadowed(past::tables(database.backend(), moment))),
            None => Cow::Borrowed(database),
        }
    }
}

/// In which database's words conditions on rows are written, and from where the rows are seen.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The database.
    pub backend: DbBackend,
    /// The view.
    pub view: View,
}

impl Scope {
    /// A view of a database.
    pub(super) fn new(database: &Database, view: View) -> Self {
        Self { backend: database.backend(), view }
    }
}
