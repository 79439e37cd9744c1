//! What is wrong with what was to be written: all of it, not only the first.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use entity::quote::{beginning, cut};
use serde::{Serialize, Serializer};

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
    /// What stands there, cut where it is long; none where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong with it, and what would be right.
    pub reason: String,
    /// The closest names there are, where it names something that is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// In how many rows the same is wrong, where it is told once for all of them.
    #[serde(skip_serializing_if = "Occurrences::is_single")]
    pub rows: Occurrences,
    /// Whether somebody else changed it meanwhile.
    #[serde(skip)]
    pub outdated: bool,
    /// What is there now in the place of what was thought to be, where there is anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
}

/// What is there now, as clients know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Current {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub revision: i32,
}

/// In how many rows something stands. Clones count together: what is told once goes on to be
/// counted while the rows after it are read.
#[derive(Debug, Clone, Default)]
pub struct Occurrences(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    rows: AtomicU64,
    last: AtomicU64,
}

impl Occurrences {
    /// Counts the row on a line, once however often it is met there.
    pub fn note(&self, line: u64) {
        let Counted { rows, last } = &*self.0;
        if last.swap(line, Relaxed) != line || rows.load(Relaxed) == 0 {
            rows.fetch_add(1, Relaxed);
        }
    }

    fn count(&self) -> u64 {
        self.0.rows.load(Relaxed)
    }

    fn is_single(&self) -> bool {
        self.count() < 2
    }
}

impl PartialEq for Occurrences {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count()
    }
}

impl Eq for Occurrences {}

impl Serialize for Occurrences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.count())
    }
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

    /// The same in a column, where this stands, or nothing.
    pub fn at(self, column: &str, value: &str) -> Self {
        let value = (!value.is_empty()).then(|| cut(value).into_owned());
        Self { column: Some(cut(column).into_owned()), value, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        self.line.iter().try_for_each(|line| write!(f, ", line {line}"))?;
        self.column.iter().try_for_each(|column| write!(f, ", column {column}"))?;
        self.value.iter().try_for_each(|value| write!(f, ": {value:?}"))?;
        write!(f, ": {}", self.reason)?;
        if !self.suggestions.is_empty() {
            write!(f, "; did you mean {}?", self.suggestions.join(" or "))?;
        }
        match self.rows.is_single() {
            true => Ok(()),
            false => write!(f, " (in {} rows)", self.rows.count()),
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

/// A row that has another revision than was thought: what is there now, if anything is.
pub(super) fn outdated(wanted: i32, current: Option<Current>) -> Problem {
    let reason = match &current {
        None => "there is none to be changed".to_owned(),
        Some(Current { revision, .. }) => format!(
            "it has the revision {revision} by now; read it again, and decide what is to be changed"
        ),
    };
    let problem = Problem { reason, outdated: true, current, ..Problem::default() };
    problem.at(super::row::IF_REVISION, &wanted.to_string())
}

/// A version of a figure that is not in force any more: the one that is, if any is.
pub(super) fn superseded(current: Option<Current>) -> Problem {
    let reason = match &current {
        None => "the figure was retracted; none is in force".to_owned(),
        Some(Current { id, revision }) => format!(
            "this version is not in force any more; read {id}, which has the revision {revision} \
             by now, and decide what is to be changed"
        ),
    };
    Problem { reason, outdated: true, current, ..Problem::default() }
}
