//! Lists: the rows of a table, at the root or of many parents at once, a page at a time.
//!
//! The page is cut inside SQL for each parent by itself. However many parents there are, a list is one
//! statement: their keys are one parameter of it, or, on SQLite, it is run for one after the other.

mod rows;
mod statement;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use entity::Cell;
use sea_orm::Value;

pub use rows::Rows;

use super::{
    ColumnSet, OrderBy, OrderKey, Page, Scope, Table, Total, View,
    batch::Load,
    cursor,
    page::Bounds,
    parent::{Key, Parent},
    row::{Read, Wanted, place_of},
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
    wanted: Wanted,
    /// Whether cursors are asked for.
    cursors: AtomicBool,
    /// Whether it is asked if the list goes on after a page.
    more: AtomicBool,
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
        let keys = match row.cell_before() {
            Cell::Text(array) if self.is_sorted_elsewhere() => {
                serde_json::from_str(array).map_err(Error::internal)?
            }
            _ => Vec::new(),
        };
        cursor::encode(&row, keys, &self.order).map(Some)
    }

    /// The question how many rows the list has on all pages together.
    pub fn total(&self) -> Total<E> {
        Total::of(self.view, self.parent.clone(), self.filter.clone())
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
        let (keyed, is_root) = (self.runs_per_parent(scope.backend), self.parent == Parent::Root);
        let sort_keys = self.sort_keys(scope);
        let has_parent = !keyed && !is_root;
        let before = usize::from(has_parent) + usize::from(sort_keys.is_some());
        let statement = self.statement(scope, sort_keys, columns, &parents)?;
        let cells = match keyed {
            true => {
                let keys = parents.iter().filter_map(Key::number).collect();
                database.read_by_keys(&statement, keys).await?
            }
            false => database.read(&statement).await?,
        };
        let all = Arc::new(Read::new(cells, columns, before));
        let page = |parent, read| (parent, Arc::new(Rows::new(&all, read, &self.page)));
        if has_parent {
            let mut found = rows::of_parents(&self.parent, &all.cells)?;
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

impl<E: Table> PartialEq for List<E> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.parent == other.parent
            && self.page == other.page
            && self.order == other.order
            && self.filter == other.filter
    }
}
