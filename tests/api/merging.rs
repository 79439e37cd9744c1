//! What is asked for several times under one key is answered as one.

use hutong::access::Role;
use serde_json::json;

use crate::{Server, on_each_database};

on_each_database! {
    /// In computed objects, behind an interface and through fragments, it is what one selection of
    /// all of it is answered with.
    async fn selections_of_one_key(server: &Server) {
        let whole = server.data(r#"{ search(query: "haidian", first: 2) { nodes { match node {
            __typename id ... on District { name children { totalCount nodes { slug } } } } } } }"#);
        let parts = server.data(r#"query ($yes: Boolean = true) {
            search(query: "haidian", first: 2) { nodes { node { __typename } } ...S }
            search(query: "haidian", first: 2) { nodes { match } } }
            fragment S on SearchResultConnection { nodes {
                node { id ... on District { name children { totalCount } } }
                node { ... on Node @include(if: $yes) { ... on District { children { nodes { slug } } } } }
                ... @skip(if: $yes) { excerpt { text } } } }"#);
        let (whole, parts) = (whole.await, parts.await);
        assert_eq!(whole, parts);
        assert_eq!(whole["search"]["nodes"][0]["node"]["__typename"], "District");
    }

    /// A mutation is executed once.
    async fn mutations_of_one_key(server: &Server) {
        let token = server.token(Role::Editor).await;
        let input = r#"input: {slug: "merged", name: [{language: "en", text: "Merged"}]}"#;
        let mutation = format!("mutation {{
            createTheme({input}) {{ theme {{ slug }} }} createTheme({input}) {{ theme {{ revision }} }} }}");
        let theme = json!({ "slug": "merged", "revision": 1 });
        assert_eq!(server.ask_as(&token, &mutation).await.data(), json!({ "createTheme": { "theme": theme } }));
    }
}
