//! Bringing the tables up to date: never those of a newer version, and on SQLite never without a
//! copy of what was.

use std::path::{Path, PathBuf};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Database, Options, sqlite, transaction::ANALYZE};
use crate::error::Error;

/// What an SQLite file's `user_version` says of a database that was made because none was named.
const DEFAULT: i64 = 1;

impl Database {
    /// Whether this SQLite database, the default one, was made because none was named. Called before
    /// [`Database::migrate`], this notes so in a file without tables: a start that is interrupted
    /// before it has loaded anything is then continued by the next one, while a file whose tables
    /// were made by an import, a migration or a token is its maker's.
    pub async fn note_default(&self) -> Result<bool, Error> {
        if self.number("SELECT count(*) FROM sqlite_schema").await? == 0 {
            let note = format!("PRAGMA user_version = {DEFAULT}");
            self.writer.execute_unprepared(&note).await?;
        }
        Ok(self.number("PRAGMA user_version").await? == DEFAULT)
    }

    /// The number that a statement returns.
    async fn number(&self, sql: &str) -> Result<i64, Error> {
        let statement = Statement::from_string(self.backend(), sql);
        let row = self.writer.query_one_raw(statement).await?;
        row.map_or(Ok(0), |row| row.try_get_by_index(0).map_err(Error::from))
    }

    /// Brings the tables up to date. Fails where a newer version of Hutong made them. An SQLite
    /// database that holds tables already is copied beside itself first, unless its options say
    /// otherwise.
    pub async fn migrate(&self) -> Result<(), Error> {
        let known: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied = Migrator::get_migration_models(&self.writer).await?;
        if let Some(newer) = applied.iter().find(|model| !known.contains(&model.version)) {
            return Err(Error::input(format!(
                "the database was made by a newer version of Hutong ({}); run that version, or \
                 open a backup from before",
                newer.version
            )));
        }
        if applied.len() == known.len() {
            return Ok(());
        }
        if let Some(last) = applied.last()
            && let Some(file) = self.file.as_ref().filter(|_| self.migration_backup)
        {
            let copy = beside(file, &last.version);
            if !copy.exists() {
                let (from, to) = (file.to_path_buf(), copy.clone());
                let copied = tokio::task::spawn_blocking(move || sqlite::copy(&from, &to));
                copied.await.map_err(Error::internal)??;
                tracing::info!(copy = %copy.display(), "copied the database before changing its tables");
            }
        }
        Migrator::up(&self.writer, None).await?;
        if self.backend() == DbBackend::Postgres {
            self.writer.execute_unprepared(ANALYZE).await?;
        }
        Ok(())
    }
}

/// Copies an SQLite database to a file that is not there yet, as it stands now: whoever reads or
/// writes meanwhile is not disturbed.
pub fn back_up(options: &Options, to: &Path) -> Result<(), Error> {
    let url = options.url();
    let Some(file) = url.strip_prefix("sqlite:") else {
        return Err(Error::input(
            "only SQLite databases are backed up by Hutong; for PostgreSQL use pg_dump",
        ));
    };
    let file = Path::new(file.strip_prefix("//").unwrap_or(file));
    match file.exists() {
        true => sqlite::copy(file, to),
        false => Err(Error::input(format!("there is no database {}", file.display()))),
    }
}

/// The copy of a file as a migration left it.
fn beside(file: &Path, version: &str) -> PathBuf {
    let mut name = file.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(format!(".{version}.backup"));
    file.with_file_name(name)
}
