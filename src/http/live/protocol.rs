//! The messages of `graphql-transport-ws`, and why a WebSocket is closed.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, close_code};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{
    super::{admission, refusal::Refusal},
    question::Answer,
};
use crate::graphql::{Asked, Code};

/// The name the protocol goes by in the opening of a WebSocket.
pub(super) const NAME: &str = "graphql-transport-ws";

/// Why a WebSocket is closed. The codes are the protocol's, but for [`Close::SLOW`], which is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    code: u16,
    reason: String,
}

impl Close {
    /// The server ends; connect again.
    pub(super) fn away() -> Self {
        Self::new(close_code::AWAY, "The server ends; connect again")
    }

    pub(super) fn too_large(most: u32) -> Self {
        Self::new(close_code::SIZE, format!("A message may have {most} bytes"))
    }

    pub(super) fn malformed(why: &str) -> Self {
        Self::new(4400, format!("Invalid message: {why}"))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn too_late() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub(super) fn taken(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    pub(super) fn begun_twice() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// The code for a client that does not take its answers.
    const SLOW: u16 = 4420;

    pub(super) fn slow() -> Self {
        Self::new(Self::SLOW, "Slow consumer: answers are not taken")
    }

    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl Close {
    /// The client is not let in, or not any more.
    pub(super) fn of(refusal: &Refusal) -> Self {
        match refusal.code() {
            Code::Unauthenticated | Code::OriginNotAllowed => {
                Self::new(4403, format!("Forbidden: {}", refusal.message()))
            }
            Code::RateLimited => Self::new(close_code::AGAIN, refusal.message()),
            _ => Self::new(close_code::ERROR, refusal.message()),
        }
    }
}

/// The most bytes a reason may have (RFC 6455).
const LONGEST_REASON: usize = 123;

impl From<Close> for Message {
    fn from(Close { code, mut reason }: Close) -> Self {
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        Self::Close(Some(CloseFrame { code, reason: reason.into() }))
    }
}

/// A message from the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Incoming {
    ConnectionInit {
        payload: Option<Map<String, Json>>,
    },
    Ping {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Json>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Json>>,
    },
    Subscribe {
        id: Id,
        payload: Box<Asked>,
    },
    Complete {
        id: Id,
    },
}

/// The name of an operation, which the client chose: any text but none.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Id(pub(super) String);

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, &'static str> {
        if id.is_empty() { Err("`id` is empty") } else { Ok(Self(id)) }
    }
}

/// Reads a message; fails with why it is none.
pub(super) fn read(text: &str) -> Result<Incoming, String> {
    match serde_json::from_str(text).map_err(|why| why.to_string())? {
        Incoming::Subscribe { payload, .. } if payload.is_blank() => {
            Err("`payload` has no `query`".to_owned())
        }
        message => Ok(message),
    }
}

/// The token of a `connection_init`: in `Authorization`, as in the header of that name, or bare in
/// `token`.
pub(super) fn token(payload: Option<Map<String, Json>>) -> Result<Option<Arc<str>>, Refusal> {
    let Some((name, value)) = payload.into_iter().flatten().find(|(name, value)| {
        let names = ["authorization", "token"];
        names.iter().any(|known| name.eq_ignore_ascii_case(known)) && !value.is_null()
    }) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or_else(Refusal::no_bearer)?;
    match name.eq_ignore_ascii_case("token") {
        true => Ok(Some(text.into())),
        false => admission::token(text).map(Some).ok_or_else(Refusal::no_bearer),
    }
}

/// The client may ask now.
pub(super) fn acknowledged() -> Message {
    Message::text(r#"{"type":"connection_ack"}"#)
}

/// The answer to a ping.
pub(super) fn pong() -> Message {
    Message::text(r#"{"type":"pong"}"#)
}

/// An answer to an operation.
pub(super) fn told(id: &str, answer: &Answer) -> Message {
    let (kind, payload) = match answer {
        Answer::Next(payload) => ("next", payload),
        Answer::Refused(payload) => ("error", payload),
    };
    Message::text(format!(r#"{{"id":{},"type":"{kind}","payload":{payload}}}"#, json(&id)))
}

/// The last message of an operation that was not refused.
pub(super) fn complete(id: &str) -> Message {
    Message::text(format!(r#"{{"id":{},"type":"complete"}}"#, json(&id)))
}

/// As JSON, which everything that is sent can be written as.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
