//! The words of SDMX-CSV: its columns and its code lists, as far as they say what is kept here.

use entity::{Frequency, Period};

/// The columns of a file: with labels they are written `CODE: Label`.
pub(super) fn columns(columns: &[String]) -> Vec<String> {
    columns.iter().map(|column| code(column).0.to_owned()).collect()
}

/// Whether these are the columns of such a file.
pub(super) fn is(columns: &[String]) -> bool {
    let has = |wanted: &str| columns.iter().any(|c| code(c).0.eq_ignore_ascii_case(wanted));
    has("STRUCTURE") && has("STRUCTURE_ID") || has("DATAFLOW") && has("OBS_VALUE")
}

/// A code and its label.
pub(in crate::package) fn code(text: &str) -> (&str, Option<&str>) {
    match text.split_once(": ") {
        Some((code, label)) => (code.trim(), Some(label.trim())),
        None => (text.trim(), None),
    }
}

/// A status in our words: SDMX's code list CL_OBS_STATUS, or the word itself.
pub(super) fn status(text: &str) -> &str {
    match text {
        "A" | "a" => "NORMAL",
        "P" | "p" => "PROVISIONAL",
        "E" | "e" => "ESTIMATED",
        "F" | "f" => "FORECAST",
        "I" | "i" => "IMPUTED",
        "B" | "b" => "BREAK",
        "U" | "u" => "UNRELIABLE",
        "M" | "m" | "L" | "l" | "O" | "o" | "H" | "h" => "MISSING",
        "Q" | "q" => "SUPPRESSED",
        other => other,
    }
}

/// Whether a figure with this action is withdrawn; fails where there is no such action.
pub(super) fn withdraws(action: &str) -> Result<bool, String> {
    match action.to_uppercase().as_str() {
        "" | "I" | "A" | "M" | "R" => Ok(false),
        "D" => Ok(true),
        _ => Err("there is no such action; there are I, A, M, R and D".to_owned()),
    }
}

/// The period of a frequency that a text with a day in it means; fails where they differ.
pub(super) fn of_frequency(period: Period, code: &str) -> Result<Period, String> {
    use crate::package::options::Frequency as Said;
    let said = match code.to_uppercase().as_str() {
        "A" => Said::Year,
        "S" => Said::Half,
        "Q" => Said::Quarter,
        "M" => Said::Month,
        "W" => Said::Week,
        "D" => Said::Day,
        _ => return Ok(period),
    };
    if period.length() == Frequency::Range {
        return Ok(period);
    }
    super::period::of_length(period, said)
}

/// Whether a code of CL_UNIT_MEASURE is another word for percent.
pub(super) fn is_percent(code: &str) -> bool {
    ["PT", "PC", "PERCENT", "%"].contains(&code.to_uppercase().as_str())
}
