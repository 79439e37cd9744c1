//! The one way in for what somebody wrote in the language of GraphQL, be it a whole document or a
//! value alone: it is parsed within the limits of its length and of its nesting, and counted.

use apollo_compiler::{ast, diagnostic::ToCliReport, parser::Parser, validation::DiagnosticList};
use async_graphql::{Pos, ServerError};
use entity::quote::beginning;

use super::{
    Options,
    count::{self, Found},
    place::Places,
};
use crate::graphql::{Code, error};

/// How deep the parser goes: deeper than what any limit lets pass.
const RECURSION: usize = 200;

/// How many characters of a message about a document are told: names in it are as long as whoever
/// wrote it likes.
const LONGEST_MESSAGE: usize = 500;

/// What was written, parsed and within every limit that needs no schema.
pub(super) struct Syntax {
    pub(super) document: ast::Document,
    pub(super) places: Places,
    pub(super) tokens: usize,
    pub(super) found: Found,
}

impl Syntax {
    pub(super) fn read(options: &Options, text: &str) -> Result<Self, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let most = usize::try_from(options.token_max).unwrap_or(usize::MAX);
        let mut parser = Parser::new().recursion_limit(RECURSION).token_limit(most);
        let parsed = parser.parse_ast(text, "document.graphql");
        let tokens = parser.tokens_reached();
        if tokens > most {
            return Err(one(error::beyond(
                Code::TokenLimitExceeded,
                format!(
                    "the document has {tokens} tokens or more, but may have {most} at the most; \
                     split it"
                ),
                tokens as u64,
                most as u64,
            )));
        }
        if parser.recursion_reached() > RECURSION {
            return Err(one(error::beyond(
                Code::DepthLimitExceeded,
                format!(
                    "the document is nested {} levels deep or deeper, but may be {RECURSION} at \
                     the most",
                    parser.recursion_reached()
                ),
                parser.recursion_reached() as u64,
                RECURSION as u64,
            )));
        }
        let places = Places::of(text);
        let document = parsed.map_err(|refused| {
            let mut errors = told(&refused.errors, options, &places, error::unparsed);
            // What follows the first error may be wrong because of it.
            errors.truncate(1);
            errors
        })?;
        if !document
            .definitions
            .iter()
            .any(|part| matches!(part, ast::Definition::OperationDefinition(_)))
        {
            return Err(one(error::unparsed(
                "the document has no operation; write one like { districts { nodes { name } } }"
                    .to_owned(),
                None,
            )));
        }
        let found = count::check(&document, options, &places).map_err(one)?;
        Ok(Self { document, places, tokens, found })
    }
}

/// What is wrong with a document, each with its place; not more than an answer tells of.
pub(super) fn told(
    wrong: &DiagnosticList,
    options: &Options,
    places: &Places,
    error: impl Fn(String, Option<Pos>) -> ServerError,
) -> Vec<ServerError> {
    wrong
        .iter()
        .take(options.error_max())
        .map(|wrong| {
            let place = wrong.error.location().map(|location| places.at(location.offset()));
            let message = wrong.error.to_string();
            error(beginning(&message, LONGEST_MESSAGE).to_owned(), place)
        })
        .collect()
}
