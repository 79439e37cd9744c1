//! The clients most use for what goes on, in Node: `tests/api/clients/live` pins them.

use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, OnceLock},
};

use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    Server,
    clients::{self, install},
    on_each_database,
    socket::until,
    subscriptions::write,
};

/// What a script says, line by line.
type Said = Lines<BufReader<ChildStdout>>;

/// The folder in which `tests/api/clients/live` is installed, once for all tests.
fn installed() -> Option<&'static PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(|| install("clients/live")).as_ref()
}

/// The clients of a script under way, once they listen, and the rest of what they say.
fn started(folder: Option<&Path>, script: &str, address: &str) -> Option<(Child, Said)> {
    let mut node = Command::new("node");
    node.args(["--experimental-eventsource", script, address]).current_dir(folder?);
    let mut node = node.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "listening");
    Some((node, lines))
}

/// What the clients of a script say of three figures that are written once they listen; `None`
/// where there is no Node.
async fn told(
    server: &Server,
    folder: fn() -> Option<&'static Path>,
    script: &'static str,
) -> Option<Vec<String>> {
    let address = server.url("/graphql");
    let started = tokio::task::spawn_blocking(move || started(folder(), script, &address));
    let (mut node, lines) = started.await.unwrap()?;
    write(server, &[("2001", 1), ("2002", 2), ("2003", 3)]).await;
    let ended = tokio::task::spawn_blocking(move || {
        let told: Vec<String> = lines.map(Result::unwrap).collect();
        (told, node.wait().unwrap())
    });
    let (told, status) = ended.await.unwrap();
    assert!(status.success(), "{told:?}");
    Some(told)
}

/// What stands between clients and a server, and cuts them off.
struct Gate {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(watch::Sender::new(true));
        let gate = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut gate = gate.subscribe();
                tokio::spawn(async move {
                    gate.wait_for(|open| *open).await.unwrap();
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = gate.wait_for(|open| !*open) => {}
                    }
                });
            }
        });
        Self { address, open }
    }
}

/// The next lines of a script, sorted.
async fn next_lines(mut lines: Said, count: usize) -> (Vec<String>, Said) {
    let read = move || {
        let mut next: Vec<String> = lines.by_ref().take(count).map(Result::unwrap).collect();
        next.sort();
        (next, lines)
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

on_each_database! {
    /// Clients that are cut off go on where they were, each in its own way: nothing is missed, and
    /// nothing comes twice.
    async fn go_on_where_they_were(server: &Server) {
        let gate = Gate::before(server.address).await;
        let address = format!("http://{}/graphql", gate.address);
        let folder = || installed().map(PathBuf::as_path);
        let started = tokio::task::spawn_blocking(move || started(folder(), "resume.mjs", &address));
        let Some((mut node, lines)) = started.await.unwrap() else { return };
        let each = |value: u32| ["EventSource", "graphql-sse", "graphql-ws"].map(|name| format!("{name} {value}"));
        write(server, &[("2001", 1)]).await;
        let (told, lines) = next_lines(lines, 3).await;
        assert_eq!(told, each(1));
        gate.open.send_replace(false);
        until("they are cut off", || server.live.connections() == 0).await;
        write(server, &[("2002", 2)]).await;
        gate.open.send_replace(true);
        let (told, lines) = next_lines(lines, 3).await;
        assert_eq!(told, each(2));
        write(server, &[("2003", 3)]).await;
        assert_eq!(next_lines(lines, 4).await.0, each(3));
        assert!(tokio::task::spawn_blocking(move || node.wait().unwrap()).await.unwrap().success());
    }

    /// `graphql-ws` and `graphql-sse` get the answers to queries, figures as they are recorded, and
    /// live answers.
    async fn understand_what_goes_on(server: &Server) {
        let folder = || installed().map(PathBuf::as_path);
        let Some(mut told) = told(server, folder, "live.mjs").await else { return };
        told.sort();
        let answer = |data| json!({
            "data": data, "extensions": { "cost": { "requested": 2, "limit": 1_000_000 } },
        });
        let figure = |value| answer(json!({ "observationsRecorded": { "value": value } }));
        let revision = |revision| answer(json!({ "dataset": { "revision": revision } }));
        let wanted = ["graphql-sse", "graphql-ws"].map(|name| json!({
            "name": name,
            "once": [answer(json!({ "district": { "name": "Haidian" } }))],
            "figures": (["1", "2", "3"].map(figure)),
            "live": (["1", "2"].map(revision)),
            "code": "GRAPHQL_VALIDATION_FAILED",
        }));
        let told: Vec<Value> = told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told, wanted);
    }

    /// Apollo Client subscribes over HTTP without more than its usual link.
    async fn apollo_client_subscribes(server: &Server) {
        let Some(told) = told(server, clients::installed, "apollo-live.mjs").await else { return };
        let told: Vec<Value> = told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let error = "CombinedGraphQLErrors";
        let values = ["1", "2", "3"];
        assert_eq!(told, [json!({ "values": values, "error": error, "code": "GRAPHQL_VALIDATION_FAILED" })]);
    }
}
