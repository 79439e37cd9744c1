//! Places ranked by their figures of a metric, for all metrics in one statement.
//!
//! The statement works in layers: the figures of one period, their ranks by window functions, what
//! is in doubt of them, and the page cut from each metric's ranking by itself.

mod absent;
mod contest;

use std::{collections::HashMap, sync::Arc};

use async_graphql::Enum;
use entity::{
    Decimal, Period,
    vocabulary::{Comparator, ObservationStatus},
};
use sea_orm::{
    Iterable, Order, Value,
    sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement},
};
use serde::Deserialize;
use serde_json::Value as Json;

pub use absent::{Absent, Unranked};
pub use contest::{Contest, Extent, When};

use self::contest::is_chosen;
use super::{
    Direction, Page, Paged, Scope,
    batch::Load,
    cursor,
    page::Bounds,
    term::{Term, between},
};
use crate::{arithmetic, database::Database, error::Error};

/// Which positions places with equal values have. Of the values 9, 7, 7, 5:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[graphql(name = "RankingTies")]
pub enum Ties {
    /// 1, 2, 2, 4: one more than there are places before them.
    #[default]
    Min,
    /// 1, 2, 2, 3: one more than there are different values before theirs.
    Dense,
    /// 1, 2.5, 2.5, 4: the mean of the positions they take up together.
    Average,
}

/// A ranking: who takes part, in what order, which page of it.
#[derive(Debug, PartialEq)]
pub struct Ranks {
    contest: Contest,
    direction: Direction,
    ties: Ties,
    page: Page,
    /// The values and the places' numbers that the page lies between.
    bounds: Bounds<Vec<Value>>,
}

/// A place in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rank {
    /// The number of the figure it is ranked by.
    pub figure: i64,
    /// The place's number.
    pub district: i64,
    /// The period.
    pub period: Period,
    /// The figure's value.
    pub value: Decimal,
    /// Twice its position, which may be halfway between two.
    twice: i64,
    /// How many places are ranked.
    pub ranked: i64,
    /// Whether its position is uncertain.
    pub doubtful: bool,
}

impl Rank {
    /// The position, from 1.
    pub fn position(&self) -> Decimal {
        sea_orm::prelude::Decimal::new(self.twice * 5, 1).into()
    }
}

/// The arguments that a cursor belongs to.
const SAME: &str = "`period`, `newestOfEach` and `direction`";

impl Ranks {
    /// A page of a ranking. A cursor goes on in the period it was made in, even where a newer one
    /// has come since; it is refused for another one.
    pub fn new(
        mut contest: Contest,
        direction: Direction,
        ties: Ties,
        page: Page,
    ) -> Result<Self, Error> {
        let signature = signature(direction, contest.when);
        let places = page.bounds(|argument, text| {
            let values = cursor::open(argument, text, &signature, SAME)?;
            read(&values).ok_or_else(|| cursor::refuse(argument, text, cursor::MALFORMED, SAME))
        })?;
        let given =
            [("after", &page.after, &places.after), ("before", &page.before, &places.before)];
        for (argument, text, place) in given {
            let (Some(text), Some((period, _))) = (text, place) else { continue };
            match contest.when {
                When::At(own) if own != *period => {
                    return Err(cursor::refuse(argument, text, cursor::ELSEWHERE, SAME));
                }
                When::Newest => contest.when = When::At(*period),
                When::At(_) | When::NewestOfEach => {}
            }
        }
        let place = |place: Option<(Period, Vec<Value>)>| place.map(|(_, place)| place);
        let bounds = Bounds { after: place(places.after), before: place(places.before) };
        Ok(Self { contest, direction, ties, page, bounds })
    }

    /// Who takes part.
    pub fn contest(&self) -> &Contest {
        &self.contest
    }

    /// The cursor of a place.
    pub fn cursor(&self, rank: &Rank) -> String {
        let Rank { period, value, district, .. } = rank;
        let values = [period.to_string().into(), value.to_string().into(), (*district).into()];
        cursor::seal(&signature(self.direction, self.contest.when), values)
    }

    /// The figures, and on which sides of their values the true ones may lie.
    fn figures(&self, scope: Scope) -> SelectStatement {
        let own = |name: &'static str| Expr::col(("c", name));
        let open = |above: bool| {
            let words = Comparator::iter().filter(|comparator| {
                let (greater, less) = arithmetic::reach(*comparator);
                if above { greater } else { less }
            });
            let any = Condition::any()
                .add(own("comparator").is_in(words))
                .add(own("status").is_in(UNSETTLED));
            Expr::Case(Box::new(Expr::case(any, 1).finally(0)))
        };
        Query::select()
            .columns(COLUMNS.map(|column| ("c", column)))
            .expr_as(open(true), "above")
            .expr_as(open(false), "below")
            .from_subquery(self.contest.candidates(scope), "c")
            .cond_where(is_chosen("c"))
            .take()
    }

    /// The figures with their ranks, and whether each may stand otherwise to another.
    fn ranked(&self, figures: SelectStatement) -> SelectStatement {
        let order = self.over();
        let twice = match self.ties {
            Ties::Min => format!("2 * rank() {order}"),
            Ties::Dense => format!("2 * dense_rank() {order}"),
            Ties::Average => {
                format!("2 * rank() {order} + count(*) OVER (PARTITION BY f.metric, f.value) - 1")
            }
        };
        // Those up to a value, and those from it on; both with the others of the same value.
        let upto = "OVER (PARTITION BY f.metric ORDER BY f.value)";
        let from = "OVER (PARTITION BY f.metric ORDER BY f.value DESC)";
        let doubt = format!(
            "CASE WHEN sum(f.above) {upto} > f.above OR sum(f.below) {from} > f.below
            OR f.above = 1 AND count(*) {from} > 1 OR f.below = 1 AND count(*) {upto} > 1
            THEN 1 ELSE 0 END"
        );
        Query::select()
            .columns(COLUMNS.map(|column| ("f", column)))
            .expr_as(Expr::cust(twice), "twice")
            .expr_as(Expr::cust("count(*) OVER (PARTITION BY f.metric)"), "ranked")
            .expr_as(Expr::cust(doubt), "doubt")
            .from_subquery(figures, "f")
            .take()
    }

    /// The same with all that is in doubt. How many different values there are before a place
    /// depends on how those stand to each other.
    fn settled(&self, ranked: SelectStatement) -> SelectStatement {
        let doubtful = match self.ties {
            Ties::Min | Ties::Average => "f.doubt > 0".to_owned(),
            Ties::Dense => format!("max(f.doubt) {} > 0", self.over()),
        };
        Query::select()
            .columns(COLUMNS.into_iter().chain(["twice", "ranked"]).map(|column| ("f", column)))
            .expr_as(Expr::cust(doubtful), "doubtful")
            .from_subquery(ranked, "f")
            .take()
    }

    /// Each metric's figures in the order wanted.
    fn over(&self) -> String {
        format!("OVER (PARTITION BY f.metric ORDER BY f.value {})", self.direction.sql())
    }

    /// The statement: the metric, then the columns of a [`Rank`].
    fn statement(&self, scope: Scope, metrics: &[i64]) -> Result<SelectStatement, Error> {
        let settled = self.settled(self.ranked(self.figures(scope)));
        let term = |column: &'static str, direction: Direction| Term {
            expr: Expr::col(("f", column)),
            direction,
            nulls: None,
            cast: None,
        };
        // Places alike in value stand in the order in which they were loaded.
        let terms = [term("value", self.direction), term("district", Direction::Asc)];
        let between = between(&terms, &self.bounds);
        let [value, district] = terms.map(|term| {
            let direction = term.direction;
            if self.page.backward { direction.reversed() } else { direction }
        });
        let step = format!(
            "row_number() OVER (PARTITION BY f.metric ORDER BY f.value {}, f.district {})",
            value.sql(),
            district.sql()
        );
        let mut page = Query::select();
        page.columns(COLUMNS.into_iter().chain(DECIDED).map(|column| ("f", column)))
            .expr_as(Expr::cust(step), "step")
            .from_subquery(settled, "f")
            .cond_where(between);
        Ok(Query::select()
            .with_cte(self.contest.periods(scope, metrics)?)
            .columns(COLUMNS.into_iter().chain(DECIDED).map(|column| ("f", column)))
            .from_subquery(page, "f")
            .and_where(Expr::col(("f", "step")).lte(self.page.rows(true)))
            .order_by(("f", "metric"), Order::Asc)
            .order_by(("f", "step"), Order::Asc)
            .take())
    }
}

impl Load for Ranks {
    type Key = i64;
    type Value = Arc<Paged<Rank>>;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let view = self.contest.view;
        let database = &*view.of(database);
        let statement = self.statement(Scope::new(database, view), &metrics)?;
        let mut found: HashMap<i64, Vec<Rank>> = HashMap::with_capacity(metrics.len());
        for (metric, rank) in database.fetch::<(i64, Rank)>(&statement).await? {
            found.entry(metric).or_default().push(rank);
        }
        let page = |metric: i64| {
            let ranks = found.remove(&metric).unwrap_or_default();
            (metric, Arc::new(self.page.cut(ranks)))
        };
        Ok(metrics.into_iter().map(page).collect())
    }
}

/// What a ranked figure is known by.
const COLUMNS: [&str; 5] = ["metric", "figure", "district", "period", "value"];

/// What is decided of it.
const DECIDED: [&str; 3] = ["twice", "ranked", "doubtful"];

/// What says of a figure that it is not, or not yet, a count of what was there: the true one may
/// lie on either side of it.
const UNSETTLED: [ObservationStatus; 5] = [
    ObservationStatus::Provisional,
    ObservationStatus::Estimated,
    ObservationStatus::Forecast,
    ObservationStatus::Imputed,
    ObservationStatus::Unreliable,
];

/// What a cursor belongs to.
fn signature(direction: Direction, when: When) -> String {
    let each = if when == When::NewestOfEach { " of each" } else { "" };
    format!("ranking{each} {direction:?}")
}

/// The period of a cursor, and its place in the order.
fn read(values: &[Json]) -> Option<(Period, Vec<Value>)> {
    let [period, value, district] = values else { return None };
    let period = period.as_str()?.parse().ok()?;
    let value: Decimal = value.as_str()?.parse().ok()?;
    Some((period, vec![value.into(), district.as_i64()?.into()]))
}
