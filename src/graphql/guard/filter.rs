//! A filter by itself, as a download or a command has one: in the language of the API, checked as
//! the API checks it.

use std::fmt::Display;

use apollo_compiler::ast::{Definition, Selection};
use async_graphql::{InputType, Name, Pos, ServerError, Value as Constant, Variables};
use serde::de::IgnoredAny;

use entity::Quoted;

use super::{Asked, Guard, Options, given::Given, literal::Literals, syntax::Syntax, variables};
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
        let values = values(&self.options, text).map_err(one)?;
        let kind = E::Filter::type_name();
        let document = format!(
            "query ($filter: {kind}!) {{ {list}(first: 1, filter: $filter) {{ totalCount }} }}"
        );
        let document = self.read(&document).map_err(|refused| refused.to_vec())?;
        let operation = document.operation(None).map_err(one)?;
        variables::check_values(&values, self.options.value_depth_max).map_err(one)?;
        let most = self.options.error_max();
        let values = document.coerce(&self.contract, operation, &values, most)?;
        let given = Given { operation, variables: &values };
        self.afford(self.estimate(&document, given, None)).map_err(one)?;
        let filter = values.get(FILTER).cloned();
        E::Filter::parse(filter).map_err(|wrong| {
            let wrong = wrong.into_server_error(Pos::default());
            one(error::refused(Code::BadUserInput, format!("`{FILTER}`: {}", wrong.message)))
        })
    }
}

/// The text as the value of a variable.
fn values(options: &Options, text: &str) -> Result<Variables, ServerError> {
    let wrong =
        |why: &dyn Display| error::refused(Code::BadUserInput, format!("`{FILTER}`: {why}"));
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let json = format!("{{\"{FILTER}\":{text}}}");
        return Asked::read_variables(&json).map_err(|why| wrong(&why));
    }
    let value = literal(options, text)?.ok_or_else(|| {
        wrong(&format!(
            "{} is neither JSON nor a literal of GraphQL; write it like {{metric: {{slug: {{eq: \
             \"gdp\"}}}}}}",
            Quoted(text)
        ))
    })?;
    let mut values = Variables::default();
    values.insert(Name::new(FILTER), as_variable(value));
    Ok(values)
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

/// The one argument of the one field of a document, where the text is no more than that. Fails
/// where it is beyond a limit.
fn literal(options: &Options, text: &str) -> Result<Option<Constant>, ServerError> {
    let document = format!("{{ list({FILTER}: {text}\n) }}");
    let Syntax { document, places, .. } = match Syntax::read(options, &document) {
        Ok(syntax) => syntax,
        Err(refused) => {
            let beyond = |error: &ServerError| error::code(error) != Some(Code::ParseFailed);
            return refused.into_iter().find(beyond).map_or(Ok(None), Err);
        }
    };
    let [Definition::OperationDefinition(operation)] = &document.definitions[..] else {
        return Ok(None);
    };
    let [Selection::Field(field)] = &operation.selection_set[..] else { return Ok(None) };
    let plain = field.directives.is_empty() && field.selection_set.is_empty();
    match &field.arguments[..] {
        [argument] if plain => Ok(Literals(&places).value(&argument.value)?.into_const()),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn read(text: &str) -> Result<Option<Constant>, ServerError> {
        literal(&Command::parse_from(["guard"]).options, text)
    }

    #[test]
    fn a_literal_is_one_value_and_no_more() {
        let given = read("{slug: {eq: \"a\"}, status: {in: [NORMAL]}}").unwrap().unwrap();
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
            assert_eq!(read(wrong).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn a_literal_is_read_within_the_limits() {
        for (wrong, code) in [
            (
                format!("{{and: {}A{}}}", "[".repeat(2_000), "]".repeat(2_000)),
                Code::DepthLimitExceeded,
            ),
            ("[".repeat(100_000), Code::TokenLimitExceeded),
            (
                format!("{{and: {}{}}}", "[".repeat(150), "]".repeat(150)),
                Code::ValueDepthLimitExceeded,
            ),
            ("{slug: {eq: \"a\", eq: \"b\"}}".to_owned(), Code::ValidationFailed),
        ] {
            assert_eq!(error::code(&read(&wrong).unwrap_err()), Some(code));
        }
    }
}
