//! Places and what they lie in.

use std::{collections::HashMap, sync::Arc};

use sea_orm::sea_query::{Alias, CommonTableExpression, Expr, ExprTrait, Query, UnionType};
use serde::Deserialize;

use super::{View, batch::Load, key_rows, parent::PARENT};
use crate::{
    arithmetic::mixture::{self, Place},
    database::Database,
    error::Error,
};

/// The question in which places a place lies, from itself outwards, seen from somewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Lineage(pub View);

#[derive(Debug, Deserialize)]
struct Row {
    id: i64,
    slug: String,
    partition: bool,
}

impl Load for Lineage {
    type Key = i64;
    type Value = Arc<mixture::Lineage>;

    async fn load(
        &self,
        database: &Database,
        places: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let database = &*self.0.of(database);
        let backend = database.backend();
        let place = |column: &'static str| Expr::col(("district", column));
        let wanted = key_rows(backend, &places)?;
        let mut own = Query::select();
        own.expr_as(place("id"), PARENT)
            .expr_as(place("id"), "id")
            .expr_as(Expr::val(0_i64), "step")
            .from("district")
            .and_where(place("id").in_subquery(wanted));
        let mut around = Query::select();
        around
            .column((OUT, PARENT))
            .expr(place("parent_id"))
            .expr(Expr::col((OUT, "step")).add(1_i64))
            .from("district")
            .inner_join(OUT, place("id").equals((OUT, "id")))
            .and_where(place("parent_id").is_not_null());
        let outwards = CommonTableExpression::new()
            .query(own.union(UnionType::All, around).take())
            .columns([PARENT, "id", "step"].map(Alias::new))
            .table_name(OUT)
            .to_owned();
        let mut select = Query::select();
        select
            .column((OUT, PARENT))
            .expr_as(place("id"), "id")
            .expr_as(place("slug"), "slug")
            .expr_as(place("partition"), "partition")
            .from(OUT)
            .inner_join("district", place("id").equals((OUT, "id")))
            .order_by((OUT, "step"), sea_orm::Order::Asc)
            .with_cte(Query::with().recursive(true).cte(outwards).to_owned());
        let mut found: HashMap<i64, mixture::Lineage> = HashMap::with_capacity(places.len());
        for (place, row) in database.fetch::<(i64, Row)>(&select).await? {
            let Row { id, slug, partition } = row;
            found.entry(place).or_default().push(Place { id, slug, partition });
        }
        Ok(found.into_iter().map(|(place, lineage)| (place, Arc::new(lineage))).collect())
    }
}

/// The name of the steps on the way out.
const OUT: &str = "outwards";
