//! What a client is told of as it happens.

use std::{collections::VecDeque, sync::Arc};

use async_graphql::{Context, Result, Subscription};
use entity::observation;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{Dataset, Node, Observation, ObservationFilter, dataset, object::batch};
use crate::{
    database::Revision,
    query::{Batch, Recorded},
};

/// How far the data had come when a subscription arrived: what is recorded later is told, even if
/// it is recorded before the subscription is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Since(pub Revision);

/// The root of all subscriptions.
#[derive(Debug, Default)]
pub struct SubscriptionRoot;

/// What can be subscribed to, over WebSocket (`graphql-transport-ws`) or server-sent events.
///
/// Who is slower than the data change is told of the newest state and of every figure, but not of
/// every state between. Who takes no answer at all for a while (10 seconds unless configured) is
/// dropped. After a connection was lost, figures recorded meanwhile are found by
/// `observations(filter: {recordedAt: …})`.
#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// The data set as a whole: at once, so that nothing is missed between asking and listening,
    /// and again whenever its `revision` was raised. Several writes in a row may be told of as one.
    async fn dataset_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<Dataset>> + use<>> {
        let batch = batch(ctx)?;
        let mut revisions = batch.database().revisions();
        revisions.mark_changed();
        let states = stream::unfold((revisions, batch), |(mut revisions, batch)| async {
            revisions.changed().await.ok()?;
            Some((dataset::load(&batch).await.transpose(), (revisions, batch)))
        });
        // An empty database has none.
        Ok(states.filter_map(std::future::ready))
    }

    /// Each figure recorded from now on that meets the filter, in the order in which they were
    /// recorded; corrections too, but no figure that was corrected again before it could be told.
    async fn observations_recorded(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which figures; all when left out.")] filter: Option<ObservationFilter>,
    ) -> Result<impl Stream<Item = Result<Observation>> + use<>> {
        let batch = batch(ctx)?;
        let revisions = batch.database().revisions();
        let Since(since) = *ctx.data::<Since>()?;
        let seen = since.observation;
        let figures = Figures { batch, revisions, filter, seen, read: VecDeque::new() };
        Ok(stream::unfold(Some(figures), |figures| async {
            let mut figures = figures?;
            match figures.next().await {
                Ok(figure) => Some((Ok(figure?), Some(figures))),
                // What was recorded cannot be told, and leaving it out would be a lie.
                Err(why) => Some((Err(why), None)),
            }
        }))
    }
}

/// The figures as they are recorded, read a page at a time when the one before was taken.
struct Figures {
    batch: Arc<Batch>,
    revisions: watch::Receiver<Revision>,
    filter: Option<ObservationFilter>,
    /// The number up to which everything was read.
    seen: i64,
    read: VecDeque<Arc<observation::Model>>,
}

impl Figures {
    /// The next figure; none when the server ends.
    async fn next(&mut self) -> Result<Option<Observation>> {
        loop {
            if let Some(row) = self.read.pop_front() {
                return Ok(Some(Observation::new(row, self.batch.view())));
            }
            let up_to = self.revisions.borrow_and_update().observation;
            if self.seen < up_to {
                let filter = self.filter.clone();
                let (view, after) = (self.batch.view(), self.seen);
                let page = Recorded::<observation::Entity> { view, after, up_to, filter };
                self.read = self.batch.load(page, ()).await?.unwrap_or_default().into();
                let full = self.read.len() == Recorded::<observation::Entity>::PAGE;
                let last = self.read.back().filter(|_| full);
                self.seen = last.map_or(up_to, |last| last.id);
            } else if self.revisions.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}
