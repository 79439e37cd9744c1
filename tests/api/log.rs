//! What the program writes to its standard error: a line for each request, and why it failed.

use std::fs::File;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    command::{Running, ended, hutong, serve, signal},
    on_each_database,
    server::Store,
};

/// The program over a database, its log in a file.
pub(crate) struct Program {
    folder: tempfile::TempDir,
    child: Running,
    pub(crate) address: String,
    pub(crate) client: reqwest::Client,
}

impl Program {
    pub(crate) fn start(url: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = hutong(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.args(options).env("HUTONG_DATABASE_URL", url).env("HUTONG_SAMPLE", "true");
        command.stderr(File::create(folder.path().join("log")).unwrap());
        let (child, address) = serve(command);
        Self { folder, child, address, client: reqwest::Client::new() }
    }

    async fn ask(&self, id: &str, body: Value) -> Value {
        let post = self.client.post(format!("http://{}/graphql", self.address));
        let sent = post.header("x-request-id", id).json(&body).send().await.unwrap();
        sent.json().await.unwrap()
    }

    /// Ends the program: the lines of its log.
    pub(crate) fn end(mut self) -> Vec<String> {
        drop(self.client);
        signal(&self.child, "TERM");
        assert!(ended(&mut self.child).success());
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.lines().map(str::to_owned).collect()
    }
}

/// The lines of a log in JSON that are about a request.
fn about(id: &str, log: &[String]) -> Vec<Value> {
    let lines = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let spans = |line: &Value| line["spans"].as_array().cloned().unwrap_or_default();
    lines.filter(|line| spans(line).iter().any(|span| span["request_id"] == id)).collect()
}

on_each_database! {
    /// The client has the id of the request, and the log has the cause under the same id.
    async fn tells_why_a_field_failed(store: &Store) {
        let program = Program::start(&store.url, &["--log-format=json", "--log=error"]);
        let writer = store.connection().await;
        writer.execute_unprepared("DROP TABLE initiative_organization").await.unwrap();
        writer.close().await.unwrap();
        let query = "query Hosts { initiatives(first: 9) { nodes { a: organizations { totalCount } organizations { totalCount } } } }";
        let answer = program.ask("broken-1", json!({ "query": query })).await;
        let errors = answer["errors"].as_array().unwrap();
        assert!(errors.len() > 1);
        for error in errors {
            assert_eq!(error["message"], "the server failed to answer this field; its log says why");
            assert_eq!(error["extensions"], json!({ "code": "INTERNAL_SERVER_ERROR", "requestId": "broken-1" }));
        }
        assert!(!answer.to_string().contains("initiative_organization"), "{answer}");
        let log = program.end();
        // One cause is one line, however many fields it was fatal to.
        let lines = about("broken-1", &log);
        assert_eq!((log.len(), lines.len()), (1, 1), "{log:#?}");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["message"], "a field failed");
        assert_eq!(lines[0]["span"], json!({ "name": "operation", "type": "query", "operation": "Hosts" }), "{log:#?}");
        assert_eq!(lines[0]["path"], "initiatives.nodes.0.a.totalCount");
        assert!(lines[0]["why"].as_str().unwrap().contains("initiative_organization"));
    }

    /// A line for each request, with what became of it and nothing of what it asked.
    async fn has_a_line_for_each_request(store: &Store) {
        let program = Program::start(&store.url, &["--log-format=json"]);
        let secret = "query Places($s: String!) { district(slug: $s) { secretly: name } }";
        program.ask("good", json!({ "query": secret, "variables": { "s": "haidian-secret" } })).await;
        program.ask("bad", json!({ "query": "{ secretly }" })).await;
        let get = |path: &str| program.client.get(format!("http://{}{path}", program.address));
        for (id, path) in [("lost", "/nowhere?secret=1"), ("watching", "/health/ready"), ("counting", "/metrics")] {
            get(path).header("x-request-id", id).send().await.unwrap();
        }
        let log = program.end();
        assert!(!log.concat().contains("secret"), "{log:#?}");
        for (id, wanted) in [
            ("good", json!({
                "level": "INFO", "message": "answered", "method": "POST", "path": "/graphql",
                "status": 200, "operation": "Places", "type": "query", "statements": 1,
            })),
            ("bad", json!({
                "level": "INFO", "message": "answered", "method": "POST", "path": "/graphql",
                "status": 200, "code": "GRAPHQL_VALIDATION_FAILED",
            })),
            ("lost", json!({
                "level": "INFO", "message": "answered", "method": "GET", "path": "/nowhere",
                "status": 404, "code": "NOT_FOUND",
            })),
        ] {
            let mut lines = about(id, &log);
            assert_eq!(lines.len(), 1, "{log:#?}");
            let line = lines[0].as_object_mut().unwrap();
            assert!(line["milliseconds"].as_f64().unwrap() > 0.0);
            for name in ["timestamp", "target", "span", "spans", "milliseconds"] {
                assert!(line.remove(name).is_some(), "{name}");
            }
            assert_eq!(lines[0], wanted);
        }
        // Those who ask every few seconds do not fill the log.
        assert!(about("watching", &log).is_empty() && about("counting", &log).is_empty());
    }
}

/// Whoever runs the server sees why a token is refused, and nothing of the token itself.
#[tokio::test]
async fn tells_why_a_token_is_refused() {
    let (store, _folder) = crate::server::sqlite().await;
    let secret = "--jwt-secret=a secret that is long enough for this";
    let program = Program::start(&store.url, &["--log-format=json", secret]);
    let header = r#"{"alg":"HS512","typ":"JWT"}"#;
    let token = format!("{}.e30.c2VjcmV0", URL_SAFE_NO_PAD.encode(header));
    let cases = [
        ("own", "hutong_secret", "it is none of this server's that is in force"),
        ("nonsense", "secret", "InvalidToken"),
        ("other", &token, "it is signed by HS512, which is not taken"),
    ];
    for (id, token, _) in &cases {
        let post = program.client.post(format!("http://{}/graphql", program.address));
        let post = post.header("x-request-id", *id).bearer_auth(token);
        let post = post.json(&json!({"query": "{ __typename }"}));
        assert_eq!(post.send().await.unwrap().status(), 401);
    }
    let log = program.end();
    assert!(!log.concat().contains("secret"), "{log:#?}");
    for (id, _, wanted) in cases {
        let lines = about(id, &log);
        let told =
            |line: &&Value| line["message"] == "a token is refused" && line["level"] == "INFO";
        assert_eq!(
            lines.iter().find(told).map(|line| &line["why"]),
            Some(&json!(wanted)),
            "{log:#?}"
        );
    }
}

/// People read text, in which nothing that a client sends begins a line of its own; what takes long
/// is a warning.
#[tokio::test]
async fn warns_of_what_is_slow() {
    let (store, _folder) = crate::server::sqlite().await;
    let program = Program::start(&store.url, &["--slow-request=0", "--log=warn"]);
    program.ask("slow-1", json!({ "query": "query Slow { dataset { slug } }" })).await;
    let path = format!("http://{}/a%0Ab\u{1b}[31m{}", program.address, "x".repeat(1000));
    program.client.get(path).send().await.unwrap();
    let log = program.end();
    assert_eq!(log.len(), 2, "{log:#?}");
    assert!(log[0].contains(" WARN request{request_id=\"slow-1\"}: "), "{}", log[0]);
    assert!(log[0].contains(r#"answered slowly method=POST path="/graphql" status=200 operation="Slow" type="query" statements=1 milliseconds="#), "{}", log[0]);
    assert!(log[1].len() < 400 && !log[1].contains('\u{1b}'), "{}", log[1]);
}
