//! What was recorded: the rows of a table in the order in which they came.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    Iterable, Order,
    sea_query::{ExprTrait, Query},
};

use super::{
    Scope, Table, View,
    batch::Load,
    column,
    condition::{conditions, table},
    parent::PARENT,
};
use crate::{database::Database, error::Error};

/// The rows numbered after one and up to another, the first of them.
#[derive(Debug)]
pub struct Recorded<E: Table> {
    /// From where they are seen.
    pub view: View,
    /// Only rows after the one with this number.
    pub after: i64,
    /// Only rows up to the one with this number.
    pub up_to: i64,
    /// Of those, the ones the client wants.
    pub filter: Option<E::Filter>,
}

impl<E: Table> Recorded<E> {
    /// How many rows are read at once.
    pub const PAGE: usize = 500;
}

impl<E: Table> Load for Recorded<E> {
    type Key = ();
    type Value = Vec<Arc<E::Model>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Value>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let number = || column::<E>(E::id());
        let mut rows = Query::select();
        rows.expr_as(number(), PARENT)
            .columns(E::Column::iter().map(|column| (table::<E>(), column)))
            .from(table::<E>())
            .cond_where(conditions::<E>(self.filter.as_ref(), scope))
            .and_where(number().gt(self.after))
            .and_where(number().lte(self.up_to))
            .order_by((table::<E>(), E::id()), Order::Asc)
            .limit(Self::PAGE as u64);
        let rows = database.fetch::<(i64, E::Model)>(&rows).await?;
        Ok(HashMap::from([((), rows.into_iter().map(|(_, row)| Arc::new(row)).collect())]))
    }
}

impl<E: Table> PartialEq for Recorded<E> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.after == other.after
            && self.up_to == other.up_to
            && self.filter == other.filter
    }
}
