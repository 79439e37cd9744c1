//! What a value says by itself and by the fields around it.

use entity::Quoted;

use super::{number, plan::Spots, resolve::Called, sdmx};
use crate::{package::options::Options, record::Problem};

/// The largest power of ten numbers are printed in.
const POWER_MAX: i32 = 30;

/// A value as it is kept.
pub(super) struct Figure {
    pub(super) value: String,
    pub(super) decimals: u32,
    /// The power of ten between the number as printed and the value.
    pub(super) power: i32,
    pub(super) comparator: String,
    pub(super) percent: bool,
    pub(super) rounded: bool,
}

impl Default for Figure {
    /// One that is missing.
    fn default() -> Self {
        let (value, comparator) = (String::new(), "EQUAL".to_owned());
        Self { value, decimals: 0, power: 0, comparator, percent: false, rounded: false }
    }
}

impl Figure {
    /// Reads a value that is there.
    pub(super) fn read(
        problem: &Problem,
        value: Called<'_>,
        spots: &Spots,
        fields: &[String],
        options: &Options,
    ) -> Result<Self, Problem> {
        let printed =
            number::read(value.text, options.decimal).map_err(|why| value.wrong(problem, why))?;
        let unit_mult = spots.unit_mult.of(fields);
        let power = match sdmx::code(unit_mult.text).0 {
            "" => 0,
            text => text.parse().ok().filter(|power: &i32| power.abs() <= POWER_MAX).ok_or_else(
                || unit_mult.wrong(problem, format!("it is no power of ten up to {POWER_MAX}")),
            )?,
        };
        let said = spots.comparator.of(fields);
        let comparator = match said.text {
            "" => printed.comparator,
            text if printed.comparator == "EQUAL" || printed.comparator == text => text,
            _ => {
                let why =
                    format!("the value {} itself says {}", Quoted(value.text), printed.comparator);
                return Err(said.wrong(problem, why));
            }
        };
        let rounded = options.digits.and_then(|digits| number::rounded(&printed.number, digits));
        let is_rounded = rounded.is_some();
        let decimals = match &rounded {
            Some(number) => number.split_once('.').map_or(0, |(_, after)| after.len() as u32),
            None => printed.decimals,
        };
        let number = rounded.unwrap_or(printed.number);
        Ok(Self {
            value: number::scaled(&number, power).map_err(|why| value.wrong(problem, why))?,
            decimals,
            power,
            comparator: comparator.to_owned(),
            percent: printed.percent,
            rounded: is_rounded,
        })
    }
}
