//! Who takes part in a ranking, and when it is.

use std::{collections::HashMap, sync::Arc};

use entity::{Period, district, observation};
use sea_orm::{
    FromQueryResult, Order,
    sea_query::{CommonTableExpression, Condition, Expr, ExprTrait, Query, WithClause},
};
use serde::Deserialize;

use crate::{
    database::Database,
    error::Error,
    query::{
        KEYS, Scope, Table, View,
        batch::Load,
        column,
        condition::{conditions, either},
        filter::to_one,
        keys,
    },
};

type DistrictFilter = <district::Entity as Table>::Filter;

/// Which places are ranked, and by their figures of when.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// From where the figures are seen.
    pub view: View,
    /// All places where left out.
    pub among: Option<Arc<DistrictFilter>>,
    /// The newest for which one of them has a value where left out.
    pub period: Option<Period>,
}

/// How far a ranking reaches.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Deserialize)]
pub struct Extent {
    /// The period; none where no place has a value.
    pub period: Option<Period>,
    /// How many places are ranked.
    pub ranked: i64,
    /// How many there are, with a value or not.
    pub places: i64,
}

impl Contest {
    /// The figures of a metric by which places can be ranked, of whatever period.
    fn condition(&self, metric: Expr, period: Option<Expr>, scope: Scope) -> Condition {
        let own = column::<observation::Entity>;
        let among = self.among.as_ref().map(|filter| {
            let place = observation::Column::DistrictId;
            to_one::<observation::Entity, district::Entity>(place, filter, scope)
        });
        let like = Condition::all()
            .add(own(observation::Column::MetricId).eq(metric))
            .add(own(observation::Column::InitiativeId).is_null())
            .add(own(observation::Column::Value).is_not_null())
            .add_option(among)
            .add_option(period.map(|period| own(observation::Column::Period).eq(period)));
        either(observation::Entity::listed(scope), Some(&like))
    }

    /// The same of the period wanted.
    pub(super) fn ranked(&self, scope: Scope) -> Condition {
        self.condition(wanted("metric"), Some(wanted("period")), scope)
    }

    /// The metrics, each with the period it is ranked at, as [`WANTED`]. They are found before the
    /// figures are: a database left free to mix the two would seek each figure's period anew.
    pub(super) fn periods(&self, scope: Scope, metrics: &[i64]) -> Result<WithClause, Error> {
        let metric = Expr::col((KEYS, KEYS));
        let period = column::<observation::Entity>(observation::Column::Period);
        let period = self.period.map(Expr::val).unwrap_or_else(|| {
            let newest = Query::select()
                .expr(period.clone())
                .from("observation")
                .cond_where(self.condition(metric.clone(), None, scope))
                .order_by_expr(period, Order::Desc)
                .limit(1)
                .take();
            Expr::from(newest)
        });
        let periods = Query::select()
            .expr_as(metric, "metric")
            .expr_as(period, "period")
            .from_function(keys(scope.backend, metrics)?, KEYS)
            .take();
        let periods = CommonTableExpression::new()
            .table_name(WANTED)
            .query(periods)
            .materialized(true)
            .to_owned();
        Ok(WithClause::new().cte(periods).to_owned())
    }
}

/// The name of the metrics with their periods.
pub(super) const WANTED: &str = "wanted";

/// A column of theirs.
pub(super) fn wanted(column: &'static str) -> Expr {
    Expr::col((WANTED, column))
}

impl Load for Contest {
    type Key = i64;
    type Value = Extent;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Extent>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let places = Query::select()
            .expr(Expr::cust("count(*)"))
            .from("district")
            .cond_where(conditions::<district::Entity>(self.among.as_deref(), scope))
            .take();
        let select = Query::select()
            .with_cte(self.periods(scope, &metrics)?)
            .expr(wanted("metric"))
            .expr(wanted("period"))
            .expr_as(Expr::cust("count(observation.id)"), "ranked")
            .expr_as(Expr::from(places), "places")
            .from(WANTED)
            .left_join("observation", self.ranked(scope))
            .add_group_by([wanted("metric"), wanted("period")])
            .take();
        Ok(database.fetch::<(i64, Extent)>(&select).await?.into_iter().collect())
    }
}
