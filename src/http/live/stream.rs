//! One operation on a connection of its own, whose answers follow each other in the body of a
//! response.

use std::{convert::Infallible, future::pending};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{
    super::{App, admission::Admitted, refusal::Refusal, vary::VARY},
    Framing, Place, QUEUE, framing, protocol,
    question::{Answer, Question},
};
use crate::graphql::{Checked, Code, Position, error};

/// Keeps nginx from waiting for more before it passes answers on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How an operation ended.
enum Ended {
    /// There is nothing more to tell.
    Complete,
    /// The client does not take its answers.
    Slow,
    /// The client's token is worth nothing any more.
    Lapsed,
    /// The server ends. Nothing is said: a client that does not hear that the operation is complete
    /// asks again elsewhere.
    Stopped,
}

/// Answers a question with a stream of answers.
pub(in crate::http) async fn stream(
    app: &App,
    admitted: Admitted,
    question: Question,
    method: &Method,
    framing: Framing,
) -> Result<Response, Refusal> {
    let checked = question.check(app).await;
    if let Ok(Checked { operation: operation @ OperationType::Mutation, .. }) = &checked
        && method == Method::GET
    {
        return Err(Refusal::not_by_get(operation));
    }
    let place = app.live.place()?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    let mut task = JoinSet::new();
    let control = if admitted.has_token() { "private, no-cache" } else { "no-cache" };
    task.spawn(answer(app.clone(), admitted, question, checked, framing, queue, place));
    let keep_alive = app.live.keep_alive();
    let answers = stream::unfold((waiting, task), move |(mut waiting, mut task)| async move {
        let text = match timeout(keep_alive, waiting.recv()).await {
            Ok(Some(answer)) => answer,
            Ok(None) => farewell(framing, &task.join_next().await?.ok()?)?,
            Err(_) => framing.keep_alive(),
        };
        Some((text, (waiting, task)))
    });
    let body = stream::iter(framing.opening()).chain(answers).map(Ok::<String, Infallible>);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(framing.content_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static(control)),
        (header::VARY, VARY),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// What an operation has to tell.
enum Told {
    /// The cursor from which it goes on.
    Start(String),
    /// An answer, or that there are no more.
    Answer(Option<Answer>),
}

/// The cursor from which an operation goes on, once it is known.
async fn started(position: Option<&Position>) -> String {
    match position {
        Some(position) => position.start().await,
        None => pending().await,
    }
}

/// Answers the operation into the queue, to its end, which frees its place.
async fn answer(
    app: App,
    admitted: Admitted,
    question: Question,
    checked: Result<Checked, Answer>,
    framing: Framing,
    queue: mpsc::Sender<String>,
    _place: Place,
) -> Ended {
    let position = question.position();
    let mut start = std::pin::pin!(started(position.as_deref()));
    let mut answers = question.answers(&app, checked);
    let mut begun = false;
    let mut stopped = std::pin::pin!(app.live.stopped());
    let mut lapsed = std::pin::pin!(admitted.lapse(&app));
    loop {
        let told = tokio::select! {
            // The start is told before the first answer, or not at all.
            biased;
            () = &mut stopped => return Ended::Stopped,
            () = &mut lapsed => return Ended::Lapsed,
            cursor = &mut start, if !begun => Told::Start(cursor),
            answer = answers.next() => Told::Answer(answer),
        };
        begun = true;
        let (text, last) = match told {
            Told::Start(cursor) => (framing::id(&cursor), false),
            Told::Answer(None) => return Ended::Complete,
            Told::Answer(Some(answer)) => {
                let cursor = position.as_ref().and_then(|position| position.event());
                let last = matches!(answer, Answer::Refused(_));
                (framing.next(&answer, cursor.as_deref()), last)
            }
        };
        if queue.send_timeout(text, app.live.patience()).await.is_err() {
            return Ended::Slow;
        }
        if last {
            return Ended::Complete;
        }
    }
}

/// What is said last of an operation.
fn farewell(framing: Framing, ended: &Ended) -> Option<String> {
    let why = match ended {
        Ended::Complete => return Some(framing.complete().to_owned()),
        Ended::Slow => {
            let message = "the answers are not taken; ask again".to_owned();
            error::refused(Code::SlowConsumer, message)
        }
        Ended::Lapsed => Refusal::lapsed().into(),
        Ended::Stopped => return None,
    };
    Some(framing.failure(&protocol::json(&[why])) + framing.complete())
}
