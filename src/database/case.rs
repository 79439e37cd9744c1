//! Small and capital letters made alike, in the same way on both databases and here; and folding
//! ([`crate::fold`]) as a function of SQLite.

use rusqlite::{Connection, functions::FunctionFlags};
use sea_orm::DbBackend;

use crate::{error::Error, fold};

/// A text with small letters only. A sigma is the same at the end of a word, or else it would
/// matter where a part of a text was cut.
pub(crate) fn fold_case(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// The same of an expression as SQL, which stands where the sign for a parameter is. PostgreSQL's
/// own rules follow the language of the server; those of ICU's root do not.
pub(crate) fn folded_case(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "replace(lower($1 COLLATE \"und-x-icu\"), 'ς', 'σ')",
        _ => "fold_case(?)",
    }
}

/// Makes the functions known to a connection; SQLite's own knows ASCII alone.
pub(super) fn register(connection: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold_case", 1, flags, |context| {
        Ok(context.get::<Option<String>>(0)?.map(|text| fold_case(&text)))
    })?;
    connection.create_scalar_function("fold_text", 1, flags, |context| {
        let text = context.get_raw(0).as_str_or_null();
        Ok(text.map_err(|why| rusqlite::Error::UserFunctionError(why.into()))?.map(fold::text))
    })?;
    Ok(())
}
