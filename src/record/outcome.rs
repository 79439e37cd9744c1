//! What a write did.

use std::{collections::BTreeMap, ops::Sub};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::TABLES;

/// How many rows of a table a write did what to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New ones.
    pub created: u64,
    /// Changed ones; of figures: corrected ones.
    pub updated: u64,
    /// Removed ones; of figures: retracted ones.
    pub removed: u64,
    /// Those that were there already, as they were given.
    #[serde(default, skip_serializing_if = "none")]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome(#[serde(deserialize_with = "by_table")] pub BTreeMap<&'static str, Counts>);

impl Outcome {
    /// The counts of a table.
    pub(super) fn of(&mut self, table: &'static str) -> &mut Counts {
        self.0.entry(table).or_default()
    }

    /// Whether anything is other than before.
    pub fn changes(&self) -> bool {
        self.0.values().any(|counts| counts.created + counts.updated + counts.removed > 0)
    }

    /// The same without the rows and tables to which nothing was done.
    pub(super) fn changed(&self) -> Self {
        let changed =
            self.0.iter().map(|(&table, &counts)| (table, Counts { unchanged: 0, ..counts }));
        Self(changed.filter(|(_, counts)| *counts != Counts::default()).collect())
    }
}

fn none(count: &u64) -> bool {
    *count == 0
}

fn by_table<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<&'static str, Counts>, D::Error> {
    let counts = BTreeMap::<String, Counts>::deserialize(deserializer)?;
    let named = counts.into_iter().map(|(name, counts)| {
        let table = TABLES.iter().find(|table| **table == name);
        table.map(|&table| (table, counts)).ok_or_else(|| D::Error::custom(name))
    });
    named.collect()
}
