//! Search: the rows of all tables in which words are, best first.
//!
//! A row's place in the index is its table's standing and its number, so the index gives rows that
//! fit alike in the order in which they are wanted, and a page ends the reading: common words cost
//! no more than rare ones.

mod field;
mod plural;
mod token;
mod words;

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use entity::HIDDEN;
use sea_orm::{
    DbBackend, Order,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, UnionType, WithClause,
    },
};
use serde::Deserialize;
use serde_json::Value as Json;

pub use field::{Field, columns, fields, is_json};
pub use words::{LONGEST, Match, Words, entry, has};

use super::{Page, Paged, View, batch::Load, cursor, page::Bounds, parent::ROOT};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// Raised whenever texts are folded or split in another way, or other columns are searched: an
/// index made by other rules is made anew.
pub const RULES: u32 = 3;

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
    /// Whether what hangs on figures under embargo is found too.
    insider: bool,
    page: Page,
    /// How the results that the page lies between fit, and their places.
    bounds: Bounds<(usize, i64)>,
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

impl Search {
    /// A search in these tables, or in all of them, seen from somewhere. Fails when a cursor of the
    /// page belongs to another search.
    pub fn new(
        words: Words,
        mut tables: Vec<&'static str>,
        view: View,
        page: Page,
    ) -> Result<Self, Error> {
        tables.sort_unstable();
        tables.dedup();
        let signature = signature(&words, &tables);
        let bounds = page.bounds(|argument, text| {
            let values = cursor::open(argument, text, &signature, SAME)?;
            let read = match values.as_slice() {
                [how, place] => how.as_u64().zip(place.as_i64()),
                _ => None,
            };
            let read = read.and_then(|(how, place)| Some((usize::try_from(how).ok()?, place)));
            let known = read.filter(|(how, _)| *how < Match::ALL.len());
            known.ok_or_else(|| cursor::refuse(argument, text, cursor::MALFORMED, SAME))
        })?;
        Ok(Self { words, tables, insider: view.insider, page, bounds })
    }

    /// What is searched for.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The cursor of a result.
    pub fn cursor(&self, hit: &Hit) -> String {
        let place = place(hit.standing, hit.number);
        let signature = signature(&self.words, &self.tables);
        cursor::seal(&signature, [Json::from(hit.how as usize), Json::from(place)])
    }

    /// The question how many rows fit on all pages together.
    pub fn total(&self) -> Found {
        Found { words: self.words.clone(), tables: self.tables.clone(), insider: self.insider }
    }

    /// The rows of the page that fit in each way, at most a page of them.
    fn statement(&self, backend: DbBackend) -> SelectStatement {
        let (from, after) = self.bounds.after.unwrap_or((0, 0));
        let (to, before) = self.bounds.before.unwrap_or((Match::ALL.len() - 1, i64::MAX));
        let mut ways = (from..=to.max(from)).map(|number| {
            let like = self.words.only(Match::ALL[number], &self.tables, backend);
            let condition = seen(like, self.insider, backend);
            let after = if number == from { after } else { 0 };
            let before = match number.cmp(&to) {
                Ordering::Less => i64::MAX,
                Ordering::Equal => before,
                Ordering::Greater => 0,
            };
            let mut way = Query::select();
            way.expr_as(Expr::val(number as i64), "how")
                .column("place")
                .from_subquery(self.places(condition, (after, before), backend), "way");
            way.take()
        });
        let mut all = ways.next().unwrap_or_default();
        all.unions(ways.map(|way| (UnionType::All, way)));
        Query::select()
            .columns(["how", "place"])
            .from_subquery(all, "ways")
            .order_by("how", self.order())
            .order_by("place", self.order())
            .limit(self.page.rows(true))
            .take()
    }

    /// The first places between two in the order in which they are read, and one more than the
    /// page has.
    fn places(
        &self,
        condition: Expr,
        (after, before): (i64, i64),
        backend: DbBackend,
    ) -> SelectStatement {
        let between =
            |column: &'static str| Expr::col(column).gt(after).and(Expr::col(column).lt(before));
        let entries = || {
            let column = place_column(backend);
            Query::select().expr_as(Expr::col(column), "place").from(TABLE).take()
        };
        if backend != DbBackend::Postgres {
            return entries()
                .and_where(condition)
                .and_where(between("rowid"))
                .order_by("rowid", self.order())
                .limit(self.page.rows(true))
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
            .and_where(between("place"))
            .order_by("place", self.order())
            // PostgreSQL does not look into a part that has an offset.
            .offset(0)
            .take();
        let walk = Query::select()
            .column("place")
            .from_subquery(along, "along")
            .and_where(condition)
            .and_where(count().gt(SORTED))
            .order_by("place", self.order())
            .limit(self.page.rows(true))
            .take();
        let walk = Query::select().column("place").from_subquery(walk, "walk").take();
        let either = Query::select()
            .column("place")
            .from("few")
            .and_where(between("place"))
            .and_where(count().lte(SORTED))
            .union(UnionType::All, walk)
            .take();
        Query::select()
            .with_cte(WithClause::new().cte(few).to_owned())
            .column("place")
            .from_subquery(either, "either")
            .order_by("place", self.order())
            .limit(self.page.rows(true))
            .take()
    }

    /// The order in which the page is read.
    fn order(&self) -> Order {
        if self.page.backward { Order::Desc } else { Order::Asc }
    }
}

/// The entries like this of rows that may be seen: an insider sees all.
fn seen(like: Expr, insider: bool, backend: DbBackend) -> Expr {
    let public = format!("({} & {HIDDEN}) = 0", place_column(backend));
    if insider { like } else { like.and(Expr::cust(public)) }
}

/// What a cursor belongs to.
fn signature(words: &Words, tables: &[&str]) -> String {
    format!("search {} {}", words.signature(), tables.join(" "))
}

/// A place, as a statement returns it.
#[derive(Deserialize)]
struct Place {
    place: i64,
}

impl Load for Search {
    type Key = i64;
    type Value = Arc<Paged<Hit>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let rows = database.fetch::<(i64, Place)>(&self.statement(database.backend())).await?;
        let hit = |(how, Place { place }): (i64, Place)| {
            let how = usize::try_from(how).ok().and_then(|how| Match::ALL.get(how).copied());
            let how = how.ok_or_else(|| Error::internal("a row fits in no known way"))?;
            Ok(Hit { how, standing: place >> NUMBER, number: place & ((1 << NUMBER) - 1) })
        };
        let hits = rows.into_iter().map(hit).collect::<Result<Vec<Hit>, Error>>()?;
        Ok(HashMap::from([(ROOT, Arc::new(self.page.cut(hits)))]))
    }
}

/// How many rows fit, whatever the page.
#[derive(Debug, PartialEq)]
pub struct Found {
    words: Words,
    tables: Vec<&'static str>,
    insider: bool,
}

impl Load for Found {
    type Key = i64;
    type Value = i64;

    async fn load(&self, database: &Database, _: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        let like = self.words.any(&self.tables, database.backend());
        let condition = seen(like, self.insider, database.backend());
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
