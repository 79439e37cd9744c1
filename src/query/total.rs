//! Totals: how many rows lists have, for all parents in one statement.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::{
    KEYS, Table,
    batch::Load,
    column, keys,
    list::{PARENT, ROOT, conditions, same, table},
};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// How many rows a list has, whatever the page.
#[derive(Debug)]
pub struct Total<E: Table> {
    parent: Option<E::Column>,
    filter: Option<E::Filter>,
}

impl<E: Table> Total<E> {
    /// The rows whose `parent` column holds the key asked for, or all rows of the table.
    pub(super) fn of(parent: Option<E::Column>, filter: Option<E::Filter>) -> Self {
        Self { parent, filter }
    }
}

impl<E: Table> Load for Total<E> {
    type Key = i64;
    type Value = i64;

    async fn load(
        &self,
        database: &Database,
        parents: Vec<i64>,
    ) -> Result<HashMap<i64, i64>, Error> {
        let backend = database.backend();
        let mut rows = Query::select();
        rows.expr_as(Expr::cust("count(*)"), "count")
            .from(table::<E>())
            .cond_where(conditions::<E>(self.filter.as_ref(), backend));
        let statement = match self.parent {
            None => {
                let mut root = Query::select();
                root.expr_as(Expr::val(ROOT), PARENT);
                root.expr_as(Expr::from(rows), "count");
                root
            }
            Some(parent) => {
                let key = Expr::col((KEYS, KEYS));
                rows.and_where(column::<E>(parent).eq(key.clone()));
                let mut each = Query::select();
                each.expr_as(key, PARENT)
                    .expr_as(Expr::from(rows), "count")
                    .from_function(keys(backend, &parents)?, KEYS);
                each
            }
        };
        let counts = database.fetch::<(i64, Count)>(&statement).await?;
        Ok(counts.into_iter().map(|(parent, counted)| (parent, counted.count)).collect())
    }
}

impl<E: Table> PartialEq for Total<E> {
    fn eq(&self, other: &Self) -> bool {
        same(self.parent, other.parent) && self.filter == other.filter
    }
}
