//! The execution of what the guard let through, within the time a request may take.

use std::sync::{Arc, atomic::Ordering::SeqCst};

use async_graphql::Response as Answer;

use super::{App, deadline, outcome, refusal::Refusal, spans::Spans};
use crate::graphql::{self, Checked, Code};

/// How many characters of an operation's name are told, which is as long as whoever wrote it likes.
const LONGEST_NAME: usize = 100;

/// The name of what is executed, as it is told of it.
pub(super) fn name(checked: &Checked) -> Option<String> {
    checked.name.as_deref().map(|name| format!("{name:.LONGEST_NAME$}"))
}

/// Executes a request with an id. Returns the answer, and how many SQL statements it took. Of a
/// mutation whose time is over once it is being kept nobody knows whether it was.
pub(super) async fn execute(
    app: &App,
    checked: Checked,
    id: Arc<str>,
) -> Result<(Answer, usize), Refusal> {
    let spans = Spans::of_operation(name(&checked).as_deref(), outcome::word(checked.operation));
    let (schema, database) = (app.schema.clone(), app.database.clone());
    let (seconds, committing) = (app.options.request_timeout, Arc::clone(&checked.committing));
    let executed = async move { graphql::execute(&schema, &database, checked, &id).await };
    let within = deadline::within(seconds, spans.around(executed));
    spans.around(within).await.map_err(|refusal| {
        match refusal.code() == Code::Timeout && committing.load(SeqCst) {
            true => Refusal::outcome_unknown(seconds),
            false => refusal,
        }
    })
}
