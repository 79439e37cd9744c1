//! From where the past is looked at, and how much is seen.

use entity::{Date, DateTime};

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
