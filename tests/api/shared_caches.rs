//! Caches that many share, before the server: nobody is given what was somebody else's.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use hutong::access::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::{Server, on_each_database, server::Store, wait::until_blocking};

/// What is asked: it depends on the language and on the token, and is long enough to be compressed.
const QUERY: &str = "{ viewer { name role } districts(first: 1000) { nodes { slug name names { language text } } } }";

const KEPT: [&str; 2] = ["--cache-control=public, max-age=60", "--cors-origin=https://a.example"];

/// A program that runs until it is dropped.
struct Cache {
    child: Child,
    port: u16,
}

impl Drop for Cache {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cache {
    /// Starts a program that listens on a port; `None` where it is not installed.
    fn start(name: &str, arguments: impl FnOnce(u16) -> Vec<String>) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(name);
        command
            .args(arguments(port))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let path = std::env::var("PATH").unwrap_or_default();
        let Ok(child) = command.env("PATH", format!("{path}:/usr/sbin")).spawn() else {
            assert!(
                std::env::var_os("HUTONG_REQUIRE_CACHES").is_none(),
                "HUTONG_REQUIRE_CACHES is set, but {name} is not installed"
            );
            eprintln!("skipped: no {name}");
            return None;
        };
        let cache = Self { child, port };
        until_blocking(name, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(cache)
    }

    fn nginx(server: &Server, folder: &Path) -> Option<Self> {
        Self::start("nginx", |port| {
            let (at, address) = (folder.display(), server.address);
            let temporary = ["client_body", "fastcgi", "uwsgi", "scgi", "proxy"];
            let temporary = temporary.map(|of| format!("{of}_temp_path {at}/{of};")).concat();
            let configuration = format!(
                "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log; events {{}}
                 http {{ access_log off; {temporary} proxy_cache_path {at}/kept keys_zone=kept:1m;
                     server {{ listen 127.0.0.1:{port}; location / {{
                         proxy_pass http://{address}; proxy_cache kept;
                         add_header x-cache $upstream_cache_status; }} }} }}"
            );
            std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
            vec!["-p".to_owned(), at.to_string(), "-c".to_owned(), format!("{at}/nginx.conf")]
        })
    }

    fn varnish(server: &Server, folder: &Path) -> Option<Self> {
        Self::start("varnishd", |port| {
            let (at, backend) = (folder.display().to_string(), server.address.to_string());
            let listen = format!("127.0.0.1:{port}");
            ["-F", "-a", &listen, "-b", &backend, "-n", &at, "-s", "malloc,10m"]
                .map(str::to_owned)
                .into()
        })
    }
}

/// Who asks, and how.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    language: &'a str,
    token: Option<&'a str>,
    encoding: &'a str,
}

impl Reader<'_> {
    /// The status, how the body is compressed, and what is in it; and whether it was kept.
    async fn ask(self, client: &reqwest::Client, port: u16) -> ((u16, String, Vec<u8>), bool) {
        let get = client.get(format!("http://127.0.0.1:{port}/graphql")).query(&[("query", QUERY)]);
        let get =
            get.header("accept-language", self.language).header("accept-encoding", self.encoding);
        let get = match self.token {
            Some(token) => get.bearer_auth(token),
            None => get,
        };
        let answer = get.send().await.unwrap();
        let text = |name: &str| {
            answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let kept = text("x-cache") == "HIT" || text("x-varnish").contains(' ');
        let (status, encoding) = (answer.status().as_u16(), text("content-encoding"));
        ((status, encoding, answer.bytes().await.unwrap().to_vec()), kept)
    }
}

/// Through a cache everybody is answered as without it, whoever asked before.
async fn keeps_readers_apart(store: &Store, start: fn(&Server, &Path) -> Option<Cache>) {
    let server = Server::start_with(Store::open(store.url.clone()).await, &KEPT).await;
    let folder = tempfile::tempdir().unwrap();
    let Some(cache) = start(&server, folder.path()) else { return server.stop().await };
    let token = server.token(Role::Editor).await;
    let client = reqwest::Client::new();
    let mut readers = Vec::new();
    for language in ["en", "zh"] {
        for token in [None, Some(token.as_str()), Some("hutong_worth-nothing")] {
            readers.extend(["identity", "gzip"].map(|encoding| Reader {
                language,
                token,
                encoding,
            }));
        }
    }
    let mut hits = 0;
    for _ in 0..3 {
        for reader in &readers {
            let (wanted, _) = reader.ask(&client, server.address.port()).await;
            let (found, kept) = reader.ask(&client, cache.port).await;
            // A refusal names its request.
            match wanted.0 {
                200 => assert!(found == wanted, "{reader:?}"),
                refused => assert_eq!((found.0, kept), (refused, false), "{reader:?}"),
            }
            assert!(!String::from_utf8_lossy(&found.2).contains("errors") || found.0 == 401);
            assert_eq!(found.0 == 401, reader.token == Some("hutong_worth-nothing"), "{reader:?}");
            hits += usize::from(kept);
        }
        readers.reverse();
    }
    assert!(hits > 0, "nothing was kept");
    drop(cache);
    server.stop().await;
}

on_each_database! {
    /// Every answer has exactly one `Vary` line, and no refusal is kept.
    async fn every_answer_has_one_vary_line(store: &Store) {
        let store = Store::open(store.url.clone()).await;
        let server = Server::start_with(store, &[&KEPT[..], &["--body-max=10000"]].concat()).await;
        let client = server.client();
        let to = |method: Method, path: &str| client.request(method, server.url(path)).header("origin", "https://a.example");
        let ask = |query: &str| to(Method::POST, "/graphql").json(&json!({ "query": query }));
        let preflight = to(Method::OPTIONS, "/graphql").header("access-control-request-method", "POST");
        let requests: Vec<(RequestBuilder, u16)> = vec![
            (ask(QUERY), 200),
            (ask(QUERY).header("accept-encoding", "gzip"), 200),
            (ask(QUERY).header("accept-encoding", "br, zstd"), 200),
            (ask("{ nothing }").header("accept", "application/graphql-response+json"), 400),
            (ask("{ districts { nodes { slug } } }").header("accept", "text/csv"), 200),
            (ask("{ __typename }").header("accept", "image/png"), 406),
            (ask("{ __typename }").bearer_auth("hutong_x"), 401),
            (ask(&" ".repeat(20_000)), 413),
            (to(Method::GET, "/graphql").header("accept", "text/event-stream").query(&[("query", "query @live { __typename }")]), 200),
            (to(Method::PUT, "/graphql"), 405),
            (to(Method::GET, "/"), 200),
            (to(Method::GET, "/plain"), 200),
            (to(Method::GET, "/nowhere"), 404),
            (to(Method::GET, "/export/observations.csv"), 200),
            (to(Method::GET, "/export/nothing.csv"), 404),
            (to(Method::GET, "/health/ready"), 200),
            (to(Method::GET, "/metrics"), 200),
            (preflight, 200),
        ];
        for (request, status) in requests {
            let answer = request.send().await.unwrap();
            let (headers, path) = (answer.headers(), answer.url().path());
            assert_eq!(answer.status(), status, "{path}");
            let lines: Vec<_> = headers.get_all("vary").iter().collect();
            assert_eq!(lines.len(), 1, "{path} {lines:?}");
            let names: Vec<_> = lines[0].to_str().unwrap().split(", ").collect();
            assert!(names.contains(&"origin"), "{path} {names:?}");
            if status >= 400 {
                assert_eq!(headers["cache-control"], "no-store", "{path}");
            }
        }
        server.stop().await;
    }

    async fn nginx_keeps_readers_apart(store: &Store) {
        keeps_readers_apart(store, Cache::nginx).await;
    }

    async fn varnish_keeps_readers_apart(store: &Store) {
        keeps_readers_apart(store, Cache::varnish).await;
    }
}
