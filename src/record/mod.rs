//! The only writer: everything that changes the data goes through here, all or nothing.

mod check;
mod index;
mod problem;
mod row;
pub mod token;

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use entity::{Text, dataset};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, SqlErr, TransactionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

pub use problem::{Problem, Problems, TOLD};

use crate::{database::Database, error::Error, event, query::column};

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
#[derive(Debug, Clone)]
pub struct Rows {
    /// Where they are from, for messages: a file name.
    pub origin: String,
    /// The columns' names: those of the table, a reference without its `_id` and as a slug, a
    /// localised text once for each language (`name_en`, `name_zh`). An empty field is null.
    pub columns: Vec<String>,
    /// The line each row stands on, and its fields.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// How many rows an insert takes at once: well within both databases' limit of parameters.
const CHUNK: usize = 500;

/// The key of the lock that lets one instance write at a time on PostgreSQL.
const WRITE_LOCK: i64 = 0x0048_7574_6f6e_6700;

/// One write under way. Nothing is kept unless it is committed.
pub struct Writer {
    database: Database,
    transaction: DatabaseTransaction,
    now: DateTime<Utc>,
    /// The numbers of the rows that have been referred to, by table and slug.
    slugs: HashMap<String, HashMap<String, i64>>,
    /// The highest number given so far, by table.
    numbers: HashMap<String, i64>,
}

/// Declares every table rows can be written to, each after those it refers to: where its rows
/// stand among results of a search that fit alike, a number of its own that never changes, since
/// the index keeps it; and the checks that its columns' types do not make.
macro_rules! tables {
    ($($table:ident $standing:literal $($check:ident)?,)+) => {
        /// The tables rows can be written to, each after those it refers to.
        pub const TABLES: &[&str] = &[$(stringify!($table),)+];

        /// The table with this standing among the results of a search.
        pub fn standing(number: i64) -> Option<&'static str> {
            match number {
                $($standing => Some(stringify!($table)),)+
                _ => None,
            }
        }

        /// Indexes every row there is.
        async fn index_all(transaction: &DatabaseTransaction) -> Result<(), Error> {
            $(index::table::<entity::$table::Entity>(transaction, $standing).await?;)+
            Ok(())
        }

        impl Writer {
            /// Writes rows of the table with this name.
            ///
            /// Fails at the first row that cannot be written, naming file, line, column and value.
            pub async fn write(&mut self, table: &str, rows: &Rows) -> Result<(), Error> {
                match table {
                    $(stringify!($table) => {
                        let check: fn(&entity::$table::Model) -> Result<(), String> =
                            tables!(@check $($check)?);
                        self.insert::<entity::$table::Entity>(rows, $standing, check).await
                    })+
                    _ => Err(Error::input(format!(
                        "{}: there is no table {table:?}; there are {}",
                        rows.origin,
                        TABLES.join(", ")
                    ))),
                }
            }
        }
    };
    (@check) => { |_| Ok(()) };
    (@check $check:ident) => { check::$check };
}

tables! {
    source 80,
    unit 60,
    theme 20,
    district 10,
    organization 30,
    initiative 40,
    initiative_organization 110,
    metric 50,
    initiative_metric 100,
    observation 90 observation,
    claim 70 claim,
}

impl Writer {
    /// Begins a write; `now` becomes the time its rows were recorded. Others wait until it ends.
    /// Rows that a database has from before it could be searched are indexed first.
    pub async fn begin(database: &Database, now: DateTime<Utc>) -> Result<Self, Error> {
        index::prepare(database).await?;
        let transaction = database.writer().begin().await?;
        hold(&transaction).await?;
        let (slugs, numbers) = (HashMap::new(), HashMap::new());
        // Databases keep microseconds.
        let (database, now) = (database.clone(), now.trunc_subsecs(6));
        Ok(Self { database, transaction, now, slugs, numbers })
    }

    /// Whether the database holds no data set yet.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let dataset = dataset::Entity::find().one(&self.transaction).await?;
        Ok(dataset.is_none())
    }

    /// Writes what is said of the data set as a whole.
    pub async fn describe(&mut self, dataset: Dataset) -> Result<(), Error> {
        let row = dataset::ActiveModel {
            id: Set(1),
            slug: Set(dataset.slug),
            title: Set(dataset.title),
            description: Set(dataset.description),
            licence: Set(dataset.licence),
            version: Set(dataset.version),
            revision: Set(0),
            changed_at: Set(None),
        };
        dataset::Entity::insert(row).exec_without_returning(&self.transaction).await?;
        Ok(())
    }

    /// Keeps what was written, and raises the revision of the data. Whoever follows them is told,
    /// on this instance before this returns.
    pub async fn commit(self) -> Result<(), Error> {
        dataset::Entity::update_many()
            .col_expr(
                dataset::Column::Revision,
                column::<dataset::Entity>(dataset::Column::Revision).add(1),
            )
            .col_expr(dataset::Column::ChangedAt, Expr::val(entity::DateTime::from(self.now)))
            .exec(&self.transaction)
            .await?;
        let revision = event::announce(&self.transaction).await?;
        self.transaction.commit().await?;
        self.database.raise(revision);
        Ok(())
    }

    async fn insert<E>(
        &mut self,
        rows: &Rows,
        standing: i64,
        check: fn(&E::Model) -> Result<(), String>,
    ) -> Result<(), Error>
    where
        E: EntityTrait,
        E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
        E::Model: serde::de::DeserializeOwned + Send,
        E::ActiveModel: Send,
    {
        let table = E::default().table_name().to_owned();
        let columns = row::columns::<E>(rows)?;
        let own = row::has_slug::<E>().then(|| table.clone());
        for target in row::references::<E>().into_values().chain(own) {
            self.know(&target).await?;
        }
        let first = self.reserve::<E>(rows.rows.len()).await?;
        // Every slug of the file first, so that a row may refer to a later one.
        for ((line, fields), number) in rows.rows.iter().zip(first..) {
            let slug = row::slug(&columns, fields);
            let known = self.slugs.entry(table.clone()).or_default();
            if let Some(slug) = slug
                && known.insert(slug.to_owned(), number).is_some()
            {
                return Err(Error::input(format!(
                    "{}, line {line}, column slug: {slug:?} is there already; slugs are unique",
                    rows.origin
                )));
            }
        }
        let backend = self.transaction.get_database_backend();
        let reading =
            row::Reading { columns: &columns, slugs: &self.slugs, now: self.now, backend };
        let mut numbers = first..;
        for chunk in rows.rows.chunks(CHUNK) {
            let mut models = Vec::with_capacity(chunk.len());
            let mut entries = Vec::new();
            for ((line, fields), number) in chunk.iter().zip(&mut numbers) {
                let read = reading.row::<E>(number, fields);
                let read = read.and_then(|model| check(&model).map(|()| model));
                let wrong = |why| Error::input(format!("{}, line {line}, {why}", rows.origin));
                let model = read.map_err(wrong)?;
                entries.extend(index::entry::<E>(standing, number, |column| model.get(column)));
                models.push(model.into_active_model());
            }
            E::insert_many(models)
                .exec_without_returning(&self.transaction)
                .await
                .map_err(|error| refused(&error, rows, chunk))?;
            index::add::<E>(&self.transaction, entries).await?;
        }
        Ok(())
    }

    /// Reads the slugs a table has already, once.
    async fn know(&mut self, table: &str) -> Result<(), Error> {
        if self.slugs.contains_key(table) {
            return Ok(());
        }
        let mut select = Query::select();
        select.column("slug").column("id").from(table.to_owned());
        select.and_where(Expr::col("slug").is_not_null());
        let mut known = HashMap::new();
        for row in self.transaction.query_all(&select).await? {
            known.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        self.slugs.insert(table.to_owned(), known);
        Ok(())
    }

    /// Takes that many numbers for new rows, and returns the first.
    async fn reserve<E: EntityTrait>(&mut self, count: usize) -> Result<i64, Error> {
        let table = E::default().table_name().to_owned();
        let last = match self.numbers.get(&table) {
            Some(last) => *last,
            None => {
                let select = Query::select().expr(Expr::col("id").max()).from(table.clone()).take();
                let row = self.transaction.query_one(&select).await?;
                let last: Option<i64> =
                    row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
                last.unwrap_or(0)
            }
        };
        self.numbers.insert(table, last + count as i64);
        Ok(last + 1)
    }
}

/// Waits until nobody else writes, and lets nobody else write until the transaction ends.
async fn hold(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({WRITE_LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(())
}

/// What the database refused although every row by itself was right.
fn refused(error: &DbErr, rows: &Rows, chunk: &[(u64, Vec<String>)]) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let line = |row: Option<&(u64, _)>| row.map_or(0, |(line, _)| *line);
            Error::input(format!(
                "{}, lines {} to {}: a row is there twice, in the file or in the database already",
                rows.origin,
                line(chunk.first()),
                line(chunk.last())
            ))
        }
        _ => Error::internal(error),
    }
}
