//! The clients most use for what goes on, in Node: `tests/api/clients/live` pins them.

use std::{
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::{
    Server,
    clients::{self, install},
    on_each_database,
    subscriptions::write,
};

/// The folder in which `tests/api/clients/live` is installed, once for all tests.
fn installed() -> Option<&'static PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(|| install("clients/live")).as_ref()
}

/// The clients of a script under way, once they listen, and the rest of what they say.
fn started(
    folder: Option<&Path>,
    script: &str,
    address: &str,
) -> Option<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut node = Command::new("node");
    node.args([script, address]).current_dir(folder?);
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

on_each_database! {
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
