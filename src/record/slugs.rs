//! What rows are called: their slugs and ids, and the numbers these stand for.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    Problem, Writer, row,
    tables::{chosen, of},
};
use crate::{error::Error, identity::FIGURE};

/// By which name the figures under embargo are known by their slugs: whoever changes a figure means
/// the version that insiders see.
pub(super) const WAITING: &str = "observation under embargo";

impl Writer {
    /// The numbers of the rows of a table by their slugs.
    pub async fn knows(&mut self, table: &str) -> Result<&HashMap<String, i64>, Error> {
        self.know(table).await?;
        Ok(self.slugs.entry(table.to_owned()).or_default())
    }

    /// The numbers of the rows of a table that are named by their slugs or ids. `if_revision` is
    /// the revision that each is taken to have.
    pub async fn named(
        &mut self,
        table: &'static str,
        ids: &[String],
        if_revision: Option<i32>,
    ) -> Result<Vec<i64>, Error> {
        self.merge().await?;
        self.know_if_named(table).await?;
        if table == FIGURE {
            self.know_figure_ids(ids.iter()).await?;
        }
        let mut numbers = Vec::with_capacity(ids.len());
        let columns = [row::Field::Id];
        for id in ids {
            match self.reading(&columns).own(table, std::slice::from_ref(id)) {
                Ok(number) => numbers.push(number),
                Err(why) => self.report(Problem { origin: "id".to_owned(), ..why }),
            }
        }
        of!(table, E => self.require::<E>(&numbers, if_revision).await?, else {});
        self.settle().await?;
        Ok(numbers)
    }

    /// Reads the slugs a table has already, once.
    pub(super) async fn know(&mut self, table: &str) -> Result<(), Error> {
        if self.slugs.contains_key(table) {
            return Ok(());
        }
        let mut select = Query::select();
        select.column("slug").column("id").from(table.to_owned());
        select.and_where(Expr::col("slug").is_not_null());
        select.and_where(Expr::cust(live(table)));
        let mut known = HashMap::new();
        let mut waiting = HashMap::new();
        if table == "observation" {
            // What is said of a figure is said of the version in force, if there is one.
            select.expr(Expr::cust("embargoed")).order_by("embargoed", Order::Desc);
        }
        for row in self.transaction.query_all(&select).await? {
            let (slug, number): (String, i64) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if table == "observation" && row.try_get_by_index(2)? {
                waiting.insert(slug.clone(), number);
            }
            known.insert(slug, number);
        }
        if table == "observation" {
            self.slugs.insert(WAITING.to_owned(), waiting);
        }
        let names = known.iter().map(|(slug, number)| (*number, slug.clone())).collect();
        self.names.insert(table.to_owned(), names);
        self.slugs.insert(table.to_owned(), known);
        Ok(())
    }

    /// The same if its rows have slugs.
    async fn know_if_named(&mut self, table: &'static str) -> Result<(), Error> {
        match of!(table, E => row::has_slug::<E>(), else false) {
            true => self.know(table).await,
            false => Ok(()),
        }
    }
}

/// Which rows of a table are there, as a condition of SQL.
pub(super) fn live(table: &str) -> &'static str {
    match table {
        "observation" => "(superseded_at IS NULL OR embargoed AND embargo_ended_at IS NULL)",
        "claim" | "initiative_organization" | "initiative_metric" => "1 = 1",
        _ => "removed_at IS NULL",
    }
}
