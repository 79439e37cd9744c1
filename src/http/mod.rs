//! The schema on the wire. Only this floor knows axum.

mod accept_language;
mod connections;
mod cors;
mod deadline;
mod encoding;
mod file;
mod handler;
mod health;
mod negotiation;
mod playground;
mod refusal;
mod reply;
mod request;

use std::{any::Any, future::Future, sync::Arc};

use axum::{
    Router,
    http::{Method, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate, SizeAbove},
    },
};

use self::refusal::Refusal;
use crate::{
    database::Database,
    error::Error,
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
    /// The most connections at once; others wait
    #[arg(long, env = "HUTONG_CONNECTION_MAX", value_name = "CONNECTIONS", global = true)]
    #[arg(default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connection_max: u32,
    /// The most requests in one, as a JSON list; 0 takes none
    #[arg(long, env = "HUTONG_BATCH_MAX", value_name = "REQUESTS", global = true)]
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub batch_max: u32,
    /// The origins whose pages may read answers, with commas between them, or `*` for every page
    #[arg(long, env = "HUTONG_CORS_ORIGIN", value_name = "ORIGINS", global = true)]
    #[arg(value_delimiter = ',', value_parser = cors::origin)]
    pub cors_origin: Vec<String>,
}

/// What every request is answered with.
#[derive(Clone)]
pub struct App {
    /// The schema.
    pub schema: Schema,
    /// What stands before it.
    pub guard: Arc<Guard>,
    /// The data.
    pub database: Database,
    /// What is taken.
    pub options: Arc<Options>,
}

/// The smallest answer that is compressed: a smaller one fits into one packet as it is.
const COMPRESSED_FROM: u16 = 1024;

/// Takes the address, so that nothing else is begun when it cannot be had.
pub async fn listen(options: &Options) -> Result<TcpListener, Error> {
    let address = &options.listen;
    TcpListener::bind(address)
        .await
        .map_err(|why| Error::input(format!("cannot listen on {address}: {why}")))
}

/// Serves until `shutdown` is done, then finishes the requests under way.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let options = Arc::clone(&app.options);
    let compressed = DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_FROM));
    let router = Router::new()
        .route("/", get(playground::page))
        .route("/assets/{name}", get(playground::asset))
        .route("/plain", get(playground::plain))
        .route("/graphql", get(handler::graphql).post(handler::graphql))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(async |uri: Uri| Refusal::not_found(uri.path()))
        .method_not_allowed_fallback(async |method: Method| Refusal::method(&method))
        .with_state(app)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().compress_when(compressed));
    let router = match &options.cors_origin[..] {
        [] => router,
        origins => router.layer(cors::layer(origins)),
    };
    connections::serve(listener, router, &options, shutdown).await;
    Ok(())
}

/// A panic is ours, and ends its request alone.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
fn panicked(why: Box<dyn Any + Send>) -> Response {
    let why =
        why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref().copied());
    tracing::error!(why, "a request panicked");
    Refusal::failed().into_response()
}
