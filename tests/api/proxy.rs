//! A proxy before PostgreSQL that passes on what a test lets it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::server::Store;

/// What was read on a connection, which has a number from 0.
pub(crate) enum Piece<'p> {
    /// From who asks.
    Sent(usize, &'p [u8]),
    /// From the database.
    Answered(usize),
}

/// What becomes of a piece.
pub(crate) enum Fate {
    /// It is passed on.
    Passed,
    /// It is lost, without a word.
    Lost,
    /// It is lost, and the connection is closed.
    Cut,
    /// It arrives, and the connection is closed once it is answered.
    Delivered,
}

/// Starts one before the database of a store: where that is for those who go through it.
pub(crate) async fn start(
    store: &Store,
    fate: impl Fn(Piece<'_>) -> Fate + Send + Sync + 'static,
) -> String {
    let upstream = store.url.split(['@', '/']).nth(3).unwrap().to_owned();
    let address = start_before(Arc::new(Mutex::new(upstream.clone())), fate).await;
    store.url.replace(&upstream, &address)
}

/// Starts one before whatever is at an address, which may become another one: where it is.
pub(crate) async fn start_before(
    upstream: Arc<Mutex<String>>,
    fate: impl Fn(Piece<'_>) -> Fate + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let fate = Arc::new(fate);
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((client, _)) = listener.accept().await else { return };
            let upstream = upstream.lock().unwrap().clone();
            // Where nobody answers there, nobody does here.
            let Ok(server) = TcpStream::connect(&upstream).await else { continue };
            let fate = Arc::clone(&fate);
            tokio::spawn(async move { pass(number, client, server, &*fate).await });
        }
    });
    address
}

async fn pass(
    number: usize,
    mut client: TcpStream,
    mut server: TcpStream,
    fate: impl Fn(Piece<'_>) -> Fate,
) {
    let (mut sent, mut answered) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut sent) => {
                let Ok(length @ 1..) = read else { return };
                match fate(Piece::Sent(number, &sent[..length])) {
                    Fate::Passed => drop(server.write_all(&sent[..length]).await),
                    Fate::Lost => {}
                    Fate::Cut => return,
                    Fate::Delivered => {
                        let _ = server.write_all(&sent[..length]).await;
                        // What was delivered is done before the server notices.
                        let _ = server.read(&mut answered).await;
                        return;
                    }
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if let Fate::Passed = fate(Piece::Answered(number)) {
                    let _ = client.write_all(&answered[..length]).await;
                }
            }
        }
    }
}
