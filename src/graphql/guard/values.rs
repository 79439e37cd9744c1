//! The values that a document gives itself: those that its syntax and types leave open.
//!
//! What is wrong with a value is told before anything is executed, with its path, whether it stands
//! in the document or comes by a variable.

use std::collections::HashSet;

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Argument, Directive, InputValueDefinition, Type, Value},
    executable::{ExecutableDocument, Operation, Selection, SelectionSet},
    schema::ExtendedType,
};
use async_graphql::{Name as Key, ServerError, Value as Constant};
use entity::cut;

use super::{given::Given, literal::Literals, place::Places, scalars, variables::Path};
use crate::graphql::error;

/// Refuses values that scalars of the schema's own do not take, and variables whose type does not fit
/// where they stand: one error for each, up to `most`.
pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    places: &Places,
    most: usize,
) -> Result<(), Vec<ServerError>> {
    let mut visit = Visit::new(schema, document, places, Wanted::Scalars);
    for operation in document.operations.iter() {
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                let path = Path::Variable(&variable.name);
                visit.value(Place { path: &path, of: &variable.ty, defaulted: false }, default);
            }
        }
        visit.operation(operation);
    }
    for operation in document.operations.iter().filter(|one| !one.variables.is_empty()) {
        visit.wanted = Wanted::Variables(operation);
        visit.fragments.clear();
        visit.operation(operation);
    }
    visit.end(most)
}

/// Refuses variables that are null where a value must stand. Such a variable may be null itself, for
/// there or in its definition is a default; null takes the place of that.
pub(super) fn check_nulls(
    schema: &Schema,
    document: &ExecutableDocument,
    places: &Places,
    given: Given<'_>,
    most: usize,
) -> Result<(), Vec<ServerError>> {
    if !given.variables.values().any(|value| *value == Constant::Null) {
        return Ok(());
    }
    let mut visit = Visit::new(schema, document, places, Wanted::Nulls(given));
    visit.operation(given.operation);
    visit.end(most)
}

/// What is looked for.
enum Wanted<'d> {
    /// The values of scalars.
    Scalars,
    /// The variables of this operation whose type does not fit.
    Variables(&'d Operation),
    /// Those that are null where they may not be.
    Nulls(Given<'d>),
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p Path<'p>,
    of: &'p Type,
    /// Whether a default takes the place of a value that is left out.
    defaulted: bool,
}

impl<'p> Place<'p> {
    fn of(path: &'p Path<'p>, definition: &'p InputValueDefinition) -> Self {
        Self { path, of: &definition.ty, defaulted: definition.default_value.is_some() }
    }
}

struct Visit<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    places: &'d Places,
    wanted: Wanted<'d>,
    /// The fragments that were visited.
    fragments: HashSet<&'d Name>,
    wrong: Vec<ServerError>,
}

impl<'d> Visit<'d> {
    fn new(
        schema: &'d Schema,
        document: &'d ExecutableDocument,
        places: &'d Places,
        wanted: Wanted<'d>,
    ) -> Self {
        Self { schema, document, places, wanted, fragments: HashSet::new(), wrong: Vec::new() }
    }

    fn end(mut self, most: usize) -> Result<(), Vec<ServerError>> {
        self.wrong.truncate(most);
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }

    fn operation(&mut self, operation: &'d Operation) {
        self.directives(&operation.directives);
        self.selections(&operation.selection_set);
    }

    fn selections(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            let directives = selection.directives();
            self.directives(directives);
            if let Wanted::Nulls(given) = &self.wanted
                && given.skipped(directives)
            {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.definition.arguments, &field.arguments);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment.filter(|it| self.fragments.insert(&it.name)) {
                        self.directives(&fragment.directives);
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'d [Node<Directive>]) {
        for directive in directives {
            if let Some(definition) = self.schema.directive_definitions.get(&directive.name) {
                self.arguments(&definition.arguments, &directive.arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        definitions: &'d [Node<InputValueDefinition>],
        arguments: &'d [Node<Argument>],
    ) {
        for argument in arguments {
            let mut definitions = definitions.iter();
            if let Some(definition) = definitions.find(|known| known.name == argument.name) {
                let path = Path::Argument(&argument.name);
                self.value(Place::of(&path, definition), &argument.value);
            }
        }
    }

    fn value(&mut self, at: Place<'_>, value: &Node<Value>) {
        let Place { path, of, .. } = at;
        match (&**value, of) {
            (Value::Variable(name), _) => self.variable(at, name, value),
            (Value::List(items), Type::List(item) | Type::NonNullList(item)) => {
                for (place, value) in items.iter().enumerate() {
                    let path = Path::Item(path, place);
                    self.value(Place { path: &path, of: item, defaulted: false }, value);
                }
            }
            // A value alone is a list of one.
            (_, Type::List(item) | Type::NonNullList(item)) if !value.is_null() => {
                self.value(Place { of: item, ..at }, value);
            }
            (_, Type::Named(name) | Type::NonNullNamed(name)) => {
                match self.schema.types.get(name) {
                    Some(ExtendedType::InputObject(object)) => {
                        for (name, value) in value.as_object().into_iter().flatten() {
                            if let Some(field) = object.fields.get(name) {
                                let path = Path::Field(path, name.as_str());
                                self.value(Place::of(&path, field), value);
                            }
                        }
                    }
                    Some(ExtendedType::Scalar(_)) => self.scalar(path, name, value),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn scalar(&mut self, path: &Path<'_>, scalar: &Name, value: &Node<Value>) {
        if value.is_null() || !matches!(self.wanted, Wanted::Scalars) {
            return;
        }
        match Literals(self.places).value(value) {
            Err(wrong) => self.wrong.push(wrong),
            // What holds variables is looked at where it is used.
            Ok(converted) => {
                let constant = converted.into_const();
                if let Some(Err(why)) = constant.map(|constant| scalars::check(scalar, constant)) {
                    let place = self.places.of_node(value);
                    self.wrong.push(error::variable(format!("`{path}`: {why}"), place));
                }
            }
        }
    }

    fn variable(&mut self, at: Place<'_>, name: &Name, value: &Node<Value>) {
        let Place { path, of, defaulted } = at;
        let place = self.places.of_node(value);
        match &self.wanted {
            Wanted::Scalars => {}
            Wanted::Variables(operation) => {
                let mut variables = operation.variables.iter();
                let Some(variable) = variables.find(|known| known.name == *name) else { return };
                let default = variable.default_value.as_ref();
                let given = defaulted || default.is_some_and(|default| !default.is_null());
                let fits = match given {
                    true => variable.ty.is_assignable_to(&of.clone().nullable()),
                    false => variable.ty.is_assignable_to(of),
                };
                if !fits {
                    let message =
                        format!("`{path}` must be {of}, but ${} is {}", cut(name), variable.ty);
                    self.wrong.push(error::invalid(message, Some(place)));
                }
            }
            Wanted::Nulls(given) => {
                let known = given.variables.get(&Key::new(name.as_str()));
                if known == Some(&Constant::Null) && of.is_non_null() {
                    let name = cut(name);
                    let message = format!("`{path}` is null by ${name}, but its type is {of}");
                    self.wrong.push(error::variable(message, place));
                }
            }
        }
    }
}
