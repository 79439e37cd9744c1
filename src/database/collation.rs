//! Text in the order that the readers of a language expect: by ICU's rules, the same on both
//! databases. PostgreSQL has collations of ICU; SQLite is given them under the same names, and a
//! function for which of a text's languages is read.

use std::collections::HashSet;

use entity::Text;
use icu_collator::{
    CollatorBorrowed,
    provider::{Baked, CollationMetadataV1},
};
use icu_locale_core::Locale;
use rusqlite::{Connection, functions::FunctionFlags};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::Database;
use crate::{error::Error, icu};

/// What ends the names.
const SUFFIX: &str = "-x-icu";

/// The rules of languages that have none of their own.
pub(crate) const ROOT: &str = "und-x-icu";

/// The collations of ICU that PostgreSQL has.
const KNOWN: &str = "SELECT collname::text FROM pg_collation
    WHERE collprovider = 'i' AND collnamespace = 'pg_catalog'::regnamespace";

/// The names of the collations that PostgreSQL has.
pub(super) async fn known(postgres: &DatabaseConnection) -> Result<HashSet<String>, DbErr> {
    let known = Statement::from_string(DbBackend::Postgres, KNOWN);
    let names = postgres.query_all_raw(known).await?;
    names.iter().map(|name| name.try_get_by_index(0)).collect()
}

impl Database {
    /// The name of the collation by which texts of a language are ordered: its own, or else that of
    /// its nearest relative, or of all languages. There are as many as ICU has rules, however many
    /// languages are named.
    pub(crate) fn collation(&self, language: &str) -> String {
        let known = |name: &String| self.collations.as_ref().is_none_or(|all| all.contains(name));
        own(language).filter(known).unwrap_or_else(|| ROOT.to_owned())
    }
}

/// The name of a language's own rules, or those of its nearest relative.
fn own(language: &str) -> Option<String> {
    let locale = Locale::try_from_str(language).ok()?;
    let nearest = icu::nearest::<CollationMetadataV1>(&Baked, &locale)?;
    // Those of Chinese are kept by its scripts.
    let nearest = nearest.to_string().replace("und-Han", "zh-Han");
    Some(nearest + SUFFIX)
}

/// Makes the collations known to a connection, each once it is needed, and `localized(TEXT, TAGS)`,
/// which reads a localised text in the first language there is of tags with commas between. Texts that are alike by the
/// rules are ordered by their bytes, as on PostgreSQL.
pub(super) fn register(connection: &Connection) -> Result<(), Error> {
    connection.collation_needed(|connection, name| {
        let Some(locale) = name.strip_suffix(SUFFIX).and_then(|tag| tag.parse::<Locale>().ok())
        else {
            return Ok(());
        };
        let Ok(collator) = CollatorBorrowed::try_new(locale.into(), Default::default()) else {
            return Ok(());
        };
        connection.create_collation(name, move |one, other| {
            collator.compare(one, other).then_with(|| one.cmp(other))
        })
    })?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("localized", 2, flags, |context| {
        let Some(json) = context.get::<Option<String>>(0)? else { return Ok(None) };
        let text: Text = serde_json::from_str(&json)
            .map_err(|why| rusqlite::Error::UserFunctionError(why.into()))?;
        let wanted = context.get::<String>(1)?;
        let wanted: Vec<&str> = wanted.split(',').filter(|tag| !tag.is_empty()).collect();
        Ok(text.get(&wanted).map(str::to_owned))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_names_that_postgresql_gives_their_rules() {
        for (language, name) in [
            ("zh", Some("zh-Hans-x-icu")),
            ("zh-CN", Some("zh-Hans-x-icu")),
            ("zh-Hans", Some("zh-Hans-x-icu")),
            ("zh-TW", Some("zh-Hant-x-icu")),
            ("zh-Hant-TW", Some("zh-Hant-x-icu")),
            ("sv-FI", Some("sv-x-icu")),
            ("fr-CA", Some("fr-CA-x-icu")),
            ("fr", None),
            ("en-GB", None),
            ("tlh", None),
            ("x-private", None),
            ("ar-u-nu-latn", Some("ar-x-icu")),
        ] {
            assert_eq!(own(language).as_deref(), name, "{language}");
        }
    }
}
