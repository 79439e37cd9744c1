//! The languages a client prefers (`Accept-Language`, RFC 9110).

use axum::http::{HeaderMap, header};
use entity::Text;

use crate::graphql::{Language, Preferred};

/// How many bytes of the header are read at the most, and how many languages: more are no
/// preference.
const LONGEST: usize = 1000;
const MOST: usize = 16;

/// The languages of the header, best first. What is malformed is passed over, for a browser must
/// not be refused for what its user never wrote.
pub(super) fn preferred(headers: &HeaderMap) -> Preferred {
    let lines = headers.get_all(header::ACCEPT_LANGUAGE);
    let lines = || lines.iter().filter_map(|line| line.to_str().ok());
    if lines().map(str::len).sum::<usize>() > LONGEST {
        return Preferred::default();
    }
    let said = lines().flat_map(|line| line.split(','));
    let mut ranges: Vec<(u16, Language)> = said.filter_map(range).collect();
    // Those of equal weight stay in the order they stand in.
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    Preferred(ranges.into_iter().take(MOST).map(|(_, language)| language).collect())
}

/// One language and its weight in thousandths; `None` where it is malformed or not wanted at all.
/// `*`, any language, is the one given to those who want none.
fn range(text: &str) -> Option<(u16, Language)> {
    let (tag, weight) = match text.split_once(';') {
        Some((tag, parameter)) => {
            let (name, weight) = parameter.split_once('=')?;
            let weight = thousandths(weight.trim())?;
            (name.trim().eq_ignore_ascii_case("q") && weight > 0).then_some((tag, weight))?
        }
        None => (text, 1000),
    };
    let tag = if tag.trim() == "*" { Text::FALLBACK } else { tag.trim() };
    Some((weight, tag.parse().ok()?))
}

/// A weight: from 0 to 1 with three decimals at the most.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", _) => Some(decimals),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};
    use axum::http::HeaderValue;

    use super::*;

    fn tags(lines: &[&str]) -> Vec<String> {
        let lines = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).unwrap());
        let headers = lines.map(|line| (header::ACCEPT_LANGUAGE, line)).collect();
        let Preferred(languages) = preferred(&headers);
        let tag = |language: &Language| match language.to_value() {
            Value::String(tag) => tag,
            other => panic!("{other}"),
        };
        languages.iter().map(tag).collect()
    }

    #[test]
    fn the_best_comes_first() {
        for (header, wanted) in [
            ("zh", &["zh"][..]),
            ("da, en-gb;q=0.8, en;q=0.7", &["da", "en-GB", "en"]),
            ("en;q=0.1,zh;q=0.123,ar;Q=0.9 , fr ; q=1.000", &["fr", "ar", "zh", "en"]),
            ("ar;q=0.5, zh;q=0.5", &["ar", "zh"]),
            ("fr, *;q=0.5, zh;q=0.1", &["fr", "en", "zh"]),
            ("zh;q=0, ar", &["ar"]),
        ] {
            assert_eq!(tags(&[header]), wanted, "{header}");
        }
        assert_eq!(tags(&["ar;q=0.2", "zh"]), ["zh", "ar"]);
    }

    #[test]
    fn what_is_malformed_is_passed_over() {
        for header in [
            "",
            ",",
            ";",
            "q=1",
            ";q=1",
            "zh;q",
            "zh;q=",
            "zh;q=x",
            "zh;q=2",
            "zh;q=1.001",
            "zh;q=-1",
            "zh;q=0.1234",
            "zh;q=.5",
            "zh;p=1",
            "zh;q=0.5;q=1",
            "zh_CN",
            "english please",
            "中文",
            "*zh",
            "zh-*",
        ] {
            assert_eq!(tags(&[header]), <[&str; 0]>::default(), "{header}");
            assert_eq!(tags(&["fr", header, "ar"]), ["fr", "ar"], "{header}");
        }
    }

    #[test]
    fn an_endless_header_is_no_preference() {
        let many: Vec<String> = ('a'..='z').map(|letter| format!("a{letter}")).collect();
        assert_eq!(tags(&[&many.join(",")]), many[..MOST]);
        assert_eq!(tags(&[&"zh,".repeat(1000)]), <[&str; 0]>::default());
    }
}
