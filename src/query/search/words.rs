//! A query's words, in the language of either database's index.
//!
//! The index knows a row by its tokens, some of them marked: `^` before those of its names, `=`
//! before a whole name, `@` before its table. Everything a search asks is whether tokens are there
//! and in a row, so both databases give the same answer by construction.

use entity::Quoted;
use sea_orm::{DbBackend, sea_query::Expr};

use super::{
    field::{Field, whole},
    token::{Term, Token, terms},
};
use crate::error::Error;

/// The longest query, in characters.
pub const LONGEST: usize = 200;

/// How many tokens of a row are indexed, and how many of its names: what PostgreSQL holds at the
/// most, which is a megabyte, and places up to 16,383.
const TOKENS: usize = 10_000;
const NAMES: usize = 2000;

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    terms: Vec<Term>,
    whole: String,
}

/// How well an object fits a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "SearchMatch")]
pub enum Match {
    /// One of its names, titles, codes or symbols, or its slug, is what was searched for.
    WholeName,
    /// All the words are in its names, titles, codes, symbols and slug.
    Name,
    /// All the words are somewhere in its texts: names, descriptions, notes, statements.
    Text,
}

impl Match {
    /// Best first.
    pub(super) const ALL: [Self; 3] = [Self::WholeName, Self::Name, Self::Text];
}

impl Words {
    /// Reads a query. Everything in it is text, nothing is an operator.
    pub fn new(query: &str) -> Result<Self, Error> {
        let length = query.chars().count();
        if length > LONGEST {
            return Err(Error::input(format!(
                "`query` has {length} characters, but may have {LONGEST} at the most"
            )));
        }
        let terms = terms(query);
        match whole(query) {
            _ if terms.is_empty() => Err(Error::input(format!(
                "`query` is {}, in which there is nothing to search for; give at least one \
                 letter or digit",
                Quoted(query)
            ))),
            whole => Ok(Self { terms, whole: whole.unwrap_or_default() }),
        }
    }

    /// The rows of these tables, or of all, that fit in no better way than this one.
    pub(super) fn only(&self, how: Match, tables: &[&str], backend: DbBackend) -> Expr {
        let (whole, names) = (token(backend, &format!("={}", self.whole)), self.all("^", backend));
        let query = match how {
            Match::WholeName => whole,
            Match::Name => without(backend, &names, &whole),
            Match::Text => without(backend, &self.all("", backend), &names),
        };
        condition(query, tables, backend)
    }

    /// The rows of these tables, or of all, that fit in any way.
    pub(super) fn any(&self, tables: &[&str], backend: DbBackend) -> Expr {
        condition(self.all("", backend), tables, backend)
    }

    /// All terms with this mark.
    fn all(&self, mark: &str, backend: DbBackend) -> String {
        let terms = self.terms.iter().map(|term| {
            let marked = |token: &String| format!("{mark}{token}");
            let tokens = term.tokens.iter().map(marked).collect::<Vec<_>>();
            let others = term.or.iter().map(|other| token(backend, &marked(other)));
            let any = [row(backend, &tokens, term.open)].into_iter().chain(others);
            format!("({})", join(backend, [" OR ", " | "], any))
        });
        join(backend, [" AND ", " & "], terms)
    }

    /// The same for equal searches only.
    pub(super) fn signature(&self) -> String {
        self.all("", DbBackend::Sqlite)
    }

    /// The field in which most of the words are, of equal ones the first; and the byte where
    /// they begin.
    pub fn best<'f>(&self, fields: &'f [Field]) -> Option<(&'f Field, usize)> {
        let mut best: Option<(usize, &Field, usize)> = None;
        for field in fields {
            let tokens = field.tokens();
            let found: Vec<&Token> =
                self.terms.iter().filter_map(|term| term.find(&tokens)).collect();
            let is_whole = field.is_name() && whole(&field.text).as_ref() == Some(&self.whole);
            let score = found.len() + usize::from(is_whole);
            if best.is_none_or(|(most, ..)| score > most) {
                let offset = found.iter().map(|token| token.offset).min();
                best = Some((score, field, offset.unwrap_or(0)));
            }
        }
        best.map(|(_, field, offset)| (field, offset))
    }
}

/// What the index is told of a row, the way the database takes it.
pub fn entry(table: &str, fields: &[Field], backend: DbBackend) -> String {
    let tokens = |mark: &'static str| {
        move |field: &Field| {
            field.tokens().into_iter().map(move |token| format!("{mark}{}", token.text))
        }
    };
    let names = || fields.iter().filter(|field| field.is_name());
    let wholes = names().filter_map(|field| Some(format!("={}", whole(&field.text)?)));
    let all = [format!("@{table}")]
        .into_iter()
        .chain(wholes)
        .chain(names().flat_map(tokens("^")).take(NAMES))
        .chain(fields.iter().flat_map(tokens("")).take(TOKENS));
    let written = all.zip(1..).map(|(token, place)| match backend {
        DbBackend::Postgres => format!("'{token}':{place}"),
        _ => token,
    });
    written.collect::<Vec<_>>().join(" ")
}

/// The condition that the index knows an entry by this one token.
pub fn has(text: &str, backend: DbBackend) -> Expr {
    condition(token(backend, text), &[], backend)
}

fn condition(mut query: String, tables: &[&str], backend: DbBackend) -> Expr {
    if !tables.is_empty() {
        let tables = tables.iter().map(|table| token(backend, &format!("@{table}")));
        let tables = join(backend, [" OR ", " | "], tables);
        query = join(backend, [" AND ", " & "], [format!("({query})"), format!("({tables})")]);
    }
    match backend {
        DbBackend::Postgres => Expr::cust_with_values("words @@ CAST($1 AS tsquery)", [query]),
        _ => Expr::cust_with_values("search_entry MATCH ?", [query]),
    }
}

/// Tokens hold letters, marks and digits only, and one of ours before them: none can end the
/// quotation.
fn token(backend: DbBackend, text: &str) -> String {
    row(backend, &[text.to_owned()], false)
}

fn row(backend: DbBackend, tokens: &[String], open: bool) -> String {
    match backend {
        DbBackend::Postgres => {
            let quoted: Vec<String> = tokens.iter().map(|token| format!("'{token}'")).collect();
            format!("({}{})", quoted.join(" <-> "), if open { ":*" } else { "" })
        }
        _ => format!("\"{}\"{}", tokens.join(" "), if open { " *" } else { "" }),
    }
}

fn without(backend: DbBackend, some: &str, others: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("({some}) & !({others})"),
        _ => format!("({some}) NOT ({others})"),
    }
}

fn join(
    backend: DbBackend,
    [sqlite, postgres]: [&str; 2],
    parts: impl IntoIterator<Item = String>,
) -> String {
    let between = if backend == DbBackend::Postgres { postgres } else { sqlite };
    parts.into_iter().collect::<Vec<_>>().join(between)
}
