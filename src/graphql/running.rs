//! Sums over any stretch of a series, all found in one pass.

use std::{iter::once, ops::Range};

use entity::{Decimal, Period, vocabulary::Comparator};

use crate::arithmetic::{Number, number};

/// The comparators there are.
const COMPARATORS: [Comparator; 8] = [
    Comparator::Equal,
    Comparator::MoreThan,
    Comparator::AtLeast,
    Comparator::LessThan,
    Comparator::AtMost,
    Comparator::About,
    Comparator::Nearly,
    Comparator::Unknown,
];

/// What is known before each point of a series, and after the last, of all points before it: the
/// sum of a stretch is the difference of two of these, however long it is.
pub(super) struct RunningSums {
    before: Vec<Before>,
    breaks: Vec<Break>,
}

/// All points before one.
#[derive(Clone, Default)]
struct Before {
    sum: Number,
    /// How many values there are.
    values: usize,
    /// How many of them have each comparator.
    comparators: [u32; COMPARATORS.len()],
}

/// Where a series is interrupted.
#[derive(Clone, Copy, Default)]
struct Break {
    /// The period, if its point has no value.
    own: Option<Period>,
    /// The first period missing from this point on, as seen from one before it, and the place where
    /// it is missed.
    next: Option<(usize, Period)>,
}

/// A stretch of points that follow each other in the calendar, all with values.
pub(super) struct Run {
    /// The sum of the values.
    pub(super) sum: Number,
    /// The different comparators they have.
    pub(super) comparators: Vec<Comparator>,
    /// Which of the series' values they are.
    pub(super) values: Range<usize>,
}

impl RunningSums {
    /// Goes through the points of a series, each with its value and comparator if it has any.
    pub(super) fn new(points: &[(Period, Option<(Decimal, Comparator)>)]) -> Self {
        let mut before = Vec::with_capacity(points.len() + 1);
        let mut all = Before::default();
        before.push(all.clone());
        for (_, figure) in points {
            if let Some((value, comparator)) = figure {
                all.sum += number(*value);
                all.values += 1;
                if let Some(place) = COMPARATORS.iter().position(|other| other == comparator) {
                    all.comparators[place] += 1;
                }
            }
            before.push(all.clone());
        }
        let expected = once(None).chain(points.iter().map(|(period, _)| period.next()));
        let mut breaks = vec![Break::default(); points.len()];
        let mut next = None;
        let backwards = points.iter().zip(expected.take(points.len()).collect::<Vec<_>>());
        for (place, ((period, figure), expected)) in backwards.enumerate().rev() {
            let own = figure.is_none().then_some(*period);
            let gap = expected.filter(|expected| expected != period);
            next = gap.or(own).map(|missing| (place, missing)).or(next);
            breaks[place] = Break { own, next };
        }
        Self { before, breaks }
    }

    /// The stretch from one point to another, both in it; or else the first period missing in it.
    pub(super) fn run(&self, from: usize, to: usize) -> Result<Run, Period> {
        if let Some(period) = self.breaks[from].own {
            return Err(period);
        }
        let later = self.breaks.get(from + 1).and_then(|later| later.next);
        if let Some((_, period)) = later.filter(|(place, _)| *place <= to) {
            return Err(period);
        }
        let (start, end) = (&self.before[from], &self.before[to + 1]);
        let counts = COMPARATORS.iter().zip(start.comparators.iter().zip(end.comparators));
        let comparators = counts.filter(|(_, (start, end))| *start < end);
        Ok(Run {
            sum: &end.sum - &start.sum,
            comparators: comparators.map(|(comparator, _)| *comparator).collect(),
            values: start.values..end.values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stretch gone through point by point.
    fn plainly(
        points: &[(Period, Option<(Decimal, Comparator)>)],
    ) -> Result<(Number, Vec<Comparator>, usize), Period> {
        let (mut sum, mut comparators) = (Number::default(), Vec::new());
        let mut expected: Option<Period> = None;
        for (period, figure) in points {
            let missing = expected.filter(|expected| expected != period).unwrap_or(*period);
            let figure = figure.filter(|_| missing == *period);
            let (value, comparator) = figure.ok_or(missing)?;
            sum += number(value);
            if !comparators.contains(&comparator) {
                comparators.push(comparator);
            }
            expected = period.next();
        }
        Ok((sum, comparators, points.len()))
    }

    #[test]
    fn every_stretch_is_as_if_it_were_gone_through() {
        let figure = |year: &str, text: &str, comparator| {
            let value = (!text.is_empty()).then(|| (text.parse().unwrap(), comparator));
            (year.parse().unwrap(), value)
        };
        use Comparator::{AtLeast, Equal, MoreThan};
        let points = [
            figure("2001", "0.001", Equal),
            figure("2002", "9999999999999999999999999999", MoreThan),
            figure("2003", "-70", Equal),
            figure("2004", "", Equal),
            figure("2005", "1.5", AtLeast),
            figure("2006", "2", Equal),
            figure("2008", "3", Equal),
            figure("2009", "0.25", Equal),
            figure("2011", "", Equal),
        ];
        let sums = RunningSums::new(&points);
        for from in 0..points.len() {
            for to in from..points.len() {
                let wanted = plainly(&points[from..=to]);
                match (sums.run(from, to), wanted) {
                    (Ok(run), Ok((sum, mut comparators, count))) => {
                        let place = |one: &Comparator| COMPARATORS.iter().position(|c| c == one);
                        comparators.sort_by_key(place);
                        let found = (run.sum, run.comparators, run.values.len());
                        assert_eq!(found, (sum, comparators, count), "{from} {to}");
                    }
                    (found, wanted) => {
                        assert_eq!(found.err(), wanted.err(), "{from} {to}");
                    }
                }
            }
        }
    }
}
