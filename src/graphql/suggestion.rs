//! The names an asker may have meant.

use async_graphql::{ErrorExtensionValues, ServerError, Value, parser::parse_schema};
use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};

use super::Schema;

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

/// Adds to an error about a word that an enumeration does not have those that it has and are most
/// like it.
pub(super) fn of_words(schema: &Schema, error: &mut ServerError) {
    let Some((enumeration, word)) = misspelt(&error.message) else { return };
    // Read from the contract: the registry behind the schema is not open to be asked.
    let Ok(document) = parse_schema(schema.sdl()) else { return };
    let words: Vec<String> = document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(kind) if kind.node.name.node == enumeration => {
                Some(kind.node.kind)
            }
            _ => None,
        })
        .filter_map(|kind| match kind {
            TypeKind::Enum(enumeration) => Some(enumeration.values),
            _ => None,
        })
        .flatten()
        .map(|value| value.node.value.node.to_string())
        .collect();
    let alike = nearest(&word, words.iter().map(String::as_str));
    if !alike.is_empty() {
        error.message = format!("{}; did you mean {}?", error.message, alike.join(" or "));
        let values = alike.into_iter().map(Value::from).collect();
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("suggestions", Value::List(values));
    }
}

/// The enumeration and the word that an error of validation names.
fn misspelt(message: &str) -> Option<(String, String)> {
    let (_, rest) = message.split_once("enumeration type \"")?;
    let (enumeration, rest) = rest.split_once("\" does not contain the value \"")?;
    let (word, _) = rest.split_once('"')?;
    Some((enumeration.to_owned(), word.to_owned()))
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
