//! Rows of a table as a statement returned them: of each the columns that were asked for.

use std::{
    marker::PhantomData,
    ops::BitOr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use entity::{Cell, DateTime};
use sea_orm::{
    EntityTrait, IdenStatic, Iterable, ModelTrait,
    sea_query::{DynIden, IntoIden, SelectStatement},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Join, Table, removed_at};
use crate::{database::Cells, error::Error};

/// How many columns a table may have.
const COLUMNS: usize = 64;

/// The position of a column that is not there.
const NOWHERE: u8 = u8::MAX;

/// Columns of a table, by their places among all that it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnSet(u64);

impl ColumnSet {
    /// These columns.
    pub fn of(places: &[usize]) -> Self {
        Self(places.iter().fold(0, |set, place| set | 1 << place))
    }

    /// All columns of a table.
    pub fn all<E: EntityTrait>() -> Self {
        Self((1 << E::Column::iter().count()) - 1)
    }

    /// The column that says of a row that it was removed, where a table has it.
    pub fn removed_at<E: EntityTrait>() -> Self {
        removed_at::<E>().map(|column| Self::of(&[place_of::<E>(column)])).unwrap_or_default()
    }

    /// The row's number.
    pub(super) fn id<E: Table>() -> Self {
        Self::of(&[place_of::<E>(E::id())])
    }

    /// These, or the row's number where there are none: rows without columns could not be counted.
    pub(super) fn or_id<E: Table>(self) -> Self {
        if self.0 == 0 { Self::id::<E>() } else { self }
    }

    /// How many there are.
    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Where each column stands among those of the set, by its place.
    fn positions(self) -> [u8; COLUMNS] {
        let mut positions = [NOWHERE; COLUMNS];
        let found = positions.iter_mut().enumerate().filter(|(place, _)| self.0 & 1 << place != 0);
        for ((_, position), next) in found.zip(0..) {
            *position = next;
        }
        positions
    }

    /// The columns of a table that are in the set, in their order.
    fn columns<E: EntityTrait>(self) -> impl Iterator<Item = E::Column> {
        E::Column::iter()
            .enumerate()
            .filter(move |(place, _)| self.0 & 1 << place != 0)
            .map(|(_, column)| column)
    }

    /// Selects them.
    pub(super) fn select<E: EntityTrait>(self, select: &mut SelectStatement) {
        self.select_from::<E>(select, &E::default().table_name().into_iden());
    }

    /// The same of a table by another name.
    pub(super) fn select_from<E: EntityTrait>(self, select: &mut SelectStatement, name: &DynIden) {
        select.columns(self.columns::<E>().map(|column| (name.clone(), column)));
    }
}

impl BitOr for ColumnSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The place of a column among all of its table.
pub(super) fn place_of<E: EntityTrait>(column: E::Column) -> usize {
    E::Column::iter().take_while(|other| other.as_str() != column.as_str()).count()
}

/// The columns that are wanted of a question, by all who ask it.
#[derive(Debug, Default)]
pub(super) struct Wanted(AtomicU64);

impl Wanted {
    pub(super) fn add(&self, columns: ColumnSet) {
        self.0.fetch_or(columns.0, Relaxed);
    }

    pub(super) fn get(&self) -> ColumnSet {
        ColumnSet(self.0.load(Relaxed))
    }
}

/// Rows that a statement returned.
#[derive(Debug)]
pub(super) struct Read<E> {
    pub(super) cells: Arc<Cells>,
    columns: ColumnSet,
    /// Where each column stands among those that were read.
    positions: [u8; COLUMNS],
    /// How many columns stand before those of the table.
    before: usize,
    /// The rows that were read with them, after all of their columns.
    joins: Vec<Join>,
    table: PhantomData<fn() -> E>,
}

impl<E> Read<E> {
    /// These columns, after so many others.
    pub(super) fn new(cells: impl Into<Arc<Cells>>, columns: ColumnSet, before: usize) -> Self {
        let (positions, joins) = (columns.positions(), Vec::new());
        Self { cells: cells.into(), columns, positions, before, joins, table: PhantomData }
    }

    /// The same, with rows that were read with them.
    pub(super) fn joined(self, joins: Vec<Join>) -> Self {
        Self { joins, ..self }
    }
}

/// A row of a table.
#[derive(Debug)]
pub struct Row<E> {
    all: Arc<Read<E>>,
    number: usize,
}

impl<E> Clone for Row<E> {
    fn clone(&self) -> Self {
        Self { all: Arc::clone(&self.all), number: self.number }
    }
}

impl<E: EntityTrait<Model: DeserializeOwned>> Row<E> {
    pub(super) fn new(all: &Arc<Read<E>>, number: usize) -> Self {
        Self { all: Arc::clone(all), number }
    }

    /// Some columns of a row that is at hand as a whole.
    pub fn of(model: &E::Model, columns: ColumnSet) -> Result<Self, Error>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        let mut cells = Cells::new(columns.len());
        for column in columns.columns::<E>() {
            cells.push_value(model.get(column))?;
        }
        Ok(Self { all: Arc::new(Read::new(cells, columns, 0)), number: 0 })
    }

    /// What stands in a column, given its place among all of the table. Fails where the column was
    /// not asked for.
    pub fn cell(&self, place: usize) -> Result<Cell<'_>, Error> {
        let Read { cells, positions, before, .. } = &*self.all;
        let missing = || {
            let table = E::default().table_name().to_owned();
            Error::internal(format!("column {place} of {table} was not read"))
        };
        let position = *positions.get(place).unwrap_or(&NOWHERE);
        if position == NOWHERE {
            return Err(missing());
        }
        Ok(cells.get(self.number, before + usize::from(position)))
    }

    /// The row that a column refers to, given its place, where that was read with this one.
    pub fn joined<T: Table>(&self, column: usize) -> Option<Row<T>> {
        let Read { cells, columns, before, joins, .. } = &*self.all;
        let place = joins.iter().position(|join| join.column() == column)?;
        let others: usize = joins[..place].iter().map(|join| join.columns().len()).sum();
        let before = before + columns.len() + others;
        let read = Read::new(Arc::clone(cells), joins[place].columns(), before);
        let row = Row::new(&Arc::new(read), self.number);
        let is_there = row.cell(place_of::<T>(T::id())).is_ok_and(|id| id != Cell::Null);
        is_there.then_some(row)
    }

    /// What the last column before those of the table holds.
    pub(super) fn cell_before(&self) -> Cell<'_> {
        match self.all.before.checked_sub(1) {
            Some(column) => self.all.cells.get(self.number, column),
            None => Cell::Null,
        }
    }

    /// The same as a value.
    pub fn get<'r, T: Deserialize<'r>>(&'r self, place: usize) -> Result<T, Error> {
        self.cell(place)?.read().map_err(|why| {
            let table = E::default().table_name().to_owned();
            Error::internal(format!("column {place} of {table}: {why}"))
        })
    }

    /// When it was removed; none where it stands, and where its table keeps nothing that was.
    pub fn removed_at(&self) -> Result<Option<DateTime>, Error> {
        match removed_at::<E>() {
            Some(column) => self.get(place_of::<E>(column)),
            None => Ok(None),
        }
    }

    /// The row as a whole, of which all columns must have been asked for.
    pub fn model(&self) -> Result<Arc<E::Model>, Error> {
        let Read { cells, columns, before, .. } = &*self.all;
        if *columns != ColumnSet::all::<E>() {
            let table = E::default().table_name().to_owned();
            return Err(Error::internal(format!("not all columns of {table} were read")));
        }
        cells.decode(self.number, *before).map(Arc::new)
    }
}
