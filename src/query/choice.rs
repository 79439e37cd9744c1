//! The figure a place is known by: its own, or, where it has none of the metric at all, that of the
//! one initiative there that has one.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::resolver_utils::enum_value;
use entity::{Frequency, Period, observation};
use sea_orm::{
    DbBackend, Iterable, Order,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use serde::Deserialize;

use super::{
    KEYS, Scope, Table, View,
    batch::Load,
    column,
    condition::{either, table},
    figure::part,
    filter::{frequency, length_rank},
    key_rows, keys,
    parent::PARENT,
};
use crate::{database::Database, error::Error};

/// Of what a figure is wanted. The longest periods come first, and of those the newest: of years
/// and quarters, the last year.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sought {
    /// The metric's number.
    pub metric: i64,
    /// The place's number.
    pub district: i64,
    /// The number of the initiative whose figure it must be; whoever has one where left out.
    pub initiative: Option<i64>,
    /// Exactly this period. Its figure may be one without a value, where there is none with one.
    pub period: Option<Period>,
    /// Periods as long as this.
    pub frequency: Option<Frequency>,
}

impl Sought {
    fn key(&self) -> String {
        let initiative = self.initiative.unwrap_or(0);
        let span = self.period.map(|period| period.span()).unwrap_or_default();
        let length = self.frequency.map(|length| enum_value(length).to_string());
        let length = length.unwrap_or_default();
        serde_json::json!([self.metric, self.district, initiative, span, length]).to_string()
    }

    /// The figures of the key in the column [`KEYS`].
    fn condition(scope: Scope, known: &SelectStatement) -> Condition {
        let backend = scope.backend;
        let own = column::<observation::Entity>;
        let text = |place| part(backend, place, false);
        let number = |place| part(backend, place, true);
        let initiative = || own(observation::Column::InitiativeId);
        let period = own(observation::Column::Period);
        let any_or =
            |wanted: Expr, none: Expr, like: Expr| Condition::any().add(wanted.eq(none)).add(like);
        let like = Condition::all()
            .add(own(observation::Column::MetricId).eq(number(0)))
            .add(own(observation::Column::DistrictId).eq(number(1)))
            .add(
                Condition::any()
                    .add(initiative().eq(number(2)))
                    .add(Condition::all().add(number(2).eq(0)).add(is_known_by(known.clone()))),
            )
            .add(any_or(text(3), Expr::val(""), period.clone().eq(text(3))))
            .add(any_or(text(4), Expr::val(""), frequency(&period, backend).eq(text(4))))
            .add(
                // What is said to be missing at a period is told where there is nothing better.
                Condition::any().add(own(observation::Column::Value).is_not_null()).add(
                    Condition::all()
                        .add(text(3).ne(""))
                        .add(Condition::any().add(initiative().is_null()).add(number(2).ne(0))),
                ),
            );
        either(observation::Entity::listed(scope), Some(&like))
    }
}

/// The metrics, each with the places that have a figure of it of their own, with a value: they are
/// known by their own figures alone. It depends on nothing around it, so that it is read once.
pub(super) fn known(
    metrics: &[i64],
    districts: Option<&[i64]>,
    scope: Scope,
) -> Result<SelectStatement, Error> {
    let own = column::<observation::Entity>;
    let districts = districts.map(|all| key_rows(scope.backend, all)).transpose()?;
    let like = Condition::all()
        .add(own(observation::Column::MetricId).in_subquery(key_rows(scope.backend, metrics)?))
        .add_option(districts.map(|all| own(observation::Column::DistrictId).in_subquery(all)))
        .add(own(observation::Column::InitiativeId).is_null())
        .add(own(observation::Column::Value).is_not_null());
    Ok(Query::select()
        .exprs(PLACE.map(own))
        .from(table::<observation::Entity>())
        .cond_where(either(observation::Entity::listed(scope), Some(&like)))
        .take())
}

/// That a figure is one by which its place is known: its own, or, where it has none, an initiative's.
pub(super) fn is_known_by(known: SelectStatement) -> Condition {
    let own = column::<observation::Entity>;
    Condition::any()
        .add(own(observation::Column::InitiativeId).is_null())
        .add(Expr::tuple(PLACE.map(own)).not_in_subquery(known))
}

const PLACE: [observation::Column; 2] =
    [observation::Column::MetricId, observation::Column::DistrictId];

/// The question which figure a place is known by, seen from somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice(pub View);

/// A figure, and whose it might have been.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The figure.
    pub figure: Arc<observation::Model>,
    /// The slugs of the initiatives that each have a figure with a value, where the place has none
    /// and none was asked for: the first [`MOST_NAMED`] of them.
    pub rivals: Arc<[String]>,
}

/// How many initiatives are named.
const MOST_NAMED: u64 = 6;

#[derive(Deserialize)]
struct Row {
    figure: observation::Model,
    /// A JSON array.
    rivals: Option<String>,
}

impl Load for Choice {
    type Key = Sought;
    type Value = Chosen;

    async fn load(
        &self,
        database: &Database,
        places: Vec<Sought>,
    ) -> Result<HashMap<Sought, Chosen>, Error> {
        let database = &*self.0.of(database);
        let scope = Scope::new(database, self.0);
        let backend = scope.backend;
        let by_key: HashMap<String, Sought> =
            places.into_iter().map(|place| (place.key(), place)).collect();
        let wanted: Vec<String> = by_key.keys().cloned().collect();
        let numbers = |of: fn(&Sought) -> i64| by_key.values().map(of).collect::<BTreeSet<_>>();
        let (metrics, districts) =
            (numbers(|sought| sought.metric), numbers(|sought| sought.district));
        let [metrics, districts] =
            [metrics, districts].map(|all| all.into_iter().collect::<Vec<_>>());
        let known = known(&metrics, Some(&districts), scope)?;
        let observation = table::<observation::Entity>();
        let own = column::<observation::Entity>;
        let columns = || {
            let all = observation::Column::iter();
            all.map(|column| (table::<observation::Entity>(), column))
        };
        let has_value = own(observation::Column::Value).is_not_null();
        let has_value = Expr::Case(Box::new(Expr::case(has_value, 0).finally(1)));
        let mut first = Query::select();
        first
            .from(observation.clone())
            .cond_where(Sought::condition(scope, &known))
            .order_by_expr(has_value, Order::Asc)
            .order_by_expr(length_rank(&own(observation::Column::Period), backend), Order::Asc)
            .order_by_expr(own(observation::Column::Period), Order::Desc)
            .order_by_expr(own(observation::Column::Id), Order::Asc)
            .limit(1);
        let mut each = Query::select();
        each.expr_as(Expr::col((KEYS, KEYS)), PARENT)
            .from_function(keys(backend, &wanted)?, KEYS)
            .columns(columns())
            .expr_as(rivals(scope, &known), "rivals");
        if backend == DbBackend::Postgres {
            first.columns(columns());
            each.join_lateral(JoinType::InnerJoin, first, observation, Expr::cust("TRUE"));
        } else {
            first.expr(own(observation::Column::Id));
            let id = own(observation::Column::Id);
            each.inner_join(observation, id.in_subquery(first));
        }
        let mut found = HashMap::with_capacity(by_key.len());
        for (key, Row { figure, rivals }) in database.fetch::<(String, Row)>(&each).await? {
            let rivals = rivals.map(|json| serde_json::from_str(&json).map_err(Error::internal));
            let rivals: Vec<String> = rivals.transpose()?.unwrap_or_default();
            if let Some(place) = by_key.get(&key) {
                let chosen = Chosen { figure: Arc::new(figure), rivals: rivals.into() };
                found.insert(place.clone(), chosen);
            }
        }
        Ok(found)
    }
}

/// The initiatives that each have a figure with a value, as a JSON array of slugs; null where the
/// figure found is the place's own, or that of the initiative asked for.
fn rivals(scope: Scope, known: &SelectStatement) -> Expr {
    let own = column::<observation::Entity>;
    let initiative = || own(observation::Column::InitiativeId);
    let each = Query::select()
        .distinct()
        .column(("initiative", "id"))
        .column(("initiative", "slug"))
        .from(table::<observation::Entity>())
        .inner_join("initiative", Expr::col(("initiative", "id")).eq(initiative()))
        .cond_where(Sought::condition(scope, known))
        .and_where(own(observation::Column::Value).is_not_null())
        .order_by(("initiative", "id"), Order::Asc)
        .limit(MOST_NAMED)
        .take();
    let slugs = match scope.backend {
        DbBackend::Postgres => "CAST(json_agg(rival.slug) AS text)",
        _ => "json_group_array(rival.slug)",
    };
    let all = Query::select().expr(Expr::cust(slugs)).from_subquery(each, "rival").take();
    let is_rivals = initiative()
        .is_not_null()
        .and(own(observation::Column::Value).is_not_null())
        .and(part(scope.backend, 2, true).eq(0));
    Expr::Case(Box::new(Expr::case(is_rivals, Expr::from(all)).finally(Expr::null())))
}
