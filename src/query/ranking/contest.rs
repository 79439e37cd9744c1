//! Who takes part in a ranking, by which figure, and when it is.

use std::{collections::HashMap, sync::Arc};

use async_graphql::resolver_utils::enum_value;
use entity::{Frequency, Period, district, observation};
use sea_orm::{
    JoinType, Order,
    sea_query::{
        CommonTableExpression, Condition, Expr, ExprTrait, Query, SelectStatement, WithClause,
    },
};
use serde::Deserialize;

use crate::{
    database::Database,
    error::Error,
    query::{
        KEYS, Scope, Table, View,
        batch::Load,
        choice::{is_known_by, known},
        column,
        condition::{conditions, either},
        filter::{frequency, length_rank, to_one},
        keys,
    },
};

type DistrictFilter = <district::Entity as Table>::Filter;

/// Which places are ranked, and by which figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// From where the figures are seen.
    pub view: View,
    /// All places that have figures of the metric where left out.
    pub among: Option<Arc<DistrictFilter>>,
    /// Of when the figures are.
    pub when: When,
    /// How long their periods are; the longest there are where left out.
    pub frequency: Option<Frequency>,
    /// The number of the initiative whose figures they are; the places' own, or else those of the
    /// one initiative that has any, where left out.
    pub initiative: Option<i64>,
}

/// Of when the figures of a ranking are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All of this period.
    At(Period),
    /// All of the newest period for which one of the places has a value.
    Newest,
    /// Each of the newest period for which its place has a value.
    NewestOfEach,
}

/// How far a ranking reaches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Extent {
    /// The period, or, where each place has its own, one as long; none where no place has a value.
    pub period: Option<Period>,
    /// How many places are ranked.
    pub ranked: i64,
    /// How many take part, with a value or not.
    pub places: i64,
}

impl Contest {
    /// The figures of a metric of those who take part, of whatever period, with a value or not.
    fn figures(&self, metric: Expr, like: Condition, scope: Scope) -> Condition {
        let own = column::<observation::Entity>;
        let among = self.among.as_ref().map(|filter| {
            let place = observation::Column::DistrictId;
            to_one::<observation::Entity, district::Entity>(place, filter, scope)
        });
        let initiative = own(observation::Column::InitiativeId);
        let owner = match self.initiative {
            Some(number) => Condition::all().add(initiative.eq(number)),
            None => is_known_by(Query::select().columns(["metric", "district"]).from(KNOWN).take()),
        };
        let like = Condition::all()
            .add(own(observation::Column::MetricId).eq(metric))
            .add_option(among)
            .add(owner)
            .add(like);
        either(observation::Entity::listed(scope), Some(&like))
    }

    /// Those with a value.
    fn valued(&self, metric: Expr, like: Condition, scope: Scope) -> Condition {
        let value = column::<observation::Entity>(observation::Column::Value);
        self.figures(metric, like.add(value.is_not_null()), scope)
    }

    /// The metrics, each with the period it is ranked at, as [`WANTED`], and with the places that
    /// have figures of their own, as [`KNOWN`]. They are found before the figures are: a database
    /// left free to mix the two would seek each figure's period anew.
    pub(super) fn periods(&self, scope: Scope, metrics: &[i64]) -> Result<WithClause, Error> {
        let metric = Expr::col((KEYS, KEYS));
        let period = column::<observation::Entity>(observation::Column::Period);
        let wanted = match self.when {
            When::At(period) => Expr::val(period),
            When::Newest | When::NewestOfEach => {
                let length = self.frequency.map(|length| {
                    frequency(&period, scope.backend).eq(enum_value(length).to_string())
                });
                let like = Condition::all().add_option(length);
                // The periods at which a place is known by one figure alone.
                let district = column::<observation::Entity>(observation::Column::DistrictId);
                let of_places = Query::select()
                    .expr(period.clone())
                    .from("observation")
                    .cond_where(self.valued(metric.clone(), like, scope))
                    .add_group_by([district, period])
                    .and_having(Expr::cust("count(*) = 1"))
                    .take();
                let period = Expr::col(("p", "period"));
                let newest = Query::select()
                    .expr(period.clone())
                    .from_subquery(of_places, "p")
                    .add_group_by([period.clone()])
                    .order_by_expr(length_rank(&period, scope.backend), Order::Asc)
                    .order_by_expr(period, Order::Desc)
                    .limit(1)
                    .take();
                Expr::from(newest)
            }
        };
        let periods = Query::select()
            .expr_as(metric, "metric")
            .expr_as(wanted, "period")
            .from_function(keys(scope.backend, metrics)?, KEYS)
            .take();
        let periods = CommonTableExpression::new()
            .table_name(WANTED)
            .query(periods)
            .materialized(true)
            .to_owned();
        let known = CommonTableExpression::new()
            .table_name(KNOWN)
            .columns(["metric", "district"])
            .query(known(metrics, None, scope)?)
            .materialized(true)
            .to_owned();
        Ok(WithClause::new().cte(known).cte(periods).to_owned())
    }

    /// The figures that places may be ranked by, those of each place numbered by `place`, the newest
    /// first, and whether that is the one (`chosen`): its own, or that of the only initiative with
    /// one.
    pub(super) fn candidates(&self, scope: Scope) -> SelectStatement {
        let own = column::<observation::Entity>;
        let period = own(observation::Column::Period);
        let at = match self.when {
            When::At(_) | When::Newest => period.clone().eq(wanted("period")),
            When::NewestOfEach => {
                let backend = scope.backend;
                frequency(&period, backend).eq(frequency(&wanted("period"), backend))
            }
        };
        let of_place = "PARTITION BY observation.metric_id, observation.district_id";
        let place = format!(
            "row_number() OVER ({of_place} ORDER BY observation.period DESC, observation.id)"
        );
        let chosen = format!(
            "CASE WHEN observation.initiative_id IS NULL \
             OR min(observation.initiative_id) OVER ({of_place}) \
             = max(observation.initiative_id) OVER ({of_place}) THEN 1 ELSE 0 END"
        );
        Query::select()
            .expr_as(own(observation::Column::MetricId), "metric")
            .expr_as(own(observation::Column::Id), "figure")
            .expr_as(own(observation::Column::DistrictId), "district")
            .expr(period)
            .expr(own(observation::Column::Value))
            .expr(own(observation::Column::Comparator))
            .expr(own(observation::Column::Status))
            .expr_as(Expr::cust(place), "place")
            .expr_as(Expr::cust(chosen), "chosen")
            .from(WANTED)
            .inner_join(
                "observation",
                self.valued(wanted("metric"), Condition::all().add(at), scope),
            )
            .take()
    }

    /// The places that take part, of each metric as [`WANTED`] has them.
    pub(super) fn places(&self, scope: Scope) -> Condition {
        match &self.among {
            Some(among) => conditions::<district::Entity>(Some(among), scope),
            None => {
                let number = column::<observation::Entity>(observation::Column::DistrictId);
                let with_figures = Query::select()
                    .expr(number)
                    .from("observation")
                    .cond_where(self.figures(wanted("metric"), Condition::all(), scope))
                    .take();
                let id = column::<district::Entity>(district::Column::Id);
                conditions::<district::Entity>(None, scope).add(id.in_subquery(with_figures))
            }
        }
    }
}

/// The name of the metrics with the places known by their own figures.
const KNOWN: &str = "known";

/// The name of the metrics with their periods.
pub(super) const WANTED: &str = "wanted";

/// A column of theirs.
pub(super) fn wanted(column: &'static str) -> Expr {
    Expr::col((WANTED, column))
}

/// That a candidate is the one its place is ranked by.
pub(super) fn is_chosen(candidates: &'static str) -> Condition {
    let own = |name: &'static str| Expr::col((candidates, name));
    Condition::all().add(own("place").eq(1)).add(own("chosen").eq(1))
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
            .cond_where(self.places(scope))
            .take();
        let of_metric = Expr::col(("c", "metric")).eq(wanted("metric"));
        let select = Query::select()
            .with_cte(self.periods(scope, &metrics)?)
            .expr(wanted("metric"))
            .expr(wanted("period"))
            .expr_as(Expr::cust("count(c.figure)"), "ranked")
            .expr_as(Expr::from(places), "places")
            .from(WANTED)
            .join_subquery(
                JoinType::LeftJoin,
                self.candidates(scope),
                "c",
                is_chosen("c").add(of_metric),
            )
            .add_group_by([wanted("metric"), wanted("period")])
            .take();
        Ok(database.fetch::<(i64, Extent)>(&select).await?.into_iter().collect())
    }
}
