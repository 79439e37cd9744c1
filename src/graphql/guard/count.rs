//! How much a document asks for, counted before its meaning is looked at.
//!
//! A fragment is counted once, however often it is named: what it comes to is then added for each
//! place. So the counting takes as long as the document, not as what it expands to.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    Node,
    ast::{
        Argument, Definition, Directive, Document, FragmentDefinition, OperationDefinition,
        Selection, Value,
    },
};
use async_graphql::ServerError;

use super::{Options, place::Places};
use crate::graphql::{Code, error};

/// How deep the counting itself goes, through fields, fragments and inline fragments alike.
const DEEPEST: u64 = 250;

/// Refuses a document that asks for too much.
pub(super) fn check(
    document: &Document,
    options: &Options,
    places: &Places,
) -> Result<Found, ServerError> {
    let mut count =
        Count { places, fragments: HashMap::new(), met: HashMap::new(), found: Found::default() };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            count.fragments.insert(fragment.name.as_str(), fragment);
        }
    }
    for definition in &document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            count.operation(operation)?;
        }
    }
    let found = count.found;
    for (code, is, most, what, remedy) in [
        (
            Code::DepthLimitExceeded,
            found.depth,
            options.depth_max,
            "levels of nested selections",
            "ask for less at once",
        ),
        (
            Code::ValueDepthLimitExceeded,
            found.value_depth,
            options.value_depth_max,
            "levels of nested lists and objects in a value",
            "nest them less",
        ),
        (
            Code::AliasLimitExceeded,
            found.aliases,
            options.alias_max,
            "aliases",
            "split the request",
        ),
        (
            Code::DirectiveLimitExceeded,
            found.directives,
            options.directive_max,
            "directives",
            "use fewer",
        ),
        (
            Code::SelectionLimitExceeded,
            found.selections,
            options.selection_max,
            "selections, its fragments put in the place of their names",
            "name fragments fewer times",
        ),
        (
            Code::RootFieldLimitExceeded,
            found.roots,
            options.root_field_max,
            "fields of the root in one operation",
            "split the request",
        ),
    ] {
        if is > most.into() {
            return Err(error::beyond(
                code,
                format!("the document has {is} {what}, but may have {most} at the most; {remedy}"),
                is,
                most.into(),
            ));
        }
    }
    Ok(found)
}

/// What was found in the whole document; of an operation's depth and roots the most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    aliases: u64,
    directives: u64,
    depth: u64,
    value_depth: u64,
    roots: u64,
    selections: u64,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
}

/// What a set of selections comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: u64,
    selections: u64,
    /// Those that are not inside another field.
    outermost: u64,
}

struct Count<'d> {
    places: &'d Places,
    fragments: HashMap<&'d str, &'d Node<FragmentDefinition>>,
    /// The fragments met so far; one that is still being counted is nothing, and validation tells
    /// that it contains itself.
    met: HashMap<&'d str, Size>,
    found: Found,
}

impl<'d> Count<'d> {
    fn operation(&mut self, operation: &'d OperationDefinition) -> Result<(), ServerError> {
        for variable in &operation.variables {
            self.directives(&variable.directives)?;
            if let Some(default) = &variable.default_value {
                self.value(default, 0)?;
            }
        }
        self.directives(&operation.directives)?;
        let size = self.set(&operation.selection_set, 0)?;
        self.found.depth = self.found.depth.max(size.depth);
        self.found.roots = self.found.roots.max(size.outermost);
        self.found.selections = self.found.selections.saturating_add(size.selections);
        Ok(())
    }

    fn set(&mut self, selections: &'d [Selection], level: u64) -> Result<Size, ServerError> {
        if level > DEEPEST {
            return Err(error::beyond(
                Code::DepthLimitExceeded,
                format!(
                    "selections and fragments are nested {level} levels deep or deeper, but may \
                     be {DEEPEST} at the most; ask for less at once"
                ),
                level,
                DEEPEST,
            ));
        }
        let mut all = Size::default();
        for selection in selections {
            let (of, depth, outermost) = match selection {
                Selection::Field(field) => {
                    self.found.aliases += u64::from(field.alias.is_some());
                    self.found.introspects |= matches!(field.name.as_str(), "__schema" | "__type");
                    self.arguments(&field.arguments)?;
                    self.directives(&field.directives)?;
                    let inside = self.set(&field.selection_set, level + 1)?;
                    (inside, inside.depth + 1, 1)
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives)?;
                    let inside = self.set(&fragment.selection_set, level + 1)?;
                    (inside, inside.depth, inside.outermost)
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives)?;
                    let inside = self.fragment(spread.fragment_name.as_str(), level + 1)?;
                    (inside, inside.depth, inside.outermost)
                }
            };
            all.depth = all.depth.max(depth);
            all.selections = all.selections.saturating_add(of.selections).saturating_add(1);
            all.outermost = all.outermost.saturating_add(outermost);
        }
        Ok(all)
    }

    fn fragment(&mut self, name: &'d str, level: u64) -> Result<Size, ServerError> {
        if let Some(size) = self.met.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.fragments.get(name).copied() else { return Ok(Size::default()) };
        self.met.insert(name, Size::default());
        self.directives(&fragment.directives)?;
        let size = self.set(&fragment.selection_set, level)?;
        self.met.insert(name, size);
        Ok(size)
    }

    fn directives(&mut self, directives: &[Node<Directive>]) -> Result<(), ServerError> {
        self.found.directives += directives.len() as u64;
        directives.iter().try_for_each(|directive| self.arguments(&directive.arguments))
    }

    fn arguments(&mut self, arguments: &[Node<Argument>]) -> Result<(), ServerError> {
        arguments.iter().try_for_each(|argument| self.value(&argument.value, 0))
    }

    /// Counts how deep a value is nested, and refuses texts with NUL, and a key that is in an object
    /// twice: which of them counted would be chance.
    fn value(&mut self, value: &Node<Value>, level: u64) -> Result<(), ServerError> {
        match &**value {
            Value::List(items) => {
                self.found.value_depth = self.found.value_depth.max(level + 1);
                items.iter().try_for_each(|item| self.value(item, level + 1))
            }
            Value::Object(fields) => {
                self.found.value_depth = self.found.value_depth.max(level + 1);
                let mut met = HashSet::new();
                for (name, field) in fields {
                    if !met.insert(name.as_str()) {
                        return Err(error::twice(name, self.places.of_node(field)));
                    }
                    self.value(field, level + 1)?;
                }
                Ok(())
            }
            Value::String(text) if text.contains('\0') => {
                Err(error::nul(Some(self.places.of_node(value))))
            }
            _ => Ok(()),
        }
    }
}
