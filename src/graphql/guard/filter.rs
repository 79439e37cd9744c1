//! A filter by itself, as a download or a command has one: in the language of the API, checked as
//! the API checks it.

use std::fmt::Display;

use async_graphql::{
    InputType, Name, Pos, ServerError, Value as Constant, Variables,
    parser::{parse_query, types::Selection},
};
use serde::de::IgnoredAny;

use entity::Quoted;

use super::{Asked, Guard, variables};
use crate::{
    graphql::{Code, error},
    query::Table,
};

/// What the filter is called in messages.
const FILTER: &str = "filter";

impl Guard {
    /// Reads a filter of a table's rows: JSON, or a literal of GraphQL. Every part that is wrong is
    /// told with its path, as for a variable. `list` is the field of the root that lists the rows.
    pub fn filter<E: Table>(&self, list: &str, text: &str) -> Result<E::Filter, Vec<ServerError>> {
        self.read_filter::<E>(list, text).map_err(|mut errors| {
            // There is no document of the asker's for them to be in.
            errors.iter_mut().for_each(|error| error.locations.clear());
            errors
        })
    }

    /// Whether strangers may set conditions of their own: not where they may send no document of
    /// their own.
    pub fn takes_filters(&self) -> bool {
        self.trusted.is_none()
    }

    fn read_filter<E: Table>(&self, list: &str, text: &str) -> Result<E::Filter, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let given = given(text).map_err(one)?;
        let kind = E::Filter::type_name();
        let document = format!(
            "query ($filter: {kind}!) {{ {list}(first: 1, filter: $filter) {{ totalCount }} }}"
        );
        let document = self.read(&document).map_err(|refused| refused.to_vec())?;
        let operation = document.operation(None).map_err(one)?;
        variables::check_values(&given, self.options.value_depth_max).map_err(one)?;
        document.check_variables(&self.contract, operation, &given, self.error_max())?;
        let filter = given.get(FILTER).cloned();
        E::Filter::parse(filter).map_err(|wrong| {
            let wrong = wrong.into_server_error(Pos::default());
            one(error::refused(Code::BadUserInput, format!("`{FILTER}`: {}", wrong.message)))
        })
    }
}

/// The text as the value of a variable.
fn given(text: &str) -> Result<Variables, ServerError> {
    let wrong =
        |why: &dyn Display| error::refused(Code::BadUserInput, format!("`{FILTER}`: {why}"));
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let json = format!("{{\"{FILTER}\":{text}}}");
        return Asked::read_variables(&json).map_err(|why| wrong(&why));
    }
    let value = literal(text).ok_or_else(|| {
        wrong(&format!(
            "{} is neither JSON nor a literal of GraphQL; write it like {{metric: {{slug: {{eq: \
             \"gdp\"}}}}}}",
            Quoted(text)
        ))
    })?;
    let mut given = Variables::default();
    given.insert(Name::new(FILTER), as_variable(value));
    Ok(given)
}

/// The words of a literal are texts where they stand in a variable.
fn as_variable(value: Constant) -> Constant {
    match value {
        Constant::Enum(word) => Constant::String(word.to_string()),
        Constant::List(items) => items.into_iter().map(as_variable).collect(),
        Constant::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, as_variable(value)));
            Constant::Object(fields.collect())
        }
        other => other,
    }
}

/// The one argument of the one field of a document, where the text is no more than that.
fn literal(text: &str) -> Option<Constant> {
    let document = parse_query(format!("{{ list({FILTER}: {text}\n) }}")).ok()?;
    let mut operations = document.operations.iter();
    let (_, operation) = operations.next().filter(|_| document.fragments.is_empty())?;
    let mut selections = operation.node.selection_set.node.items.iter();
    let (Some(selection), None, None) = (selections.next(), selections.next(), operations.next())
    else {
        return None;
    };
    let Selection::Field(field) = &selection.node else { return None };
    let field = &field.node;
    let plain = field.directives.is_empty() && field.selection_set.node.items.is_empty();
    match &field.arguments[..] {
        [(_, value)] if plain => value.node.clone().into_const(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_one_value_and_no_more() {
        let given = literal("{slug: {eq: \"a\"}, status: {in: [NORMAL]}}").unwrap();
        assert_eq!(given.to_string(), "{slug: {eq: \"a\"}, status: {in: [NORMAL]}}");
        for wrong in [
            "",
            "{",
            "{}) { id } other(x: {}",
            "{}, more: 1",
            "$variable",
            "{slug: $slug}",
            "{}) @skip(if: false",
            "{}) } { list(filter: {}",
            "{}) } fragment F on X { x",
        ] {
            assert_eq!(literal(wrong), None, "{wrong}");
        }
    }
}
