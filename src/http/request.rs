//! What arrives, read as questions.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{Method, Uri, header},
};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    Options,
    encoding::{self, Encoding},
    negotiation,
    refusal::Refusal,
    upload,
};
use crate::{
    access::Viewer,
    graphql::{Asked, Code, Uploads},
};

/// What a client sent, whole.
pub(super) enum Sent {
    /// The parameters of an address.
    Parameters(Uri),
    /// JSON.
    Json(Bytes),
    /// A form with files.
    Form(Box<Asked>),
}

/// What a client asked: one question, or several in one.
pub(super) enum Question {
    /// One.
    One(Box<Asked>),
    /// Several, answered in their order.
    Batch(Vec<Asked>),
}

/// The parameters of a request by GET.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    document_id: Option<String>,
    extensions: Option<String>,
}

impl Question {
    /// Gives what is asked a key by which it may be sent again: of several, each one of its own.
    pub(super) fn give_key(&mut self, key: &Arc<str>) {
        match self {
            Self::One(asked) => asked.idempotency_key = Some(Arc::clone(key)),
            Self::Batch(several) => {
                for (place, asked) in several.iter_mut().enumerate() {
                    asked.idempotency_key = Some(format!("{key} {place}").into());
                }
            }
        }
    }
}

impl Sent {
    /// Takes a request by GET, HEAD or POST.
    pub(super) async fn take(
        request: Request,
        viewer: &Viewer,
        options: &Options,
    ) -> Result<Self, Refusal> {
        let form = match Form::of(&request, viewer) {
            Ok(form) => form,
            Err(refusal) => {
                refuse(request, options).await;
                return Err(refusal);
            }
        };
        let (head, mut body) = request.into_parts();
        let taken = match form {
            Form::Parameters => return Ok(Self::Parameters(head.uri)),
            Form::Json(encoding) => {
                let length = head.headers.get(header::CONTENT_LENGTH);
                let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
                Self::json(&mut body, length, encoding, options).await
            }
            Form::Parts(boundary) => Box::pin(Self::form(&mut body, boundary, options)).await,
        };
        if let Err(refusal) = &taken
            && refusal.code() != Code::RequestTimeout
        {
            discard_within(body, options).await;
        }
        taken
    }

    async fn json(
        body: &mut Body,
        length: Option<u64>,
        encoding: Encoding,
        options: &Options,
    ) -> Result<Self, Refusal> {
        let body = arrived(body, length, options).await?;
        if encoding == Encoding::Identity {
            return Ok(Self::Json(body));
        }
        inflated(&body, options).map(Self::Json)
    }

    async fn form(body: &mut Body, boundary: String, options: &Options) -> Result<Self, Refusal> {
        let (operations, uploads) = upload::read(body, boundary, options).await?;
        let asked: Asked = serde_json::from_value(operations).map_err(Refusal::malformed)?;
        Ok(Self::Form(Box::new(Asked { uploads, ..asked })))
    }

    /// What somebody asks by it.
    pub(super) fn read(self, viewer: &Viewer, batch_max: u32) -> Result<Question, Refusal> {
        let mut question = match self {
            Self::Parameters(address) => {
                Question::One(Box::new(from_address(address.query().unwrap_or(""))?))
            }
            Self::Json(body) => from_body(&body, batch_max)?,
            Self::Form(asked) => Question::One(asked),
        };
        let all = match &mut question {
            Question::One(asked) => std::slice::from_mut(&mut **asked),
            Question::Batch(several) => several,
        };
        all.iter_mut().for_each(|asked| asked.viewer = viewer.clone());
        Ok(question)
    }
}

/// How a request comes, by what its head says: whatever is refused by that is refused before
/// anything of the body is read.
enum Form {
    /// In the address.
    Parameters,
    /// As JSON, in this form.
    Json(Encoding),
    /// In parts with this boundary between them.
    Parts(String),
}

impl Form {
    fn of(request: &Request, viewer: &Viewer) -> Result<Self, Refusal> {
        if request.method() != Method::POST {
            return Ok(Self::Parameters);
        }
        let headers = request.headers();
        let encoding = encoding::of_body(headers)?;
        if negotiation::is_json(headers) {
            return Ok(Self::Json(encoding));
        }
        let boundary = upload::boundary(headers).ok_or_else(Refusal::not_json)?;
        upload::allow(headers, viewer)?;
        match encoding {
            Encoding::Identity => Ok(Self::Parts(boundary)),
            _ => Err(Refusal::encoding(Encoding::Identity.name())),
        }
    }
}

/// Takes the body of a request that is refused unread, so that its sender hears why. Who asks
/// before sending it (`Expect`) need not send it.
pub(super) async fn refuse(request: Request, options: &Options) {
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    discard_within(request.into_body(), options).await;
}

async fn discard_within(body: Body, options: &Options) {
    let patience = Duration::from_secs(options.read_timeout.into());
    // Whether all of it came in time does not matter.
    let _ = timeout(patience, discard(body)).await;
}

/// The body, whole, within the limits of size and time.
async fn arrived(
    body: &mut Body,
    length: Option<u64>,
    options: &Options,
) -> Result<Bytes, Refusal> {
    let most = usize::try_from(options.body_max).unwrap_or(usize::MAX);
    let patience = Duration::from_secs(options.read_timeout.into());
    if length.is_some_and(|length| length > options.body_max.into()) {
        return Err(Refusal::too_large(length, most));
    }
    let arrived = timeout(patience, Limited::new(body, most).collect()).await;
    let arrived = arrived.map_err(|_| Refusal::too_slow(options.read_timeout))?;
    arrived.map(Collected::to_bytes).map_err(|why| match why.is::<LengthLimitError>() {
        true => Refusal::too_large(None, most),
        false => Refusal::malformed(why),
    })
}

/// What a compressed body holds, within the limit of size: it is inflated no further than to see
/// that it holds more.
fn inflated(body: &[u8], options: &Options) -> Result<Bytes, Refusal> {
    let most = u64::from(options.body_max);
    let plain = encoding::inflate(body, most + 1)
        .map_err(|why| Refusal::malformed(format!("the body is no gzip: {why}")))?;
    match plain.len() as u64 > most {
        true => Err(Refusal::too_large(None, usize::try_from(most).unwrap_or(usize::MAX))),
        false => Ok(plain.into()),
    }
}

/// How much of a body that is refused is still taken from the client, in bytes.
const DISCARDED: usize = 8 << 20;

/// Takes what a client is still sending: a connection that is closed with bytes unread is reset,
/// and the answer is lost with it.
async fn discard(mut body: Body) {
    let mut left = DISCARDED;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn from_address(parameters: &str) -> Result<Asked, Refusal> {
    let given: Parameters = serde_urlencoded::from_str(parameters).map_err(Refusal::malformed)?;
    let wrong = |name: &'static str| move |why| Refusal::malformed(format!("`{name}`: {why}"));
    let variables = given.variables.as_deref().filter(|text| !text.is_empty());
    let variables = variables.map(Asked::read_variables).transpose();
    let extensions = given.extensions.as_deref().filter(|text| !text.is_empty());
    let extensions = extensions.map(serde_json::from_str).transpose();
    Ok(Asked {
        query: given.query,
        operation_name: given.operation_name,
        variables: variables.map_err(wrong("variables"))?.unwrap_or_default(),
        document_id: given.document_id,
        extensions: extensions.map_err(wrong("extensions"))?.unwrap_or_default(),
        viewer: Viewer::anyone(),
        uploads: Uploads::default(),
        idempotency_key: None,
    })
}

fn from_body(body: &[u8], batch_max: u32) -> Result<Question, Refusal> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'[') {
        let asked = serde_json::from_slice(body).map_err(Refusal::malformed)?;
        return Ok(Question::One(Box::new(asked)));
    }
    if batch_max == 0 {
        return Err(Refusal::batch(0, 0));
    }
    let asked: Vec<Asked> = serde_json::from_slice(body).map_err(Refusal::malformed)?;
    let most = usize::try_from(batch_max).unwrap_or(usize::MAX);
    match asked.len() {
        0 => Err(Refusal::malformed("there is no request in the list")),
        found if found > most => Err(Refusal::batch(found, batch_max)),
        _ => Ok(Question::Batch(asked)),
    }
}
