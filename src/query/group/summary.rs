//! What is computed of the figures of each of many parents, in one statement for all.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use entity::observation;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    ObservationFilter, Part, Parts, json_array,
    layers::{computed, figures, part_alias},
};
use crate::{
    database::Database,
    error::Error,
    query::{
        Scope, View,
        batch::Load,
        column, key_rows,
        parent::{PARENT, Parent},
    },
};

/// The figures of a parent, of which parts are computed.
#[derive(Debug, Clone)]
pub struct Summary {
    /// From where the figures are seen.
    pub view: View,
    /// The column that refers to the parent.
    pub parent: observation::Column,
    /// Which figures.
    pub filter: Option<Arc<ObservationFilter>>,
}

#[derive(Debug, Deserialize)]
struct Row {
    parts: String,
}

impl Load for Summary {
    type Key = (i64, Part);
    type Value = Json;

    async fn load(
        &self,
        database: &Database,
        wanted: Vec<(i64, Part)>,
    ) -> Result<HashMap<(i64, Part), Json>, Error> {
        let database = &*self.view.of(database);
        let scope = Scope::new(database, self.view);
        let backend = scope.backend;
        let parents: BTreeSet<i64> = wanted.iter().map(|(parent, _)| *parent).collect();
        let parts: BTreeSet<Part> = wanted.iter().map(|(_, part)| *part).collect();
        let (parents, parts): (Vec<i64>, Vec<Part>) =
            (parents.into_iter().collect(), parts.into_iter().collect());
        let parent = column::<observation::Entity>(self.parent);
        let each = key_rows(backend, &parents)?;
        let own = Condition::all().add(parent.clone().in_subquery(each));
        let mut figures = figures(&[], self.filter.as_deref(), &parts, Some(own), scope);
        figures.expr_as(parent, PARENT);
        let key = Expr::col(("o", PARENT));
        let mut groups = Query::select();
        groups.from_subquery(figures, "o").expr_as(key.clone(), PARENT).add_group_by([key]);
        computed(&mut groups, &parts, backend);
        let columns = parts.iter().enumerate().map(|(place, part)| {
            let column = Expr::col(("g", part_alias(place)));
            if part.is_decimal() { super::as_text(column, backend) } else { column }
        });
        let mut select = Query::select();
        select
            .expr_as(Expr::col(("g", PARENT)), PARENT)
            .expr_as(json_array(columns.collect(), backend), "parts")
            .from_subquery(groups, "g");
        let mut found = HashMap::with_capacity(wanted.len());
        for (parent, row) in database.fetch::<(i64, Row)>(&select).await? {
            let computed = Parts::new(parts.iter().copied(), &row.parts)?;
            for part in &parts {
                if let Some(value) = computed.get(*part) {
                    found.insert((parent, *part), value.clone());
                }
            }
        }
        Ok(found)
    }
}

impl PartialEq for Summary {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && Parent::Column(self.parent) == Parent::Column(other.parent)
            && self.filter == other.filter
    }
}
