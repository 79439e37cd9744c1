//! The places that take part in a ranking and are not ranked.

use std::{collections::HashMap, sync::Arc};

use entity::district;
use sea_orm::{
    JoinType, Order,
    sea_query::{Condition, Expr, ExprTrait, Query},
};
use serde::Deserialize;

use super::contest::{Contest, WANTED, is_chosen, wanted};
use crate::{
    database::Database,
    error::Error,
    query::{Scope, batch::Load, column},
};

/// The question which places are not ranked, the first few of each metric.
#[derive(Debug, PartialEq)]
pub struct Absent {
    /// Who takes part.
    pub contest: Contest,
    /// How many of them.
    pub first: u32,
}

/// A place that is not ranked.
#[derive(Debug, Clone, Deserialize)]
pub struct Unranked {
    /// The place's number.
    pub district: i64,
    /// The number of one of the figures of several initiatives there; none where there is no
    /// figure with a value.
    pub figure: Option<i64>,
}

impl Load for Absent {
    type Key = i64;
    type Value = Arc<[Unranked]>;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let contest = &self.contest;
        let database = &*contest.view.of(database);
        let scope = Scope::new(database, contest.view);
        let id = column::<district::Entity>(district::Column::Id);
        let candidate = |name: &'static str| Expr::col(("c", name));
        let of_place = Condition::all()
            .add(candidate("metric").eq(wanted("metric")))
            .add(candidate("district").eq(id.clone()))
            .add(candidate("place").eq(1));
        let step = "row_number() OVER (PARTITION BY wanted.metric ORDER BY district.id)";
        let absent = Query::select()
            .expr_as(wanted("metric"), "metric")
            .expr_as(id, "district")
            .expr_as(candidate("figure"), "figure")
            .expr_as(Expr::cust(step), "step")
            .from(WANTED)
            .join(JoinType::InnerJoin, "district", contest.places(scope))
            .join_subquery(JoinType::LeftJoin, contest.candidates(scope), "c", of_place)
            .cond_where(
                Condition::any().add(candidate("figure").is_null()).add(is_chosen("c").not()),
            )
            .take();
        let column = |name: &'static str| Expr::col(("a", name));
        let select = Query::select()
            .with_cte(contest.periods(scope, &metrics)?)
            .expr(column("metric"))
            .expr(column("district"))
            .expr(column("figure"))
            .from_subquery(absent, "a")
            .and_where(column("step").lte(i64::from(self.first)))
            .order_by_expr(column("metric"), Order::Asc)
            .order_by_expr(column("step"), Order::Asc)
            .take();
        let mut found: HashMap<i64, Vec<Unranked>> = HashMap::with_capacity(metrics.len());
        for (metric, place) in database.fetch::<(i64, Unranked)>(&select).await? {
            found.entry(metric).or_default().push(place);
        }
        Ok(found.into_iter().map(|(metric, places)| (metric, places.into())).collect())
    }
}
