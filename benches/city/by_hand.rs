//! The other side: what the questions' hand-written statements return, and nothing more: the least
//! that an answer from this database can cost.

use std::sync::Mutex;

use axum::{Router, extract::Path as Number, http::StatusCode, routing::post};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{measure::Failure, questions::Question, route};

/// Runs the hand-written statements, prepared once on each connection.
pub(crate) enum Runner {
    /// The path of the file, and the connections that are free.
    Sqlite(String, Mutex<Vec<rusqlite::Connection>>),
    Postgres(sea_orm::DatabaseConnection),
}

impl Runner {
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        Ok(match url.strip_prefix("sqlite://") {
            Some(path) => Self::Sqlite(path.to_owned(), Mutex::default()),
            None => {
                let mut connect = sea_orm::ConnectOptions::new(url);
                connect.max_connections(5).sqlx_logging(false);
                Self::Postgres(sea_orm::Database::connect(connect).await?)
            }
        })
    }

    pub(crate) async fn run(&'static self, sql: String) -> Result<String, Failure> {
        match self {
            Self::Sqlite(path, free) => {
                tokio::task::spawn_blocking(move || {
                    let mine = free.lock().ok().and_then(|mut free| free.pop());
                    let connection = match mine {
                        Some(connection) => connection,
                        None => {
                            let connection = rusqlite::Connection::open(path)?;
                            connection.pragma_update(None, "mmap_size", 1_073_741_824)?;
                            connection.pragma_update(None, "cache_size", -65_536)?;
                            connection
                        }
                    };
                    let text = connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
                    if let Ok(mut free) = free.lock() {
                        free.push(connection);
                    }
                    Ok(text)
                })
                .await?
            }
            Self::Postgres(connection) => {
                let statement = Statement::from_string(DbBackend::Postgres, sql);
                let row = connection.query_one_raw(statement).await?.ok_or("no answer")?;
                Ok(row.try_get_by_index(0)?)
            }
        }
    }
}

/// Starts a server that answers `POST /number` with what the statement of that question returns.
pub(crate) async fn serve(
    runner: &'static Runner,
    questions: &[Question],
) -> Result<String, Failure> {
    let sql: Vec<String> = questions.iter().map(|question| question.sql.clone()).collect();
    let answer = move |sql: String| async move {
        runner.run(sql).await.map_err(|why| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))
    };
    let numbered = post(move |Number(number): Number<usize>| {
        answer(sql.get(number).cloned().unwrap_or_default())
    });
    route(Router::new().route("/{number}", numbered)).await
}
