//! Lists: the rows of a table, at the root or of many parents at once, a page at a time.
//!
//! The page is cut inside SQL for each parent by itself, and the parents' keys are one parameter:
//! however many there are, a list is one statement.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, Order, QueryResult, Value,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType},
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    KEYS, OrderBy, OrderKey, Page, Paged, Scope, Source, Table, Total, View,
    batch::Load,
    column,
    condition::table,
    cursor,
    filter::Filter,
    json_array,
    page::Bounds,
    parent::{Key, PARENT, Parent, ROOT, keyed},
    term::{Term, beyond, ordered, reversed, seek},
};
use crate::{database::Database, error::Error};

/// A list of a table's rows: which ones, in what order, which page of them.
#[derive(Debug)]
pub struct List<E: Table> {
    view: View,
    parent: Parent<E::Column>,
    filter: Option<Arc<E::Filter>>,
    order: Vec<OrderBy<E::OrderKey>>,
    page: Page,
    bounds: Bounds<Vec<Value>>,
}

/// A page of a list.
#[derive(Debug)]
pub struct Rows<M> {
    /// The rows in the list's order.
    pub rows: Vec<Arc<M>>,
    /// What each is ordered by that it does not hold itself, in the order's order.
    beside: Vec<Vec<Json>>,
    /// Whether the list goes on before them.
    pub has_previous: bool,
    /// Whether the list goes on after them.
    pub has_next: bool,
}

impl<E: Table> List<E> {
    /// A list of the rows of a parent, seen from somewhere.
    ///
    /// Fails when a cursor of the page does not belong to this order.
    pub fn new(
        view: View,
        parent: Parent<E::Column>,
        filter: Option<Arc<E::Filter>>,
        order: Option<Vec<OrderBy<E::OrderKey>>>,
        page: Page,
    ) -> Result<Self, Error> {
        let order = order.filter(|order| !order.is_empty());
        let order = order.unwrap_or_else(E::OrderKey::default_order);
        let bounds =
            page.bounds(|argument, text| cursor::decode::<E, E::OrderKey>(argument, text, &order))?;
        Ok(Self { view, parent, filter, order, page, bounds })
    }

    /// From where its rows are seen.
    pub fn view(&self) -> View {
        self.view
    }

    /// Whether its rows are the versions of a figure.
    pub fn is_history(&self) -> bool {
        self.parent == Parent::Versions
    }

    /// The cursor of the row at this place of a page; none where the page ends before.
    pub fn cursor(&self, page: &Rows<E::Model>, place: usize) -> Option<String> {
        let (row, beside) = (page.rows.get(place)?, page.beside.get(place)?);
        Some(cursor::encode::<E, E::OrderKey>(row, beside, E::number(row), &self.order))
    }

    /// What the rows are ordered by that they do not hold themselves, as one column; null where
    /// they hold it all.
    fn beside(&self, scope: Scope) -> Expr {
        let sources = self.order.iter().map(|key| (key.by.source(), &key.locale));
        let elsewhere: Vec<Expr> = sources
            .filter(|(source, _)| matches!(source, Source::Elsewhere(_)))
            .map(|(source, locale)| source.plain::<E>(scope, locale))
            .collect();
        match elsewhere.is_empty() {
            true => Expr::cust("NULL"),
            false => json_array(elsewhere, scope.backend),
        }
    }

    /// The question how many rows the list has on all pages together.
    pub fn total(&self) -> Total<E> {
        Total::of(self.view, self.parent.clone(), self.filter.clone())
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

    /// The page's rows as stretches of the list, of which an index can seek to each: one, or two
    /// where the page begins before the nulls of the first key and may go on into them; and as many
    /// for each way in which there are rows.
    fn stretches(&self, terms: &[Term], scope: Scope) -> Vec<Condition> {
        let wanted = self.filter.as_ref().map(|filter| filter.condition(scope));
        let ways = self.parent.ways::<E>(scope).into_iter();
        let ways = ways.map(|way| Condition::all().add(way).add_option(wanted.clone()));
        ways.flat_map(|way| self.stretches_of(way, terms)).collect()
    }

    fn stretches_of(&self, all: Condition, terms: &[Term]) -> Vec<Condition> {
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
        let parent = self.parent.condition::<E>(scope.backend);
        let stretch = |condition: Condition| {
            let mut rows = Query::select();
            rows.from(table::<E>())
                .cond_where(condition.add_option(parent.clone()))
                .limit(self.page.rows());
            ordered(&mut rows, terms);
            rows
        };
        let ids = |condition: Condition| {
            let rows = stretch(condition).expr(column::<E>(E::id())).take();
            Query::select().column(E::id()).from_subquery(rows, "stretch").take()
        };
        let mut stretches = self.stretches(terms, scope).into_iter();
        let one = stretches.next().unwrap_or_else(Condition::all);
        let mut others = stretches.map(|other| (UnionType::All, ids(other))).peekable();
        if others.peek().is_none() {
            return stretch(one);
        }
        let all = ids(one).unions(others).take();
        let mut rows = Query::select();
        rows.from(table::<E>())
            .and_where(column::<E>(E::id()).in_subquery(all))
            .limit(self.page.rows());
        ordered(&mut rows, terms);
        rows
    }

    /// The statement: the parent's key, then the columns of the row.
    fn statement(&self, scope: Scope, parents: &[Key]) -> Result<SelectStatement, Error> {
        let backend = scope.backend;
        let terms = self.terms(scope);
        let table = table::<E>();
        let mut rows = self.rows(&terms, scope);
        if self.parent == Parent::Root {
            rows.expr_as(Expr::val(ROOT), PARENT).expr_as(self.beside(scope), BESIDE);
            select_columns::<E>(&mut rows);
            return Ok(rows);
        }
        let mut each = Query::select();
        each.expr_as(Expr::col((KEYS, KEYS)), PARENT)
            .expr_as(self.beside(scope), BESIDE)
            .from_function(self.parent.keys(backend, parents)?, KEYS);
        select_columns::<E>(&mut each);
        if backend == DbBackend::Postgres {
            select_columns::<E>(&mut rows);
            each.join_lateral(JoinType::InnerJoin, rows, table, Expr::cust("TRUE"));
        } else {
            rows.expr(column::<E>(E::id()));
            each.inner_join(table, column::<E>(E::id()).in_subquery(rows));
        }
        ordered(each.order_by((KEYS, KEYS), Order::Asc), &terms);
        Ok(each)
    }
}

impl<E: Table> Load for List<E> {
    type Key = Key;
    type Value = Arc<Rows<E::Model>>;

    async fn load(
        &self,
        database: &Database,
        parents: Vec<Key>,
    ) -> Result<HashMap<Key, Self::Value>, Error> {
        let database = &*self.view.of(database);
        let statement = self.statement(Scope::new(database, self.view), &parents)?;
        let mut found: HashMap<Key, Vec<Beside<E::Model>>> = HashMap::with_capacity(parents.len());
        for (parent, row) in keyed(&self.parent, database, &statement).await? {
            found.entry(parent).or_default().push(row);
        }
        let page = |parent: Key| {
            let rows = found.remove(&parent).unwrap_or_default();
            let Paged { items, has_previous, has_next } = self.page.cut(rows);
            let beside = items.iter().map(Beside::values).collect::<Result<_, _>>()?;
            let rows = items.into_iter().map(|beside| Arc::new(beside.row)).collect();
            Ok((parent, Arc::new(Rows { rows, beside, has_previous, has_next })))
        };
        parents.into_iter().map(page).collect()
    }
}

impl<E: Table> PartialEq for List<E> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.parent == other.parent
            && self.page == other.page
            && self.order == other.order
            && self.filter == other.filter
    }
}

/// A row as a list's statement returns it.
#[derive(Debug, Deserialize)]
struct Beside<M> {
    /// What it is ordered by that it does not hold itself, a JSON array.
    beside: Option<String>,
    row: M,
}

impl<M> Beside<M> {
    fn values(&self) -> Result<Vec<Json>, Error> {
        let array = self.beside.as_deref().map(serde_json::from_str);
        array.transpose().map(Option::unwrap_or_default).map_err(Error::internal)
    }
}

impl<M: FromQueryResult> FromQueryResult for Beside<M> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self { beside: row.try_get(prefix, BESIDE)?, row: M::from_query_result(row, prefix)? })
    }
}

/// The name of a list's second column.
const BESIDE: &str = "beside";

fn select_columns<E: EntityTrait>(select: &mut SelectStatement) {
    let table = table::<E>();
    select.columns(E::Column::iter().map(|column| (table.clone(), column)));
}
