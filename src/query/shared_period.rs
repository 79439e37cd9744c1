//! The period at which places can be compared: the newest that all of them have a figure for.

use std::collections::HashMap;

use entity::{Period, observation};
use sea_orm::{
    FromQueryResult, Order,
    sea_query::{Condition, Expr, ExprTrait, Query},
};
use serde::Deserialize;

use super::{
    KEYS, Scope, Table, View, batch::Load, column, condition::either, keys, parent::PARENT,
};
use crate::{database::Database, error::Error};

/// The question which period is the newest for which all the places have a figure of a metric with
/// a value, a figure of their own. A metric without one has no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedPeriod {
    /// The numbers of the places, each once.
    pub districts: Vec<i64>,
    /// From where the figures are seen.
    pub view: View,
}

#[derive(FromQueryResult, Deserialize)]
struct Row {
    period: Option<Period>,
}

impl Load for SharedPeriod {
    type Key = i64;
    type Value = Period;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Period>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let own = column::<observation::Entity>;
        let metric = Expr::col((KEYS, KEYS));
        let period = own(observation::Column::Period);
        let mut places = Query::select();
        places.column(KEYS).from_function(keys(backend, &self.districts)?, KEYS);
        let like = Condition::all()
            .add(own(observation::Column::MetricId).eq(metric.clone()))
            .add(own(observation::Column::InitiativeId).is_null())
            .add(own(observation::Column::Value).is_not_null())
            .add(own(observation::Column::DistrictId).in_subquery(places));
        let newest = Query::select()
            .expr(period.clone())
            .from("observation")
            .cond_where(either(observation::Entity::listed(scope), Some(&like)))
            .add_group_by([period.clone()])
            .and_having(Expr::cust("count(*)").eq(self.districts.len() as i64))
            .order_by_expr(period, Order::Desc)
            .limit(1)
            .take();
        let select = Query::select()
            .expr_as(metric, PARENT)
            .expr_as(Expr::from(newest), "period")
            .from_function(keys(backend, &metrics)?, KEYS)
            .take();
        let rows = database.fetch::<(i64, Row)>(&select).await?;
        Ok(rows.into_iter().filter_map(|(metric, row)| Some((metric, row.period?))).collect())
    }
}
