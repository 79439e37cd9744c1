//! What must hold of a row beyond the types of its columns.

use entity::{
    claim, observation,
    vocabulary::{Comparator, ObservationStatus},
};

/// A figure has a value exactly when it is neither missing nor withheld.
pub(super) fn observation(row: &observation::Model) -> Result<(), String> {
    let absent = matches!(row.status, ObservationStatus::Missing | ObservationStatus::Suppressed);
    match (row.value, absent) {
        (None, false) => Err(format!(
            "column value: there is none, but the status is {:?}; give a value, or the status \
             MISSING or SUPPRESSED",
            row.status
        )),
        (Some(value), true) => Err(format!(
            "column value: it is {value}, but the status is {:?}; leave the value empty, or give \
             another status",
            row.status
        )),
        _ if row.comparator == Comparator::Unknown => {
            Err("column comparator: \"UNKNOWN\" is of computed figures only; give what the source \
                 says, or EQUAL"
                .to_owned())
        }
        _ if row.decimals < 0 => Err(format!("column decimals: {} is less than 0", row.decimals)),
        _ => Ok(()),
    }
}

/// A claim is about an initiative or about a figure.
pub(super) fn claim(row: &claim::Model) -> Result<(), String> {
    if row.initiative_id.is_some() == row.observation_id.is_some() {
        return Err("columns initiative and observation: give exactly one of them".to_owned());
    }
    Ok(())
}
