//! A validated document as async-graphql's executor takes it.

use apollo_compiler::{
    Name, Node, ast,
    executable::{self, Selection, SelectionSet},
};
use async_graphql::{
    Name as Key, Number, Positioned, ServerError,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition,
        FragmentSpread, InlineFragment, OperationDefinition, OperationType, Selection as Selected,
        SelectionSet as Selections, Type, TypeCondition, VariableDefinition,
    },
};
use async_graphql_value::Value;

use super::place::Places;
use crate::graphql::error;

type Converted<T> = Result<T, ServerError>;

/// Converts the whole document. Fails on a number that no value can hold.
pub(super) fn document(
    valid: &executable::ExecutableDocument,
    places: &Places,
) -> Converted<ExecutableDocument> {
    let convert = Convert(places);
    let operations = match &valid.operations.anonymous {
        Some(operation) => DocumentOperations::Single(convert.operation(operation)?),
        None => DocumentOperations::Multiple(
            valid
                .operations
                .named
                .iter()
                .map(|(name, operation)| Ok((key(name), convert.operation(operation)?)))
                .collect::<Converted<_>>()?,
        ),
    };
    let fragments = valid.fragments.iter();
    let fragments = fragments.map(|(name, fragment)| Ok((key(name), convert.fragment(fragment)?)));
    Ok(ExecutableDocument { operations, fragments: fragments.collect::<Converted<_>>()? })
}

/// Converts a value. Fails on a number that no value can hold.
pub(super) fn value(node: &Node<ast::Value>, places: &Places) -> Converted<Value> {
    Convert(places).value(node)
}

fn key(name: &Name) -> Key {
    Key::new(name.as_str())
}

struct Convert<'p>(&'p Places);

impl Convert<'_> {
    fn at<N, T>(&self, node: &Node<N>, value: T) -> Positioned<T> {
        Positioned::new(value, self.0.of_node(node))
    }

    fn operation(
        &self,
        node: &Node<executable::Operation>,
    ) -> Converted<Positioned<OperationDefinition>> {
        let variables = node.variables.iter().map(|variable| self.variable(variable));
        Ok(self.at(
            node,
            OperationDefinition {
                ty: kind(node.operation_type),
                variable_definitions: variables.collect::<Converted<_>>()?,
                directives: self.directives(&node.directives)?,
                selection_set: self.selections(node, &node.selection_set)?,
            },
        ))
    }

    fn variable(
        &self,
        node: &Node<ast::VariableDefinition>,
    ) -> Converted<Positioned<VariableDefinition>> {
        let written = node.ty.to_string();
        let of =
            Type::new(&written).ok_or_else(|| error::unread(&written, self.0.of_node(node)))?;
        let default = match &node.default_value {
            Some(value) => self.value(value)?.into_const().map(|constant| self.at(value, constant)),
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

    fn fragment(
        &self,
        node: &Node<executable::Fragment>,
    ) -> Converted<Positioned<FragmentDefinition>> {
        Ok(self.at(
            node,
            FragmentDefinition {
                type_condition: self.condition(node, node.type_condition()),
                directives: self.directives(&node.directives)?,
                selection_set: self.selections(node, &node.selection_set)?,
            },
        ))
    }

    fn condition<N>(&self, node: &Node<N>, on: &Name) -> Positioned<TypeCondition> {
        self.at(node, TypeCondition { on: self.at(node, key(on)) })
    }

    fn selections<N>(
        &self,
        node: &Node<N>,
        set: &SelectionSet,
    ) -> Converted<Positioned<Selections>> {
        let items = set.selections.iter().map(|selection| self.selection(selection));
        Ok(self.at(node, Selections { items: items.collect::<Converted<_>>()? }))
    }

    fn selection(&self, selection: &Selection) -> Converted<Positioned<Selected>> {
        Ok(match selection {
            Selection::Field(node) => {
                let field = Field {
                    alias: node.alias.as_ref().map(|alias| self.at(node, key(alias))),
                    name: self.at(node, key(&node.name)),
                    arguments: self.arguments(&node.arguments)?,
                    directives: self.directives(&node.directives)?,
                    selection_set: self.selections(node, &node.selection_set)?,
                };
                self.at(node, Selected::Field(self.at(node, field)))
            }
            Selection::FragmentSpread(node) => {
                let spread = FragmentSpread {
                    fragment_name: self.at(node, key(&node.fragment_name)),
                    directives: self.directives(&node.directives)?,
                };
                self.at(node, Selected::FragmentSpread(self.at(node, spread)))
            }
            Selection::InlineFragment(node) => {
                let on = node.type_condition.as_ref();
                let fragment = InlineFragment {
                    type_condition: on.map(|on| self.condition(node, on)),
                    directives: self.directives(&node.directives)?,
                    selection_set: self.selections(node, &node.selection_set)?,
                };
                self.at(node, Selected::InlineFragment(self.at(node, fragment)))
            }
        })
    }

    fn directives(&self, nodes: &[Node<ast::Directive>]) -> Converted<Vec<Positioned<Directive>>> {
        let directive = |node: &Node<ast::Directive>| {
            let name = self.at(node, key(&node.name));
            Ok(self.at(node, Directive { name, arguments: self.arguments(&node.arguments)? }))
        };
        nodes.iter().map(directive).collect()
    }

    fn arguments(
        &self,
        nodes: &[Node<ast::Argument>],
    ) -> Converted<Vec<(Positioned<Key>, Positioned<Value>)>> {
        let argument = |node: &Node<ast::Argument>| {
            let value = self.value(&node.value)?;
            Ok((self.at(node, key(&node.name)), self.at(&node.value, value)))
        };
        nodes.iter().map(argument).collect()
    }

    fn value(&self, node: &Node<ast::Value>) -> Converted<Value> {
        Ok(match &**node {
            ast::Value::Null => Value::Null,
            ast::Value::Enum(name) => Value::Enum(key(name)),
            ast::Value::Variable(name) => Value::Variable(key(name)),
            ast::Value::String(text) => Value::String(text.clone()),
            ast::Value::Boolean(truth) => Value::Boolean(*truth),
            ast::Value::Int(digits) => Value::Number(self.number(node, digits.as_str())?),
            ast::Value::Float(digits) => Value::Number(self.number(node, digits.as_str())?),
            ast::Value::List(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect::<Converted<_>>()?)
            }
            ast::Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((key(name), self.value(value)?)));
                Value::Object(fields.collect::<Converted<_>>()?)
            }
        })
    }

    /// A number as JSON has it. One beyond 64 bits becomes a double, which exact scalars refuse.
    fn number(&self, node: &Node<ast::Value>, digits: &str) -> Converted<Number> {
        let whole = digits.parse::<i64>().map(Number::from);
        let whole = whole.or_else(|_| digits.parse::<u64>().map(Number::from)).ok();
        let fraction = || digits.parse::<f64>().ok().and_then(Number::from_f64);
        whole.or_else(fraction).ok_or_else(|| error::unread(digits, self.0.of_node(node)))
    }
}

pub(super) fn kind(operation: ast::OperationType) -> OperationType {
    match operation {
        ast::OperationType::Query => OperationType::Query,
        ast::OperationType::Mutation => OperationType::Mutation,
        ast::OperationType::Subscription => OperationType::Subscription,
    }
}
