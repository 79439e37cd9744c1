//! Files that come with a request.

use std::{
    fs::File,
    io::{Seek, SeekFrom},
    sync::Arc,
};

use async_graphql::{
    Context, InputValueError, InputValueResult, Result, Scalar, ScalarType, Value,
};

use crate::{error::Error, package::Source};

/// A file that was sent.
#[derive(Debug)]
pub struct Uploaded {
    /// What its sender calls it.
    pub name: String,
    /// What is in it.
    pub file: File,
}

/// The files of a request, in the order of the variables that stand for them.
#[derive(Debug, Clone, Default)]
pub struct Uploads(Arc<[Arc<Uploaded>]>);

/// What a variable holds before its file is put in its place, and its number after it.
const REFERENCE: &str = "hutong-upload:";

impl Uploads {
    /// Files.
    pub fn new(files: Vec<Arc<Uploaded>>) -> Self {
        Self(files.into())
    }

    /// Each file.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Uploaded> {
        self.0.iter().map(|uploaded| &**uploaded)
    }

    /// What stands for a file in the variables.
    pub fn reference(place: usize) -> String {
        format!("{REFERENCE}{place}")
    }
}

/// A file that came with the request, by its place among them.
#[derive(Debug, Clone, Copy)]
pub struct Upload(usize);

/// A file, sent with the request as `multipart/form-data` (GraphQL multipart request
/// specification): the variable is null in `operations`, and `map` says that the file is for it.
#[Scalar(
    name = "Upload",
    specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec"
)]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.strip_prefix(REFERENCE).and_then(|text| text.parse().ok()),
            _ => None,
        };
        number.map(Self).ok_or_else(|| {
            InputValueError::custom(
                "a file is sent with the request as multipart/form-data, and `map` says for which \
                 variable",
            )
        })
    }

    fn to_value(&self) -> Value {
        Value::String(Uploads::reference(self.0))
    }
}

impl Upload {
    /// The file, to be read from its beginning.
    pub(super) fn source(self, ctx: &Context<'_>) -> Result<Source> {
        let sent = ctx.data::<Uploads>()?.0.get(self.0).cloned();
        let sent = sent.ok_or_else(|| Error::input("there is no such file with the request"))?;
        let mut file = sent.file.try_clone().map_err(Error::internal)?;
        file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        Ok(Source::file(sent.name.clone(), file))
    }
}
