//! The side of an import that writes: batches of rows to the writer.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    error::Error,
    record::{Dataset, Problem, Problems, Rows, Writer},
};

/// How many rows of a table an import did what to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New ones.
    pub created: u64,
    /// Changed ones; of figures: corrected ones.
    pub updated: u64,
    /// Removed ones; of figures: retracted ones.
    pub removed: u64,
    /// Those that were there already, as they were given.
    pub unchanged: u64,
}

/// What an import did to each table.
pub type Outcome = BTreeMap<&'static str, Counts>;

/// The writer, as an import needs it: it gathers what is wrong.
pub(super) struct Sink<'w> {
    writer: &'w mut Writer,
    problems: Problems,
    outcome: Outcome,
}

impl<'w> Sink<'w> {
    pub(super) fn new(writer: &'w mut Writer) -> Self {
        Self { writer, problems: Problems::default(), outcome: Outcome::new() }
    }

    /// Says what the data are, where nothing is said yet.
    pub(super) async fn describe(&mut self, dataset: Dataset) -> Result<(), Error> {
        match self.writer.is_empty().await? {
            true => self.writer.describe(dataset).await,
            false => Ok(()),
        }
    }

    pub(super) async fn write(&mut self, table: &'static str, rows: &Rows) -> Result<(), Error> {
        // Once something is wrong nothing is kept, and a database may refuse all that follows.
        if self.problems.count > 0 {
            return Ok(());
        }
        match self.writer.write(table, rows).await {
            Ok(()) => {
                self.outcome.entry(table).or_default().created += rows.rows.len() as u64;
                Ok(())
            }
            Err(Error::Input(why)) => {
                self.report(Problem { reason: why.to_string(), ..Problem::default() });
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    /// Withdraws figures: metric, district, initiative and period of each.
    pub(super) fn withdraw(&mut self, rows: &Rows) {
        for (line, _) in &rows.rows {
            let why = "figures cannot be withdrawn by an import yet";
            self.report(Problem::of(&rows.origin, Some(*line), why));
        }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.add(problem);
    }

    /// Brings everything to where it belongs; fails with all that is wrong.
    pub(super) fn settle(self) -> Result<Outcome, Error> {
        match self.problems.is_empty() {
            true => Ok(self.outcome),
            false => Err(Error::Rejected(self.problems.into())),
        }
    }
}
