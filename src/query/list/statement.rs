//! The statement of a list.

use std::sync::atomic::Ordering::Relaxed;

use sea_orm::{
    DbBackend, Order,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType},
};

use super::{
    super::{
        ColumnSet, KEYS, OrderBy, OrderKey, Scope, Source, Table, column,
        condition::table,
        filter::Filter,
        json_array,
        parent::{Key, PARENT, Parent},
        term::{Term, beyond, ordered, reversed, seek},
    },
    List,
};
use crate::{database::KEY, error::Error};

/// The name of the column of the sort keys that the rows do not hold themselves.
const SORT_KEYS: &str = "sort_keys";

impl<E: Table> List<E> {
    /// The keys of the order that the rows do not hold themselves.
    fn sorted_elsewhere(&self) -> impl Iterator<Item = &OrderBy<E::OrderKey>> {
        self.order.iter().filter(|key| matches!(key.by.source(), Source::Elsewhere(_)))
    }

    pub(super) fn is_sorted_elsewhere(&self) -> bool {
        self.sorted_elsewhere().next().is_some()
    }

    /// Their values as one column, where cursors are asked for and made of them.
    pub(super) fn sort_keys(&self, scope: Scope) -> Option<Expr> {
        let expr = |key: &OrderBy<E::OrderKey>| key.by.source().plain::<E>(scope, &key.locale);
        let is_asked = self.cursors.load(Relaxed) && self.is_sorted_elsewhere();
        is_asked.then(|| json_array(self.sorted_elsewhere().map(expr).collect(), scope.backend))
    }

    /// The order as SQL runs it, ended by the row's number so that no two rows are tied.
    fn terms(&self, scope: Scope) -> Vec<Term> {
        let mut terms: Vec<Term> = self
            .order
            .iter()
            .map(|key| Term {
                expr: key.by.source().expr::<E>(scope, &key.locale),
                direction: key.direction,
                nulls: key.by.source().nullable().then_some(key.nulls),
                cast: None,
            })
            .collect();
        // In the direction of the key before it, so that one index serves both.
        let direction = self.order.last().map(|key| key.direction).unwrap_or_default();
        terms.push(Term { expr: column::<E>(E::id()), direction, nulls: None, cast: None });
        if self.page.backward { reversed(&terms) } else { terms }
    }

    /// The page's rows as ranges of the list, of which an index can seek to each: one, or two
    /// where the page begins before the nulls of the first key and may go on into them; and as many
    /// for each way in which there are rows.
    fn seek_ranges(&self, terms: &[Term], scope: Scope) -> Vec<Condition> {
        let wanted = self.filter.as_ref().map(|filter| filter.condition(scope));
        let ways = self.parent.ways::<E>(scope).into_iter();
        let ways = ways.map(|way| Condition::all().add(way).add_option(wanted.clone()));
        ways.flat_map(|way| self.seek_ranges_of(way, terms)).collect()
    }

    fn seek_ranges_of(&self, all: Condition, terms: &[Term]) -> Vec<Condition> {
        let (start, end) = match self.page.backward {
            false => (&self.bounds.after, &self.bounds.before),
            true => (&self.bounds.before, &self.bounds.after),
        };
        let all = all.add_option(end.as_ref().map(|values| beyond(&reversed(terms), values)));
        let Some(((first, value), values)) =
            start.as_ref().and_then(|values| Some((terms.first().zip(values.first())?, values)))
        else {
            return vec![all];
        };
        let after = all.clone().add(beyond(terms, values));
        match (seek(terms, values), first.rest(value)) {
            (Some(range), rest) => [Some(range), rest]
                .into_iter()
                .flatten()
                .map(|part| after.clone().add(part))
                .collect(),
            // From a null on: the other nulls, and what comes after all of them.
            (None, rest) => [Some(after.add(first.same(value))), rest.map(|rest| all.add(rest))]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// The rows of one parent, or of the root, but for the columns to select.
    fn rows(&self, terms: &[Term], scope: Scope) -> SelectStatement {
        let parent = match self.runs_per_parent(scope.backend) {
            true => self.parent.holds::<E>(Expr::cust(KEY)),
            false => self.parent.condition::<E>(scope.backend),
        };
        let limit = self.page.rows(self.more.load(Relaxed));
        let range = |condition: Condition| {
            let mut rows = Query::select();
            rows.from(table::<E>()).cond_where(condition.add_option(parent.clone())).limit(limit);
            ordered(&mut rows, terms);
            rows
        };
        let ids = |condition: Condition| {
            let rows = range(condition).expr(column::<E>(E::id())).take();
            Query::select().column(E::id()).from_subquery(rows, "seek_range").take()
        };
        let mut ranges = self.seek_ranges(terms, scope).into_iter();
        let one = ranges.next().unwrap_or_else(Condition::all);
        let mut others = ranges.map(|other| (UnionType::All, ids(other))).peekable();
        if others.peek().is_none() {
            return range(one);
        }
        let all = ids(one).unions(others).take();
        let mut rows = Query::select();
        rows.from(table::<E>()).and_where(column::<E>(E::id()).in_subquery(all)).limit(limit);
        ordered(&mut rows, terms);
        rows
    }

    /// Whether the statement is that of one parent, run again for each, as it is on SQLite: so an index
    /// that holds all columns is read alone. Not with a filter, for what that finds once for all rows
    /// would be found for each parent.
    pub(super) fn runs_per_parent(&self, backend: DbBackend) -> bool {
        let one_by_one = matches!(self.parent, Parent::Column(_)) && self.filter.is_none();
        backend == DbBackend::Sqlite && one_by_one
    }

    /// The statement: the parent's key, unless there is but one; the sort keys, where they are asked
    /// for; then the columns of the row.
    pub(super) fn statement(
        &self,
        scope: Scope,
        sort_keys: Option<Expr>,
        columns: ColumnSet,
        parents: &[Key],
    ) -> Result<SelectStatement, Error> {
        let backend = scope.backend;
        let terms = self.terms(scope);
        let table = table::<E>();
        let mut rows = self.rows(&terms, scope);
        let select = |from: &mut SelectStatement| {
            if let Some(keys) = sort_keys {
                from.expr_as(keys, SORT_KEYS);
            }
            columns.select::<E>(from);
        };
        if self.runs_per_parent(backend) {
            rows.expr_as(Expr::cust(KEY), PARENT);
            select(&mut rows);
            return Ok(rows);
        }
        if self.parent == Parent::Root {
            select(&mut rows);
            return Ok(rows);
        }
        let mut each = Query::select();
        each.expr_as(Expr::col((KEYS, KEYS)), PARENT)
            .from_function(self.parent.keys(backend, parents)?, KEYS);
        select(&mut each);
        if backend == DbBackend::Postgres {
            // Whatever the rest of the statement says of a row; what it does not ask for is not read.
            ColumnSet::all::<E>().select::<E>(&mut rows);
            each.join_lateral(JoinType::InnerJoin, rows, table, Expr::cust("TRUE"));
        } else {
            rows.expr(column::<E>(E::id()));
            each.inner_join(table, column::<E>(E::id()).in_subquery(rows));
        }
        ordered(each.order_by((KEYS, KEYS), Order::Asc), &terms);
        Ok(each)
    }
}
