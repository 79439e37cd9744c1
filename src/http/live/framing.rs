//! How answers follow each other in the body of a response: as server-sent events (the protocol of
//! `graphql-sse`), or as parts of one message (Apollo's protocol for subscriptions over HTTP).

use super::{super::negotiation::Range, question::Answer};

/// How answers follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Framing {
    /// Each answer is an event.
    Events,
    /// Each answer is a part. After a part comes the boundary at once, for it is what tells clients
    /// that the part is whole.
    Parts,
}

impl Framing {
    /// The one that a client names.
    pub(in crate::http) fn named(range: &Range<'_>) -> Option<Self> {
        let framing = [Self::Events, Self::Parts]
            .into_iter()
            .find(|framing| range.name.eq_ignore_ascii_case(framing.media_type()))?;
        // Parts are also how Apollo's clients take what is deferred, which is another protocol.
        let known = framing == Self::Events || range.parameter("subscriptionSpec") == Some("1.0");
        known.then_some(framing)
    }

    /// The form's name.
    pub(in crate::http) fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Parts => "multipart/mixed",
        }
    }

    /// The same as a response says it.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Events => self.media_type(),
            Self::Parts => "multipart/mixed;boundary=\"graphql\"",
        }
    }

    /// What stands before the first answer.
    pub(super) fn opening(self) -> Option<String> {
        match self {
            Self::Events => None,
            Self::Parts => Some("\r\n--graphql".to_owned()),
        }
    }

    /// Keeps the connection alive; clients pass it over.
    pub(super) fn keep_alive(self) -> String {
        match self {
            Self::Events => ":\n\n".to_owned(),
            Self::Parts => part("{}"),
        }
    }

    /// An answer, with the cursor of what it tells as the id of its event. JSON has no line breaks.
    pub(super) fn next(self, answer: &Answer, cursor: Option<&str>) -> String {
        match (self, answer) {
            (Self::Events, Answer::Next(response)) => match cursor {
                Some(cursor) => format!("id: {cursor}\n{}", event(response)),
                None => event(response),
            },
            (Self::Events, Answer::Refused(errors)) => event(&format!(r#"{{"errors":{errors}}}"#)),
            (Self::Parts, Answer::Next(response)) => part(&format!(r#"{{"payload":{response}}}"#)),
            (Self::Parts, Answer::Refused(errors)) => {
                part(&format!(r#"{{"payload":{{"errors":{errors}}}}}"#))
            }
        }
    }

    /// The errors for which an operation ends before its last answer.
    pub(super) fn failure(self, errors: &str) -> String {
        match self {
            Self::Events => event(&format!(r#"{{"errors":{errors}}}"#)),
            Self::Parts => part(&format!(r#"{{"payload":null,"errors":{errors}}}"#)),
        }
    }

    /// The end of an operation.
    pub(super) fn complete(self) -> &'static str {
        match self {
            Self::Events => "event: complete\ndata:\n\n",
            // The boundary is there already.
            Self::Parts => "--\r\n",
        }
    }
}

/// The id of the event before the first one: clients keep it, and tell of nothing.
pub(super) fn id(cursor: &str) -> String {
    format!("id: {cursor}\n\n")
}

fn event(json: &str) -> String {
    format!("event: next\ndata: {json}\n\n")
}

fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}
