//! The server's life: what it tells while it starts and while it ends.

use std::time::{Duration, Instant};

use clap::Parser;
use hutong::{
    access::Access,
    cli::Cli,
    graphql::{self, Guard},
    http::{self, App, Phase},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    command::{ended, hutong, serve, signal},
    wait::until,
};

/// What `/health/ready` tells: the status, and the reason's name.
async fn ready(address: &str) -> (u16, Value) {
    let response = reqwest::get(format!("http://{address}/health/ready")).await.unwrap();
    let status = response.status().as_u16();
    let told: Value = response.json().await.unwrap();
    assert_eq!(told.get("reason").is_some(), status == 503, "{told}");
    (status, told["status"].clone())
}

async fn send(address: &str) -> reqwest::Result<reqwest::Response> {
    let post = reqwest::Client::new().post(format!("http://{address}/graphql"));
    post.json(&json!({ "query": "{ __typename }" })).send().await
}

async fn ask(address: &str) -> reqwest::Response {
    send(address).await.unwrap()
}

/// From the beginning the server says that it lives, and that nothing can be asked yet.
#[tokio::test]
async fn nothing_is_answered_before_the_server_is_ready() {
    let (store, _folder) = crate::server::sqlite().await;
    store.database.migrate().await.unwrap();
    let config = Cli::parse_from(["hutong"]).config;
    let schema = graphql::schema(config.limits);
    let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
    let access = Access::new(&config.access, &store.database).unwrap();
    let database = store.database.clone();
    let app = App::new(access, schema, guard, database, config.http, config.live);
    let life = app.life.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ((done, first), (stop, stopped)) = (oneshot::channel(), oneshot::channel::<()>());
    let first = async { first.await.unwrap() };
    let running = tokio::spawn(http::serve(
        listener,
        app,
        Box::pin(first),
        Box::pin(async { drop(stopped.await) }),
    ));
    for (phase, name) in [
        (Phase::Starting, "starting"),
        (Phase::Migrating, "migrating"),
        (Phase::Loading, "loading"),
        // There is no way back.
        (Phase::Migrating, "loading"),
    ] {
        life.enter(phase);
        assert_eq!(ready(&address).await, (503, json!(name)));
        let live = reqwest::get(format!("http://{address}/health/live")).await.unwrap();
        assert_eq!(live.status(), 200);
        let refused = ask(&address).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        let told: Value = refused.json().await.unwrap();
        assert_eq!(told["errors"][0]["extensions"], json!({ "code": "NOT_READY" }));
    }
    done.send(Ok(())).unwrap();
    until("it is ready", async || life.phase() == Phase::Ready || running.is_finished()).await;
    assert!(!running.is_finished());
    assert_eq!(ready(&address).await, (200, json!("ready")));
    assert_eq!(ask(&address).await.status(), 200);
    drop(stop);
    running.await.unwrap().unwrap();
    assert_eq!(life.phase(), Phase::Draining);
}

/// What cannot be made ready ends, and so does what is stopped before.
#[tokio::test]
async fn a_server_that_cannot_start_ends() {
    for fails in [true, false] {
        let (store, _folder) = crate::server::sqlite().await;
        let config = Cli::parse_from(["hutong"]).config;
        let schema = graphql::schema(config.limits);
        let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
        let access = Access::new(&config.access, &store.database).unwrap();
        let database = store.database.clone();
        let app = App::new(access, schema, guard, database, config.http, config.live);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let first = async {
            match fails {
                true => Err(hutong::error::Error::input("no tables")),
                false => std::future::pending().await,
            }
        };
        let stopped = async {
            if fails {
                std::future::pending::<()>().await;
            }
        };
        let ended = http::serve(listener, app, Box::pin(first), Box::pin(stopped)).await;
        assert_eq!(
            ended.map_err(|why| why.to_string()),
            if fails { Err("no tables".to_owned()) } else { Ok(()) }
        );
    }
}

/// Once asked to stop, the program says that nothing more should be sent, still answers what is sent
/// nonetheless for as long as it was told to, and ends.
#[tokio::test]
async fn the_program_drains_before_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let command = hutong(folder.path(), &["--listen=127.0.0.1:0", "--drain-delay=2"]);
    let (mut child, address) = serve(command);
    assert_eq!(ready(&address).await, (200, json!("ready")));
    let begun = Instant::now();
    signal(&child, "TERM");
    while ready(&address).await != (503, json!("draining")) {
        assert!(begun.elapsed() < Duration::from_secs(1), "it is still ready");
    }
    let mut answered = Duration::ZERO;
    while let Ok(answer) = send(&address).await {
        assert_eq!(answer.status(), 200);
        answered = begun.elapsed();
    }
    assert!(answered > Duration::from_secs(1), "it answers no more after {answered:?}");
    assert!(ended(&mut child).success());
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(6), "{took:?}");
}
