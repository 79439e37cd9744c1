//! The schema on the wire. Only this floor knows axum.

mod accept_language;
mod admission;
mod around;
mod cache;
mod compression;
mod connections;
pub mod cors;
mod deadline;
mod download;
mod encoding;
mod execution;
mod file;
mod handler;
mod health;
mod idempotency;
mod life;
pub mod live;
mod metrics;
mod negotiation;
mod observe;
mod outcome;
mod panic;
mod playground;
pub mod rates;
mod refusal;
mod reply;
mod request;
mod request_id;
mod spans;
mod status;
mod upload;
mod vary;

use std::{ops::Deref, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, Method, Uri},
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};
use tower::ServiceBuilder;

use self::{around::Around, observe::Observer, rates::Rates, refusal::Refusal};
pub use self::{
    cache::Results,
    life::{Life, Phase},
    live::Live,
    metrics::{Metrics, MetricsAt},
};
use crate::{
    access::Access,
    database::Database,
    error::Error,
    event,
    graphql::{Guard, Schema},
};

/// How the server listens, and what it takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP")]
#[group(skip)]
pub struct Options {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, env = "HUTONG_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    #[arg(default_value = "127.0.0.1:8000")]
    pub listen: String,
    /// How many seconds an answer may take
    #[arg(long, env = "HUTONG_REQUEST_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub request_timeout: u32,
    /// How many seconds a client may take to send the headers of a request, and again its body
    #[arg(long, env = "HUTONG_READ_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub read_timeout: u32,
    /// How many seconds a client may take until it reads on in an answer
    #[arg(long, env = "HUTONG_WRITE_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub write_timeout: u32,
    /// The most bytes the body of a request may have
    #[arg(long, env = "HUTONG_BODY_MAX", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 1024 * 1024)]
    pub body_max: u32,
    /// The most bytes of all files that come with a request; they are kept on disk meanwhile
    #[arg(long, env = "HUTONG_UPLOAD_MAX", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 256 * 1024 * 1024)]
    pub upload_max: u64,
    /// How many seconds a client may take to send a body with files, from its first byte to its last
    #[arg(long, env = "HUTONG_UPLOAD_TIMEOUT", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub upload_timeout: u32,
    /// The most connections at once; others wait
    #[arg(long, env = "HUTONG_CONNECTION_MAX", value_name = "CONNECTIONS", global = true)]
    #[arg(default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connection_max: u32,
    /// The most requests in one, as a JSON list; 0 takes none
    #[arg(long, env = "HUTONG_BATCH_MAX", value_name = "REQUESTS", global = true)]
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub batch_max: u32,
    /// How many bytes of answers are kept while the data do not change, with all that belongs to
    /// them; 0 keeps none
    #[arg(long, env = "HUTONG_RESULT_CACHE", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 64 * 1024 * 1024)]
    pub result_cache: u64,
    /// What `Cache-Control` tells caches on the way of an answer that lasts until the data change;
    /// others are `no-store`
    #[arg(long, env = "HUTONG_CACHE_CONTROL", value_name = "DIRECTIVES", global = true)]
    #[arg(default_value = "no-cache", value_parser = cache::control)]
    pub cache_control: HeaderValue,
    /// Whose pages may do what.
    #[command(flatten)]
    pub cors: cors::Options,
    /// From how many milliseconds on a request is logged as slow
    #[arg(long, env = "HUTONG_SLOW_REQUEST", value_name = "MILLISECONDS", global = true)]
    #[arg(default_value_t = 1000)]
    pub slow_request: u32,
    /// Where the numbers for Prometheus are: `on` for `/metrics` of the server, `off`, or an address
    /// and port of their own
    #[arg(long, env = "HUTONG_METRICS", value_name = "WHERE", global = true)]
    #[arg(default_value_t = MetricsAt::Here)]
    pub metrics: MetricsAt,
    /// How many seconds the server still takes requests once it is asked to stop, so that those who
    /// send them learn it from `/health/ready`
    #[arg(long, env = "HUTONG_DRAIN_DELAY", value_name = "SECONDS", global = true)]
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub drain_delay: u32,
    /// How often somebody may ask.
    #[command(flatten)]
    pub rates: rates::Options,
}

/// What every request is answered with. Clones are the same.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What a server is made of.
pub struct Parts {
    /// Who is let in.
    pub access: Access,
    /// The schema.
    pub schema: Schema,
    /// What stands before it.
    pub guard: Guard,
    /// The data.
    pub database: Database,
    /// What is taken.
    pub options: Options,
    /// What goes on at the moment.
    pub live: Arc<Live>,
    /// The answers that are kept.
    pub results: Results,
    /// Whether it can be answered yet, and still.
    pub life: Life,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How often each asks.
    rates: Rates,
}

impl App {
    /// A server that is about to start.
    pub fn new(
        access: Access,
        schema: Schema,
        guard: Guard,
        database: Database,
        options: Options,
        live: live::Options,
    ) -> Self {
        let metrics = Arc::new(Metrics::new(database.meter()));
        let (live, life) = (Live::new(live), Life::default());
        let (results, rates) = (Results::new(&options), Rates::new(&options.rates));
        Self(Arc::new(Parts {
            access,
            schema,
            guard,
            database,
            options,
            live,
            results,
            life,
            metrics,
            rates,
        }))
    }
}

/// Takes the address, so that nothing else is begun when it cannot be had.
pub async fn listen(options: &Options) -> Result<TcpListener, Error> {
    bind(&options.listen).await
}

async fn bind(address: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|why| Error::input(format!("cannot listen on {address}: {why}")))
}

/// Serves until `shutdown` is done, then finishes the requests under way and ends those that would
/// go on. What must be done `first`, before anything is asked, is done meanwhile: health is told
/// from the beginning, and questions are refused until then.
///
/// Boxed on all sides, so that the layers are compiled here, and not again by whoever serves.
pub fn serve<'s>(
    listener: TcpListener,
    app: App,
    first: BoxFuture<'s, Result<(), Error>>,
    shutdown: BoxFuture<'s, ()>,
) -> BoxFuture<'s, Result<(), Error>> {
    serving(listener, app, first, shutdown).boxed()
}

async fn serving(
    listener: TcpListener,
    app: App,
    first: BoxFuture<'_, Result<(), Error>>,
    shutdown: BoxFuture<'_, ()>,
) -> Result<(), Error> {
    let parts = app.clone();
    let Parts { options, life, metrics, live, database, .. } = &*parts;
    let mut router = Router::new()
        .route(refusal::GRAPHQL, get(handler::graphql).post(handler::graphql))
        .route("/export/{name}", get(download::file))
        .route("/", get(playground::page))
        .route("/assets/{name}", get(playground::asset))
        .route("/plain", get(playground::plain))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready));
    // What is served beside ends with this.
    let mut beside = JoinSet::new();
    match &options.metrics {
        MetricsAt::Here => router = router.route("/metrics", get(metrics::told_to_readers)),
        MetricsAt::Nowhere => {}
        MetricsAt::Address(address) => {
            let listener = bind(address).await?;
            let router =
                Router::new().route("/metrics", get(metrics::told)).with_state(app.clone());
            beside.spawn(async { axum::serve(listener, router).await });
        }
    }
    let router = router
        .fallback(async |uri: Uri| Refusal::not_found(uri.path()))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            Refusal::method(&method, uri.path())
        })
        .with_state(app);
    let router = layered(router, options, Arc::clone(metrics));
    let drained = async {
        shutdown.await;
        life.enter(Phase::Draining);
        sleep(Duration::from_secs(options.drain_delay.into())).await;
        live.stop();
    };
    let serving = connections::serve(listener, router, options, metrics.connections(), drained);
    let mut serving = pin!(serving);
    tokio::select! {
        biased;
        done = first => done?,
        () = &mut serving => return Ok(()),
    }
    let _following = event::follow(database).await?;
    life.enter(Phase::Ready);
    serving.await;
    live.farewell().await;
    Ok(())
}

/// What every request passes, whatever answers it, in this order. One layer of the router: each makes
/// copies of what it is around for every request.
pub fn layered(router: Router, options: &Options, metrics: Arc<Metrics>) -> Router {
    let slow = Duration::from_millis(options.slow_request.into());
    let observer = Observer { metrics, slow };
    let around = Arc::new(Around { observer, pages: options.cors.clone() });
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(around, around::answered))
        .option_layer(cors::layer(&options.cors))
        .layer(compression::layer())
        .layer(from_fn(panic::caught));
    router.layer(layers)
}
