//! What figures can be grouped by.

use async_graphql::Enum;
use entity::observation::{Column, Entity};
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

use crate::query::{column, filter::frequency};

/// What figures can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum)]
#[graphql(name = "ObservationDimension")]
pub enum Dimension {
    /// The place.
    District,
    /// The metric.
    Metric,
    /// The theme of the metric; null where it has none.
    Theme,
    /// The initiative whose own result a figure is; null for figures of a place.
    Initiative,
    /// The period.
    Period,
    /// The calendar year the period lies in; null where it does not lie in one.
    Year,
    /// The quarter the period lies in; null where it does not lie in one, as a year does not.
    Quarter,
    /// The month the period lies in; null where it does not lie in one.
    Month,
    /// How long the period is.
    Frequency,
    /// The source.
    Source,
    /// How good the figures are.
    Status,
    /// How the values relate to the true figures.
    Comparator,
    /// The unit, which is that of the metric.
    Unit,
    /// What sort of place it is.
    DistrictKind,
    /// The place that the place lies in; null for the widest.
    ParentDistrict,
}

/// What a dimension's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers of rows of the table with this name.
    Row(&'static str),
    /// Texts: words, and spans or codes of periods.
    Text,
}

impl Dimension {
    /// What its values are.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::District | Self::ParentDistrict => Kind::Row("district"),
            Self::Metric => Kind::Row("metric"),
            Self::Theme => Kind::Row("theme"),
            Self::Initiative => Kind::Row("initiative"),
            Self::Source => Kind::Row("source"),
            Self::Unit => Kind::Row("unit"),
            Self::Period
            | Self::Year
            | Self::Quarter
            | Self::Month
            | Self::Frequency
            | Self::Status
            | Self::Comparator
            | Self::DistrictKind => Kind::Text,
        }
    }

    /// Whether a figure may have no value in it.
    pub(super) fn can_be_null(self) -> bool {
        matches!(
            self,
            Self::Theme
                | Self::Initiative
                | Self::Year
                | Self::Quarter
                | Self::Month
                | Self::ParentDistrict
        )
    }

    /// The column of a referred table that holds the value, and the table: its rows are joined.
    pub(super) fn joined(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Theme => Some(("metric", "theme_id")),
            Self::Unit => Some(("metric", "unit_id")),
            Self::DistrictKind => Some(("district", "kind")),
            Self::ParentDistrict => Some(("district", "parent_id")),
            _ => None,
        }
    }

    /// Its value for a figure.
    pub(super) fn expr(self, backend: DbBackend) -> Expr {
        let own = |of| column::<Entity>(of);
        if let Some(joined) = self.joined() {
            return Expr::col(joined);
        }
        match self {
            Self::Metric => own(Column::MetricId),
            Self::Initiative => own(Column::InitiativeId),
            Self::Period => own(Column::Period),
            Self::Source => own(Column::SourceId),
            Self::Status => own(Column::Status),
            Self::Comparator => own(Column::Comparator),
            Self::Year => within(|at| format!("substr(observation.period, {at}, 4)")),
            Self::Month => within(|at| format!("substr(observation.period, {at}, 7)")),
            Self::Quarter => within(quarter),
            Self::Frequency => frequency(&own(Column::Period), backend),
            _ => own(Column::DistrictId),
        }
    }

    /// The figures of a group, given its values as a JSON array.
    pub(in crate::query) fn all(dimensions: &[Self], key: &Expr, backend: DbBackend) -> Condition {
        dimensions.iter().enumerate().fold(Condition::all(), |all, (place, dimension)| {
            let at = format!("->> {place}");
            let value = match (backend, dimension.kind()) {
                (DbBackend::Postgres, Kind::Row(_)) => {
                    format!("CAST(CAST($1 AS json) {at} AS bigint)")
                }
                (DbBackend::Postgres, Kind::Text) => format!("(CAST($1 AS json) {at})"),
                _ => format!("(? {at})"),
            };
            all.add(dimension.is(Expr::cust_with_exprs(value, [key.clone()]), backend))
        })
    }

    /// Whether a figure has this value, given as text or number by an expression. An index can
    /// seek to what is a column's.
    fn is(self, value: Expr, backend: DbBackend) -> Expr {
        match (self.joined(), self) {
            (Some((table, name)), _) => {
                let key = if table == "metric" { "metric_id" } else { "district_id" };
                let sql = format!(
                    "observation.{key} IN (SELECT {table}.id FROM {table} \
                     WHERE {table}.{name} IS NOT DISTINCT FROM {})",
                    placeholder(backend)
                );
                Expr::cust_with_exprs(sql, [value])
            }
            (None, _) if !self.can_be_null() => self.expr(backend).eq(value),
            (None, _) => {
                let sql = match backend {
                    DbBackend::Postgres => "$1 IS NOT DISTINCT FROM $2",
                    _ => "? IS NOT DISTINCT FROM ?",
                };
                Expr::cust_with_exprs(sql, [self.expr(backend), value])
            }
        }
    }
}

fn placeholder(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "$1",
        _ => "?",
    }
}

/// The part of the calendar in which both ends of the period lie, given that of the day that
/// begins at a place of the span.
fn within(part: impl Fn(u32) -> String) -> Expr {
    let (first, last) = (part(1), part(12));
    Expr::cust(format!("CASE WHEN {first} = {last} THEN {first} END"))
}

/// The quarter of the day that begins at this place of the span: `2025-Q1`.
fn quarter(at: u32) -> String {
    let month = at + 5;
    format!(
        "substr(observation.period, {at}, 5) || CASE \
         WHEN substr(observation.period, {month}, 2) < '04' THEN 'Q1' \
         WHEN substr(observation.period, {month}, 2) < '07' THEN 'Q2' \
         WHEN substr(observation.period, {month}, 2) < '10' THEN 'Q3' ELSE 'Q4' END"
    )
}
