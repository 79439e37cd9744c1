//! Automatic persisted queries, as Apollo's clients speak of them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Answer, Server, on_each_database, server::sqlite};

const QUERY: &str = "query Place($s: String!) { district(slug: $s) { name } }";

fn request(query: Option<&str>, hash: &str, version: u32) -> Value {
    let mut request = json!({
        "variables": {"s": "haidian"},
        "extensions": {"persistedQuery": {"version": version, "sha256Hash": hash}},
    });
    request.as_object_mut().unwrap().extend(query.map(|query| ("query".to_owned(), query.into())));
    request
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn post(server: &Server, request: &Value) -> Answer {
    Answer::read(server.client().post(server.url("/graphql")).json(request).send().await.unwrap())
        .await
}

async fn get(server: &Server, request: &Value) -> Answer {
    let text = |name: &str| {
        request.get(name).map(|value| match value {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        })
    };
    let names = ["query", "variables", "extensions"];
    let given: Vec<_> = names.into_iter().filter_map(|name| Some((name, text(name)?))).collect();
    let get = server.client().get(server.url("/graphql")).query(&given);
    Answer::read(get.send().await.unwrap()).await
}

fn refused(answer: &Answer) -> (String, String) {
    let error = &answer.json()["errors"][0];
    let text = |json: &Value| json.as_str().unwrap_or_default().to_owned();
    (text(&error["message"]), text(&error["extensions"]["code"]))
}

on_each_database! {
    /// A hash alone is not known at first; once the document came with it, it is, by POST and GET.
    async fn a_document_is_sent_once(server: &Server) {
        let hash = &sha256(QUERY);
        let by_hash = request(None, hash, 1);
        let unknown = ("PersistedQueryNotFound".to_owned(), "PERSISTED_QUERY_NOT_FOUND".to_owned());
        assert_eq!(refused(&post(server, &by_hash).await), unknown);
        assert_eq!(refused(&get(server, &by_hash).await), unknown);
        let place = json!({"district": {"name": "Haidian"}});
        assert_eq!(get(server, &request(Some(QUERY), hash, 1)).await.data(), place);
        assert_eq!(get(server, &by_hash).await.data(), place);
        assert_eq!(post(server, &by_hash).await.data(), place);
        assert_eq!(post(server, &request(None, &hash.to_uppercase(), 1)).await.data(), place);
    }

    /// A document is not kept under the hash of another, nor one that is refused.
    async fn only_sound_documents_are_kept_under_their_own_hashes(server: &Server) {
        let hash = &sha256(QUERY);
        let other = "{ __typename }";
        let (message, code) = refused(&post(server, &request(Some(other), hash, 1)).await);
        assert_eq!(code, "PERSISTED_QUERY_HASH_MISMATCH");
        assert!(message.contains(hash) && message.contains("must be the SHA-256"), "{message}");
        let unsound = "{ nothing }";
        let its_own = sha256(unsound);
        let (_, code) = refused(&post(server, &request(Some(unsound), &its_own, 1)).await);
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        for hash in [hash, &its_own] {
            let (_, code) = refused(&post(server, &request(None, hash, 1)).await);
            assert_eq!(code, "PERSISTED_QUERY_NOT_FOUND");
        }
    }

    /// Another version of the protocol is not spoken.
    async fn another_version_is_refused(server: &Server) {
        let hash = &sha256(QUERY);
        let not_supported =
            ("PersistedQueryNotSupported".to_owned(), "PERSISTED_QUERY_NOT_SUPPORTED".to_owned());
        for query in [Some(QUERY), None] {
            assert_eq!(refused(&post(server, &request(query, hash, 2)).await), not_supported);
        }
    }
}

#[tokio::test]
async fn they_can_be_switched_off() {
    let (store, _folder) = sqlite().await;
    let server = Server::start_with(store, &["--persisted-queries=0"]).await;
    let hash = &sha256(QUERY);
    for query in [Some(QUERY), None] {
        let (_, code) = refused(&post(&server, &request(query, hash, 1)).await);
        assert_eq!(code, "PERSISTED_QUERY_NOT_SUPPORTED");
    }
    server.stop().await;
}
