//! The clients most use for what goes on, in Node: `tests/api/clients/live` pins them.

use std::{
    io::{BufRead, BufReader, Lines},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::{Server, clients::install, on_each_database, subscriptions::write};

/// The folder in which `tests/api/clients/live` is installed, once for all tests.
fn installed() -> Option<&'static PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(|| install("clients/live")).as_ref()
}

/// The clients under way, once they listen, and the rest of what they say.
fn started(address: &str) -> Option<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut node = Command::new("node");
    node.args(["live.mjs", address]).current_dir(installed()?);
    let mut node = node.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "listening");
    Some((node, lines))
}

on_each_database! {
    /// `graphql-ws` and `graphql-sse` get the answers to queries, figures as they are recorded, and
    /// live answers.
    async fn understand_what_goes_on(server: &Server) {
        let address = server.url("/graphql");
        let started = tokio::task::spawn_blocking(move || started(&address)).await.unwrap();
        let Some((mut node, lines)) = started else { return };
        write(server, &[("2001", 1), ("2002", 2), ("2003", 3)]).await;
        let ended = tokio::task::spawn_blocking(move || {
            let told: Vec<String> = lines.map(Result::unwrap).collect();
            (told, node.wait().unwrap())
        });
        let (mut told, status) = ended.await.unwrap();
        told.sort();
        assert!(status.success(), "{told:?}");
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
}
