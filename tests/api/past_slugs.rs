//! Slugs that are looked up in the past: what was not there yet is told so.

use serde_json::json;

use crate::{Server, on_each_database, sums::town, versions::Hand};

on_each_database! {
    /// Wherever a row is named: that it was not there yet, and since when it is.
    async fn what_was_not_there_yet_is_told(server: &Server) {
        town(server).await;
        let hand = Hand::on(&server.store).await;
        for (table, slug) in [("district", "north"), ("metric", "people"), ("initiative", "mill")] {
            hand.created(table, slug, "2026-03-01T00:00:00+00:00").await;
        }
        let before = "asOf: \"2026-02-15T00:00:00Z\"";
        for (field, argument, table, slug) in [
            ("metric(slug: \"sales\") { latest(district: \"north\", AT) { value } }", "district", "district", "north"),
            ("metric(slug: \"sales\") { series(district: \"north\", AT) { from } }", "district", "district", "north"),
            ("metric(slug: \"sales\") { series(district: \"town\", initiative: \"mill\", AT) { from } }", "initiative", "initiative", "mill"),
            ("district(slug: \"town\") { latest(metric: \"people\", AT) { value } }", "metric", "metric", "people"),
            ("compare(metrics: [\"sales\"], districts: [\"town\", \"north\"], AT) { rows { period { code } } }", "districts[1]", "district", "north"),
            ("compare(metrics: [\"people\"], districts: [\"town\"], AT) { rows { period { code } } }", "metrics[0]", "metric", "people"),
        ] {
            let field = field.replace("{ from }", "{ points { period { code } } }");
            let query = format!("{{ {} }}", field.replace("AT", before));
            let answer = server.ask(&query).await;
            let (message, code, _) = answer.error();
            assert_eq!(message, format!("`{argument}` is \"{slug}\", but that {table} was not there yet at \
                2026-02-15T00:00:00Z; it is since 2026-03-01T00:00:00Z"), "{query}");
            assert_eq!(code, "BAD_USER_INPUT");
            let extensions = &answer.json()["errors"][0]["extensions"];
            assert_eq!((&extensions["argument"], &extensions["suggestions"]), (&json!(argument), &json!([])));
            // From then on it is found, by no more statements than a row that was always there.
            let then = server.ask(&query.replace("02-15", "03-01")).await;
            then.data();
            let other = query.replace("north", "south").replace("people", "wages").replace(", initiative: \"mill\"", "");
            let always = server.ask(&other).await;
            always.data();
            assert_eq!(then.statements, always.statements, "{query}");
        }
    }

    /// What had another slug is told that one; what never was is told as ever, with those there
    /// were.
    async fn other_slugs_are_told_as_they_were(server: &Server) {
        town(server).await;
        let hand = Hand::on(&server.store).await;
        hand.update("district", "north", "2026-03-01T00:00:00+00:00", "slug = 'nord'").await;
        let ask = |district: &str| format!(
            "{{ metric(slug: \"sales\") {{ latest(district: \"{district}\", asOf: \"2026-02-15T00:00:00Z\") {{ value }} }} }}");
        assert_eq!(server.data(&ask("north")).await, json!({ "metric": { "latest": null } }));
        let (message, code, _) = server.error(&ask("nord")).await;
        assert_eq!(message, "`district` is \"nord\", but at 2026-02-15T00:00:00Z that district had the slug north");
        assert_eq!(code, "BAD_USER_INPUT");
        let (message, ..) = server.error(&ask("nort")).await;
        assert_eq!(message, "`district` is \"nort\", but no district has this slug; did you mean north or port?");
        let (message, ..) = server.error(&ask("zzz")).await;
        assert_eq!(message, "`district` is \"zzz\", but no district has this slug; `districts` lists them");
    }
}
