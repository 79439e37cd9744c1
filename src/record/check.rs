//! What must hold of a row beyond the types of its columns.

use async_graphql::resolver_utils::enum_value;
use entity::{
    Decimal, claim, district,
    vocabulary::{Comparator, ObservationStatus},
};

use super::{Problem, row::wrong};

/// The most digits a value has, before the point or after it.
const DIGITS: i32 = 28;

/// A place is on the globe.
pub(super) fn district(row: &district::Model) -> Result<(), Problem> {
    for (name, angle, most) in [("latitude", row.latitude, 90), ("longitude", row.longitude, 180)] {
        let globe = Decimal::from(-most)..=Decimal::from(most);
        if let Some(angle) = angle.filter(|angle| !globe.contains(angle)) {
            let why = format!("it is none of -{most} to {most} degrees");
            return Err(wrong(name, &angle.to_string(), why));
        }
    }
    Ok(())
}

/// A figure has a value exactly when it is neither missing nor withheld.
pub(super) fn figure(
    value: Option<Decimal>,
    status: ObservationStatus,
    comparator: Comparator,
    decimals: i32,
    multiplier: i32,
) -> Result<(), Problem> {
    let word = enum_value(status).to_string();
    let absent = matches!(status, ObservationStatus::Missing | ObservationStatus::Suppressed);
    let why = match (value, absent) {
        (None, false) => format!(
            "there is none, but the status is {word}; give a value, or the status MISSING or \
             SUPPRESSED"
        ),
        (Some(_), true) => {
            format!("the status is {word}; leave the value empty, or give another status")
        }
        _ if comparator == Comparator::Unknown => {
            let why = "it is of computed figures only; give what the source says, or EQUAL";
            return Err(wrong("comparator", "UNKNOWN", why));
        }
        _ if !(0..=DIGITS).contains(&decimals) => {
            return Err(wrong("decimals", &decimals.to_string(), "it is none of 0 to 28"));
        }
        _ if !(-DIGITS..=DIGITS).contains(&multiplier) => {
            return Err(wrong("multiplier", &multiplier.to_string(), "it is none of -28 to 28"));
        }
        _ => return Ok(()),
    };
    Err(wrong("value", &value.map(|value| value.to_string()).unwrap_or_default(), why))
}

/// A claim is about an initiative or about a figure.
pub(super) fn claim(row: &claim::Model) -> Result<(), Problem> {
    if row.initiative_id.is_some() == row.observation_id.is_some() {
        let reason = "it is about an initiative or about an observation; give exactly one of them";
        return Err(Problem { reason: reason.to_owned(), ..Problem::default() });
    }
    Ok(())
}
