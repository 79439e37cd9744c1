//! Traces, as a collector of OpenTelemetry receives them.

use std::sync::mpsc;

use axum::{Json, Router, http::HeaderMap, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::command::{ended, hutong, serve, signal};

/// A collector on a port of its own, and what it is sent.
async fn collector() -> (String, mpsc::Receiver<Value>) {
    let (to, received) = mpsc::channel();
    let take = post(async move |headers: HeaderMap, Json(traces): Json<Value>| {
        assert_eq!(headers["content-type"], "application/json");
        to.send(traces).unwrap();
        "{}"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/traces", take);
    tokio::spawn(async { axum::serve(listener, router).await });
    (format!("http://{address}"), received)
}

/// The value of an attribute, whatever its type.
fn attribute(of: &Value, key: &str) -> Value {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    let value = found.and_then(|found| found["value"].as_object()?.values().next().cloned());
    value.unwrap_or_default()
}

/// A request is a span in the trace of whoever sent it, with its operation and its statements inside;
/// all is sent before the program ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_a_span_with_its_statements() {
    for by_the_usual_variable in [false, true] {
        let (url, received) = collector().await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = hutong(folder.path(), &["--listen=127.0.0.1:0"]);
        let name = if by_the_usual_variable {
            "OTEL_EXPORTER_OTLP_ENDPOINT"
        } else {
            "HUTONG_OTLP_ENDPOINT"
        };
        command.env(name, &url).env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
        let (mut child, address) = serve(command);
        // How far the data have come is read by the first who asks.
        reqwest::get(format!("http://{address}/graphql?query={{__typename}}")).await.unwrap();
        let query =
            r#"query Place { district(slug: "haidian") { initiatives { nodes { slug } } } }"#;
        let request = reqwest::Client::new()
            .post(format!("http://{address}/graphql"))
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .header("x-request-id", "traced")
            .json(&json!({ "query": query }));
        assert_eq!(request.send().await.unwrap().status(), 200);
        signal(&child, "TERM");
        assert!(ended(&mut child).success());

        let mut spans = Vec::new();
        for traces in received.try_iter() {
            for resource in traces["resourceSpans"].as_array().unwrap() {
                assert_eq!(attribute(&resource["resource"], "service.name"), "hutong");
                for scope in resource["scopeSpans"].as_array().unwrap() {
                    spans.extend(scope["spans"].as_array().unwrap().clone());
                }
            }
        }
        let of_trace = |span: &&Value| span["traceId"] == "0af7651916cd43dd8448eb211c80319c";
        let spans: Vec<&Value> = spans.iter().filter(of_trace).collect();
        let named = |name: &str| -> Vec<&Value> {
            spans.iter().copied().filter(|span| span["name"] == name).collect()
        };
        let [request] = named("POST /graphql")[..] else { panic!("{spans:#?}") };
        assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
        assert_eq!(attribute(request, "request_id"), "traced");
        assert_eq!(
            attribute(request, "http.response.status_code").to_string().trim_matches('"'),
            "200"
        );
        let [operation] = named("query Place")[..] else { panic!("{spans:#?}") };
        assert_eq!(operation["parentSpanId"], request["spanId"]);
        let statements = named("SELECT");
        assert_eq!(statements.len(), 2, "{spans:#?}");
        let rows: Vec<String> = statements
            .iter()
            .map(|statement| {
                assert_eq!(statement["parentSpanId"], operation["spanId"]);
                assert_eq!(attribute(statement, "db.system.name"), "sqlite");
                assert!(
                    attribute(statement, "db.query.text").as_str().unwrap().starts_with("SELECT")
                );
                attribute(statement, "db.response.returned_rows").to_string().replace('"', "")
            })
            .collect();
        assert_eq!(rows, ["1", "2"]);
        assert_eq!(spans.len(), 4);
    }
}

/// Without its collector the program answers, says so in its log, and ends in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_not_there_stops_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = hutong(folder.path(), &["--listen=127.0.0.1:0", "--log=warn"]);
    command.env("HUTONG_OTLP_ENDPOINT", format!("http://{free}"));
    command.stderr(std::fs::File::create(folder.path().join("log")).unwrap());
    let (mut child, address) = serve(command);
    let ask = reqwest::get(format!("http://{address}/graphql?query=%7B__typename%7D"));
    assert_eq!(ask.await.unwrap().status(), 200);
    signal(&child, "TERM");
    assert!(ended(&mut child).success());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    println!("{log}");
    assert!(log.contains("ERROR opentelemetry") || log.contains("WARN opentelemetry"), "{log}");
}
