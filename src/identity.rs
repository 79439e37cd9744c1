//! Ids: what objects are called, once and for ever.
//!
//! `district:3` is the row of a table by its number, which no other row ever gets, and
//! `observation:12.3.0.2025-Q1` a figure by what it is of: the numbers of its metric, its place and
//! its initiative (0 for none), and its period. All versions of a figure are that figure.
//!
//! What is so now has no other name than this. After `~` stands which former state is meant: the
//! version of a figure, by its revision and when it was recorded, or that of a row which was
//! removed, by when it was. After `@` stands from where it is seen: a moment, a day, or both.

use std::fmt;

use entity::{Date, DateTime};

use crate::query::{View, figure::Place};

/// An id in its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// What sort of object it is of.
    pub kind: String,
    /// Which of them.
    pub key: String,
    /// Which former state of it; none for what it is.
    pub state: Option<String>,
    /// The moment it is seen from; none for now.
    pub as_of: Option<DateTime>,
    /// The day on which what is seen was known; none for what is known by now.
    pub known_on: Option<Date>,
}

impl Id {
    /// The id of a row of a table.
    pub fn of_row(table: &str, number: i64) -> Self {
        Self::of(camel(table), number.to_string())
    }

    /// The id of a figure.
    pub fn of_figure(place: &Place) -> Self {
        Self::of(FIGURE.to_owned(), figure_key(place))
    }

    fn of(kind: String, key: String) -> Self {
        Self { kind, key, state: None, as_of: None, known_on: None }
    }

    /// The same object seen from somewhere.
    pub fn seen(self, view: View) -> Self {
        let View { as_of, known_on, .. } = view;
        Self { as_of, known_on, ..self }
    }

    /// Reads an id as it was given. There is one way to write each.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let mut parts = rest.split('@');
        let head = parts.next()?;
        let mut next = parts.next();
        let as_of = next.and_then(|part| part.parse().ok());
        if as_of.is_some() {
            next = parts.next();
        }
        let known_on = next.and_then(|part| part.parse().ok());
        let (key, state) = match head.split_once('~') {
            Some((key, state)) => (key, Some(state.to_owned())),
            None => (head, None),
        };
        let id = Self { kind: kind.to_owned(), key: key.to_owned(), state, as_of, known_on };
        (id.to_string() == text).then_some(id)
    }

    /// The object as it is now, of which this names another state.
    pub fn now(&self) -> Self {
        Self::of(self.kind.clone(), self.key.clone())
    }

    /// Whether it is seen from the past.
    pub fn is_past(&self) -> bool {
        self.as_of.is_some() || self.known_on.is_some()
    }

    /// The number of the row it is of.
    pub fn number(&self) -> Option<i64> {
        let number = self.key.parse::<i64>().ok()?;
        (number > 0 && number.to_string() == self.key).then_some(number)
    }

    /// The figure it is of.
    pub fn figure(&self) -> Option<Place> {
        figure(&self.key).filter(|place| figure_key(place) == self.key)
    }

    /// The version of a figure it is of.
    pub fn version(&self) -> Option<(i32, DateTime)> {
        let (revision, recorded_at) = self.state.as_deref()?.split_once('.')?;
        let version = (revision.parse().ok()?, recorded_at.parse().ok()?);
        (version_state(version.0, version.1) == self.state.as_deref()?).then_some(version)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, state, as_of, known_on } = self;
        write!(to, "{kind}:{key}")?;
        state.iter().try_for_each(|state| write!(to, "~{state}"))?;
        as_of.iter().try_for_each(|moment| write!(to, "@{moment}"))?;
        known_on.iter().try_for_each(|day| write!(to, "@{}", day.0))
    }
}

/// The kind of figures.
pub const FIGURE: &str = "observation";

/// What follows the `~` in the id of a version of a figure. In one write there may be several.
pub fn version_state(revision: i32, recorded_at: DateTime) -> String {
    format!("{revision}.{recorded_at}")
}

/// What a figure is of, by the key of its id.
pub fn figure(key: &str) -> Option<Place> {
    let mut parts = key.splitn(4, '.');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (metric, district, initiative) = (number()?, number()?, number()?);
    let period = parts.next()?.parse().ok()?;
    Some(Place { metric, district, initiative: Some(initiative).filter(|of| *of != 0), period })
}

/// The key of a figure's id.
pub fn figure_key(place: &Place) -> String {
    let Place { metric, district, initiative, period } = place;
    format!("{metric}.{district}.{}.{period}", initiative.unwrap_or(0))
}

/// `initiativeMetric` for `initiative_metric`: the kind of a table's objects, and how the schema
/// spells its columns.
pub fn camel(snake: &str) -> String {
    let mut parts = snake.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were_written() {
        for text in [
            "district:3",
            "initiativeMetric:12@2025-06-01T00:00:00Z",
            "metric:5~2026-03-04T00:00:00Z",
            "observation:12.3.0.2025-Q1",
            "observation:12.3.7.2021/2025@2025-06-01",
            "observation:12.3.7.2025-06-30@2025-06-01T08:00:00.250Z@2025-05-01",
            "observation:12.3.0.2025-W05~2.2025-06-01T00:00:00Z@2026-01-01T00:00:00Z",
        ] {
            let id = Id::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(id.to_string(), text);
            let known = match id.kind.as_str() {
                FIGURE => id.figure().map(|place| Id::of_figure(&place)),
                _ => id.number().map(|number| Id::of(id.kind.clone(), number.to_string())),
            };
            assert_eq!(known, Some(id.now()), "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_id() {
        for text in [
            "",
            "haidian",
            "district:3@",
            "district:3@today",
            "district:3@2025-06-01T00:00:00+00:00",
            "district:3@2025-06-01T00:00:00.000Z",
            "district:3@2025-06-01@2025-06-01T00:00:00Z",
            "district:3@2025-06-01@2025-06-01",
            "district:3@2025-06-01T00:00:00Z@2025-06-01@2025-06-01",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
        for text in ["district:03", "district:+3", "district:0", "district:-1", "district:haidian"]
        {
            assert_eq!(Id::parse(text).and_then(|id| id.number()), None, "{text}");
        }
        for text in [
            "observation:12",
            "observation:12.3.2025",
            "observation:12.03.0.2025",
            "observation:12.3.0.2025/2025",
            "observation:12.3.0.2025-01-01/2025-12-31",
            "observation:12.3.0.",
        ] {
            assert_eq!(Id::parse(text).and_then(|id| id.figure()), None, "{text}");
        }
        for state in ["2", "2.2025", "02.2025-06-01T00:00:00Z", "2.2025-06-01T00:00:00.0Z"] {
            let id = Id::parse(&format!("observation:12.3.0.2025~{state}"));
            assert_eq!(id.and_then(|id| id.version()), None, "{state}");
        }
    }
}
