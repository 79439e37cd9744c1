//! The page at the root, in a browser that can reach this machine only.

use std::{
    path::Path,
    process::{Command, Output},
};

use hutong::access::Role;
use reqwest::{Response, header};

use crate::{Server, on_each_database};

/// Whether what a test needs is there. Where all of it must be, a test fails that lacks something.
fn there(what: &str, is: bool) -> bool {
    if !is {
        let required = std::env::var_os("HUTONG_REQUIRE_CHROMIUM").is_some();
        assert!(!required, "HUTONG_REQUIRE_CHROMIUM is set, but there is no {what}");
        eprintln!("skipped in a browser: no {what}");
    }
    is
}

/// What a program put out; `None` where it is not installed.
async fn run(mut command: Command) -> Option<Output> {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let found = output.as_ref().is_ok_and(|output| output.status.code() != Some(127));
    there("chromium or node", found).then(|| output.unwrap())
}

/// The plain page's document once its first query is answered; `None` where there is no Chromium.
async fn document(address: String) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let mut chromium = Command::new("chromium");
    chromium
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // Every name but this machine's is unknown.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", "--virtual-time-budget=10000", &address]);
    run(chromium).await.map(|output| String::from_utf8(output.stdout).unwrap())
}

/// Gets a file of the page in an encoding; `None` where the page was not built.
async fn get(server: &Server, path: &str, encoding: &str) -> Option<Response> {
    let request = server.client().get(server.url(path)).header(header::ACCEPT_ENCODING, encoding);
    let response = request.send().await.unwrap();
    let plain = response.headers().get("content-encoding").is_none() && !encoding.is_empty();
    there("playground in the binary (npm)", !plain).then_some(response)
}

/// The name of the script that a page begins with.
fn script(page: &str) -> &str {
    page.split("src=\"./").nth(1).unwrap().split('"').next().unwrap()
}

/// What stands in the element with an id, which must hold text alone.
fn text(document: &str, id: &str) -> String {
    let start = document.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{document}"));
    let text = &document[start..];
    let text = &text[text.find('>').unwrap() + 1..];
    text[..text.find('<').unwrap()].to_owned()
}

on_each_database! {
    /// Who opens the plain page sees an answer at once.
    async fn answers_on_arrival(server: &Server) {
        let Some(document) = document(server.url("/plain")).await else { return };
        let result = text(&document, "result");
        assert!(result.contains("\"name\": \"Beijing\""), "{result}");
        assert!(result.contains("\"totalCount\": 14"), "{result}");
        assert!(!result.contains("\"errors\""), "{result}");
        let status = text(&document, "status");
        assert!(status.starts_with("HTTP 200 · 9 SQL statements · "), "{status}");
    }

    /// The plain page's address carries a query with its variables and the name of an operation, in
    /// either form.
    async fn runs_the_query_of_its_address(server: &Server) {
        for mark in ["#", "?"] {
            let address = server.url(&format!(
                "/plain{mark}query=query%20O%7Bdataset%7Bslug%7D%7D%20query%20N(%24s%3AString!)\
                 %7Bdistrict(slug%3A%24s)%7Bname(language%3A%22ar%22)%7D%7D\
                 &variables=%7B%22s%22%3A%22miyun%22%7D&operationName=N",
            ));
            let Some(document) = document(address).await else { return };
            let result = text(&document, "result");
            let answer: serde_json::Value = serde_json::from_str(&result).unwrap();
            assert!(answer["data"]["district"]["name"].as_str().unwrap().contains("مي يون"), "{result}");
        }
    }

    /// The playground is used as a person would: tabs, table, chart, file, headers. The scenario
    /// itself is `web/tests/browser.mjs`, which also sees to it that no request leaves the origin.
    async fn is_used_in_a_browser(server: &Server) {
        let line = |district: &str, period: i32, rest: &str| {
            format!("\ndigital-economy-value-added,{district},{period},{rest},0,0,beijing-daily-2026-01-27")
        };
        let head = "metric,district,period,value,comparator,status,decimals,multiplier,source";
        let lines = [
            line("chaoyang", 2023, "90000000000,EQUAL,NORMAL"),
            // A decimal that a double would keep, but not as it is written.
            line("chaoyang", 2024, "120000000000.5,MORE_THAN,NORMAL"),
            line("chaoyang", 2025, "130000000000,EQUAL,NORMAL"),
            line("haidian", 2023, "250000000000,EQUAL,NORMAL"),
            line("haidian", 2024, "310000000000,EQUAL,NORMAL"),
            line("haidian", 2025, "340000000000,EQUAL,NORMAL"),
            line("miyun", 2023, "5000000000,EQUAL,NORMAL"),
            line("miyun", 2024, ",EQUAL,MISSING"),
            line("miyun", 2025, "6000000000,EQUAL,NORMAL"),
        ];
        server.write("observation", &(head.to_owned() + &lines.concat())).await;
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let installed = web.join("node_modules/playwright-core").is_dir();
        if !there("node_modules in web/ (npm ci)", installed) {
            return;
        }
        if get(server, "/", "gzip").await.is_none() {
            return;
        }
        let mut node = Command::new("node");
        node.arg(web.join("tests/browser.mjs")).args([server.url("/"), server.token(Role::Editor).await]);
        let Some(output) = run(node).await else { return };
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
    }

    /// The page is asked for again each time, and what it consists of never.
    async fn is_compressed_and_kept(server: &Server) {
        let Some(page) = get(server, "/", "br").await else { return };
        let headers = page.headers().clone();
        assert_eq!(headers["content-encoding"], "br");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
        assert_eq!(headers["vary"], "accept-encoding");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("http") && !policy.contains("unsafe-eval"), "{policy}");

        let again = server.client().get(server.url("/")).header("accept-encoding", "gzip");
        let again = again.header("if-none-match", format!("\"x\", {}", headers["etag"].to_str().unwrap()));
        let again = again.send().await.unwrap();
        assert_eq!((again.status(), &again.headers()["etag"]), (304.try_into().unwrap(), &headers["etag"]));
        assert_eq!(again.headers()["cache-control"], "no-cache");
        assert_eq!(again.bytes().await.unwrap().len(), 0);

        let page = get(server, "/", "").await.unwrap().text().await.unwrap();
        let script = format!("/{}", script(&page));
        let mut lengths = Vec::new();
        for (encoding, wanted) in [("br", Some("br")), ("gzip", Some("gzip")), ("", None)] {
            let response = get(server, &script, encoding).await.unwrap();
            let headers = response.headers();
            let told = headers.get("content-encoding").map(|told| told.to_str().unwrap());
            assert_eq!(told, wanted);
            assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            lengths.push(response.bytes().await.unwrap().len());
        }
        assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2] / 2, "{lengths:?}");
    }

    /// The licences of what the page is made of go along, under a name that does not change.
    async fn tells_its_licences(server: &Server) {
        let Some(licences) = get(server, "/assets/licences.md", "gzip").await else { return };
        assert_eq!(licences.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(licences.headers()["cache-control"], "no-cache");
        let licences = get(server, "/assets/licences.md", "").await.unwrap().text().await.unwrap();
        for package in ["graphiql", "graphql-ws", "monaco-editor", "react"] {
            assert!(licences.contains(&format!("## {package} - ")), "{package}");
        }
    }

    /// Nothing but the files of the page is given away.
    async fn has_no_other_files(server: &Server) {
        for path in ["nothing.js", "", "..%2Findex.html", "%2e%2e%2findex.html", "index.html", "%00"] {
            let url = server.url(&format!("/assets/{path}"));
            let response = server.client().get(url).send().await.unwrap();
            assert_eq!(response.status(), 404, "{path}");
        }
    }
}
