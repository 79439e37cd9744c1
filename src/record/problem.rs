//! What is wrong with what was to be written: all of it, not only the first.

use std::fmt;

use entity::quote::{beginning, cut};
use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it stands: a file, or the argument of a mutation.
    pub origin: String,
    /// The line of the file, or the place in the list, from 1; none where it is about all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column or field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What stands there, cut where it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong with it, and what would be right.
    pub reason: String,
    /// The closest names there are, where it names something that is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// Whether somebody else changed it meanwhile.
    #[serde(skip)]
    pub outdated: bool,
}

/// How many problems are told in full; of more, only how many there are.
pub const TOLD: usize = 100;

/// How many characters of a reason are told: it may name what a file has.
const LONGEST_REASON: usize = 1000;

/// All that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// The first of them.
    pub told: Vec<Problem>,
    /// How many there are.
    pub count: u64,
}

impl Problem {
    /// Something wrong in a file.
    pub fn of(origin: &str, line: Option<u64>, reason: impl fmt::Display) -> Self {
        Self { origin: origin.to_owned(), line, reason: reason.to_string(), ..Self::default() }
    }

    /// The same in a column, where something stands.
    pub fn at(self, column: &str, value: &str) -> Self {
        let (column, value) = (cut(column).into_owned(), cut(value).into_owned());
        Self { column: Some(column), value: Some(value), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        self.line.iter().try_for_each(|line| write!(f, ", line {line}"))?;
        self.column.iter().try_for_each(|column| write!(f, ", column {column}"))?;
        self.value.iter().try_for_each(|value| write!(f, ": {value:?}"))?;
        write!(f, ": {}", self.reason)?;
        match self.suggestions.is_empty() {
            true => Ok(()),
            false => write!(f, "; did you mean {}?", self.suggestions.join(" or ")),
        }
    }
}

impl Problems {
    /// One more.
    pub fn add(&mut self, mut problem: Problem) {
        self.count += 1;
        if self.told.len() < TOLD {
            let told = beginning(&problem.reason, LONGEST_REASON).len();
            if told < problem.reason.len() {
                problem.reason.truncate(told);
                problem.reason.push('…');
            }
            self.told.push(problem);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.told.iter();
        lines.next().iter().try_for_each(|first| write!(f, "{first}"))?;
        lines.try_for_each(|problem| write!(f, "\n{problem}"))?;
        match self.count.saturating_sub(self.told.len() as u64) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

/// A row that has another revision than was thought.
pub(super) fn outdated(wanted: i32, found: i64) -> Problem {
    let reason = match found {
        0 => "there is none to be changed".to_owned(),
        found => format!(
            "it has the revision {found} by now; read it again, and decide what is to be changed"
        ),
    };
    let problem = Problem { reason, outdated: true, ..Problem::default() };
    problem.at(super::row::IF_REVISION, &wanted.to_string())
}
