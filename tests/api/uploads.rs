//! Files that come in through the API: `multipart/form-data`, whole or not at all.

use std::{io::Write, time::Duration};

use hutong::access::Role;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{Answer, Server, on_each_database, server::Store};

const FIGURES: &str = "metric,district,period,value,source\n\
    5g-base-stations,haidian,2024,1200,beijing-daily-2026-01-27\n\
    5g-base-stations,haidian,2025,1350,beijing-daily-2026-01-27\n";

/// A part of a body.
fn part(name: &str, file: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
    let mut part =
        format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
            .into_bytes();
    part.extend_from_slice(content);
    part.extend_from_slice(b"\r\n");
    part
}

/// Sends a body of parts with a role.
async fn send(server: &Server, token: &str, parts: &[Vec<u8>]) -> Answer {
    let mut body = parts.concat();
    body.extend_from_slice(b"--limit--\r\n");
    let post = server
        .client()
        .post(server.url("/graphql"))
        .header("content-type", "multipart/form-data; boundary=limit")
        .bearer_auth(token)
        .body(body);
    Answer::read(post.send().await.unwrap()).await
}

/// A mutation with a file for `$file`.
async fn upload(server: &Server, token: &str, query: &str, file: (&str, &[u8])) -> Answer {
    let operations = json!({ "query": query, "variables": { "file": null } }).to_string();
    let parts = [
        part("operations", None, operations.as_bytes()),
        part("map", None, br#"{"0": ["variables.file"]}"#),
        part("0", Some(file.0), file.1),
    ];
    send(server, token, &parts).await
}

/// The head of a request with parts of so many bytes, open for more.
fn head(length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\
         content-type: multipart/form-data; boundary=limit\r\n"
    )
}

const IMPORT: &str = "mutation ($file: Upload!) { importObservations(file: $file, id: \"mine\") {
    tables { table created updated removed unchanged } leftOut written revision } }";

fn imported(created: u32, updated: u32, unchanged: u32, written: bool, revision: u32) -> Value {
    let table = json!({ "table": "observation", "created": created.to_string(), "updated": updated.to_string(),
        "removed": "0", "unchanged": unchanged.to_string() });
    json!({ "importObservations": { "tables": [table], "leftOut": "0", "written": written, "revision": revision.to_string() } })
}

on_each_database! {
    /// A file is written once, corrected by another one, and told of.
    async fn a_file_of_figures_comes_in(server: &Server) {
        let token = server.token(Role::Editor).await;
        let dry = IMPORT.replace("id: \"mine\"", "dryRun: true");
        let answer = upload(server, &token, &dry, ("figures.csv", FIGURES.as_bytes())).await;
        assert_eq!(answer.data(), imported(2, 0, 0, false, 1));
        let count = r#"{ district(slug: "haidian") { observations { totalCount nodes { value } } } }"#;
        assert_eq!(server.data(count).await["district"]["observations"]["totalCount"], 0);

        let answer = upload(server, &token, IMPORT, ("figures.csv", FIGURES.as_bytes())).await;
        assert_eq!(answer.data(), imported(2, 0, 0, true, 2));
        let answer = upload(server, &token, IMPORT, ("figures.csv", FIGURES.as_bytes())).await;
        assert_eq!(answer.data(), imported(0, 0, 2, true, 2));
        let corrected = FIGURES.replace("1350", "1360");
        let answer = upload(server, &token, IMPORT, ("figures.csv", corrected.as_bytes())).await;
        assert_eq!(answer.data(), imported(0, 1, 1, true, 3));
        let observations = json!({ "totalCount": 2, "nodes": [{ "value": "1360" }, { "value": "1200" }] });
        assert_eq!(server.data(count).await, json!({ "district": { "observations": observations } }));

        let progress = r#"{ importProgress(id: "mine") { state phase file of rows figures written } other: importProgress(id: "none") { state } }"#;
        let answer = server.ask_as(&token, progress).await;
        let own = json!({ "state": "ENDED", "file": "figures.csv", "of": FIGURES.len().to_string(), "rows": "2",
            "phase": "INDEXING", "figures": "2", "written": "2" });
        assert_eq!(answer.data(), json!({ "importProgress": own, "other": null }));
        assert_eq!(server.ask(r#"{ importProgress(id: "mine") { state } }"#).await.error().1, "FORBIDDEN");
    }

    /// What is wrong in a file is told with its lines, and nothing of it is kept.
    async fn a_wrong_file_is_told_whole(server: &Server) {
        let token = server.token(Role::Editor).await;
        let wrong = FIGURES.replace("1200", "many").replace("haidian,2025", "haidien,2025");
        let answer = upload(server, &token, IMPORT, ("figures.csv", wrong.as_bytes())).await;
        let (_, code, _) = answer.error();
        assert_eq!(code, "BAD_USER_INPUT");
        let problems = &answer.json()["errors"][0]["extensions"]["problems"];
        let told: Vec<(&Value, &Value)> = problems.as_array().unwrap().iter()
            .map(|problem| (&problem["origin"], &problem["value"])).collect();
        assert_eq!(told.len(), 2, "{problems}");
        assert_eq!(server.data("{ dataset { revision } }").await, json!({ "dataset": { "revision": "1" } }));
        let reader = server.token(Role::Reader).await;
        let answer = upload(server, &reader, IMPORT, ("figures.csv", FIGURES.as_bytes())).await;
        assert_eq!(answer.error().1, "FORBIDDEN");
    }

    /// Rows may come without a file.
    async fn rows_come_in(server: &Server) {
        let token = server.token(Role::Editor).await;
        let query = r#"mutation { importObservations(rows: [
            {metric: "5g-base-stations", district: "haidian", period: "2025", value: "1350", source: "beijing-daily-2026-01-27"}
        ]) { tables { table created } written } }"#;
        let wanted = json!({ "importObservations": { "tables": [{ "table": "observation", "created": "1" }], "written": true } });
        assert_eq!(server.ask_as(&token, query).await.data(), wanted);
        let neither = server.ask_as(&token, "mutation { importObservations { written } }").await;
        assert_eq!(neither.error().0, "give either `file` or `rows`");
    }

    /// A package comes as a zip archive.
    async fn a_package_comes_in(server: &Server) {
        let token = server.token(Role::Editor).await;
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [
            ("datapackage.json", r#"{"name": "more", "title": "More", "resources": [{"name": "unit", "path": "unit.csv"}]}"#),
            ("unit.csv", "slug,symbol,name_en,dimension\nli,li,li,LENGTH\n"),
        ] {
            archive.start_file(name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        let archive = archive.finish().unwrap().into_inner();
        let query = "mutation ($file: Upload!) { importPackage(file: $file) { tables { table created } revision } }";
        let answer = upload(server, &token, query, ("more.zip", &archive)).await;
        let wanted = json!({ "importPackage": { "tables": [{ "table": "unit", "created": "1" }], "revision": "2" } });
        assert_eq!(answer.data(), wanted);
        assert_eq!(server.data(r#"{ unit(slug: "li") { symbol } }"#).await, json!({ "unit": { "symbol": "li" } }));
    }

    /// Bodies of parts that are no request are refused in words.
    async fn wrong_bodies_are_refused(server: &Server) {
        let token = server.token(Role::Editor).await;
        let operations = json!({ "query": IMPORT, "variables": { "file": null } }).to_string();
        let operations = part("operations", None, operations.as_bytes());
        let map = |map: &str| part("map", None, map.as_bytes());
        let file = part("0", Some("a.csv"), b"x");
        for (parts, wanted) in [
            (vec![], "there is no part `operations`"),
            (vec![operations.clone()], "there is no part `map`"),
            (vec![file.clone()], "`operations` and `map` come before the files"),
            (vec![operations.clone(), map("[]"), file.clone()], "`map` is no object"),
            (vec![operations.clone(), map("{}"), file.clone()], "`map` does not say what the file \"0\" is for"),
            (vec![operations.clone(), map(r#"{"0": ["variables.other"]}"#), file.clone()], "\"variables.other\", which is no variable"),
            (vec![operations.clone(), map(r#"{"0": ["query"]}"#), file.clone()], "\"query\", which is no variable"),
        ] {
            let answer = send(server, &token, &parts).await;
            let (message, code, _) = answer.error();
            assert_eq!((answer.status, code.as_str()), (400, "BAD_REQUEST"), "{message}");
            assert!(message.contains(wanted), "{message}");
        }
        // A variable that only looks like a file's.
        let body = json!({ "query": IMPORT, "variables": { "file": "hutong-upload:7" } });
        let post = server.client().post(server.url("/graphql")).json(&body).bearer_auth(&token);
        let answer = Answer::read(post.send().await.unwrap()).await;
        assert_eq!(answer.error().0, "there is no such file with the request");
    }

    /// Before a byte of them is read it is asked who may send files, and whether a page may.
    async fn files_are_for_those_who_may_write(server: &Server) {
        let (reader, editor) = (server.token(Role::Reader).await, server.token(Role::Editor).await);
        let (reader, editor) = (format!("Bearer {reader}"), format!("Bearer {editor}"));
        let missing = "files are sent with a token (`Authorization: Bearer TOKEN`), or with the header \
            `apollo-require-preflight` or `x-apollo-operation-name`, so that browsers ask first whether a \
            page may send them";
        let stranger = "writing needs the role EDITOR; no token was sent";
        for (name, value, status, code, message) in [
            ("accept", "*/*", 400, "PREFLIGHT_REQUIRED", missing),
            ("apollo-require-preflight", "", 400, "PREFLIGHT_REQUIRED", missing),
            ("apollo-require-preflight", "true", 403, "FORBIDDEN", stranger),
            ("x-apollo-operation-name", "Import", 403, "FORBIDDEN", stranger),
            ("authorization", &reader, 403, "FORBIDDEN", "writing needs the role EDITOR; your token has READER"),
            ("authorization", "Bearer hutong_x", 401, "UNAUTHENTICATED",
                "the token is unknown, expired or withdrawn; send one that is in force"),
            ("authorization", &editor, 100, "", ""),
        ] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let head = format!("{}{name}: {value}\r\nexpect: 100-continue\r\n\r\n", head(200 << 20));
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut begun = [0; 12];
            timeout(Duration::from_secs(20), stream.read_exact(&mut begun)).await.unwrap().unwrap();
            assert_eq!(String::from_utf8_lossy(&begun), format!("HTTP/1.1 {status}"), "{name}");
            if status == 100 {
                continue;
            }
            // Whoever is told so need send nothing more.
            let mut told = String::new();
            timeout(Duration::from_secs(20), stream.read_to_string(&mut told)).await.unwrap().unwrap();
            let told: Value = serde_json::from_str(told.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            let error = json!({ "message": message, "extensions": { "code": code } });
            assert_eq!(told, json!({ "errors": [error] }));
        }
    }

    /// Of what is sent by somebody else all the same no more is taken than it takes to be heard.
    async fn what_is_refused_is_not_read_to_its_end(server: &Server) {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let whole: usize = 200 << 20;
        stream.write_all(format!("{}\r\n", head(whole)).as_bytes()).await.unwrap();
        let (mut sent, piece) = (0, vec![b'x'; 1 << 20]);
        while sent < whole && stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        assert!(sent < 64 << 20, "{sent}");
    }

    /// All of it has one deadline, however often a byte comes.
    async fn files_come_in_time(store: &Store) {
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &["--upload-timeout=1"]).await;
        let token = server.token(Role::Editor).await;
        let operations = json!({ "query": IMPORT, "variables": { "file": null } }).to_string();
        let mut begun = part("operations", None, operations.as_bytes());
        begun.extend(part("map", None, br#"{"0": ["variables.file"]}"#));
        begun.extend(part("0", Some("a.csv"), FIGURES.as_bytes()));
        begun.truncate(begun.len() - 2);
        // Before the first part, inside a head, in JSON and in the file.
        for length in [0, 20, 100, begun.len()] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let head = format!("{}authorization: Bearer {token}\r\n\r\n", head(1 << 20));
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&begun[..length]).await.unwrap();
            let (mut from, mut to) = stream.split();
            let trickle = async {
                while to.write_all(b" ").await.is_ok() {
                    sleep(Duration::from_millis(100)).await;
                }
                std::future::pending::<()>().await;
            };
            let mut told = [0; 1000];
            let told = tokio::select! {
                () = trickle => unreachable!(),
                read = timeout(Duration::from_secs(20), from.read(&mut told)) => {
                    let length = read.expect("it goes on").unwrap();
                    String::from_utf8_lossy(&told[..length]).into_owned()
                }
            };
            assert!(told.starts_with("HTTP/1.1 408 "), "{length}: {told}");
            assert!(told.contains("the body did not arrive within 1 seconds"), "{told}");
        }
        server.stop().await;
    }

    /// Files that are too large are refused, also where they are hidden in the head of a part, and so
    /// are those that are compressed.
    async fn files_have_limits(store: &Store) {
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::start_with(copy, &["--upload-max=100000", "--body-max=10000"]).await;
        let token = server.token(Role::Editor).await;
        let large = vec![b'x'; 100_001];
        let answer = upload(&server, &token, IMPORT, ("a.csv", &large)).await;
        assert_eq!((answer.status, &*answer.error().1), (413, "BODY_TOO_LARGE"));
        let name = "x".repeat(300_000);
        let answer = upload(&server, &token, IMPORT, (&name, FIGURES.as_bytes())).await;
        assert_eq!((answer.status, &*answer.error().1), (413, "BODY_TOO_LARGE"));
        let post = server.client().post(server.url("/graphql")).bearer_auth(&token);
        let post = post.header("content-type", "multipart/form-data; boundary=limit");
        let refused = post.header("content-encoding", "gzip").body("x").send().await.unwrap();
        assert_eq!(refused.headers()["accept-encoding"], "identity");
        let answer = Answer::read(refused).await;
        let message = "a body like this is taken with `Content-Encoding: identity` or none";
        assert_eq!((answer.status, &*answer.error().0), (415, message));
        server.stop().await;
    }
}
