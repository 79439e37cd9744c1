//! The inner layers of the statements that gather figures.

use std::collections::BTreeSet;

use entity::observation::{self, Column};
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, JoinType, Query, SelectStatement},
};

use super::{Dimension, ObservationFilter, Part, part::distinct_alias};
use crate::query::{
    Filter, Scope, Table,
    condition::{both, either},
};

/// The figures of groups, each with its keys.
pub(super) fn placed(
    dimensions: &[Dimension],
    filter: Option<&ObservationFilter>,
    parts: &[Part],
    scope: Scope,
) -> SelectStatement {
    let mut figures = figures(dimensions, filter, parts, None, scope);
    for (place, dimension) in dimensions.iter().enumerate() {
        figures.expr_as(dimension.expr(scope.backend), key_alias(place));
    }
    figures
}

/// The groups with their keys and parts, before any condition on them.
pub(super) fn grouped(
    dimensions: &[Dimension],
    filter: Option<&ObservationFilter>,
    parts: &[Part],
    scope: Scope,
) -> SelectStatement {
    let mut groups = Query::select();
    groups.from_subquery(placed(dimensions, filter, parts, scope), "o");
    for place in 0..dimensions.len() {
        let key = Expr::col(("o", key_alias(place)));
        groups.expr_as(key.clone(), key_alias(place)).add_group_by([key]);
    }
    // Without a dimension all figures are one group, and something has to be computed of it.
    groups.expr_as(Expr::cust("count(*)"), "rows");
    computed(&mut groups, parts, scope.backend);
    groups
}

/// Adds the parts to a statement that gathers figures under the alias `o`.
pub(super) fn computed(groups: &mut SelectStatement, parts: &[Part], backend: DbBackend) {
    for (place, part) in parts.iter().enumerate() {
        groups.expr_as(part.expr(backend), part_alias(place));
    }
}

/// The figures that a view shows and a filter picks, with the columns that parts are computed of.
pub(super) fn figures(
    dimensions: &[Dimension],
    filter: Option<&ObservationFilter>,
    parts: &[Part],
    like: Option<Condition>,
    scope: Scope,
) -> SelectStatement {
    let backend = scope.backend;
    let wanted = filter.map(|filter| filter.condition(scope));
    let mut figures = Query::select();
    figures
        .columns(
            [
                Column::Id,
                Column::Value,
                Column::Comparator,
                Column::MetricId,
                Column::DistrictId,
                Column::Period,
                Column::InitiativeId,
            ]
            .map(|column| ("observation", column)),
        )
        .from("observation")
        .cond_where(either(observation::Entity::listed(scope), both(wanted, like).as_ref()));
    let counted = parts.iter().filter_map(|part| match part {
        Part::Distinct(dimension) => Some(*dimension),
        _ => None,
    });
    let counted: Vec<Dimension> = counted.collect();
    for dimension in &counted {
        figures.expr_as(dimension.expr(backend), distinct_alias(*dimension));
    }
    joined(&mut figures, dimensions.iter().chain(&counted));
    figures
}

/// Joins the tables that dimensions of the figures are columns of.
pub(super) fn joined<'d>(
    figures: &mut SelectStatement,
    dimensions: impl IntoIterator<Item = &'d Dimension>,
) {
    let tables: BTreeSet<&str> =
        dimensions.into_iter().filter_map(|dimension| Some(dimension.joined()?.0)).collect();
    for table in tables {
        let on = Expr::cust(format!("{table}.id = observation.{table}_id"));
        figures.join(JoinType::InnerJoin, table, on);
    }
}

pub(super) fn key_alias(place: usize) -> String {
    format!("k{place}")
}

pub(super) fn part_alias(place: usize) -> String {
    format!("p{place}")
}
