//! A synthetic city: every row follows from its number, so that a city of one size is always the
//! same city. It is written through the project's only writer, and says of itself that nothing in
//! it is true.
//!
//! Rows of one parent are written far apart from each other, the way figures arrive over the
//! years, so that no list is read from neighbouring rows by luck.

use chrono::{DateTime, TimeDelta, Utc};
use entity::Text;
use hutong::{
    database::Database,
    error::Error,
    record::{Dataset, Rows, Writer},
};

/// How large a city is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Places: the city itself, and for the rest its parts.
    pub(crate) districts: u64,
    /// Initiatives, equally many in each place.
    pub(crate) initiatives: u64,
    /// Metrics.
    pub(crate) metrics: u64,
    /// Figures, half of them an initiative's own, the others their place's.
    pub(crate) observations: u64,
}

impl Size {
    /// The size that the measurements in the project's texts speak of.
    pub(crate) const FULL: Self =
        Self { districts: 200, initiatives: 10_000, metrics: 300, observations: 1_000_000 };

    /// One that is made in a second.
    pub(crate) const SMALL: Self =
        Self { districts: 20, initiatives: 200, metrics: 50, observations: 5_000 };
}

/// The slug of the synthetic data set: a database without it is not measured.
pub(crate) const SLUG: &str = "synthetic-city";

/// Figures in one transaction, which is also what is held in memory at once.
const CHUNK: usize = 10_000;

/// Different periods: 20 years, 40 quarters, 60 months.
const PERIODS: u64 = 120;

/// Different periods of one metric of one initiative.
const SERIES: u64 = 10;

const UNITS: [(&str, &str, &str); 4] = [
    ("yuan", "CNY", "CURRENCY"),
    ("percent", "%", "RATIO"),
    ("piece", "pc", "COUNT"),
    ("metre", "m", "LENGTH"),
];

const STATUSES: [&str; 4] = ["PLANNED", "ONGOING", "LAUNCHED", "COMPLETED"];

/// Writes the city into an empty database.
pub(crate) async fn city(database: &Database, size: &Size) -> Result<(), Error> {
    let begun = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or(DateTime::UNIX_EPOCH);
    let mut writer =
        Writer::begin(database, begun, hutong::record::By::operator("the generator")).await?;
    writer.describe(dataset(size)?).await?;
    for (table, columns, count, row) in tables(size) {
        write(&mut writer, table, columns, (0..count).map(|number| row(size, number))).await?;
    }
    writer.commit().await?;

    let mut rows = (0..size.observations).map(|number| observation(size, number)).peekable();
    let mut now: DateTime<Utc> = begun;
    while rows.peek().is_some() {
        // Each chunk is learnt of later than the one before it.
        now += TimeDelta::minutes(1);
        let mut writer =
            Writer::begin(database, now, hutong::record::By::operator("the generator")).await?;
        write(&mut writer, "observation", OBSERVATION, rows.by_ref().take(CHUNK)).await?;
        writer.commit().await?;
    }
    Ok(())
}

fn dataset(size: &Size) -> Result<Dataset, Error> {
    let text = |text: String| {
        serde_json::from_value::<Text>(serde_json::json!({ "en": text })).map_err(Error::internal)
    };
    let description = format!(
        "Made by arithmetic to measure the server with: {} places, {} initiatives, {} metrics, {} \
         figures. No place, initiative or figure in it is real.",
        size.districts, size.initiatives, size.metrics, size.observations
    );
    Ok(Dataset {
        slug: SLUG.to_owned(),
        title: text("A synthetic city (invented data for measurements)".to_owned())?,
        description: Some(text(description)?),
        licence: None,
        version: None,
    })
}

async fn write(
    writer: &mut Writer,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), Error> {
    let rows = Rows {
        origin: format!("synthetic {table}"),
        columns: columns.split(' ').map(str::to_owned).collect(),
        rows: (1..).zip(rows).collect(),
    };
    writer.write(table, &rows).await
}

/// A table's name, its columns, how many rows it has, and the row with a number from 0.
type Table = (&'static str, &'static str, u64, fn(&Size, u64) -> Vec<String>);

/// Every table but the figures', each after those it refers to.
fn tables(size: &Size) -> [Table; 7] {
    [
        ("source", "slug title_en publisher note_en", 1, |_, _| {
            fields(["synthetic", "A synthetic source", "Nobody", "Invented data."])
        }),
        ("unit", "slug symbol name_en dimension factor", UNITS.len() as u64, |_, number| {
            let (slug, symbol, dimension) = UNITS[number as usize % UNITS.len()];
            fields([slug, symbol, slug, dimension, "1"])
        }),
        ("theme", "slug parent name_en", 10, |_, number| {
            let parent = if number == 0 { "" } else { "theme-0" };
            fields([&format!("theme-{number}"), parent, &format!("Synthetic theme {number}")])
        }),
        ("district", "slug kind parent name_en name_zh partition", size.districts, |_, number| {
            let (kind, parent) =
                if number == 0 { ("CITY", "") } else { ("DISTRICT", "district-0") };
            let (slug, zh) = (format!("district-{number}"), format!("虚构区{number}"));
            fields([&slug, kind, parent, &format!("Synthetic district {number}"), &zh, "true"])
        }),
        (
            "initiative",
            "slug district theme kind status title_en title_zh summary_en started_on source",
            size.initiatives,
            initiative,
        ),
        (
            "metric",
            "slug name_en name_zh unit theme measure aggregation direction decimals",
            size.metrics,
            metric,
        ),
        (
            "claim",
            "slug initiative kind statement_en scope position source",
            size.initiatives / 20,
            |_, number| {
                let initiative = format!("initiative-{}", number * 20);
                let (slug, place) = (format!("claim-{number}"), (number % 9 + 1).to_string());
                let statement = format!("An invented rank: {place}.");
                fields([&slug, &initiative, "RANK", &statement, "district-0", &place, "synthetic"])
            },
        ),
    ]
}

fn initiative(size: &Size, number: u64) -> Vec<String> {
    let mixed = mix(number);
    // One in eight has no date; of the others several begin in one month.
    let started = match mixed % 8 {
        0 => String::new(),
        _ => format!("{}-{:02}", 2015 + mixed / 8 % 11, mixed / 88 % 12 + 1),
    };
    fields([
        &format!("initiative-{number}"),
        &format!("district-{}", number % size.districts),
        &format!("theme-{}", mixed / 64 % 10),
        "PROJECT",
        STATUSES[mixed as usize / 1024 % STATUSES.len()],
        &format!("Synthetic initiative {number}"),
        &format!("虚构项目{number}"),
        "Invented to measure the server with; nothing of the kind exists.",
        &started,
        "synthetic",
    ])
}

fn metric(_: &Size, number: u64) -> Vec<String> {
    fields([
        &format!("metric-{number}"),
        &format!("Synthetic metric {number}"),
        &format!("虚构指标{number}"),
        UNITS[number as usize % UNITS.len()].0,
        &format!("theme-{}", number % 10),
        "LEVEL",
        "NONE",
        "NEUTRAL",
        &decimals(number).to_string(),
    ])
}

const OBSERVATION: &str = "metric district initiative period value decimals multiplier comparator \
                           status unit_as_printed source locator note_en";

/// One figure. The numbers of a place's figures are its number plus multiples of the number of
/// places; every other one of them is an initiative's, in turn.
fn observation(size: &Size, number: u64) -> Vec<String> {
    let (district, figure) = (number % size.districts, number / size.districts);
    let turn = figure / 2;
    let (initiative, metric, period) = if figure.is_multiple_of(2) {
        let each = size.initiatives / size.districts;
        let initiative = district + size.districts * (turn % each);
        let own = turn / each;
        let series = mix(initiative) + own / SERIES;
        let metric = series % size.metrics;
        (Some(initiative), metric, mix(series) + own % SERIES)
    } else {
        let metric = turn % size.metrics;
        (None, metric, mix(district * size.metrics + metric) + turn / size.metrics)
    };
    let mixed = mix(number);
    // Few enough different values that many are tied.
    let (whole, part) = (mixed % 20_000, mixed / 20_000 % 10);
    let value = match decimals(metric) {
        0 => whole.to_string(),
        1 => format!("{whole}.{part}"),
        _ => format!("{whole}.{part}5"),
    };
    let (value, status) = match mixed / 1_000_000 % 50 {
        0 => (String::new(), "MISSING"),
        1..=5 => (value, "PROVISIONAL"),
        _ => (value, "NORMAL"),
    };
    fields([
        &format!("metric-{metric}"),
        &format!("district-{district}"),
        &initiative.map(|number| format!("initiative-{number}")).unwrap_or_default(),
        &period_code(period % PERIODS),
        &value,
        &decimals(metric).to_string(),
        "0",
        "EQUAL",
        status,
        UNITS[metric as usize % UNITS.len()].1,
        "synthetic",
        &format!("row {number}"),
        &match number % 10 {
            0 => format!("Invented estimate from a survey of {} enterprises.", mixed % 5000),
            _ => String::new(),
        },
    ])
}

/// How many digits the figures of a metric have after the decimal point.
fn decimals(metric: u64) -> u64 {
    metric % 3
}

fn period_code(number: u64) -> String {
    match number {
        0..20 => format!("{}", 2006 + number),
        20..60 => format!("{}-Q{}", 2016 + (number - 20) / 4, number % 4 + 1),
        _ => format!("{}-{:02}", 2021 + (number - 60) / 12, number % 12 + 1),
    }
}

fn fields<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// A number without visible pattern (the finalizer of SplitMix64), below 2^32.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) >> 32
}
