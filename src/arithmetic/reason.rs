//! Why something could not be computed.

use std::fmt::Display;

use async_graphql::Enum;

/// Why a value could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Reason {
    /// There is no figure to compute from, or it is missing. A missing figure is not zero.
    NoValue,
    /// There is no figure to compare with.
    NoBase,
    /// The figure to divide by is zero.
    BaseZero,
    /// The figures have different signs or are not positive, so that a rate of growth or a share
    /// says nothing.
    NotPositive,
    /// The figures are in different units.
    UnlikeUnits,
    /// The figures are of different metrics, so that a mean of them is one of unlike things.
    UnlikeMetrics,
    /// Some of the figures may be part of others, and would count twice: they are of a place and one
    /// inside it, or of places that are not known to lie apart; of a year and its quarters; of places
    /// and of initiatives. Places lie apart where one place is divided into them, or into others
    /// around them (`partition`).
    Overlap,
    /// Figures are missing, marked so or not there at all: the value is of those that are there.
    Incomplete,
    /// The figures are of periods of different length: a quarter is not compared with a year.
    UnlikePeriods,
    /// The figures may not be added up: the metric is not additive, or counts what is there at a
    /// time; or a place is none of the parts that the one around it is divided into.
    NotAdditive,
    /// The question does not apply: a change of a percentage is in percentage points, and nothing
    /// else has any; only amounts are divided among others (`per`); ranges are neither added up
    /// along a series nor averaged. Where a figure is missing, that is told instead.
    NotApplicable,
    /// There is no period for which all the places have a figure with a value.
    NoCommonPeriod,
    /// The place has no figure of its own, and several initiatives in it have one: say which.
    SeveralInitiatives,
    /// There are fewer figures than the computation needs.
    TooFew,
    /// A figure it rests on is marked UNRELIABLE by its status: no share is taken of such a figure,
    /// and no proportion (`share`, `per`). All else is computed of it.
    Unreliable,
    /// The result has more digits than a Decimal can hold.
    OutOfRange,
}

/// That there is no value, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncomputed {
    /// In one word.
    pub reason: Reason,
    /// In a sentence for the asker.
    pub explanation: String,
}

impl Uncomputed {
    /// That there is no value, and why.
    pub fn new(reason: Reason, explanation: impl Display) -> Self {
        Self { reason, explanation: explanation.to_string() }
    }
}
