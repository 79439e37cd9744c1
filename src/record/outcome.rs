//! What a write did.

use std::{collections::BTreeMap, ops::Sub};

use serde::Serialize;

/// How many rows of a table a write did what to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New ones.
    pub created: u64,
    /// Changed ones; of figures: corrected ones.
    pub updated: u64,
    /// Removed ones; of figures: retracted ones.
    pub removed: u64,
    /// Those that were there already, as they were given.
    #[serde(skip_serializing)]
    pub unchanged: u64,
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            created: self.created - before.created,
            updated: self.updated - before.updated,
            removed: self.removed - before.removed,
            unchanged: self.unchanged - before.unchanged,
        }
    }
}

/// What a write did to each table it was given rows of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Outcome(pub BTreeMap<&'static str, Counts>);

impl Outcome {
    /// The counts of a table.
    pub(super) fn of(&mut self, table: &'static str) -> &mut Counts {
        self.0.entry(table).or_default()
    }

    /// Whether anything is other than before.
    pub fn changes(&self) -> bool {
        self.0.values().any(|counts| counts.created + counts.updated + counts.removed > 0)
    }

    /// The same without tables to which nothing was done.
    pub(super) fn changed(&self) -> Self {
        let changed = |counts: &Counts| counts.created + counts.updated + counts.removed > 0;
        Self(self.0.iter().filter(|(_, counts)| changed(counts)).map(|(&t, &c)| (t, c)).collect())
    }
}
