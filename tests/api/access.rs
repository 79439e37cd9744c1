//! Who may do what: every role by every operation, on every transport, and what is told to whom.

use hutong::access::{Role, word};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    Answer, Server,
    events::Events,
    on_each_database,
    server::Store,
    socket::{PROTOCOL, Socket},
};

/// Operations and the least role that each takes, one line each. Each is tried in every role, so
/// it must be one that can be done again.
const OPERATIONS: &[(&str, Role)] = &[
    ("{ dataset { slug } }", Role::Reader),
    ("{ districts(first: 1) { nodes { name } } }", Role::Reader),
    ("{ viewer { role permissions } }", Role::Reader),
    ("{ __schema { queryType { name } } }", Role::Reader),
    ("{ auditLog { totalCount } }", Role::Admin),
    ("{ auditLog(first: 1) { nodes { operation } } }", Role::Admin),
    ("mutation { createThemes(inputs: []) { created } }", Role::Editor),
    (
        r#"mutation { upsertTheme(input: {slug: "a", name: [{language: "en", text: "A"}]}) { revision } }"#,
        Role::Editor,
    ),
    (r#"mutation { upsertThemes(inputs: []) { updated } }"#, Role::Editor),
    (r#"mutation { updateTheme(id: "5g", patch: {}) { theme { slug } } }"#, Role::Editor),
    (r#"mutation { updateThemes(filter: {}, patch: {}, atMost: 1000) { updated } }"#, Role::Editor),
    (
        r#"mutation { deleteThemes(filter: {slug: {eq: "b"}}, atMost: 0) { deletedIds } }"#,
        Role::Editor,
    ),
    (
        r#"mutation { upsertObservation(input: {metric: "5g-base-stations", district: "beijing", period: "2019",
            value: "1", source: "beijing-daily-2026-01-27"}) { observation { value } } }"#,
        Role::Editor,
    ),
    (
        r#"mutation { upsertObservation(input: {metric: "5g-base-stations", district: "beijing", period: "2020",
            value: "1", source: "beijing-daily-2026-01-27", publishedOn: "2999-01-01"}) { observation { value } } }"#,
        Role::Publisher,
    ),
];

const ROLES: [Role; 4] = [Role::Reader, Role::Editor, Role::Publisher, Role::Admin];

/// A server of its own over the database, with these options.
async fn with(store: &Store, options: &[&str]) -> Server {
    Server::start_with(Store::open(store.url.clone()).await, options).await
}

fn post(server: &Server, query: &str) -> RequestBuilder {
    server.client().post(server.url("/graphql")).json(&json!({ "query": query }))
}

fn with_token(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    token.into_iter().fold(request, RequestBuilder::bearer_auth)
}

/// An answer is what the role may have, or says which role is missing; never that there is nothing
/// of the name.
#[track_caller]
fn assert_cell(answer: &Value, (query, needs): (&str, Role), has: Option<Role>) {
    if has.unwrap_or(Role::Reader) as u8 >= needs as u8 {
        assert!(answer.get("errors").is_none(), "{query} {has:?}: {answer}");
        return;
    }
    // Who may not write at all is told that first.
    let writes = has.unwrap_or(Role::Reader) as u8 >= Role::Editor as u8;
    let needs = if needs == Role::Publisher && !writes { Role::Editor } else { needs };
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{query} {has:?}: {answer}");
    assert_eq!(error["extensions"]["needs"], word(needs).as_str(), "{query} {has:?}");
    let asker = match has {
        Some(role) => format!("your token has {}", word(role)),
        None => "no token was sent".to_owned(),
    };
    let end = format!(" needs the role {}; {asker}", word(needs));
    assert!(error["message"].as_str().unwrap().ends_with(&end), "{query} {has:?}: {answer}");
}

on_each_database! {
    /// The matrix: each operation as nobody and in each role, by POST, GET, events and WebSocket.
    async fn each_role_may_do_what_it_may(server: &Server) {
        let mut askers = vec![(None, None)];
        for role in ROLES {
            askers.push((Some(role), Some(server.token(role).await)));
        }
        for (role, token) in &askers {
            let token = token.as_deref();
            let mut socket = Socket::connect(server).await;
            let payload = token.map(|token| json!({ "token": token }));
            socket.send(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack");
            for operation in OPERATIONS {
                let query = operation.0;
                let posted = with_token(post(server, query), token).send().await.unwrap();
                assert_cell(&Answer::read(posted).await.json(), *operation, *role);
                if !query.starts_with("mutation") {
                    let get = server.client().get(server.url("/graphql")).query(&[("query", query)]);
                    let got = with_token(get, token).send().await.unwrap();
                    assert_cell(&Answer::read(got).await.json(), *operation, *role);
                }
                let mut events = Events::send(with_token(post(server, query), token)).await;
                assert_cell(&events.next().await.unwrap().1, *operation, *role);
                socket.subscribe("1", query).await;
                assert_cell(&socket.receive().await["payload"], *operation, *role);
                assert_eq!(socket.receive().await["type"], "complete");
            }
        }
    }

    /// What is missing is said, and the rest of the answer is given.
    async fn a_missing_role_is_one_field(server: &Server) {
        let query = "{ auditLog { totalCount } dataset { slug } }";
        let answer = server.ask_as(&server.token(Role::Publisher).await, query).await;
        let error = json!({
            "message": "reading the audit log needs the role ADMIN; your token has PUBLISHER",
            "locations": [{ "line": 1, "column": 3 }],
            "path": ["auditLog"],
            "extensions": { "code": "FORBIDDEN", "permission": "READ_AUDIT", "needs": "ADMIN" },
        });
        assert_eq!((answer.status, answer.json()["errors"].clone()), (200, json!([error])));
        let data = json!({ "auditLog": null, "dataset": { "slug": "beijing-digital-economy-2025" } });
        assert_eq!(answer.json()["data"], data);
        // A file could not tell of it beside the data.
        let file = post(server, query).header("accept", "text/csv").send().await.unwrap();
        let answer = Answer::read(file).await;
        assert_eq!((answer.status, answer.error().1.as_str()), (403, "FORBIDDEN"));
    }

    /// Who asks is told who they are.
    async fn viewers_are_told_who_they_are(server: &Server) {
        let query = "{ viewer { name role permissions } }";
        let nobody = json!({ "viewer": { "name": null, "role": "READER", "permissions": ["READ"] } });
        assert_eq!(server.data(query).await, nobody);
        for (role, permissions) in [
            (Role::Reader, &["READ"][..]),
            (Role::Editor, &["READ", "WRITE", "SEE_EMBARGOED"]),
            (Role::Publisher, &["READ", "WRITE", "SEE_EMBARGOED", "SET_EMBARGO"]),
            (Role::Admin, &["READ", "WRITE", "SEE_EMBARGOED", "SET_EMBARGO", "READ_AUDIT"]),
        ] {
            let answer = server.ask_as(&server.token(role).await, query).await;
            let name = format!("the {}", word(role).to_lowercase());
            let viewer = json!({ "name": name, "role": word(role), "permissions": permissions });
            assert_eq!(answer.data(), json!({ "viewer": viewer }));
            // Knowing them takes no statement of the answer's.
            assert_eq!(answer.statements, Some(0));
        }
    }

    /// A server may keep everything to those with a token, but for whether it lives and the page
    /// to ask from.
    async fn reading_can_be_closed(store: &Store) {
        let server = with(store, &["--public-read=false"]).await;
        let query = "{ dataset { slug } }";
        let get = |path: &str| server.client().get(server.url(path));
        let gotten = || get("/graphql").query(&[("query", query)]);
        let refused = [
            post(&server, query),
            gotten(),
            post(&server, query).header("accept", "text/event-stream"),
            post(&server, query).header("accept", "text/csv"),
            post(&server, "{"),
            get("/metrics"),
            get("/export/observations.csv"),
        ];
        let token = server.token(Role::Reader).await;
        for request in refused {
            let again = request.try_clone().unwrap().bearer_auth(&token);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let answer = Answer::read(response).await;
            let message = "this server answers those who have a token; send it as `Authorization: Bearer TOKEN`";
            let wanted = (message.to_owned(), "UNAUTHENTICATED".to_owned(), Value::Null);
            assert_eq!((answer.status, answer.error()), (401, wanted));
            assert_eq!(again.send().await.unwrap().status(), 200);
        }
        for path in ["/health/live", "/health/ready", "/", "/plain"] {
            assert_eq!(get(path).send().await.unwrap().status(), 200, "{path}");
        }
        let mut stranger = Socket::connect(&server).await;
        stranger.send(json!({ "type": "connection_init" })).await;
        assert_eq!(stranger.closed().await.0, 4403);
        let mut stranger = Socket::connect(&server).await;
        stranger.subscribe("1", query).await;
        assert_eq!(stranger.closed().await, (4401, "Unauthorized".to_owned()));
        // Let in by the header, the client still begins as the protocol has it.
        let bearer = format!("Bearer {token}");
        let headers = [PROTOCOL, ("authorization", bearer.as_str())];
        let mut early = Socket::open(&server, &headers).await.unwrap();
        early.subscribe("1", query).await;
        assert_eq!(early.closed().await.0, 4401);
        for payload in [json!({ "Authorization": bearer }), json!({ "authorization": bearer }), json!({ "token": token })] {
            let mut socket = Socket::connect(&server).await;
            socket.send(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.receive().await["type"], "connection_ack");
            socket.subscribe("1", query).await;
            assert_eq!(socket.data("1").await["dataset"]["slug"], "beijing-digital-economy-2025");
        }
        let mut socket = Socket::open(&server, &headers).await.unwrap();
        socket.send(json!({ "type": "connection_init", "payload": { "any": 1, "token": null } })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket.subscribe("1", "{ viewer { name } }").await;
        assert_eq!(socket.data("1").await, json!({ "viewer": { "name": "the reader" } }));
        server.stop().await;
    }

    /// What is kept for one is never given to another: not by the cache, not by its tag, not by a
    /// live query that others ask too.
    async fn nobody_is_told_what_was_found_for_another(store: &Store) {
        let server = with(store, &["--result-cache=1000000", "--cache-control=public, max-age=60"]).await;
        let query = "{ viewer { name role } }";
        let mut tokens = vec![None];
        for role in ROLES {
            tokens.push(Some(server.token(role).await));
        }
        tokens.push(Some(server.grant("another reader", Role::Reader, None).await));
        let mut told = Vec::new();
        let mut tags: Vec<String> = Vec::new();
        for token in &tokens {
            let get = || {
                let get = server.client().get(server.url("/graphql")).query(&[("query", query)]);
                with_token(get, token.as_deref())
            };
            for kept in ["hutong; fwd=miss; stored", "hutong; hit"] {
                let response = get().send().await.unwrap();
                let headers = response.headers().clone();
                assert_eq!(headers["cache-status"], kept);
                assert_eq!(headers["vary"], "accept, accept-encoding, accept-language, authorization");
                let control = if token.is_some() { "private, no-cache" } else { "public, max-age=60" };
                assert_eq!(headers["cache-control"], control);
                let body = response.text().await.unwrap();
                if kept == "hutong; hit" {
                    assert_eq!(told.last(), Some(&body));
                } else {
                    // The tags of others name other answers.
                    for tag in &tags {
                        let known = get().header("if-none-match", tag).send().await.unwrap();
                        assert_eq!(known.status(), 200);
                    }
                    assert!(!told.contains(&body), "{body}");
                    told.push(body);
                    tags.push(headers["etag"].to_str().unwrap().to_owned());
                }
            }
            let known = get().header("if-none-match", tags.last().unwrap()).send().await.unwrap();
            assert_eq!(known.status(), 304);
            let control = if token.is_some() { "private, no-cache" } else { "public, max-age=60" };
            assert_eq!(known.headers()["cache-control"], control);
        }
        // Live queries of the same document, all at once.
        let mut live = Vec::new();
        for token in &tokens {
            let request = with_token(post(&server, "query @live { viewer { name role } }"), token.as_deref());
            live.push(Events::send(request).await);
        }
        for (events, told) in live.iter_mut().zip(told) {
            let told: Value = serde_json::from_str(&told).unwrap();
            assert_eq!(events.data().await, told["data"]);
        }
        assert_eq!(server.live.queries(), tokens.len());
        drop(live);
        server.stop().await;
    }
}
