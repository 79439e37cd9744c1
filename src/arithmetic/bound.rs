//! Comparators of what is computed from figures that may be bounds.

use entity::vocabulary::Comparator::{self, *};

/// On which side of its value a figure may lie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Exact,
    Above,
    Below,
    Around,
    Unknown,
}

fn side(comparator: Comparator) -> Side {
    match comparator {
        Equal => Side::Exact,
        MoreThan | AtLeast => Side::Above,
        LessThan | AtMost | Nearly => Side::Below,
        About => Side::Around,
        Unknown => Side::Unknown,
    }
}

/// Whether the true figure may be greater than the value, and whether it may be less.
pub fn reach(comparator: Comparator) -> (bool, bool) {
    match side(comparator) {
        Side::Exact => (false, false),
        Side::Above => (true, false),
        Side::Below => (false, true),
        Side::Around | Side::Unknown => (true, true),
    }
}

/// Of a sum or a mean: greater inputs make it greater.
pub(super) fn sum(inputs: &[Comparator]) -> Comparator {
    let only = |allowed: &[Comparator]| inputs.iter().all(|input| allowed.contains(input));
    let any = |wanted: Comparator| inputs.contains(&wanted);
    match () {
        () if only(&[Equal]) => Equal,
        () if only(&[Equal, AtLeast]) => AtLeast,
        () if only(&[Equal, AtLeast, MoreThan]) => MoreThan,
        () if only(&[Equal, Nearly]) => Nearly,
        () if only(&[Equal, AtMost]) => AtMost,
        () if only(&[Equal, AtMost, Nearly, LessThan]) && (any(LessThan) || any(Nearly)) => {
            LessThan
        }
        () if only(&[Equal, About]) => About,
        () => Unknown,
    }
}

/// Of a value picked by its size, such as the largest or the middle one: greater inputs may make
/// it greater, or leave it.
pub(super) fn rank(inputs: &[Comparator]) -> Comparator {
    match sum(inputs) {
        MoreThan => AtLeast,
        LessThan | Nearly => AtMost,
        other => other,
    }
}

/// Of a measure of spread: a bound says nothing about it.
pub(super) fn spread(inputs: &[Comparator]) -> Comparator {
    match sum(inputs) {
        known @ (Equal | About) => known,
        _ => Unknown,
    }
}

/// Of what becomes greater as the first does and smaller as the second does: a difference, or a
/// quotient of positive numbers. Two bounds together bound nothing.
pub(super) fn difference(first: Comparator, second: Comparator) -> Comparator {
    match (side(first), side(second)) {
        (Side::Exact, Side::Exact) => Equal,
        (_, Side::Exact) => first,
        (Side::Exact, _) => turned(second),
        (Side::Around, Side::Around) => About,
        _ => Unknown,
    }
}

/// Of the negative.
pub(super) fn turned(comparator: Comparator) -> Comparator {
    match comparator {
        MoreThan => LessThan,
        AtLeast => AtMost,
        LessThan | Nearly => MoreThan,
        AtMost => AtLeast,
        same @ (Equal | About | Unknown) => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_reaches_beyond_its_value_on_its_open_sides() {
        for (comparators, wanted) in [
            (&[Equal][..], (false, false)),
            (&[MoreThan, AtLeast], (true, false)),
            (&[LessThan, AtMost, Nearly], (false, true)),
            (&[About, Unknown], (true, true)),
        ] {
            assert!(comparators.iter().all(|comparator| reach(*comparator) == wanted));
        }
    }

    #[test]
    fn a_sum_is_as_exact_as_its_inputs() {
        for (inputs, wanted) in [
            (&[Equal, Equal][..], Equal),
            (&[MoreThan, Equal], MoreThan),
            (&[AtLeast, Equal], AtLeast),
            (&[AtLeast, MoreThan], MoreThan),
            (&[LessThan, Equal], LessThan),
            (&[AtMost, Equal], AtMost),
            (&[AtMost, LessThan], LessThan),
            (&[Nearly, Equal], Nearly),
            (&[Nearly, AtMost], LessThan),
            (&[About, Equal], About),
            (&[MoreThan, LessThan], Unknown),
            (&[MoreThan, About], Unknown),
            (&[Nearly, AtLeast], Unknown),
            (&[Unknown, Equal], Unknown),
        ] {
            assert_eq!(sum(inputs), wanted, "{inputs:?}");
        }
    }

    #[test]
    fn a_picked_value_is_bounded_weakly() {
        assert_eq!(rank(&[Equal, MoreThan]), AtLeast);
        assert_eq!(rank(&[Equal, Nearly]), AtMost);
        assert_eq!(rank(&[MoreThan, LessThan]), Unknown);
        assert_eq!(rank(&[Equal]), Equal);
    }

    #[test]
    fn a_spread_of_bounds_is_unknown() {
        assert_eq!(spread(&[Equal, MoreThan]), Unknown);
        assert_eq!(spread(&[Equal, About]), About);
    }

    #[test]
    fn a_difference_turns_its_second_bound_round() {
        for (first, second, wanted) in [
            (Equal, Equal, Equal),
            (MoreThan, Equal, MoreThan),
            (Equal, MoreThan, LessThan),
            (Equal, AtMost, AtLeast),
            (Equal, Nearly, MoreThan),
            (Nearly, Equal, Nearly),
            (MoreThan, MoreThan, Unknown),
            (MoreThan, LessThan, Unknown),
            (About, Equal, About),
            (About, About, About),
            (About, MoreThan, Unknown),
        ] {
            assert_eq!(difference(first, second), wanted, "{first:?} - {second:?}");
        }
    }
}
