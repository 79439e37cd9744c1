//! A client of WebSockets that does what a test says, also what it should not.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::{Server, wait};

pub(crate) const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

/// A client that sends and receives what a test says.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a WebSocket with these headers.
    pub(crate) async fn open(
        server: &Server,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        Self::open_at(&server.address.to_string(), headers).await
    }

    /// The same with a server at this address.
    pub(crate) async fn open_at(
        address: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let address = format!("ws://{address}/graphql");
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// Opens a WebSocket of the protocol.
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::open(server, &[PROTOCOL]).await.unwrap()
    }

    /// The same, ready for operations.
    pub(crate) async fn begin(server: &Server) -> Self {
        let mut socket = Self::connect(server).await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next message.
    pub(crate) async fn receive(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The next message, or the code and the reason with which the server closes it.
    pub(crate) async fn message(&mut self) -> Result<Value, (u16, String)> {
        match self.next().await {
            Message::Text(text) => Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(Some(frame)) => Err((frame.code.into(), frame.reason.to_string())),
            other => panic!("{other:?}"),
        }
    }

    /// The data of the next answer to an operation.
    pub(crate) async fn data(&mut self, id: &str) -> Value {
        let message = self.receive().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].clone()
    }

    /// The code and the reason with which the server closes it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(frame)) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("{other:?}"),
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            let next = timeout(Duration::from_secs(20), self.0.next()).await;
            match next.expect("nothing comes").expect("it has ended").unwrap() {
                Message::Ping(_) => {}
                message => return message,
            }
        }
    }

    /// Nothing comes for a while.
    pub(crate) async fn is_silent(&mut self) {
        if let Ok(message) = timeout(Duration::from_millis(700), self.next()).await {
            panic!("{message:?}");
        }
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    wait::until(what, async || holds()).await;
}
