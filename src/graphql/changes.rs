//! What was changed, as a feed.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use entity::{DateTime, Decimal, vocabulary::ChangeKind};

use super::{
    Ask,
    node::Node,
    object::Node as _,
    page::{Paged, PagedConnection, Pages},
};
use crate::{
    error::Error,
    query::{
        Limits, One, Page, Table,
        changes::{Changed, Changes},
        parent::ROOT,
    },
};

/// Declares how each table's rows are known to clients.
macro_rules! changed {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// The name of a table's type, and the part of its ids before the colon.
        fn known(entity: &str) -> Option<(&'static str, &'static str)> {
            match entity {
                $(stringify!($topic) => Some((stringify!($object), $crate::graphql::$object::KIND)),)+
                _ => None,
            }
        }

        /// The row as it is now; none where it was removed or is not shown.
        async fn node(ctx: &Context<'_>, changed: &Changed) -> Result<Option<Node>> {
            let batch = ctx.batch()?;
            let view = batch.view();
            match changed.entity.as_str() {
                $(stringify!($topic) => {
                    type Row = entity::$topic::Entity;
                    let one = One::<Row, i64>::named(Row::id(), view);
                    let found = batch.load(one, changed.row).await?;
                    Ok(found.map(|row| $crate::graphql::$object::new(row, view).into()))
                })+
                other => Err(Error::internal(format!("no type is of the table {other:?}")).into()),
            }
        }
    };
}

topics!(changed);

/// The field of the root that tells what was changed.
#[derive(Debug, Default)]
pub struct ChangesQuery;

#[Object]
impl ChangesQuery {
    /// What was changed, the oldest first: every object that was made, changed or removed, and
    /// every version of a figure. Keep the cursor of the last one and read on from it: nothing is
    /// missed, and nothing comes twice. What is under embargo, and what is claimed of it, is told to
    /// nobody before its day.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what was recorded after this moment; all when left out.")]
        since: Option<DateTime>,
        #[graphql(
            desc = "How many changes: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only changes after the one with this cursor.")] after: Option<String>,
        #[graphql(
            desc = "How many changes, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(desc = "Only changes before the one with this cursor.")] before: Option<String>,
    ) -> Option<Result<PagedConnection<Changes>>> {
        let changes = || {
            let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
            Ok(PagedConnection(Changes::new(since, page)?))
        };
        Some(changes())
    }
}

impl Pages for Changes {
    type Item = RecordedChange;

    async fn page(&self, ctx: &Context<'_>) -> Result<Paged<RecordedChange>> {
        let page = ctx.batch()?.load(self.clone(), ROOT).await?;
        let page = page.ok_or_else(|| Error::internal("changes were not answered"))?;
        Ok(page.map(|(number, changed)| RecordedChange {
            number: *number,
            changed: Arc::new(changed.clone()),
        }))
    }

    fn cursor(&self, change: &RecordedChange) -> Result<String> {
        Ok(Self::cursor(change.number, &change.changed))
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(ctx.batch()?.load(Self::total(self), ROOT).await?.unwrap_or(0))
    }
}

/// One change.
#[derive(Clone)]
pub struct RecordedChange {
    number: i64,
    changed: Arc<Changed>,
}

impl RecordedChange {
    fn known(&self) -> Result<(&'static str, &'static str)> {
        let entity = &self.changed.entity;
        let unknown = || Error::internal(format!("no type is of the table {entity:?}"));
        Ok(known(entity).ok_or_else(unknown)?)
    }
}

/// One change: an object that was made, changed or removed, or a version of a figure.
#[Object]
impl RecordedChange {
    /// What became of it. A figure's first version is CREATED, each correction UPDATED, and that it
    /// was retracted REMOVED.
    async fn kind(&self) -> ChangeKind {
        self.changed.kind
    }

    /// When it was recorded: alike for all that one write changed.
    async fn recorded_at(&self) -> DateTime {
        self.changed.recorded_at
    }

    /// The revision of the data that the write made (`dataset.revision`); null for figures, which
    /// keep when they were recorded, but not under which revision.
    async fn revision(&self) -> Option<Decimal> {
        self.changed.revision.map(Decimal::from)
    }

    /// The name of the object's type, such as `Metric`.
    async fn r#type(&self) -> Result<&str> {
        Ok(self.known()?.0)
    }

    /// The object's id, as it was then: an object whose slug was changed has another one since. A
    /// version of a figure has an id of its own.
    async fn node_id(&self) -> Result<ID> {
        Ok(format!("{}:{}", self.known()?.1, self.changed.key).into())
    }

    /// The object as it is now, or the version of a figure; null where it was removed or is not to
    /// be seen.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        node(ctx, &self.changed).await.transpose()
    }
}
