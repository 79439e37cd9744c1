//! Variables without a value: what they stand for is left out, so that a default takes its place.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

type Arguments = Vec<(Positioned<Name>, Positioned<Value>)>;

/// Leaves out the arguments and fields of input objects that hold one of these variables. In a list
/// null is in its place.
pub(super) fn leave_out(document: &mut ExecutableDocument, absent: &HashSet<Name>) {
    let of_operations = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in of_operations {
        of_directives(&mut operation.node.directives, absent);
        of_selections(&mut operation.node.selection_set.node, absent);
    }
}

fn of_selections(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                of_arguments(&mut field.node.arguments, absent);
                of_directives(&mut field.node.directives, absent);
                of_selections(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(inline) => {
                of_selections(&mut inline.node.selection_set.node, absent);
            }
            // The conversion put what it holds in its place.
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn of_directives(directives: &mut [Positioned<Directive>], absent: &HashSet<Name>) {
    for directive in directives {
        of_arguments(&mut directive.node.arguments, absent);
    }
}

fn of_arguments(arguments: &mut Arguments, absent: &HashSet<Name>) {
    arguments.retain(|(_, value)| !is_absent(&value.node, absent));
    arguments.iter_mut().for_each(|(_, value)| of_value(&mut value.node, absent));
}

fn of_value(value: &mut Value, absent: &HashSet<Name>) {
    match value {
        Value::List(items) => {
            for item in items {
                match is_absent(item, absent) {
                    true => *item = Value::Null,
                    false => of_value(item, absent),
                }
            }
        }
        Value::Object(fields) => {
            fields.retain(|_, value| !is_absent(value, absent));
            fields.values_mut().for_each(|value| of_value(value, absent));
        }
        _ => {}
    }
}

fn is_absent(value: &Value, absent: &HashSet<Name>) -> bool {
    matches!(value, Value::Variable(name) if absent.contains(name))
}
