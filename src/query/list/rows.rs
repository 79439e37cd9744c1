//! Pages of lists as they were read: each a part of all rows that a statement returned.

use std::{collections::HashMap, ops::Range, sync::Arc};

use sea_orm::IdenStatic;

use super::super::{
    Page, Row, Table,
    parent::{Key, Parent},
    row::Read,
};
use crate::{database::Cells, error::Error};

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

impl<E: Table> Rows<E> {
    /// Those of the rows that were read, one more than the page has where the list goes on.
    pub(super) fn new(all: &Arc<Read<E>>, read: Range<usize>, page: &Page) -> Self {
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

/// Where the rows of each parent stand among all, whose keys are the first column: they come one after
/// the other.
pub(super) fn of_parents<C: IdenStatic>(
    parents: &Parent<C>,
    cells: &Cells,
) -> Result<HashMap<Key, Range<usize>>, Error> {
    let mut found = HashMap::new();
    let mut numbers = (0..cells.rows()).peekable();
    while let Some(first) = numbers.next() {
        let parent = cells.get(first, 0);
        let mut end = first + 1;
        while numbers.next_if(|next| cells.get(*next, 0) == parent).is_some() {
            end += 1;
        }
        found.insert(parents.read_key(parent)?, first..end);
    }
    Ok(found)
}
