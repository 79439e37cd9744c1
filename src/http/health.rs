//! Whether the server lives, and whether requests should be sent to it.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{App, life::Phase};

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// The server is ready and its database answers: send requests here.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let phase = app.life.phase();
    let reason = match phase {
        Phase::Starting => "the server is starting",
        Phase::Migrating => "the server brings the database's tables up to date",
        Phase::Loading => "the server loads data into an empty database",
        Phase::Draining => "the server is asked to stop, and finishes what is under way",
        Phase::Ready => match app.database.ping().await {
            Ok(()) => return (StatusCode::OK, Json(json!({ "status": "ready" }))),
            Err(why) => {
                tracing::warn!(%why, "the database does not answer");
                return unready("unanswered", "the database does not answer");
            }
        },
    };
    unready(phase.into(), reason)
}

fn unready(status: &'static str, reason: &'static str) -> (StatusCode, Json<Value>) {
    let told = json!({ "status": status, "reason": reason });
    (StatusCode::SERVICE_UNAVAILABLE, Json(told))
}
