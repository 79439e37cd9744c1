//! What the answer to an operation looks like, told from its selections alone.

use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, ServerError, indexmap::IndexMap};

use super::given::Given;
use crate::graphql::error;

/// The fields of an object of the answer, in the order in which they are answered. An object that
/// may be of several types has the fields of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Each field's key, and what is there.
    pub fields: Vec<(Name, Kind)>,
}

/// What a field of the answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A value, or a list of values.
    Value,
    /// A text in several languages: a list of objects with `language` and `text`.
    Texts,
    /// An object.
    One(Shape),
    /// A list of objects.
    Many(Shape),
}

/// Where a list is in an object: the keys that lead to it, the last of them its own.
pub type Path = Vec<Name>;

impl Shape {
    /// The shape of an operation's answer.
    pub(super) fn of(document: &ExecutableDocument, given: Given<'_>) -> Self {
        Self::of_sets(document, given, &[&given.operation.selection_set])
    }

    fn of_sets(document: &ExecutableDocument, given: Given<'_>, sets: &[&SelectionSet]) -> Self {
        let fields = fields(document, given, sets).into_iter().map(|(key, fields)| {
            let inside: Vec<&SelectionSet> =
                fields.iter().map(|field| &field.selection_set).collect();
            let shape = || Self::of_sets(document, given, &inside);
            let kind = match fields.first() {
                Some(field) if field.selection_set.selections.is_empty() => Kind::Value,
                Some(field) if field.ty().is_list() => match shape() {
                    shape if shape.is_text() => Kind::Texts,
                    shape => Kind::Many(shape),
                },
                _ => Kind::One(shape()),
            };
            (Name::new(key), kind)
        });
        Self { fields: fields.collect() }
    }

    /// Whether it is a text with its language, and no more.
    fn is_text(&self) -> bool {
        let keys = || self.fields.iter().map(|(key, _)| key.as_str());
        keys().count() == 2 && keys().all(|key| key == "language" || key == "text")
    }

    /// The only list of the object, but for the lists in that list; none where there is none.
    /// Several are refused: what would pair their elements would count them more than once.
    pub fn list(&self) -> Result<Option<(Path, &Self)>, ServerError> {
        let mut found = Vec::new();
        self.lists(&mut Vec::new(), &mut found);
        if found.len() > 1 {
            return Err(error::several_lists(found.iter().map(|(path, _)| path.as_slice())));
        }
        Ok(found.pop())
    }

    fn lists<'s>(&'s self, path: &mut Path, found: &mut Vec<(Path, &'s Self)>) {
        for (key, kind) in &self.fields {
            path.push(key.clone());
            match kind {
                Kind::Value | Kind::Texts => {}
                Kind::One(shape) => shape.lists(path, found),
                Kind::Many(shape) => found.push((path.clone(), shape)),
            }
            path.pop();
        }
    }
}

/// The fields of an object by their keys. Those with one key are answered as one, whose selections
/// are those of all.
pub(super) fn fields<'d>(
    document: &'d ExecutableDocument,
    given: Given<'_>,
    sets: &[&'d SelectionSet],
) -> IndexMap<&'d str, Vec<&'d Field>> {
    let mut found = IndexMap::new();
    for set in sets {
        collect(document, given, set, &mut found);
    }
    found
}

fn collect<'d>(
    document: &'d ExecutableDocument,
    given: Given<'_>,
    set: &'d SelectionSet,
    found: &mut IndexMap<&'d str, Vec<&'d Field>>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) if !given.skipped(&field.directives) => {
                found.entry(field.response_key().as_str()).or_default().push(field);
            }
            Selection::InlineFragment(inline) if !given.skipped(&inline.directives) => {
                collect(document, given, &inline.selection_set, found);
            }
            Selection::FragmentSpread(spread) if !given.skipped(&spread.directives) => {
                if let Some(fragment) = document.fragments.get(&spread.fragment_name) {
                    collect(document, given, &fragment.selection_set, found);
                }
            }
            _ => {}
        }
    }
}
