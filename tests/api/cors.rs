//! Pages of other origins: what browsers are told of them.

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::{
    Answer, Server,
    log::Program,
    socket::{PROTOCOL, Socket},
};

/// What a browser asks before it lets a page send a request with these headers.
fn preflight(server: &Server, origin: &str, headers: &str) -> RequestBuilder {
    let asked = server.client().request(Method::OPTIONS, server.url("/graphql"));
    let asked = asked.header("origin", origin).header("access-control-request-method", "POST");
    asked.header("access-control-request-headers", headers)
}

/// The values of a list in a header, sorted.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let value = headers.get(name).map_or("", |value| value.to_str().unwrap());
    let mut list: Vec<String> =
        value.split(',').map(|one| one.trim().to_ascii_lowercase()).collect();
    list.sort();
    list
}

/// Pages of other origins read answers, and refusals as well, where they are let.
#[tokio::test]
async fn other_origins_read_answers_where_they_are_let() {
    let two = &["--cors-origin=https://a.example,http://b.example:8080"][..];
    for (options, origin, wanted) in [
        (&[][..], "https://a.example", None),
        (two, "https://a.example", Some("https://a.example")),
        (two, "https://c.example", None),
        (&["--cors-origin=*"], "https://c.example", Some("*")),
    ] {
        let (store, _folder) = crate::server::sqlite().await;
        let server = Server::start_with(store, options).await;
        let asked = preflight(&server, origin, "content-type").send().await.unwrap();
        let refused = server.client().get(server.url("/nowhere")).header("origin", origin);
        let refused = refused.send().await.unwrap();
        for response in [&asked, &refused] {
            let allowed = response.headers().get("access-control-allow-origin");
            assert_eq!(allowed.map(|allowed| allowed.to_str().unwrap()), wanted);
        }
        assert_eq!(refused.status(), 404);
        match wanted {
            Some(_) => {
                assert_eq!((asked.status().as_u16(), asked.text().await.unwrap().len()), (200, 0))
            }
            // The developer of the page reads the answer in the browser's tools.
            None => {
                let answer = Answer::read(asked).await;
                let message = format!("the server's --cors-origin does not name {origin}");
                let wanted = (message, "ORIGIN_NOT_ALLOWED".to_owned(), Value::Null);
                assert_eq!((answer.status, answer.error()), (403, wanted));
            }
        }
        server.stop().await;
    }
}

/// What the usual clients send is let through, what the server says can be read, and what was let
/// is remembered.
#[tokio::test]
async fn the_headers_of_the_usual_clients_are_let_through() {
    let (store, _folder) = crate::server::sqlite().await;
    let server = Server::start_with(store, &["--cors-origin=https://a.example"]).await;
    let sent = "accept,apollographql-client-name,apollographql-client-version,content-type";
    let asked = preflight(&server, "https://a.example", sent).send().await.unwrap();
    let headers = asked.headers();
    let wanted = [
        "accept",
        "accept-language",
        "apollo-require-preflight",
        "apollographql-client-name",
        "apollographql-client-version",
        "authorization",
        "baggage",
        "cache-control",
        "content-encoding",
        "content-type",
        "idempotency-key",
        "if-none-match",
        "last-event-id",
        "traceparent",
        "tracestate",
        "x-apollo-operation-name",
        "x-request-id",
    ];
    assert_eq!(list(headers, "access-control-allow-headers"), wanted);
    assert_eq!(list(headers, "access-control-allow-methods"), ["get", "post"]);
    assert_eq!(headers["access-control-max-age"], "7200");
    let vary = headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin"));
    assert!(vary, "{headers:?}");

    let get = server.client().get(server.url("/graphql?query={__typename}"));
    let answer = get.header("origin", "https://a.example").send().await.unwrap();
    let exposed = [
        "accept-encoding",
        "allow",
        "cache-status",
        "content-disposition",
        "etag",
        "retry-after",
        "server-timing",
        "www-authenticate",
        "x-request-id",
    ];
    assert_eq!(list(answer.headers(), "access-control-expose-headers"), exposed);
    server.stop().await;
}

/// Other headers are let through where they are named, or any.
#[tokio::test]
async fn other_headers_are_let_through_where_they_are_named() {
    for (headers, wanted) in [
        ("--cors-header=X-Tenant, content-type", &["content-type", "x-tenant"][..]),
        ("--cors-header=*", &["x-any", "x-other"]),
    ] {
        let (store, _folder) = crate::server::sqlite().await;
        let options = ["--cors-origin=*", headers, "--cors-max-age=60"];
        let server = Server::start_with(store, &options).await;
        let asked = preflight(&server, "https://a.example", "x-any,x-other").send().await.unwrap();
        assert_eq!(list(asked.headers(), "access-control-allow-headers"), wanted);
        assert_eq!(asked.headers()["access-control-max-age"], "60");
        server.stop().await;
    }
}

/// Whoever runs the server finds in its log which page was refused.
#[tokio::test(flavor = "multi_thread")]
async fn refused_pages_are_in_the_log() {
    let (store, _folder) = crate::server::sqlite().await;
    store.database.close().await.unwrap();
    let program = Program::start(&store.url, &["--cors-origin=https://a.example"]);
    for origin in ["https://a.example", "https://c.example"] {
        let address = format!("http://{}/graphql", program.address);
        let asked = program.client.request(Method::OPTIONS, address).header("origin", origin);
        asked.header("access-control-request-method", "POST").send().await.unwrap();
    }
    let mut socket =
        Socket::open_at(&program.address, &[PROTOCOL, ("origin", "https://c.example")]).await;
    assert_eq!(socket.as_mut().unwrap().closed().await.0, 4403);
    let log = program.end();
    let of = |origin: &str| log.iter().filter(|line| line.contains(origin)).count();
    assert_eq!(
        (of("--cors-origin does not name https://c.example"), of("a.example")),
        (2, 0),
        "{log:?}"
    );
}
