//! Where files are: beside each other in a folder, or in a zip archive. Nothing outside is opened.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Cursor, Read},
    path::{Component, Path, PathBuf},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use zip::ZipArchive;

use crate::record::Problem;

/// How many files an archive may have.
const FILES_MAX: usize = 10_000;

/// How many bytes may come out of an archive.
const UNPACKED_MAX: u64 = 64 << 30;

/// How many times as many bytes may come out of an archive as it has itself, once it is [`SMALL`].
const RATIO_MAX: u64 = 200;

/// How many bytes may come out of any archive.
const SMALL: u64 = 64 << 20;

/// How many times as many bytes as a file of an archive has there may be set down beside it, once
/// they are more than [`SMALL`]: a Parquet file is small already, and disks are full sooner than a
/// file is read that is forgotten as it is.
const SET_DOWN_RATIO_MAX: u64 = 20;

/// A folder or an archive.
pub(in crate::package) enum Place {
    /// A folder, by its real path.
    Folder(PathBuf),
    /// An archive: it, the folder in it where the descriptor is, its size, and how many bytes came
    /// out of it.
    Archive { zip: Box<ZipArchive<File>>, within: String, size: u64, unpacked: Rc<Cell<u64>> },
}

/// An open file: its first bytes, its contents from the start, and itself where it is no part of
/// an archive.
pub(in crate::package) struct Opened<'f> {
    pub(in crate::package) first: Vec<u8>,
    pub(in crate::package) reader: Box<dyn Read + 'f>,
    pub(in crate::package) file: Option<File>,
    /// How much of the file itself was read, for whoever reads it other than from the start.
    pub(in crate::package) read: Arc<AtomicU64>,
    /// How many bytes of it may be set down in a file of their own, for whoever cannot read it from
    /// the start.
    pub(in crate::package) set_down_max: u64,
}

impl Place {
    /// A folder.
    pub(in crate::package) fn folder(path: &Path) -> io::Result<Self> {
        path.canonicalize().map(Self::Folder)
    }

    /// An archive whose one `datapackage.json` is at its top, or in the one folder there.
    pub(in crate::package) fn archive(origin: &str, file: File) -> Result<Self, Problem> {
        let wrong = |why: String| Problem::of(origin, None, why);
        let size = file.metadata().map_err(|why| wrong(why.to_string()))?.len();
        let zip = ZipArchive::new(file)
            .map_err(|why| wrong(format!("it is no zip archive that can be read: {why}")))?;
        if zip.len() > FILES_MAX {
            let count = zip.len();
            return Err(wrong(format!("it has {count} files; {FILES_MAX} are the most")));
        }
        let top = |within: &String| {
            within.is_empty() || within.strip_suffix('/').is_some_and(|one| !one.contains('/'))
        };
        let names = zip.file_names().filter_map(Result::ok);
        let tops = names.filter_map(|name| name.strip_suffix(DESCRIPTOR).map(str::to_owned));
        let within = tops.filter(top).min_by_key(String::len);
        let workbook = zip.index_for_name("xl/workbook.xml").is_some();
        let within = within.ok_or_else(|| match workbook {
            true => wrong("it is an Excel workbook: save its sheet as CSV".to_owned()),
            false => wrong(format!(
                "there is no {DESCRIPTOR} in it; unpack it, and import the table you mean by itself"
            )),
        })?;
        let unpacked = Rc::new(Cell::new(0));
        Ok(Self::Archive { zip: Box::new(zip), within, size, unpacked })
    }

    /// Opens the file with that path, relative to the descriptor's.
    pub(in crate::package) fn open(
        &mut self,
        path: &str,
        read: &Arc<AtomicU64>,
    ) -> Result<Opened<'_>, String> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || path.contains(['\\', '\0', ':']) {
            return Err("the path must be one of a file beside the descriptor or in a folder \
                        there, without .., : and \\"
                .to_owned());
        }
        match self {
            Self::Folder(folder) => {
                let real = folder.join(path).canonicalize().map_err(|_| {
                    let data = folder.join("data").join(path);
                    match data.is_file() {
                        true => format!("{NONE}; import {} by itself", data.display()),
                        false => NONE.to_owned(),
                    }
                })?;
                if !real.starts_with(&*folder) {
                    return Err("it is a link that leads out of the package".to_owned());
                }
                open(&real, read)
            }
            Self::Archive { zip, within, size, unpacked } => {
                let entry = zip.by_name(&format!("{within}{path}")).map_err(|why| match why {
                    zip::result::ZipError::FileNotFound => NONE.to_owned(),
                    why => format!("it cannot be read: {why}"),
                })?;
                if entry.is_symlink() || !entry.is_file() {
                    return Err("it is no file, but a folder or a link".to_owned());
                }
                let most = (*size * RATIO_MAX).clamp(SMALL, UNPACKED_MAX);
                let unpacked = Rc::clone(unpacked);
                let packed = entry.compressed_size().min(*size);
                let set_down_max = (packed * SET_DOWN_RATIO_MAX).clamp(SMALL, most);
                let opened = Opened::new(Counted {
                    reader: Unpacked { entry, unpacked, most },
                    read: Arc::clone(read),
                });
                let opened = opened.map_err(|why| why.to_string())?;
                Ok(Opened { set_down_max, ..opened })
            }
        }
    }
}

/// The name of a package's descriptor.
pub(in crate::package) const DESCRIPTOR: &str = "datapackage.json";

const NONE: &str = "the package has no such file";

/// Opens a plain file.
pub(in crate::package) fn open<'f>(
    path: &Path,
    read: &Arc<AtomicU64>,
) -> Result<Opened<'f>, String> {
    let wrong = |why: io::Error| format!("it cannot be read: {why}");
    // Asked before it is opened, for opening a pipe waits for whoever writes to it.
    if !path.metadata().map_err(wrong)?.is_file() {
        return Err("it is no file".to_owned());
    }
    of(File::open(path).map_err(wrong)?, read)
}

/// Reads an open file.
pub(in crate::package) fn of<'f>(file: File, read: &Arc<AtomicU64>) -> Result<Opened<'f>, String> {
    let wrong = |why: io::Error| format!("it cannot be read: {why}");
    let whole = file.try_clone().map_err(wrong)?;
    let opened = Opened::new(Counted { reader: file, read: Arc::clone(read) }).map_err(wrong)?;
    Ok(Opened { file: Some(whole), read: Arc::clone(read), ..opened })
}

impl<'f> Opened<'f> {
    fn new(mut reader: impl Read + 'f) -> io::Result<Self> {
        let mut first = Vec::new();
        reader.by_ref().take(512).read_to_end(&mut first)?;
        let reader = Box::new(Cursor::new(first.clone()).chain(reader));
        Ok(Self { first, reader, file: None, read: Arc::default(), set_down_max: 0 })
    }

    /// A file that is in memory.
    pub(in crate::package) fn inline(bytes: Vec<u8>) -> Self {
        let first = bytes[..bytes.len().min(512)].to_vec();
        let reader = Box::new(Cursor::new(bytes));
        Self { first, reader, file: None, read: Arc::default(), set_down_max: SMALL }
    }
}

/// A reader that tells how much was read.
struct Counted<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file of an archive that does not grow without bounds.
struct Unpacked<R> {
    entry: R,
    unpacked: Rc<Cell<u64>>,
    most: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.entry.read(buffer)?;
        self.unpacked.set(self.unpacked.get() + count as u64);
        if self.unpacked.get() > self.most {
            let why = format!(
                "more than {} bytes come out of the archive, too many for its size; unpack it \
                 yourself if you trust it",
                self.most
            );
            return Err(io::Error::other(why));
        }
        Ok(count)
    }
}
