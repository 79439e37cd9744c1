//! The files of a package as one archive, written from its beginning to its end. Nothing in it
//! tells when: the same data make the same archive.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use zip::{
    DateTime, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::error::Error;

/// What was written and not yet taken.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive under way.
pub(super) struct Zip {
    archive: ZipWriter<StreamWriter<Written>>,
    written: Written,
}

impl Zip {
    pub(super) fn new() -> Self {
        let written = Written::default();
        Self { archive: ZipWriter::new_stream(written.clone()), written }
    }

    /// Begins a file. A large one may have more than 4 GB.
    pub(super) fn begin(&mut self, name: &str, large: bool) -> Result<(), Error> {
        let options = SimpleFileOptions::default()
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644)
            .large_file(large);
        self.archive.start_file(name, options).map_err(Error::internal)
    }

    /// Adds to the file.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.archive.write_all(bytes).map_err(Error::internal)
    }

    /// The bytes of the archive that are ready.
    pub(super) fn take(&self) -> Vec<u8> {
        self.written.take()
    }

    /// The rest of the archive.
    pub(super) fn end(self) -> Result<Vec<u8>, Error> {
        self.archive.finish().map_err(Error::internal)?;
        Ok(self.written.take())
    }
}
