//! The schema on the wire. Only this floor knows axum.

mod accept_language;
mod handler;
mod health;
mod playground;

use std::future::Future;

use axum::{Router, routing::get};
use tokio::net::TcpListener;

use crate::{database::Database, error::Error, graphql::Schema};

/// Where the server listens.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP")]
#[group(skip)]
pub struct Options {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, env = "HUTONG_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    #[arg(default_value = "127.0.0.1:8000")]
    pub listen: String,
}

/// What every request is answered with.
#[derive(Clone)]
pub struct App {
    /// The schema.
    pub schema: Schema,
    /// The data.
    pub database: Database,
}

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
    let router = Router::new()
        .route("/", get(playground::page))
        .route("/graphql", get(handler::graphql).post(handler::graphql))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(app);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await.map_err(Error::internal)
}
