//! English plurals, lightly: `districts` is met by `district`, and `economies` by `economy`.
//!
//! A text is known by its words and by their singulars beside them, and so is a query: whoever asks
//! for a word as it is written finds it. Without knowing the word nobody can tell which singular is
//! right, as of `taxes` and `caches`, so there are two where there may be; one that is no word meets
//! nothing.

/// Words that end like plurals and are none, and would be another word without their last letter.
const SINGULAR: [&str; 1] = ["news"];

/// How words end of which no last `s` is a plural's.
const NONE: [&str; 3] = ["ss", "us", "is"];

/// After what an `e` may belong to the plural.
const SOUNDED: [&str; 6] = ["s", "x", "z", "ch", "sh", "o"];

/// The shortest singular: what is shorter is left as it is.
const SHORTEST: usize = 3;

/// What a word may be the plural of, given in folded spelling.
pub(super) fn singulars(word: &str) -> impl Iterator<Item = String> + use<> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_none = NONE.iter().any(|end| word.ends_with(end)) || SINGULAR.contains(&word);
    let without_s = word.strip_suffix('s').filter(|_| is_plain && !is_none);
    let other = without_s.and_then(|rest| rest.strip_suffix('e')).and_then(|rest| {
        match rest.strip_suffix('i') {
            Some(rest) => Some(format!("{rest}y")),
            None => SOUNDED.iter().any(|end| rest.ends_with(end)).then(|| rest.to_owned()),
        }
    });
    let all = other.into_iter().chain(without_s.map(str::to_owned));
    all.filter(|singular| singular.len() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::singulars;

    #[test]
    fn knows_what_a_word_may_be_the_plural_of() {
        for (word, wanted) in [
            ("districts", "district"),
            ("economies", "economy economie"),
            ("taxes", "tax taxe"),
            ("caches", "cach cache"),
            ("processes", "process processe"),
            ("potatoes", "potato potatoe"),
            ("rates", "rate"),
            ("jobs", "job"),
            ("ties", "tie"),
            ("uses", "use"),
            ("economy", ""),
            ("gas", ""),
            ("news", ""),
            ("process", ""),
            ("status", ""),
            ("analysis", ""),
            ("5gs", ""),
            ("pâtés", ""),
            ("s", ""),
            ("", ""),
        ] {
            assert_eq!(singulars(word).collect::<Vec<_>>().join(" "), wanted, "{word}");
        }
    }
}
