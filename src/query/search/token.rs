//! Tokens: what the index knows of a text, and what a query asks of it.
//!
//! A word of a script that writes spaces is one token. Chinese, Japanese and Thai words are not
//! told apart: each character makes a token with the one after it, and the last one stands alone.
//! So any two characters that stand together are one look-up, more of them a row of tokens, and a
//! single one is a beginning. No text search of a database has to know a language, and both
//! databases find the same.

use super::plural;
use crate::fold;

/// The longest word that is told apart from longer ones, in bytes.
const WORD: usize = 60;

/// Words with their article and what is written together with it, of which readers look for the
/// rest: `ال` the, with `و` and, `ب` in, `ك` as, `ف` so, `ل` for. The longer ones first.
const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "ال", "لل"];

/// A token of a text, and the byte of the text where its surroundings begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) offset: usize,
}

/// The tokens of a text in its order; after them those words again that have an article, without
/// it, and those that look like plurals, as their singulars.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut bare = Vec::new();
    for (offset, word) in fold::words(text) {
        if let Some(rest) = without_article(&word) {
            bare.push(Token { text: rest, offset });
        }
        bare.extend(plural::singulars(&word).map(|text| Token { text, offset }));
        let parts = parts(&word).into_iter().flat_map(Part::tokens);
        tokens.extend(parts.map(|text| Token { text, offset }));
    }
    tokens.append(&mut bare);
    tokens
}

/// Tokens that must stand one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) tokens: Vec<String>,
    /// Whether the last token may go on.
    pub(super) open: bool,
    /// Any of these does as well: the singulars of a plural.
    pub(super) or: Vec<String>,
}

/// The terms of a query: one for each word, and the last word may be unfinished.
pub(super) fn terms(query: &str) -> Vec<Term> {
    let words: Vec<String> = fold::words(query).map(|(_, word)| word).collect();
    let last = words.len().saturating_sub(1);
    words.iter().enumerate().map(|(place, word)| term(word, place == last)).collect()
}

fn term(word: &str, unfinished: bool) -> Term {
    if let Some(rest) = without_article(word) {
        return Term { tokens: vec![rest], open: unfinished, or: Vec::new() };
    }
    let parts = parts(word);
    let (pairs, single) = match parts.last() {
        Some(Part::Unspaced(letters)) => (letters.len() > 1, letters.len() == 1),
        _ => (false, false),
    };
    let mut tokens: Vec<String> = parts.into_iter().flat_map(Part::tokens).collect();
    if pairs {
        // The text may go on after the last character.
        tokens.pop();
    }
    let or = plural::singulars(word).collect();
    Term { tokens, open: single || (unfinished && !pairs), or }
}

impl Term {
    /// Where the term stands first among the tokens of a text.
    pub(super) fn find<'t>(&self, text: &'t [Token]) -> Option<&'t Token> {
        let (last, before) = self.tokens.split_last()?;
        let fits = |window: &&[Token]| {
            let ends = window.last().is_some_and(|token| match self.open {
                true => token.text.starts_with(last),
                false => token.text == *last,
            });
            ends && window
                .iter()
                .map(|token| &token.text)
                .zip(before)
                .all(|(one, other)| one == other)
        };
        let found = text.windows(self.tokens.len()).find(fits).and_then(<[Token]>::first);
        found.or_else(|| text.iter().find(|token| self.or.contains(&token.text)))
    }
}

/// A word may change script.
enum Part {
    Spaced(String),
    Unspaced(Vec<char>),
}

fn parts(word: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for letter in word.chars() {
        match (parts.last_mut(), is_unspaced(letter)) {
            (Some(Part::Unspaced(letters)), true) => letters.push(letter),
            (Some(Part::Spaced(letters)), false) => letters.push(letter),
            (_, true) => parts.push(Part::Unspaced(vec![letter])),
            (_, false) => parts.push(Part::Spaced(letter.into())),
        }
    }
    parts
}

impl Part {
    fn tokens(self) -> Vec<String> {
        match self {
            Self::Spaced(letters) => vec![cut(&letters)],
            Self::Unspaced(letters) => {
                let pairs = letters.windows(2).map(|pair| pair.iter().collect());
                pairs.chain(letters.last().map(char::to_string)).collect()
            }
        }
    }
}

/// Whether the script writes no spaces: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// An Arabic word without its article, where at least three letters are left.
fn without_article(word: &str) -> Option<String> {
    let rest = ARTICLES.iter().find_map(|article| word.strip_prefix(article))?;
    (rest.chars().count() >= 3).then(|| cut(rest))
}

fn cut(word: &str) -> String {
    word[..word.floor_char_boundary(WORD)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> String {
        tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn splits_texts() {
        for (text, expected) in [
            ("Haidian District", "haidian district"),
            ("海淀区", "海淀 淀区 区"),
            ("海", "海"),
            ("5G海淀，北京", "5g 海淀 淀 北京 京"),
            ("الاقتصاد للبيانات الله", "الاقتصاد للبيانات الله اقتصاد بيانات"),
            ("Districts and economies", "districts and economies district economy economie"),
            (&"x".repeat(70), &"x".repeat(60)),
            ("?!", ""),
        ] {
            assert_eq!(texts(text), expected);
        }
    }

    #[test]
    fn finds_what_a_query_asks_for() {
        for (query, text, found) in [
            ("hai", "Hǎidiàn", true),
            ("hai dian", "Hǎidiàn", false),
            ("city goal", "The city's goals", true),
            ("goals cit", "The city's goals", true),
            ("cit goal", "The city's goals", false),
            ("淀", "海淀区", true),
            ("淀区", "海淀区", true),
            ("海淀区", "海淀区", true),
            ("海区", "海淀区", false),
            ("海淀区", "海淀的淀区", false),
            ("海 北京", "北京上海", true),
            ("5g网", "5G网络", true),
            ("g网", "5G网络", false),
            ("上海5g", "上海5G", true),
            ("海5g", "上海5G", true),
            ("اقتصاد", "للاقتصاد", true),
            ("الاقتصاد", "اقتصاد رقمي", true),
            ("الاق", "الاقتصاد", true),
            (&"x".repeat(80), &"x".repeat(70), true),
            ("districts", "District", true),
            ("district", "Districts", true),
            ("districts", "Districts", true),
            ("districts haidian", "Haidian District", true),
            ("economies", "an economy of scale", true),
            ("economy", "economies", true),
            ("economi", "economies", true),
            ("economi", "economy", false),
            ("taxes", "tax", true),
            ("movies", "movie", true),
            ("news", "new", false),
            ("gas", "ga", false),
            ("數字經濟", "数字经济", true),
            ("数字", "數字經濟", true),
        ] {
            let tokens = tokens(text);
            let all = terms(query).iter().all(|term| term.find(&tokens).is_some());
            assert_eq!(all, found, "{query} in {text}");
        }
    }
}
