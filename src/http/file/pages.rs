//! A file while it is sent: a page is read when the one before it is gone, so that no more than one
//! is held, however long the file is and however slowly its client reads.

use std::sync::Arc;

use async_graphql::{Response as Answer, ServerError};
use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures_util::{StreamExt, future, stream};

use super::{
    super::{App, execution, refusal::Refusal, reply::Reply, status},
    Rows,
};
use crate::{
    error::Error,
    graphql::{
        Checked, Export, Preferred, error,
        rows::{Json, write_data},
    },
};

/// What is still to be read and written.
pub(super) struct Pages {
    pub(super) app: App,
    pub(super) export: Export,
    pub(super) preferred: Preferred,
    /// The id of the request.
    pub(super) id: Arc<str>,
    pub(super) rows: Rows,
}

impl Pages {
    /// The file. Its first page is read before anything is sent.
    pub(super) async fn body(mut self) -> Result<Body, Reply> {
        let answer = self.execute(self.export.first()).await?;
        if !answer.errors.is_empty() {
            return Err(failed(answer.errors));
        }
        let (begin, next) = self.turn(&answer, true).map_err(|why| {
            tracing::error!(%why, "a file cannot begin");
            Refusal::failed()
        })?;
        if next.is_none() {
            return Ok(Body::from(begin));
        }
        let rest = stream::try_unfold((self, next), |(mut pages, next)| async {
            let Some(checked) = next else { return Ok(None) };
            let (part, next) = pages.read(checked).await.inspect_err(|why| {
                tracing::warn!(%why, "a file broke off");
            })?;
            Ok::<_, Error>(Some((part, (pages, next))))
        });
        let begin = stream::once(future::ready(Ok(begin)));
        Ok(Body::from_stream(begin.chain(rest)))
    }

    /// The part of the file that the next page is, and the page after it.
    async fn read(&mut self, checked: Checked) -> Result<(Bytes, Option<Checked>), Error> {
        let answer = self.execute(checked).await;
        let answer = answer.map_err(|refusal| Error::internal(format!("{refusal:?}")))?;
        match answer.errors.first() {
            Some(error) => Err(Error::internal(&error.message)),
            None => self.turn(&answer, false),
        }
    }

    fn turn(&mut self, answer: &Answer, first: bool) -> Result<(Bytes, Option<Checked>), Error> {
        let data = write_data(&answer.data);
        let data = Json::read(&data)?;
        Ok((self.rows.write(&data, first)?.into(), self.export.after(&data)?))
    }

    async fn execute(&self, mut checked: Checked) -> Result<Answer, Refusal> {
        checked.request = checked.request.data(self.preferred.clone());
        let (answer, _) = execution::execute(&self.app, checked, Arc::clone(&self.id)).await?;
        Ok(answer)
    }
}

/// An answer with errors is no file, for a file could not tell of them.
fn failed(errors: Vec<ServerError>) -> Reply {
    let codes = errors.iter().filter_map(error::code);
    let most = codes.map(status::of).max().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply::Refused(errors, most)
}
