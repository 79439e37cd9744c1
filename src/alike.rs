//! The names an asker may have meant.

/// How many names are suggested, at most.
const MOST: usize = 3;

/// How alike a name must be, from 0 to 1.
const ALIKE: f64 = 0.6;

/// The longest name for which others are suggested: a name as long as a page was never mistyped,
/// and comparing it would cost.
pub const LONGEST: usize = 100;

/// The names most like the one given, the most alike first.
pub fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let lower = given.to_lowercase();
    let likeness =
        |name: &str| strsim::normalized_damerau_levenshtein(&lower, &name.to_lowercase());
    let mut alike: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    alike.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_come_first_and_strangers_not_at_all() {
        let names = ["haidian", "huairou", "shunyi", "shijingshan"];
        assert_eq!(nearest("hadian", names), ["haidian"]);
        assert_eq!(nearest("HAIDIAN", names), ["haidian"]);
        assert_eq!(nearest("Berlin", names), Vec::<String>::new());
        assert_eq!(nearest("", names), Vec::<String>::new());
    }
}
