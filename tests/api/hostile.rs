//! Requests that mean harm: each has a clear answer or is dropped, whoever asks beside them is
//! answered at once, and the memory of the process stays within bounds.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{interval, timeout},
};

use crate::{
    command::{Running, connections, ended, hutong, serve, signal},
    wait::until,
};

/// The most memory the process may ever have held, in MiB; it is not optimised, and holds the data
/// of every language.
const MEMORY: u64 = 256;

/// The longest that whoever means no harm may wait, on a machine that runs other tests too.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest that whoever means harm may keep a connection.
const LONGEST: Duration = Duration::from_secs(10);

/// The program, run as it is.
pub(crate) struct Victim {
    child: Running,
    pub(crate) address: String,
    pub(crate) client: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Victim {
    pub(crate) fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = [&["--listen", "127.0.0.1:0"], options].concat();
        let (child, address) = serve(hutong(folder.path(), &options));
        Self { child, address, client: reqwest::Client::new(), _folder: folder }
    }

    /// What is answered to a body; `None` where the connection is dropped.
    async fn send(&self, body: impl Into<reqwest::Body>) -> Option<(u16, String)> {
        let post = self.client.post(format!("http://{}/graphql", self.address));
        let sent = post.header("content-type", "application/json").body(body).send();
        let response = timeout(LONGEST, sent).await.expect("an answer in time").ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// Somebody who means no harm is answered at once.
    pub(crate) async fn answers(&self) {
        let begun = Instant::now();
        let body =
            json!({"query": "{ district(slug: \"haidian\") { initiatives { totalCount } } }"});
        let (status, answer) = self.send(body.to_string()).await.expect("an answer");
        assert_eq!(status, 200);
        assert!(answer.starts_with(r#"{"data":{"district":{"initiatives":{"totalCount":2}}},"#));
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }

    /// The most memory it ever held, in MiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// It still answers, has kept within its memory, and ends when asked.
    async fn ends_well(mut self) {
        self.answers().await;
        if cfg!(target_os = "linux") {
            let memory = self.memory();
            assert!(memory < MEMORY, "{memory} MiB");
        }
        signal(&self.child, "TERM");
        assert!(ended(&mut self.child).success());
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }
}

/// A test that fails leaves no process behind.
impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A document around a value, for each place where a value may stand.
fn around(value: &str) -> [String; 4] {
    [
        format!("{{ districts(filter: {value}) {{ totalCount }} }}"),
        format!("query ($v: [Int] = {value}) {{ districts(first: $v) {{ totalCount }} }}"),
        format!("{{ districts @skip(if: {value}) {{ totalCount }} }}"),
        format!("query @skip(if: {value}) {{ districts {{ totalCount }} }}"),
    ]
}

/// Documents that ask for too much, each in its own way.
fn documents() -> Vec<String> {
    let mut documents = Vec::new();
    for levels in [1_000, 10_000, 100_000] {
        let repeat = |text: &str| text.repeat(levels);
        documents.extend(around(&format!("{}{}", repeat("["), repeat("]"))));
        documents.extend(around(&repeat("[")));
        documents.extend(around(&format!("{}1{}", repeat("{a:"), repeat("}"))));
        documents.push(format!("{}{}", repeat("{a"), repeat("}")));
        documents.push(repeat("{a"));
        documents.push(format!("{{ {} __typename {} }}", repeat("... {"), repeat("}")));
        documents.push(format!("query ($v: {}Int{}) {{ a }}", repeat("["), repeat("]")));
        documents.push(format!("{{ {} }}", repeat("a ")));
        documents.push(repeat("}"));
    }
    let many =
        |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let doubling = |count: usize| {
        let parts =
            many(count, &|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1));
        format!("{{ ...f0 }} {parts} fragment f{count} on Query {{ __typename }}")
    };
    documents.extend([doubling(31), doubling(200), doubling(1_000)]);
    let chain =
        |count: usize| many(count, &|n| format!("fragment f{n} on Query {{ ...f{} }}", n + 1));
    documents.push(format!("{{ ...f0 }} {} fragment f999 on Query {{ ...f0 }}", chain(999)));
    documents.push(format!("{{ ...f0 }} {} fragment f1500 on Query {{ __typename }}", chain(1500)));
    documents.push("{ ...f } fragment f on Query { ...f }".to_owned());
    documents.push("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned());
    documents.push(format!("{{ {} }}", many(10_000, &|n| format!("a{n}: __typename "))));
    documents.push(format!(
        "{{ {} }}",
        many(3_000, &|n| format!("a: district(slug: \"{n}\") {{ id }} "))
    ));
    documents.push(format!("{{ __typename {} }}", "@skip(if: false) ".repeat(2_000)));
    documents.push(format!("{{ __typename {} }}", "@x".repeat(5_000)));
    documents
        .push(format!("query ({}) {{ __typename }}", many(3_000, &|n| format!("$v{n}: Int "))));
    documents.push(many(3_000, &|n| format!("query q{n} {{ __typename }} ")));
    documents.push(format!("{{ {} }}", "n".repeat(900_000)));
    documents.push(format!(
        "{{ district(slug: \"\"\"{}\"\"\" x: 1) {{ id }} }}",
        "\\\"\"\" ".repeat(100_000)
    ));
    documents.push(format!("{}{{", "# nothing\n".repeat(90_000)));
    documents.push(format!("{{ nope {} }}", ",".repeat(900_000)));
    documents.push("{ districts(first: 1000) { nodes { initiatives(first: 1000) { nodes { observations(first: 1000) { nodes { slug } } } } } } }".to_owned());
    documents.push("{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }".to_owned());
    documents.push("{ district(slug: \"\\uD800\") { id } }".to_owned());
    documents.push("\u{0}\u{feff}{".to_owned());
    documents
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_refused() {
    let victim = Victim::start(&[]);
    for document in documents() {
        let start: String = document.chars().take(60).collect();
        let begun = Instant::now();
        let body = json!({ "query": document }).to_string();
        let (answer, ()) = tokio::join!(victim.send(body), victim.answers());
        let (status, answer) = answer.unwrap_or_else(|| panic!("no answer to {start}"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{start}: {answer}"));
        assert!([200, 400, 413].contains(&status), "{start}: {status}");
        assert!((1..=20).contains(&errors.len()), "{start}: {}", errors.len());
        assert!(errors.iter().all(|error| error["extensions"]["code"].is_string()), "{answer}");
        assert_eq!(answer.get("data"), None, "{start}");
        assert!(begun.elapsed() < PATIENCE, "{start}: {:?}", begun.elapsed());
    }
    victim.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_are_refused() {
    let victim = Victim::start(&[]);
    let query = "query ($v: DistrictFilter) { districts(filter: $v) { totalCount } }";
    for levels in [101, 1_000, 10_000, 100_000] {
        for (open, close) in [("[", "]"), (r#"{"and":"#, "}"), ("[", ""), (r#"{"not":"#, "")] {
            let value = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let body = format!(r#"{{"query": "{query}", "variables": {{"v": {value}}}}}"#);
            let (answer, ()) = tokio::join!(victim.send(body), victim.answers());
            let (_, answer) = answer.expect("an answer");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert!(matches!(code, Some("VALUE_DEPTH_LIMIT_EXCEEDED" | "BAD_REQUEST")), "{answer}");
        }
    }
    // A hundred thousand that are wrong are not told one by one.
    let body = json!({
        "query": "query ($v: [ID!]!) { nodes(ids: $v) { id } }",
        "variables": { "v": vec![true; 100_000] },
    });
    let (answer, ()) = tokio::join!(victim.send(body.to_string()), victim.answers());
    let answer: Value = serde_json::from_str(&answer.expect("an answer").1).unwrap();
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
    victim.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_not_read() {
    const LARGE: usize = 64 * 1024 * 1024;
    let victim = Victim::start(&[]);
    for head in [format!("content-length: {LARGE}"), "transfer-encoding: chunked".to_owned()] {
        for _ in 0..4 {
            let chunk = [b' '; 0x10000];
            let mut stream = victim.connect().await;
            let start = format!(
                "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{head}\r\n\r\n"
            );
            stream.write_all(start.as_bytes()).await.unwrap();
            let (mut from, mut to) = stream.split();
            let mut answer = Vec::new();
            let write = async {
                for _ in 0..LARGE / chunk.len() {
                    if head.starts_with("transfer") && to.write_all(b"10000\r\n").await.is_err() {
                        return;
                    }
                    if to.write_all(&chunk).await.is_err() {
                        return;
                    }
                    if head.starts_with("transfer") && to.write_all(b"\r\n").await.is_err() {
                        return;
                    }
                }
            };
            let read = from.read_to_end(&mut answer);
            let both = async { tokio::join!(write, read, victim.answers()) };
            // Reading ends with a reset where the rest was never read.
            let _ = timeout(LONGEST, both).await.expect("an answer in time, or the end");
            let answer = String::from_utf8_lossy(&answer);
            let told = answer.starts_with("HTTP/1.1 413 ") && answer.contains("BODY_TOO_LARGE");
            assert!(answer.is_empty() || told, "{answer}");
        }
    }
    victim.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_dropped() {
    let victim = Victim::start(&["--read-timeout=1"]);
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let starts = [
        String::new(),
        "P".to_owned(),
        head.to_owned(),
        format!("{head}content-length: 100\r\n\r\n"),
        format!("{head}content-length: 100\r\n\r\n{{\"query\""),
        format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"que"),
    ];
    let slow = (0..100).flat_map(|_| &starts).map(|start| async {
        let mut stream = victim.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let (mut from, mut to) = stream.split();
        // A byte now and then is as slow as none.
        let trickle = async {
            let mut times = interval(Duration::from_millis(300));
            while to.write_all(b" ").await.is_ok() {
                times.tick().await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        let dropped = tokio::select! {
            () = trickle => unreachable!(),
            read = timeout(LONGEST, from.read_to_end(&mut answer)) => read,
        };
        let _ = dropped.expect("the end of the connection");
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    });
    // Until the last of them is dropped.
    {
        let mut slow = pin!(join_all(slow));
        loop {
            tokio::select! {
                _ = &mut slow => break,
                () = victim.answers() => {}
            }
        }
    }
    victim.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_do_not_read_are_dropped() {
    let victim = Victim::start(&["--write-timeout=1"]);
    let many: String = (0..60).map(|n| format!("a{n}: __schema {{ ...s }} ")).collect();
    let query = format!(
        "{{ {many} }} fragment s on __Schema {{ types {{ name description a: description
            b: description fields {{ name description a: description }} }} }}"
    );
    let body = json!({ "query": query }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let (_, whole) = victim.send(body.clone()).await.unwrap();
    for _ in 0..4 {
        // What the system takes by itself must not be enough for the whole.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(0x1000).unwrap();
        let mut stream = socket.connect(victim.address.parse().unwrap()).await.unwrap();
        let others = connections(&victim.address) - 1;
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        // From the first byte on nothing is read for longer than it may take.
        timeout(LONGEST, stream.peek(&mut [0])).await.expect("an answer").unwrap();
        until("it is dropped", async || connections(&victim.address) <= others).await;
        victim.answers().await;
        let mut answer = Vec::new();
        let _ = timeout(LONGEST, stream.read_to_end(&mut answer)).await.expect("the end");
        assert!(answer.len() < whole.len(), "{} of {}", answer.len(), whole.len());
    }
    victim.ends_well().await;
}

/// How many connections both ends may have open here.
fn room() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = files.and_then(|line| line.split_whitespace().next()?.parse().ok());
    soft.unwrap_or(usize::MAX).saturating_sub(500).min(2_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_at_once_are_answered() {
    let victim = Victim::start(&[]);
    let connections = room();
    if connections < 2_000 {
        eprintln!("only {connections} connections at once: no more files may be open");
    }
    let body = r#"{"query": "{ districts(first: 2) { nodes { slug } } }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(victim.connect().await);
    }
    victim.answers().await;
    let request = request.as_bytes();
    let ask = open.into_iter().map(|mut stream| async move {
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(r#"{"data":{"districts":{"nodes":[{"slug":"#), "{answer}");
    });
    timeout(Duration::from_secs(60), join_all(ask)).await.expect("all answers");
    victim.ends_well().await;
}
