//! Conditions on related rows.
//!
//! They are subqueries that stand by themselves, so that a table may relate to itself and relations
//! may be followed to any depth. A condition on related rows holds or does not: unlike one on a
//! column, it is never unknown.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};

use super::{ColumnFilter, Filter, IntFilter};
use crate::query::{
    Locale, Scope, Source, Table, column,
    condition::{conditions, either, table},
    version,
};

/// The conditions a client can set on the rows of a list.
pub trait ListFilter {
    /// Conditions on one of the rows.
    type Row: Filter;

    /// What at least one row is like.
    fn some(&self) -> Option<&Self::Row>;

    /// What every row is like.
    fn every(&self) -> Option<&Self::Row>;

    /// What no row is like.
    fn none(&self) -> Option<&Self::Row>;

    /// How many rows there are, and which are counted.
    fn count(&self) -> Option<(&IntFilter, Option<&Self::Row>)>;
}

/// The row that a column of `E` refers to is like this.
pub fn to_one<E: Table, T: Table>(
    reference: E::Column,
    filter: &T::Filter,
    scope: Scope,
) -> Condition {
    let reference = column::<E>(reference);
    let there = Condition::all().add(reference.clone().is_not_null());
    let like = filter.condition(scope);
    if !T::VERSIONED && like.is_empty() {
        return there;
    }
    let mut rows = Query::select();
    rows.expr(column::<T>(T::id()))
        .from(table::<T>())
        .cond_where(conditions::<T>(None, scope).add(like));
    if T::VERSIONED && !scope.view.is_plain() {
        return there.add(reference.in_subquery(version::of_same(rows)));
    }
    if filter.picks_one() {
        // An index whose next column gives the order or the groups serves one number, not a set.
        return there.add(reference.eq(Expr::from(rows).if_null(NO_ROW)));
    }
    there.add(reference.in_subquery(rows))
}

/// The number of no row.
const NO_ROW: i64 = 0;

/// The rows of `T` whose column refers to a row of `E` are like this.
pub fn to_many<E: Table, T: Table>(
    reference: T::Column,
    filter: &impl ListFilter<Row = T::Filter>,
    scope: Scope,
) -> Condition {
    let id = column::<E>(E::id());
    // The rows of E that have at least one related row like this.
    let having = |like: Condition| {
        let mut rows = Query::select();
        rows.expr(column::<T>(reference))
            .from(table::<T>())
            .cond_where(conditions::<T>(None, scope))
            .and_where(column::<T>(reference).is_not_null())
            .cond_where(like);
        // What is said of a figure is kept with its newest version.
        if E::VERSIONED && !scope.view.is_plain() { version::of_same(rows) } else { rows }
    };
    let some = filter.some().map(|like| id.clone().in_subquery(having(like.condition(scope))));
    let none = filter.none().map(|like| id.clone().not_in_subquery(having(like.condition(scope))));
    let every = filter.every().map(|like| {
        let unlike = Expr::case(like.condition(scope).add(Expr::val(1).eq(1)), false).finally(true);
        id.clone().not_in_subquery(having(Condition::all().add(Expr::Case(Box::new(unlike)))))
    });
    let counted = filter.count().map(|(wanted, counting)| {
        wanted.on(&count::<E, T>(reference, counting, scope), scope.backend)
    });
    Condition::all().add_option(some).add_option(none).add_option(every).add_option(counted)
}

/// How many rows of `T` refer to a row of `E`.
pub fn count<E: Table, T: Table>(
    reference: T::Column,
    counting: Option<&T::Filter>,
    scope: Scope,
) -> Expr {
    related::<E, T>(reference, Expr::val(1), counting, scope, "count(*)")
}

/// The greatest value of a column in the rows of `T` that refer to a row of `E`.
pub fn greatest<E: Table, T: Table>(reference: T::Column, value: T::Column, scope: Scope) -> Expr {
    related::<E, T>(reference, column::<T>(value), None, scope, "max(related.value)")
}

/// What the row of `T` holds that a column of `E` refers to. The inner query keeps the two apart
/// where they are of one table.
pub fn referred<E: Table, T: Table>(
    reference: E::Column,
    source: &Source<T::Column>,
    scope: Scope,
    locale: &Locale,
) -> Expr {
    let mut rows: SelectStatement = Query::select();
    rows.expr_as(column::<T>(T::id()), "id")
        .expr_as(source.plain::<T>(scope, locale), "value")
        .from(table::<T>());
    let mut one = Query::select();
    one.column(("related", "value"))
        .from_subquery(rows, "related")
        .and_where(Expr::col(("related", "id")).eq(column::<E>(reference)));
    Expr::from(one)
}

/// Something computed of the rows of `T` that refer to a row of `E`. The inner query keeps the
/// two apart where they are of one table.
fn related<E: Table, T: Table>(
    reference: T::Column,
    value: Expr,
    filter: Option<&T::Filter>,
    scope: Scope,
    computed: &'static str,
) -> Expr {
    let past = !scope.view.is_plain();
    let (id, parent) = (column::<E>(E::id()), Expr::col(("related", "parent")));
    // Each way in which there are versions is told whose: one index serves each.
    let own =
        (past && T::VERSIONED).then(|| Condition::all().add(column::<T>(reference).eq(id.clone())));
    let wanted = filter.map(|filter| filter.condition(scope));
    let mut rows: SelectStatement = Query::select();
    rows.expr_as(column::<T>(reference), "parent")
        .expr_as(value, "value")
        .from(table::<T>())
        .cond_where(either(T::listed(scope), own.as_ref()).add_option(wanted));
    let of = match past && E::VERSIONED {
        true => parent.in_subquery(version::of_own()),
        false => parent.eq(id),
    };
    let mut all = Query::select();
    all.expr(Expr::cust(computed)).from_subquery(rows, "related").and_where(of);
    Expr::from(all)
}
