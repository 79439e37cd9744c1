//! The side of an import that reads: files to batches of rows.

use std::{
    collections::HashSet,
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use super::{
    descriptor::{Descriptor, Resource},
    figures::{self, Known},
    file::{self, DESCRIPTOR, Dialect, Fault, Opened, Place, Table},
    option_check::Met,
    options::{Format, Options},
    parcel::{Batch, Gone, Out, Parcel},
    parts::Parts,
};
use crate::{
    record::{Dataset, Problem, TABLES},
    suggest::{Budget, closest_matches},
};

/// How many bytes a descriptor may have.
const DESCRIPTOR_MAX: u64 = 64 << 20;

/// What is imported.
#[derive(Debug)]
pub struct Source {
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Path(PathBuf),
    File(File),
}

impl Source {
    /// A file or a folder of this machine.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: path.display().to_string(), kind: Kind::Path(path) }
    }

    /// An open file, such as one that was sent, with the name it is known by.
    pub fn file(name: impl Into<String>, file: File) -> Self {
        Self { name: name.into(), kind: Kind::File(file) }
    }
}

/// Reads under way.
pub(super) struct Reading<'o> {
    options: &'o Options,
    known: Known,
    out: Out,
    met: Met,
}

impl<'o> Reading<'o> {
    pub(super) fn new(options: &'o Options, known: Known, out: Out) -> Self {
        Self { options, known, out, met: Met::default() }
    }

    /// Reads all sources, and tells which options were about nothing in them.
    pub(super) fn all(mut self, sources: Vec<Source>) -> Result<(), Gone> {
        sources.into_iter().try_for_each(|source| self.source(source))?;
        if self.out.is_sound() {
            let unheeded = self.met.unheeded(self.options);
            unheeded.into_iter().try_for_each(|why| self.out.problem(why))?;
        }
        figures::said_rows(self.options, &mut self.known, &self.out)
    }

    /// Reads everything there is to read in a source.
    fn source(&mut self, source: Source) -> Result<(), Gone> {
        let Source { name, kind } = source;
        self.out.read.store(0, Ordering::Relaxed);
        let wrong = |why: String| Problem::of(&name, None, why);
        let opened = match kind {
            Kind::File(file) => file::of(file, &self.out.read),
            Kind::Path(path) => {
                let folder = match path.file_name() {
                    _ if path.is_dir() => Some(path.as_path()),
                    Some(file) if file == DESCRIPTOR => path
                        .parent()
                        .map(|up| if up == Path::new("") { Path::new(".") } else { up }),
                    _ => None,
                };
                if let Some(folder) = folder {
                    return match Place::folder(folder) {
                        Ok(place) => self.package(&name, place),
                        Err(why) => self.out.problem(wrong(format!("it cannot be read: {why}"))),
                    };
                }
                file::open(&path, &self.out.read)
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(why) => return self.out.problem(wrong(why)),
        };
        let size = opened.file.as_ref().and_then(|file| file.metadata().ok());
        self.out.send(Parcel::Begun(name.clone(), size.map_or(0, |data| data.len())))?;
        let format = self.options.format.unwrap_or_else(|| file::format(&name, &opened.first));
        match (format, opened.file) {
            (Format::Package, Some(file)) => match Place::archive(&name, file) {
                Ok(place) => self.package(&name, place),
                Err(why) => self.out.problem(why),
            },
            (format, file) => {
                self.out.send(Parcel::Dataset(plain_dataset(&name)))?;
                let opened = Opened { file, ..opened };
                match self.dialect(None).map_err(wrong) {
                    Ok(dialect) => self.table(&name, None, opened, Some(format), &dialect, None),
                    Err(why) => self.out.problem(why),
                }
            }
        }
    }

    /// Reads a table of that name, or of figures in any form where there is no name; it may be one
    /// of the parts of a larger one.
    fn table(
        &mut self,
        origin: &str,
        name: Option<&'static str>,
        opened: Opened<'_>,
        format: Option<Format>,
        dialect: &Dialect,
        mut parts: Option<&mut Parts>,
    ) -> Result<(), Gone> {
        let written = format.unwrap_or_else(|| file::format(origin, &opened.first));
        let mut table = match file::table(origin, opened, written, dialect) {
            Ok(table) => table,
            Err(why) => return self.out.problem(why),
        };
        self.met.table(written, table.columns());
        if let Some(parts) = &mut parts
            && let Err(why) = parts.check(origin, table.columns())
        {
            return self.out.problem(why);
        }
        let said = self.options.table.as_deref();
        let known = said.and_then(|said| TABLES.iter().copied().find(|table| *table == said));
        match (name.or(known), said) {
            (Some(table_name), _) => {
                self.met.said_table |= name.is_none();
                self.rows(table_name, table.as_mut(), origin)
            }
            (None, Some(said)) => {
                let why = format!("there is no table {said}; there are {}", TABLES.join(", "));
                self.out.problem(Problem::of(origin, None, why))
            }
            (None, None) => {
                let file = figures::File { origin, called: parts.map(|parts| &*parts.called) };
                let table = table.as_mut();
                self.met.figures = true;
                figures::read(table, file, format, self.options, &mut self.known, &self.out)
            }
        }
    }

    /// Rows of a table as they are.
    fn rows(
        &mut self,
        name: &'static str,
        table: &mut dyn Table,
        origin: &str,
    ) -> Result<(), Gone> {
        let ignored = |column: &String| column.is_empty() || self.options.ignore.contains(column);
        let kept: Vec<usize> =
            (0..table.columns().len()).filter(|&at| !ignored(&table.columns()[at])).collect();
        let columns = kept.iter().map(|&at| table.columns()[at].clone()).collect();
        let (mut batch, mut fields) = (Batch::new(origin, columns), Vec::new());
        loop {
            let full = match table.next(&mut fields) {
                Ok(Some(line)) => batch
                    .add(line, kept.iter().map(|&at| std::mem::take(&mut fields[at])).collect()),
                Ok(None) => break,
                Err(Fault::Row(problem)) => {
                    self.out.problem(problem)?;
                    false
                }
                Err(Fault::Whole(problem)) => {
                    self.out.problem(problem)?;
                    break;
                }
            };
            if full {
                self.send(name, &mut batch)?;
            }
        }
        self.send(name, &mut batch)
    }

    fn send(&mut self, name: &'static str, batch: &mut Batch) -> Result<(), Gone> {
        let Some(rows) = batch.take() else { return Ok(()) };
        self.known.note(name, &rows);
        self.out.rows(Parcel::Rows(name, rows))
    }

    /// The resources of a package, each after those it refers to.
    fn package(&mut self, origin: &str, mut place: Place) -> Result<(), Gone> {
        self.met.packages = true;
        let named = |path: &str| format!("{}/{path}", origin.trim_end_matches('/'));
        let own = match origin.ends_with(DESCRIPTOR) {
            true => origin.to_owned(),
            false => named(DESCRIPTOR),
        };
        let descriptor = match self.descriptor(&own, &mut place) {
            Ok(descriptor) => descriptor,
            Err(why) => return self.out.problem(why),
        };
        let stem = Path::new(origin).file_stem().unwrap_or_default().to_string_lossy();
        let slug = descriptor.name.as_deref().unwrap_or(&stem);
        let slug = figures::slug("dataset", slug);
        self.out.send(Parcel::Dataset(descriptor.dataset(slug)))?;
        let mut chosen = Vec::new();
        for resource in &descriptor.resources {
            let table = TABLES.iter().copied().find(|table| *table == resource.name);
            let said = self.options.resources.contains(&resource.name);
            if self.options.resources.is_empty() && table.is_none() {
                let why = Problem::of(&own, None, stranger(resource));
                self.out.problem(why.at("resources", &resource.name))?;
            } else if said || self.options.resources.is_empty() {
                let standing = TABLES.iter().position(|name| Some(*name) == table);
                chosen.push((standing.unwrap_or(TABLES.len()), table, resource));
            }
        }
        let known = || descriptor.resources.iter().map(|resource| resource.name.as_str());
        let (names, budget) = (known().collect::<HashSet<_>>(), Budget::default());
        for name in self.options.resources.iter().filter(|name| !names.contains(name.as_str())) {
            let why = Problem::of(&own, None, "the package has no such resource");
            let suggestions = closest_matches(name, known(), &budget);
            let why = Problem { suggestions, ..why };
            self.out.problem(why.at("resources", name))?;
        }
        chosen.sort_by_key(|(standing, ..)| *standing);
        for (_, table, resource) in chosen {
            self.resource(&own, &named, &mut place, table, resource)?;
        }
        Ok(())
    }

    fn descriptor(&self, own: &str, place: &mut Place) -> Result<Descriptor, Problem> {
        let wrong = |why: String| Problem::of(own, None, why);
        let opened = place.open(DESCRIPTOR, &self.out.read).map_err(|_| {
            wrong(
                "there is no such file; a package is a folder with one, and a table is imported \
                   by its own name"
                    .to_owned(),
            )
        })?;
        let bytes = file::small(own, opened.reader, DESCRIPTOR_MAX)?;
        let text = file::whole(&bytes).map_err(wrong)?;
        serde_json::from_str(&text).map_err(|why| wrong(why.to_string()))
    }

    fn resource(
        &mut self,
        own: &str,
        named: &dyn Fn(&str) -> String,
        place: &mut Place,
        table: Option<&'static str>,
        resource: &Resource,
    ) -> Result<(), Gone> {
        let wrong = |why: String| Problem::of(own, None, why).at("resources", &resource.name);
        let dialect = match self.dialect(Some(resource)) {
            Ok(dialect) => dialect,
            Err(why) => return self.out.problem(wrong(why)),
        };
        if let Some(data) = &resource.data {
            // Delimited text stands in a string, objects in a list.
            let text = serde_json::from_str::<String>(data.get());
            let bytes = text.unwrap_or_else(|_| data.get().to_owned()).into_bytes();
            let origin = named(&resource.name);
            return self.table(
                &origin,
                table,
                Opened::inline(bytes),
                self.options.format,
                &dialect,
                None,
            );
        }
        let paths = match resource.paths() {
            Ok(paths) => paths,
            Err(why) => return self.out.problem(wrong(why)),
        };
        let mut parts = (paths.len() > 1).then(|| Parts::new(&resource.name));
        let read = std::sync::Arc::clone(&self.out.read);
        for path in paths {
            let origin = named(path);
            read.store(0, Ordering::Relaxed);
            let opened = match place.open(path, &read) {
                Ok(opened) => opened,
                Err(why) => {
                    self.out.problem(wrong(why).at("path", path))?;
                    continue;
                }
            };
            let size = opened.file.as_ref().and_then(|file| file.metadata().ok());
            self.out.send(Parcel::Begun(origin.clone(), size.map_or(0, |data| data.len())))?;
            let format = self.options.format.filter(|format| *format != Format::Package);
            self.table(&origin, table, opened, format, &dialect, parts.as_mut())?;
        }
        Ok(())
    }

    /// How delimited text is written, as the options or else the descriptor say.
    fn dialect(&self, resource: Option<&Resource>) -> Result<Dialect, String> {
        let options = self.options;
        let said = options.encoding.as_deref();
        let label = said.or_else(|| resource.and_then(|resource| resource.encoding.as_deref()));
        let character = |name: &str| {
            let text = resource.and_then(|resource| resource.dialect(name));
            text.and_then(|text| text.as_str()).and_then(|text| text.chars().next())
        };
        let header = resource.and_then(|resource| resource.dialect("header"));
        if header.is_some_and(|header| header.as_bool() == Some(false)) {
            return Err("its first line does not name its columns; add one that does".to_owned());
        }
        let tabs = resource.and_then(|resource| resource.format.as_deref()) == Some("tsv");
        let delimiter = options.delimiter.or_else(|| character("delimiter"));
        let byte = |character: char| {
            u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                format!("{character:?} cannot stand between fields; it must be an ASCII character")
            })
        };
        Ok(Dialect {
            encoding: label.map(file::encoding).transpose()?,
            delimiter: delimiter.or(tabs.then_some('\t')).map(byte).transpose()?,
            quote: character("quoteChar").map(byte).transpose()?,
            skip: options.skip_lines,
        })
    }
}

/// What is said of data without a package: the file's name.
fn plain_dataset(name: &str) -> Dataset {
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
    Dataset {
        slug: figures::slug("dataset", &stem),
        title: [("und".to_owned(), stem.into_owned())].into_iter().collect(),
        description: None,
        licence: None,
        version: None,
    }
}

/// Why a resource is not imported with the others, and what can be done.
fn stranger(resource: &Resource) -> String {
    match resource.no_table() {
        Some(why) => format!("{why}; choose the resources to import by --resource"),
        None => format!(
            "it is none of the tables kept here; if it holds figures, import it by itself, by the path \
             of its file or with --resource {}, and say by --map and --set what its columns are",
            resource.name
        ),
    }
}
