//! Localised texts as SQL reads and orders them.

use std::sync::Arc;

use entity::Text;
use sea_orm::{DbBackend, sea_query::Expr};

use crate::database::{Database, ROOT_COLLATION};

/// In which languages texts are read, best first, and by whose rules they are ordered: those of the
/// first. By default in English, by the rules of all languages, which are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    wanted: Arc<[String]>,
    collation: Arc<str>,
}

impl Default for Locale {
    fn default() -> Self {
        Self { wanted: Arc::default(), collation: ROOT_COLLATION.into() }
    }
}

/// The text of the first tag that is wanted, or whose language is: as [`Text::get`] finds it.
const POSTGRES: &str = "(SELECT t.value FROM jsonb_each_text($1) AS t(tag, value) \
    ORDER BY least(array_position($2, lower(t.tag COLLATE \"C\")), \
    array_position($2, split_part(lower(t.tag COLLATE \"C\"), '-', 1) || '-*')), \
    t.tag COLLATE \"C\" LIMIT 1)";

impl Locale {
    /// That of languages, best first, in a database.
    pub fn new(database: &Database, wanted: &[&str]) -> Self {
        let first = wanted.first().unwrap_or(&Text::FALLBACK);
        let collation = database.collation(first).into();
        Self { wanted: wanted.iter().map(|tag| (*tag).to_owned()).collect(), collation }
    }

    /// What tells it from others.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.wanted.join(","), self.collation)
    }

    /// What a localised text says; nothing where it says nothing at all.
    pub(super) fn read<'t>(&self, text: &'t Text) -> Option<&'t str> {
        text.get(&self.wanted())
    }

    /// The same as SQL.
    pub(super) fn text(&self, json: Expr, backend: DbBackend) -> Expr {
        match backend {
            DbBackend::Postgres => {
                let chain = Expr::val(Text::chain(&self.wanted()));
                Expr::cust_with_exprs(POSTGRES, [json, chain])
            }
            _ => {
                let wanted = Expr::val(self.wanted.join(","));
                Expr::cust_with_exprs("localized(?, ?)", [json, wanted])
            }
        }
    }

    /// A text, ordered by the rules.
    pub(super) fn ordered(&self, text: Expr, backend: DbBackend) -> Expr {
        let sign = if backend == DbBackend::Postgres { "$1" } else { "?" };
        // The name is one of ICU's.
        Expr::cust_with_exprs(format!("({sign}) COLLATE \"{}\"", self.collation), [text])
    }

    fn wanted(&self) -> Vec<&str> {
        self.wanted.iter().map(String::as_str).collect()
    }
}
