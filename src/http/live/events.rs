//! Server-sent events: one operation on a connection of its own (the protocol of `graphql-sse`).

use std::convert::Infallible;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{
    super::{App, admission::Admitted, handler, negotiation, refusal::Refusal},
    Place, QUEUE,
    question::{Answer, Question},
};
use crate::graphql::{Asked, Checked, Code, Preferred, error};

/// Keeps nginx from waiting for more before it passes events on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How an operation ended.
enum Ended {
    /// There is nothing more to tell.
    Complete,
    /// The client does not take its answers.
    Slow,
    /// The client's token is worth nothing any more.
    Lapsed,
    /// The server ends. Nothing is said: a client that hears no `complete` asks again elsewhere.
    Stopped,
}

/// A sign of life: a comment, which clients pass over.
const ALIVE: &str = ":\n\n";

/// Answers a question with a stream of events.
pub(in crate::http) fn events(
    app: &App,
    id: &str,
    admitted: Admitted,
    asked: Asked,
    method: &Method,
    preferred: Preferred,
) -> Result<Response, Refusal> {
    let question = Question::new(asked, preferred, id);
    let checked = question.check(app);
    if let Ok(Checked { operation: operation @ OperationType::Mutation, .. }) = &checked
        && method == Method::GET
    {
        return Err(Refusal::not_by_get(operation));
    }
    let place = app.live.place()?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    let mut task = JoinSet::new();
    let control = if admitted.has_token() { "private, no-cache" } else { "no-cache" };
    task.spawn(answer(app.clone(), admitted, question, checked, queue, place));
    let keep_alive = app.live.keep_alive();
    let events = stream::unfold((waiting, task), move |(mut waiting, mut task)| async move {
        let events = match timeout(keep_alive, waiting.recv()).await {
            Ok(Some(event)) => event,
            Ok(None) => farewell(&task.join_next().await?.ok()?)?,
            Err(_) => ALIVE.to_owned(),
        };
        Some((Ok::<String, Infallible>(events), (waiting, task)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(negotiation::EVENTS)),
        (header::CACHE_CONTROL, HeaderValue::from_static(control)),
        (header::VARY, handler::VARY),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Answers the operation into the queue, to its end, which frees its place.
async fn answer(
    app: App,
    admitted: Admitted,
    question: Question,
    checked: Result<Checked, Answer>,
    queue: mpsc::Sender<String>,
    _place: Place,
) -> Ended {
    let mut answers = question.answers(&app, checked);
    let mut stopped = std::pin::pin!(app.live.stopped());
    let mut lapsed = std::pin::pin!(admitted.lapse(&app));
    loop {
        let answer = tokio::select! {
            answer = answers.next() => answer,
            () = &mut stopped => return Ended::Stopped,
            () = &mut lapsed => return Ended::Lapsed,
        };
        let Some(answer) = answer else { return Ended::Complete };
        let last = matches!(answer, Answer::Refused(_));
        if queue.send_timeout(next(&answer), app.live.patience()).await.is_err() {
            return Ended::Slow;
        }
        if last {
            return Ended::Complete;
        }
    }
}

/// An answer as an event. JSON has no line breaks.
fn next(answer: &Answer) -> String {
    match answer {
        Answer::Next(response) => format!("event: next\ndata: {response}\n\n"),
        Answer::Refused(errors) => format!("event: next\ndata: {{\"errors\":{errors}}}\n\n"),
    }
}

/// The last events of an operation.
fn farewell(ended: &Ended) -> Option<String> {
    const COMPLETE: &str = "event: complete\ndata:\n\n";
    match ended {
        Ended::Complete => Some(COMPLETE.to_owned()),
        Ended::Slow => {
            let message = "the answers are not taken; ask again".to_owned();
            let slow = error::refused(Code::SlowConsumer, message);
            Some(next(&Answer::refused(&[slow])) + COMPLETE)
        }
        Ended::Lapsed => {
            let refused: Answer = Refusal::lapsed().into();
            Some(next(&refused) + COMPLETE)
        }
        Ended::Stopped => None,
    }
}
