//! The README's queries give the answers printed below them.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// The README's queries, each with its variables and its answer.
pub(crate) fn examples() -> Vec<(String, Value, Value)> {
    let readme = include_str!("../../README.md");
    let block = |text: &str| text.split("\n```").next().unwrap().to_owned();
    let read = |text: &str| serde_json::from_str(&block(text)).unwrap();
    let queries = readme.split("```graphql\n").skip(1);
    queries
        .map(|rest| {
            let variables = rest.split("```json variables\n").nth(1);
            let answer = rest.split("```json\n").nth(1).unwrap();
            (block(rest), variables.map_or(json!({}), read), read(answer))
        })
        .collect()
}

on_each_database! {
    async fn says_what_the_server_answers(server: &Server) {
        let examples = examples();
        assert_eq!(examples.len(), 5 + 14);
        for (query, variables, wanted) in examples {
            assert_eq!(server.ask_with(&query, variables).await.data(), wanted, "{query}");
        }
    }
}
