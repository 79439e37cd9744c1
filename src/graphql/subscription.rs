//! What a client is told of as it happens.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Context, Result, Subscription};
use entity::observation;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{Dataset, Node, Observation, ObservationFilter, dataset, object::batch};
use crate::{
    database::Revision,
    query::{Batch, Last, Recorded, Start, changes::Changes, parent::ROOT},
};

/// What is known of a subscription when it arrives.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// How far the data had come: what is recorded later is told, even if it is recorded before the
    /// subscription is looked at.
    pub revision: Revision,
    /// The cursor of the last event that the client had before, as its header says (`Last-Event-ID`).
    pub last_event: Option<String>,
    /// How far the subscription has come since, where that is told beside its events.
    pub position: Option<Arc<Position>>,
}

/// How far a subscription has come.
#[derive(Debug, Default)]
pub struct Position {
    start: watch::Sender<Option<String>>,
    event: Mutex<Option<String>>,
}

impl Position {
    /// The cursor from which the subscription goes on, once it is known; never where there is none.
    pub async fn start(&self) -> String {
        let mut start = self.start.subscribe();
        match start.wait_for(Option::is_some).await.map(|start| start.clone()) {
            Ok(Some(cursor)) => cursor,
            _ => std::future::pending().await,
        }
    }

    /// The cursor of the event that was told last; none where events have none.
    pub fn event(&self) -> Option<String> {
        self.event.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, row: &observation::Model) {
        let cursor = Changes::figure_cursor(row);
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }
}

/// The root of all subscriptions.
#[derive(Debug, Default)]
pub struct SubscriptionRoot;

/// What can be subscribed to, over WebSocket (`graphql-transport-ws`) or server-sent events.
///
/// Who is slower than the data change is told of the newest state and of every figure, but not of
/// every state between. Who takes no answer at all for a while (10 seconds unless configured) is
/// dropped. After a connection was lost, `observationsRecorded(since: …)` goes on where it ended.
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

    /// Each figure recorded from now on, or after a cursor, that meets the filter, in the order in
    /// which they were recorded; corrections too, but no figure that was corrected again before it
    /// could be told.
    ///
    /// Who was away goes on where they were: `since` is the `changeCursor` of the last figure they
    /// had, and nothing is missed and nothing comes twice. Server-sent events carry it as their
    /// `id`, and the header `Last-Event-ID`, which browsers send by themselves, stands before
    /// `since`.
    async fn observations_recorded(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which figures; all when left out.")] filter: Option<ObservationFilter>,
        #[graphql(
            desc = "Only figures recorded after this one: the `changeCursor` of a figure, or a cursor of `changes`. Refused with BAD_USER_INPUT where the database does not hold that change, such as after an older backup was restored. From now on when left out."
        )]
        since: Option<String>,
    ) -> Result<impl Stream<Item = Result<Observation>> + use<>> {
        let batch = batch(ctx)?;
        let revisions = batch.database().revisions();
        let Arrival { revision, last_event, position } = ctx.data::<Arrival>()?.clone();
        let since = match (last_event, since) {
            (Some(cursor), _) => Some(("Last-Event-ID", cursor)),
            (None, since) => since.map(|cursor| ("since", cursor)),
        };
        let seen = match since {
            Some((argument, cursor)) => {
                let seen = after(&batch, Start::new(argument, &cursor)?).await?;
                if let Some(position) = &position {
                    position.start.send_replace(Some(cursor));
                }
                seen
            }
            None => {
                if let Some(position) = &position {
                    let last = Last { view: batch.view(), up_to: revision.observation };
                    let last = batch.load(last, ()).await?;
                    position.start.send_replace(last.map(|row| Changes::figure_cursor(&row)));
                }
                revision.observation
            }
        };
        let (newest, read) = (revision.observation, VecDeque::new());
        let figures = Figures { batch, revisions, filter, newest, seen, read, position };
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
    /// The highest number there was.
    newest: i64,
    /// The number up to which everything was read.
    seen: i64,
    read: VecDeque<Arc<observation::Model>>,
    position: Option<Arc<Position>>,
}

/// The number of the figure after which a cursor goes on.
async fn after(batch: &Arc<Batch>, start: Start) -> Result<i64> {
    let refusal = start.refusal();
    Ok(batch.load(start, ROOT).await?.ok_or(refusal)?)
}

impl Figures {
    /// The next figure; none when the server ends.
    async fn next(&mut self) -> Result<Option<Observation>> {
        loop {
            if let Some(row) = self.read.pop_front() {
                if let Some(position) = &self.position {
                    position.tell(&row);
                }
                return Ok(Some(Observation::new(row, self.batch.view())));
            }
            let newest = self.revisions.borrow_and_update().observation;
            if newest < self.newest {
                // The database went back, and gives the numbers after this one again.
                self.seen = self.seen.min(newest);
            }
            self.newest = newest;
            let up_to = newest.min(self.seen + Recorded::<observation::Entity>::STEP);
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
