//! Whether the server lives, and whether it can answer.

use axum::{extract::State, http::StatusCode};

use super::App;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// The database answers too: send requests here.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.database.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(why) => {
            tracing::warn!(%why, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
