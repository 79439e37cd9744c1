//! What a client gives to be written, as the fields of a row: checked as a file's are.

use std::collections::{HashMap, HashSet};

use async_graphql::{InputObject, InputType, MaybeUndefined, Value};

use super::Language;

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
        match value {
            Value::List(texts) => {
                for text in texts {
                    let Value::Object(text) = text else { continue };
                    if let Some(Value::String(language)) = text.get("language") {
                        let column = format!("{name}_{language}");
                        self.put(&column, text.get("text").unwrap_or(&Value::Null));
                    }
                }
            }
            value => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Enum(word) => word.to_string(),
                    Value::Null => String::new(),
                    // An outline is JSON; of numbers and truths that is the same.
                    value => value.clone().into_json().unwrap_or_default().to_string(),
                };
                self.fields.push((name.to_owned(), text));
            }
        }
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
        let texts = texts.map(|(_, text)| text.rsplit(':').next().unwrap_or(text));
        texts.filter_map(|text| slugs.get(text).copied()).filter(|other| *other != at).collect()
    };
    let mut left: Vec<(Vec<usize>, Draft)> =
        drafts.into_iter().enumerate().map(|(at, draft)| (named(&draft, at), draft)).collect();
    let mut places: Vec<usize> = (0..left.len()).collect();
    let (mut done, mut ordered) = (HashSet::new(), Vec::with_capacity(left.len()));
    loop {
        let (mut later, mut later_places) = (Vec::new(), Vec::new());
        let before = ordered.len();
        for (place, (named, draft)) in places.into_iter().zip(left) {
            if named.iter().all(|other| done.contains(other)) {
                done.insert(place);
                ordered.push(draft);
            } else {
                later.push((named, draft));
                later_places.push(place);
            }
        }
        if later.is_empty() || ordered.len() == before {
            ordered.extend(later.into_iter().map(|(_, draft)| draft));
            return ordered;
        }
        (left, places) = (later, later_places);
    }
}
