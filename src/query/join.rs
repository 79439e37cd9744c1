//! A row that a column refers to, read with the row that refers to it: of a single row that is one
//! statement less for each of its references.

use sea_orm::{
    EntityTrait, IdenStatic, Iterable,
    sea_query::{Alias, Expr, ExprTrait, IntoIden, JoinType, SelectStatement},
};

use super::{ColumnSet, Table, View, version};

/// A reference that is followed by the statement that reads who refers.
#[derive(Debug, Clone)]
pub struct Join {
    /// The place of the column that refers.
    column: usize,
    /// What is read of the row there.
    columns: ColumnSet,
    select: fn(&mut SelectStatement, Expr, &str, ColumnSet),
}

impl Join {
    /// A row of a table, by the place of the column that refers to it. None where not everybody may see
    /// each of its rows.
    pub fn to<T: Table>(column: usize, columns: ColumnSet) -> Option<Self> {
        let (columns, select) = (columns | ColumnSet::id::<T>(), select::<T>);
        let is_open = version::visible::<T>(View::default()).is_empty();
        is_open.then_some(Self { column, columns, select })
    }

    /// Adds to those there are: of what is referred to by the same column, all columns are read.
    pub fn add_to(self, joins: &mut Vec<Self>) {
        match joins.iter_mut().find(|known| known.column == self.column) {
            Some(known) => known.columns = known.columns | self.columns,
            None => joins.push(self),
        }
    }

    /// The place of the column that refers.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    /// What is read of the row there.
    pub(super) fn columns(&self) -> ColumnSet {
        self.columns
    }

    /// Has the statement that reads a table read it too, after all it reads so far.
    pub(super) fn select<E: EntityTrait>(&self, statement: &mut SelectStatement) {
        let Some(column) = E::Column::iter().nth(self.column) else { return };
        let refers = super::column::<E>(column);
        (self.select)(statement, refers, column.as_str(), self.columns);
    }
}

fn select<T: Table>(statement: &mut SelectStatement, refers: Expr, name: &str, columns: ColumnSet) {
    // A table may refer to itself.
    let alias = Alias::new(format!("of_{name}"));
    let there = Expr::col((alias.clone(), T::id()));
    let table = T::default().table_name().into_iden();
    statement.join_as(JoinType::LeftJoin, table, alias.clone(), there.eq(refers));
    columns.select_from::<T>(statement, &alias.into_iden());
}
