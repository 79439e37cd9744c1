//! From one figure to another: differences, ratios, rates of growth.

use bigdecimal::{BigDecimal, Signed, ToPrimitive, Zero};
use entity::vocabulary::Comparator;

use super::{Number, Quantity, Reason, Uncomputed, bound};

/// How a figure differs from another: in its unit, and in percent of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The difference, exact.
    pub absolute: Quantity,
    /// The difference in percent of the base.
    pub percent: Result<Quantity, Uncomputed>,
}

/// The change from `base` to `figure`.
pub fn change(figure: &Quantity, base: &Quantity) -> Growth {
    let absolute = Quantity {
        value: &figure.value - &base.value,
        comparator: bound::difference(figure.comparator, base.comparator),
        exact: figure.exact && base.exact,
    };
    let percent = match base.value.is_negative() {
        // Of a negative base, growth comes out as a fall and a fall as growth.
        true => Err(Uncomputed::new(
            Reason::NotPositive,
            "the figure it is compared with is negative, so a change in percent says nothing",
        )),
        false => ratio(figure, base, 100).map(|whole| {
            let part = &absolute.value * Number::from(100);
            Quantity::divided(&part, &base.value, whole.comparator)
        }),
    };
    Growth { absolute, percent }
}

/// The change from a figure to itself: none, even of a bound.
pub fn change_to_itself(figure: &Quantity) -> Growth {
    let certain = Quantity { comparator: Comparator::Equal, ..figure.clone() };
    change(&certain, &certain)
}

/// `figure / figure × scale`: certain, even of a bound.
pub fn ratio_to_itself(figure: &Quantity, scale: i64) -> Result<Quantity, Uncomputed> {
    let certain = Quantity { comparator: Comparator::Equal, ..figure.clone() };
    ratio(&certain, &certain, scale)
}

/// `figure / base × scale`.
pub fn ratio(figure: &Quantity, base: &Quantity, scale: i64) -> Result<Quantity, Uncomputed> {
    if base.is_zero() {
        return Err(Uncomputed::new(Reason::BaseZero, "the figure to divide by is zero"));
    }
    let scaled = &figure.value * Number::from(scale);
    // A greater dividend makes the quotient by a negative number smaller, and a greater divisor
    // that of a negative dividend greater.
    let first =
        if base.value.is_negative() { bound::turned(figure.comparator) } else { figure.comparator };
    let second =
        if figure.value.is_negative() { bound::turned(base.comparator) } else { base.comparator };
    let comparator = match (figure.is_zero(), figure.comparator) {
        // None of something is none of it, whatever that is.
        (true, Comparator::Equal) => Comparator::Equal,
        _ => bound::difference(first, second),
    };
    Ok(Quantity::divided(&scaled, &base.value, comparator))
}

/// The compound rate of growth in percent for one of `steps` equal steps from `first` to `last`,
/// where a year has `per_year` of them: `((last / first)^(per_year / steps) - 1) × 100`.
pub fn growth_rate(
    first: &Quantity,
    last: &Quantity,
    steps: u32,
    per_year: u32,
) -> Result<Quantity, Uncomputed> {
    if steps == 0 {
        return Err(Uncomputed::new(Reason::TooFew, "a rate of growth needs two figures"));
    }
    if first.is_zero() {
        return Err(Uncomputed::new(Reason::BaseZero, "the first figure is zero"));
    }
    if !first.value.is_positive() || !last.value.is_positive() {
        return Err(Uncomputed::new(
            Reason::NotPositive,
            "a rate of growth is computed of positive figures only",
        ));
    }
    let quotient = (&last.value / &first.value).powi(per_year.into());
    let factor = root(&quotient, steps);
    let percent = (factor - Number::from(1)) * Number::from(100);
    let comparator = bound::difference(last.comparator, first.comparator);
    let exact = first.exact && last.exact && quotient == last_power(&percent, steps);
    Ok(Quantity::rounded(&percent, comparator, exact))
}

/// What a rate in percent gives after that many steps.
fn last_power(percent: &Number, steps: u32) -> Number {
    (percent / Number::from(100) + Number::from(1)).powi(steps.into())
}

/// How many digits a root is computed with: many more than any result keeps.
const WORKING_DIGITS: u64 = 60;

/// The positive `degree`-th root of a positive number, by Newton's method.
fn root(of: &Number, degree: u32) -> Number {
    if degree == 1 || of.is_zero() {
        return of.clone();
    }
    let n = Number::from(degree);
    let start = of.to_f64().filter(|start| start.is_finite() && *start > 0.0).unwrap_or(1.0);
    let mut guess: Number = BigDecimal::try_from(start.powf(1.0 / f64::from(degree)))
        .unwrap_or_else(|_| Number::from(1));
    // Each step doubles the digits that are right: from a double's fifteen, six are plenty; the
    // rest is for numbers beyond a double's range.
    for _ in 0..200 {
        let power = guess.powi(i64::from(degree) - 1).with_prec(WORKING_DIGITS * 2);
        let next: Number = ((&n - Number::from(1)) * &guess + of / power) / &n;
        let next = next.with_prec(WORKING_DIGITS);
        if next == guess {
            break;
        }
        let settled = (&next - &guess).abs() * Number::new(1.into(), -55) < next;
        guess = next;
        if settled {
            break;
        }
    }
    guess
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::vocabulary::Comparator::*;

    fn q(text: &str, comparator: Comparator) -> Quantity {
        Quantity { value: text.parse().unwrap(), comparator, exact: true }
    }

    #[test]
    fn a_change_is_exact_and_relative() {
        let growth = change(&q("70", Equal), &q("40", Equal));
        assert_eq!(growth.absolute, q("30", Equal));
        assert_eq!(growth.percent.unwrap(), q("75", Equal));
        let fall = change(&q("1", Equal), &q("3", Equal));
        let percent = fall.percent.unwrap();
        assert_eq!(percent.value, "-66.6666666666667".parse::<Number>().unwrap());
        assert!(!percent.exact);
    }

    #[test]
    fn bounds_stay_bounds() {
        let comparators = |figure: Quantity, base: Quantity| {
            let growth = change(&figure, &base);
            (growth.absolute.comparator, growth.percent.map(|percent| percent.comparator).ok())
        };
        for (figure, base, absolute, percent) in [
            (q("4", MoreThan), q("2", Equal), MoreThan, Some(MoreThan)),
            (q("4", Equal), q("2", MoreThan), LessThan, Some(LessThan)),
            (q("4", MoreThan), q("2", MoreThan), Unknown, Some(Unknown)),
            (q("4", MoreThan), q("-2", Equal), MoreThan, None),
            (q("-4", Equal), q("2", MoreThan), LessThan, Some(MoreThan)),
            (q("4", About), q("0", Equal), About, None),
            (q("0", Equal), q("4", Nearly), MoreThan, Some(Equal)),
            (q("0", AtLeast), q("4", Equal), AtLeast, Some(AtLeast)),
        ] {
            assert_eq!(
                comparators(figure.clone(), base.clone()),
                (absolute, percent),
                "{figure:?} {base:?}"
            );
        }
    }

    #[test]
    fn a_rate_of_growth_compounds() {
        let rate = |first, last, steps| growth_rate(&q(first, Equal), &q(last, Equal), steps, 1);
        let rounded = rate("40", "70", 3).unwrap().to_decimals(1);
        assert_eq!(rounded.value, "20.5".parse::<Number>().unwrap());
        assert_eq!(rate("100", "121", 2).unwrap(), q("10", Equal));
        assert_eq!(rate("1", "2", 1).unwrap(), q("100", Equal));
        assert_eq!(rate("0", "2", 1).unwrap_err().reason, Reason::BaseZero);
        assert_eq!(rate("-1", "2", 1).unwrap_err().reason, Reason::NotPositive);
        assert_eq!(rate("1", "2", 0).unwrap_err().reason, Reason::TooFew);
        let quarterly = growth_rate(&q("100", Equal), &q("110", Equal), 2, 4).unwrap();
        assert_eq!(quarterly, q("21", Equal));
    }
}
