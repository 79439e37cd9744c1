//! The names an asker may have meant.

use apollo_compiler::{
    Name, Schema,
    schema::{ExtendedType, FieldDefinition},
};
use async_graphql::{ErrorExtensionValues, ServerError, Value};

/// How many names are suggested, at most.
const MOST: usize = 3;

/// How alike a name must be, from 0 to 1.
const ALIKE: f64 = 0.6;

/// The names most like the one given, the most alike first.
pub fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let lower = given.to_lowercase();
    let likeness =
        |name: &str| strsim::normalized_damerau_levenshtein(&lower, &name.to_lowercase());
    let mut alike: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    alike.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Adds to an error about a name those of `names` that are most like it.
pub(super) fn with_nearest<'n>(
    mut error: ServerError,
    given: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> ServerError {
    // A name as long as a page was never mistyped, and comparing it would cost.
    let alike = if given.len() > LONGEST { Vec::new() } else { nearest(given, names) };
    if !alike.is_empty() {
        error.message = format!("{}; did you mean {}?", error.message, alike.join(" or "));
        let values = alike.into_iter().map(Value::from).collect();
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("suggestions", Value::List(values));
    }
    error
}

/// The longest name for which others are suggested.
const LONGEST: usize = 100;

/// Adds to an error of validation about a name that the schema does not have those that it has in
/// that place and are most like it.
pub(super) fn of_names(schema: &Schema, error: ServerError) -> ServerError {
    let message = error.message.clone();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let [one, other] = quoted[..] else { return error };
    if message.starts_with("type `") && message.contains("` does not have a field `") {
        with_nearest(error, other, fields(schema, one))
    } else if message.contains("` does not exist on `") {
        with_nearest(error, one, inputs(schema, other))
    } else if message.starts_with("the argument `") {
        with_nearest(error, one, arguments(schema, other))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_come_first_and_strangers_not_at_all() {
        let names = ["haidian", "huairou", "shunyi", "shijingshan"];
        assert_eq!(nearest("hadian", names), ["haidian"]);
        assert_eq!(nearest("HAIDIAN", names), ["haidian"]);
        assert_eq!(nearest("Berlin", names), Vec::<String>::new());
        assert_eq!(nearest("", names), Vec::<String>::new());
    }
}
