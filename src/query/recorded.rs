//! What was recorded: the rows of a table in the order in which they came.

use std::{collections::HashMap, sync::Arc};

use entity::{HIDDEN, Quoted, change, observation};
use sea_orm::{
    Iterable, Order,
    sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement},
};
use serde::Deserialize;

use super::{
    Scope, Table, View,
    batch::Load,
    changes::{Kept, Place},
    column,
    condition::{either, table},
    filter::Filter,
    parent::{PARENT, ROOT},
    version::visible,
};
use crate::{database::Database, error::Error};

/// The rows numbered after one and up to another, the first of them.
#[derive(Debug)]
pub struct Recorded<E: Table> {
    /// From where they are seen.
    pub view: View,
    /// Only rows after the one with this number.
    pub after: i64,
    /// Only rows up to the one with this number.
    pub up_to: i64,
    /// Of those, the ones the client wants.
    pub filter: Option<E::Filter>,
}

impl<E: Table> Recorded<E> {
    /// How many rows are read at once.
    pub const PAGE: usize = 500;
    /// How many numbers are looked through at once, however few of their rows are wanted.
    pub const STEP: i64 = 20_000;
}

impl<E: Table> Load for Recorded<E> {
    type Key = ();
    type Value = Vec<Arc<E::Model>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Value>, Error> {
        let number = column::<E>(E::id());
        let mut rows = rows::<E>(database, self.view, self.filter.as_ref(), self.up_to);
        rows.and_where(number.gt(self.after))
            .order_by((table::<E>(), E::id()), Order::Asc)
            .limit(Self::PAGE as u64);
        let rows = self.view.of(database).fetch::<(i64, E::Model)>(&rows).await?;
        Ok(HashMap::from([((), rows.into_iter().map(|(_, row)| Arc::new(row)).collect())]))
    }
}

/// The rows numbered up to a number that the client wants.
fn rows<E: Table>(
    database: &Database,
    view: View,
    filter: Option<&E::Filter>,
    up_to: i64,
) -> SelectStatement {
    let number = column::<E>(E::id());
    let scope = Scope::new(&view.of(database), view);
    Query::select()
        .expr_as(number.clone(), PARENT)
        .columns(E::Column::iter().map(|column| (table::<E>(), column)))
        .from(table::<E>())
        .cond_where(either(E::told(scope), None))
        .cond_where(Condition::all().add_option(filter.map(|filter| filter.condition(scope))))
        .and_where(number.lte(up_to))
        .take()
}

impl<E: Table> PartialEq for Recorded<E> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
            && self.after == other.after
            && self.up_to == other.up_to
            && self.filter == other.filter
    }
}

/// The figure that was recorded last, of those numbered up to two numbers: of those that everybody
/// may see, and of those under embargo.
#[derive(Debug, PartialEq)]
pub struct Last {
    /// From where it is seen.
    pub view: View,
    /// The numbers.
    pub up_to: [i64; 2],
}

impl Load for Last {
    type Key = ();
    type Value = Arc<observation::Model>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<()>,
    ) -> Result<HashMap<(), Self::Value>, Error> {
        let number = || column::<observation::Entity>(observation::Column::Id);
        let mut last: Option<Arc<observation::Model>> = None;
        let kinds = if self.view.insider { 2 } else { 1 };
        for (first, up_to) in [0, HIDDEN].into_iter().zip(self.up_to).take(kinds) {
            let mut rows = rows::<observation::Entity>(database, self.view, None, up_to);
            rows.and_where(number().gte(first))
                .order_by((table::<observation::Entity>(), observation::Column::Id), Order::Desc)
                .limit(1);
            let rows = self.view.of(database).fetch::<(i64, observation::Model)>(&rows).await?;
            let found = rows.into_iter().map(|(_, row)| Arc::new(row));
            last = last.into_iter().chain(found).max_by_key(|row| (row.recorded_at, row.id));
        }
        Ok(last.into_iter().map(|row| ((), row)).collect())
    }
}

/// After which figures to go on, told by the cursor of a change: of those that everybody may see, and
/// of those under embargo.
#[derive(Debug, PartialEq, Eq)]
pub struct Start {
    place: Place,
    view: View,
    refused: String,
}

impl Start {
    /// Seen from somewhere. Fails when the cursor, which stands in this argument, is of no change.
    pub fn new(argument: &str, cursor: &str, view: View) -> Result<Self, Error> {
        let refused = format!(
            "`{argument}` is {}, the cursor of a change that this database does not hold; read \
             what there is (`observations`), and go on from the cursor of the last of `changes`",
            Quoted(cursor)
        );
        Ok(Self { place: Place::read(argument, cursor)?, view, refused })
    }

    /// Why it is refused where the change is not there: the data are others than those the cursor
    /// was made of, such as those of an older backup, and what lies between cannot be told.
    pub fn refusal(&self) -> Error {
        Error::input(self.refused.clone())
    }

    fn statement(&self) -> SelectStatement {
        let Place { recorded_at, kept, number } = self.place;
        let own = column::<observation::Entity>;
        let beside = column::<change::Entity>;
        let id = || own(observation::Column::Id);
        let when = || own(observation::Column::RecordedAt);
        let last = |like: Expr| {
            let mut last = Query::select();
            last.expr(id()).from(observation::Entity).and_where(like);
            last.order_by((table::<observation::Entity>(), observation::Column::Id), Order::Desc)
                .limit(1);
            Expr::from(last)
        };
        let public = |until: Expr| last(id().lt(HIDDEN).and(until)).if_null(0);
        let hidden = |until: Expr| last(id().gte(HIDDEN).and(until)).if_null(HIDDEN - 1);
        // Of one write those under embargo come last, and the figures after all else.
        let (public, hidden) = match kept {
            Kept::Itself if number < HIDDEN => (Expr::val(number), hidden(when().lt(recorded_at))),
            Kept::Itself => (public(when().lte(recorded_at)), Expr::val(number)),
            Kept::Beside => (public(when().lt(recorded_at)), hidden(when().lt(recorded_at))),
        };
        let mut select = Query::select();
        select.expr(Expr::val(ROOT)).expr_as(public, "public").expr_as(hidden, "hidden");
        match kept {
            Kept::Itself => select
                .from(observation::Entity)
                .and_where(id().eq(number))
                .and_where(when().eq(recorded_at))
                .cond_where(visible::<observation::Entity>(self.view)),
            Kept::Beside => select
                .from(change::Entity)
                .and_where(beside(change::Column::Id).eq(number))
                .and_where(beside(change::Column::Id).lt(HIDDEN))
                .and_where(beside(change::Column::RecordedAt).eq(recorded_at)),
        };
        select
    }
}

/// The numbers of two rows.
#[derive(Deserialize)]
struct Numbered {
    public: i64,
    hidden: i64,
}

impl Load for Start {
    type Key = i64;
    type Value = [i64; 2];

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, [i64; 2]>, Error> {
        let found = database.fetch::<(i64, Numbered)>(&self.statement()).await?;
        Ok(found.into_iter().map(|(root, found)| (root, [found.public, found.hidden])).collect())
    }
}
