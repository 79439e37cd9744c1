//! Writes that are sent again because nobody knows what became of them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

use hutong::access::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Answer, Server, on_each_database,
    proxy::{self, Fate, Piece},
    server::{Store, now},
};

/// Sends a body with a key.
async fn send(server: &Server, token: &str, key: &str, body: Value) -> Answer {
    let post = server.client().post(server.url("/graphql")).bearer_auth(token).json(&body);
    Answer::read(post.header("idempotency-key", key).send().await.unwrap()).await
}

fn theme(slug: &str) -> Value {
    let query = format!(
        r#"mutation {{ createTheme(input: {{slug: "{slug}", name: [{{language: "en", text: "{slug}"}}]}}) {{ theme {{ slug }} revision }} }}"#
    );
    json!({ "query": query })
}

/// The value of a figure that is written, and how often it was corrected.
fn figure(value: i32) -> Value {
    let query = format!(
        r#"mutation {{ upsertObservations(inputs: [{{metric: "5g-base-stations", district: "haidian", period: "2024",
            value: "{value}", source: "beijing-daily-2026-01-27"}}]) {{ created updated unchanged revision }} }}"#
    );
    json!({ "query": query })
}

async fn value(server: &Server) -> Value {
    let query = r#"{ metric(slug: "5g-base-stations") { latest(district: "haidian") { value } } }"#;
    server.data(query).await["metric"]["latest"]["value"].clone()
}

/// How often the data were changed.
async fn revision(server: &Server) -> Value {
    server.data("{ dataset { revision } }").await["dataset"]["revision"].clone()
}

on_each_database! {
    /// Done once, and answered as it was then; with another key, or by somebody else, done anew.
    async fn a_write_is_done_once(server: &Server) {
        let token = server.token(Role::Editor).await;
        let first = send(server, &token, "a", theme("night")).await;
        let created = json!({ "createTheme": { "theme": { "slug": "night" }, "revision": "2" } });
        assert_eq!(first.data(), created);
        send(server, &token, "b", figure(7)).await.data();
        let before = revision(server).await;
        for _ in 0..2 {
            assert_eq!(send(server, &token, "a", theme("night")).await.text, first.text);
        }
        assert_eq!(revision(server).await, before);
        let other = server.grant("another", Role::Editor, None).await;
        for (token, key) in [(&token, "c"), (&other, "a")] {
            assert_eq!(send(server, token, key, theme("night")).await.error().1, "BAD_USER_INPUT");
        }
        assert_eq!(send(server, &other, "a", theme("day")).await.data()["createTheme"]["revision"], "4");
    }

    /// What changes nothing is remembered too: nothing that others wrote since is written over.
    async fn what_was_so_already_is_not_written_later(server: &Server) {
        let token = server.token(Role::Editor).await;
        send(server, &token, "first", figure(5)).await.data();
        let same = send(server, &token, "same", figure(5)).await;
        let unchanged = json!({ "upsertObservations": { "created": 0, "updated": 0, "unchanged": 1, "revision": "2" } });
        assert_eq!(same.data(), unchanged);
        send(server, &token, "other", figure(6)).await.data();
        assert_eq!(send(server, &token, "same", figure(5)).await.text, same.text);
        assert_eq!(value(server).await, "6");
    }

    /// A key belongs to one request: its document, its variables, its files.
    async fn a_key_of_another_request_is_refused(server: &Server) {
        let token = server.token(Role::Editor).await;
        let query = "mutation($slug: ID!) { deleteTheme(id: $slug) { deletedIds } }";
        let body = |slug: &str| json!({ "query": query, "variables": { "slug": slug } });
        for slug in ["a", "b"] {
            send(server, &token, slug, theme(slug)).await.data();
        }
        send(server, &token, "key", body("a")).await.data();
        let refused = send(server, &token, "key", body("b")).await;
        let (message, code, path) = refused.error();
        assert_eq!((refused.status, code.as_str(), path), (422, "IDEMPOTENCY_KEY_REUSED", Value::Null));
        assert_eq!(message, "the `Idempotency-Key` \"key\" came with another request before; give each write a key of its own");
        assert!(server.data(r#"{ theme(slug: "b") { slug } }"#).await["theme"].is_object());
        let file = |value: i32| {
            let operations = r#"{ "query": "mutation($f: Upload!) { importObservations(file: $f) { tables { created } } }", "variables": { "f": null } }"#;
            let row = format!("5g-base-stations,haidian,2024,{value},beijing-daily-2026-01-27");
            let part = |name: &str, content: &str| {
                format!("--limit\r\nContent-Disposition: form-data; name={name}\r\n\r\n{content}\r\n")
            };
            let parts = [
                part("\"operations\"", operations),
                part("\"map\"", r#"{ "0": ["variables.f"] }"#),
                part("\"0\"; filename=\"f.csv\"", &format!("metric,district,period,value,source\n{row}\n")),
                "--limit--\r\n".to_owned(),
            ];
            let post = server.client().post(server.url("/graphql")).bearer_auth(&token);
            let post = post.header("content-type", "multipart/form-data; boundary=limit");
            post.header("idempotency-key", "file").body(parts.concat()).send()
        };
        let imported = json!({ "importObservations": { "tables": [{ "created": "1" }] } });
        for _ in 0..2 {
            assert_eq!(Answer::read(file(7).await.unwrap()).await.data(), imported);
        }
        assert_eq!(Answer::read(file(8).await.unwrap()).await.error().1, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(value(server).await, "7");
    }

    /// Sent again while the first is under way, it waits for that.
    async fn several_at_once_are_one(server: &Server) {
        let token = server.token(Role::Editor).await;
        let each = (0..8).map(|_| send(server, &token, "one", theme("once")));
        let answers = futures_util::future::join_all(each).await;
        for answer in &answers {
            assert_eq!(answer.text, answers[0].text);
            answer.data();
        }
        assert_eq!(revision(server).await, "2");
    }

    /// What failed is done when it is sent again.
    async fn what_was_not_done_is_done_later(server: &Server) {
        let token = server.token(Role::Editor).await;
        let body = json!({ "query": r#"mutation { deleteTheme(id: "later") { deletedIds } }"# });
        assert_eq!(send(server, &token, "k", body.clone()).await.error().1, "BAD_USER_INPUT");
        send(server, &token, "l", theme("later")).await.data();
        let deleted = send(server, &token, "k", body.clone()).await;
        deleted.data();
        assert_eq!(send(server, &token, "k", body).await.text, deleted.text);
    }

    /// Each request of a batch has a key of its own.
    async fn a_batch_is_done_once(store: &Store) {
        let server = Server::start_with(Store::open(store.url.clone()).await, &["--batch-max=2"]).await;
        let token = server.token(Role::Editor).await;
        let batch = json!([theme("x"), theme("y")]);
        let first = send(&server, &token, "batch", batch.clone()).await;
        assert_eq!(first.json()[1]["data"]["createTheme"]["theme"]["slug"], "y", "{}", first.text);
        assert_eq!(send(&server, &token, "batch", batch).await.text, first.text);
        assert_eq!(revision(&server).await, "3");
        server.stop().await;
    }

    /// After a day a key is forgotten.
    async fn a_key_is_forgotten_after_a_day(server: &Server) {
        let token = server.token(Role::Editor).await;
        let connection = server.store.connection().await;
        send(server, &token, "k", figure(5)).await.data();
        for (hours, wanted) in [(23, "6"), (25, "5")] {
            send(server, &token, &format!("other {hours}").replace(' ', "-"), figure(6)).await.data();
            let then = (chrono::Utc::now() - chrono::TimeDelta::hours(hours)).to_rfc3339();
            let age = format!("UPDATE idempotency_key SET recorded_at = '{then}' WHERE key = 'k'");
            connection.execute_unprepared(&age).await.unwrap();
            send(server, &token, "k", figure(5)).await.data();
            assert_eq!(value(server).await, wanted, "{hours}");
        }
        connection.close().await.unwrap();
    }

    /// A key is one of some visible characters; what only reads needs none.
    async fn other_keys_are_refused(server: &Server) {
        let token = server.token(Role::Editor).await;
        for key in ["", "a b", "ä", &"x".repeat(256)] {
            let refused = send(server, &token, key, theme("t")).await;
            let (message, code, _) = refused.error();
            assert_eq!((refused.status, code.as_str()), (400, "BAD_REQUEST"), "{key}");
            assert!(message.ends_with("but must be one of 1 to 255 visible ASCII characters, such as a UUID"), "{message}");
        }
        for _ in 0..2 {
            let read = send(server, &token, &"x".repeat(255), json!({ "query": "{ themes { totalCount } }" })).await;
            read.data();
        }
    }
}

/// A server whose connection to PostgreSQL goes through a proxy.
async fn behind(
    fate: impl Fn(Piece<'_>) -> Fate + Send + Sync + 'static,
) -> Option<(Server, crate::postgres::Fresh)> {
    let (store, fresh) = crate::postgres::database().await?;
    store.database.migrate().await.unwrap();
    let package = hutong::package::bundled::package().unwrap();
    assert!(package.load_into_empty(&store.database, now()).await.unwrap());
    let url = proxy::start(&store, fate).await;
    store.database.close().await.unwrap();
    Some((Server::over(Store::open(url).await, &[]).await, fresh))
}

fn is_commit(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Sent(_, bytes) if bytes.windows(6).any(|part| part == b"COMMIT"))
}

/// Where the answer to a `COMMIT` is lost, and the database with it, the outcome is unknown; with the
/// key it is found out later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_is_told_as_unknown() {
    let (armed, down) = (Arc::new(AtomicBool::default()), Arc::new(AtomicBool::default()));
    let (arm, fallen) = (Arc::clone(&armed), Arc::clone(&down));
    let fate = move |piece: Piece<'_>| {
        if is_commit(&piece) && armed.swap(false, SeqCst) {
            down.store(true, SeqCst);
            return Fate::Delivered;
        }
        if down.load(SeqCst) { Fate::Cut } else { Fate::Passed }
    };
    let Some((server, fresh)) = behind(fate).await else { return };
    let token = server.token(Role::Editor).await;
    arm.store(true, SeqCst);
    let lost = send(&server, &token, "k", theme("lost")).await;
    let (message, code, path) = lost.error();
    assert_eq!((lost.status, code.as_str(), path), (504, "OUTCOME_UNKNOWN", Value::Null));
    assert!(message.contains("with the same `Idempotency-Key`"), "{message}");
    fallen.store(false, SeqCst);
    let again = send(&server, &token, "k", theme("lost")).await.data();
    assert_eq!(again, json!({ "createTheme": { "theme": { "slug": "lost" }, "revision": "2" } }));
    server.stop().await;
    fresh.drop().await;
}

/// A `COMMIT` that is never answered is given up, and was not kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_gets_lost_without_a_word_is_told_as_not_kept() {
    let silent = Arc::new(Mutex::new(None));
    let first = Arc::clone(&silent);
    let armed = Arc::new(AtomicBool::default());
    let arm = Arc::clone(&armed);
    let fate = move |piece: Piece<'_>| {
        let number = match piece {
            Piece::Sent(number, _) | Piece::Answered(number) => number,
        };
        let mut lost = first.lock().unwrap();
        if is_commit(&piece) && armed.swap(false, SeqCst) {
            *lost = Some(number);
        }
        if *lost == Some(number) { Fate::Lost } else { Fate::Passed }
    };
    let Some((server, fresh)) = behind(fate).await else { return };
    let token = server.token(Role::Editor).await;
    arm.store(true, SeqCst);
    let begun = Instant::now();
    let lost = send(&server, &token, "k", theme("lost")).await;
    assert_eq!((lost.status, lost.error().1.as_str()), (503, "DATABASE_UNAVAILABLE"));
    assert!((10..16).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(server.data("{ theme(slug: \"lost\") { slug } }").await, json!({ "theme": null }));
    send(&server, &token, "k", theme("lost")).await.data();
    server.stop().await;
    fresh.drop().await;
}

/// What reads is asked once more where only its connection was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_asked_once_more() {
    let left = Arc::new(std::sync::atomic::AtomicI32::new(0));
    let armed = Arc::clone(&left);
    let fate = move |piece: Piece<'_>| {
        let of_units = matches!(&piece, Piece::Sent(_, bytes) if bytes.windows(6).any(|part| part == b"\"unit\""));
        let cut = of_units
            && left.fetch_update(SeqCst, SeqCst, |left| (left > 0).then(|| left - 1)).is_ok();
        if cut { Fate::Cut } else { Fate::Passed }
    };
    let Some((server, fresh)) = behind(fate).await else { return };
    // A statement of its own each time: it is sent whole.
    for (cut, status, filter) in [(1, 200, "ne"), (2, 503, "startsWith"), (0, 200, "endsWith")] {
        armed.store(cut, SeqCst);
        let units =
            format!(r#"{{ units(filter: {{slug: {{{filter}: "t"}}}}) {{ nodes {{ slug }} }} }}"#);
        let answer = server.ask(&units).await;
        assert_eq!((answer.status, armed.load(SeqCst)), (status, 0), "{}", answer.text);
    }
    server.stop().await;
    fresh.drop().await;
}
