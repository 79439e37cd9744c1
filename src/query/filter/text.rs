//! Conditions on text: plain, and in many languages.

use async_graphql::InputObject;
use sea_orm::{
    DbBackend,
    sea_query::{BinOper, Condition, Expr, ExprTrait, Func, Query},
};

use super::{ColumnFilter, null};
use crate::database::{fold_case, folded_case};

/// What a text must be like, letter for letter. Conditions given together must all hold.
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
        let part = |start: bool, text: &str, end: bool| like(expr, (start, text, end), backend);
        Condition::all()
            .add_option(self.eq.as_ref().map(|text| expr.clone().eq(text.as_str())))
            .add_option(self.ne.as_ref().map(|text| expr.clone().ne(text.as_str())))
            .add_option(self.one_of.as_ref().map(|texts| expr.clone().is_in(texts)))
            .add_option(self.not_in.as_ref().map(|texts| expr.clone().is_not_in(texts)))
            .add_option(self.contains.as_ref().map(|text| part(false, text, false)))
            .add_option(self.starts_with.as_ref().map(|text| part(true, text, false)))
            .add_option(self.ends_with.as_ref().map(|text| part(false, text, true)))
            .add_option(null(self.is_null, expr))
    }
}

/// Whether a text holds a part: at its start, at its end, or anywhere. A pattern in the database's
/// own words: SQLite's LIKE ignores the case of ASCII letters, its GLOB does not.
fn like(expr: &Expr, (start, part, end): (bool, &str, bool), backend: DbBackend) -> Expr {
    let (any, special): (char, &[char]) = match backend {
        DbBackend::Postgres => ('%', &['%', '_', '\\']),
        _ => ('*', &['*', '?', '[']),
    };
    let mut pattern = String::new();
    if !start {
        pattern.push(any);
    }
    for letter in part.chars() {
        match backend {
            _ if !special.contains(&letter) => pattern.push(letter),
            DbBackend::Postgres => pattern.extend(['\\', letter]),
            _ => pattern.extend(['[', letter, ']']),
        }
    }
    if !end {
        pattern.push(any);
    }
    match backend {
        DbBackend::Postgres => expr.clone().like(pattern),
        _ => expr.clone().binary(BinOper::Custom("GLOB"), Expr::val(pattern)),
    }
}

/// What a text for people must be like, in any language or in a given one.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct LocalizedTextFilter {
    /// The language to look in, a BCP 47 tag exactly as the data have it; any language when left
    /// out.
    pub language: Option<String>,
    /// Exactly this.
    pub eq: Option<String>,
    /// One of these.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// This somewhere inside; `%` and `_` mean themselves.
    pub contains: Option<String>,
    /// This at the beginning.
    pub starts_with: Option<String>,
    /// This at the end.
    pub ends_with: Option<String>,
    /// Whether there is no text in any language.
    pub is_null: Option<bool>,
    /// Whether small and capital letters differ; where not, they are alike in every script.
    #[graphql(default = true)]
    pub case_sensitive: bool,
}

impl ColumnFilter for LocalizedTextFilter {
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        let text = TextFilter {
            eq: self.eq.clone(),
            one_of: self.one_of.clone(),
            contains: self.contains.clone(),
            starts_with: self.starts_with.clone(),
            ends_with: self.ends_with.clone(),
            case_sensitive: self.case_sensitive,
            ..TextFilter::default()
        };
        let every_language = match backend {
            DbBackend::Postgres => "jsonb_each_text",
            _ => "json_each",
        };
        let some = Condition::all()
            .add(text.on(&Expr::col(("text", "value")), backend))
            .add_option(self.language.as_deref().map(|tag| Expr::col(("text", "key")).eq(tag)));
        let found = (!some.is_empty()
            && (text != TextFilter::default() || self.language.is_some()))
        .then(|| {
            Expr::exists(
                Query::select()
                    .expr(Expr::val(1))
                    .from_function(Func::cust(every_language).arg(expr.clone()), "text")
                    .cond_where(some)
                    .to_owned(),
            )
        });
        Condition::all().add_option(found).add_option(null(self.is_null, expr))
    }
}
