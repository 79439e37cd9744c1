//! Which form of an answer a client takes (`Accept`, RFC 9110, or `?format=`) and sends
//! (`Content-Type`), as GraphQL over HTTP has them.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;

use super::{file, live::Framing, refusal::Refusal};

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

/// What a client takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// The form of one answer: the one the address names, or else the one the client likes best;
    /// none where it takes none.
    pub(super) media: Option<Media>,
    /// How it takes answers that follow each other, which it must name.
    pub(super) framing: Option<Framing>,
}

/// What the client of a request takes.
pub(super) fn taken(address: &Uri, headers: &HeaderMap) -> Result<Taken, Refusal> {
    let accept = Accept::of(headers);
    let media = match address.query() {
        Some(query) => accept.unless_named(query)?,
        None => accept.best(),
    };
    Ok(Taken { media, framing: accept.framing() })
}

/// What the client says it takes.
struct Accept<'h> {
    ranges: Vec<Range<'h>>,
    /// Whether it says nothing.
    silent: bool,
}

impl<'h> Accept<'h> {
    fn of(headers: &'h HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let said = lines.flat_map(|line| line.split(',')).filter(|said| !said.trim().is_empty());
        let mut silent = true;
        let ranges = said.inspect(|_| silent = false).filter_map(Range::read).collect();
        Self { ranges, silent }
    }

    /// The form that the address names, or else the one liked best, a file as the address wants it.
    fn unless_named(&self, query: &str) -> Result<Option<Media>, Refusal> {
        let Wanted { format, bom: mark } =
            serde_urlencoded::from_str(query).map_err(Refusal::malformed)?;
        match format.as_deref() {
            None => Ok(self.best().map(|media| match media {
                Media::File(file::Form::Csv { .. }) => Media::File(file::Form::Csv { mark }),
                media => media,
            })),
            Some("csv") => Ok(Some(Media::File(file::Form::Csv { mark }))),
            Some("ndjson") => Ok(Some(Media::File(file::Form::Ndjson))),
            Some("json") => Ok(Some(Media::Json)),
            Some(unknown) => Err(Refusal::unknown_format(unknown)),
        }
    }

    /// The form of one answer that is liked best; `None` where none of them is. Who does not care
    /// gets plain JSON.
    fn best(&self) -> Option<Media> {
        if self.silent {
            return Some(Media::Json);
        }
        let liked = |media: Media| {
            let ranges = self.ranges.iter();
            let fitting = ranges.filter_map(|range| Some((range.fits(media)?, range.weight)));
            // Of the ranges that fit, the closest one says how much.
            fitting.max().map(|(closeness, weight)| (weight, closeness, media))
        };
        let liked = Media::ALL.into_iter().filter_map(liked).filter(|(weight, ..)| *weight > 0);
        let best = liked.max_by_key(|(weight, closeness, media)| {
            (*weight, *closeness, media.rank(*closeness == NAMED))
        });
        best.map(|(.., media)| media)
    }

    /// The framing that is named and liked best, events where both are.
    fn framing(&self) -> Option<Framing> {
        let liked = self.ranges.iter().filter(|range| range.weight > 0);
        let named = liked.filter_map(|range| Some((range.weight, Framing::named(range)?)));
        named.max_by_key(|(weight, framing)| (*weight, *framing == Framing::Events)).map(|it| it.1)
    }
}

/// How close a range is to a form that it names.
const NAMED: u8 = 2;

/// A form, or several, and how much it is liked, in thousandths.
pub(super) struct Range<'a> {
    pub(super) name: &'a str,
    pub(super) weight: u16,
    parameters: &'a str,
}

impl<'a> Range<'a> {
    /// One of those between the commas of a header.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
        let name = Some(name.trim()).filter(|name| !name.is_empty())?;
        let range = Self { name, weight: 1000, parameters };
        let Some(weight) = range.parameter("q") else { return Some(range) };
        let weight: f32 = weight.parse().ok()?;
        let known = (0.0..=1.0).contains(&weight);
        known.then_some(Self { weight: (weight * 1000.0) as u16, ..range })
    }

    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let parameters = self.parameters.split(';').filter_map(|one| one.split_once('='));
        let mut named = parameters.filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().trim_matches('"'))
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
            (" , ", json),
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
            let headers = headers(&header::ACCEPT, &[accept]);
            assert_eq!(Accept::of(&headers).best(), wanted, "{accept}");
        }
        let two = headers(&header::ACCEPT, &["text/html", "application/graphql-response+json"]);
        assert_eq!(Accept::of(&two).best(), response);
        assert_eq!(Accept::of(&HeaderMap::new()).best(), json);
    }

    #[test]
    fn streams_are_for_those_who_name_them() {
        let (events, parts) = (Some(Framing::Events), Some(Framing::Parts));
        for (accept, wanted) in [
            ("text/event-stream", events),
            ("application/json, Text/Event-Stream; charset=utf-8", events),
            ("text/event-stream;q=0.1, */*", events),
            ("text/event-stream;q=0", None),
            ("text/*", None),
            ("*/*", None),
            ("", None),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", parts),
            ("Multipart/Mixed; boundary=\"graphql\"; subscriptionspec=\"1.0\"", parts),
            ("multipart/mixed;subscriptionSpec=1.0;q=0", None),
            ("multipart/mixed;subscriptionSpec=2.0", None),
            ("multipart/mixed;deferSpec=20220824, application/json", None),
            ("multipart/mixed", None),
            ("multipart/mixed;subscriptionSpec=1.0, text/event-stream", events),
            ("multipart/mixed;subscriptionSpec=1.0, text/event-stream;q=0.9", parts),
            ("application/json, text/event-stream, multipart/mixed", events),
        ] {
            let headers = headers(&header::ACCEPT, &[accept]);
            assert_eq!(Accept::of(&headers).framing(), wanted, "{accept}");
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
