//! Answers as files: CSV for spreadsheets, NDJSON for programs.
//!
//! A file is whole or it is not there: whatever goes wrong before its first byte is an answer in
//! JSON, and whatever goes wrong later breaks the connection.

mod csv;
mod ndjson;
mod pages;
mod table;

use async_graphql::{ServerError, parser::types::OperationType};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use self::{csv::Csv, ndjson::Ndjson, pages::Pages};
use super::{App, negotiation::Media, refusal::Refusal, reply::Reply};
use crate::{
    error::Error,
    graphql::{Asked, Preferred, Shape, rows::Json},
};

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows of cells (RFC 4180).
    Csv {
        /// Whether it begins with the mark by which spreadsheets know UTF-8.
        mark: bool,
    },
    /// A JSON object on each line.
    Ndjson,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv { .. } => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
        })
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// The longest name of a file, without its ending.
const LONGEST_NAME: usize = 100;

/// Answers one question with a file.
pub(super) async fn answer(
    app: &App,
    id: &str,
    asked: Asked,
    preferred: Preferred,
    form: Form,
) -> Result<Response, Reply> {
    if asked.explain() {
        return Err(Refusal::no_explanation().of(id).into());
    }
    let refused = |errors| Reply::refused(errors, Media::File(form));
    let export = app.guard.export(asked).map_err(refused)?;
    if export.operation != OperationType::Query {
        return Err(Refusal::no_file_of(export.operation).of(id).into());
    }
    let rows = Rows::new(form, &export.shape).map_err(|error| refused(vec![error]))?;
    let name: String = export.name.chars().take(LONGEST_NAME).collect();
    let disposition = format!("attachment; filename=\"{name}.{}\"", form.ending());
    let pages = Pages { app: app.clone(), export, preferred, id: id.into(), rows };
    let body = pages.body().await?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, form.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = disposition.parse().ok();
    headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
    Ok(response)
}

/// The rows of an answer in the form of a file.
enum Rows {
    Csv(Csv),
    Ndjson(Ndjson),
}

impl Rows {
    fn new(form: Form, shape: &Shape) -> Result<Self, ServerError> {
        Ok(match form {
            Form::Csv { mark } => Self::Csv(Csv::new(shape, mark)?),
            Form::Ndjson => Self::Ndjson(Ndjson::new(shape)?),
        })
    }

    /// The part of the file that a page's data are; of the first page what comes before, too.
    fn write(&self, data: &Json<'_>, first: bool) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv(csv) => csv.write(data, first),
            Self::Ndjson(ndjson) => ndjson.write(data),
        }
    }
}

/// What keys lead to; none where that is null.
fn at<'v, 'a>(value: &'v Json<'a>, path: &[async_graphql::Name]) -> Option<&'v Json<'a>> {
    let found = path.iter().try_fold(value, |value, key| value.field(key));
    found.filter(|value| !matches!(value, Json::Null))
}
