//! Outside text as messages quote it: cut where it is long, for whoever sent it knows the rest, and
//! an answer or a line of the log must not grow with it.

use std::{borrow::Cow, fmt};

use async_graphql::{InputType, InputValueError, Value};

/// How many characters of a text are quoted.
pub const QUOTED_MAX: usize = 80;

/// The beginning of a text, with `…` where it is cut.
pub fn cut(text: &str) -> Cow<'_, str> {
    match beginning(text, QUOTED_MAX) {
        whole if whole.len() == text.len() => Cow::Borrowed(text),
        start => Cow::Owned(format!("{start}…")),
    }
}

/// The first characters of a text.
pub fn beginning(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// A text in quotation marks, escaped, with `…` after it where it is cut.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'t>(pub &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = beginning(self.0, QUOTED_MAX);
        write!(f, "{start:?}")?;
        if start.len() < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}

/// A value of GraphQL: lists and objects by their kind alone.
#[derive(Debug, Clone, Copy)]
pub struct QuotedValue<'v>(pub &'v Value);

impl fmt::Display for QuotedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::List(_) => f.write_str("a list"),
            Value::Object(_) => f.write_str("an object"),
            Value::String(text) => Quoted(text).fmt(f),
            Value::Enum(word) => f.write_str(&cut(word)),
            value => value.fmt(f),
        }
    }
}

/// Why a value is none of a scalar.
pub fn unexpected<T: InputType>(value: &Value) -> InputValueError<T> {
    let message =
        format!("Expected input type {:?}, found {}.", T::type_name(), QuotedValue(value));
    InputValueError::custom(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(Quoted("a \"b\"").to_string(), r#""a \"b\"""#);
        assert_eq!(cut("海淀"), "海淀");
        let (whole, long) = ("海".repeat(QUOTED_MAX), "海".repeat(QUOTED_MAX + 1));
        assert_eq!(Quoted(&whole).to_string(), format!("\"{whole}\""));
        assert_eq!(Quoted(&long).to_string(), format!("\"{whole}\"…"));
        assert_eq!((cut(&whole), cut(&long)), (whole.as_str().into(), format!("{whole}…").into()));
    }
}
