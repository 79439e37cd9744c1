//! In which form a client takes an answer (`Accept-Encoding`), and in which it sends a request
//! (`Content-Encoding`, RFC 9110).

use std::io::{Read, Result};

use axum::http::{HeaderMap, HeaderValue, header};
use flate2::read::MultiGzDecoder;

use super::{negotiation::Range, refusal::Refusal};

/// The forms there are; of several that a client takes alike it gets the last. Some clients name
/// whatever the newest of their kind can read, so that the newest form comes after those that
/// everybody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    /// Not compressed, which is what a client gets that says nothing.
    Identity,
    Zstd,
    Gzip,
    Brotli,
}

impl Encoding {
    const ALL: [Self; 4] = [Self::Identity, Self::Zstd, Self::Gzip, Self::Brotli];

    /// The form's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// The form of this name.
    fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL.into_iter().find(|form| form.name().eq_ignore_ascii_case(name))
    }
}

/// Negotiates the form of the answer, once for all who handle the request: they find the best form
/// as the only one that the client takes.
pub(super) fn negotiate(headers: &mut HeaderMap) {
    if headers.contains_key(header::ACCEPT_ENCODING) {
        let best = HeaderValue::from_static(preferred(headers).name());
        headers.insert(header::ACCEPT_ENCODING, best);
    }
}

/// The best form that the client takes: the one it gives the greatest weight. What it does not name
/// has the weight of `*`.
pub(super) fn preferred(headers: &HeaderMap) -> Encoding {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let (mut named, mut others) = ([None; Encoding::ALL.len()], None);
    for range in lines.flat_map(|line| line.split(',')).filter_map(Range::read) {
        match Encoding::named(range.name) {
            Some(form) => named[form as usize] = Some(range.weight),
            None if range.name == "*" => others = Some(range.weight),
            None => {}
        }
    }
    let weight = |form: &Encoding| {
        let others = others.filter(|_| *form != Encoding::Identity);
        named[*form as usize].or(others).unwrap_or_default()
    };
    let best = Encoding::ALL.into_iter().filter(|form| weight(form) > 0).max_by_key(weight);
    best.unwrap_or(Encoding::Identity)
}

/// The form of a request's body: plain, or gzip, whose window is small, so that it takes no more
/// memory than what comes out of it. Several forms, one around the other, are none.
pub(super) fn of_body(headers: &HeaderMap) -> std::result::Result<Encoding, Refusal> {
    let mut sent = headers.get_all(header::CONTENT_ENCODING).iter();
    let form = match (sent.next(), sent.next()) {
        (None, _) => Some(Encoding::Identity),
        (Some(one), None) => one.to_str().ok().and_then(|name| Encoding::named(name.trim())),
        (Some(_), Some(_)) => None,
    };
    form.filter(|form| [Encoding::Identity, Encoding::Gzip].contains(form))
        .ok_or_else(|| Refusal::encoding(Encoding::Gzip.name()))
}

/// What is compressed with gzip, or its beginning: no more than so many bytes.
pub(super) fn inflate(compressed: &[u8], most: u64) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(compressed).take(most).read_to_end(&mut plain)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_form_the_client_takes() {
        for (header, wanted) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("zstd, gzip, deflate", Encoding::Gzip),
            ("zstd", Encoding::Zstd),
            ("zstd;q=0.9, br;q=0.8, gzip;q=0.8", Encoding::Zstd),
            ("gzip;q=1.0, BR ; q=0.5", Encoding::Gzip),
            ("br;q=0, gzip", Encoding::Gzip),
            ("br;q=x, gzip", Encoding::Gzip),
            ("*", Encoding::Brotli),
            ("br;q=0, *", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("brotli, x-gzip", Encoding::Gzip),
            ("brotli", Encoding::Identity),
            ("gzip;q=0.5, identity", Encoding::Identity),
            ("gzip;q=0.5, *;q=0.1", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            let value = HeaderValue::from_static(header);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(preferred(&headers), wanted, "{header}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Encoding::Identity);
    }
    #[test]
    fn the_form_of_a_body() {
        for (lines, wanted) in [
            (&[][..], Some(Encoding::Identity)),
            (&["identity"], Some(Encoding::Identity)),
            (&["GZIP"], Some(Encoding::Gzip)),
            (&["x-gzip"], Some(Encoding::Gzip)),
            (&["br"], None),
            (&["zstd"], None),
            (&["deflate"], None),
            (&[""], None),
            (&["gzip, gzip"], None),
            (&["gzip", "br"], None),
            (&["gzip", "identity"], None),
        ] {
            let lines = lines.iter().map(|line| HeaderValue::from_static(line));
            let headers = lines.map(|line| (header::CONTENT_ENCODING, line)).collect();
            assert_eq!(of_body(&headers).ok(), wanted, "{headers:?}");
        }
    }
}
