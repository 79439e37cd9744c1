//! Records to files: a data package as `data/` has one, or the figures, or the districts, alone.
//!
//! The same data make the same bytes, whichever database they are in and however they came there:
//! nothing in a file follows from a row's number or from when it was recorded. What is in force is
//! exported, of one moment ([`Snapshot`]); its history is not. What is under embargo never leaves.
//!
//! Figures are read in pages and leave in pieces: no more than a few of them are in memory, however
//! many there are.

mod cells;
mod csv;
mod descriptor;
mod encode;
mod figures;
mod format;
mod geojson;
mod json_lines;
mod out;
mod parquet;
mod sdmx;
mod table;
mod zip;

use std::collections::HashMap;

use chrono::{DateTime as Time, Utc};
use entity::{
    DateTime, claim, district, initiative, initiative_metric, initiative_organization, metric,
    observation, organization, source, theme, unit,
};
use tokio::{
    sync::mpsc::{Receiver, channel},
    task::{JoinSet, spawn_blocking},
};

use self::{
    cells::{Cells, Lines, Names, Sheet},
    csv::Csv,
    encode::Encode,
    figures::{Figures, Survey},
    json_lines::JsonLines,
    out::Out,
    parquet::Parquet,
    zip::Zip,
};
pub use self::{figures::Filter as FigureFilter, format::Format};
use crate::{
    database::Database,
    error::Error,
    query::{Snapshot, Table},
};

/// Which districts.
pub type DistrictFilter = <district::Entity as Table>::Filter;

/// What is exported, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// The form.
    pub format: Format,
    /// Of the figures, those like this, where the form is one of figures.
    pub figures: Option<FigureFilter>,
    /// Of the districts, those like this, where the form is one of districts.
    pub districts: Option<DistrictFilter>,
    /// The moment as of which they are exported; now where left out.
    pub as_of: Option<DateTime>,
}

/// A piece of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What follows belongs to the file with this name: of a folder alone.
    File(String),
    /// Bytes of the file. There may be none: then it has come further, but there is nothing to
    /// write yet.
    Bytes(Vec<u8>),
    /// All of it was written.
    Done(Summary),
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many figures, or districts.
    pub rows: u64,
    /// How many districts were left out, for nobody knows where they are.
    pub without_geometry: u64,
    /// How many claims were left out, for the figures they are about are not among those exported.
    pub claims_left_out: u64,
}

/// An export under way, a piece after the other. It ends with it.
pub struct Export {
    pieces: Receiver<Result<Piece, Error>>,
    _task: JoinSet<()>,
}

impl Export {
    /// Begins an export of the data as they are now, or were.
    pub fn begin(snapshot: Snapshot, order: Order) -> Self {
        let (sender, pieces) = channel(1);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let zip = (order.format == Format::Zip).then(Zip::new);
            let mut writing = Writing { snapshot, order, out: Out { sender, zip } };
            let done = match writing.run().await {
                Ok(summary) => Ok(Piece::Done(summary)),
                Err(error) => Err(error),
            };
            // Whoever reads may be gone.
            let _ = writing.out.sender.send(done).await;
        });
        Self { pieces, _task: task }
    }

    /// The next piece; none after the last.
    pub async fn next(&mut self) -> Result<Option<Piece>, Error> {
        self.pieces.recv().await.transpose()
    }
}

/// The data that are exported. Fails where there are none.
pub async fn open(
    database: &Database,
    as_of: Option<DateTime>,
    now: Time<Utc>,
) -> Result<Snapshot, Error> {
    let snapshot = Snapshot::open(database, as_of, now).await?;
    snapshot.ok_or_else(|| Error::input("there is nothing to export: the database is empty"))
}

struct Writing {
    snapshot: Snapshot,
    order: Order,
    out: Out,
}

impl Writing {
    async fn run(&mut self) -> Result<Summary, Error> {
        match self.order.format {
            Format::Folder | Format::Zip => self.package().await,
            Format::Geojson => self.districts().await,
            _ => self.figures().await,
        }
    }

    /// A package: its descriptor, then a file for each table.
    async fn package(&mut self) -> Result<Summary, Error> {
        let (names, sheets, claims_left_out) = self.tables().await?;
        let survey = self.survey(&names).await?;
        let observation = table::named("observation")?;
        let lines = Lines::<observation::Entity>::new(observation, |_| survey.languages.clone())?;
        let mut languages = survey.languages;
        languages.extend(sheets.iter().flat_map(Sheet::languages).cloned());
        let mut resources = Vec::new();
        for table in table::tables()? {
            let sheet = sheets.iter().find(|sheet| sheet.table.name == table.name);
            let columns = sheet.map_or(&lines.columns, |sheet| &sheet.columns);
            resources.push(table.resource(columns, &loose(sheet)));
        }
        self.out.begin(descriptor::NAME, false).await?;
        self.out.bytes(descriptor::write(&self.snapshot.dataset, languages, resources)?).await?;
        let mut rows = 0;
        for table in table::tables()? {
            let sheet = sheets.iter().find(|sheet| sheet.table.name == table.name);
            let columns = sheet.map_or(&lines.columns, |sheet| &sheet.columns);
            let csv = Box::new(Csv::new(columns.iter().map(|column| &*column.name))?);
            self.out.begin(&format!("{}.csv", table.name), sheet.is_none()).await?;
            match sheet {
                None => rows = self.write(csv, &names, |row| lines.of(row, &names)).await?,
                Some(sheet) => {
                    let csv = self.encode(csv, sheet.rows.clone()).await?;
                    self.end(csv).await?;
                }
            }
        }
        self.out.end().await?;
        Ok(Summary { rows, claims_left_out, ..Summary::default() })
    }

    /// The figures as one file.
    async fn figures(&mut self) -> Result<Summary, Error> {
        let names = self.names().await?;
        if self.order.format == Format::SdmxCsv {
            let metrics = self.snapshot.rows::<metric::Entity>(None).await?;
            let units = metrics.iter().map(|metric| (metric.id, metric.unit_id)).collect();
            let lines = sdmx::Lines::new(&self.snapshot.dataset, units);
            let csv = Box::new(Csv::new(sdmx::COLUMNS)?);
            let rows = self.write(csv, &names, |row| lines.of(row, &names)).await?;
            return Ok(Summary { rows, ..Summary::default() });
        }
        let survey = self.survey(&names).await?;
        let table = table::named("observation")?;
        let lines = Lines::<observation::Entity>::new(table, |_| survey.languages.clone())?;
        let columns = lines.columns.clone();
        let encoder: Box<dyn Encode> = match self.order.format {
            Format::Parquet => Box::new(Parquet::new(columns, &survey)?),
            Format::Jsonl => Box::new(JsonLines::new(columns)),
            _ => Box::new(Csv::new(columns.iter().map(|column| &*column.name))?),
        };
        let rows = self.write(encoder, &names, |row| lines.of(row, &names)).await?;
        Ok(Summary { rows, ..Summary::default() })
    }

    /// The districts as one file.
    async fn districts(&mut self) -> Result<Summary, Error> {
        let names = Names::from([("district", self.snapshot.slugs::<district::Entity>().await?)]);
        let districts =
            self.snapshot.rows::<district::Entity>(self.order.districts.as_ref()).await?;
        let table = table::named("district")?;
        let sheet = Sheet::new::<district::Entity>(table, &districts, &names)?;
        let all = sheet.rows.len() as u64;
        let (bytes, without_geometry) = geojson::features(sheet)?;
        self.out.bytes(bytes).await?;
        Ok(Summary { rows: all - without_geometry, without_geometry, ..Summary::default() })
    }

    /// What figures refer to, by name.
    async fn names(&self) -> Result<Names, Error> {
        let snapshot = &self.snapshot;
        Ok(Names::from([
            ("source", snapshot.slugs::<source::Entity>().await?),
            ("unit", snapshot.slugs::<unit::Entity>().await?),
            ("district", snapshot.slugs::<district::Entity>().await?),
            ("initiative", snapshot.slugs::<initiative::Entity>().await?),
            ("metric", snapshot.slugs::<metric::Entity>().await?),
        ]))
    }

    /// Every table but that of the figures, and how many claims are about figures that are not
    /// exported.
    async fn tables(&self) -> Result<(Names, Vec<Sheet>, u64), Error> {
        let snapshot = &self.snapshot;
        let mut names = self.names().await?;
        names.insert("theme", snapshot.slugs::<theme::Entity>().await?);
        names.insert("organization", snapshot.slugs::<organization::Entity>().await?);
        let mut claims = snapshot.rows::<claim::Entity>(None).await?;
        let about: Vec<i64> = claims.iter().filter_map(|claim| claim.observation_id).collect();
        let versions = snapshot.versions(&about, self.order.figures.as_ref()).await?;
        let mut observations = HashMap::with_capacity(versions.len());
        for (number, figure) in versions {
            let name = figure.slug.clone().map_or_else(|| figures::key(&figure, &names), Ok)?;
            observations.insert(number, name);
        }
        let all = claims.len();
        claims.retain(|claim| {
            claim.observation_id.is_none_or(|number| observations.contains_key(&number))
        });
        let left_out = (all - claims.len()) as u64;
        names.insert("observation", observations);
        let mut sheets =
            vec![Sheet::new::<claim::Entity>(table::named("claim")?, &claims, &names)?];
        macro_rules! read {
            ($($entity:ident)+) => {$(
                let rows = snapshot.rows::<$entity::Entity>(None).await?;
                let table = table::named(stringify!($entity))?;
                sheets.push(Sheet::new::<$entity::Entity>(table, &rows, &names)?);
            )+};
        }
        read!(source unit theme district organization initiative initiative_organization metric
            initiative_metric);
        Ok((names, sheets, left_out))
    }

    /// Looks at all figures before the first is written.
    async fn survey(&self, names: &Names) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut figures = Figures::new(&self.snapshot, names, self.order.figures.as_ref());
        while let Some(rows) = figures.next().await? {
            survey.add(&rows);
            self.out.send(Piece::Bytes(Vec::new())).await?;
        }
        Ok(survey)
    }

    /// Writes all figures, and tells how many there are.
    async fn write(
        &mut self,
        mut encoder: Box<dyn Encode>,
        names: &Names,
        line: impl Fn(&observation::Model) -> Result<Cells, Error> + Send,
    ) -> Result<u64, Error> {
        let (snapshot, filter) = (self.snapshot.clone(), self.order.figures.clone());
        let mut figures = Figures::new(&snapshot, names, filter.as_ref());
        let mut count = 0;
        while let Some(rows) = figures.next().await? {
            count += rows.len() as u64;
            let lines = rows.iter().map(&line).collect::<Result<Vec<_>, _>>()?;
            encoder = self.encode(encoder, lines).await?;
        }
        self.end(encoder).await?;
        Ok(count)
    }

    /// Encodes lines where it holds nobody up.
    async fn encode(
        &mut self,
        mut encoder: Box<dyn Encode>,
        lines: Vec<Cells>,
    ) -> Result<Box<dyn Encode>, Error> {
        let encoded = spawn_blocking(move || {
            encoder.rows(lines)?;
            let bytes = encoder.take()?;
            Ok::<_, Error>((encoder, bytes))
        });
        let (encoder, bytes) = encoded.await.map_err(Error::internal)??;
        self.out.bytes(bytes).await?;
        Ok(encoder)
    }

    async fn end(&mut self, mut encoder: Box<dyn Encode>) -> Result<(), Error> {
        encoder.end()?;
        self.out.bytes(encoder.take()?).await
    }
}

/// The columns in which figures are named by other than slugs: those of claims about figures that
/// have none.
fn loose(sheet: Option<&Sheet>) -> Vec<&'static str> {
    let Some(sheet) = sheet.filter(|sheet| sheet.table.name == "claim") else { return Vec::new() };
    let place = sheet.columns.iter().position(|column| column.name == "observation");
    let mut figures = sheet.rows.iter().filter_map(|row| row[place?].as_deref());
    if figures.any(|figure| figure.contains(' ')) { vec!["observation"] } else { Vec::new() }
}
