//! Single figures by their place in a series: at a period, before it, the latest.
//!
//! One statement answers for any number of series, a seek in the index of the natural key for each.

use std::{collections::HashMap, sync::Arc};

use entity::{Period, observation};
use sea_orm::{
    DbBackend, Iterable, Order,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType},
};
use serde_json::Value as Json;

use super::{
    KEYS, Scope, Table, View,
    batch::Load,
    column,
    condition::{either, table},
    filter::{ended, extent, frequency},
    keys,
    parent::PARENT,
};
use crate::{database::Database, error::Error};

/// Which figure of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// That of exactly the period, with a value or not.
    At,
    /// The newest with a value before the period, of a period of the same length.
    Before,
    /// What a figure of the period is divided by: with a value, of the period itself, or else of the
    /// shortest part of the calendar it lies in, or else the newest that ended before its year.
    Denominator,
    /// Of exactly the period, the growth that is stated as a metric of its own.
    StatedGrowth,
}

/// A series, and a period in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The metric's number.
    pub metric: i64,
    /// The place's number.
    pub district: i64,
    /// The number of the initiative whose own figures they are.
    pub initiative: Option<i64>,
    /// The period.
    pub period: Period,
}

impl Place {
    /// The place of a figure.
    pub fn of(row: &observation::Model) -> Self {
        Self {
            metric: row.metric_id,
            district: row.district_id,
            initiative: row.initiative_id,
            period: row.period,
        }
    }

    /// The same series at another period.
    pub fn at(&self, period: Period) -> Self {
        Self { period, ..self.clone() }
    }

    /// As one key of a statement; no two places have the same.
    pub fn key(&self) -> String {
        Json::Array(self.parts()).to_string()
    }

    /// The metric's, the place's and the initiative's number, and the days.
    pub(super) fn parts(&self) -> Vec<Json> {
        let span = self.period.span();
        vec![
            self.metric.into(),
            self.district.into(),
            self.initiative.unwrap_or(0).into(),
            span.into(),
        ]
    }
}

impl Figure {
    /// The question, seen from somewhere.
    pub fn seen(self, view: View) -> Seen {
        Seen { figure: self, view }
    }

    /// The key of a place: what its own says, and what else the question takes.
    fn key(self, place: &Place) -> String {
        let mut parts = place.parts();
        let period = place.period;
        match self {
            Self::Before => {
                let length = async_graphql::resolver_utils::enum_value(period.length());
                parts.extend([length.to_string().into(), period.extent().into()]);
            }
            Self::Denominator => {
                let spans = period.outwards().iter().map(Period::span).collect();
                parts.extend([period.first_day_of_year().to_string().into(), spans]);
            }
            Self::At | Self::StatedGrowth => {}
        }
        Json::Array(parts).to_string()
    }

    /// The figures of the series of the key, but for their order.
    fn condition(self, scope: Scope) -> Condition {
        let backend = scope.backend;
        let own = |of| column::<observation::Entity>(of);
        let number = |place| part(backend, place, true);
        let text = |place| part(backend, place, false);
        let metric = own(observation::Column::MetricId);
        let period = own(observation::Column::Period);
        let value = own(observation::Column::Value);
        let series = Condition::all()
            .add(match self {
                Self::StatedGrowth => metric.in_subquery(
                    Query::select()
                        .column("id")
                        .from("metric")
                        .and_where(Expr::col(("metric", "base_id")).eq(number(0)))
                        .and_where(Expr::col(("metric", "measure")).eq("GROWTH"))
                        .take(),
                ),
                _ => metric.eq(number(0)),
            })
            .add(own(observation::Column::DistrictId).eq(number(1)))
            .add(Expr::cust("coalesce(observation.initiative_id, 0)").eq(number(2)));
        let like = match self {
            Self::At | Self::StatedGrowth => series.add(period.eq(text(3))),
            Self::Before => series
                .add(period.clone().lt(text(3)))
                .add(frequency(&period, backend).eq(text(4)))
                .add(text(4).ne("RANGE").or(extent(&period, backend).eq(text(5))))
                .add(value.is_not_null()),
            Self::Denominator => {
                let spans = match backend {
                    DbBackend::Postgres => {
                        "$1 IN (SELECT json_array_elements_text(CAST(value.value AS json) -> 5))"
                    }
                    _ => "? IN (SELECT span.value FROM json_each(value.value, '$[5]') AS span)",
                };
                let earlier = period.clone().lt(text(4)).and(ended(&period, backend).lt(text(4)));
                let around = Expr::cust_with_exprs(spans, [period]);
                series.add(around.or(earlier)).add(value.is_not_null())
            }
        };
        either(observation::Entity::listed(scope), Some(&like))
    }

    /// Which of them is the one: the first.
    fn order(self, backend: DbBackend) -> Vec<(Expr, Order)> {
        let period = column::<observation::Entity>(observation::Column::Period);
        let Self::Denominator = self else { return vec![(period, Order::Desc)] };
        let last = ended(&period, backend);
        let within = Expr::col(("observation", WITHIN)).eq(1);
        let if_within = |then: &Expr, or: Expr| {
            Expr::Case(Box::new(Expr::case(within.clone(), then.clone()).finally(or)))
        };
        vec![
            (if_within(&Expr::val(0), Expr::val(1)), Order::Asc),
            (if_within(&last, Expr::null()), Order::Asc),
            (if_within(&period, Expr::null()), Order::Desc),
            (last, Order::Desc),
            (period, Order::Asc),
        ]
    }
}

/// The name of the column that says of a denominator whether it is of the figure's own year.
const WITHIN: &str = "within";

/// Which figure of a series is wanted, and from where it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    figure: Figure,
    view: View,
}

/// The numbers of all its versions, in ways that the indexes are made for.
pub(super) fn numbers_of_key(backend: DbBackend) -> SelectStatement {
    let closed = || column::<observation::Entity>(observation::Column::SupersededAt);
    let numbers = |way: Expr| {
        Query::select()
            .column((table::<observation::Entity>(), observation::Column::Id))
            .from(table::<observation::Entity>())
            .and_where(way)
            .cond_where(of_key(backend))
            .take()
    };
    numbers(closed().is_null()).union(UnionType::All, numbers(closed().is_not_null())).take()
}

/// The figure that the key is the place of, whichever version.
pub(super) fn of_key(backend: DbBackend) -> Condition {
    let own = |of| column::<observation::Entity>(of);
    Condition::all()
        .add(own(observation::Column::MetricId).eq(part(backend, 0, true)))
        .add(own(observation::Column::DistrictId).eq(part(backend, 1, true)))
        .add(Expr::cust("coalesce(observation.initiative_id, 0)").eq(part(backend, 2, true)))
        .add(own(observation::Column::Period).eq(part(backend, 3, false)))
}

/// A part of a key that is a JSON array.
pub(super) fn part(backend: DbBackend, place: u32, number: bool) -> Expr {
    Expr::cust(match (backend, number) {
        (DbBackend::Postgres, true) => {
            format!("CAST(CAST(value.value AS json) ->> {place} AS bigint)")
        }
        (DbBackend::Postgres, false) => format!("(CAST(value.value AS json) ->> {place})"),
        _ => format!("(value.value ->> {place})"),
    })
}

impl Load for Seen {
    type Key = Place;
    type Value = Arc<observation::Model>;

    async fn load(
        &self,
        database: &Database,
        places: Vec<Place>,
    ) -> Result<HashMap<Place, Self::Value>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let by_key: HashMap<String, Place> =
            places.into_iter().map(|place| (self.figure.key(&place), place)).collect();
        let wanted: Vec<String> = by_key.keys().cloned().collect();
        let observation = table::<observation::Entity>();
        let columns = || {
            let all = observation::Column::iter();
            all.map(|column| (table::<observation::Entity>(), column))
        };
        let mut newest = Query::select();
        newest.limit(1);
        if self.figure == Figure::Denominator {
            // SQLite does not let the order of a subquery depend on what is around it.
            let last = ended(&column::<observation::Entity>(observation::Column::Period), backend);
            let within = last.gte(part(backend, 4, false));
            let within = Expr::Case(Box::new(Expr::case(within, 1).finally(0)));
            let like = Query::select()
                .columns(columns())
                .expr_as(within, WITHIN)
                .from(observation.clone())
                .cond_where(self.figure.condition(scope))
                .take();
            newest.from_subquery(like, observation.clone());
        } else {
            newest.from(observation.clone()).cond_where(self.figure.condition(scope));
        }
        for (expr, order) in self.figure.order(backend) {
            newest.order_by_expr(expr, order);
        }
        let mut each = Query::select();
        each.expr_as(Expr::col((KEYS, KEYS)), PARENT)
            .from_function(keys(backend, &wanted)?, KEYS)
            .columns(columns());
        if backend == DbBackend::Postgres {
            newest.columns(columns());
            each.join_lateral(JoinType::InnerJoin, newest, observation, Expr::cust("TRUE"));
        } else {
            newest.expr(column::<observation::Entity>(observation::Column::Id));
            let id = column::<observation::Entity>(observation::Column::Id);
            each.inner_join(observation, id.in_subquery(newest));
        }
        let mut found = HashMap::with_capacity(by_key.len());
        for (key, row) in database.fetch::<(String, observation::Model)>(&each).await? {
            if let Some(place) = by_key.get(&key) {
                found.insert(place.clone(), Arc::new(row));
            }
        }
        Ok(found)
    }
}
