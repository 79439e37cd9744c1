//! The audit log: writes, the newest first.

use std::{collections::HashMap, sync::Arc};

use entity::audit::{Column, Entity, Model};
use sea_orm::{
    Iterable, Order,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::Value as Json;

use super::{
    Page, Paged,
    batch::Load,
    column,
    condition::table,
    cursor,
    page::Bounds,
    parent::{PARENT, ROOT},
};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// A page of the log.
#[derive(Debug, PartialEq)]
pub struct Audit {
    page: Page,
    /// The numbers of the entries that the page lies between.
    bounds: Bounds<i64>,
}

/// What a cursor belongs to.
const SIGNATURE: &str = "audit";

/// The arguments that a cursor belongs to: there are no others.
const SAME: &str = "field";

impl Audit {
    /// A page of the log. Fails when its cursors are none of the log's.
    pub fn new(page: Page) -> Result<Self, Error> {
        let bounds = page.bounds(|argument, text| {
            let values = cursor::open(argument, text, SIGNATURE, SAME)?;
            let number = match values.as_slice() {
                [number] => number.as_i64(),
                _ => None,
            };
            number.ok_or_else(|| cursor::refuse(argument, text, cursor::MALFORMED, SAME))
        })?;
        Ok(Self { page, bounds })
    }

    /// The cursor of an entry.
    pub fn cursor(row: &Model) -> String {
        cursor::seal(SIGNATURE, [Json::from(row.id)])
    }
}

impl Load for Audit {
    type Key = i64;
    type Value = Arc<Paged<Arc<Model>>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let number = || column::<Entity>(Column::Id);
        let order = if self.page.backward { Order::Asc } else { Order::Desc };
        let mut rows = Query::select();
        rows.expr_as(number(), PARENT)
            .columns(Column::iter().map(|column| (table::<Entity>(), column)))
            .from(table::<Entity>())
            .and_where_option(self.bounds.after.map(|after| number().lt(after)))
            .and_where_option(self.bounds.before.map(|before| number().gt(before)))
            .order_by((table::<Entity>(), Column::Id), order)
            .limit(self.page.rows(true));
        let found = database.fetch::<(i64, Model)>(&rows).await?;
        let rows = found.into_iter().map(|(_, row)| Arc::new(row)).collect();
        Ok(HashMap::from([(ROOT, Arc::new(self.page.cut(rows)))]))
    }
}

/// The question how many writes there were.
#[derive(Debug, PartialEq)]
pub struct Writes;

impl Load for Writes {
    type Key = i64;
    type Value = i64;

    async fn load(&self, database: &Database, _: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        let mut count = Query::select();
        count
            .expr_as(Expr::val(ROOT), PARENT)
            .expr_as(Expr::cust("count(*)"), "count")
            .from(table::<Entity>());
        let counted = database.fetch::<(i64, Count)>(&count).await?;
        Ok(counted.into_iter().map(|(root, counted)| (root, counted.count)).collect())
    }
}
