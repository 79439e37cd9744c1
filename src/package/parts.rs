//! Several files that are read as one table, one after another.

use std::collections::BTreeSet;

use crate::record::Problem;

/// The files of a resource.
pub(super) struct Parts {
    /// What all of them together are called.
    pub(super) called: String,
    /// The first of them that could be opened, and its columns.
    first: Option<(String, BTreeSet<String>)>,
}

impl Parts {
    pub(super) fn new(called: &str) -> Self {
        Self { called: called.to_owned(), first: None }
    }

    /// Refuses a file that has other columns than the first one; their order is no matter.
    pub(super) fn check(&mut self, origin: &str, columns: &[String]) -> Result<(), Problem> {
        let own: BTreeSet<String> = columns.iter().cloned().collect();
        match &self.first {
            None => self.first = Some((origin.to_owned(), own)),
            Some((_, columns)) if *columns == own => {}
            Some((first, wanted)) => {
                let wanted = wanted.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let why = format!(
                    "it is to be read as one table with {first}, and must name the same columns: \
                     {wanted}"
                );
                return Err(Problem::of(origin, None, why));
            }
        }
        Ok(())
    }
}
