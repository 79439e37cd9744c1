//! Single rows by a unique column: the other end of a reference, or the row of a slug.

use std::{collections::HashMap, hash::Hash, marker::PhantomData, sync::Arc};

use sea_orm::{
    EntityTrait, IdenStatic, Value,
    sea_query::{ExprTrait, IntoIden, Query},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Batch, ColumnSet, Join, Row, View,
    batch::Load,
    column, key_rows,
    row::{Read, Wanted},
    there,
    version::visible,
};
use crate::{database::Database, error::Error};

/// The row whose unique column holds the key asked for.
#[derive(Debug)]
pub struct One<E: EntityTrait, K> {
    view: View,
    column: E::Column,
    /// Whether it may be one that was removed.
    removed: bool,
    wanted: Wanted,
    /// The rows that are read with it.
    joins: Vec<Join>,
    key: PhantomData<fn(K)>,
}

impl<E: EntityTrait, K> One<E, K> {
    /// By a unique column, whether lists show it or not: what figures of the past refer to.
    pub fn by(column: E::Column, view: View) -> Self {
        let (wanted, joins) = Default::default();
        Self { view, column, removed: true, wanted, joins, key: PhantomData }
    }

    /// By what names it among the rows that are there.
    pub fn named(column: E::Column, view: View) -> Self {
        Self { removed: false, ..Self::by(column, view) }
    }

    /// The same, where others are read with it. Who asks so is the only one who asks for such a row.
    pub fn joined(self, joins: Vec<Join>) -> Self {
        Self { joins, ..self }
    }

    /// Has it read these columns.
    pub fn want(&self, columns: ColumnSet) {
        self.wanted.add(columns);
    }
}

impl<E, K> One<E, K>
where
    Self: Load<Key = K, Value = Row<E>>,
    E: EntityTrait<Model: DeserializeOwned>,
{
    /// The row of a key as a whole.
    pub async fn load_model(self, batch: &Batch, key: K) -> Result<Option<Arc<E::Model>>, Error> {
        self.want(ColumnSet::all::<E>());
        let row = batch.load(self, key).await?;
        row.map(|row| row.model()).transpose()
    }
}

impl<E, K> Load for One<E, K>
where
    E: EntityTrait<Model: DeserializeOwned>,
    K: Clone + Eq + Hash + Ord + Send + Sync + Into<Value> + 'static,
    K: Serialize + DeserializeOwned,
    Vec<K>: Into<Value>,
{
    type Key = K;
    type Value = Row<E>;

    fn join(&self, other: &Self) {
        self.wanted.add(other.wanted.get());
    }

    async fn load(&self, database: &Database, wanted: Vec<K>) -> Result<HashMap<K, Row<E>>, Error> {
        let database = &*self.view.of(database);
        let columns = self.wanted.get();
        let key = column::<E>(self.column);
        let mut select = Query::select();
        select.expr_as(key.clone(), "key").from(E::default().table_name().into_iden());
        columns.select::<E>(&mut select);
        self.joins.iter().for_each(|join| join.select::<E>(&mut select));
        select.cond_where(visible::<E>(self.view)).and_where(match &wanted[..] {
            // As most often, for which nothing need be unpacked.
            [one] => key.eq(one.clone()),
            _ => key.in_subquery(key_rows(database.backend(), &wanted)?),
        });
        if !self.removed {
            select.cond_where(there::<E>());
        }
        let cells = database.read(&select).await?;
        let all = Arc::new(Read::new(cells, columns, 1).joined(self.joins.clone()));
        let row = |number| Ok((all.cells.decode(number, 0)?, Row::new(&all, number)));
        (0..all.cells.rows()).map(row).collect()
    }
}

impl<E: EntityTrait, K> PartialEq for One<E, K> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.column.as_str() == other.column.as_str()
            && self.removed == other.removed
    }
}
