//! Lists: the rows of a table, at the root or of many parents at once, a page at a time.
//!
//! The page is cut inside SQL for each parent by itself. However many parents there are, a list is one
//! statement: their keys are one parameter of it, or, on SQLite, it is run for one after the other.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use entity::Cell;
use sea_orm::{
    DbBackend, Order, Value,
    sea_query::{Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType},
};

use super::{
    ColumnSet, KEYS, OrderBy, OrderKey, Page, Row, Scope, Source, Table, Total, View,
    batch::Load,
    column,
    condition::table,
    cursor,
    filter::Filter,
    json_array,
    page::Bounds,
    parent::{Key, PARENT, Parent},
    row::{Read, Wanted, place_of},
    term::{Term, beyond, ordered, reversed, seek},
};
use crate::{
    database::{Cells, Database, KEY},
    error::Error,
};

/// A list of a table's rows: which ones, in what order, which page of them.
#[derive(Debug)]
pub struct List<E: Table> {
    view: View,
    parent: Parent<E::Column>,
    filter: Option<Arc<E::Filter>>,
    order: Vec<OrderBy<E::OrderKey>>,
    page: Page,
    bounds: Bounds<Vec<Value>>,
    wanted: Wanted,
    /// Whether cursors are asked for.
    cursors: AtomicBool,
    /// Whether it is asked if the list goes on after a page.
    more: AtomicBool,
}

/// A page of a list.
#[derive(Debug)]
pub struct Rows<E> {
    all: Arc<Read<E>>,
    /// Which of those that were read.
    part: Range<usize>,
    /// Whether they were read from the list's end on.
    is_backward: bool,
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
        let (wanted, cursors, more) = Default::default();
        Ok(Self { view, parent, filter, order, page, bounds, wanted, cursors, more })
    }

    /// Has it read these columns of its rows.
    pub fn want(&self, columns: ColumnSet) {
        self.wanted.add(columns);
    }

    /// Has it read what the cursors of its rows are made of.
    pub fn want_cursors(&self) {
        let own = self.order.iter().filter_map(|key| key.by.source().column());
        let places: Vec<_> = own.chain([E::id()]).map(place_of::<E>).collect();
        self.want(ColumnSet::of(&places));
        self.cursors.store(true, Relaxed);
    }

    /// Has it look whether the list goes on where a page ends; without this, a page says that it does
    /// not.
    pub fn want_more(&self) {
        self.more.store(true, Relaxed);
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
    pub fn cursor(&self, page: &Rows<E>, place: usize) -> Result<Option<String>, Error> {
        let Some(row) = page.get(place) else { return Ok(None) };
        let beside = match row.cell_before() {
            Cell::Text(array) if self.has_elsewhere() => {
                serde_json::from_str(array).map_err(Error::internal)?
            }
            _ => Vec::new(),
        };
        cursor::encode(&row, beside, &self.order).map(Some)
    }

    /// What the rows are ordered by that they do not hold themselves.
    fn elsewhere(&self) -> impl Iterator<Item = &OrderBy<E::OrderKey>> {
        self.order.iter().filter(|key| matches!(key.by.source(), Source::Elsewhere(_)))
    }

    fn has_elsewhere(&self) -> bool {
        self.elsewhere().next().is_some()
    }

    /// The same as one column, where cursors are asked for and made of it.
    fn beside(&self, scope: Scope) -> Option<Expr> {
        let expr = |key: &OrderBy<E::OrderKey>| key.by.source().plain::<E>(scope, &key.locale);
        let is_asked = self.cursors.load(Relaxed) && self.has_elsewhere();
        is_asked.then(|| json_array(self.elsewhere().map(expr).collect(), scope.backend))
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
        let parent = match self.runs_per_parent(scope.backend) {
            true => self.parent.holds::<E>(Expr::cust(KEY)),
            false => self.parent.condition::<E>(scope.backend),
        };
        let limit = self.page.rows(self.more.load(Relaxed));
        let stretch = |condition: Condition| {
            let mut rows = Query::select();
            rows.from(table::<E>()).cond_where(condition.add_option(parent.clone())).limit(limit);
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
        rows.from(table::<E>()).and_where(column::<E>(E::id()).in_subquery(all)).limit(limit);
        ordered(&mut rows, terms);
        rows
    }

    /// Whether the statement is that of one parent, run again for each, as it is on SQLite: so an index
    /// that holds all columns is read alone. Not with a filter, for what that finds once for all rows
    /// would be found for each parent.
    fn runs_per_parent(&self, backend: DbBackend) -> bool {
        let one_by_one = matches!(self.parent, Parent::Column(_)) && self.filter.is_none();
        backend == DbBackend::Sqlite && one_by_one
    }

    /// The statement: the parent's key, unless there is but one; what cursors are made of besides; then
    /// the columns of the row.
    fn statement(
        &self,
        scope: Scope,
        columns: ColumnSet,
        parents: &[Key],
    ) -> Result<SelectStatement, Error> {
        let backend = scope.backend;
        let terms = self.terms(scope);
        let table = table::<E>();
        let mut rows = self.rows(&terms, scope);
        let select = |from: &mut SelectStatement| {
            if let Some(beside) = self.beside(scope) {
                from.expr_as(beside, BESIDE);
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

impl<E: Table> Rows<E> {
    fn new(all: &Arc<Read<E>>, read: Range<usize>, page: &Page) -> Self {
        let (has_previous, has_next) = page.goes_on(read.len());
        let part = read.start..read.end.min(read.start + page.limit as usize);
        let all = Arc::clone(all);
        Self { all, part, is_backward: page.backward, has_previous, has_next }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.part.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.part.is_empty()
    }

    /// The row at a place in the list's order; none where the page ends before.
    pub fn get(&self, place: usize) -> Option<Row<E>> {
        let number = match self.is_backward {
            true => self.part.clone().nth_back(place),
            false => self.part.clone().nth(place),
        };
        number.map(|number| Row::new(&self.all, number))
    }

    /// The rows in the list's order.
    pub fn iter(&self) -> impl Iterator<Item = Row<E>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// The rows as wholes, of which all columns must have been asked for.
    pub fn models(&self) -> Result<Vec<Arc<E::Model>>, Error> {
        self.iter().map(|row| row.model()).collect()
    }
}

impl<E: Table> Load for List<E> {
    type Key = Key;
    type Value = Arc<Rows<E>>;

    fn join(&self, other: &Self) {
        self.want(other.wanted.get());
        self.cursors.fetch_or(other.cursors.load(Relaxed), Relaxed);
        self.more.fetch_or(other.more.load(Relaxed), Relaxed);
    }

    async fn load(
        &self,
        database: &Database,
        parents: Vec<Key>,
    ) -> Result<HashMap<Key, Self::Value>, Error> {
        let database = &*self.view.of(database);
        let columns = self.wanted.get().or_id::<E>();
        let scope = Scope::new(database, self.view);
        let statement = self.statement(scope, columns, &parents)?;
        let (keyed, is_root) = (self.runs_per_parent(scope.backend), self.parent == Parent::Root);
        let cells = match keyed {
            true => {
                let keys = parents.iter().filter_map(Key::number).collect();
                database.read_by_keys(&statement, keys).await?
            }
            false => database.read(&statement).await?,
        };
        let has_key = !keyed && !is_root;
        let before = usize::from(has_key) + usize::from(self.beside(scope).is_some());
        let all = Arc::new(Read::new(cells, columns, before));
        let page = |parent, read| (parent, Arc::new(Rows::new(&all, read, &self.page)));
        if has_key {
            let mut found = self.parts(&all.cells)?;
            let part = |parent| {
                let read = found.remove(&parent).unwrap_or_default();
                page(parent, read)
            };
            return Ok(parents.into_iter().map(part).collect());
        }
        let one = [all.cells.rows()];
        let ends = if keyed { all.cells.ends() } else { &one };
        let starts = [0].into_iter().chain(ends.iter().copied());
        let parts = starts.zip(ends).map(|(start, end)| start..*end);
        Ok(parents.into_iter().zip(parts).map(|(parent, read)| page(parent, read)).collect())
    }
}

impl<E: Table> List<E> {
    /// Where the rows of each parent stand among all: they come one after the other.
    fn parts(&self, cells: &Cells) -> Result<HashMap<Key, Range<usize>>, Error> {
        let mut found = HashMap::new();
        let mut numbers = (0..cells.rows()).peekable();
        while let Some(first) = numbers.next() {
            let parent = cells.get(first, 0);
            let mut end = first + 1;
            while numbers.next_if(|next| cells.get(*next, 0) == parent).is_some() {
                end += 1;
            }
            found.insert(self.parent.read_key(parent)?, first..end);
        }
        Ok(found)
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

/// The name of the column of what cursors are made of besides the row's own.
const BESIDE: &str = "beside";
