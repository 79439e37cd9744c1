//! The only writer: everything that changes the data goes through here, all or nothing.
//!
//! Rows arrive as text, the way a file holds them, wherever they are from. What is wrong with them
//! is gathered, so that all of it can be told; then nothing of them is kept.

mod apply;
mod change;
mod check;
mod circle;
mod commit;
mod embargo;
mod figure;
mod folded;
mod hidden;
pub mod idempotency;
mod incoming;
mod index;
mod merge;
mod named;
mod numbers;
mod outcome;
mod problem;
mod reference;
mod remove;
mod row;
mod said;
mod sign;
mod slugs;
mod step;
mod tables;
mod target;
pub mod token;
mod waiting;

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::{Quoted, Text, dataset};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, Value,
    sea_query::{Expr, Query},
};

pub use embargo::{keep, release};
pub use index::prepare;
pub use outcome::{Counts, Outcome};
pub use problem::{Current, Occurrences, Problem, Problems, TOLD};
pub use row::SLUG_MAX;
pub use said::check;
pub use step::{Phase, Step, Watcher};
pub use tables::{TABLES, standing};

use self::{
    figure::Staged,
    numbers::Numbers,
    reference::Meant,
    tables::{chosen, of},
    waiting::Family,
};
use crate::{
    access::Viewer,
    database::{Database, Transaction},
    error::Error,
    suggest::Budget,
};

/// The data set as a whole, as its publisher describes it.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its handle.
    pub slug: String,
    /// Its title.
    pub title: Text,
    /// What it holds and where it is from.
    pub description: Option<Text>,
    /// The licence of the compilation.
    pub licence: Option<String>,
    /// The version its publisher gave it.
    pub version: Option<String>,
}

/// Rows of one table as text, the way a file holds them.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Where they are from, for messages: a file name, or an argument of a mutation.
    pub origin: String,
    /// The columns' names: those of the table, a reference without its `_id` and as a slug (of a
    /// figure without one as what it is of, `metric district period`), a localised text once for
    /// each language (`name_en`, `name_zh`). An empty field is null; what there is no column for
    /// stays as it is, or takes its default. `if_revision` is the revision a row is taken to have;
    /// a figure's `action` `D` retracts it, and its `reason` says why it is corrected or retracted.
    pub columns: Vec<String>,
    /// The line each row stands on, 0 for none, and its fields.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// Who writes, by what, and why.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub viewer: Viewer,
    /// The names of the mutations, or the command.
    pub operation: String,
    /// Why, in their words.
    pub reason: Option<String>,
}

impl By {
    /// Whoever runs the server, by a command.
    pub fn operator(operation: impl Into<String>) -> Self {
        Self { viewer: Viewer::operator(), operation: operation.into(), reason: None }
    }
}

/// What is done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Made, or changed where there is one like it.
    Upsert,
    /// Made; there must be none like it.
    Create,
    /// Changed; there must be one. Its column `id` says which: a slug, or an id.
    Update,
}

/// How many rows an insert takes at once: well within both databases' limit of parameters.
const CHUNK: usize = 500;

/// One write under way. Nothing is kept unless it is committed.
pub struct Writer {
    database: Database,
    transaction: Transaction,
    now: DateTime<Utc>,
    by: By,
    /// The revision of the data that this makes for everybody.
    revision: i64,
    /// Whether anything was written that everybody may see.
    public: bool,
    /// The numbers of the rows that have been referred to, by table and slug.
    slugs: HashMap<String, HashMap<String, i64>>,
    /// The slugs of the rows that may be referred to, by table and number.
    names: HashMap<String, HashMap<i64, String>>,
    /// The figures that ids name, as they stood when they were looked for.
    figures: HashMap<String, Meant>,
    /// The highest numbers given so far, by table.
    numbers: HashMap<String, Numbers>,
    staged: Staged,
    family: Option<Family>,
    suggestion_budget: Budget,
    watcher: Option<Watcher>,
    problems: Problems,
    outcome: Outcome,
    /// Whether something was said of the data set as a whole.
    described: bool,
    /// The key by which this is known from now on.
    remembered: Option<idempotency::Key>,
    /// Whether rows of files were written, of which there may be many.
    bulk: bool,
}

impl Writer {
    /// Begins a write. The time at which nobody else writes any more, or `now` where it is given,
    /// or a moment after the last write where that is later, becomes the time its rows were
    /// recorded. Others wait until it ends. Rows that a database has from before it could be
    /// searched are indexed first, and figures whose day has come are made public.
    pub async fn begin(
        database: &Database,
        now: impl Into<Option<DateTime<Utc>>>,
        by: By,
    ) -> Result<Self, Error> {
        let now = now.into();
        index::prepare(database).await?;
        release(database, now).await?;
        Self::open(database, now, by).await
    }

    /// The same without anything before.
    async fn open(database: &Database, now: Option<DateTime<Utc>>, by: By) -> Result<Self, Error> {
        let transaction = database.begin().await?;
        let now = match now {
            Some(now) => now,
            // Also where the clock was set back since the past was told up to then.
            None => {
                let settled = DateTime::<Utc>::from(database.settled());
                Ord::max(transaction.now().await?, settled + TimeDelta::microseconds(1))
            }
        };
        let last = dataset::Entity::find().one(&transaction).await?;
        let (revision, changed_at) =
            last.map_or((1, None), |last| (last.public_revision + 1, last.changed_at));
        // Databases keep microseconds.
        let now = now.trunc_subsecs(6);
        let later = changed_at.map(|last| DateTime::<Utc>::from(last) + TimeDelta::microseconds(1));
        let now = later.map_or(now, |later| Ord::max(later, now));
        database.note_settled(now - TimeDelta::microseconds(1));
        Ok(Self {
            database: database.clone(),
            transaction,
            now,
            by,
            revision,
            public: false,
            slugs: HashMap::new(),
            names: HashMap::new(),
            figures: HashMap::new(),
            numbers: HashMap::new(),
            staged: Staged::default(),
            family: None,
            suggestion_budget: Budget::default(),
            watcher: None,
            problems: Problems::default(),
            outcome: Outcome::default(),
            described: false,
            remembered: None,
            bulk: false,
        })
    }

    /// Has somebody told of the steps by which figures are brought to where they belong, until
    /// somebody else is.
    pub fn watch(&mut self, watcher: Watcher) {
        self.watcher = Some(watcher);
    }

    /// Whether the database holds no data set yet.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let dataset = dataset::Entity::find().one(&self.transaction).await?;
        Ok(dataset.is_none())
    }

    /// Writes what is said of the data set as a whole, in the place of what was said before.
    pub async fn describe(&mut self, dataset: Dataset) -> Result<(), Error> {
        let described = [
            (dataset::Column::Slug, Value::from(dataset.slug)),
            (dataset::Column::Title, dataset.title.into()),
            (dataset::Column::Description, dataset.description.into()),
            (dataset::Column::Licence, dataset.licence.into()),
            (dataset::Column::Version, dataset.version.into()),
        ];
        if self.is_empty().await? {
            let mut insert = Query::insert();
            let numbers = [
                (dataset::Column::Id, Value::from(1_i64)),
                (dataset::Column::Revision, 0_i64.into()),
                (dataset::Column::PublicRevision, 0_i64.into()),
            ];
            let (columns, values): (Vec<_>, Vec<_>) = described.into_iter().chain(numbers).unzip();
            insert.into_table(dataset::Entity).columns(columns);
            insert.values_panic(values.into_iter().map(Expr::val));
            self.transaction.execute(&insert).await?;
        } else {
            let mut update = dataset::Entity::update_many();
            for (column, value) in described {
                update = update.col_expr(column, Expr::val(value));
            }
            update.exec(&self.transaction).await?;
        }
        self.described = true;
        self.public = true;
        Ok(())
    }

    /// What was done so far to the rows of a table.
    pub fn counts(&self, table: &str) -> Counts {
        self.outcome.0.get(table).copied().unwrap_or_default()
    }

    /// Notes something that is wrong with what is to be written: then nothing of it will be.
    pub fn report(&mut self, problem: Problem) {
        self.problems.add(problem);
    }

    /// Writes rows of the table with this name, those of figures once all of them are there
    /// ([`Writer::settle`]), and those that lie in a later row of their table after it. What is
    /// wrong with them is gathered.
    pub async fn write(&mut self, table: &str, rows: &Rows) -> Result<(), Error> {
        self.turn_to(table).await?;
        self.bulk = true;
        if table == "observation" {
            return self.stage(rows, Mode::Upsert).await;
        }
        // Others need not wait for the figures, of which more may come after them.
        if of!(table, E => row::refers_to::<E>("observation"), else false) {
            self.merge().await?;
        }
        of!(table, E => self.take_in::<E>(rows).await, else {
            self.report(no_table(table, rows));
            Ok(())
        })
    }

    /// Writes rows at once. Returns their numbers in order, none where something is wrong.
    pub async fn save(&mut self, table: &str, rows: &Rows, mode: Mode) -> Result<Vec<i64>, Error> {
        self.turn_to(table).await?;
        // Rows of other tables may refer to figures by their slugs.
        self.merge().await?;
        if table == "observation" {
            match mode {
                Mode::Update => self.correct(rows).await?,
                _ => self.stage(rows, mode).await?,
            }
            return self.merge().await;
        }
        of!(table, E => self.put::<E>(rows, mode).await, else {
            self.report(no_table(table, rows));
            Ok(Vec::new())
        })
    }

    fn backend(&self) -> DbBackend {
        self.database.backend()
    }

    /// The day it is, in UTC.
    fn today(&self) -> Value {
        entity::Date(self.now.date_naive()).into()
    }
}

fn no_table(table: &str, rows: &Rows) -> Problem {
    let why = format!("there is no table {}; there are {}", Quoted(table), TABLES.join(", "));
    Problem::of(&rows.origin, None, why)
}
