//! Single rows by a unique column: the other end of a reference, or the row of a slug.

use std::{collections::HashMap, hash::Hash, marker::PhantomData, sync::Arc};

use sea_orm::{
    EntityTrait, FromQueryResult, IdenStatic, Iterable, TryGetable, Value,
    sea_query::{ExprTrait, IntoIden, Query},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{View, batch::Load, column, key_rows, there, version::visible};
use crate::{database::Database, error::Error};

/// The row whose unique column holds the key asked for.
#[derive(Debug)]
pub struct One<E: EntityTrait, K> {
    view: View,
    column: E::Column,
    /// Whether it may be one that was removed.
    removed: bool,
    key: PhantomData<fn(K)>,
}

impl<E: EntityTrait, K> One<E, K> {
    /// By a unique column, whether lists show it or not: what figures of the past refer to.
    pub fn by(column: E::Column, view: View) -> Self {
        Self { view, column, removed: true, key: PhantomData }
    }

    /// By what names it among the rows that are there.
    pub fn named(column: E::Column, view: View) -> Self {
        Self { view, column, removed: false, key: PhantomData }
    }
}

impl<E, K> Load for One<E, K>
where
    E: EntityTrait<Model: FromQueryResult + DeserializeOwned + Send + Sync>,
    K: Clone + Eq + Hash + Ord + Send + Sync + 'static,
    K: Serialize + DeserializeOwned + TryGetable,
    Vec<K>: Into<Value>,
{
    type Key = K;
    type Value = Arc<E::Model>;

    async fn load(
        &self,
        database: &Database,
        wanted: Vec<K>,
    ) -> Result<HashMap<K, Arc<E::Model>>, Error> {
        let database = &*self.view.of(database);
        let backend = database.backend();
        let table = E::default().table_name().into_iden();
        let key = column::<E>(self.column);
        let mut select = Query::select();
        select
            .expr_as(key.clone(), "key")
            .columns(E::Column::iter().map(|column| (table.clone(), column)))
            .from(table);
        let each = key_rows(backend, &wanted)?;
        select.and_where(key.in_subquery(each)).cond_where(visible::<E>(self.view));
        if !self.removed {
            select.cond_where(there::<E>());
        }
        let rows = database.fetch::<(K, E::Model)>(&select).await?;
        Ok(rows.into_iter().map(|(key, row)| (key, Arc::new(row))).collect())
    }
}

impl<E: EntityTrait, K> PartialEq for One<E, K> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.column.as_str() == other.column.as_str()
            && self.removed == other.removed
    }
}
