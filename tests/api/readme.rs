//! The README's queries give the answers printed below them.

use serde_json::Value;

use crate::{Server, on_each_database};

/// The README's queries, each with its answer.
fn examples() -> Vec<(String, Value)> {
    let readme = include_str!("../../README.md");
    let block = |text: &str| text.split("\n```").next().unwrap().to_owned();
    let queries = readme.split("```graphql\n").skip(1);
    queries
        .map(|rest| {
            let answer = rest.split("```json\n").nth(1).unwrap();
            (block(rest), serde_json::from_str(&block(answer)).unwrap())
        })
        .collect()
}

on_each_database! {
    async fn says_what_the_server_answers(server: &Server) {
        let examples = examples();
        assert_eq!(examples.len(), 5 + 11);
        for (query, wanted) in examples {
            assert_eq!(server.data(&query).await, wanted, "{query}");
        }
    }
}
