//! What is asked, and the answers to it as they come.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use futures_util::{FutureExt, Stream, StreamExt, stream, stream::BoxStream};

use super::{
    super::{App, execution, refusal::Refusal},
    protocol, shared,
};
use crate::{
    access::Viewer,
    event,
    graphql::{self, Arrival, Asked, Checked, Position, Preferred, rows::write_response},
};

/// A question, which is checked anew each time it is answered.
#[derive(Debug, Clone)]
pub(in crate::http) struct Question {
    asked: Asked,
    preferred: Preferred,
    /// The id of the request that it came with.
    id: Arc<str>,
    /// The cursor of the last event that the client had before.
    last_event: Option<String>,
    /// How far its subscription has come, where that is told beside the events.
    position: Option<Arc<Position>>,
}

/// What tells one question from another: those with equal keys have equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The text itself, however it was named.
    document: String,
    operation_name: Option<String>,
    /// As JSON.
    variables: String,
    preferred: Preferred,
    /// Who asks decides what they see.
    pub(super) viewer: Viewer,
}

/// An answer, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The result of an execution.
    Next(Arc<str>),
    /// The errors for which nothing is executed; the last answer.
    Refused(Arc<str>),
}

impl Question {
    pub(in crate::http) fn new(asked: Asked, preferred: Preferred, id: &str) -> Self {
        Self { asked, preferred, id: id.into(), last_event: None, position: None }
    }

    /// The same for a stream that tells its position, and goes on after the last event that the
    /// client had, if it had one.
    pub(in crate::http) fn resumable(self, last_event: Option<String>) -> Self {
        Self { last_event, position: Some(Arc::default()), ..self }
    }

    /// How far its subscription has come.
    pub(super) fn position(&self) -> Option<Arc<Position>> {
        self.position.clone()
    }

    /// What may be executed of it, or the answer that it is refused.
    pub(super) async fn check(&self, app: &App) -> Result<Checked, Answer> {
        let mut checked = app.guard.check(&self.asked).map_err(|why| Answer::refused(&why))?;
        // What was written before it came is no news to it.
        let revision = event::current(&app.database).await;
        let arrival = Arrival {
            revision: revision.unwrap_or_else(|_| app.database.revision()),
            last_event: self.last_event.clone(),
            position: self.position.clone(),
        };
        checked.request = checked.request.data(self.preferred.clone()).data(arrival);
        Ok(checked)
    }

    /// The answers once it was checked: one, or more as the data change. They stop when this is
    /// dropped.
    pub(super) fn answers(
        self,
        app: &App,
        checked: Result<Checked, Answer>,
    ) -> BoxStream<'static, Answer> {
        match checked {
            Err(refused) => stream::iter([refused]).boxed(),
            Ok(checked) if checked.operation == OperationType::Subscription => {
                events(app, checked, self.id).boxed()
            }
            Ok(checked) if checked.live => {
                let reached = shared::reached(app, &checked.viewer);
                let key = self.key(&checked);
                app.live.queries.join(app, key, self.naming(&checked), reached).boxed()
            }
            Ok(checked) => execute(app.clone(), checked, self.id).into_stream().boxed(),
        }
    }

    /// The same by the text of its document: other names of it may be forgotten.
    fn naming(self, checked: &Checked) -> Self {
        let query = Some(checked.request.query.clone());
        let asked = Asked { query, document_id: None, extensions: None, ..self.asked };
        Self { asked, ..self }
    }

    /// The answer now.
    pub(super) async fn execute(&self, app: &App) -> Answer {
        match self.check(app).await {
            Ok(checked) => execute(app.clone(), checked, Arc::clone(&self.id)).await,
            Err(refused) => refused,
        }
    }

    fn key(&self, checked: &Checked) -> Key {
        let request = &checked.request;
        Key {
            document: request.query.clone(),
            operation_name: request.operation_name.clone(),
            variables: protocol::json(&request.variables),
            preferred: self.preferred.clone(),
            viewer: self.asked.viewer.clone(),
        }
    }
}

async fn execute(app: App, checked: Checked, id: Arc<str>) -> Answer {
    match execution::execute(&app, checked, Arc::clone(&id)).await {
        Ok((answer, _)) => answer.into(),
        Err(refusal) => refusal.of(&id).into(),
    }
}

/// The answers of a subscription.
fn events(app: &App, checked: Checked, id: Arc<str>) -> impl Stream<Item = Answer> + Send + use<> {
    let limit = app.options.request_timeout;
    let patience = Duration::from_secs(limit.into());
    let answers =
        graphql::subscribe(&app.schema, &app.database, checked, patience, Arc::clone(&id));
    let answers = answers.map(move |answer| match answer {
        Ok((answer, _)) => Answer::from(answer),
        Err(_) => Refusal::timeout(limit).into(),
    });
    let answers = AssertUnwindSafe(answers).catch_unwind();
    answers.map(move |answer| answer.unwrap_or_else(|_| panicked(&id)))
}

/// A panic is ours, and ends its operation alone.
fn panicked(id: &str) -> Answer {
    tracing::error!(request_id = id, "a subscription panicked");
    Refusal::failed().of(id).into()
}

impl Answer {
    pub(super) fn refused(errors: &[ServerError]) -> Self {
        Self::Refused(protocol::json(&errors).into())
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let nowhere = |error: &ServerError| error.path.is_empty();
        if response.is_err() && response.errors.iter().all(nowhere) {
            Self::refused(&response.errors)
        } else {
            let mut json = Vec::new();
            write_response(&response, &mut json);
            // All that is written is text.
            Self::Next(String::from_utf8_lossy(&json).into())
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::refused(&[refusal.into()])
    }
}
