//! Where the pieces of an export go: as they are, or packed into one file.

use tokio::{sync::mpsc::Sender, task::spawn_blocking};

use super::{Piece, zip::Zip};
use crate::error::Error;

/// Where the pieces go.
pub(super) struct Out {
    pub(super) sender: Sender<Result<Piece, Error>>,
    pub(super) zip: Option<Zip>,
}

impl Out {
    pub(super) async fn send(&self, piece: Piece) -> Result<(), Error> {
        self.sender.send(Ok(piece)).await.map_err(|_| Error::internal("nobody reads the export"))
    }

    /// Begins a file of a package.
    pub(super) async fn begin(&mut self, name: &str, large: bool) -> Result<(), Error> {
        match &mut self.zip {
            Some(zip) => zip.begin(name, large),
            None => self.send(Piece::File(name.to_owned())).await,
        }
    }

    pub(super) async fn bytes(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        let bytes = match self.zip.take() {
            None => bytes,
            Some(mut zip) => {
                let packed = spawn_blocking(move || {
                    zip.write(&bytes)?;
                    let bytes = zip.take();
                    Ok::<_, Error>((zip, bytes))
                });
                let (zip, bytes) = packed.await.map_err(Error::internal)??;
                self.zip = Some(zip);
                bytes
            }
        };
        self.send(Piece::Bytes(bytes)).await
    }

    /// Ends a package.
    pub(super) async fn end(&mut self) -> Result<(), Error> {
        match self.zip.take() {
            Some(zip) => self.send(Piece::Bytes(zip.end()?)).await,
            None => Ok(()),
        }
    }
}
