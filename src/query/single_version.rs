//! Single versions of figures, in force or not: by their numbers, or by when they were recorded.

use std::{collections::HashMap, sync::Arc};

use entity::{
    DateTime,
    observation::{Column, Entity, Model},
};
use sea_orm::{
    DbBackend, Iterable,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType},
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    KEYS, Scope, View,
    batch::Load,
    column,
    condition::{either, table},
    figure::{Place, of_key, part},
    key_rows, keys,
    parent::PARENT,
    version::{shown, versions, visible},
};
use crate::{database::Database, error::Error};

/// The question for versions of figures by what they are of, the revision and the moment they were
/// recorded.
#[derive(Debug, PartialEq, Eq)]
pub struct Version(pub View);

impl Load for Version {
    type Key = (Place, i32, DateTime);
    type Value = Arc<Model>;

    async fn load(
        &self,
        database: &Database,
        wanted: Vec<Self::Key>,
    ) -> Result<HashMap<Self::Key, Self::Value>, Error> {
        let backend = database.backend();
        let by_key: HashMap<String, Self::Key> =
            wanted.into_iter().map(|version| (key(&version), version)).collect();
        let recorded = match backend {
            DbBackend::Postgres => {
                "CAST(CAST(value.value AS json) ->> 5 AS timestamp with time zone)"
            }
            _ => "(value.value ->> 5)",
        };
        let like = of_key(backend)
            .add(column::<Entity>(Column::Revision).eq(part(backend, 4, true)))
            .add(column::<Entity>(Column::RecordedAt).eq(Expr::cust(recorded)));
        let ways = versions(Scope::new(database, self.0));
        let wanted: Vec<String> = by_key.keys().cloned().collect();
        let rows = of_keys(backend, &wanted, either(ways, Some(&like)))?;
        let rows = database.fetch::<(String, Model)>(&rows).await?;
        let found = rows.into_iter().filter_map(|(key, row)| {
            by_key.get(&key).map(|version| (version.clone(), Arc::new(row)))
        });
        Ok(found.collect())
    }
}

/// A version as one key of a statement.
fn key((place, revision, recorded_at): &(Place, i32, DateTime)) -> String {
    let mut parts = place.parts();
    parts.extend([(*revision).into(), recorded_at.to_sql().into()]);
    Json::Array(parts).to_string()
}

/// The rows of keys that are JSON arrays, each after its key.
fn of_keys(
    backend: DbBackend,
    wanted: &[String],
    like: Condition,
) -> Result<SelectStatement, Error> {
    Ok(Query::select()
        .expr_as(Expr::col((KEYS, KEYS)), PARENT)
        .columns(Column::iter().map(|column| (table::<Entity>(), column)))
        .from_function(keys(backend, wanted)?, KEYS)
        .join(JoinType::InnerJoin, table::<Entity>(), like)
        .take())
}

/// The statement for what stands for figures now, each row after the key of its place: what is in
/// force, and what waits for its day.
pub(crate) fn standing(backend: DbBackend, places: &[Place]) -> Result<SelectStatement, Error> {
    let wanted: Vec<String> = places.iter().map(Place::key).collect();
    let own = column::<Entity>;
    let in_force = own(Column::SupersededAt).is_null();
    let waits = Condition::all()
        .add(own(Column::Embargoed))
        .add(own(Column::EmbargoEndedAt).is_null())
        .add(own(Column::SupersededAt).is_not_null());
    let waiting = of_keys(backend, &wanted, of_key(backend).add(waits))?;
    let mut rows = of_keys(backend, &wanted, of_key(backend).add(in_force))?;
    Ok(rows.union(UnionType::All, waiting).take())
}

/// The question for versions by their numbers, and whether lists show them.
#[derive(Debug, PartialEq, Eq)]
pub struct Numbered(pub View);

#[derive(Debug, Deserialize)]
struct Listed {
    listed: i64,
    row: Model,
}

impl Load for Numbered {
    type Key = i64;
    type Value = (Arc<Model>, bool);

    async fn load(
        &self,
        database: &Database,
        numbers: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let backend = database.backend();
        let number = || column::<Entity>(Column::Id);
        let is_listed = either(shown(Scope::new(database, self.0)), None);
        let is_listed = Expr::case(is_listed, Expr::val(1_i64)).finally(Expr::val(0_i64));
        let mut rows = Query::select();
        rows.expr_as(number(), PARENT)
            .expr_as(is_listed, "listed")
            .columns(Column::iter().map(|column| (table::<Entity>(), column)))
            .from(table::<Entity>())
            .and_where(number().in_subquery(key_rows(backend, &numbers)?))
            .cond_where(visible::<Entity>(self.0));
        let rows = database.fetch::<(i64, Listed)>(&rows).await?;
        let found = rows.into_iter();
        Ok(found.map(|(number, found)| (number, (Arc::new(found.row), found.listed > 0))).collect())
    }
}
