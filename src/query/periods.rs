//! The periods at which places can be compared.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use entity::{Frequency, Period, observation};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};
use serde::Deserialize;

use super::{
    Scope, Table, View,
    batch::Load,
    choice::{is_known_by, known},
    column,
    condition::either,
    filter::length_rank,
    key_rows,
    parent::PARENT,
};
use crate::{database::Database, error::Error};

/// Places that are to be compared by their figures with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The numbers of the places, each once.
    pub districts: Vec<i64>,
    /// The number of the initiative whose figures they are; their own, or else those of the one
    /// initiative that has any, where left out.
    pub initiative: Option<i64>,
    /// From where the figures are seen.
    pub view: View,
}

/// The question how long the periods are at which places are compared: the longest for which one of
/// them is known by a figure of the metric. A metric without one has no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Longest(pub Compared);

/// The question at which period places are compared: of the longest periods for which all of them
/// have a figure of the metric, the newest. A metric without one has no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Shared {
    /// The places.
    pub compared: Compared,
    /// How long the period must be.
    pub frequency: Option<Frequency>,
}

#[derive(Deserialize)]
struct Row {
    period: Period,
}

impl Compared {
    /// The metrics and periods of the figures, the first column being the metric.
    fn periods(
        &self,
        scope: Scope,
        metrics: &[i64],
        period: Expr,
    ) -> Result<SelectStatement, Error> {
        let own = column::<observation::Entity>;
        let initiative = own(observation::Column::InitiativeId);
        let owner = match self.initiative {
            Some(number) => Condition::all().add(initiative.eq(number)),
            None => is_known_by(known(metrics, Some(&self.districts), scope)?),
        };
        let like = Condition::all()
            .add(own(observation::Column::MetricId).in_subquery(key_rows(scope.backend, metrics)?))
            .add(
                own(observation::Column::DistrictId)
                    .in_subquery(key_rows(scope.backend, &self.districts)?),
            )
            .add(own(observation::Column::Value).is_not_null())
            .add(owner);
        Ok(Query::select()
            .expr_as(own(observation::Column::MetricId), PARENT)
            .expr_as(period, "period")
            .from("observation")
            .cond_where(either(observation::Entity::listed(scope), Some(&like)))
            .take())
    }
}

impl Load for Longest {
    type Key = i64;
    type Value = Frequency;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Frequency>, Error> {
        let database = &*self.0.view.of(database);
        let scope = Scope::new(database, self.0.view);
        let own = column::<observation::Entity>;
        let period = own(observation::Column::Period);
        // Any period stands for its length. Where several initiatives have figures, none counts.
        let mut select = self.0.periods(scope, &metrics, period.clone().min())?;
        select
            .distinct()
            .add_group_by([
                own(observation::Column::MetricId),
                own(observation::Column::DistrictId),
                length_rank(&period, scope.backend),
            ])
            .and_having(own(observation::Column::InitiativeId).count_distinct().lt(2));
        let mut longest: HashMap<i64, Frequency> = HashMap::with_capacity(metrics.len());
        for (metric, row) in database.fetch::<(i64, Row)>(&select).await? {
            let length = row.period.length();
            let known = longest.entry(metric).or_insert(length);
            *known = length.min(*known);
        }
        Ok(longest)
    }
}

impl Load for Shared {
    type Key = i64;
    type Value = Period;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Period>, Error> {
        let compared = &self.compared;
        let database = &*compared.view.of(database);
        let own = column::<observation::Entity>;
        // The places with their periods, each known by one figure.
        let scope = Scope::new(database, compared.view);
        let mut places = compared.periods(scope, &metrics, own(observation::Column::Period))?;
        places
            .add_group_by([
                own(observation::Column::MetricId),
                own(observation::Column::DistrictId),
                own(observation::Column::Period),
            ])
            .and_having(Expr::cust("count(*) = 1"));
        let metric = Expr::col(("p", PARENT));
        let period = Expr::col(("p", "period"));
        let select = Query::select()
            .expr_as(metric.clone(), PARENT)
            .expr_as(period.clone(), "period")
            .from_subquery(places, "p")
            .add_group_by([metric, period])
            .and_having(Expr::cust("count(*)").eq(compared.districts.len() as i64))
            .take();
        let mut shared: HashMap<i64, BTreeSet<(Frequency, Reverse<Period>)>> = HashMap::new();
        for (metric, row) in database.fetch::<(i64, Row)>(&select).await? {
            let length = row.period.length();
            if self.frequency.is_none_or(|wanted| wanted == length) {
                shared.entry(metric).or_default().insert((length, Reverse(row.period)));
            }
        }
        let best = |(metric, periods): (i64, BTreeSet<(Frequency, Reverse<Period>)>)| {
            Some((metric, periods.first()?.1.0))
        };
        Ok(shared.into_iter().filter_map(best).collect())
    }
}
