//! The page at the root, in a browser that can reach this machine only.

use std::process::Command;

use crate::{Server, on_each_database};

/// The page's document once its first query is answered; `None` where there is no Chromium.
fn document(address: &str) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // Every name but this machine's is unknown.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", "--virtual-time-budget=10000", address])
        .output();
    match output {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(_) => {
            assert!(
                std::env::var_os("HUTONG_REQUIRE_CHROMIUM").is_none(),
                "HUTONG_REQUIRE_CHROMIUM is set, but chromium is not installed"
            );
            eprintln!("skipped in a browser: no chromium");
            None
        }
    }
}

/// What stands in the element with an id, which must hold text alone.
fn text(document: &str, id: &str) -> String {
    let start = document.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{document}"));
    let text = &document[start..];
    let text = &text[text.find('>').unwrap() + 1..];
    text[..text.find('<').unwrap()].to_owned()
}

on_each_database! {
    /// A newcomer who opens the page sees an answer at once.
    async fn answers_on_arrival(server: &Server) {
        let address = server.url("/");
        let document = tokio::task::spawn_blocking(move || document(&address)).await.unwrap();
        let Some(document) = document else { return };
        let result = text(&document, "result");
        assert!(result.contains("\"name\": \"Beijing\""), "{result}");
        assert!(result.contains("\"totalCount\": 14"), "{result}");
        assert!(!result.contains("\"errors\""), "{result}");
        let status = text(&document, "status");
        assert!(status.starts_with("HTTP 200 · 9 SQL statements · "), "{status}");
    }

    /// The page's address carries a query with its variables.
    async fn runs_the_query_of_its_address(server: &Server) {
        let address = server.url(
            "/#query=query(%24s%3AString!)%7Bdistrict(slug%3A%24s)%7Bname(language%3A%22ar%22)%7D%7D\
             &variables=%7B%22s%22%3A%22miyun%22%7D",
        );
        let document = tokio::task::spawn_blocking(move || document(&address)).await.unwrap();
        let Some(document) = document else { return };
        let result = text(&document, "result");
        let answer: serde_json::Value = serde_json::from_str(&result).unwrap();
        assert!(answer["data"]["district"]["name"].as_str().unwrap().contains("مي يون"), "{result}");
    }
}
