//! Lean tables for the statements written by hand, as somebody would make them who serves these
//! questions and nothing else: what the width of Hutong's rows costs counts as Hutong's.
//!
//! They hold the same rows, those in force, and of them the columns that the questions select or
//! order by. Texts are plain columns in English; a value is there as a number and as the text that
//! is printed, a period with its code beside it and how often there is one like it. Each list is one stretch of one index that has all
//! its columns, so no row of a long table is looked up but the hundred of a page of all figures.
//!
//! On SQLite they are a file of their own, on PostgreSQL a schema `lean` of the same database. Only
//! the index of search is not made again: statements read Hutong's.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar, raw_sql};

use crate::{dialect::Dialect, measure::Failure};

/// The tables, and the rows in them. What is in capitals and no SQL, the dialect puts in.
const TABLES: &str = "
    CREATE TABLE district (id KEY, slug WORD NOT NULL, name WORD, kind WORD NOT NULL, code WORD,
        parent_id bigint);
    CREATE TABLE initiative (id KEY, district_id bigint NOT NULL, title WORD,
        status WORD NOT NULL, started_on WORD);
    CREATE TABLE unit (id KEY, symbol WORD NOT NULL);
    CREATE TABLE metric (id KEY, slug WORD NOT NULL, name WORD, unit_id bigint NOT NULL);
    CREATE TABLE observation (id KEY, metric_id bigint NOT NULL, district_id bigint NOT NULL,
        initiative_id bigint, period WORD NOT NULL, code WORD NOT NULL,
        frequency integer NOT NULL, value NUMBER, printed WORD, status WORD NOT NULL);

    INSERT INTO district SELECT id, slug, name ->> 'en', kind, code, parent_id
        FROM CITY.district WHERE removed_at IS NULL ORDER BY id;
    INSERT INTO initiative SELECT id, district_id, title ->> 'en', status, started_on
        FROM CITY.initiative WHERE removed_at IS NULL ORDER BY id;
    INSERT INTO unit SELECT id, symbol FROM CITY.unit WHERE removed_at IS NULL ORDER BY id;
    INSERT INTO metric SELECT id, slug, name ->> 'en', unit_id
        FROM CITY.metric WHERE removed_at IS NULL ORDER BY id;
    INSERT INTO observation SELECT o.id, o.metric_id, o.district_id, o.initiative_id, o.period,
            PERIOD_CODE, FREQUENCY, o.value, PRINTED_VALUE, o.status
        FROM CITY.observation o WHERE o.superseded_at IS NULL AND NOT o.retracted
            AND NOT (o.embargoed AND o.embargo_ended_at IS NULL) ORDER BY o.id;";

/// An index: a table, what its rows are found and ordered by, what stands beside that, and which
/// rows are in it.
type Index = (&'static str, &'static str, &'static str, &'static str);

const INDEXES: [Index; 11] = [
    ("district", "slug", "name, kind, code, parent_id", ""),
    ("initiative", "district_id, started_on DESC INDEXED LAST, id DESC", "title, status", ""),
    ("metric", "slug", "", ""),
    (
        "observation",
        "initiative_id, period DESC, id DESC",
        "metric_id, code, printed",
        "WHERE initiative_id IS NOT NULL",
    ),
    ("observation", "district_id, period DESC, id DESC", "metric_id, code, printed", ""),
    ("observation", "district_id", "", ""),
    ("observation", "metric_id, value DESC INDEXED LAST, id DESC", "printed", ""),
    ("observation", "metric_id, district_id", "value", ""),
    (
        "observation",
        "metric_id, district_id, frequency, period DESC",
        "code, printed",
        "WHERE initiative_id IS NULL AND value IS NOT NULL",
    ),
    ("observation", "period DESC, id DESC", "", ""),
    ("observation", "value DESC INDEXED LAST, id DESC", "", ""),
];

/// Makes the tables from the rows of a database, where they are not of those rows already. On
/// SQLite they are in a file of this name.
pub(crate) async fn make(url: &str, dialect: Dialect, file: &Path) -> Result<(), Failure> {
    let tables = dialect.words(TABLES);
    let indexes = INDEXES.into_iter().enumerate();
    let indexes: String = indexes.map(|(number, index)| create(dialect, number, index)).collect();
    // Everything that is written moves this on.
    let rows = "SELECT CAST((SELECT count(*) FROM CITY.district) AS text) || ' ' ||
        CAST(max(id) AS text) || ' ' || CAST(max(recorded_at) AS text) FROM CITY.observation";
    let (rows, made) = (dialect.words(rows), "SELECT rows FROM made");
    let mut hasher = DefaultHasher::new();
    (&tables, &indexes).hash(&mut hasher);
    let stamped = |rows: String| format!("{:x} {rows}", hasher.finish());
    let stamp = |stamp: &str| format!("CREATE TABLE made AS SELECT '{stamp}' AS rows;");
    match dialect {
        Dialect::Sqlite => {
            let city = url.strip_prefix("sqlite://").unwrap_or(url);
            let mut connection = attached(file, city)?;
            let now = stamped(connection.query_row(&rows, [], |row| row.get(0))?);
            let before = connection.query_row(made, [], |row| row.get::<_, String>(0));
            if before.is_ok_and(|before| before == now) {
                return Ok(());
            }
            drop(connection);
            std::fs::remove_file(file)?;
            connection = attached(file, city)?;
            let stamp = stamp(&now);
            connection.pragma_update(None, "journal_mode", "wal")?;
            let sql = format!("BEGIN; {tables} {indexes} {stamp} ANALYZE main; COMMIT;");
            connection.execute_batch(&sql)?;
            connection.query_row("PRAGMA main.wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Dialect::Postgres => {
            let mut connection = PgConnection::connect(url).await?;
            raw_sql("SET search_path = lean, public").execute(&mut connection).await?;
            let now = query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await?;
            let now = stamped(now);
            let before = query_scalar::<_, String>(made).fetch_one(&mut connection).await;
            if before.is_ok_and(|before| before == now) {
                return Ok(());
            }
            let drop = "DROP SCHEMA IF EXISTS lean CASCADE; CREATE SCHEMA lean;";
            let sql = format!("{drop} {tables} {indexes} {}", stamp(&now));
            raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
            raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
        }
    }
    Ok(())
}

/// A connection to a file of lean tables, with Hutong's own as `city`.
pub(crate) fn attached(file: &Path, city: &str) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(file)?;
    connection.execute("ATTACH ?1 AS city", [city])?;
    Ok(connection)
}

fn create(dialect: Dialect, number: usize, (table, by, beside, which): Index) -> String {
    let columns = match (dialect, beside) {
        (_, "") => format!("({by})"),
        (Dialect::Sqlite, _) => format!("({by}, {beside})"),
        (Dialect::Postgres, _) => format!("({by}) INCLUDE ({beside})"),
    };
    dialect.words(&format!("CREATE INDEX lean_{number} ON {table} {columns} {which};"))
}
