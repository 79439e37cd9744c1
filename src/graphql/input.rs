//! What a client gives to be written, as the fields of a row: checked as a file's are.

use std::collections::HashMap;

use async_graphql::{InputObject, InputType, MaybeUndefined, Value};

use super::Language;
use crate::record::{Problem, Problems};

/// A text in one language.
#[derive(Debug, Clone, PartialEq, InputObject)]
pub struct LocalizedTextInput {
    /// The language. Texts in languages that are not given stay as they are.
    pub language: Language,
    /// The text; null takes away the one in this language.
    pub text: Option<String>,
}

/// A row that is to be written, and where in the request it stands.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The argument.
    pub(super) origin: String,
    /// The place in it, from 1, where it is a list; else 0.
    pub(super) place: u64,
    /// The columns that are given, and what is to stand in them; nothing for null.
    pub(super) fields: Vec<(String, String)>,
    /// The fields that are given an empty text, which is neither a text nor null.
    empty: Vec<String>,
    /// The rows that are given within, by their tables.
    pub(super) nested: Vec<(&'static str, Self)>,
}

impl Draft {
    /// A row of an argument.
    pub(super) fn of(origin: &str, place: u64) -> Self {
        Self { origin: origin.to_owned(), place, ..Self::default() }
    }

    /// What stands in a column.
    pub(super) fn give<T: InputType>(&mut self, name: &str, value: &T) {
        self.put(name, &value.to_value());
    }

    /// What stands in a column, if anything is said of it.
    pub(super) fn change<T: InputType>(&mut self, name: &str, value: &MaybeUndefined<T>) {
        match value {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.put(name, &Value::Null),
            MaybeUndefined::Value(value) => self.give(name, value),
        }
    }

    /// What stands in a column. A localised text takes one column for each language.
    fn put(&mut self, name: &str, value: &Value) {
        let Value::List(texts) = value else { return self.push(name, name.to_owned(), value) };
        for text in texts {
            let Value::Object(text) = text else { continue };
            if let Some(Value::String(language)) = text.get("language") {
                let column = format!("{name}_{language}");
                self.push(name, column, text.get("text").unwrap_or(&Value::Null));
            }
        }
    }

    fn push(&mut self, name: &str, column: String, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Enum(word) => word.to_string(),
            Value::Null => String::new(),
            // An outline is JSON; of numbers and truths that is the same.
            value => value.clone().into_json().unwrap_or_default().to_string(),
        };
        if text.is_empty() && *value != Value::Null {
            self.empty.push(name.to_owned());
        }
        self.fields.push((column, text));
    }

    /// The row that is meant.
    pub(super) fn id(mut self, id: &str) -> Self {
        self.fields.push(("id".to_owned(), id.to_owned()));
        self
    }

    /// The revision that the row is taken to have.
    pub(super) fn if_revision(mut self, revision: Option<i32>) -> Self {
        let revision = revision.map(|revision| ("if_revision".to_owned(), revision.to_string()));
        self.fields.extend(revision);
        self
    }

    /// What is wrong with it before anything is looked up.
    pub(super) fn check(&self, problems: &mut Problems) {
        for column in &self.empty {
            let line = (self.place > 0).then_some(self.place);
            let why = "\"\" is no text; give one, or null for none";
            problems.add(Problem::of(&self.origin, line, why).at(column, ""));
        }
        self.nested.iter().for_each(|(_, draft)| draft.check(problems));
    }

    /// What stands in a column so far.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(column, _)| column == name).map(|(_, text)| text.as_str())
    }
}

/// Rows in an order in which each comes after those of the list that it names by their slugs; those
/// that name each other in a circle come last, as they are.
pub(super) fn in_order(drafts: Vec<Draft>) -> Vec<Draft> {
    let slugs: HashMap<String, usize> = drafts
        .iter()
        .enumerate()
        .filter_map(|(at, draft)| Some((draft.get("slug")?.to_owned(), at)))
        .collect();
    let named = |draft: &Draft, at: usize| -> Vec<usize> {
        let texts = draft.fields.iter().filter(|(column, _)| column != "slug");
        let named = texts.filter_map(|(_, text)| slugs.get(text).copied());
        named.filter(|other| *other != at).collect()
    };
    let named: Vec<Vec<usize>> =
        drafts.iter().enumerate().map(|(at, draft)| named(draft, at)).collect();
    let mut naming = vec![Vec::new(); drafts.len()];
    for (at, others) in named.iter().enumerate() {
        others.iter().for_each(|other| naming[*other].push(at));
    }
    // How often one would have to go through the list until it is a row's turn: once more wherever
    // it names a later row. Each row is looked at once for each that it names.
    let mut rounds = vec![0_usize; drafts.len()];
    let mut left: Vec<usize> = named.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..drafts.len()).filter(|at| left[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &other in &naming[at] {
            rounds[other] = rounds[other].max(rounds[at] + usize::from(at > other));
            left[other] -= 1;
            if left[other] == 0 {
                ready.push(other);
            }
        }
    }
    let mut ordered: Vec<(usize, Draft)> = drafts.into_iter().enumerate().collect();
    ordered.sort_by_key(|(at, _)| if left[*at] == 0 { rounds[*at] } else { usize::MAX });
    ordered.into_iter().map(|(_, draft)| draft).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(rows: impl IntoIterator<Item = (String, Option<String>)>) -> Vec<Draft> {
        let fields = |(slug, parent): (String, Option<String>)| {
            let parent = parent.map(|parent| ("parent".to_owned(), parent));
            std::iter::once(("slug".to_owned(), slug)).chain(parent).collect()
        };
        rows.into_iter().map(|row| Draft { fields: fields(row), ..Draft::default() }).collect()
    }

    fn slugs(drafts: &[Draft]) -> Vec<&str> {
        drafts.iter().filter_map(|draft| draft.get("slug")).collect()
    }

    #[test]
    fn each_row_comes_after_those_it_names_and_else_stays() {
        let row = |slug: &str, parent: &str| {
            (slug.to_owned(), (!parent.is_empty()).then(|| parent.to_owned()))
        };
        let given = [row("a", "c"), row("b", ""), row("c", ""), row("d", "c"), row("e", "e")];
        assert_eq!(slugs(&in_order(drafts(given))), ["b", "c", "d", "e", "a"]);
        let circle = [row("a", "b"), row("b", "a"), row("c", "a"), row("d", "")];
        assert_eq!(slugs(&in_order(drafts(circle))), ["d", "a", "b", "c"]);
    }

    /// A list in which each row lies in the next is not gone through once for each of them: so
    /// many would take minutes.
    #[test]
    fn a_chain_of_rows_takes_no_longer_than_as_many_without() {
        let row = |at: usize| (format!("d{at}"), Some(format!("d{}", at + 1)));
        let ordered = in_order(drafts((0..100_000).map(row)));
        assert_eq!(slugs(&ordered)[..2], ["d99999", "d99998"]);
    }
}
