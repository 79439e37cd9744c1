//! Folding: different spellings become one, in every script.
//!
//! Both what is kept and what is asked for pass through here, by search and by filters, so a rule
//! matters only for what it makes equal. After a change of rules what is kept in folded spelling must
//! be made anew: raise [`crate::query::search::RULES`].

mod han;

use unicode_normalization::{
    IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick,
};

/// The words of a text in folded spelling, each with the byte where its surroundings begin in the
/// text: at the last separator before it.
///
/// Case, accents, tone marks, Arabic and Hebrew points, tatweel and the width of letters are gone;
/// hamza carriers, alef maqsura, taa marbuta and Persian letters are their plain Arabic ones; Arabic
/// digits are ASCII; traditional and simplified Chinese are one; everything that is no letter, mark
/// or digit separates words.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut start = 0;
    text.split_inclusive(separates)
        .flat_map(move |part| {
            let offset = start;
            start += part.len();
            let folded = fold(part);
            folded.split(' ').map(|word| (offset, word.to_owned())).collect::<Vec<_>>()
        })
        .filter(|(_, word)| !word.is_empty())
}

/// A text as a whole in folded spelling: its letters as [`words`] has them, any white space a single
/// space, and every other sign itself. Apostrophes are gone, as in words.
///
/// Each letter is folded by itself, so a part of a text is, folded, a part of the folded text. What
/// holds nothing but what is gone is empty.
pub(crate) fn text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut add = |letter: char| {
        if letter.is_whitespace() {
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if !is_apostrophe(letter) && !push(&mut folded, letter) {
            folded.push(letter);
        }
    };
    // Most texts are plain, and taken apart in a fraction of the time.
    if text.is_ascii() {
        text.chars().for_each(|letter| add(letter.to_ascii_lowercase()));
    } else {
        letters(text).for_each(add);
    }
    joined(folded)
}

/// Whether a word ends here for certain. Folding may find more ends, but never joins over one.
fn separates(c: char) -> bool {
    let joins = |c| is_part(c) || is_dropped(c) || is_apostrophe(c);
    !joins(c) && !std::iter::once(c).nfkd().any(joins)
}

fn fold(text: &str) -> String {
    let letters: Vec<char> = letters(text).collect();
    let mut folded = String::with_capacity(text.len());
    for (place, &letter) in letters.iter().enumerate() {
        if is_apostrophe(letter) {
            // `Xi'an` is one word, `city's` a word and an ending.
            let ends = letters.get(place + 2).is_none_or(|&c| !is_part(c));
            if ends && letters.get(place + 1) == Some(&'s') {
                folded.push(' ');
            }
        } else if !push(&mut folded, letter) {
            folded.push(' ');
        }
    }
    joined(folded)
}

/// Marks that tell letters apart, as in Japanese and Hindi, join their letters again.
fn joined(folded: String) -> String {
    match is_nfc_quick(folded.chars()) {
        IsNormalized::Yes => folded,
        _ => folded.nfc().collect(),
    }
}

/// The letters of a text apart from their marks, small and of one width.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().flat_map(char::to_lowercase)
}

/// Adds a letter in its folded spelling, which may be none; nothing but `false` where it is no
/// letter.
fn push(folded: &mut String, letter: char) -> bool {
    match letter {
        'a'..='z' | '0'..='9' => folded.push(letter),
        _ if is_dropped(letter) => {}
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        'þ' => folded.push_str("th"),
        'ø' => folded.push('o'),
        'đ' | 'ð' => folded.push('d'),
        'ł' => folded.push('l'),
        'ı' => folded.push('i'),
        'ς' => folded.push('σ'),
        // Hamza above and below were dropped as marks; alef wasla is a letter of its own.
        'ٱ' => folded.push('ا'),
        'ى' | 'ی' => folded.push('ي'),
        'ک' => folded.push('ك'),
        'ة' => folded.push('ه'),
        '٠'..='٩' => folded.push(ascii_digit(letter, '٠')),
        '۰'..='۹' => folded.push(ascii_digit(letter, '۰')),
        _ if is_part(letter) => folded.push(han::one_form(letter)),
        _ => return false,
    }
    true
}

fn ascii_digit(digit: char, zero: char) -> char {
    char::from_digit(u32::from(digit) - u32::from(zero), 10).unwrap_or(digit)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’' | 'ʼ' | 'ʻ' | 'ʾ' | 'ʿ')
}

/// Marks that are left out in careless writing, and characters that only steer the display.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe2f}'
        // Hebrew and Arabic points, tatweel.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}'
        | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}'
        | '\u{6ea}'..='\u{6ed}'
        // Soft hyphen, joiners, directions.
        | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{text, words};

    #[test]
    fn makes_spellings_equal() {
        for (given, folded) in [
            ("Hǎidiàn", "haidian"),
            ("HAIDIAN", "haidian"),
            ("ｈａｉｄｉａｎ　５Ｇ", "haidian 5g"),
            ("Lǚshùn", "lushun"),
            ("Xi'an Xi’an", "xian xian"),
            ("the city's", "the city s"),
            ("'quoted'", "quoted"),
            ("Ångström, Łódź; Straße", "angstrom lodz strasse"),
            ("İstanbul ılık", "istanbul ilik"),
            ("ΣΟΦΟΣ σοφός", "σοφοσ σοφοσ"),
            ("Open-source (5G) 2.4 km²", "open source 5g 2 4 km2"),
            ("أحمد إحمد آحمد ٱحمد احمد", "احمد احمد احمد احمد احمد"),
            ("مدينة مدينه", "مدينه مدينه"),
            ("على علي علی", "علي علي علي"),
            ("مُدُنٌ رَقْمِيَّة", "مدن رقميه"),
            ("بكيـــن", "بكين"),
            ("مؤسسة ناشئة", "موسسه ناشيه"),
            ("٢٠٢٥ ۲۰۲۵", "2025 2025"),
            ("می\u{200c}یون", "مييون"),
            ("海淀区，“AI”", "海淀区 ai"),
            ("ガギ ｶﾞ 한국 हिन्दी", "ガギ ガ 한국 हिन्दी"),
            ("數字經濟、數位發展", &folded("数字经济 数位发展")),
            ("乾燥 餅乾 頭髮", &folded("干燥 饼干 头发")),
            ("\u{202b}שָׁלוֹם\u{202c}", "שלום"),
            ("½ ﷺ", "1 2 صلي الله عليه وسلم"),
            ("— “”!%&|*", ""),
            ("", ""),
        ] {
            assert_eq!(self::folded(given), folded, "{given}");
        }
    }

    /// The words of a text, with spaces between.
    fn folded(text: &str) -> String {
        words(text).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn makes_whole_texts_equal() {
        for (given, folded) in [
            ("Digital Economy, 2025 (GDP)", "digital economy, 2025 (gdp)"),
            ("ＧＤＰ　１００％", "gdp 100%"),
            ("  two \n spaces\u{a0}", " two spaces "),
            ("Xi’an, the city's", "xian, the citys"),
            ("Côte d'Ivoire", "cote divoire"),
            ("100%_*?[a]\\", "100%_*?[a]\\"),
            ("数字經濟", &text("數字经济")),
            ("\u{301}ـ'’\u{200b}", ""),
            ("", ""),
        ] {
            assert_eq!(text(given), folded, "{given}");
        }
    }

    #[test]
    fn plain_texts_are_folded_like_others() {
        let plain: String = ('\0'..'\u{80}').collect();
        for plain in [&plain, " A  b\n\tC's 'x' 100%_"] {
            assert_eq!(text(plain) + "e", text(&format!("{plain}é")));
        }
    }

    /// So whatever holds a part is found by it, and letters are the same as in words.
    #[test]
    fn a_part_is_a_part_of_the_whole() {
        // Marks that are kept join the letter before them, which is then another letter.
        let joins = |c: char| super::is_part(c) && !c.is_alphanumeric();
        let all = (0..=0x2_ffff).filter_map(char::from_u32).filter(|c| !joins(*c));
        for letter in all {
            let whole = text(&format!("x{letter}y"));
            let (one, part) = (text(&letter.to_string()), text(&format!("{letter}y")));
            assert!(whole.contains(&one) && whole.ends_with(&part), "{letter:?} {whole:?}");
            let letters: String = words(&letter.to_string()).map(|(_, word)| word).collect();
            assert!(letters.chars().all(|c| one.contains(c)), "{letter:?} {one:?} {letters:?}");
        }
    }

    #[test]
    fn knows_where_words_begin() {
        let text = "Hǎi diàn，海淀";
        let places: Vec<&str> = words(text).map(|(offset, _)| &text[offset..]).collect();
        assert_eq!(places, ["Hǎi diàn，海淀", "diàn，海淀", "海淀"]);
    }
}
