//! Answers that are kept while the data do not change, here and on the way to the client.

use hutong::access::Role;
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use crate::{Server, on_each_database, server::Store};

/// Servers that keep answers: most tests have one that does not.
async fn keeping(store: &Store) -> Server {
    let store = Store::open(store.url.clone()).await;
    Server::start_with(store, &["--result-cache=1000000"]).await
}

/// Another server over the same data, which keeps less.
async fn another(store: &Store) -> Server {
    let store = Store::open(store.url.clone()).await;
    Server::over(store, &["--result-cache=1000000", "--document-cache=1000000"]).await
}

/// An answer with what is said of it.
struct Told {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Told {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What became of it in the cache, how many statements it took, and what caches are told.
    fn cached(&self) -> (&str, &str, &str) {
        let statements = self.header("server-timing").split('"').nth(1).unwrap_or_default();
        (self.header("cache-status"), statements, self.header("cache-control"))
    }
}

const HIT: (&str, &str, &str) = ("hutong; hit", "0", "no-cache");
const STORED: (&str, &str, &str) = ("hutong; fwd=miss; stored", "1", "no-cache");
const BYPASS: &str = "hutong; fwd=bypass";

async fn send(request: RequestBuilder) -> Told {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Told { status, headers, body: response.text().await.unwrap() }
}

fn post(server: &Server, body: &Value) -> RequestBuilder {
    server.client().post(server.url("/graphql")).json(body)
}

fn get(server: &Server, parameters: &[(&str, &str)]) -> RequestBuilder {
    server.client().get(server.url("/graphql")).query(parameters)
}

const PLACE: &str = "query Place($s: String!) { district(slug: $s) { name } }";
const REVISION: &str = "{ dataset { revision } }";

fn place(slug: &str) -> Value {
    json!({ "query": PLACE, "variables": { "s": slug } })
}

/// A unit of this name, which changes the data.
async fn change(server: &Server, name: &str) {
    let unit = format!("slug,symbol,dimension,name_en\n{name},{name},COUNT,{name}");
    server.write("unit", &unit).await;
}

on_each_database! {
    /// The second answer is the first one, without a statement, until the data change.
    async fn an_answer_is_kept_until_the_data_change(store: &Store) {
        let server = keeping(store).await;
        let first = send(post(&server, &place("haidian"))).await;
        assert_eq!((first.status, first.cached()), (200, STORED));
        let second = send(post(&server, &place("haidian"))).await;
        assert_eq!((second.status, second.cached()), (200, HIT));
        assert_eq!(second.body, first.body);
        for name in ["content-type", "etag", "vary"] {
            assert_eq!(second.header(name), first.header(name));
            assert_ne!(second.header(name), "", "{name}");
        }
        for number in 2..6 {
            let revision = json!({ "query": REVISION });
            change(&server, &format!("u{number}")).await;
            for cached in [STORED, HIT] {
                let told = send(post(&server, &revision)).await;
                assert_eq!(told.cached(), cached);
                let body: Value = serde_json::from_str(&told.body).unwrap();
                assert_eq!(body["data"]["dataset"]["revision"], number.to_string());
            }
        }
        assert_eq!(send(post(&server, &place("haidian"))).await.cached(), STORED);
        server.stop().await;
    }

    /// What differs in anything an answer follows from is another answer: document, operation,
    /// variables, language, form.
    async fn unlike_requests_have_unlike_answers(store: &Store) {
        let server = keeping(store).await;
        let two = "query A { district(slug: \"haidian\") { name } } query B { district(slug: \"miyun\") { name } }";
        let language = |tag| post(&server, &place("haidian")).header("accept-language", tag);
        let form = "application/graphql-response+json";
        let requests = [
            post(&server, &place("haidian")),
            post(&server, &place("miyun")),
            post(&server, &json!({ "query": format!("{PLACE} "), "variables": { "s": "haidian" } })),
            post(&server, &json!({ "query": two, "operationName": "A" })),
            post(&server, &json!({ "query": two, "operationName": "B" })),
            language("zh"),
            language("zh, ar"),
            post(&server, &place("haidian")).header("accept", form),
        ];
        let again: Vec<_> = requests.iter().map(|one| one.try_clone().unwrap()).collect();
        let mut tags = Vec::new();
        for request in requests {
            let told = send(request).await;
            assert_eq!(told.cached(), STORED, "{}", told.body);
            tags.push(told.header("etag").to_owned());
        }
        let mut distinct = tags.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), tags.len());
        for (request, tag) in again.into_iter().zip(&tags) {
            let told = send(request).await;
            assert_eq!((told.cached(), told.header("etag")), (HIT, tag.as_str()));
        }
        server.stop().await;
    }

    /// What is kept is for those alone who may ask so: a live query goes on for whoever takes
    /// events, and a body must still be said to be JSON.
    async fn what_is_kept_is_given_to_those_who_ask_rightly(store: &Store) {
        let server = keeping(store).await;
        let live = json!({ "query": "query @live { dataset { revision } }" });
        let taking = |accept| post(&server, &live).header("accept", accept);
        for cached in [STORED, HIT] {
            assert_eq!(send(taking("application/json")).await.cached(), cached);
        }
        let events = taking("application/json, text/event-stream").send().await.unwrap();
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        let text = server.client().post(server.url("/graphql")).body(live.to_string());
        let told = send(text.header("content-type", "text/plain")).await;
        assert_eq!((told.status, told.header("cache-status")), (415, ""));
        drop(events);
        server.stop().await;
    }

    /// An answer is compressed once for all who take it in the same form, and has one name in all.
    async fn answers_are_kept_as_they_go_out(store: &Store) {
        use std::io::Read;

        let server = keeping(store).await;
        let large = json!({ "query": "{ observations { nodes { slug note metric { name } } } }" });
        let ask = |forms: &str| {
            let request = post(&server, &large).header("accept-encoding", forms).send();
            async {
                let response = request.await.unwrap();
                let headers = response.headers().clone();
                let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
                let vary = headers["vary"].to_str().unwrap().split(", ").any(|name| name == "accept-encoding");
                let told = (text("cache-status"), text("content-encoding"), vary);
                let (tag, length) = (text("etag"), text("content-length"));
                let body = response.bytes().await.unwrap();
                // What is compressed while it goes out has no length to tell.
                assert_eq!(length, body.len().to_string());
                (told, tag, body)
            }
        };
        let told = |status: &str, encoding: &str| (status.to_owned(), encoding.to_owned(), true);
        let mut tags = Vec::new();
        let mut bodies = Vec::new();
        for (forms, encoding) in [("identity", ""), ("gzip, deflate", "gzip"), ("gzip, br", "br"), ("zstd", "zstd")] {
            let (stored, tag, body) = ask(forms).await;
            assert_eq!(stored, told("hutong; fwd=miss; stored", encoding), "{forms}");
            assert_eq!(ask(forms).await, (told("hutong; hit", encoding), tag.clone(), body.clone()));
            tags.push(tag);
            bodies.push(body);
        }
        let [plain, gzip, brotli, zstd] = &bodies[..] else { unreachable!() };
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain[..]);
        for compressed in [gzip, brotli, zstd] {
            assert!(compressed.len() < plain.len() / 2, "{} {}", compressed.len(), plain.len());
        }
        tags.dedup();
        assert_eq!(tags.len(), 1, "{tags:?}");
        let small = post(&server, &place("haidian")).header("accept-encoding", "gzip");
        assert_eq!(send(small).await.header("content-encoding"), "");
        server.stop().await;
    }

    /// Whoever has the answer already is told so by GET, however the tag is written and whether
    /// the answer was kept or not.
    async fn a_client_that_knows_the_answer_is_told_so(store: &Store) {
        let server = keeping(store).await;
        let asked = [("query", PLACE), ("variables", r#"{"s": "haidian"}"#)];
        let first = send(get(&server, &asked)).await;
        assert_eq!((first.status, first.cached()), (200, STORED));
        let tag = first.header("etag");
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        let strong = tag.strip_prefix("W/").unwrap();
        let among = format!("\"other\", {tag}");
        for tags in [tag, strong, &among] {
            let told = send(get(&server, &asked).header("if-none-match", tags)).await;
            assert_eq!((told.status, told.cached(), &*told.body), (304, HIT, ""));
            assert_eq!((told.header("etag"), told.header("vary")), (tag, first.header("vary")));
        }
        for tags in ["\"other\"", "W/\"\"", "*", ""] {
            let told = send(get(&server, &asked).header("if-none-match", tags)).await;
            assert_eq!((told.status, &told.body), (200, &first.body), "{tags}");
        }
        // A POST is never told so.
        let told = send(post(&server, &place("haidian")).header("if-none-match", tag)).await;
        assert_eq!((told.status, &told.body), (200, &first.body));
        // Another server over the same data has the same tags.
        let other = another(store).await;
        let told = send(get(&other, &asked).header("if-none-match", tag)).await;
        assert_eq!(told.status, 304);
        other.stop().await;
        // One that is configured to answer otherwise has not.
        let copy = Store::open(server.store.url.clone()).await;
        let unlike = Server::over(copy, &["--result-cache=0", "--page-default=7"]).await;
        let told = send(get(&unlike, &asked).header("if-none-match", tag)).await;
        assert_eq!((told.status, told.header("etag") == tag), (200, false));
        unlike.stop().await;
        change(&server, "u").await;
        let told = send(get(&server, &asked).header("if-none-match", tag)).await;
        assert_eq!((told.status, told.cached()), (200, STORED));
        assert_ne!(told.header("etag"), tag);
        server.stop().await;
    }

    /// What is asked by the hash of a document is kept like what is asked by the document itself.
    async fn answers_by_hash_are_kept(store: &Store) {
        use sha2::{Digest, Sha256};

        let server = keeping(store).await;
        let hash: String =
            Sha256::digest(REVISION).iter().map(|byte| format!("{byte:02x}")).collect();
        let extensions =
            json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }).to_string();
        let by_hash = [("extensions", &*extensions)];
        let unknown = send(get(&server, &by_hash)).await;
        assert_eq!((unknown.header("cache-status"), unknown.header("cache-control")), (BYPASS, "no-store"));
        let both = [("query", REVISION), ("extensions", &extensions)];
        let first = send(get(&server, &both)).await;
        assert_eq!(first.cached(), STORED);
        let told = send(get(&server, &by_hash)).await;
        assert_eq!((told.cached(), &told.body), (STORED, &first.body));
        let tag = told.header("etag");
        let again = send(get(&server, &by_hash)).await;
        assert_eq!((again.cached(), again.header("etag"), &again.body), (HIT, tag, &first.body));
        assert_eq!(send(get(&server, &by_hash).header("if-none-match", tag)).await.status, 304);
        server.stop().await;
    }

    /// Whoever knows the answer to a trusted document is told another once the document is another.
    async fn a_trusted_document_may_change(store: &Store) {
        keeping(store).await.stop().await;
        let folder = tempfile::tempdir().unwrap();
        let trusted = format!("--trusted-documents={}", folder.path().display());
        let mut known = "\"none\"".to_owned();
        for (field, wanted) in [("name", "Haidian"), ("slug", "haidian")] {
            let text = format!("{{ district(slug: \"haidian\") {{ {field} }} }}");
            std::fs::write(folder.path().join("place.graphql"), text).unwrap();
            let store = Store::open(store.url.clone()).await;
            let server = Server::over(store, &["--result-cache=1000000", &trusted]).await;
            let ask = |tag: &str| get(&server, &[("documentId", "place")]).header("if-none-match", tag);
            let told = send(ask(&known)).await;
            let body: Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!(body["data"], json!({ "district": { field: wanted } }));
            known = told.header("etag").to_owned();
            assert_eq!(send(ask(&known)).await.status, 304);
            server.stop().await;
        }
    }

    /// Refusals, answers with errors and several answers in one are not kept anywhere.
    async fn what_may_change_by_itself_is_not_kept(store: &Store) {
        let store = Store::open(store.url.clone()).await;
        let options = ["--result-cache=1000000", "--batch-max=2"];
        let server = Server::start_with(store, &options).await;
        for body in [
            json!({ "query": "{ nothing }" }),
            json!({ "query": "{ districts(first: -1) { nodes { name } } }" }),
            json!({}),
            json!([{ "query": REVISION }, { "query": REVISION }]),
        ] {
            for _ in 0..2 {
                let told = send(post(&server, &body)).await;
                assert_eq!(told.header("cache-status"), BYPASS, "{body}");
                assert_eq!((told.header("cache-control"), told.header("etag")), ("no-store", ""));
            }
        }
        server.stop().await;
    }

    /// What does not follow from the data is found anew each time, alone and beside what does.
    async fn what_does_not_follow_from_the_data_is_not_kept(store: &Store) {
        let server = keeping(store).await;
        let token = server.token(Role::Admin).await;
        let log = "{ dataset { slug } ...Log } fragment Log on Query { auditLog(first: 1) { totalCount } }";
        let progress = r#"{ dataset { slug } importProgress(id: "mine") { state } }"#;
        for (query, there) in [(log, json!({"totalCount": 2})), (progress, Value::Null)] {
            for _ in 0..2 {
                let told = send(post(&server, &json!({ "query": query })).bearer_auth(&token)).await;
                let cached = (told.header("cache-status"), told.header("cache-control"), told.header("etag"));
                assert_eq!(cached, (BYPASS, "no-store", ""), "{query}");
                let data: Value = serde_json::from_str(&told.body).unwrap();
                let field = if query == log { "auditLog" } else { "importProgress" };
                assert_eq!(data["data"][field], there, "{}", told.body);
            }
        }
        // A token is granted, which changes none of the data.
        server.grant("another", Role::Reader, None).await;
        let told = send(post(&server, &json!({ "query": log })).bearer_auth(&token)).await;
        assert!(told.body.contains("\"totalCount\":3"), "{}", told.body);
        server.stop().await;
    }

    /// Once a write is acknowledged, nobody is told what was true before, however many ask meanwhile.
    async fn no_answer_is_stale_after_a_write(store: &Store) {
        let server = keeping(store).await;
        let asking = |server: &Server| {
            let request = post(server, &json!({ "query": "{ units { totalCount } }" }));
            async {
                let body: Value = serde_json::from_str(&send(request).await.body).unwrap();
                body["data"]["units"]["totalCount"].as_i64().unwrap()
            }
        };
        let before = asking(&server).await;
        let crowd: Vec<_> = (0..4)
            .map(|_| {
                let asked = post(&server, &json!({ "query": "{ units { totalCount } }" }));
                tokio::spawn(async move {
                    loop {
                        send(asked.try_clone().unwrap()).await;
                    }
                })
            })
            .collect();
        for number in 1..=20 {
            change(&server, &format!("unit-{number}")).await;
            assert_eq!(asking(&server).await, before + number);
        }
        crowd.iter().for_each(tokio::task::JoinHandle::abort);
        server.stop().await;
    }
}
