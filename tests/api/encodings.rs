//! How requests and answers are compressed.

use std::io::{Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use reqwest::Response;
use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database, server::Store};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(plain).unwrap();
    packed.finish().unwrap()
}

async fn send(server: &Server, encoding: &str, body: Vec<u8>) -> Response {
    let post = server.client().post(server.url("/graphql"));
    let post = post.header("content-type", "application/json");
    post.header("content-encoding", encoding).body(body).send().await.unwrap()
}

/// What `@whatwg-node/fetch` asked for on Node 20, and so `@graphql-tools/url-loader` and
/// graphql-codegen: it knows the name of what it cannot read.
const URL_LOADER: &str = "gzip, deflate, br, zstd";

on_each_database! {
    /// A request that is compressed with gzip is the same request.
    async fn gzip_is_taken(server: &Server) {
        let body = json!({ "query": "{ districts { totalCount } }" }).to_string();
        let wanted = json!({ "districts": { "totalCount": 17 } });
        for encoding in ["gzip", "GZip", "x-gzip"] {
            let answer = Answer::read(send(server, encoding, gzip(body.as_bytes())).await).await;
            assert_eq!(answer.data(), wanted, "{encoding}");
        }
        // One after the other is one too.
        let (begun, rest) = body.split_at(9);
        let two = [gzip(begun.as_bytes()), gzip(rest.as_bytes())].concat();
        assert_eq!(Answer::read(send(server, "gzip", two).await).await.data(), wanted);
        assert_eq!(Answer::read(send(server, "identity", body.into_bytes()).await).await.data(), wanted);
    }

    /// Other forms are refused with the name of the one that is taken.
    async fn other_forms_are_told_apart(server: &Server) {
        let body = br#"{"query": "{ __typename }"}"#;
        for encoding in ["br", "zstd", "deflate", "gzip, gzip", "gzip, br", "", "any"] {
            let refused = send(server, encoding, body.to_vec()).await;
            assert_eq!(refused.headers()["accept-encoding"], "gzip");
            let answer = Answer::read(refused).await;
            let message = "a body like this is taken with `Content-Encoding: gzip` or none";
            let wanted = (message.to_owned(), "UNSUPPORTED_MEDIA_TYPE".to_owned(), Value::Null);
            assert_eq!((answer.status, answer.error()), (415, wanted), "{encoding}");
        }
        for broken in [&body[..], &gzip(body)[..20], b"", &[&gzip(body)[..], b"more"].concat()] {
            let answer = Answer::read(send(server, "gzip", broken.to_vec()).await).await;
            let (message, code, _) = answer.error();
            assert_eq!((answer.status, &*code), (400, "BAD_REQUEST"), "{message}");
        }
    }

    /// The limit is one of what comes out of it.
    async fn what_is_inflated_has_the_same_limit(store: &Store) {
        let server = Server::start_with(Store::open(store.url.clone()).await, &["--body-max=1000"]).await;
        let query = |length: usize| {
            let query = json!({ "query": "{ __typename }" }).to_string();
            gzip(format!("{query:length$}").as_bytes())
        };
        let answer = Answer::read(send(&server, "gzip", query(1000)).await).await;
        assert_eq!(answer.data(), json!({ "__typename": "Query" }));
        let bomb = |length: usize| gzip(&vec![b' '; length]);
        for (body, is_small) in [(query(1001), true), (bomb(500_000), true), (bomb(100 << 20), false)] {
            assert_eq!(body.len() <= 1000, is_small);
            let answer = Answer::read(send(&server, "gzip", body).await).await;
            assert_eq!((answer.status, &*answer.error().1), (413, "BODY_TOO_LARGE"));
        }
        server.stop().await;
    }

    /// Of forms that a client likes alike it gets the one that more clients read, whether the answer
    /// was kept or not, and the newest one only where it likes that best.
    async fn the_form_is_negotiated(store: &Store) {
        let store = Store::open(store.url.clone()).await;
        let server = Server::start_with(store, &["--result-cache=1000000"]).await;
        let large = json!({ "query": "{ observations { nodes { slug note metric { name } } } }" });
        let ask = async |accept: &[&str]| {
            let post = server.client().post(server.url("/graphql")).json(&large);
            let asked = accept.iter().fold(post, |post, line| post.header("accept-encoding", *line));
            let response = asked.send().await.unwrap();
            let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let told = (header("content-encoding").unwrap_or_default(), header("cache-status").unwrap());
            (told, response.bytes().await.unwrap())
        };
        let (stored, hit) = ("hutong; fwd=miss; stored", "hutong; hit");
        for (accept, encoding, cached) in [
            (&[URL_LOADER][..], "br", stored),
            (&[URL_LOADER], "br", hit),
            (&["zstd, br, gzip"], "br", hit),
            (&["gzip, zstd"], "gzip", stored),
            (&["zstd", "gzip"], "gzip", hit),
            (&["gzip, deflate"], "gzip", hit),
            (&["zstd;q=1, br;q=0.9, gzip;q=0.9"], "zstd", stored),
            (&["zstd"], "zstd", hit),
            (&["deflate"], "", stored),
            (&["gzip;q=0"], "", hit),
            (&[], "", hit),
        ] {
            let (told, body) = ask(accept).await;
            assert_eq!(told, (encoding.to_owned(), cached.to_owned()), "{accept:?}");
            let mut plain = Vec::new();
            match encoding {
                "gzip" => _ = GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap(),
                "" => plain = body.to_vec(),
                _ => continue,
            }
            assert!(plain.starts_with(b"{\"data\":"));
        }
        server.stop().await;
    }

    /// So is the form of what is compressed as it goes out.
    async fn the_form_of_a_download_is_negotiated(server: &Server) {
        for (accept, wanted) in [(URL_LOADER, "br"), ("gzip, zstd", "gzip"), ("zstd", "zstd")] {
            let get = server.client().get(server.url("/export/observations.csv"));
            let response = get.header("accept-encoding", accept).send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], wanted, "{accept}");
        }
    }
}
