//! Scalars: what is read, what is refused, and what comes back.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// A query that takes a variable of a type into a condition on a column.
fn with(kind: &str, condition: &str) -> String {
    format!("query ($v: {kind}) {{ observations(filter: {{{condition}}}) {{ totalCount }} }}")
}

on_each_database! {
    /// Values that cannot be are refused with what would be right, as literals and as variables.
    async fn impossible_values_are_refused(server: &Server) {
        for (kind, condition, values, hint) in [
            (
                "Period",
                "period: {eq: $v}",
                vec![
                    "2025-Q5", "2025-13", "2025-W54", "2025-02-30", "2025/2024", "soon", "",
                    // Beyond the years that are ordered as text as they are in time.
                    "9999-W52", "+10000-01-01", "10000",
                ],
                "write a year \"2025\"",
            ),
            ("Decimal", "value: {eq: $v}", vec!["1,5", "1e3", "NaN", "٤", ""], "write it like"),
            (
                "Date",
                "publishedOn: {eq: $v}",
                vec!["2026-02-30", "2026-1-7", "27.1.2026", "", "+12026-01-01", "-0001-01-01"],
                "write it like \"2026-01-27\"",
            ),
            (
                "DateTime",
                "recordedAt: {eq: $v}",
                vec!["2026-01-27", "2026-01-27T25:00:00Z", "now", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00"],
                "write it like \"2026-01-27T08:00:00Z\"",
            ),
        ] {
            for value in values {
                let answer = server.ask_with(&with(kind, condition), json!({ "v": value })).await;
                let (message, code, path) = answer.error();
                assert_eq!(code, "BAD_USER_INPUT", "{message}");
                assert!(message.contains(&format!("{value:?}")) && message.contains(hint), "{message}");
                assert_eq!((answer.json().get("data"), path), (None, Value::Null));
                let literal = condition.replace("$v", &format!("{value:?}"));
                let query = format!("{{ observations(filter: {{{literal}}}) {{ totalCount }} }}");
                let (message, code, _) = server.error(&query).await;
                assert_eq!(code, "BAD_USER_INPUT", "{message}");
                assert!(message.contains(hint), "{message}");
            }
        }
    }

    /// A number literal that a double would have rounded is refused, not rounded.
    async fn a_long_number_literal_is_refused(server: &Server) {
        let (message, code, _) =
            server.error("{ observations(filter: {value: {eq: 0.1234567890123456789}}) { totalCount } }").await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("send it as a string"), "{message}");
    }

    /// Periods come back in their shortest form with their days.
    async fn periods_are_objects(server: &Server) {
        let data = server.data(
            r#"{ observations(first: 1, filter: {slug: {eq: "digital-technology-adoption-2024"}}) {
                    nodes { period { code start end frequency } } }
                claim(slug: "highest-satisfaction") { period { code start end frequency } }
                initiative(slug: "zhipu-listing") { startedOn { code start end frequency } } }"#,
        ).await;
        assert_eq!(data, json!({
            "observations": { "nodes": [{ "period": {
                "code": "2024", "start": "2024-01-01", "end": "2024-12-31", "frequency": "ANNUAL" } }] },
            "claim": { "period": {
                "code": "2021/2025", "start": "2021-01-01", "end": "2025-12-31", "frequency": "RANGE" } },
            "initiative": { "startedOn": {
                "code": "2026-01-08", "start": "2026-01-08", "end": "2026-01-08", "frequency": "DAILY" } },
        }));
    }

    /// Moments come back in UTC.
    async fn moments_come_back_in_utc(server: &Server) {
        let data = server.data("{ observations(first: 1) { nodes { recordedAt supersededAt } } }").await;
        assert_eq!(
            data["observations"]["nodes"][0],
            json!({ "recordedAt": "2026-02-01T08:00:00Z", "supersededAt": null })
        );
    }
}
