//! The data as they stood at a moment, read to their end while others write.
//!
//! What was in force at a moment can be read at any time after it, page by page, and whatever is
//! written meanwhile does not tear it.

use std::collections::HashMap;

use chrono::{DateTime as Time, Utc};
use entity::{DateTime, dataset, observation};
use sea_orm::{
    EntityName, Iterable, Order,
    sea_query::{Alias, Condition, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Filter, Scope, Table, View, column,
    condition::{conditions, table},
    parent::PARENT,
    version,
};
use crate::{database::Database, error::Error};

type Figure = observation::Model;
type FigureFilter = <observation::Entity as Table>::Filter;

/// How many figures are read at once.
const PAGE: usize = 5000;

/// How many keys go into a statement.
const CHUNK: usize = 500;

/// The data at a moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The database as it stood then.
    database: Database,
    view: View,
    /// The data set as a whole, as it is now.
    pub dataset: dataset::Model,
}

/// A page of figures.
#[derive(Debug)]
pub struct Figures {
    /// The figures by their periods, and within one in the order in which they came.
    pub rows: Vec<Figure>,
    /// Whether there may be more.
    pub more: bool,
}

impl Snapshot {
    /// The data as they are, or as they were; none where there are none yet. Writes are recorded at
    /// times that strictly increase, so the time of the last one is a moment that nothing joins.
    pub async fn open(
        database: &Database,
        as_of: Option<DateTime>,
        now: Time<Utc>,
    ) -> Result<Option<Self>, Error> {
        let mut rows = Query::select();
        rows.expr_as(column::<dataset::Entity>(dataset::Column::Id), PARENT)
            .columns(dataset::Column::iter())
            .from(dataset::Entity.table_name().to_owned());
        let rows = database.fetch::<(i64, dataset::Model)>(&rows).await?;
        let Some((_, dataset)) = rows.into_iter().next() else { return Ok(None) };
        let last = dataset.changed_at.unwrap_or_else(|| now.into());
        let moment = as_of.map_or(last, |moment| Ord::min(moment, last));
        let view = View { as_of: Some(moment), ..View::default() };
        Ok(Some(Self { database: view.of(database).into_owned(), view, dataset }))
    }

    fn scope(&self) -> Scope {
        Scope::new(&self.database, self.view)
    }

    /// The rows of a table that were not removed by then.
    pub async fn rows<E: Table>(&self, filter: Option<&E::Filter>) -> Result<Vec<E::Model>, Error> {
        let wanted = filter.map(|filter| filter.condition(self.scope()));
        let mut rows = self.rows_of::<E>();
        rows.columns(E::Column::iter().map(|column| (table::<E>(), column)));
        self.fetch(rows.cond_where(Condition::all().add_option(wanted))).await
    }

    /// The slugs of a table's rows, by their numbers.
    pub async fn slugs<E: Table>(&self) -> Result<HashMap<i64, String>, Error> {
        let mut rows = self.rows_of::<E>();
        rows.column((table::<E>(), "slug"));
        let rows = self.database.fetch::<(i64, Named)>(&rows).await?;
        Ok(rows.into_iter().map(|(number, row)| (number, row.slug)).collect())
    }

    /// The figures of a metric that were in force, by their periods, after one of them.
    pub async fn figures(
        &self,
        metric: i64,
        after: Option<&Figure>,
        filter: Option<&FigureFilter>,
    ) -> Result<Figures, Error> {
        let wanted = filter.map(|filter| filter.condition(self.scope()));
        let (mut rows, mut more) = (Vec::<Figure>::new(), false);
        // Those still in force, then those closed since; of these no more are looked at than belong
        // between the others, for there may be many that were closed long before.
        for way in version::shown(self.scope()) {
            let last =
                rows.get(PAGE - 1).map(|last| own(observation::Column::Period).lte(last.period));
            let like = way
                .add(own(observation::Column::MetricId).eq(metric))
                .add_option(after.map(later))
                .add_option(last)
                .add_option(wanted.clone());
            let found = self.stretch(like).await?;
            more |= found.len() == PAGE;
            rows.extend(found);
        }
        rows.sort_unstable_by_key(|row| (row.period, row.id));
        rows.truncate(PAGE);
        Ok(Figures { rows, more })
    }

    /// The first page of the figures that are like this.
    async fn stretch(&self, like: Condition) -> Result<Vec<Figure>, Error> {
        let mut rows = figures_of(own(observation::Column::Id));
        rows.cond_where(like)
            .order_by((OWN, observation::Column::Period), Order::Asc)
            .order_by((OWN, observation::Column::Id), Order::Asc)
            .limit(PAGE as u64);
        self.fetch(&rows).await
    }

    /// The version in force of each figure of which one is meant by its number, if it was then and
    /// is like the filter.
    pub async fn versions(
        &self,
        numbers: &[i64],
        filter: Option<&FigureFilter>,
    ) -> Result<HashMap<i64, Figure>, Error> {
        let wanted = filter.map(|filter| filter.condition(self.scope()));
        let mut found = HashMap::with_capacity(numbers.len());
        for numbers in numbers.chunks(CHUNK) {
            for way in version::shown(self.scope()) {
                let meant = Expr::col((OTHER, observation::Column::Id));
                let mut rows = figures_of(meant.clone());
                rows.join_as(JoinType::InnerJoin, OWN, Alias::new(OTHER), Expr::cust(SAME))
                    .and_where(meant.is_in(numbers.iter().copied()))
                    .cond_where(way)
                    .cond_where(Condition::all().add_option(wanted.clone()));
                found.extend(self.database.fetch::<(i64, Figure)>(&rows).await?);
            }
        }
        Ok(found)
    }

    /// The rows of a table that are there, by their numbers.
    fn rows_of<E: Table>(&self) -> SelectStatement {
        Query::select()
            .expr_as(column::<E>(E::id()), PARENT)
            .from(table::<E>())
            .cond_where(conditions::<E>(None, self.scope()))
            .order_by((table::<E>(), E::id()), Order::Asc)
            .take()
    }

    async fn fetch<M>(&self, rows: &SelectStatement) -> Result<Vec<M>, Error>
    where
        M: DeserializeOwned + Send + 'static,
    {
        let rows = self.database.fetch::<(i64, M)>(rows).await?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }
}

/// A row's slug.
#[derive(Deserialize)]
struct Named {
    slug: String,
}

const OWN: &str = "observation";
const OTHER: &str = "meant";

/// That two are versions of one figure.
const SAME: &str = "meant.metric_id = observation.metric_id \
     AND meant.district_id = observation.district_id \
     AND coalesce(meant.initiative_id, 0) = coalesce(observation.initiative_id, 0) \
     AND meant.period = observation.period";

fn own(of: observation::Column) -> Expr {
    column::<observation::Entity>(of)
}

/// After a figure, by its period.
fn later(than: &Figure) -> Condition {
    let (period, id) = (own(observation::Column::Period), own(observation::Column::Id));
    let later = period.clone().gt(than.period).or(id.gt(than.id));
    Condition::all().add(period.gte(than.period)).add(later)
}

fn figures_of(key: Expr) -> SelectStatement {
    Query::select()
        .expr_as(key, PARENT)
        .columns(observation::Column::iter().map(|column| (OWN, column)))
        .from(OWN)
        .take()
}
