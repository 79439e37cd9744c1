//! Figures on their way in: read, checked, and set down in a table beside, from where all of them
//! are merged at once.
//!
//! Nothing of them is kept in memory, so that a file may be of any size.

use entity::observation::Entity as Observation;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{Mode, Problem, Rows, Writer, incoming::Incoming, row, row::Field};
use crate::error::Error;

/// The columns of the table beside, in the order of [`Incoming::texts`]. Those after them are
/// filled while merging.
const COLUMNS: [(&str, &str); 25] = [
    // The place among all, from 1, and where the row is from: among the origins, and its line.
    ("n", "bigint"),
    ("origin", "bigint"),
    ("line", "bigint"),
    ("mode", "text"),
    ("given", "bigint"),
    ("if_revision", "bigint"),
    ("target", "bigint"),
    ("metric_id", "bigint"),
    ("district_id", "bigint"),
    // 0 for none: so it can be compared.
    ("initiative_id", "bigint"),
    ("period", "text"),
    ("slug", "text"),
    ("reference_date", "date"),
    ("value", "numeric"),
    ("decimals", "integer"),
    ("multiplier", "integer"),
    ("comparator", "text"),
    ("status", "text"),
    ("price_basis", "text"),
    ("unit_as_printed", "text"),
    ("note", "jsonb"),
    ("source_id", "bigint"),
    ("locator", "text"),
    ("published_on", "date"),
    ("reason", "text"),
];

/// What merging fills: the number of the new row, of the one it takes the place of, of the waiting
/// one it ends, and of the one in force; the highest revision there was; whether nothing changes; whether it waits.
const MERGED: &str = "id bigint, old bigint, ends bigint, public bigint, revision bigint, \
     same boolean NOT NULL DEFAULT false, embargoed boolean NOT NULL DEFAULT false";

/// How many rows go into a statement at the most: within SQLite's limit of parameters.
const CHUNK: usize = 1024;

/// Who sends figures in, and how many are there.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) count: i64,
    pub(super) origins: Vec<String>,
    ready: bool,
}

impl Writer {
    /// Sets rows of figures down, as far as nothing is wrong with them.
    pub(super) async fn stage(&mut self, rows: &Rows, mode: Mode) -> Result<(), Error> {
        let Some(columns) = self.figure_columns(rows, mode).await? else { return Ok(()) };
        let base = Incoming::default();
        self.stage_over(&base, &rows.origin, &columns, &rows.rows, mode).await
    }

    /// What the columns hold; none where one is wrong.
    async fn figure_columns(
        &mut self,
        rows: &Rows,
        mode: Mode,
    ) -> Result<Option<Vec<Field>>, Error> {
        let columns = match row::columns::<Observation>(rows, mode) {
            Ok(columns) => columns,
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.report(problem));
                return Ok(None);
            }
        };
        for target in row::references::<Observation>().into_values() {
            self.know(&target).await?;
        }
        self.fold(&columns, rows).await?;
        Ok(Some(columns))
    }

    /// Makes the table beside, if it is not there.
    pub(super) async fn prepare_stage(&mut self) -> Result<(), Error> {
        if !self.staged.ready {
            self.transaction.execute_unprepared(&table(self.backend())).await?;
            self.transaction.execute_unprepared("DELETE FROM incoming").await?;
            self.staged.ready = true;
        }
        Ok(())
    }

    async fn stage_over(
        &mut self,
        base: &Incoming,
        from: &str,
        columns: &[Field],
        rows: &[(u64, Vec<String>)],
        mode: Mode,
    ) -> Result<(), Error> {
        self.prepare_stage().await?;
        if self.staged.origins.last().is_none_or(|last| last != from) {
            self.staged.origins.push(from.to_owned());
        }
        let origin = self.staged.origins.len() as i64 - 1;
        for chunk in chunks(rows) {
            let mut texts = Vec::with_capacity(chunk.len() * COLUMNS.len());
            let mut count = 0;
            for (line, fields) in chunk {
                match self.incoming(base.clone(), columns, fields) {
                    Ok(incoming) => {
                        count += 1;
                        self.staged.count += 1;
                        let place = [self.staged.count, origin, *line as i64];
                        incoming.texts(&mut texts, place, mode);
                    }
                    Err(why) => {
                        let origin = from.to_owned();
                        self.report(Problem { origin, line: Some(*line), ..why });
                    }
                }
            }
            if count > 0 {
                self.transaction.execute_raw(insert(texts, count, self.backend())).await?;
            }
        }
        Ok(())
    }

    /// Sets down corrections of figures meant by their ids: what there are columns for changes.
    pub(super) async fn correct(&mut self, rows: &Rows) -> Result<(), Error> {
        let Some(columns) = self.figure_columns(rows, Mode::Update).await? else { return Ok(()) };
        self.know("observation").await?;
        let is_id = |column: &Field| matches!(column, Field::Id);
        if let Some(place) = columns.iter().position(is_id) {
            self.know_figure_ids(rows.rows.iter().filter_map(|(_, row)| row.get(place))).await?;
        }
        let revalued = rows.columns.iter().any(|name| name == "value");
        for row in &rows.rows {
            let number = self.reading(&columns).own("observation", &row.1);
            let found = match &number {
                Ok(number) => self.rows::<Observation>(vec![*number]).await?.remove(number),
                Err(_) => None,
            };
            let origin = rows.origin.clone();
            match (number, found) {
                (Ok(_), Some(before)) => {
                    let base = Incoming::of(&before, revalued);
                    let row = std::slice::from_ref(row);
                    self.stage_over(&base, &origin, &columns, row, Mode::Update).await?;
                }
                (Ok(number), None) => {
                    let why = row::wrong("id", &number.to_string(), "there is no such observation");
                    self.report(Problem { origin, line: Some(row.0), ..why });
                }
                (Err(why), _) => self.report(Problem { origin, line: Some(row.0), ..why }),
            }
        }
        Ok(())
    }
}

/// The rows in parts for a statement each. Their sizes are powers of two: then there are few
/// different statements, each of which takes megabytes while SQLite keeps it prepared.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let count = CHUNK.min(1 << rows.len().checked_ilog2()?);
        rows.split_off(..count)
    })
}

/// The table beside, which lasts as long as the connection.
fn table(backend: DbBackend) -> String {
    let columns = COLUMNS.map(|(name, kind)| match (backend, name) {
        // The rows stand in the order of their places: those of a step are read by themselves.
        (DbBackend::Sqlite, "n") => "n integer PRIMARY KEY".to_owned(),
        _ => format!("{name} {}", spelt(kind, backend)),
    });
    format!("CREATE TEMP TABLE IF NOT EXISTS incoming ({}, {MERGED})", columns.join(", "))
}

/// SQLite compares by the kinds of columns: the same as those figures have.
fn spelt(kind: &'static str, backend: DbBackend) -> &'static str {
    match (backend, kind) {
        (DbBackend::Postgres, kind) => kind,
        (_, "numeric") => "real",
        (_, "bigint" | "integer") => "integer",
        _ => "text",
    }
}

/// A statement for all rows whose fields follow each other.
fn insert(texts: Vec<String>, count: usize, backend: DbBackend) -> Statement {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let null = |place: usize, name: &str| match (backend, COLUMNS[place].1) {
        (DbBackend::Postgres, "text") => format!("NULLIF({name}, '')"),
        (DbBackend::Postgres, kind) => format!("CAST(NULLIF({name}, '') AS {kind})"),
        _ => format!("NULLIF({name}, '')"),
    };
    let (source, values): (String, Vec<Value>) = match backend {
        DbBackend::Postgres => {
            let mut columns = vec![Vec::with_capacity(count); COLUMNS.len()];
            for (place, text) in texts.into_iter().enumerate() {
                columns[place % COLUMNS.len()].push(text);
            }
            let signs: Vec<String> =
                (1..=COLUMNS.len()).map(|place| format!("${place}::text[]")).collect();
            let aliases: Vec<String> =
                (1..=COLUMNS.len()).map(|place| format!("column{place}")).collect();
            let source = format!("unnest({}) AS x({})", signs.join(", "), aliases.join(", "));
            (source, columns.into_iter().map(Value::from).collect())
        }
        _ => {
            let row = format!("({})", ["?"; COLUMNS.len()].join(", "));
            let source = format!("(VALUES {})", vec![row; count].join(", "));
            (source, texts.into_iter().map(Value::from).collect())
        }
    };
    let picked: Vec<String> =
        (0..COLUMNS.len()).map(|place| null(place, &format!("column{}", place + 1))).collect();
    let sql = format!("INSERT INTO incoming ({names}) SELECT {} FROM {source}", picked.join(", "));
    Statement::from_sql_and_values(backend, sql, values)
}
