//! Traditional and simplified Chinese characters, and their other forms, as one.
//!
//! Which are forms of one another is OpenCC's to say: its table is taken in when this is built. A
//! traditional character that became several simplified ones makes one of all of them, since without
//! knowing the word nobody can tell them apart.

/// The characters that have another form, in their order, each with the one that stands for all of
/// its forms.
static FORMS: &[(char, char)] = &include!(concat!(env!("OUT_DIR"), "/han.rs"));

/// Where Chinese characters begin.
const FIRST: char = '\u{3400}';

/// The character that stands for all forms of this one: itself, for most.
pub(super) fn one_form(letter: char) -> char {
    if letter < FIRST {
        return letter;
    }
    let found = FORMS.binary_search_by_key(&letter, |(form, _)| *form);
    found.map_or(letter, |place| FORMS[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_character_are_one() {
        assert!(FORMS.is_sorted_by(|one, next| one.0 < next.0) && FORMS.len() > 4000);
        for forms in ["數数", "經经", "濟济", "發髮发", "臺台", "乾幹干", "後后", "國国", "裡裏里"]
        {
            let mut one: Vec<char> = forms.chars().map(one_form).collect();
            one.dedup();
            assert_eq!(one.len(), 1, "{forms}: {one:?}");
        }
        // What stands for others stands for itself, and no letter but these has forms.
        assert!(FORMS.iter().all(|(form, one)| form != one && one_form(*one) == *one));
        assert!(FORMS.iter().all(|(form, _)| *form >= FIRST), "{:?}", FORMS.first());
        for other in ['a', '海', '淀', 'が', '한'] {
            assert_eq!(one_form(other), other);
        }
    }
}
