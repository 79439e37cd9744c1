//! Suggestions: the names a client may have meant by one that there is not.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many names are suggested, at most.
const MOST: usize = 3;

/// How similar a name must be, from 0 to 1.
const SIMILARITY: f64 = 0.6;

/// The longest text, in bytes, for which names are suggested: one as long as a page was never
/// mistyped, and comparing it would cost.
const LONGEST: usize = 100;

/// How many pairs of characters one budget lets compare: some tens of milliseconds of work.
const PAIRS: usize = 2_000_000;

/// What one request, or one import, may still spend on suggestions. Everything that is wrong with
/// it draws on the same budget, so that the work does not grow with the number of errors times the
/// number of names; where it is used up, errors come without suggestions.
#[derive(Debug)]
pub struct Budget(AtomicUsize);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicUsize::new(PAIRS))
    }
}

impl Budget {
    /// Takes so much of it; whether there was as much.
    fn take(&self, pairs: usize) -> bool {
        let less = |left: usize| left.checked_sub(pairs);
        self.0.fetch_update(Relaxed, Relaxed, less).is_ok()
    }
}

/// Whether names may be suggested for a text at all: where not, they need not be read.
pub fn is_comparable(given: &str) -> bool {
    (1..=LONGEST).contains(&given.len())
}

/// The names closest to the one given, the closest first.
pub fn closest_matches<'n>(
    given: &str,
    names: impl IntoIterator<Item = &'n str>,
    budget: &Budget,
) -> Vec<String> {
    if !is_comparable(given) {
        return Vec::new();
    }
    let given = given.to_lowercase();
    let length = given.chars().count();
    let mut close: Vec<(f64, &str)> = Vec::new();
    for name in names {
        // Looking at a name costs too, whatever comes of it.
        if !budget.take(1) {
            break;
        }
        if !similar_length(length, name) {
            continue;
        }
        if !budget.take(length * name.len()) {
            break;
        }
        let similarity = strsim::normalized_damerau_levenshtein(&given, &name.to_lowercase());
        if similarity >= SIMILARITY {
            close.push((similarity, name));
        }
    }
    close.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    close.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Whether a name can be similar to a text of this many characters: each character that one has
/// more is a difference.
fn similar_length(length: usize, name: &str) -> bool {
    // No character has more than four bytes: such a name is not even read.
    if name.len() > 8 * length {
        return false;
    }
    let other = name.chars().count();
    let (less, more) = (length.min(other), length.max(other));
    less as f64 >= SIMILARITY * more as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
        closest_matches(given, names, &Budget::default())
    }

    #[test]
    fn the_closest_come_first_and_others_not_at_all() {
        let names = ["haidian", "huairou", "shunyi", "shijingshan"];
        assert_eq!(closest("hadian", names), ["haidian"]);
        assert_eq!(closest("HAIDIAN", names), ["haidian"]);
        assert_eq!(closest("Berlin", names), Vec::<String>::new());
        assert_eq!(closest("", names), Vec::<String>::new());
        assert_eq!(closest("海淀", ["海淀区", "朝阳区"]), ["海淀区"]);
        assert_eq!(closest("a", ["a".repeat(1000).as_str(), "a"]), ["a"]);
    }

    #[test]
    fn what_is_longer_than_any_name_is_compared_with_none() {
        let budget = Budget::default();
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(closest_matches(&long, [long.as_str()], &budget), Vec::<String>::new());
        assert_eq!(budget.0.into_inner(), PAIRS);
    }

    /// However many names there are, and however much is wrong, no more is compared.
    #[test]
    fn a_budget_is_for_all_that_is_wrong() {
        let names: Vec<String> = (0..100_000).map(|number| format!("district-{number}")).collect();
        let budget = Budget::default();
        let spent = || PAIRS - budget.0.load(Relaxed);
        assert_eq!(closest_matches("distrct-7", ["district-7"], &budget), ["district-7"]);
        let one = spent();
        assert!(one <= 9 * 10 + 1, "{one}");
        for wrong in 0..1000 {
            let names = names.iter().map(String::as_str);
            closest_matches(&format!("distrct-{wrong}"), names, &budget);
        }
        assert!(spent() <= PAIRS);
        assert_eq!(closest_matches("distrct-7", ["district-7"], &budget), Vec::<String>::new());
    }
}
