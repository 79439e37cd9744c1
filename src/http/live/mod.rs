//! Answers that go on: subscriptions and live queries, over WebSocket and as streams over HTTP.
//!
//! Nobody who is slow is waited for, nor has a queue without end. What an operation has to tell
//! waits in a queue of [`QUEUE`] answers; while that is full the operation rests, and since
//! revisions replace each other nothing piles up behind it. Who takes nothing for the length of
//! the patience is told so and dropped.

mod framing;
mod protocol;
mod question;
mod shared;
mod socket;
mod stream;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Request, ws::WebSocketUpgrade},
    http::{Method, header},
    response::{IntoResponse, Response},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

pub(super) use self::{framing::Framing, question::Question, stream::stream};

use self::shared::Shared;
use super::{App, refusal::Refusal};
use crate::graphql::Asked;

/// How much may go on at the same time, and for how long a client is waited for.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Live")]
#[group(skip)]
pub struct Options {
    /// The most WebSockets and streams of events at once
    #[arg(long, env = "HUTONG_LIVE_CONNECTIONS", value_name = "CONNECTIONS", global = true)]
    #[arg(default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub live_connections: u32,
    /// The most operations at once on a WebSocket
    #[arg(long, env = "HUTONG_LIVE_OPERATIONS", value_name = "OPERATIONS", global = true)]
    #[arg(default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub live_operations: u32,
    /// The most bytes a message on a WebSocket may have
    #[arg(long, env = "HUTONG_LIVE_MESSAGE_MAX", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 1024 * 1024, value_parser = clap::value_parser!(u32).range(1024..=1_073_741_824))]
    pub live_message_max: u32,
    /// How many seconds a client has for its `connection_init` on a WebSocket
    #[arg(long, env = "HUTONG_LIVE_INIT_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub live_init_timeout: u32,
    /// How many seconds a client may take no answer before it is dropped
    #[arg(long, env = "HUTONG_LIVE_PATIENCE", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub live_patience: u32,
    /// After how many seconds of silence a sign of life is sent
    #[arg(long, env = "HUTONG_LIVE_KEEP_ALIVE", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub live_keep_alive: u32,
    /// How many milliseconds pass at least before a live query is executed again, however often
    /// the data change
    #[arg(long, env = "HUTONG_LIVE_INTERVAL", value_name = "MILLISECONDS", global = true)]
    #[arg(default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=3_600_000))]
    pub live_interval: u32,
}

/// How many answers wait for a client at the most.
const QUEUE: usize = 16;

/// How long the end of the server waits for clients to be told.
const FAREWELL: Duration = Duration::from_secs(3);

/// What goes on at the moment.
pub struct Live {
    options: Options,
    places: Arc<Semaphore>,
    queries: Shared,
    stopping: watch::Sender<bool>,
}

/// The place of a connection; it is free again when this is dropped.
type Place = OwnedSemaphorePermit;

impl Live {
    /// Nothing, yet.
    pub fn new(options: Options) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(options.live_connections as usize));
        let (stopping, _) = watch::channel(false);
        Arc::new(Self { options, places, queries: Shared::default(), stopping })
    }

    /// How many WebSockets and streams of events there are.
    pub fn connections(&self) -> usize {
        self.options.live_connections as usize - self.places.available_permits()
    }

    /// How many different live queries are being answered.
    pub fn queries(&self) -> usize {
        self.queries.count()
    }

    /// How often live queries were executed so far: once for all who asked the same.
    pub fn executions(&self) -> usize {
        self.queries.executions()
    }

    /// A place for a connection, where there are not as many as may be.
    fn place(&self) -> Result<Place, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| Refusal::crowded(self.options.live_connections))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.options.live_patience.into())
    }

    fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.options.live_keep_alive.into())
    }

    /// Done when the server is to end.
    async fn stopped(&self) {
        // The sender lives as long as this does.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Tells everyone that the server ends.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Done when everyone was told, or does not listen.
    pub(super) async fn farewell(&self) {
        let all = self.places.acquire_many(self.options.live_connections);
        let _ = timeout(FAREWELL, all).await;
    }
}

/// Whether a request is to open a WebSocket.
pub(super) fn opens_socket(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|upgrade| upgrade.to_str().ok());
    request.method() == Method::GET
        && upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// Opens a WebSocket.
pub(super) async fn socket(app: &App, id: &str, from: IpAddr, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    let mut response = match WebSocketUpgrade::from_request_parts(&mut head, app).await {
        Ok(upgrade) => {
            let opened = socket::open(app, id, from, &head.headers, upgrade);
            opened.await.unwrap_or_else(|refusal| refusal.of(id).into_response())
        }
        Err(refused) => refused.into_response(),
    };
    // Among them is how the client spells the names of headers, as hyper writes them then: some
    // clients look for `Sec-WebSocket-Protocol` letter by letter.
    response.extensions_mut().extend(head.extensions);
    response
}

/// Whether a question may have more answers than one.
pub(super) fn goes_on(app: &App, asked: &Asked) -> bool {
    // Most requests are told by their documents, which are at hand.
    app.guard.goes_on(asked) && app.guard.check(asked).is_ok()
}
