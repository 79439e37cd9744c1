//! SDMX-CSV 2.0: figures in the words of SDMX. A value is OBS_VALUE × 10^UNIT_MULT UNIT_MEASUREs, as
//! its source printed it. What SDMX has no words for (whether it is a bound, whose result it is,
//! where it stands) are attributes of their own.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate};
use entity::{
    Frequency, Period, dataset, observation,
    vocabulary::{ObservationStatus, PriceBasis},
};
use sea_orm::ActiveEnum;

use super::cells::{Cells, Names, name};
use crate::error::Error;

/// The columns: what the file is about, the dimensions, the measure, the attributes.
pub(super) const COLUMNS: [&str; 20] = [
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "REF_AREA",
    "INDICATOR",
    "INITIATIVE",
    "TIME_PERIOD",
    "OBS_VALUE",
    "UNIT_MEASURE",
    "UNIT_MULT",
    "DECIMALS",
    "OBS_STATUS",
    "COMPARATOR",
    "PRICE_BASIS",
    "REFERENCE_DATE",
    "UNIT_AS_PRINTED",
    "SOURCE",
    "LOCATOR",
    "PUBLISHED_ON",
    "OBS_COMMENT",
];

/// How far a decimal point is moved, and how many zeros are written after a value, at the most: far
/// beyond what any source prints.
const PLACES: i32 = 40;

/// How figures become lines.
pub(super) struct Lines {
    structure: String,
    /// The unit of each metric, by its number.
    units: HashMap<i64, i64>,
}

impl Lines {
    pub(super) fn new(dataset: &dataset::Model, units: HashMap<i64, i64>) -> Self {
        let id = dataset.slug.to_uppercase().replace('-', "_");
        let version = dataset.version.as_deref().filter(|version| is_version(version));
        let structure = format!("HUTONG:{id}({})", version.unwrap_or("1.0.0"));
        Self { structure, units }
    }

    pub(super) fn of(&self, row: &observation::Model, names: &Names) -> Result<Cells, Error> {
        let named = |table, number| name(names, table, number).map(str::to_owned);
        let unit = self.units.get(&row.metric_id).copied().unwrap_or_default();
        let initiative = row.initiative_id.map(|number| named("initiative", number)).transpose()?;
        // A power that no source prints stays with the value.
        let power = if row.multiplier.abs() > PLACES { 0 } else { row.multiplier };
        let value = row.value.map(|value| shifted(&value.to_string(), power, row.decimals));
        let day = |day: Option<entity::Date>| day.map(|day| day.0.to_string());
        Ok(vec![
            Some("dataflow".to_owned()),
            Some(self.structure.clone()),
            Some("I".to_owned()),
            Some(named("district", row.district_id)?),
            Some(named("metric", row.metric_id)?),
            initiative,
            Some(time_period(row.period)),
            value,
            Some(named("unit", unit)?),
            Some(power.to_string()),
            Some(row.decimals.to_string()),
            Some(status(row.status).to_owned()),
            Some(row.comparator.to_value()),
            row.price_basis.as_ref().map(PriceBasis::to_value),
            day(row.reference_date),
            row.unit_as_printed.clone(),
            Some(named("source", row.source_id)?),
            row.locator.clone(),
            day(row.published_on),
            row.note.as_ref().and_then(|note| note.get(&[])).map(str::to_owned),
        ])
    }
}

/// The code of a status in SDMX's list CL_OBS_STATUS.
fn status(status: ObservationStatus) -> &'static str {
    match status {
        ObservationStatus::Normal => "A",
        ObservationStatus::Provisional => "P",
        ObservationStatus::Estimated => "E",
        ObservationStatus::Forecast => "F",
        ObservationStatus::Imputed => "I",
        ObservationStatus::Break => "B",
        ObservationStatus::Unreliable => "U",
        ObservationStatus::Missing => "M",
        ObservationStatus::Suppressed => "Q",
    }
}

/// Whether it is a version as SDMX has them: `1.0`, `2.1.3`.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(number)
}

/// The period as SDMX writes it: a range by its first day and how long it is.
fn time_period(period: Period) -> String {
    if period.length() != Frequency::Range {
        return period.to_string();
    }
    let first = period.first_day();
    let beyond = period.last_day().checked_add_days(Days::new(1));
    let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    let length = match beyond {
        Some(beyond) if first.day() == 1 && beyond.day() == 1 => {
            match months(beyond) - months(first) {
                months if months % 12 == 0 => format!("P{}Y", months / 12),
                months => format!("P{months}M"),
            }
        }
        _ => format!("P{}D", (period.last_day() - first).num_days() + 1),
    };
    format!("{first}/{length}")
}

/// A decimal number divided by a power of ten, with at least that many decimals.
fn shifted(number: &str, power: i32, decimals: i32) -> String {
    let (sign, plain) = match number.strip_prefix('-') {
        Some(plain) => ("-", plain),
        None => ("", number),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let places = power.unsigned_abs() as usize;
    let zeros = "0".repeat(places);
    // With enough zeros on both sides the point can go anywhere.
    let digits = format!("{zeros}{whole}{fraction}{zeros}");
    let point = match power {
        ..0 => places + whole.len() + places,
        _ => whole.len(),
    };
    let (whole, fraction) = digits.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let wanted = usize::try_from(decimals.min(PLACES)).unwrap_or(0);
    match format!("{:0<wanted$}", fraction.trim_end_matches('0')) {
        fraction if fraction.is_empty() => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_moved_exactly() {
        for (number, power, decimals, wanted) in [
            ("2400000000000", 12, 1, "2.4"),
            ("8.7", 0, 1, "8.7"),
            ("70", 0, 1, "70.0"),
            ("70", 0, 0, "70"),
            ("-5", 3, 0, "-0.005"),
            ("0.015", -2, 1, "1.5"),
            ("12.5", -3, 0, "12500"),
            ("0", 12, 2, "0.00"),
            ("1234567890123456789012345678", 6, 0, "1234567890123456789012.345678"),
        ] {
            assert_eq!(shifted(number, power, decimals), wanted, "{number} {power}");
        }
    }

    #[test]
    fn periods_are_those_of_sdmx() {
        for (period, wanted) in [
            ("2025", "2025"),
            ("2025-S2", "2025-S2"),
            ("2025-Q3", "2025-Q3"),
            ("2025-06", "2025-06"),
            ("2025-W05", "2025-W05"),
            ("2025-06-30", "2025-06-30"),
            ("2021/2025", "2021-01-01/P5Y"),
            ("2024-11/2025-01", "2024-11-01/P3M"),
            ("2025-01-30/2025-02-02", "2025-01-30/P4D"),
        ] {
            assert_eq!(time_period(period.parse().unwrap()), wanted);
        }
        assert!(is_version("1.0") && is_version("1.0.0"));
        assert!(!is_version("1") && !is_version("1.x") && !is_version("2026-01"));
    }
}
