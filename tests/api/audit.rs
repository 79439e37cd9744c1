//! GraphQL over HTTP, as its audits have it.

use crate::{Server, clients, on_each_database};

on_each_database! {
    /// What must, should and may be is.
    async fn all_audits_pass(server: &Server) {
        let Some((passed, failures)) = clients::run("audit.mjs", vec![server.url("/graphql")]).await
        else { return };
        assert_eq!(failures, "");
        assert_eq!(passed, "61 of 61\n");
    }
}
