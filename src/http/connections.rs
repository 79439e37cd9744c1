//! Connections: how many there are at once, and how long each may take to say something.

use std::{future::Future, io::ErrorKind, pin::pin, sync::Arc, time::Duration};

use axum::{Router, http::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_io_timeout::TimeoutStream;
use tower::util::MapRequest;

use super::{Options, admission::Peer};

/// How long nothing is accepted after the system had no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers every connection until `shutdown` is done, then finishes the requests under way.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    options: &Options,
    open: &Gauge,
    shutdown: impl Future<Output = ()>,
) {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1()
        .timer(TokioTimer::new())
        // For WebSockets, which answer in the client's spelling.
        .preserve_header_case(true)
        .header_read_timeout(Duration::from_secs(options.read_timeout.into()));
    let write_timeout = Duration::from_secs(options.write_timeout.into());
    let room = Arc::new(Semaphore::new(usize::try_from(options.connection_max).unwrap_or(1)));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&room).acquire_owned().await.ok();
            (accept(&listener).await, place)
        };
        let ((stream, peer), place) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(write_timeout));
        let service = MapRequest::new(router.clone(), move |mut request: Request<_>| {
            request.extensions_mut().insert(peer);
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let connection = graceful.watch(connection.into_owned());
        open.inc();
        let open = open.clone();
        tokio::spawn(async move {
            // A client that leaves, or does not speak HTTP, is no failure.
            if let Err(why) = connection.await {
                tracing::debug!(%why, "a connection ended");
            }
            open.dec();
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The next connection. One that is gone before it is accepted is passed over; where there is no
/// room for another, some will end.
async fn accept(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: nothing is gained by waiting for more to send.
                let _ = stream.set_nodelay(true);
                return (stream, Peer(peer.ip()));
            }
            Err(why) => match why.kind() {
                ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset => {}
                _ => {
                    tracing::error!(%why, "cannot accept a connection");
                    sleep(PAUSE).await;
                }
            },
        }
    }
}
