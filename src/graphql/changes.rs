//! What was changed, as a feed.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use entity::{DateTime, Decimal, observation, vocabulary::ChangeKind};

use super::{
    Ask, Observation,
    node::{self, Node},
    object::Node as _,
    page::{Paged, PagedConnection, Pages},
};
use crate::{
    error::Error,
    identity::{self, Id},
    query::{
        Limits, One, Page,
        changes::{Changed, Changes},
        parent::ROOT,
    },
};

/// Declares how each table's objects are known to clients.
macro_rules! changed {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// The name of a table's type.
        fn type_of(table: &str) -> Option<&'static str> {
            match table {
                $(stringify!($topic) => Some(stringify!($object)),)+
                _ => None,
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
    /// The id of what was changed.
    fn id(&self) -> Result<Id> {
        let Changed { entity, row, key, .. } = &*self.changed;
        if !self.is_of_figure() {
            return Ok(Id::of_row(entity, *row));
        }
        let place = identity::figure(key);
        Ok(Id::of_figure(&place.ok_or_else(|| Error::internal(format!("no figure is {key:?}")))?))
    }

    fn is_of_figure(&self) -> bool {
        self.changed.entity == identity::FIGURE
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
        let entity = &self.changed.entity;
        let unknown = || Error::internal(format!("no type is of the table {entity:?}"));
        Ok(type_of(entity).ok_or_else(unknown)?)
    }

    /// The object's id, by which clients hold it; all versions of a figure have that of the figure.
    async fn node_id(&self) -> Result<ID> {
        Ok(self.id()?.to_string().into())
    }

    /// What named the object after this change, or when it was removed: its slug, or, of a link, the
    /// slugs of what it joins with spaces between. It may have another one by now, and what was
    /// removed can be told by it. Null for figures, of which `version` tells what they are of.
    async fn name(&self) -> Option<&str> {
        (!self.is_of_figure()).then_some(self.changed.key.as_str())
    }

    /// The object as it is now, with the id `nodeId`; null where it was removed or is not to be
    /// seen.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        let found = async {
            let batch = ctx.batch()?;
            node::find(batch, &self.id()?, batch.view()).await
        };
        found.await.transpose()
    }

    /// The version of the figure that was recorded, as its `history` has it; null for all other
    /// objects. Where the figure was retracted it says so (`retracted`), and what was withdrawn.
    async fn version(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
        if !self.is_of_figure() {
            return None;
        }
        let found = async {
            let batch = ctx.batch()?;
            let view = batch.view();
            let one = One::<observation::Entity, i64>::by(observation::Column::Id, view);
            let found = one.load_model(batch, self.changed.row).await?;
            Ok(found.map(|row| Observation::known(row, view, true)))
        };
        found.await.transpose()
    }
}
