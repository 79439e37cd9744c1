//! Requests that nobody would think of: nested, long, cyclic and random input for every address,
//! header and message there is. The program itself is asked, for what ends it would end a test too.
//!
//! Every request follows from its number alone. `GENERATED_REQUESTS` says how many are sent to each
//! database (200 unless it is set), `GENERATED_FROM` the number of the first: a request that failed
//! is sent again by `GENERATED_FROM=<its number> GENERATED_REQUESTS=1`.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{Server, hostile::Victim, on_each_database, socket::PROTOCOL};

/// The longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(30);

/// The kind of requests that bring files.
const FORM: usize = 8;

/// Documents that are valid, and take `$v`.
const DOCUMENTS: &[&str] = &[
    "query ($v: DistrictFilter) { districts(filter: $v) { totalCount } }",
    "query ($v: ObservationFilter) { observations(filter: $v) { totalCount } }",
    "query ($v: [DistrictOrder!]) { districts(orderBy: $v) { nodes { slug } } }",
    "query ($v: String) { districts(first: 1, after: $v) { nodes { slug } } }",
    "query ($v: String) { observations(last: 1, before: $v) { nodes { slug } } }",
    "query ($v: String) { search(query: \"a\", after: $v) { nodes { __typename } } }",
    "query ($v: String!) { search(query: $v) { nodes { __typename } } }",
    "query ($v: Int) { districts(first: $v) { nodes { slug } } }",
    "query ($v: Period) { observations(filter: {period: {eq: $v}}) { totalCount } }",
    "query ($v: Date) { observations(filter: {publishedOn: {lt: $v}}) { totalCount } }",
    "query ($v: DateTime) { observations(filter: {recordedAt: {lt: $v}}) { totalCount } }",
    "query ($v: DateTime) { changes(since: $v) { totalCount } }",
    "query ($v: DateTime) { observations(asOf: $v) { totalCount } }",
    "query ($v: Decimal) { observations(filter: {value: {gt: $v}}) { totalCount } }",
    "query ($v: ID!) { node(id: $v) { id } }",
    "query ($v: [ID!]!) { nodes(ids: $v) { id } }",
    "query ($v: String!) { district(slug: $v) { slug } }",
    "query ($v: Language) { districts(first: 1) { nodes { name(language: $v) } } }",
    "query ($v: [String!]!) { compare(metrics: $v, districts: $v) { rows { cells { value } } } }",
    "query ($v: DistrictFilter = {and: [{slug: {eq: \"a\"}}]}) { districts(filter: $v) { totalCount } }",
    "mutation ($v: [ThemeInput!]!) { createThemes(inputs: $v) { themes { slug } } }",
    "subscription ($v: ObservationFilter) { observationsRecorded(filter: $v) { slug } }",
    "query ($v: Boolean!) @live { districts @skip(if: $v) { totalCount } }",
];

/// Values that are right somewhere, or nearly.
const VALUES: &[&str] = &[
    "2025",
    "2025-W53",
    "2021/2024",
    "9999-W52",
    "+12026-01-01",
    "-0001-01-01",
    "0000-01-01",
    "9999-12-31T23:59:59-14:00",
    "2026-01-27T08:00:00Z",
    "262142-12-31",
    "1e999999999",
    "-0",
    "0.0000000000000000000000000001",
    "99999999999999999999999999999",
    "district:7",
    "district:7@2026-02-01T08:00:00Z@2026-01-27",
    "observation:1.3.0.2025~1.2026-02-01T08:00:00Z",
    "district:",
    ":",
    "zh-Hans-CN-u-nu-arab-x-a",
    "en",
    "\u{0}",
    "\u{feff}",
    "a\u{301}",
    "%",
    "_",
    "\\",
    "'",
    "{slug: {eq: \"haidian\"}}",
    "{\"slug\": {\"eq\": \"haidian\"}}",
    "null",
    "true",
    "2147483648",
    "18446744073709551616",
    "[]",
    "{}",
    "",
];

/// What nests when it is repeated.
const OPENINGS: &[(&str, &str)] = &[
    ("[", "]"),
    ("{a:", "}"),
    ("{and:[", "]}"),
    ("{not:", "}"),
    ("{\"not\":", "}"),
    ("{\"and\":[", "]}"),
    ("{\"a\":[", "]}"),
    ("{parent:", "}"),
    ("{\"children\":{\"some\":", "}}"),
    ("{a", "}"),
    ("...{", "}"),
    ("(", ")"),
    ("\"\"\"", "\"\"\""),
    ("$v", ""),
];

/// Numbers that look random, always the same after the same beginning (xorshift).
struct Random(u64);

impl Random {
    fn new(number: u64) -> Self {
        let mut random = Self((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn nested(&mut self) -> String {
        let (open, close) = self.pick(OPENINGS);
        let levels = self.pick(&[1, 4, 5, 40, 99, 101, 127, 128, 130, 199, 201, 2_000, 30_000]);
        let core = self.pick(&["", "A", "1", "{}", "\"a\"", "{slug:{eq:\"x\"}}", "null"]);
        let closed = if self.one_in(4) { 0 } else { levels };
        format!("{}{core}{}", open.repeat(levels), close.repeat(closed))
    }

    fn cyclic(&mut self) -> String {
        let many = self.pick(&[1, 2, 31, 250, 1_000]);
        let spread = self.pick(&["...f", "...f... f", "x: __typename ...f"]);
        let parts = (0..many).map(|number| {
            let next = if self.one_in(20) { self.below(many) } else { (number + 1) % many };
            let spread = spread.replace('f', &format!("f{next} "));
            format!("fragment f{number} on Query {{ {spread} }} ")
        });
        let parts: String = parts.collect();
        format!("{{ ...f0 }} {parts}")
    }

    fn noise(&mut self) -> String {
        const PARTS: &[&str] = &[
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ":",
            ",",
            "$",
            "@",
            "!",
            "=",
            "|",
            "&",
            "...",
            "\"",
            "\"\"\"",
            "\\",
            "\\u",
            "\\uD800",
            "#",
            "\n",
            "\r",
            "\0",
            " ",
            "on",
            "query",
            "mutation",
            "fragment",
            "true",
            "null",
            "1e9",
            "-",
            ".",
            "districts",
            "nodes",
            "filter",
            "slug",
            "a",
            "é",
            "政",
            "\u{202e}",
            "🀄",
            "\u{7f}",
            "%00",
            "&",
            "=",
            "/",
            "../",
            ";",
            "q=0.5",
        ];
        (0..self.below(200)).map(|_| self.pick(PARTS)).collect()
    }

    /// A valid document, and something of it lost, twice there, or in another place.
    fn damaged(&mut self) -> String {
        let mut text: Vec<char> = self.pick(DOCUMENTS).chars().collect();
        for _ in 0..=self.below(4) {
            let from = self.below(text.len());
            let to = (from + self.below(12)).min(text.len());
            let part: Vec<char> = text[from..to].to_vec();
            if self.one_in(2) && to - from < text.len() {
                text.drain(from..to);
            }
            let place = self.below(text.len() + 1);
            text.splice(place..place, part);
        }
        text.into_iter().collect()
    }

    fn text(&mut self) -> String {
        match self.below(8) {
            0 | 1 => self.nested(),
            2 => self.cyclic(),
            3 => self.noise(),
            4 => self.damaged(),
            5 => self
                .pick(&["a", "9", "é", "\"", ",", "{", "$v ", "-"])
                .repeat(self.pick(&[100, 10_000, 200_000])),
            6 => {
                let inside = if self.one_in(2) { self.nested() } else { self.noise() };
                let cursor = self.pick(&["", "[1,\"district\",", "[1,", "["]);
                URL_SAFE_NO_PAD.encode(format!("{cursor}{inside}"))
            }
            _ => self.pick(VALUES).to_owned(),
        }
    }

    /// One short enough for an address or a header.
    fn short(&mut self, most: usize) -> String {
        self.text().chars().take(most).collect()
    }

    /// JSON as it is written, or what is nearly JSON.
    fn raw(&mut self) -> String {
        match self.below(4) {
            0 => self.nested(),
            1 => self.noise(),
            2 => self.pick(VALUES).to_owned(),
            _ => json!(self.text()).to_string(),
        }
    }

    /// The JSON of a request: right but for something.
    fn request(&mut self) -> String {
        let query = if self.one_in(3) { self.text() } else { self.pick(DOCUMENTS).to_owned() };
        let mut fields = vec![
            format!("\"query\": {}", json!(query)),
            format!("\"variables\": {{\"v\": {}}}", self.raw()),
        ];
        for name in ["operationName", "documentId", "extensions", "variables", "query", "id"] {
            if self.one_in(6) {
                let hash =
                    json!({ "persistedQuery": { "version": 1, "sha256Hash": self.short(80) } });
                let value = if self.one_in(3) { hash.to_string() } else { self.raw() };
                fields.push(format!("\"{name}\": {value}"));
            }
        }
        let keep = self.below(fields.len()) + 1;
        fields.swap(0, keep - 1);
        format!("{{{}}}", fields[..keep].join(", "))
    }

    fn parameters(&mut self, names: &[&str]) -> String {
        let mut pairs = Vec::new();
        for name in names {
            if self.one_in(2) {
                pairs.push(((*name).to_owned(), self.short(3_000)));
            }
        }
        if self.one_in(5) {
            pairs.push((self.short(20), self.short(20)));
        }
        serde_urlencoded::to_string(pairs).unwrap()
    }

    fn form(&mut self) -> Vec<u8> {
        let mut body = String::new();
        for name in ["operations", "map", "0", "1"] {
            let content = match name {
                "operations" if self.one_in(2) => self.request(),
                "map" if self.one_in(2) => {
                    json!({ "0": [self.short(2_000), "variables.v"] }).to_string()
                }
                _ => self.text(),
            };
            let name = if self.one_in(6) {
                self.short(30).replace(['\r', '\n', '"'], "")
            } else {
                name.to_owned()
            };
            body += &format!(
                "--limit\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n{content}\r\n"
            );
        }
        if !self.one_in(4) {
            body += "--limit--\r\n";
        }
        body.into_bytes()
    }

    fn header(&mut self) -> HeaderValue {
        let text = match self.below(3) {
            0 => format!("Bearer {}", self.short(3_000)),
            1 => format!("application/json;{},text/csv;q={}", self.short(200), self.short(20)),
            _ => self.short(5_000),
        };
        let clean: Vec<u8> = text.bytes().filter(|byte| *byte >= 32 && *byte != 127).collect();
        HeaderValue::from_bytes(&clean).unwrap()
    }
}

/// The headers that something reads.
const HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-encoding",
    "content-type",
    "cookie",
    "if-none-match",
    "origin",
    "access-control-request-method",
    "sec-websocket-protocol",
    "traceparent",
    "tracestate",
    "x-forwarded-for",
    "forwarded",
    "x-request-id",
    "last-event-id",
    "expect",
    "range",
];

/// The forms in which answers may be asked for.
const FORMS: &[&str] = &[
    "application/json",
    "application/graphql-response+json",
    "text/event-stream",
    "text/csv",
    "application/x-ndjson",
    "multipart/mixed",
    "*/*",
    "text/html",
];

/// Sends the request of a number; what is answered is no failure of the server's.
async fn send(victim: &Victim, number: u64) {
    let random = &mut Random::new(number);
    let url = |path: &str| format!("http://{}{path}", victim.address);
    // A connection each: the server may close one whose request it did not read to its end.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let post = |body: Vec<u8>| client.post(url("/graphql")).body(body);
    let as_json = ("content-type", "application/json");
    let kind = random.below(12);
    let request = match kind {
        0 | 1 => {
            let names = ["query", "variables", "extensions", "operationName", "documentId"];
            client.get(url(&format!("/graphql?{}", random.parameters(&names))))
        }
        2 | 3 => post(random.request().into()).header(as_json.0, as_json.1),
        4 => post(random.text().into()).header(as_json.0, as_json.1),
        5 => {
            let requests: Vec<_> = (0..=random.below(12)).map(|_| random.request()).collect();
            post(format!("[{}]", requests.join(",")).into()).header(as_json.0, as_json.1)
        }
        6 | 7 => {
            let name = random.pick(&[
                "observations.csv",
                "observations.jsonl",
                "districts.geojson",
                "dataset.zip",
                "observations.parquet",
                "none",
            ]);
            let parameters = random.parameters(&["filter", "filter", "asOf"]);
            client.get(url(&format!("/export/{name}?{parameters}")))
        }
        FORM => post(random.form()).header("content-type", "multipart/form-data; boundary=limit"),
        9 => {
            let body = json!({ "query": "{ districts(first: 1) { nodes { name } } }" }).to_string();
            let mut request = post(body.into()).header(as_json.0, as_json.1);
            for _ in 0..=random.below(3) {
                request = request.header(random.pick(HEADERS), random.header());
            }
            request
        }
        10 => {
            let path = random.pick(&["/", "/plain", "/assets/", "/health/ready", "/metrics", "/"]);
            let rest =
                serde_urlencoded::to_string([(random.short(200), random.short(200))]).unwrap();
            client.get(url(&format!("{path}{rest}?{rest}")))
        }
        _ => return converse(victim, random, number).await,
    };
    let request =
        if random.one_in(3) { request.header("accept", random.pick(FORMS)) } else { request };
    let response = timeout(LONGEST, request.send()).await;
    let response = response.unwrap_or_else(|_| panic!("no answer to {number}"));
    let response = match response {
        // One that is refused while it is still sent may be cut off.
        Err(_) if kind == FORM => return victim.answers().await,
        Err(why) => panic!("no answer to {number}: {why:?}"),
        Ok(response) => response,
    };
    let status = response.status().as_u16();
    let streams = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/event-stream")));
    // Events may go on for ever.
    let text = if streams { String::new() } else { response.text().await.unwrap_or_default() };
    assert!(status < 500, "{number}: {status} {text:.500}");
    assert!(!text.contains("INTERNAL_SERVER_ERROR"), "{number}: {text:.500}");
}

/// The same over a WebSocket, which the server may close.
async fn converse(victim: &Victim, random: &mut Random, number: u64) {
    let mut request = format!("ws://{}/graphql", victim.address).into_client_request().unwrap();
    request.headers_mut().insert(PROTOCOL.0, PROTOCOL.1.parse().unwrap());
    let (mut socket, _) =
        connect_async(request).await.unwrap_or_else(|why| panic!("{number}: {why}"));
    let mut messages = vec![match random.below(3) {
        0 => format!(r#"{{"type": "connection_init", "payload": {}}}"#, random.raw()),
        1 => json!({ "type": "connection_init", "payload": { "authorization": random.text() } })
            .to_string(),
        _ => json!({ "type": "connection_init" }).to_string(),
    }];
    for _ in 0..=random.below(3) {
        messages.push(match random.below(4) {
            0 => random.text(),
            1 => format!(r#"{{"type": "ping", "payload": {}}}"#, random.raw()),
            _ => format!(
                r#"{{"id": {}, "type": "subscribe", "payload": {}}}"#,
                json!(random.short(50)),
                random.request()
            ),
        });
    }
    for message in messages {
        // The server may have closed it already.
        let _ = socket.send(Message::text(message)).await;
    }
    let _ = socket.close(None).await;
    let told = async {
        while let Some(Ok(message)) = socket.next().await {
            let text = message.to_string();
            assert!(!text.contains("INTERNAL_SERVER_ERROR"), "{number}: {text:.500}");
        }
    };
    timeout(LONGEST, told).await.unwrap_or_else(|_| panic!("{number} does not end"));
}

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

on_each_database! {
    /// Whatever is sent, the server lives, and answers those who mean no harm.
    async fn nothing_that_is_sent_ends_the_server(server: &Server) {
        let database = format!("--database-url={}", server.store.url);
        let victim = Victim::start(&[&database, "--batch-max=10"]);
        let from = variable("GENERATED_FROM", 0);
        for number in from..from + variable("GENERATED_REQUESTS", 200) {
            send(&victim, number).await;
            if number % 20 == 0 {
                victim.answers().await;
            }
        }
        victim.answers().await;
    }

    /// What nests deepest, wherever a text is read: each is refused in words.
    async fn what_nests_deeply_is_refused_wherever_it_stands(server: &Server) {
        let database = format!("--database-url={}", server.store.url);
        let victim = Victim::start(&[&database, "--batch-max=10"]);
        let get = async |path: &str, parameters: &[(&str, &str)]| {
            let url = format!("http://{}{path}", victim.address);
            let response = victim.client.get(url).query(parameters).send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"].clone())
        };
        let deep = |open: &str, close: &str| format!("{}A{}", open.repeat(2_000), close.repeat(2_000));
        for (filter, code) in [
            (format!("{{and:{}}}", deep("[", "]")), "DEPTH_LIMIT_EXCEEDED"),
            (deep("{not:", "}"), "DEPTH_LIMIT_EXCEEDED"),
            (format!("{{and:{}A{}}}", "[".repeat(400), "]".repeat(400)), "DEPTH_LIMIT_EXCEEDED"),
            ("[".repeat(16_000), "TOKEN_LIMIT_EXCEEDED"),
            (format!("{{\"and\":{}}}", deep("[", "]").replace('A', "1")), "BAD_USER_INPUT"),
            (format!("{{and:{}{}}}", "[".repeat(120), "]".repeat(120)), "VALUE_DEPTH_LIMIT_EXCEEDED"),
            (format!("{}{{}}{}", "{parent: ".repeat(5), "}".repeat(5)), "COST_LIMIT_EXCEEDED"),
        ] {
            let (status, told) = get("/export/districts.geojson", &[("filter", &filter)]).await;
            assert_eq!((status, &told), (400, &json!(code)), "{filter:.40}");
            victim.answers().await;
        }
        for (name, value) in [
            ("variables", deep("{\"a\":", "}").replace('A', "1")),
            ("extensions", deep("[", "]").replace('A', "1")),
        ] {
            let (status, told) = get("/graphql", &[("query", "{ __typename }"), (name, &value)]).await;
            assert_eq!((status, &told), (400, &json!("BAD_REQUEST")), "{name}");
        }
        let cursor = URL_SAFE_NO_PAD.encode(format!("[1,{}]", deep("[", "]").replace('A', "1")));
        let query = format!("{{ districts(after: \"{cursor}\") {{ totalCount nodes {{ slug }} }} }}");
        let (_, told) = get("/graphql", &[("query", &query)]).await;
        assert_eq!(told, "BAD_USER_INPUT");
        victim.answers().await;
    }
}
