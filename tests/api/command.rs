//! The program as whoever runs it meets it: its commands, its failures, its end.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{TcpListener, TcpStream},
    ops::{Deref, DerefMut},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use crate::wait::until_blocking;

/// The program in a folder of its own, without options from outside, its log let go.
pub(crate) fn hutong(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hutong"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    let foreign = |name: &str| name.starts_with("HUTONG_") || name.starts_with("OTEL_");
    for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    hutong(folder, arguments).stderr(Stdio::piped()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// One line on standard error, nothing on standard output, exit code 1.
#[track_caller]
fn assert_fails(output: &Output, wanted: &str) {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.starts_with("hutong: ") && errors.contains(wanted), "{errors}");
    assert_eq!(text(&output.stdout), "");
}

/// A program that runs, for as long as the test does at the most.
pub(crate) struct Running(Child);

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Mostly it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on a free port and returns it with the address it printed.
pub(crate) fn serve(command: Command) -> (Running, String) {
    let (child, address, _) = serve_and_tell(command);
    (child, address)
}

/// The same with what it goes on to print.
pub(crate) fn serve_and_tell(
    mut command: Command,
) -> (Running, String, Lines<BufReader<ChildStdout>>) {
    let mut child = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.strip_prefix("Hutong answers on http://").unwrap();
    let address = address.strip_suffix("/graphql").unwrap().to_owned();
    assert!(lines.next().unwrap().unwrap().contains(&format!("http://{address}/")));
    assert!(lines.next().unwrap().unwrap().contains("curl"));
    (child, address, lines)
}

/// How many connections there are, but for the one that asks.
pub(crate) fn connections(address: &str) -> u64 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: hutong\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).unwrap();
    let open = told.lines().find_map(|line| line.strip_prefix("hutong_connections ")).unwrap();
    open.parse::<u64>().unwrap() - 1
}

pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

pub(crate) fn ended(child: &mut Child) -> std::process::ExitStatus {
    let child = RefCell::new(child);
    until_blocking("the server stops", || child.borrow_mut().try_wait().unwrap().is_some());
    child.into_inner().wait().unwrap()
}

#[test]
fn prints_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["schema"]);
    assert!(output.status.success());
    let limits = hutong::query::Limits { page_default: 50, page_max: 1000 };
    assert!(text(&output.stdout) == hutong::cli::sdl(&hutong::graphql::schema(limits)));
    // It needs no database, and makes none.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn shows_every_option_with_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--help"]);
    let help = text(&output.stdout);
    for (flag, variable) in [
        ("--config <FILE>", "HUTONG_CONFIG"),
        ("--log <FILTER>", "HUTONG_LOG"),
        ("--log-format <FORMAT>", "HUTONG_LOG_FORMAT"),
        ("--otlp-endpoint <URL>", "HUTONG_OTLP_ENDPOINT"),
        ("--database-url <URL>", "HUTONG_DATABASE_URL"),
        ("--sample [<BOOL>]", "HUTONG_SAMPLE"),
        ("--database-readers <COUNT>", "HUTONG_DATABASE_READERS"),
        ("--statement-timeout <SECONDS>", "HUTONG_STATEMENT_TIMEOUT"),
        ("--public-read <BOOL>", "HUTONG_PUBLIC_READ"),
        ("--jwt-secret <SECRET>", "HUTONG_JWT_SECRET"),
        ("--jwks <FILE|URL>", "HUTONG_JWKS"),
        ("--jwt-issuer <ISSUER>", "HUTONG_JWT_ISSUER"),
        ("--jwt-audience <AUDIENCE>", "HUTONG_JWT_AUDIENCE"),
        ("--jwt-role-claim <CLAIM>", "HUTONG_JWT_ROLE_CLAIM"),
        ("--jwt-name-claim <CLAIM>", "HUTONG_JWT_NAME_CLAIM"),
        ("--rate-limit <REQUESTS>", "HUTONG_RATE_LIMIT"),
        ("--token-rate-limit <REQUESTS>", "HUTONG_TOKEN_RATE_LIMIT"),
        ("--trusted-proxies <PROXIES>", "HUTONG_TRUSTED_PROXIES"),
        ("--listen <ADDRESS:PORT>", "HUTONG_LISTEN"),
        ("--live-connections <CONNECTIONS>", "HUTONG_LIVE_CONNECTIONS"),
        ("--live-operations <OPERATIONS>", "HUTONG_LIVE_OPERATIONS"),
        ("--live-message-max <BYTES>", "HUTONG_LIVE_MESSAGE_MAX"),
        ("--live-init-timeout <SECONDS>", "HUTONG_LIVE_INIT_TIMEOUT"),
        ("--live-patience <SECONDS>", "HUTONG_LIVE_PATIENCE"),
        ("--live-keep-alive <SECONDS>", "HUTONG_LIVE_KEEP_ALIVE"),
        ("--live-interval <MILLISECONDS>", "HUTONG_LIVE_INTERVAL"),
        ("--page-default <ROWS>", "HUTONG_PAGE_DEFAULT"),
        ("--page-max <ROWS>", "HUTONG_PAGE_MAX"),
        ("--request-timeout <SECONDS>", "HUTONG_REQUEST_TIMEOUT"),
        ("--read-timeout <SECONDS>", "HUTONG_READ_TIMEOUT"),
        ("--write-timeout <SECONDS>", "HUTONG_WRITE_TIMEOUT"),
        ("--body-max <BYTES>", "HUTONG_BODY_MAX"),
        ("--upload-max <BYTES>", "HUTONG_UPLOAD_MAX"),
        ("--upload-timeout <SECONDS>", "HUTONG_UPLOAD_TIMEOUT"),
        ("--connection-max <CONNECTIONS>", "HUTONG_CONNECTION_MAX"),
        ("--batch-max <REQUESTS>", "HUTONG_BATCH_MAX"),
        ("--cors-origin <ORIGINS>", "HUTONG_CORS_ORIGIN"),
        ("--cors-header <HEADERS>", "HUTONG_CORS_HEADER"),
        ("--cors-max-age <SECONDS>", "HUTONG_CORS_MAX_AGE"),
        ("--slow-request <MILLISECONDS>", "HUTONG_SLOW_REQUEST"),
        ("--metrics <WHERE>", "HUTONG_METRICS"),
        ("--drain-delay <SECONDS>", "HUTONG_DRAIN_DELAY"),
        ("--token-max <TOKENS>", "HUTONG_TOKEN_MAX"),
        ("--depth-max <LEVELS>", "HUTONG_DEPTH_MAX"),
        ("--value-depth-max <LEVELS>", "HUTONG_VALUE_DEPTH_MAX"),
        ("--alias-max <ALIASES>", "HUTONG_ALIAS_MAX"),
        ("--directive-max <DIRECTIVES>", "HUTONG_DIRECTIVE_MAX"),
        ("--selection-max <SELECTIONS>", "HUTONG_SELECTION_MAX"),
        ("--root-field-max <FIELDS>", "HUTONG_ROOT_FIELD_MAX"),
        ("--cost-max <COST>", "HUTONG_COST_MAX"),
        ("--error-max <ERRORS>", "HUTONG_ERROR_MAX"),
        ("--document-cache <BYTES>", "HUTONG_DOCUMENT_CACHE"),
        ("--introspection <BOOL>", "HUTONG_INTROSPECTION"),
        ("--explain <BOOL>", "HUTONG_EXPLAIN"),
        ("--trusted-documents <PATH>", "HUTONG_TRUSTED_DOCUMENTS"),
    ] {
        assert!(help.contains(flag) && help.contains(variable), "{flag}\n{help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_and_stops_when_asked() {
    for name in ["INT", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        // The file is read, the variable wins over it, and the flag over both.
        std::fs::write(folder.path().join("hutong.toml"), "listen = \"nowhere:0\"\npage-max = 7\n")
            .unwrap();
        let mut command = hutong(folder.path(), &["--listen", "127.0.0.1:0"]);
        command.env("HUTONG_LISTEN", "nowhere:1");
        let (mut child, address) = serve(command);
        let client = reqwest::Client::new();
        let ask = |query: &'static str| {
            let body = serde_json::json!({ "query": query });
            let post = client.post(format!("http://{address}/graphql")).json(&body).send();
            async { post.await.unwrap().text().await.unwrap() }
        };
        assert_eq!(
            ask("{ observations(first: 1) { totalCount } }").await,
            r#"{"data":{"observations":{"totalCount":24}},"extensions":{"cost":{"requested":11,"limit":1000000}}}"#
        );
        let refused = ask("{ observations(first: 8) { totalCount } }").await;
        assert!(refused.contains("`first` is 8, but must be from 1 to 7"), "{refused}");
        // A request under way when the signal comes is answered before the end.
        let body = r#"{"query": "{ districts { totalCount } }"}"#;
        let (early, late) = body.split_at(10);
        let mut under_way = TcpStream::connect(&address).unwrap();
        let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
        write!(
            under_way,
            "{head}\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        // It is under way once the server asks for its body.
        let mut asked = [0; 25];
        under_way.read_exact(&mut asked).unwrap();
        assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
        write!(under_way, "{early}").unwrap();
        signal(&child, name);
        let listens = || TcpStream::connect(&address).is_ok();
        until_blocking("nobody else is let in", || !listens());
        assert!(child.try_wait().unwrap().is_none(), "SIG{name}");
        write!(under_way, "{late}").unwrap();
        let mut answer = String::new();
        under_way.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(r#"{"data":{"districts":{"totalCount":17}},"#), "{answer}");
        assert!(ended(&mut child).success(), "SIG{name}");
        assert!(folder.path().join("hutong.db").exists());
    }
}

#[test]
fn migrates_and_serves_the_same_database_again() {
    let folder = tempfile::tempdir().unwrap();
    let migrated = run(folder.path(), &["migrate", "--database-url", "sqlite://my %20 city?.db"]);
    assert!(migrated.status.success(), "{}", text(&migrated.stderr));
    assert!(folder.path().join("my %20 city?.db").exists());
    for _ in 0..2 {
        let mut command = hutong(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env("HUTONG_DATABASE_URL", "sqlite://my %20 city?.db");
        let (mut child, _) = serve(command);
        signal(&child, "TERM");
        assert!(ended(&mut child).success());
    }
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["--listen", &address]);
    assert_fails(&output, &format!("cannot listen on {address}: "));
    // Nothing else was begun.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_database_that_cannot_be_had_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(folder.path().join("text.db"), "this is no database, but a text\n".repeat(99))
        .unwrap();
    for (url, wanted) in [
        (format!("postgres://nobody@{free}/none"), "cannot reach the PostgreSQL database: "),
        ("sqlite://no/such/folder/x.db".to_owned(), "cannot open no/such/folder/x.db: "),
        ("sqlite://text.db".to_owned(), "cannot open text.db: "),
        ("sqlite::memory:".to_owned(), "an SQLite database is a plain file path"),
        ("mysql://localhost/x".to_owned(), "is neither sqlite://FILE nor postgres://"),
    ] {
        let output = run(folder.path(), &["--listen", "127.0.0.1:0", "--database-url", &url]);
        assert_fails(&output, wanted);
    }
}

#[test]
fn a_wrong_configuration_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &["--config", "none.toml"]);
    assert_fails(&missing, "cannot read none.toml: ");
    std::fs::write(folder.path().join("hutong.toml"), "listn = \"127.0.0.1:0\"\n").unwrap();
    assert_fails(
        &run(folder.path(), &[]),
        "hutong.toml: there is no option listn; there are log, ",
    );
    std::fs::write(folder.path().join("hutong.toml"), "listen = \n").unwrap();
    assert_fails(&run(folder.path(), &[]), "hutong.toml: ");
    std::fs::remove_file(folder.path().join("hutong.toml")).unwrap();
    assert_fails(&run(folder.path(), &["--log", "loud=="]), "is no log filter");
    let secure = run(folder.path(), &["--otlp-endpoint", "https://localhost:4318"]);
    assert_fails(
        &secure,
        "traces cannot be sent to \"https://localhost:4318\"; give a collector as",
    );
    let missing = run(folder.path(), &["--trusted-documents", "none.json"]);
    assert_fails(&missing, "cannot read the trusted documents none.json: ");
    std::fs::write(folder.path().join("documents.json"), r#"{"place": "{ plaice }"}"#).unwrap();
    let unfit = run(folder.path(), &["--trusted-documents", "documents.json"]);
    assert_fails(
        &unfit,
        "the trusted document place is refused: type `Query` does not have a field `plaice`",
    );
}
