//! How answers are found, told to those who ask where that is let.

use serde_json::{Value, json};

use crate::{Answer, Server, on_each_database, server::Store};

async fn explained(server: &Server, query: &str) -> Answer {
    let body = json!({ "query": query, "extensions": { "explain": true } });
    let post = server.client().post(server.url("/graphql")).json(&body);
    Answer::read(post.send().await.unwrap()).await
}

on_each_database! {
    /// Whoever may not know is told which option lets them; nothing is executed.
    async fn is_refused_where_it_is_not_let(server: &Server) {
        let answer = explained(server, "{ dataset { slug } }").await;
        assert_eq!(answer.json(), json!({ "errors": [{
            "message": "this server does not tell how answers are found (`extensions.explain`); whoever runs it lets it by `--explain`",
            "extensions": { "code": "EXPLAIN_DISABLED" },
        }] }));
        assert_eq!(answer.statements, None);
    }

    /// Each statement with its rows, in their order, and as many as the header says.
    async fn tells_each_statement(store: &Store) {
        let store = Store::open(store.url.clone()).await;
        let server = Server::start_with(store, &["--explain=true"]).await;
        let query = r#"{ district(slug: "haidian") { name initiatives { nodes { slug claims { nodes { kind } } } } } nothing: district(slug: "北京-secret") { name } }"#;
        let answer = explained(&server, query).await;
        let json = answer.json();
        let statements = json["extensions"]["explain"].as_array().unwrap();
        assert_eq!(Some(statements.len()), answer.statements);
        let rows: Vec<(&str, &Value)> = statements.iter().map(|statement| {
            let sql = statement["sql"].as_str().unwrap();
            assert!(statement["milliseconds"].as_f64().unwrap() > 0.0);
            assert_eq!(statement.as_object().unwrap().len(), 3);
            let table = ["\"claim\"", "\"initiative\"", "\"district\""].into_iter().find(|table| sql.contains(&format!("JOIN {table}")) || sql.contains(&format!("FROM {table}")));
            (table.unwrap_or_else(|| panic!("{sql}")), &statement["rows"])
        }).collect();
        let rows = json!(rows);
        assert_eq!(rows, json!([["\"district\"", 1], ["\"initiative\"", 2], ["\"claim\"", 1]]));
        assert!(!json["extensions"].to_string().contains("haidian"), "{json}");
        // Others are not told.
        let plain = server.ask(query).await.json();
        assert_eq!(plain["data"], json["data"]);
        assert_eq!(plain["extensions"], json!({ "cost": json["extensions"]["cost"] }));
        server.stop().await;
    }
}
