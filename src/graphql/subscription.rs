//! What a client is told of as it happens.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Context, Result, Subscription};
use entity::{HIDDEN, observation};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{Dataset, Node, Observation, ObservationFilter, dataset, lookup::batch};
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
    /// and again whenever its `revision` was raised; to editors also when anything was recorded
    /// under embargo. Several writes in a row may be told of as one.
    async fn dataset_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<Dataset>> + use<>> {
        let batch = batch(ctx)?;
        let insider = batch.view().insider;
        let told = (batch.database().revisions(), None, batch);
        let states = stream::unfold(told, move |(mut revisions, told, batch)| async move {
            let news = revisions.wait_for(|now| Some(now.seen(insider)) != told).await;
            let seen = news.ok()?.seen(insider);
            Some((dataset::load(&batch).await.transpose(), (revisions, Some(seen), batch)))
        });
        // An empty database has none.
        Ok(states.filter_map(std::future::ready))
    }

    /// Each figure recorded from now on, or after a cursor, that meets the filter, in the order in
    /// which they were recorded; corrections too, but no figure that was corrected again before it
    /// could be told. Each has the `id` of the figure, so caches know which one it is.
    ///
    /// That a figure was retracted is told as well: `retracted` is true, and the value is the one
    /// withdrawn. The figure is in no list any more. Of one that was still under embargo
    /// (`embargoed`, told to editors alone) what is public stays.
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
                let seen = after(&batch, Start::new(argument, &cursor, batch.view())?).await?;
                if let Some(position) = &position {
                    position.start.send_replace(Some(cursor));
                }
                seen
            }
            None => {
                let newest = newest(&revision);
                if let Some(position) = &position {
                    let last = Last { view: batch.view(), up_to: newest };
                    let last = batch.load(last, ()).await?;
                    position.start.send_replace(last.map(|row| Changes::figure_cursor(&row)));
                }
                newest
            }
        };
        let stretches = newest(&revision).into_iter().zip(seen);
        let stretches =
            stretches.map(|(newest, seen)| Stretch { newest, seen, read: VecDeque::new() });
        // Who does not see what is under embargo has no need to look for it.
        let stretches = stretches.take(if batch.view().insider { 2 } else { 1 }).collect();
        let figures = Figures { batch, revisions, filter, stretches, position };
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

/// The highest numbers of figures: of those that everybody may see, and of those under embargo.
fn newest(revision: &Revision) -> [i64; 2] {
    [revision.public.observation, revision.all.observation.max(HIDDEN - 1)]
}

/// The figures as they are recorded.
struct Figures {
    batch: Arc<Batch>,
    revisions: watch::Receiver<Revision>,
    filter: Option<ObservationFilter>,
    /// The figures that everybody may see, and those under embargo for whoever sees them: they are
    /// numbered apart, and told in the order in which they were recorded.
    stretches: Vec<Stretch>,
    position: Option<Arc<Position>>,
}

/// Figures that are numbered one after another, read a page at a time when the one before was taken.
struct Stretch {
    /// The highest number there was.
    newest: i64,
    /// The number up to which everything was read.
    seen: i64,
    read: VecDeque<Arc<observation::Model>>,
}

/// The numbers of the figures after which a cursor goes on.
async fn after(batch: &Arc<Batch>, start: Start) -> Result<[i64; 2]> {
    let refusal = start.refusal();
    Ok(batch.load(start, ROOT).await?.ok_or(refusal)?)
}

impl Figures {
    /// The next figure; none when the server ends.
    async fn next(&mut self) -> Result<Option<Observation>> {
        loop {
            let newest = newest(&self.revisions.borrow_and_update());
            for (stretch, newest) in self.stretches.iter_mut().zip(newest) {
                stretch.read_on(newest, &self.batch, self.filter.as_ref()).await?;
            }
            let first = self.stretches.iter_mut().filter(|stretch| !stretch.read.is_empty());
            let first = first
                .min_by_key(|stretch| stretch.read.front().map(|row| (row.recorded_at, row.id)));
            if let Some(row) = first.and_then(|stretch| stretch.read.pop_front()) {
                if let Some(position) = &self.position {
                    position.tell(&row);
                }
                return Ok(Some(Observation::known(row, self.batch.view(), false)));
            }
            if self.revisions.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

impl Stretch {
    /// Reads until there is something to tell, or nothing more.
    async fn read_on(
        &mut self,
        newest: i64,
        batch: &Batch,
        filter: Option<&ObservationFilter>,
    ) -> Result<()> {
        if newest < self.newest {
            // The database went back, and gives the numbers after this one again.
            self.seen = self.seen.min(newest);
        }
        self.newest = newest;
        while self.read.is_empty() && self.seen < newest {
            let up_to = newest.min(self.seen + Recorded::<observation::Entity>::STEP);
            let (view, after, filter) = (batch.view(), self.seen, filter.cloned());
            let page = Recorded::<observation::Entity> { view, after, up_to, filter };
            self.read = batch.load(page, ()).await?.unwrap_or_default().into();
            let full = self.read.len() == Recorded::<observation::Entity>::PAGE;
            let last = self.read.back().filter(|_| full);
            self.seen = last.map_or(up_to, |last| last.id);
        }
        Ok(())
    }
}
