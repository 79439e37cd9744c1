//! Rows as objects: seen from somewhere, as is all that is reached from them.

use entity::DateTime;

use crate::{
    error::Error,
    graphql::Node,
    query::{ColumnSet, Row, Table, View},
};

/// A row as an object of the schema, of which those columns are known that were asked for.
pub struct Seen<N: Node> {
    /// The row.
    pub row: Row<N::Table>,
    /// From where it is seen.
    pub view: View,
    /// Whether it is a former state of the object, where that does not follow from the row.
    former: Option<bool>,
}

/// Several objects at the same level of an answer.
pub struct Level<'l, N: Node> {
    /// The rows.
    pub(super) rows: &'l [Seen<N>],
    /// The same as wholes; none where nothing is computed of them.
    pub(super) objects: &'l [N],
    /// The place of each in the answer.
    pub(super) paths: &'l [async_graphql::QueryPathNode<'l>],
}

impl<N: Node> Clone for Level<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Node> Copy for Level<'_, N> {}

impl<N: Node> Seen<N> {
    /// A row as what it is there.
    pub fn new(row: Row<N::Table>, view: View) -> Self {
        Self { row, view, former: None }
    }

    /// A row that is known to be a former state of its object.
    pub fn former(row: Row<N::Table>, view: View) -> Self {
        Self { row, view, former: Some(true) }
    }

    /// Some columns of an object that is at hand as a whole.
    pub fn of(object: &N, columns: ColumnSet) -> Result<Self, Error> {
        let row = Row::of(object.row(), columns)?;
        Ok(Self { row, view: object.view(), former: Some(object.is_former()) })
    }

    /// The object as a whole, of which all columns must be known.
    pub fn object(&self) -> Result<N, Error> {
        let row = self.row.model()?;
        Ok(match self.former {
            Some(former) => N::known(row, self.view, former),
            None => N::new(row, self.view),
        })
    }

    /// Whether it is a former state of the object, given when it ended.
    pub fn is_former(&self, ended: Option<DateTime>) -> bool {
        self.former.unwrap_or_else(|| {
            // On a day that version may be what was known which something replaced since.
            let known = N::Table::VERSIONED && self.view.known_on.is_some();
            !known && ended.is_some()
        })
    }
}
