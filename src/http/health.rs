//! Whether the server lives, and whether requests should be sent to it.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{App, life::Phase};
use crate::{database::Database, error::Error};

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
        Phase::Ready => return answers(&app.database).await,
    };
    unready(phase.into(), reason)
}

/// Whether the database can be read, and written to.
async fn answers(database: &Database) -> (StatusCode, Json<Value>) {
    if let Err(why) = database.ping().await {
        tracing::warn!(%why, "the database does not answer");
        return unready("unanswered", "the database does not answer");
    }
    match database.check_writable().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(Error::Unwritable(why)) => unready("unwritable", why),
        Err(why) => {
            tracing::warn!(%why, "the database cannot be written to");
            unready("unwritable", "the database cannot be written to")
        }
    }
}

fn unready(status: &'static str, reason: &'static str) -> (StatusCode, Json<Value>) {
    let told = json!({ "status": status, "reason": reason });
    (StatusCode::SERVICE_UNAVAILABLE, Json(told))
}
