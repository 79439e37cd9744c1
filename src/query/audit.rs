//! The audit log: writes, the newest first.

use std::{collections::HashMap, sync::Arc};

use entity::audit::{Column, Entity, Model};
use sea_orm::{
    Iterable, Order,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::Value as Json;

use super::{
    Page,
    batch::Load,
    column,
    condition::table,
    cursor,
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
    /// The number of the entry that the page begins after.
    after: Option<i64>,
}

/// The entries of a page.
#[derive(Debug)]
pub struct Entries {
    /// The newest first.
    pub rows: Vec<Arc<Model>>,
    /// Whether there are newer ones.
    pub has_previous: bool,
    /// Whether there are older ones.
    pub has_next: bool,
}

/// What a cursor belongs to.
const SIGNATURE: &str = "audit";

/// The arguments that a cursor belongs to: there are no others.
const SAME: &str = "field";

impl Audit {
    /// A page of the log. Fails when its cursor is none of the log's.
    pub fn new(page: Page) -> Result<Self, Error> {
        let read = |after: &str| {
            let values = cursor::open("after", after, SIGNATURE, SAME)?;
            let number = match values.as_slice() {
                [number] => number.as_i64(),
                _ => None,
            };
            number.ok_or_else(|| cursor::refuse("after", after, cursor::MALFORMED, SAME))
        };
        let after = page.after.as_deref().map(read).transpose()?;
        Ok(Self { page, after })
    }

    /// The cursor of an entry.
    pub fn cursor(row: &Model) -> String {
        cursor::seal(SIGNATURE, [Json::from(row.id)])
    }
}

impl Load for Audit {
    type Key = i64;
    type Value = Arc<Entries>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let number = || column::<Entity>(Column::Id);
        let mut rows = Query::select();
        rows.expr_as(number(), PARENT)
            .columns(Column::iter().map(|column| (table::<Entity>(), column)))
            .from(table::<Entity>())
            .and_where_option(self.after.map(|after| number().lt(after)))
            .order_by((table::<Entity>(), Column::Id), Order::Desc)
            .limit(u64::from(self.page.limit) + 1);
        let found = database.fetch::<(i64, Model)>(&rows).await?;
        let limit = self.page.limit as usize;
        let has_next = found.len() > limit;
        let rows = found.into_iter().take(limit).map(|(_, row)| Arc::new(row)).collect();
        let entries = Entries { rows, has_previous: self.after.is_some(), has_next };
        Ok(HashMap::from([(ROOT, Arc::new(entries))]))
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
