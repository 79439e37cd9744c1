//! Files and rows that come in through the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::{Decimal, Quoted};

use super::{
    ObservationInput,
    import_progress::Imports,
    upload::Upload,
    writing::{Done, Write, writing},
};
use crate::{
    error::Error,
    package::{DateOrder, Format, Frequency, Layout, Options, Summary},
    record::Mode,
};

/// A field and the column that holds it, or the value it has in every row.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
pub struct ImportPair {
    /// The field, such as `district`.
    field: String,
    /// The name of the column, or the value.
    value: String,
}

/// How a file is read. What is left out is seen from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, InputObject)]
pub struct ImportOptions {
    /// What the file is.
    format: Option<Format>,
    /// How figures stand in a table.
    layout: Option<Layout>,
    /// The resources of a package that are to be read, and no others.
    resources: Option<Vec<String>>,
    /// The table whose rows the file holds, column by column, such as `district`.
    table: Option<String>,
    /// The columns that hold fields: `{field: "district", value: "Country"}`.
    map: Option<Vec<ImportPair>>,
    /// What fields are in every row: `{field: "source", value: "census-2020"}`.
    set: Option<Vec<ImportPair>>,
    /// Columns that are left out.
    ignore: Option<Vec<String>>,
    /// The encoding of text, by its label, such as `gb18030`. UTF-8 when left out.
    encoding: Option<String>,
    /// What stands between the fields of a line: one character.
    delimiter: Option<String>,
    /// How many lines stand before the one that names the columns, 0 or more.
    skip_lines: Option<u32>,
    /// What stands before the decimals of a number: `.` or `,`.
    decimal: Option<String>,
    /// How many significant digits numbers are rounded to, 1 to 28. None is rounded when left out.
    digits: Option<u32>,
    /// Texts that stand where a figure is missing, beside the usual ones.
    missing: Option<Vec<String>>,
    /// Whether missing figures are recorded as missing, instead of being left out.
    #[graphql(default)]
    keep_missing: bool,
    /// How long the periods are: days that begin one stand for it.
    frequency: Option<Frequency>,
    /// In which order the parts of dates like 3/4/2025 stand.
    date_order: Option<DateOrder>,
    /// Whether districts, metrics, units and sources that are not there yet are made.
    #[graphql(default)]
    create_missing: bool,
}

/// The one character of an option.
fn character(name: &str, text: Option<String>) -> Result<Option<char>, Error> {
    let Some(text) = text else { return Ok(None) };
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(Some(letter)),
        _ => Err(Error::input(format!("`{name}` is {}, but must be one character", Quoted(&text)))),
    }
}

impl TryFrom<ImportOptions> for Options {
    type Error = Error;

    fn try_from(given: ImportOptions) -> Result<Self, Error> {
        let pairs = |pairs: Option<Vec<ImportPair>>| {
            pairs.into_iter().flatten().map(|pair| (pair.field, pair.value)).collect()
        };
        let decimal = character("decimal", given.decimal)?;
        if decimal.is_some_and(|letter| !matches!(letter, '.' | ',')) {
            return Err(Error::input("`decimal` must be \".\" or \",\""));
        }
        if let Some(digits) = given.digits.filter(|digits| !(1..=28).contains(digits)) {
            return Err(Error::input(format!("`digits` is {digits}, but must be 1 to 28")));
        }
        Ok(Self {
            format: given.format,
            layout: given.layout,
            resources: given.resources.unwrap_or_default(),
            table: given.table,
            map: pairs(given.map),
            set: pairs(given.set),
            ignore: given.ignore.unwrap_or_default(),
            encoding: given.encoding,
            delimiter: character("delimiter", given.delimiter)?,
            skip_lines: given.skip_lines.map(Into::into),
            decimal,
            digits: given.digits,
            missing: given.missing.unwrap_or_default(),
            keep_missing: given.keep_missing,
            frequency: given.frequency,
            date_order: given.date_order,
            create_missing: given.create_missing,
        })
    }
}

/// What became of the rows of one table.
#[derive(Debug, Clone, SimpleObject)]
pub struct ImportedTable {
    /// The table, such as `observation`.
    table: String,
    /// How many rows are new.
    created: Decimal,
    /// How many were changed; of figures: corrected.
    updated: Decimal,
    /// How many were removed; of figures: retracted.
    removed: Decimal,
    /// How many were there already as they were given.
    unchanged: Decimal,
}

/// What an import did.
pub struct ImportPayload(Done, i64);

/// What an import did.
#[Object]
impl ImportPayload {
    /// What became of the rows, by table.
    async fn tables(&self) -> Vec<ImportedTable> {
        let number = |count: u64| Decimal::from(i64::try_from(count).unwrap_or(i64::MAX));
        let Summary { outcome, .. } = &self.0.imported;
        let table = |(table, counts): (&&str, &crate::record::Counts)| ImportedTable {
            table: (*table).to_owned(),
            created: number(counts.created),
            updated: number(counts.updated),
            removed: number(counts.removed),
            unchanged: number(counts.unchanged),
        };
        outcome.0.iter().map(table).collect()
    }

    /// How many cells held no figure and were left out.
    async fn left_out(&self) -> Decimal {
        i64::try_from(self.0.imported.left_out).unwrap_or(i64::MAX).into()
    }

    /// Whether it was kept: not where the request is a `dryRun`.
    async fn written(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(!writing(ctx)?.is_dry())
    }

    /// The revision of the data after the write (`dataset.revision`).
    async fn revision(&self) -> Decimal {
        self.1.into()
    }
}

/// How files and many rows are written at once.
#[derive(Debug, Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Writes a data package (Frictionless Data Package v2, a zip archive), all of it or nothing.
    /// The same package twice changes nothing; a changed figure becomes a correction. For files
    /// that take longer than an answer may, there is the command `hutong import`.
    async fn import_package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The archive.")] file: Upload,
        #[graphql(desc = "How it is read.", default)] options: ImportOptions,
        #[graphql(
            desc = "Say what would be changed, and keep nothing of the whole request.",
            default = false
        )]
        dry_run: bool,
        #[graphql(desc = "A name of your own for `importProgress`, unlike any other.")] id: Option<
            ID,
        >,
    ) -> Result<ImportPayload> {
        let format = options.format.or(Some(Format::Package));
        let options = ImportOptions { format, ..options };
        import(ctx, Some(file), options, dry_run, id).await
    }

    /// Writes figures, all of them or nothing: from a file (CSV, SDMX-CSV, JSON Lines, Parquet), or
    /// as rows. The same figures twice change nothing; a changed one becomes a correction.
    async fn import_observations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A file; or give `rows`.")] file: Option<Upload>,
        #[graphql(desc = "Figures; or give `file`.")] rows: Option<Vec<ObservationInput>>,
        #[graphql(desc = "How the file is read.", default)] options: ImportOptions,
        #[graphql(
            desc = "Say what would be changed, and keep nothing of the whole request.",
            default = false
        )]
        dry_run: bool,
        #[graphql(desc = "A name of your own for `importProgress`, unlike any other.")] id: Option<
            ID,
        >,
    ) -> Result<ImportPayload> {
        match (file, rows) {
            (file @ Some(_), None) => import(ctx, file, options, dry_run, id).await,
            (None, Some(rows)) => {
                let of_files =
                    [("options", options != ImportOptions::default()), ("id", id.is_some())];
                if let Some((name, _)) = of_files.iter().find(|(_, given)| *given) {
                    let why = format!("`{name}` is about a file; leave it out with `rows`");
                    return Err(Error::input(why).into());
                }
                let drafts = rows.iter().zip(1..).map(|(row, place)| row.draft("rows", place));
                let drafts = drafts.collect();
                let (table, mode) = ("observation", Mode::Upsert);
                let own = writing(ctx)?;
                if dry_run {
                    own.keep_nothing();
                }
                let mut done = own.perform(ctx, Write::Save { table, mode, drafts }).await?;
                done.imported.outcome.0.insert(table, done.counts);
                Ok(ImportPayload(done, own.revision()))
            }
            _ => Err(Error::input("give either `file` or `rows`").into()),
        }
    }
}

async fn import(
    ctx: &Context<'_>,
    file: Option<Upload>,
    options: ImportOptions,
    dry_run: bool,
    id: Option<ID>,
) -> Result<ImportPayload> {
    let own = writing(ctx)?;
    own.allow()?;
    if dry_run {
        own.keep_nothing();
    }
    if let Some(done) = own.told(ctx) {
        return Ok(ImportPayload(done, own.revision()));
    }
    let sources = file.map(|file| file.source(ctx)).transpose()?.into_iter().collect();
    let (options, progress) = (options.try_into()?, ctx.data::<Imports>()?.begin(id));
    let done = own.perform(ctx, Write::Import { sources, options, progress }).await?;
    Ok(ImportPayload(done, own.revision()))
}
