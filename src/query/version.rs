//! Which versions of figures are seen from where.
//!
//! A figure is never overwritten: each version is a row. One of them is in force at a time, those
//! it replaced are closed (`superseded_at`). What waits for the day it becomes public is closed as
//! it is recorded, so that it costs those nothing who do not see it.

use entity::{
    Date, DateTime, HIDDEN,
    observation::{Column, Entity},
};
use sea_orm::{
    DbBackend, EntityTrait, IdenStatic, Iterable,
    sea_query::{Alias, Condition, Expr, ExprTrait, JoinType, Query, SelectStatement},
};

use super::{Scope, View, column};

/// The versions that lists show, one of each figure at the most: in ways of which no row goes two,
/// each of which says what the indexes of its rows are made for.
pub fn shown(scope: Scope) -> Vec<Condition> {
    let View { as_of, known_on, insider } = scope.view;
    if let Some(day) = known_on {
        return known(scope, day);
    }
    let in_force = Condition::all().add(own(Column::SupersededAt).is_null());
    let mut ways = match as_of {
        None => vec![in_force],
        Some(moment) => vec![
            in_force.add(recorded(moment, scope.backend)),
            Condition::all()
                .add(own(Column::SupersededAt).gt(moment))
                .add(recorded(moment, scope.backend)),
        ],
    };
    if insider {
        let waits = Expr::exists(others(waiting(OTHER, as_of)));
        ways = ways.into_iter().map(|way| way.add(waits.clone().not())).collect();
        ways.push(waiting(OWN, as_of));
    }
    ways
}

/// The versions that those are told of who follow what is recorded: the ones that lists show, and
/// those that say that a figure was withdrawn.
pub fn told(scope: Scope) -> Vec<Condition> {
    let withdrawn = Condition::all()
        .add(own(Column::SupersededAt).is_not_null())
        .add(own(Column::Retracted))
        .add(visible::<Entity>(scope.view));
    let mut ways = shown(scope);
    ways.push(withdrawn);
    ways
}

/// Rows that may be seen at all, in force or not.
pub fn visible<E: EntityTrait>(view: View) -> Condition {
    let by_name = |name: &str| E::Column::iter().find(|column| column.as_str() == name);
    // What hangs on figures under embargo is numbered apart, and moves when their day comes.
    let hangs = by_name("observation_id").and(by_name("id")).filter(|_| !view.insider);
    // Only figures have an embargo.
    let embargoed = by_name("embargoed").filter(|_| !view.insider).map(column::<E>);
    let recorded = by_name("embargoed").and(by_name("recorded_at")).map(column::<E>);
    Condition::all()
        .add_option(embargoed.map(ExprTrait::not))
        .add_option(hangs.map(|id| column::<E>(id).lt(HIDDEN)))
        .add_option(view.as_of.and_then(|moment| Some(recorded?.lte(moment))))
}

/// All versions of figures that may be seen, in ways as [`shown`] has them.
pub(super) fn versions(scope: Scope) -> Vec<Condition> {
    let closed = own(Column::SupersededAt);
    [closed.clone().is_null(), closed.is_not_null()]
        .map(|way| Condition::all().add(way).add(visible::<Entity>(scope.view)))
        .into()
}

/// The newest versions that were public on a day.
fn known(scope: Scope, day: Date) -> Vec<Condition> {
    let View { as_of, insider, .. } = scope.view;
    let candidate = |table: &'static str| {
        let public = Expr::col((table, Column::Embargoed)).not();
        let mut may = Condition::any().add(public);
        if insider {
            may = may.add(waiting(table, as_of));
        }
        let recorded = as_of.map(|moment| Expr::col((table, Column::RecordedAt)).lte(moment));
        Condition::all().add(published(table, scope.backend).lte(day)).add(may).add_option(recorded)
    };
    let newer = |closed: bool| {
        let superseded = Expr::col((OTHER, Column::SupersededAt));
        let way = if closed { superseded.is_not_null() } else { superseded.is_null() };
        let later = Expr::cust(
            "(other.revision > observation.revision OR other.revision = observation.revision \
             AND other.id > observation.id)",
        );
        let newer = Condition::all().add(way).add(later).add(candidate(OTHER));
        Expr::exists(others(newer)).not()
    };
    let closed = own(Column::SupersededAt);
    let standing = || candidate(OWN).add(own(Column::Retracted).not());
    vec![
        Condition::all().add(closed.clone().is_null()).add(standing()).add(newer(true)),
        Condition::all()
            .add(closed.is_not_null())
            .add(standing())
            .add(newer(false))
            .add(newer(true)),
    ]
}

/// Recorded by a moment. Most are, so SQLite is kept from looking for them by an index.
fn recorded(moment: DateTime, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => own(Column::RecordedAt).lte(moment),
        _ => Expr::cust_with_exprs("+? <= ?", [own(Column::RecordedAt), Expr::val(moment)]),
    }
}

/// The day a version became public. That a figure was retracted is known from the day it was
/// recorded: the row is a copy of what was withdrawn.
fn published(table: &str, backend: DbBackend) -> Expr {
    let recorded = match backend {
        DbBackend::Postgres => {
            format!("CAST({table}.recorded_at AT TIME ZONE 'UTC' AS date)")
        }
        _ => format!("substr({table}.recorded_at, 1, 10)"),
    };
    Expr::cust(format!(
        "CASE WHEN {table}.retracted THEN {recorded} ELSE coalesce({table}.published_on, \
         (SELECT source.published_on FROM source WHERE source.id = {table}.source_id), \
         {recorded}) END"
    ))
}

/// The numbers of all versions of the figures of which these are some.
pub(super) fn of_same(numbers: SelectStatement) -> SelectStatement {
    Query::select()
        .column((OTHER, Column::Id))
        .from(OWN)
        .join_as(JoinType::InnerJoin, OWN, Alias::new(OTHER), same())
        .and_where(own(Column::Id).in_subquery(numbers))
        .take()
}

/// The numbers of all versions of a figure of the statement around.
pub(super) fn of_own() -> SelectStatement {
    Query::select()
        .column((OTHER, Column::Id))
        .from_as(OWN, Alias::new(OTHER))
        .cond_where(same())
        .take()
}

/// The same figure, in ways that the indexes are made for.
fn same() -> Condition {
    let closed = Expr::col((OTHER, Column::SupersededAt));
    let way = |closed: Expr| Condition::all().add(Expr::cust(SAME)).add(closed);
    Condition::any().add(way(closed.clone().is_null())).add(way(closed.is_not_null()))
}

/// What waits for its day.
fn waiting(table: &'static str, as_of: Option<DateTime>) -> Condition {
    let of = |column: Column| Expr::col((table, column));
    let ended = of(Column::EmbargoEndedAt);
    // It is closed from the start, which the indexes of closed versions have to be told.
    let waiting =
        Condition::all().add(of(Column::Embargoed)).add(of(Column::SupersededAt).is_not_null());
    match as_of {
        None => waiting.add(ended.is_null()),
        Some(moment) => waiting
            .add(of(Column::RecordedAt).lte(moment))
            .add(Condition::any().add(ended.clone().is_null()).add(ended.gt(moment))),
    }
}

/// Other versions of the same figure.
fn others(like: Condition) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from_as(OWN, Alias::new(OTHER))
        .and_where(Expr::cust(SAME))
        .cond_where(like)
        .take()
}

/// That others are versions of the same figure.
const SAME: &str = "other.metric_id = observation.metric_id \
                    AND other.district_id = observation.district_id \
                    AND coalesce(other.initiative_id, 0) = coalesce(observation.initiative_id, 0) \
                    AND other.period = observation.period";

/// The figures of the statement.
const OWN: &str = "observation";

/// Others, compared with them.
const OTHER: &str = "other";

fn own(of: Column) -> Expr {
    column::<Entity>(of)
}
