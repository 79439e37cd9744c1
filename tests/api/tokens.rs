//! Tokens: granted, used on each transport, refused alike, withdrawn.

use std::{
    path::Path,
    process::Output,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use hutong::{
    access::{
        Role,
        token::{KNOWN_FOR, fresh},
    },
    record::token::{NewToken, grant, withdraw},
};
use reqwest::{RequestBuilder, header::AUTHORIZATION};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Answer, Server,
    command::{ended, hutong, serve, signal},
    events::Events,
    on_each_database,
    socket::{PROTOCOL, Socket},
    wait::until,
};

const QUERY: &str = "{ viewer { name } }";

/// One request by each way there is, without a token yet.
fn ways(server: &Server) -> Vec<RequestBuilder> {
    let address = server.url("/graphql");
    let post = || server.client().post(&address).json(&json!({ "query": QUERY }));
    let get = || server.client().get(&address).query(&[("query", QUERY)]);
    vec![
        post(),
        get(),
        post().header("accept", "application/graphql-response+json"),
        post().header("accept", "text/event-stream"),
        get().header("accept", "text/event-stream"),
        post().header("accept", "text/csv"),
        get().header("accept", "application/x-ndjson"),
        server.client().post(&address).json(&json!({ "query": "{" })),
        server.client().post(&address).body("not even JSON"),
        server.client().get(server.url("/metrics")),
        server.client().get(server.url("/export/dataset.zip")),
    ]
}

const WORTHLESS: &str = "the token is unknown, expired or withdrawn; send one that is in force";

on_each_database! {
    /// What is worth nothing is refused on each transport, though everybody may read, and in the
    /// same words whatever is wrong with it.
    async fn what_is_worth_nothing_is_refused_everywhere(server: &Server) {
        let database = &server.store.database;
        let now = Utc::now();
        let withdrawn = server.grant("withdrawn", Role::Admin, None).await;
        assert_eq!(server.ask_as(&withdrawn, QUERY).await.status, 200);
        withdraw(database, "withdrawn", now).await.unwrap();
        let long_ago = now - TimeDelta::days(9);
        let new = NewToken {
            name: "expired".to_owned(),
            role: Role::Admin,
            expires_at: Some(now - TimeDelta::seconds(1)),
        };
        let expired = grant(database, new, long_ago).await.unwrap();
        let good = server.token(Role::Reader).await;
        let mut altered = good.clone();
        let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
        altered.push(last);
        let worthless = [
            withdrawn,
            expired,
            altered,
            fresh().unwrap(),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            good.to_uppercase(),
            good.trim_start_matches("hutong_").to_owned(),
            hutong::access::token::hash(&good),
            "hutong_".to_owned(),
            "null".to_owned(),
            "e30.e30.e30".to_owned(),
            "x".repeat(4000),
        ];
        for token in &worthless {
            for request in ways(server) {
                let response = request.bearer_auth(token).send().await.unwrap();
                assert_eq!(response.headers()["www-authenticate"], "Bearer");
                let answer = Answer::read(response).await;
                let error = json!({ "message": WORTHLESS, "extensions": { "code": "UNAUTHENTICATED" } });
                assert_eq!((answer.status, answer.json()), (401, json!({ "errors": [error] })), "{token}");
            }
            let closed = (4403, format!("Forbidden: {WORTHLESS}"));
            let bearer = format!("Bearer {token}");
            let headers = [PROTOCOL, ("authorization", bearer.as_str())];
            let mut socket = Socket::open(server, &headers).await.unwrap();
            assert_eq!(socket.closed().await, closed, "{token}");
            for payload in [json!({ "Authorization": bearer }), json!({ "token": token })] {
                let mut socket = Socket::connect(server).await;
                socket.send(json!({ "type": "connection_init", "payload": payload })).await;
                assert_eq!(socket.closed().await, closed, "{token}");
            }
        }
        // The good one is still good.
        let viewer = json!({ "viewer": { "name": "the reader" } });
        assert_eq!(server.ask_as(&good, QUERY).await.data(), viewer);
    }

    /// What is no token at all is never passed over.
    async fn what_is_no_token_is_refused(server: &Server) {
        for value in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "hutong_x", "", "Bearer a b"] {
            for request in ways(server) {
                let response = request.header(AUTHORIZATION, value).send().await.unwrap();
                let answer = Answer::read(response).await;
                let (message, code, _) = answer.error();
                assert_eq!((answer.status, code.as_str()), (401, "UNAUTHENTICATED"), "{value}");
                assert_eq!(message, "`Authorization` must be `Bearer TOKEN`, once, or left out");
            }
        }
        let twice = server.token(Role::Admin).await;
        let request = ways(server).remove(0).bearer_auth(&twice).bearer_auth(&twice);
        assert_eq!(request.send().await.unwrap().status(), 401);
        for payload in [
            json!({ "Authorization": twice }),
            json!({ "Authorization": 7 }),
            json!({ "Authorization": "" }),
            json!({ "token": "" }),
            json!({ "token": { "x": 1 } }),
        ] {
            let mut socket = Socket::connect(server).await;
            socket.send(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.closed().await.0, 4403, "{payload}");
        }
    }

    /// A token is used by every way, and by a WebSocket the one that was said last.
    async fn tokens_are_taken_everywhere(server: &Server) {
        let (one, other) = (server.token(Role::Editor).await, server.token(Role::Admin).await);
        let named = |role: &str| json!({ "viewer": { "name": format!("the {role}") } });
        for (number, request) in ways(server).into_iter().take(7).enumerate() {
            let response = request.bearer_auth(&one).send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.text().await.unwrap().contains("the editor"), "{number}");
        }
        let bearer = format!("bearer {one}");
        let headers = [PROTOCOL, ("authorization", bearer.as_str())];
        for (payload, role) in [(Value::Null, "editor"), (json!({ "token": other }), "admin")] {
            let mut socket = Socket::open(server, &headers).await.unwrap();
            socket.send(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack");
            socket.subscribe("1", QUERY).await;
            assert_eq!(socket.data("1").await, named(role));
        }
        // Nobody says in the request itself who they are.
        for key in ["viewer", "role"] {
            let body = json!({ "query": QUERY, key: { "role": "ADMIN", "name": "x" } });
            let post = server.client().post(server.url("/graphql")).json(&body).send().await.unwrap();
            let data = Answer::read(post).await.data();
            assert_eq!(data, json!({ "viewer": { "name": null } }));
        }
    }

    /// Who listens with a token that is withdrawn, or expires, is sent away soon; others stay.
    async fn who_may_not_listen_any_more_is_sent_away(server: &Server) {
        let withdrawn = server.token(Role::Editor).await;
        let expiring = server.grant("expiring", Role::Editor, Some(Utc::now() + TimeDelta::seconds(2))).await;
        let query = "subscription { observationsRecorded { value } }";
        let mut listening = Vec::new();
        for token in [&withdrawn, &expiring] {
            let mut socket = Socket::connect(server).await;
            socket.send(json!({ "type": "connection_init", "payload": { "token": token } })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack");
            socket.subscribe("1", query).await;
            let post = server.client().post(server.url("/graphql")).json(&json!({ "query": query }));
            listening.push((socket, Events::send(post.bearer_auth(token)).await));
        }
        let mut stranger = Socket::begin(server).await;
        stranger.subscribe("1", query).await;
        withdraw(&server.store.database, "the editor", Utc::now()).await.unwrap();
        let begun = Instant::now();
        for (mut socket, mut events) in listening {
            let message = "the token expired or was withdrawn; come again with another";
            assert_eq!(socket.closed().await, (4403, format!("Forbidden: {message}")));
            let error = json!({ "message": message, "extensions": { "code": "UNAUTHENTICATED" } });
            assert_eq!(events.next().await, Some(("next".to_owned(), json!({ "errors": [error] }))));
            events.is_complete().await;
        }
        assert!(begun.elapsed() < 2 * KNOWN_FOR + Duration::from_secs(2), "{:?}", begun.elapsed());
        stranger.is_silent().await;
    }

    /// What is kept is not the token.
    async fn only_the_hash_is_kept(server: &Server) {
        let token = server.token(Role::Admin).await;
        let connection = server.store.connection().await;
        let rows = connection.query_all_raw(sea_orm::Statement::from_string(
            connection.get_database_backend(),
            "SELECT name, role, hash FROM token",
        ));
        let row = rows.await.unwrap().pop().unwrap();
        let text = |column: &str| row.try_get::<String>("", column).unwrap();
        assert_eq!((text("name"), text("role")), ("the admin".to_owned(), "ADMIN".to_owned()));
        assert_eq!(text("hash"), hutong::access::token::hash(&token));
        connection.close().await.unwrap();
        // Two in force have never the same name.
        let new = |name: &str| NewToken { name: name.to_owned(), role: Role::Reader, expires_at: None };
        let database = &server.store.database;
        let taken = grant(database, new("the admin"), Utc::now()).await.unwrap_err().to_string();
        assert!(taken.ends_with("has the name \"the admin\" already; withdraw it first, or choose another name"), "{taken}");
        for name in ["", " x", "12", "a\nb", &"x".repeat(101)] {
            let refused = grant(database, new(name), Utc::now()).await.unwrap_err().to_string();
            assert!(refused.starts_with(&format!("the name {name:?} must be 1 to 100 characters")), "{refused}");
        }
        // Tokens are no data.
        assert_eq!(server.data("{ dataset { revision } }").await, json!({ "dataset": { "revision": "1" } }));
    }
}

fn run(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let command = hutong(folder, arguments).stderr(std::process::Stdio::piped()).output();
    let Output { status, stdout, stderr } = command.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// The command grants, lists and withdraws, while a server runs over the same file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_grants_and_withdraws() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut child, address) = serve(hutong(folder, &["--listen", "127.0.0.1:0"]));
    let (done, token, said) =
        run(folder, &["token", "create", "--name", "desk", "--role", "editor", "--expires", "30d"]);
    assert!(done, "{said}");
    // The token stands alone, ready for a variable of a shell.
    let token = token.strip_suffix('\n').unwrap().to_owned();
    assert!(token.starts_with("hutong_") && token.len() == 50, "{token}");
    let day = (Utc::now() + TimeDelta::days(30)).format("%Y-%m-%d");
    assert!(said.starts_with(&format!("desk has the role EDITOR until {day} ")), "{said}");
    assert!(!said.contains(&token));
    let client = reqwest::Client::new();
    let ask = || {
        let post = client.post(format!("http://{address}/graphql")).bearer_auth(&token);
        post.json(&json!({ "query": "{ viewer { name role } }" })).send()
    };
    let answer: Value = ask().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["viewer"], json!({ "name": "desk", "role": "EDITOR" }));
    let (_, listed, _) = run(folder, &["token", "list"]);
    let lines: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NUMBER", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES", "REVOKED"]);
    assert_eq!(lines[1][..5], ["1", "desk", "EDITOR", "in", "force"]);
    assert!(!listed.contains(&token) && lines.len() == 2, "{listed}");
    let (again, none, why) = run(folder, &["token", "create", "--name", "desk", "--role", "admin"]);
    assert!(!again && none.is_empty() && why.contains("already"), "{why}");
    let (done, _, said) = run(folder, &["token", "revoke", "desk"]);
    assert_eq!((done, said.as_str()), (true, "revoked the token 1 of desk\n"));
    let begun = Instant::now();
    until("it is refused", async || ask().await.unwrap().status() == 401).await;
    assert!(begun.elapsed() < KNOWN_FOR + Duration::from_secs(2), "{:?}", begun.elapsed());
    let (done, _, why) = run(folder, &["token", "revoke", "1"]);
    assert_eq!(
        (done, why.as_str()),
        (
            false,
            "hutong: there is no token \"1\" that could be withdrawn; `hutong token list` shows them\n"
        )
    );
    let (_, listed, _) = run(folder, &["token", "list"]);
    assert!(listed.lines().nth(1).unwrap().contains("revoked"), "{listed}");
    for (arguments, wanted) in [
        (&["--name", "x", "--role", "king"][..], "write reader, editor, publisher, admin"),
        (
            &["--name", "x", "--role", "editor", "--expires", "soon"],
            "write a time like 12h, 30d or 1y",
        ),
        (&["--role", "editor"], "--name <NAME>"),
        (&["--name", "7", "--role", "editor"], "no number"),
    ] {
        let (done, token, why) = run(folder, &[&["token", "create"], arguments].concat());
        assert!(!done && token.is_empty() && why.contains(wanted), "{why}");
    }
    signal(&child, "TERM");
    assert!(ended(&mut child).success());
}
