//! A validated document as async-graphql's executor takes it.

use std::{cell::Cell, collections::HashMap};

use apollo_compiler::{
    Name, Node, Schema, ast,
    executable::{self, DirectiveList, Selection, SelectionSet},
};
use async_graphql::{
    Positioned, ServerError,
    indexmap::IndexMap,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment,
        OperationDefinition, OperationType, Selection as Selected, SelectionSet as Selections,
        Type, TypeCondition, VariableDefinition,
    },
};

use super::{
    given::Given,
    literal::{Literals, key},
    place::Places,
};
use crate::graphql::{Code, error};

type Converted<T> = Result<T, ServerError>;

/// A converted document.
pub(super) struct Document {
    pub(super) parsed: ExecutableDocument,
    /// Whether anything of it may be skipped (`@skip`, `@include`).
    pub(super) conditional: bool,
    /// How many selections it has.
    pub(super) selections: u32,
}

/// Converts a document: each of its operations, or, given the values of the variables, the one that
/// they are of, without what is skipped. Fails on a number that no value can hold.
///
/// What is converted has no fragments: the fields of an object stand in it, those that are answered
/// as one merged. Where an object may be of several types, it has the fields of each of them apart:
/// that may be many times what was counted, so no more than `most` selections are converted.
pub(super) fn document(
    schema: &Schema,
    valid: &executable::ExecutableDocument,
    places: &Places,
    given: Option<Given<'_>>,
    most: u32,
) -> Converted<Document> {
    let (conditional, selections) = Default::default();
    let convert = Convert { schema, valid, places, given, most, conditional, selections };
    let operations = match (&valid.operations.anonymous, given) {
        (Some(operation), _) => DocumentOperations::Single(convert.operation(operation)?),
        (None, given) => {
            let all = valid.operations.named.iter();
            let wanted = all.filter(|(_, operation)| {
                given.is_none_or(|given| given.operation.name == operation.name)
            });
            let each =
                wanted.map(|(name, operation)| Ok((key(name), convert.operation(operation)?)));
            DocumentOperations::Multiple(each.collect::<Converted<_>>()?)
        }
    };
    let parsed = ExecutableDocument { operations, fragments: HashMap::new() };
    let (conditional, selections) = (convert.conditional.get(), convert.selections.get());
    Ok(Document { parsed, conditional, selections })
}

/// What is in the place of an object of the answer: fields by their keys, in the order in which they
/// are answered.
type FieldsByKey<'d> = IndexMap<&'d Name, Vec<&'d Node<executable::Field>>>;

struct Convert<'d> {
    schema: &'d Schema,
    valid: &'d executable::ExecutableDocument,
    places: &'d Places,
    given: Option<Given<'d>>,
    /// How many selections may be converted.
    most: u32,
    /// Whether anything may be skipped.
    conditional: Cell<bool>,
    selections: Cell<u32>,
}

impl<'d> Convert<'d> {
    fn at<N, T>(&self, node: &Node<N>, value: T) -> Positioned<T> {
        Literals(self.places).at(node, value)
    }

    fn operation(
        &self,
        node: &'d Node<executable::Operation>,
    ) -> Converted<Positioned<OperationDefinition>> {
        let variables = node.variables.iter().map(|variable| self.variable(variable));
        let set = &node.selection_set;
        Ok(self.at(
            node,
            OperationDefinition {
                ty: kind(node.operation_type),
                variable_definitions: variables.collect::<Converted<_>>()?,
                directives: self.directives(&node.directives)?,
                selection_set: self.at(node, self.selections(&[set], &set.ty)?),
            },
        ))
    }

    fn variable(
        &self,
        node: &Node<ast::VariableDefinition>,
    ) -> Converted<Positioned<VariableDefinition>> {
        let written = node.ty.to_string();
        let of = Type::new(&written)
            .ok_or_else(|| error::unread(&written, self.places.of_node(node)))?;
        let default = match &node.default_value {
            Some(value) => {
                let constant = Literals(self.places).value(value)?.into_const();
                constant.map(|constant| self.at(value, constant))
            }
            None => None,
        };
        Ok(self.at(
            node,
            VariableDefinition {
                name: self.at(node, key(&node.name)),
                var_type: self.at(node, of),
                directives: self.directives(&node.directives)?,
                default_value: default,
            },
        ))
    }

    /// What is asked of an object of a type by all of these together.
    fn selections(&self, sets: &[&'d SelectionSet], of: &Name) -> Converted<Selections> {
        let is_object = self.schema.get_object(of).is_some();
        if is_object || !sets.iter().any(|set| self.has_type_conditions(set, of)) {
            let mut merged = FieldsByKey::new();
            sets.iter().for_each(|set| self.merge(set, of, &mut merged));
            return self.fields(merged);
        }
        let mut items = Vec::new();
        for (name, _) in self.schema.types.iter().filter(|(name, _)| self.is_of(of, name)) {
            let mut merged = FieldsByKey::new();
            sets.iter().for_each(|set| self.merge(set, name, &mut merged));
            let Some(first) = merged.values().flatten().next() else { continue };
            let on = TypeCondition { on: self.at(first, key(name)) };
            let first = *first;
            let fragment = InlineFragment {
                type_condition: Some(self.at(first, on)),
                directives: Vec::new(),
                selection_set: self.at(first, self.fields(merged)?),
            };
            items.push(self.at(first, Selected::InlineFragment(self.at(first, fragment))));
        }
        Ok(Selections { items })
    }

    /// Whether objects of a type are objects of another one, or of that one itself.
    fn is_of(&self, general: &Name, name: &Name) -> bool {
        self.schema.get_object(name).is_some() && self.schema.is_subtype(general, name)
    }

    fn skips(&self, directives: &DirectiveList) -> bool {
        let says = |directive: &Node<ast::Directive>| !is_executed(directive);
        if directives.iter().any(says) {
            self.conditional.set(true);
        }
        self.given.is_some_and(|given| given.skipped(directives))
    }

    /// The fragment that stands in the place of a selection, and its type where it is not for all.
    fn fragment(&self, selection: &'d Selection) -> Option<(Option<&'d Name>, &'d SelectionSet)> {
        match selection {
            Selection::InlineFragment(inline) if !self.skips(&inline.directives) => {
                Some((inline.type_condition.as_ref(), &inline.selection_set))
            }
            Selection::FragmentSpread(spread) if !self.skips(&spread.directives) => {
                let fragment = self.valid.fragments.get(&spread.fragment_name)?;
                Some((Some(fragment.type_condition()), &fragment.selection_set))
            }
            _ => None,
        }
    }

    /// Whether objects of some types are asked for something that others of the same type are not.
    fn has_type_conditions(&self, set: &'d SelectionSet, of: &Name) -> bool {
        let fragments = set.selections.iter().filter_map(|selection| self.fragment(selection));
        fragments.into_iter().any(|(on, inside)| {
            on.is_some_and(|on| on != of) || self.has_type_conditions(inside, of)
        })
    }

    /// Adds what is asked of an object of a type.
    fn merge(&self, set: &'d SelectionSet, of: &Name, to: &mut FieldsByKey<'d>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if !self.skips(&field.directives) => {
                    to.entry(field.response_key()).or_default().push(field);
                }
                selection => {
                    if let Some((on, inside)) = self.fragment(selection)
                        && on.is_none_or(|on| on == of || self.schema.is_subtype(on, of))
                    {
                        self.merge(inside, of, to);
                    }
                }
            }
        }
    }

    fn fields(&self, merged: FieldsByKey<'d>) -> Converted<Selections> {
        let items = merged.into_values().filter_map(|fields| {
            let first = *fields.first()?;
            Some(self.field(first, &fields))
        });
        Ok(Selections { items: items.collect::<Converted<_>>()? })
    }

    fn field(
        &self,
        node: &'d Node<executable::Field>,
        same: &[&'d Node<executable::Field>],
    ) -> Converted<Positioned<Selected>> {
        self.selections.update(|selections| selections.saturating_add(1));
        if self.selections.get() > self.most {
            return Err(error::beyond(
                Code::SelectionLimitExceeded,
                format!(
                    "the document has {} selections or more, its fragments put in the place of \
                     their names for each type that an object may be of, but may have {} at the \
                     most; name fragments fewer times",
                    self.selections.get(),
                    self.most
                ),
                self.selections.get().into(),
                self.most.into(),
            ));
        }
        let sets: Vec<&SelectionSet> = same.iter().map(|field| &field.selection_set).collect();
        let field = Field {
            alias: node.alias.as_ref().map(|alias| self.at(node, key(alias))),
            name: self.at(node, key(&node.name)),
            arguments: Literals(self.places).arguments(&node.arguments)?,
            directives: self.directives(&node.directives)?,
            selection_set: self.at(node, self.selections(&sets, &node.selection_set.ty)?),
        };
        Ok(self.at(node, Selected::Field(self.at(node, field))))
    }

    /// The directives but for those that say what is skipped.
    fn directives(&self, nodes: &[Node<ast::Directive>]) -> Converted<Vec<Positioned<Directive>>> {
        let others = nodes.iter().filter(|node| is_executed(node));
        let directive = |node: &Node<ast::Directive>| {
            let arguments = Literals(self.places).arguments(&node.arguments)?;
            Ok(self.at(node, Directive { name: self.at(node, key(&node.name)), arguments }))
        };
        others.map(directive).collect()
    }
}

/// Whether a directive is none that says what is skipped.
fn is_executed(directive: &ast::Directive) -> bool {
    directive.name != "skip" && directive.name != "include"
}

pub(super) fn kind(operation: ast::OperationType) -> OperationType {
    match operation {
        ast::OperationType::Query => OperationType::Query,
        ast::OperationType::Mutation => OperationType::Mutation,
        ast::OperationType::Subscription => OperationType::Subscription,
    }
}
