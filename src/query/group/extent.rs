//! For which places and for which periods a metric has figures, as far as they are asked for: how
//! many figures there would be if none were missing.

use std::{collections::HashMap, sync::Arc};

use entity::{Period, observation};
use sea_orm::sea_query::{Condition, ExprTrait, Query};
use serde::Deserialize;

use super::{Dimension, ObservationFilter, json_array, layers::joined, read};
use crate::{
    database::Database,
    error::Error,
    query::{
        Filter, Scope, Table, View,
        batch::Load,
        column,
        condition::{both, either},
        key_rows,
        parent::PARENT,
    },
};

/// One side of the figures of a metric: the places they are of, or the periods.
pub trait Side: PartialEq + Send + Sync + 'static {
    /// What the metric has figures for.
    type Item: Send + Sync + 'static;

    /// The columns that say what it is, in SQL.
    const COLUMNS: &'static [observation::Column];

    /// It as the columns say it.
    fn item(values: Vec<serde_json::Value>) -> Result<Self::Item, Error>;
}

/// The places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places;

/// The periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods;

/// Whose figures: a place's own, or an initiative's there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Owner(
    /// The place's number.
    pub i64,
    /// The initiative's number.
    pub Option<i64>,
);

impl Side for Places {
    type Item = Owner;

    const COLUMNS: &'static [observation::Column] =
        &[observation::Column::DistrictId, observation::Column::InitiativeId];

    fn item(values: Vec<serde_json::Value>) -> Result<Owner, Error> {
        serde_json::from_value(values.into()).map_err(Error::internal)
    }
}

impl Side for Periods {
    type Item = Period;

    const COLUMNS: &'static [observation::Column] = &[observation::Column::Period];

    fn item(values: Vec<serde_json::Value>) -> Result<Period, Error> {
        let (period,) = serde_json::from_value(values.into()).map_err(Error::internal)?;
        Ok(period)
    }
}

/// The question for which places, or periods, a metric has figures, with a value or not, by their
/// values in dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Extent<S> {
    /// From where the figures are seen.
    pub view: View,
    /// Which figures, by conditions on this side alone.
    pub filter: Option<Arc<ObservationFilter>>,
    /// By what they are told apart.
    pub dimensions: Vec<Dimension>,
    /// Which side.
    pub side: S,
}

#[derive(Debug, Deserialize)]
struct Row {
    /// The values in the dimensions as a JSON array.
    key: String,
    /// What is there, as a JSON array.
    item: String,
}

/// What there is, by the values in the dimensions as a JSON array.
pub type ByKey<T> = Arc<HashMap<String, Vec<T>>>;

impl<S: Side> Load for Extent<S> {
    type Key = i64;
    type Value = ByKey<S::Item>;

    async fn load(
        &self,
        database: &Database,
        metrics: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let own = column::<observation::Entity>;
        let each = key_rows(backend, &metrics)?;
        let of = Condition::all().add(own(observation::Column::MetricId).in_subquery(each));
        let like = both(self.filter.as_deref().map(|filter| filter.condition(scope)), Some(of));
        let key = self.dimensions.iter().map(|dimension| dimension.expr(backend)).collect();
        let mut select = Query::select();
        select
            .distinct()
            .expr_as(own(observation::Column::MetricId), PARENT)
            .expr_as(json_array(key, backend), "key")
            .expr_as(json_array(S::COLUMNS.iter().map(|at| own(*at)).collect(), backend), "item")
            .from("observation")
            .cond_where(either(observation::Entity::listed(scope), like.as_ref()));
        joined(&mut select, self.dimensions.iter());
        let mut found: HashMap<i64, HashMap<String, Vec<S::Item>>> = HashMap::new();
        for (metric, row) in database.fetch::<(i64, Row)>(&select).await? {
            let key = serde_json::Value::from(read(&row.key)?).to_string();
            let item = S::item(read(&row.item)?)?;
            found.entry(metric).or_default().entry(key).or_default().push(item);
        }
        Ok(found.into_iter().map(|(metric, by_key)| (metric, Arc::new(by_key))).collect())
    }
}
