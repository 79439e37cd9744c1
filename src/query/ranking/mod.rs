//! Places ranked by their figures of a metric, for all metrics in one statement.
//!
//! The statement works in layers: the figures of one period, their ranks by window functions, what
//! is in doubt of them, and the page cut from each metric's ranking by itself.

mod contest;

use std::{collections::HashMap, sync::Arc};

use async_graphql::Enum;
use entity::{
    Decimal, Period, observation,
    vocabulary::{Comparator, ObservationStatus},
};
use sea_orm::{
    FromQueryResult, Iterable, Order, Value,
    sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement},
};
use serde::Deserialize;
use serde_json::Value as Json;

pub use contest::{Contest, Extent};

use self::contest::{WANTED, wanted};
use super::{
    Direction, Page, Scope,
    batch::Load,
    column, cursor,
    term::{Term, beyond},
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
    /// The value and the place's number that the page begins after.
    after: Option<[Value; 2]>,
}

/// A place in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Deserialize)]
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

/// A page of a ranking.
#[derive(Debug)]
pub struct RankPage {
    /// The places in order.
    pub ranks: Vec<Rank>,
    /// Whether the page begins after a cursor.
    pub has_previous: bool,
    /// Whether there are more after them.
    pub has_next: bool,
}

/// The arguments that a cursor belongs to.
const SAME: &str = "`period` and `direction`";

impl Ranks {
    /// A page of a ranking. A cursor goes on in the period it was made in, even where a newer one
    /// has come since; it is refused for another one.
    pub fn new(
        mut contest: Contest,
        direction: Direction,
        ties: Ties,
        page: Page,
    ) -> Result<Self, Error> {
        let mut after = None;
        if let Some(text) = &page.after {
            let values = cursor::open("after", text, &signature(direction), SAME)?;
            let refuse = |why| cursor::refuse("after", text, why, SAME);
            let (period, place) = read(&values).ok_or_else(|| refuse(cursor::MALFORMED))?;
            if *contest.period.get_or_insert(period) != period {
                return Err(refuse(cursor::ELSEWHERE));
            }
            after = Some(place);
        }
        Ok(Self { contest, direction, ties, page, after })
    }

    /// Who takes part.
    pub fn contest(&self) -> &Contest {
        &self.contest
    }

    /// The cursor of a place.
    pub fn cursor(&self, rank: &Rank) -> String {
        let Rank { period, value, district, .. } = rank;
        let values = [period.to_string().into(), value.to_string().into(), (*district).into()];
        cursor::seal(&signature(self.direction), values)
    }

    /// The figures, and on which sides of their values the true ones may lie.
    fn figures(&self, scope: Scope) -> SelectStatement {
        let own = column::<observation::Entity>;
        let open = |above: bool| {
            let words = Comparator::iter().filter(|comparator| {
                let (greater, less) = arithmetic::reach(*comparator);
                if above { greater } else { less }
            });
            let any = Condition::any()
                .add(own(observation::Column::Comparator).is_in(words))
                .add(own(observation::Column::Status).is_in(UNSETTLED));
            Expr::Case(Box::new(Expr::case(any, 1).finally(0)))
        };
        Query::select()
            .expr(wanted("metric"))
            .expr(wanted("period"))
            .expr_as(own(observation::Column::Id), "figure")
            .expr_as(own(observation::Column::DistrictId), "district")
            .expr(own(observation::Column::Value))
            .expr_as(open(true), "above")
            .expr_as(open(false), "below")
            .from(WANTED)
            .inner_join("observation", self.contest.ranked(scope))
            .take()
    }

    /// The figures with their ranks, and whether each may stand otherwise to another.
    fn ranked(&self, figures: SelectStatement) -> SelectStatement {
        let order = self.over("");
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
            Ties::Dense => format!("max(f.doubt) {} > 0", self.over("")),
        };
        Query::select()
            .columns(COLUMNS.into_iter().chain(["twice", "ranked"]).map(|column| ("f", column)))
            .expr_as(Expr::cust(doubtful), "doubtful")
            .from_subquery(ranked, "f")
            .take()
    }

    /// Each metric's figures in the order wanted, and those alike in value in another.
    fn over(&self, alike: &str) -> String {
        let direction = match self.direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        format!("OVER (PARTITION BY f.metric ORDER BY f.value {direction}{alike})")
    }

    /// The statement: the metric, then the columns of a [`Rank`].
    fn statement(&self, scope: Scope, metrics: &[i64]) -> Result<SelectStatement, Error> {
        let settled = self.settled(self.ranked(self.figures(scope)));
        // Places alike in value stand in the order in which they were loaded.
        let step = format!("row_number() {}", self.over(", f.district"));
        let term = |column: &'static str, direction: Direction| Term {
            expr: Expr::col(("f", column)),
            direction,
            nulls: None,
            cast: None,
        };
        let terms = [term("value", self.direction), term("district", Direction::Asc)];
        let mut page = Query::select();
        page.columns(COLUMNS.into_iter().chain(DECIDED).map(|column| ("f", column)))
            .expr_as(Expr::cust(step), "step")
            .from_subquery(settled, "f");
        if let Some(after) = &self.after {
            page.cond_where(beyond(&terms, after));
        }
        Ok(Query::select()
            .with_cte(self.contest.periods(scope, metrics)?)
            .columns(COLUMNS.into_iter().chain(DECIDED).map(|column| ("f", column)))
            .from_subquery(page, "f")
            .and_where(Expr::col(("f", "step")).lte(i64::from(self.page.limit) + 1))
            .order_by(("f", "metric"), Order::Asc)
            .order_by(("f", "step"), Order::Asc)
            .take())
    }
}

impl Load for Ranks {
    type Key = i64;
    type Value = Arc<RankPage>;

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
        let limit = self.page.limit as usize;
        let page = |metric: i64| {
            let mut ranks = found.remove(&metric).unwrap_or_default();
            let has_next = ranks.len() > limit;
            ranks.truncate(limit);
            let page = RankPage { ranks, has_previous: self.after.is_some(), has_next };
            (metric, Arc::new(page))
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
fn signature(direction: Direction) -> String {
    format!("ranking {direction:?}")
}

/// The period of a cursor, and its place in the order.
fn read(values: &[Json]) -> Option<(Period, [Value; 2])> {
    let [period, value, district] = values else { return None };
    let period = period.as_str()?.parse().ok()?;
    let value: Decimal = value.as_str()?.parse().ok()?;
    Some((period, [value.into(), district.as_i64()?.into()]))
}
