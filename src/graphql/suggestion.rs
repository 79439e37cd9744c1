//! Suggestions in the errors of a document and its variables.

use apollo_compiler::{
    Name, Schema,
    schema::{ExtendedType, FieldDefinition},
};
use async_graphql::{ErrorExtensionValues, ServerError, Value};

use crate::suggest::{Budget, closest_matches};

/// Adds to an error about a name those of `names` that are closest to it.
pub(super) fn with_closest<'n>(
    mut error: ServerError,
    given: &str,
    names: impl IntoIterator<Item = &'n str>,
    budget: &Budget,
) -> ServerError {
    let close = closest_matches(given, names, budget);
    if !close.is_empty() {
        error.message = format!("{}; did you mean {}?", error.message, close.join(" or "));
        let values = close.into_iter().map(Value::from).collect();
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("suggestions", Value::List(values));
    }
    error
}

/// Adds to an error of validation about a name that the schema does not have those that it has in
/// that place and are closest to it.
pub(super) fn of_names(schema: &Schema, error: ServerError, budget: &Budget) -> ServerError {
    let message = error.message.clone();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let [one, other] = quoted[..] else { return error };
    if message.starts_with("type `") && message.contains("` does not have a field `") {
        with_closest(error, other, fields(schema, one), budget)
    } else if message.contains("` does not exist on `") {
        with_closest(error, one, inputs(schema, other), budget)
    } else if message.starts_with("the argument `") {
        with_closest(error, one, arguments(schema, other), budget)
    } else {
        error
    }
}

fn fields<'s>(schema: &'s Schema, of: &str) -> Vec<&'s str> {
    match schema.types.get(of) {
        Some(ExtendedType::Object(object)) => object.fields.keys().map(Name::as_str).collect(),
        Some(ExtendedType::Interface(interface)) => {
            interface.fields.keys().map(Name::as_str).collect()
        }
        _ => Vec::new(),
    }
}

fn inputs<'s>(schema: &'s Schema, of: &str) -> Vec<&'s str> {
    match schema.types.get(of) {
        Some(ExtendedType::Enum(enumeration)) => {
            enumeration.values.keys().map(Name::as_str).collect()
        }
        Some(ExtendedType::InputObject(object)) => object.fields.keys().map(Name::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The arguments of what a coordinate like `Query.districts` names.
fn arguments<'s>(schema: &'s Schema, coordinate: &str) -> Vec<&'s str> {
    let field: Option<&FieldDefinition> = coordinate
        .split_once('.')
        .and_then(|(of, name)| schema.type_field(of, name).ok())
        .map(|component| &***component);
    let arguments = field.map_or(&[][..], |field| &field.arguments);
    arguments.iter().map(|argument| argument.name.as_str()).collect()
}
