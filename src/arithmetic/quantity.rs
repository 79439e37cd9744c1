//! A number and how exactly it is known.

use std::num::NonZeroU64;

use bigdecimal::{BigDecimal, RoundingMode, Signed, Zero, num_bigint::BigInt};
use entity::{Decimal, vocabulary::Comparator};

use super::{Reason, Uncomputed, bound};

/// A decimal number of any length, for what happens between input and result.
pub type Number = BigDecimal;

/// How many significant digits a result keeps that had to be rounded.
pub const DIGITS: NonZeroU64 = NonZeroU64::new(15).unwrap();

/// A computed number and how the true figure relates to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// The number.
    pub value: Number,
    /// How the true figure relates to it.
    pub comparator: Comparator,
    /// Whether the number is what the computation gives, digit for digit, or rounded.
    pub exact: bool,
}

/// A figure as a number.
pub fn number(value: Decimal) -> Number {
    let (digits, scale) = value.digits();
    Number::new(digits.into(), scale.into())
}

impl Quantity {
    /// A figure as it was recorded.
    pub fn figure(value: Decimal, comparator: Comparator) -> Self {
        Self { value: number(value), comparator, exact: true }
    }

    /// The sum of figures: exact.
    pub fn sum(total: Number, inputs: &[Comparator]) -> Self {
        Self { value: total, comparator: bound::sum(inputs), exact: true }
    }

    /// The mean of `count` figures with this sum.
    pub fn mean(total: &Number, count: i64, inputs: &[Comparator]) -> Self {
        Self::divided(total, &Number::from(count), bound::sum(inputs))
    }

    /// A figure picked by its size, or between two such: the smallest, the middle one.
    pub fn picked(value: Number, inputs: &[Comparator]) -> Self {
        Self { value, comparator: bound::rank(inputs), exact: true }
    }

    /// The standard deviation of a sample of `count` figures, given their sum and that of their
    /// squares: the root of the squared differences from the mean, divided by one less than the
    /// count.
    pub fn standard_deviation(
        total: &Number,
        squares: &Number,
        count: i64,
        inputs: &[Comparator],
    ) -> Result<Self, Uncomputed> {
        if count < 2 {
            return Err(Uncomputed::new(
                Reason::TooFew,
                format!("a standard deviation needs two figures; there are {count}"),
            ));
        }
        let n = Number::from(count);
        let variance: Number = (&n * squares - total.square()) / (&n * (&n - Number::from(1)));
        let root = variance.sqrt().unwrap_or_default();
        let exact = root.square() == variance;
        Ok(Self::rounded(&root, bound::spread(inputs), exact))
    }

    /// A quotient, rounded once. The divisor is not zero.
    pub(super) fn divided(dividend: &Number, divisor: &Number, comparator: Comparator) -> Self {
        let ((above, above_scale), (below, below_scale)) =
            (dividend.as_bigint_and_scale(), divisor.as_bigint_and_scale());
        let more = (divisor.digits() + DIGITS.get() + 2).saturating_sub(dividend.digits());
        let above = above.as_ref() * BigInt::from(10).pow(more as u32);
        let (digits, rest) = (&above / below.as_ref(), &above % below.as_ref());
        let exact = rest.is_zero();
        // One digit stands for all that follow, so that what lies just beyond a tie is no tie.
        let beyond = if exact { BigInt::ZERO } else { digits.signum() };
        let scale = above_scale + more as i64 - below_scale + 1;
        Self::rounded(&Number::new(digits * 10 + beyond, scale), comparator, exact)
    }

    /// Rounds what was computed with many more digits.
    pub(super) fn rounded(value: &Number, comparator: Comparator, exact: bool) -> Self {
        let rounded = value.with_precision_round(DIGITS, RoundingMode::HalfEven);
        let exact = exact && rounded == *value;
        Self { value: rounded, comparator, exact }
    }

    /// The number as a result. Fails where it has more digits than a [`Decimal`] holds.
    pub fn decimal(&self) -> Result<Decimal, Uncomputed> {
        let value = self.value.normalized();
        // A number that ends in zeros has a scale below none.
        let value = if value.fractional_digit_count() < 0 { value.with_scale(0) } else { value };
        let (digits, scale) = value.as_bigint_and_scale();
        let digits = i128::try_from(digits.as_ref()).ok().zip(u32::try_from(scale).ok());
        digits.and_then(|(digits, scale)| Decimal::from_digits(digits, scale)).ok_or_else(|| {
            let text = value.to_plain_string();
            Uncomputed::new(
                Reason::OutOfRange,
                format!("{text} has more than the 28 significant digits of a Decimal"),
            )
        })
    }

    /// The same rounded half to even to that many digits after the point.
    pub fn to_decimals(&self, decimals: u32) -> Self {
        let rounded = self.value.with_scale_round(decimals.into(), RoundingMode::HalfEven);
        let exact = self.exact && rounded == self.value;
        Self { value: rounded, comparator: self.comparator, exact }
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.value.is_negative()
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::vocabulary::Comparator::*;

    fn n(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn sums_of_unlike_size_are_exact() {
        let sum = Quantity::sum(n("2400000000000") + n("0.01"), &[Equal, MoreThan]);
        assert_eq!(sum.decimal().unwrap().to_string(), "2400000000000.01");
        assert_eq!((sum.comparator, sum.exact), (MoreThan, true));
    }

    #[test]
    fn means_are_rounded_half_to_even_and_say_so() {
        for (total, count, wanted, exact) in [
            ("10", 3, "3.33333333333333", false),
            ("20", 3, "6.66666666666667", false),
            ("1", 4, "0.25", true),
            ("0.0000000000000025", 1, "0.0000000000000025", true),
            ("1000000000000005", 10, "100000000000000", false),
            ("1000000000000015", 10, "100000000000002", false),
            ("-10", 3, "-3.33333333333333", false),
            ("-20", 3, "-6.66666666666667", false),
            ("123456789012345600000000", 1000, "123456789012346000000", false),
            ("0.00000000000000000001", 8, "0.00000000000000000000125", true),
            // Just beyond a tie, by what is left over alone.
            ("700000000000003500000000000.001", 7, "100000000000001000000000000", false),
            ("700000000000003500000000000", 7, "100000000000000000000000000", false),
            ("0", 7, "0", true),
        ] {
            let mean = Quantity::mean(&n(total), count, &[Equal]);
            assert_eq!(mean.decimal().unwrap().to_string(), wanted, "{total} / {count}");
            assert_eq!(mean.exact, exact, "{total} / {count}");
        }
    }

    #[test]
    fn a_standard_deviation_is_that_of_a_sample() {
        let of = |numbers: &[&str]| {
            let numbers: Vec<Number> = numbers.iter().map(|text| n(text)).collect();
            let squares = numbers.iter().map(Number::square).sum();
            let total = numbers.iter().cloned().sum();
            Quantity::standard_deviation(&total, &squares, numbers.len() as i64, &[Equal])
        };
        assert_eq!(
            of(&["2", "4", "4", "4", "5", "5", "7", "9"]).unwrap().value,
            n("2.13808993529940")
        );
        // A million apart from zero, where binary fractions lose the difference.
        assert_eq!(
            of(&["1000000000000.1", "1000000000000.3"]).unwrap().value,
            n("0.141421356237310")
        );
        assert_eq!(of(&["3", "3", "3"]).unwrap().value, n("0"));
        assert_eq!(of(&["3"]).unwrap_err().reason, Reason::TooFew);
    }

    #[test]
    fn what_does_not_fit_is_refused_rather_than_rounded() {
        let long = Quantity::sum(n("123456789012345678901234567890.5"), &[Equal]);
        assert_eq!(long.decimal().unwrap_err().reason, Reason::OutOfRange);
    }
}
