//! `hutong export`: the data as files.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use async_graphql::ServerError;
use chrono::Utc;
use clap::Args;
use entity::{DateTime, district, observation};

use crate::{
    config::Config,
    database::Database,
    error::Error,
    graphql::{self, Guard},
    package::export::{self, Format, Order, Piece, Summary},
    query::past,
};

/// What to export, and where to.
#[derive(Debug, Clone, Args)]
pub(super) struct Export {
    /// Where to: a folder or a .zip for a data package, or a file of figures or districts, whose
    /// ending tells its form (.csv, .sdmx.csv, .jsonl, .parquet, .geojson); `-` is standard output
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The form, where the ending does not tell it
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Format>,
    /// Only figures (of .geojson: districts) like this: a filter of the API, as JSON or as GraphQL
    /// writes it, such as '{metric: {slug: {eq: "gdp"}}}'
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// As the database stood at a moment, such as 2026-01-27T08:00:00Z
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<DateTime>,
}

impl Export {
    /// Brings the database's tables up to date and writes what is in force: not the history.
    pub(super) async fn run(&self, config: &Config) -> Result<(), Error> {
        let order = self.order(config)?;
        let mut to = self.target(order.format)?;
        let database = Database::open(&config.database).await?;
        database.migrate().await?;
        if let Some(moment) = self.as_of {
            past::check("--as-of", moment, database.settle(moment).await?)?;
        }
        let snapshot = export::open(&database, self.as_of, Utc::now()).await?;
        let format = order.format;
        let mut export = export::Export::begin(snapshot, order);
        let mut done = Summary::default();
        while let Some(piece) = export.next().await? {
            match piece {
                Piece::File(name) => to.begin(&name)?,
                Piece::Bytes(bytes) => to.write(&bytes)?,
                Piece::Done(summary) => done = summary,
            }
        }
        to.end()?;
        database.close().await?;
        tell(format, &done);
        Ok(())
    }

    fn order(&self, config: &Config) -> Result<Order, Error> {
        let format = self.format.or_else(|| Format::of(&self.path)).ok_or_else(|| {
            Error::input(format!(
                "the ending of {} tells no form; name one by --format",
                self.path.display()
            ))
        })?;
        let schema = graphql::schema(config.limits);
        let guard = Guard::new(&schema, config.guard.clone(), config.limits)?;
        let (mut figures, mut districts) = (None, None);
        match &self.filter {
            Some(filter) if format.is_of_districts() => {
                let read = guard.filter::<district::Entity>("districts", filter);
                districts = Some(read.map_err(wrong)?);
            }
            Some(filter) => {
                let read = guard.filter::<observation::Entity>("observations", filter);
                figures = Some(read.map_err(wrong)?);
            }
            None => {}
        }
        Ok(Order { format, figures, districts, as_of: self.as_of })
    }

    fn target(&self, format: Format) -> Result<Target, Error> {
        let to_output = self.path.as_os_str() == "-";
        match (format, to_output) {
            (Format::Folder, true) => Err(Error::input(
                "a folder cannot be written to standard output; name another form by --format",
            )),
            (Format::Folder, false) => {
                fs::create_dir_all(&self.path).map_err(|why| cannot(&self.path, &why))?;
                Ok(Target::Folder(self.path.clone(), None))
            }
            (_, true) => Ok(Target::Output(io::stdout())),
            (_, false) => Ok(Target::File(Whole::create(self.path.clone())?)),
        }
    }
}

fn wrong(errors: Vec<ServerError>) -> Error {
    let told: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    Error::input(told.join("; "))
}

fn cannot(path: &Path, why: &io::Error) -> Error {
    Error::input(format!("cannot write {}: {why}", path.display()))
}

/// Where an export goes.
enum Target {
    Folder(PathBuf, Option<Whole>),
    File(Whole),
    Output(io::Stdout),
}

impl Target {
    /// Begins a file of a folder.
    fn begin(&mut self, name: &str) -> Result<(), Error> {
        if let Self::Folder(folder, file) = self {
            let before = file.replace(Whole::create(folder.join(name))?);
            before.map_or(Ok(()), Whole::end)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Folder(_, file) => file.as_mut().map_or(Ok(()), |file| file.write(bytes)),
            Self::File(file) => file.write(bytes),
            Self::Output(output) => {
                output.write_all(bytes).map_err(|why| cannot(Path::new("standard output"), &why))
            }
        }
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Self::Folder(_, file) => file.map_or(Ok(()), Whole::end),
            Self::File(file) => file.end(),
            Self::Output(mut output) => {
                output.flush().map_err(|why| cannot(Path::new("standard output"), &why))
            }
        }
    }
}

/// A file that takes its place once it is whole, and leaves nothing behind if it never is.
struct Whole {
    path: PathBuf,
    part: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Whole {
    fn create(path: PathBuf) -> Result<Self, Error> {
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|why| cannot(&path, &why))?;
        Ok(Self { path, part, file: Some(BufWriter::new(file)) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes));
        written.map_err(|why| cannot(&self.path, &why))
    }

    fn end(mut self) -> Result<(), Error> {
        let written = self.file.take().map_or(Ok(()), |mut file| file.flush());
        written
            .and_then(|()| fs::rename(&self.part, &self.path))
            .map_err(|why| cannot(&self.path, &why))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // Once it is in its place there is nothing left to remove.
        let _ = fs::remove_file(&self.part);
    }
}

/// Tells on standard error what was written and what was not.
fn tell(format: Format, done: &Summary) {
    let Summary { rows, without_geometry, claims_left_out } = done;
    let what = if format.is_of_districts() { "districts" } else { "figures in force" };
    eprintln!("exported {rows} {what}");
    if *without_geometry > 0 {
        eprintln!(
            "{without_geometry} districts were left out: neither an outline nor a point is known"
        );
    }
    if *claims_left_out > 0 {
        eprintln!(
            "{claims_left_out} claims were left out: the figures they are about are not exported"
        );
    }
}
