//! Conditions on text: plain, and in many languages.

use async_graphql::InputObject;
use sea_orm::{
    DbBackend,
    sea_query::{BinOper, Condition, Expr, ExprTrait, Func, Query},
};

use super::{ColumnFilter, null};
use crate::{
    database::{fold_case, folded_case},
    fold,
};

/// What a slug, code or sign must be like, exactly. Conditions given together must all hold.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct TextFilter {
    /// Exactly this.
    pub eq: Option<String>,
    /// Anything but this.
    pub ne: Option<String>,
    /// One of these. No text is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// None of these.
    pub not_in: Option<Vec<String>>,
    /// This somewhere inside; `%` and `_` mean themselves.
    pub contains: Option<String>,
    /// This at the beginning.
    pub starts_with: Option<String>,
    /// This at the end.
    pub ends_with: Option<String>,
    /// Whether there is no text at all.
    pub is_null: Option<bool>,
    /// Whether small and capital letters differ; where not, they are alike in every script.
    #[graphql(default = true)]
    pub case_sensitive: bool,
}

impl Default for TextFilter {
    fn default() -> Self {
        Self {
            eq: None,
            ne: None,
            one_of: None,
            not_in: None,
            contains: None,
            starts_with: None,
            ends_with: None,
            is_null: None,
            case_sensitive: true,
        }
    }
}

impl TextFilter {
    /// Exactly this.
    pub fn exactly(text: &str) -> Self {
        Self { eq: Some(text.to_owned()), ..Self::default() }
    }

    /// The same for a text whose letters are all small.
    fn folded(&self) -> Self {
        let one = |text: &Option<String>| text.as_deref().map(fold_case);
        let many = |texts: &Option<Vec<String>>| {
            texts.as_ref().map(|texts| texts.iter().map(|text| fold_case(text)).collect())
        };
        Self {
            eq: one(&self.eq),
            ne: one(&self.ne),
            one_of: many(&self.one_of),
            not_in: many(&self.not_in),
            contains: one(&self.contains),
            starts_with: one(&self.starts_with),
            ends_with: one(&self.ends_with),
            is_null: self.is_null,
            case_sensitive: true,
        }
    }
}

impl ColumnFilter for TextFilter {
    fn picks_one(&self) -> bool {
        self.eq.is_some() && self.case_sensitive
    }

    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        if !self.case_sensitive {
            let folded = Expr::cust_with_exprs(folded_case(backend), [expr.clone()]);
            return self.folded().on(&folded, backend);
        }
        let part = |at: At, text: &Option<String>| Some(holds(expr, at, text.as_deref()?, backend));
        Condition::all()
            .add_option(self.eq.as_ref().map(|text| expr.clone().eq(text.as_str())))
            .add_option(self.ne.as_ref().map(|text| expr.clone().ne(text.as_str())))
            .add_option(self.one_of.as_ref().map(|texts| expr.clone().is_in(texts)))
            .add_option(self.not_in.as_ref().map(|texts| expr.clone().is_not_in(texts)))
            .add_option(part(At::Anywhere, &self.contains))
            .add_option(part(At::Start, &self.starts_with))
            .add_option(part(At::End, &self.ends_with))
            .add_option(null(self.is_null, expr))
    }
}

/// Where in a text a part is to be.
#[derive(Debug, Clone, Copy)]
enum At {
    Start,
    Anywhere,
    End,
}

/// The longest pattern that SQLite takes, in bytes.
const PATTERN: usize = 50_000;

/// Whether a text holds a part there, letter for letter.
fn holds(expr: &Expr, at: At, part: &str, backend: DbBackend) -> Expr {
    let escaped = |special: &[char], escape: fn(char) -> String| -> String {
        let one = |letter: char| match special.contains(&letter) {
            true => escape(letter),
            false => letter.to_string(),
        };
        part.chars().map(one).collect()
    };
    if backend == DbBackend::Postgres {
        let part = escaped(&['%', '_', '\\'], |letter| format!("\\{letter}"));
        return expr.clone().like(match at {
            At::Start => format!("{part}%"),
            At::Anywhere => format!("%{part}%"),
            At::End => format!("%{part}"),
        });
    }
    let length = i64::try_from(part.chars().count()).unwrap_or(i64::MAX);
    let cut =
        |sql: &'static str| Expr::cust_with_exprs(sql, [expr.clone(), Expr::val(length)]).eq(part);
    match at {
        At::Start => {
            // A pattern, for which there may be an index. LIKE ignores the case of ASCII letters.
            let pattern = escaped(&['*', '?', '['], |letter| format!("[{letter}]")) + "*";
            match pattern.len() <= PATTERN {
                true => expr.clone().binary(BinOper::Custom("GLOB"), Expr::val(pattern)),
                false => cut("substr(?, 1, ?)"),
            }
        }
        At::End if length > 0 => cut("substr(?, -?)"),
        At::Anywhere | At::End => {
            Expr::cust_with_exprs("instr(?, ?)", [expr.clone(), Expr::val(part)]).gt(0)
        }
    }
}

/// What a text for people must be like, in any language or in a given one. Conditions given together
/// must all hold of the same text.
///
/// Texts are compared as `search` compares words: case, accents, tone marks, Arabic points and forms
/// of letters, traditional and simplified Chinese, the width of letters, the script of digits,
/// apostrophes and how much white space there is make no difference. Every other sign counts, and `%`
/// and `_` mean themselves. What would be nothing then, such as an apostrophe alone, is compared
/// exactly.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct LocalizedTextFilter {
    /// The language to look in, a BCP 47 tag exactly as the data have it; any language when left
    /// out.
    pub language: Option<String>,
    /// This as a whole.
    pub eq: Option<String>,
    /// One of these as a whole. No text is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// This somewhere inside.
    pub contains: Option<String>,
    /// This at the beginning.
    pub starts_with: Option<String>,
    /// This at the end.
    pub ends_with: Option<String>,
    /// Whether there is no text in any language.
    pub is_null: Option<bool>,
    /// Compare exactly, letter for letter and case-sensitive.
    #[graphql(default = false)]
    pub exact: bool,
    /// True compares exactly.
    #[graphql(
        deprecation = "Give `exact: true` in the place of `caseSensitive: true`, and leave out \
                       `caseSensitive: false`. It will be removed with the next release."
    )]
    pub case_sensitive: Option<bool>,
}

/// A text of a row in one language, as it is written and in folded spelling.
struct Texts {
    written: Expr,
    folded: Expr,
    exact: bool,
}

impl Texts {
    fn new(exact: bool, backend: DbBackend) -> Self {
        let written = Expr::col((TEXT, "value"));
        let folded = match backend {
            // What PostgreSQL cannot fold was folded by whoever wrote it. A join would be planned for
            // a hundred languages, and read all that was ever folded for each row.
            DbBackend::Postgres => {
                "(SELECT folded FROM folded_text AS f WHERE f.text = $1 LIMIT 1)"
            }
            _ => "fold_text(?)",
        };
        let folded = Expr::cust_with_exprs(folded, [written.clone()]);
        Self { written, folded, exact }
    }

    /// What is compared with a text, and the spelling in which that is. What folds to nothing would
    /// be in every text.
    fn of(&self, text: &str) -> (&Expr, String) {
        match fold::text(text) {
            folded if !self.exact && !folded.is_empty() => (&self.folded, folded),
            _ => (&self.written, text.to_owned()),
        }
    }
}

/// The name under which a condition reads a localised text.
const TEXT: &str = "text";

impl LocalizedTextFilter {
    /// What a text must be like, whatever its language.
    fn compare(&self, texts: &Texts, backend: DbBackend) -> Condition {
        let equal = |text: &String| {
            let (expr, text) = texts.of(text);
            expr.clone().eq(text)
        };
        let part = |at: At, text: &Option<String>| {
            let (expr, text) = texts.of(text.as_deref()?);
            Some(holds(expr, at, &text, backend))
        };
        let one_of = self.one_of.as_ref().map(|all| {
            let (written, folded): (Vec<_>, Vec<_>) = all
                .iter()
                .map(|text| texts.of(text))
                .partition(|(expr, _)| *expr == &texts.written);
            let is_in = |expr: &Expr, all: Vec<(&Expr, String)>| {
                expr.clone().is_in(all.into_iter().map(|(_, text)| text))
            };
            // Each text is folded once, however many it is compared with.
            is_in(&texts.folded, folded).or(is_in(&texts.written, written))
        });
        Condition::all()
            .add_option(self.eq.as_ref().map(equal))
            .add_option(one_of)
            .add_option(part(At::Anywhere, &self.contains))
            .add_option(part(At::Start, &self.starts_with))
            .add_option(part(At::End, &self.ends_with))
    }
}

impl ColumnFilter for LocalizedTextFilter {
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        let texts = Texts::new(self.exact || self.case_sensitive == Some(true), backend);
        let compared = self.compare(&texts, backend);
        let language = self.language.as_deref().map(|tag| Expr::col((TEXT, "key")).eq(tag));
        let some = Condition::all()
            .add_option((!compared.is_empty()).then_some(compared))
            .add_option(language);
        let every_language = match backend {
            DbBackend::Postgres => "jsonb_each_text",
            _ => "json_each",
        };
        let found = (!some.is_empty()).then(|| {
            let mut found = Query::select();
            found
                .expr(Expr::val(1))
                .from_function(Func::cust(every_language).arg(expr.clone()), TEXT)
                .cond_where(some);
            Expr::exists(found.take())
        });
        Condition::all().add_option(found).add_option(null(self.is_null, expr))
    }
}
