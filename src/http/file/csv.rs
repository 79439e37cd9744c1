//! A table as CSV (RFC 4180), harmless in a spreadsheet.

use std::borrow::Cow;

use async_graphql::ServerError;
use csv::{Terminator, Writer, WriterBuilder};

use super::table::Table;
use crate::{
    error::Error,
    graphql::{Shape, rows::Json},
};

/// What stands between the values of a list in one cell.
const BETWEEN: &str = "; ";

/// The mark by which spreadsheets know UTF-8.
const MARK: &str = "\u{feff}";

/// How an answer becomes CSV.
pub(super) struct Csv {
    table: Table,
    mark: bool,
}

impl Csv {
    pub(super) fn new(shape: &Shape, mark: bool) -> Result<Self, ServerError> {
        Ok(Self { table: Table::new(shape)?, mark })
    }

    /// The lines of a page, after the names of the columns on the first one.
    pub(super) fn write(&self, data: &Json<'_>, first: bool) -> Result<Vec<u8>, Error> {
        let mark = if first && self.mark { MARK } else { "" };
        let mut lines =
            WriterBuilder::new().terminator(Terminator::CRLF).from_writer(mark.as_bytes().to_vec());
        if first {
            lines.write_record(&self.table.columns).map_err(Error::internal)?;
        }
        self.table.rows(data, first, &mut |row| line(&mut lines, row))?;
        lines.into_inner().map_err(Error::internal)
    }
}

fn line(lines: &mut Writer<Vec<u8>>, row: &[Option<&Json<'_>>]) -> Result<(), Error> {
    let cells = row.iter().map(|cell| cell.map_or(Cow::Borrowed(""), cell_text));
    for cell in cells {
        lines.write_field(&*cell).map_err(Error::internal)?;
    }
    lines.write_record(None::<&[u8]>).map_err(Error::internal)
}

/// A value as a cell. A text that a spreadsheet would run as a formula has an apostrophe before it;
/// numbers stay numbers.
fn cell_text<'v>(value: &'v Json<'_>) -> Cow<'v, str> {
    let text = plain(value);
    match is_formula(&text) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}

fn plain<'v>(value: &'v Json<'_>) -> Cow<'v, str> {
    match value {
        Json::Null => "".into(),
        Json::Text(text) => Cow::Borrowed(text),
        Json::List(values) => values.iter().map(item).collect::<Vec<_>>().join(BETWEEN).into(),
        // Numbers, truths, shapes: as JSON has them.
        other => serde_json::to_string(other).unwrap_or_default().into(),
    }
}

/// One of a list in a cell; of a text in several languages, after its language.
fn item<'v>(value: &'v Json<'_>) -> Cow<'v, str> {
    if let (Some(language), Some(text)) = (value.field("language"), value.field("text")) {
        return format!("{}: {}", plain(language), plain(text)).into();
    }
    plain(value)
}

/// What begins a formula in one spreadsheet or another, after whatever space.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

fn is_formula(text: &str) -> bool {
    let is_space = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    let rest = text.trim_start_matches(is_space);
    let space = &text[..text.len() - rest.len()];
    !is_number(text) && (rest.starts_with(SIGNS) || space.contains(['\t', '\r', '\n']))
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str, signs: &[char]| text.strip_prefix(signs).unwrap_or(text).to_owned();
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(unsigned(exponent, &['+', '-']))),
        None => (text, None),
    };
    let number = unsigned(number, &['-']);
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (&*number, None),
    };
    digits(whole) && decimals.is_none_or(digits) && exponent.is_none_or(|text| digits(&text))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde::Deserialize;

    use super::*;
    use crate::{
        cli::Cli,
        graphql::{self, Asked, Guard},
    };

    /// An answer, and what it is as CSV; the playground's tests read the same file.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        query: String,
        data: serde_json::Value,
        csv: String,
    }

    fn csv(guard: &Guard, query: &str) -> Result<Csv, ServerError> {
        let asked = Asked { query: Some(query.to_owned()), ..Asked::default() };
        let export = guard.export(asked).map_err(|mut errors| errors.remove(0))?;
        Csv::new(&export.shape, false)
    }

    fn guard() -> Guard {
        let config = Cli::parse_from(["hutong"]).config;
        Guard::new(&graphql::schema(config.limits), config.guard, config.limits).unwrap()
    }

    #[test]
    fn an_answer_is_the_table_that_the_playground_makes_of_it() {
        let guard = guard();
        let cases: Vec<Case> = serde_json::from_str(include_str!("cases.json")).unwrap();
        for case in cases {
            let data = serde_json::to_vec(&case.data).unwrap();
            let data = Json::read(&data).unwrap();
            let lines = csv(&guard, &case.query).unwrap().write(&data, true).unwrap();
            assert_eq!(String::from_utf8(lines).unwrap(), case.csv, "{}", case.name);
        }
    }

    #[test]
    fn lists_beside_each_other_are_refused_at_any_depth() {
        let guard = guard();
        for (query, lists) in [
            (
                "{ a: units { nodes { slug } } units { nodes { slug } } }",
                "`a.nodes` and `units.nodes`",
            ),
            (
                "{ dataset { titles { text } } units { edges { cursor } } }",
                "`dataset.titles` and `units.edges`",
            ),
            (
                "{ districts { nodes { names { text } parent { children { nodes { slug } } } } } }",
                "`names` and `parent.children.nodes`",
            ),
            (
                "{ units { nodes { slug } ...Again } } fragment Again on UnitConnection { edges { cursor } }",
                "`units.nodes` and `units.edges`",
            ),
        ] {
            let refused = csv(&guard, query).err().unwrap_or_else(|| panic!("{query}"));
            assert_eq!(
                refused.message,
                format!(
                    "a file holds one list, but {lists} stand beside each other; ask for one of them, or for JSON"
                )
            );
        }
        // One of them is not asked for.
        let query = "{ units { nodes { slug } edges @skip(if: true) { cursor } } }";
        assert!(csv(&guard, query).is_ok());
    }
}
