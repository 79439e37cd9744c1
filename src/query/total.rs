//! Totals: how many rows lists have, for all parents in one statement.

use std::{collections::HashMap, sync::Arc};

use sea_orm::sea_query::{Expr, Query};

use super::{
    Filter, KEYS, Scope, Table, View,
    batch::Load,
    condition::{both, table},
    parent::{Key, PARENT, Parent, ROOT},
};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// How many rows a list has, whatever the page.
#[derive(Debug)]
pub struct Total<E: Table> {
    view: View,
    parent: Parent<E::Column>,
    filter: Option<Arc<E::Filter>>,
}

impl<E: Table> Total<E> {
    /// The rows of a parent, seen from somewhere.
    pub fn of(view: View, parent: Parent<E::Column>, filter: Option<Arc<E::Filter>>) -> Self {
        Self { view, parent, filter }
    }
}

impl<E: Table> Load for Total<E> {
    type Key = Key;
    type Value = i64;

    async fn load(
        &self,
        database: &Database,
        parents: Vec<Key>,
    ) -> Result<HashMap<Key, i64>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let wanted = self.filter.as_ref().map(|filter| filter.condition(scope));
        let parent = self.parent.condition::<E>(backend);
        let mut rows = Query::select();
        rows.expr_as(Expr::cust("count(*)"), "count")
            .from(table::<E>())
            .cond_where(self.parent.rows::<E>(both(wanted, parent.clone()).as_ref(), scope));
        let statement = match parent {
            None => {
                let mut root = Query::select();
                root.expr_as(Expr::val(ROOT), PARENT);
                root.expr_as(Expr::from(rows), "count");
                root
            }
            Some(_) => {
                let mut each = Query::select();
                each.expr_as(Expr::col((KEYS, KEYS)), PARENT)
                    .expr_as(Expr::from(rows), "count")
                    .from_function(self.parent.keys(backend, &parents)?, KEYS);
                each
            }
        };
        let cells = database.read(&statement).await?;
        let counted = |row| {
            let Count { count } = cells.decode(row, 1)?;
            Ok((self.parent.read_key(cells.get(row, 0))?, count))
        };
        (0..cells.rows()).map(counted).collect()
    }
}

impl<E: Table> PartialEq for Total<E> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view && self.parent == other.parent && self.filter == other.filter
    }
}
