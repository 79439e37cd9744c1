//! In which form a client takes a compressed file (`Accept-Encoding`, RFC 9110).

use std::io::{Read, Result};

use axum::http::{HeaderMap, header};
use flate2::read::GzDecoder;

/// The forms there are, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    /// Not compressed, which is what a client gets that says nothing.
    Identity,
}

/// The best form that the client takes.
pub(super) fn preferred(headers: &HeaderMap) -> Encoding {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let header = lines.join(",");
    if takes(&header, "br") {
        Encoding::Brotli
    } else if takes(&header, "gzip") {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// Whether a form is named with a weight above zero, by its name or else by `*`.
fn takes(header: &str, wanted: &str) -> bool {
    let weight = |wanted: &str| {
        header.split(',').find_map(|one| {
            let (name, parameters) = one.split_once(';').unwrap_or((one, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            name.trim().eq_ignore_ascii_case(wanted).then(|| weight.unwrap_or(0.0))
        })
    };
    weight(wanted).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

/// What a gzip file holds.
pub(super) fn inflate(compressed: &[u8]) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(compressed).read_to_end(&mut plain)?;
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
            ("gzip;q=1.0, BR ; q=0.5", Encoding::Brotli),
            ("br;q=0, gzip", Encoding::Gzip),
            ("br;q=x, gzip", Encoding::Gzip),
            ("*", Encoding::Brotli),
            ("br;q=0, *", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("brotli, x-gzip", Encoding::Identity),
            ("identity", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            let value = HeaderValue::from_static(header);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(preferred(&headers), wanted, "{header}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Encoding::Identity);
    }
}
