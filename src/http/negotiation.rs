//! Which form of an answer a client takes (`Accept`, RFC 9110, or `?format=`) and sends
//! (`Content-Type`), as GraphQL over HTTP has them.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;

use super::{file, refusal::Refusal};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether anything was executed.
    Response,
    /// `application/json`: whoever understands the request answers 200, for the client cannot know
    /// who else would send such a body.
    Json,
    /// A file of rows, where there is no error to tell.
    File(file::Form),
}

impl Media {
    /// Every form there is; of two files liked alike the last is given.
    const ALL: [Self; 4] = [
        Self::Response,
        Self::Json,
        Self::File(file::Form::Ndjson),
        Self::File(file::Form::Csv { mark: false }),
    ];

    /// The form's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Response => "application/graphql-response+json",
            Self::Json => "application/json",
            Self::File(form) => form.name(),
        }
    }

    /// The form as a response in JSON names it.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json | Self::File(_) => "application/json; charset=utf-8",
        })
    }

    /// Of several liked alike the one that is given: a file to those alone who name it.
    fn rank(self, named: bool) -> u8 {
        match (self, named) {
            (Self::File(_), true) => 3,
            (Self::Response, true) | (Self::Json, false) => 2,
            (Self::Response, false) | (Self::Json, true) => 1,
            (Self::File(_), false) => 0,
        }
    }
}

/// What the address says of the answer's form.
#[derive(Debug, Deserialize)]
struct Wanted {
    format: Option<String>,
    #[serde(default)]
    bom: bool,
}

/// The form of one answer to a request: the one its address names, or else the one its client likes
/// best; none where it takes none.
pub(super) fn media(address: &Uri, headers: &HeaderMap) -> Result<Option<Media>, Refusal> {
    let Wanted { format, bom: mark } =
        serde_urlencoded::from_str(address.query().unwrap_or("")).map_err(Refusal::malformed)?;
    match format.as_deref() {
        None => Ok(accepted(headers).map(|media| match media {
            Media::File(file::Form::Csv { .. }) => Media::File(file::Form::Csv { mark }),
            media => media,
        })),
        Some("csv") => Ok(Some(Media::File(file::Form::Csv { mark }))),
        Some("ndjson") => Ok(Some(Media::File(file::Form::Ndjson))),
        Some("json") => Ok(Some(Media::Json)),
        Some(unknown) => Err(Refusal::unknown_format(unknown)),
    }
}

/// A stream of answers, each an event.
pub(super) const EVENTS: &str = "text/event-stream";

/// Whether the client takes a stream of events, which it must name.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    let accept = accept(headers);
    let mut ranges = accept.split(',').filter_map(Range::read);
    ranges.any(|range| range.weight > 0 && range.name.eq_ignore_ascii_case(EVENTS))
}

fn accept(headers: &HeaderMap) -> String {
    let lines = headers.get_all(header::ACCEPT).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    lines.join(",")
}

/// The form of one answer that the client likes best; `None` where it takes none of them. Who does
/// not care gets plain JSON.
fn accepted(headers: &HeaderMap) -> Option<Media> {
    let accept = accept(headers);
    if accept.trim().is_empty() {
        return Some(Media::Json);
    }
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
    let liked = |media: Media| {
        let fitting = ranges.iter().filter_map(|range| Some((range.fits(media)?, range.weight)));
        // Of the ranges that fit, the closest one says how much.
        fitting.max().map(|(closeness, weight)| (weight, closeness, media))
    };
    let liked = Media::ALL.into_iter().filter_map(liked).filter(|(weight, ..)| *weight > 0);
    let best = liked.max_by_key(|(weight, closeness, media)| {
        (*weight, *closeness, media.rank(*closeness == NAMED))
    });
    best.map(|(.., media)| media)
}

/// How close a range is to a form that it names.
const NAMED: u8 = 2;

/// A form, or several, and how much it is liked, in thousandths.
struct Range<'a> {
    name: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight: f32 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
        (0.0..=1.0).contains(&weight).then_some(Self { name, weight: (weight * 1000.0) as u16 })
    }

    /// How close it is to a form, where it fits.
    fn fits(&self, media: Media) -> Option<u8> {
        match self.name {
            "*/*" => Some(0),
            "application/*" | "text/*" => {
                let (kind, _) = self.name.split_once('*')?;
                media.name().starts_with(kind).then_some(1)
            }
            name => name.eq_ignore_ascii_case(media.name()).then_some(NAMED),
        }
    }
}

/// Whether a body is said to be JSON, in UTF-8 where it says so.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(content_type) = content_type else { return false };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|part| match part.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn the_client_has_the_form_it_likes_best() {
        let (response, json) = (Some(Media::Response), Some(Media::Json));
        let csv = Some(Media::File(file::Form::Csv { mark: false }));
        let ndjson = Some(Media::File(file::Form::Ndjson));
        for (accept, wanted) in [
            ("application/graphql-response+json", response),
            ("application/json", json),
            ("*/*", json),
            ("application/*", json),
            ("", json),
            ("application/graphql-response+json, application/json", response),
            ("application/json, application/graphql-response+json", response),
            ("application/graphql-response+json, application/json;q=0.9", response),
            ("application/graphql-response+json;q=0.5, application/json", json),
            ("application/graphql-response+json;q=0, */*", json),
            ("application/json, text/plain, */*", json),
            ("application/json;q=0, */*;q=0.1", response),
            ("text/html, application/xhtml+xml, */*;q=0.8", json),
            ("Application/JSON; charset=utf-8", json),
            ("text/csv", csv),
            ("text/*", csv),
            ("application/x-ndjson", ndjson),
            ("application/json, text/csv", csv),
            ("text/csv;q=0.9, application/json", json),
            ("text/csv;q=0.9, application/json;q=0.8", csv),
            ("text/csv, application/x-ndjson;q=0.5", csv),
            ("text/csv;q=0, */*", json),
            ("application/json;q=0, application/graphql-response+json;q=0, */*", csv),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=2", None),
        ] {
            assert_eq!(accepted(&headers(&header::ACCEPT, &[accept])), wanted, "{accept}");
        }
        let two = headers(&header::ACCEPT, &["text/html", "application/graphql-response+json"]);
        assert_eq!(accepted(&two), response);
        assert_eq!(accepted(&HeaderMap::new()), json);
    }

    #[test]
    fn events_are_for_those_who_name_them() {
        for (accept, wanted) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream;q=0.1, */*", true),
            ("text/event-stream;q=0", false),
            ("text/*", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(takes_events(&headers(&header::ACCEPT, &[accept])), wanted, "{accept}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (content_type, wanted) in [
            ("application/json", true),
            ("Application/Json; Charset=\"UTF-8\"", true),
            ("application/json; charset=utf-8; boundary=x", true),
            ("application/json; charset=latin-1", false),
            ("application/graphql", false),
            ("text/plain", false),
        ] {
            let headers = headers(&header::CONTENT_TYPE, &[content_type]);
            assert_eq!(is_json(&headers), wanted, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
