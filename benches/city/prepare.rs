//! The databases that are asked: Hutong's own with the synthetic city in it.

use std::{path::Path, time::Instant};

use hutong::{
    database::{self, Database},
    record::{By, Writer},
};
use sea_orm::{
    DbBackend,
    sqlx::{Connection, PgConnection, query_scalar, raw_sql},
};

use crate::{
    dialect::Dialect,
    generate::{self, Size},
    measure::Failure,
    process::postmaster,
};

/// A file beside what cargo builds.
pub(crate) fn file(name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
}

/// Opens the database.
pub(crate) async fn open(url: &str) -> Result<Database, Failure> {
    let options = database::Options {
        database_url: Some(url.to_owned()),
        database_readers: 4,
        statement_timeout: 30,
        migration_backup: false,
    };
    Ok(Database::open(&options).await?)
}

/// Makes the city where there is none, and leaves the database as one that was at rest for a while.
pub(crate) async fn city(url: &str, size: &Size) -> Result<Dialect, Failure> {
    let database = open(url).await?;
    database.migrate().await?;
    let begun = Instant::now();
    let now = chrono::Utc::now();
    let by = By::operator("the generator");
    let empty = Writer::begin(&database, now, by).await?.is_empty().await?;
    if empty {
        generate::city(&database, size).await?;
        let rows = size.observations;
        println!("made {rows} figures in {:.1} s: {url}", begun.elapsed().as_secs_f64());
    }
    match database.backend() {
        DbBackend::Postgres => {
            if empty {
                // What autovacuum does a minute later.
                let mut connection = PgConnection::connect(url).await?;
                raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
            }
            Ok(Dialect::Postgres)
        }
        _ => {
            drop(database);
            // Or else the city is read from the log of what was written last.
            let connection = rusqlite::Connection::open(url.trim_start_matches("sqlite://"))?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(Dialect::Sqlite)
        }
    }
}

/// The first process of PostgreSQL, where it is on this machine.
pub(crate) async fn processes(url: &str, dialect: Dialect) -> Result<Option<u32>, Failure> {
    if dialect == Dialect::Sqlite {
        return Ok(None);
    }
    let mut connection = PgConnection::connect(url).await?;
    let id: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
    let first = postmaster(id.try_into()?);
    if first.is_none() {
        println!("PostgreSQL's processes are not seen: its time is not in the processor's\n");
    }
    Ok(first)
}
