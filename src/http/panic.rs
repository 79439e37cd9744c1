//! A panic is ours, and ends its request alone.

use std::panic::AssertUnwindSafe;

use axum::{
    Extension,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;

use super::{refusal::Refusal, request_id::RequestId};

/// Answers a request whose handler panics with an error in the common form.
pub(super) async fn caught(
    Extension(id): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    // What is left behind by a panic is dropped with the request.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|why| {
        let text = why.downcast_ref::<String>().map(String::as_str);
        let why = text.or_else(|| why.downcast_ref().copied());
        tracing::error!(why, "a request panicked");
        Refusal::failed().of(id.text()).into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{Router, routing::get};
    use clap::Parser;
    use serde_json::{Value, json};

    use crate::{
        cli::Cli,
        database::Meter,
        http::{Metrics, layered},
    };

    #[tokio::test]
    async fn a_panic_is_told_with_the_id_of_its_request_and_no_more() {
        let options = Cli::parse_from(["hutong"]).config.http;
        let metrics = Arc::new(Metrics::new(&Meter::default()));
        let panicking = get(async || -> &'static str { panic!("out of order") });
        let router = layered(Router::new().route("/", panicking), &options, metrics);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async { axum::serve(listener, router).await });
        let client = reqwest::Client::new();
        let response = client.get(&address).header("x-request-id", "mine").send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-request-id"]),
            (500, &"mine".parse().unwrap())
        );
        let wanted = json!({ "errors": [{
            "message": "the server failed to answer; its log says why",
            "extensions": { "code": "INTERNAL_SERVER_ERROR", "requestId": "mine" },
        }] });
        assert_eq!(response.json::<Value>().await.unwrap(), wanted);
        server.abort();
    }
}
