//! Search: the rows of all tables in which words are, best first.
//!
//! A row's place in the index is its table's standing and its number, so the index gives rows that
//! fit alike in the order in which they are wanted, and a page ends the reading: common words cost
//! no more than rare ones.

mod field;
mod fold;
mod token;
mod words;

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    DbBackend, FromQueryResult, Order,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, UnionType, WithClause,
    },
};
use serde::Deserialize;
use serde_json::Value as Json;

pub use field::{Field, columns, fields, is_json};
pub use words::{LONGEST, Match, Words, entry, has};

use super::{Page, batch::Load, cursor, parent::ROOT};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// Raised whenever texts are folded or split in another way, or other columns are searched: an
/// index made by other rules is made anew.
pub const RULES: u32 = 1;

/// The index's table.
pub const TABLE: &str = "search_entry";

/// How many rows PostgreSQL sorts. Where more fit, it is quicker to walk along the places until a
/// page is full.
const SORTED: u64 = 2000;

/// The arguments that a cursor belongs to.
const SAME: &str = "`query` and `types`";

/// The bits of a place that are the row's number.
const NUMBER: u32 = 40;

/// The column in which a database keeps the places.
pub fn place_column(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { "place" } else { "rowid" }
}

/// Where a row is in the index.
pub fn place(standing: i64, number: i64) -> i64 {
    (standing << NUMBER) | number
}

/// A search, and which page of its results.
#[derive(Debug, PartialEq)]
pub struct Search {
    words: Words,
    /// Only of these tables; of all where there is none.
    tables: Vec<&'static str>,
    page: Page,
    /// How the result that the page begins after fits, and its place.
    after: Option<(usize, i64)>,
}

/// One row that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// How well.
    pub how: Match,
    /// The standing of its table.
    pub standing: i64,
    /// Its number there.
    pub number: i64,
}

/// A page of a search.
#[derive(Debug)]
pub struct Hits {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether there are better ones on pages before.
    pub has_previous: bool,
    /// Whether there are more.
    pub has_next: bool,
}

impl Search {
    /// A search in these tables, or in all of them. Fails when the cursor of the page belongs to
    /// another search.
    pub fn new(words: Words, mut tables: Vec<&'static str>, page: Page) -> Result<Self, Error> {
        tables.sort_unstable();
        tables.dedup();
        let mut search = Self { words, tables, page, after: None };
        if let Some(after) = &search.page.after {
            let values = cursor::open("after", after, &search.signature(), SAME)?;
            let read = match values.as_slice() {
                [how, place] => how.as_u64().zip(place.as_i64()),
                _ => None,
            };
            let read = read.and_then(|(how, place)| Some((usize::try_from(how).ok()?, place)));
            let known = read.filter(|(how, _)| *how < Match::ALL.len());
            let refuse = || cursor::refuse("after", after, cursor::MALFORMED, SAME);
            search.after = Some(known.ok_or_else(refuse)?);
        }
        Ok(search)
    }

    /// What is searched for.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The cursor of a result.
    pub fn cursor(&self, hit: &Hit) -> String {
        let place = place(hit.standing, hit.number);
        cursor::seal(&self.signature(), [Json::from(hit.how as usize), Json::from(place)])
    }

    /// What a cursor of it belongs to.
    fn signature(&self) -> String {
        format!("search {} {}", self.words.signature(), self.tables.join(" "))
    }

    /// The question how many rows fit on all pages together.
    pub fn total(&self) -> Found {
        Found { words: self.words.clone(), tables: self.tables.clone() }
    }

    /// The best rows that fit, in no better way than each: at most a page from each way.
    fn statement(&self, backend: DbBackend) -> SelectStatement {
        let (from, after) = self.after.unwrap_or((0, 0));
        let mut ways = Match::ALL.iter().enumerate().skip(from).map(|(number, how)| {
            let condition = self.words.only(*how, &self.tables, backend);
            let after = if number == from { after } else { 0 };
            let mut way = Query::select();
            way.expr_as(Expr::val(number as i64), "how")
                .column("place")
                .from_subquery(self.places(condition, after, backend), "way");
            way.take()
        });
        let mut all = ways.next().unwrap_or_default();
        all.unions(ways.map(|way| (UnionType::All, way)));
        Query::select()
            .columns(["how", "place"])
            .from_subquery(all, "ways")
            .order_by("how", Order::Asc)
            .order_by("place", Order::Asc)
            .limit(self.limit())
            .take()
    }

    /// The first places in order, and one more than the page has.
    fn places(&self, condition: Expr, after: i64, backend: DbBackend) -> SelectStatement {
        let entries = || {
            let column = place_column(backend);
            Query::select().expr_as(Expr::col(column), "place").from(TABLE).take()
        };
        if backend != DbBackend::Postgres {
            return entries()
                .and_where(condition)
                .and_where(Expr::col("rowid").gt(after))
                .order_by("rowid", Order::Asc)
                .limit(self.limit())
                .take();
        }
        // The index of PostgreSQL gives no order. It tells whether few rows fit; where many do,
        // a walk along the places meets a page of them soon. Left to itself, PostgreSQL would
        // guess, and walk past a million rows for a word that is in one of them.
        let few = entries().and_where(condition.clone()).limit(SORTED + 1).take();
        let few =
            CommonTableExpression::new().table_name("few").query(few).materialized(true).to_owned();
        let count = Query::select().expr(Expr::cust("count(*)")).from("few").take();
        let count = || Expr::from(count.clone());
        let along = entries()
            .column("words")
            .and_where(Expr::col("place").gt(after))
            .order_by("place", Order::Asc)
            // PostgreSQL does not look into a part that has an offset.
            .offset(0)
            .take();
        let walk = Query::select()
            .column("place")
            .from_subquery(along, "along")
            .and_where(condition)
            .and_where(count().gt(SORTED))
            .order_by("place", Order::Asc)
            .limit(self.limit())
            .take();
        let walk = Query::select().column("place").from_subquery(walk, "walk").take();
        let either = Query::select()
            .column("place")
            .from("few")
            .and_where(Expr::col("place").gt(after))
            .and_where(count().lte(SORTED))
            .union(UnionType::All, walk)
            .take();
        Query::select()
            .with_cte(WithClause::new().cte(few).to_owned())
            .column("place")
            .from_subquery(either, "either")
            .order_by("place", Order::Asc)
            .limit(self.limit())
            .take()
    }

    /// One more than the page has, to see whether there is another page.
    fn limit(&self) -> u64 {
        u64::from(self.page.limit) + 1
    }
}

/// A place, as a statement returns it.
#[derive(FromQueryResult, Deserialize)]
struct Place {
    place: i64,
}

impl Load for Search {
    type Key = i64;
    type Value = Arc<Hits>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let rows = database.fetch::<(i64, Place)>(&self.statement(database.backend())).await?;
        let has_next = rows.len() as u64 == self.limit();
        let hit = |(how, Place { place }): (i64, Place)| {
            let how = usize::try_from(how).ok().and_then(|how| Match::ALL.get(how).copied());
            let how = how.ok_or_else(|| Error::internal("a row fits in no known way"))?;
            Ok(Hit { how, standing: place >> NUMBER, number: place & ((1 << NUMBER) - 1) })
        };
        let hits = rows.into_iter().take(self.page.limit as usize).map(hit);
        let hits = hits.collect::<Result<Vec<Hit>, Error>>()?;
        let hits = Hits { hits, has_previous: self.after.is_some(), has_next };
        Ok(HashMap::from([(ROOT, Arc::new(hits))]))
    }
}

/// How many rows fit, whatever the page.
#[derive(Debug, PartialEq)]
pub struct Found {
    words: Words,
    tables: Vec<&'static str>,
}

impl Load for Found {
    type Key = i64;
    type Value = i64;

    async fn load(&self, database: &Database, _: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        let condition = self.words.any(&self.tables, database.backend());
        let statement = Query::select()
            .expr_as(Expr::val(ROOT), "root")
            .expr_as(Expr::cust("count(*)"), "count")
            .from(TABLE)
            .and_where(condition)
            .take();
        let counts = database.fetch::<(i64, Count)>(&statement).await?;
        Ok(counts.into_iter().map(|(root, counted)| (root, counted.count)).collect())
    }
}
