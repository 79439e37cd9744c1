//! Objects by their id, and every relation in both directions.

use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// Every list of the root, with the name of its objects' type.
const LISTS: [(&str, &str); 9] = [
    ("districts", "District"),
    ("themes", "Theme"),
    ("organizations", "Organization"),
    ("initiatives", "Initiative"),
    ("claims", "Claim"),
    ("metrics", "Metric"),
    ("units", "Unit"),
    ("sources", "Source"),
    ("observations", "Observation"),
];

on_each_database! {
    /// Every object that a list gives is found again by its id.
    async fn every_object_is_found_by_its_id(server: &Server) {
        let mut all: Vec<(String, &str)> = Vec::new();
        for (list, kind) in LISTS {
            let data = server.data(&format!("{{ {list} {{ nodes {{ id }} }} }}")).await;
            let nodes = data[list]["nodes"].as_array().unwrap();
            assert!(!nodes.is_empty(), "{list}");
            all.extend(nodes.iter().map(|node| (node["id"].as_str().unwrap().to_owned(), kind)));
        }
        let links = server.data(
            "{ initiatives { nodes { metrics { nodes { id } } organizations { nodes { id } } } } }",
        ).await;
        for initiative in links["initiatives"]["nodes"].as_array().unwrap() {
            for (list, kind) in
                [("metrics", "InitiativeMetric"), ("organizations", "InitiativeOrganization")]
            {
                for node in initiative[list]["nodes"].as_array().unwrap() {
                    all.push((node["id"].as_str().unwrap().to_owned(), kind));
                }
            }
        }
        let mut ids: Vec<&String> = all.iter().map(|(id, _)| id).collect();
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
        let answer = server.ask_with(query, json!({ "ids": ids })).await;
        let wanted: Vec<Value> =
            all.iter().map(|(id, kind)| json!({ "id": id, "__typename": kind })).collect();
        assert_eq!(answer.data()["nodes"], json!(wanted));
        // One statement a type, not one an id.
        assert_eq!(answer.statements, Some(11));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all.len());
    }

    /// An id of nothing is null in its place; what is no id is refused in its place.
    async fn unknown_ids_are_null(server: &Server) {
        let answer = server.ask(
            r#"{ none: node(id: "district:999") { id } kind: node(id: "planet:4") { id }
                slug: node(id: "district:haidian") { id } number: node(id: "observation:1") { id }
                far: node(id: "observation:999999999.1.0.2025") { id }
                nodes(ids: ["unit:2", "nonsense", "district:999"]) { id } }"#,
        ).await;
        assert_eq!(answer.json()["data"], json!({
            "none": null, "kind": null, "slug": null, "number": null, "far": null,
            "nodes": [{ "id": "unit:2" }, null, null],
        }));
        let (message, code, path) = answer.error();
        assert_eq!((code.as_str(), path), ("BAD_USER_INPUT", json!(["nodes", 1])));
        assert!(message.starts_with("`id` is \"nonsense\", which is no id"), "{message}");
    }

    /// As many ids at once as a page has rows, no more.
    async fn too_many_ids_are_refused(server: &Server) {
        let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let ids = vec!["unit:2"; 1001];
        let (message, code, _) = server.ask_with(query, json!({ "ids": ids })).await.error();
        assert_eq!(code, "BAD_USER_INPUT");
        assert_eq!(message, "`ids` holds 1001 ids, but may hold 1000 at the most");
    }

    /// From every object along each relation, and back to it.
    async fn relations_lead_both_ways(server: &Server) {
        let data = server.data(
            r#"{ initiative(slug: "zhipu-listing") {
                district { initiatives(first: 100) { nodes { slug } } }
                theme { slug parent { children { nodes { slug } } } initiatives { nodes { slug } } metrics { nodes { slug } } }
                source { initiatives(first: 100) { nodes { slug } } }
                organizations { nodes { role organization { slug district { slug organizations { nodes { slug } } }
                    initiatives { nodes { initiative { slug } } } } } }
                claims { nodes { slug scope { slug claims { nodes { slug } } } initiative { slug } } } }
              metric(slug: "5g-base-stations-per-10000-persons") {
                base { slug derived { nodes { slug } } } unit { metrics { nodes { slug } } } theme { slug }
                initiatives { nodes { basis metric { slug } initiative { slug metrics { nodes { metric { slug } } } } } }
                observations { nodes { metric { slug } initiative { slug observations { nodes { slug } } }
                    district { slug } claims { nodes { slug observation { slug } } } source { slug } } } } }"#,
        ).await;
        let has = |list: &Value, pointer: &str, wanted: &str| {
            let nodes = list["nodes"].as_array().unwrap();
            assert!(nodes.iter().any(|node| node.pointer(pointer).unwrap() == wanted), "{list} {wanted}");
        };
        let initiative = &data["initiative"];
        has(&initiative["district"]["initiatives"], "/slug", "zhipu-listing");
        has(&initiative["theme"]["initiatives"], "/slug", "zhipu-listing");
        has(&initiative["theme"]["parent"]["children"], "/slug", "large-models");
        has(&initiative["theme"]["metrics"], "/slug", "registered-large-models");
        has(&initiative["source"]["initiatives"], "/slug", "zhipu-listing");
        has(&initiative["organizations"], "/organization/slug", "zhipu");
        for part in initiative["organizations"]["nodes"].as_array().unwrap() {
            has(&part["organization"]["initiatives"], "/initiative/slug", "zhipu-listing");
            let slug = part["organization"]["slug"].as_str().unwrap();
            has(&part["organization"]["district"]["organizations"], "/slug", slug);
        }
        let claim = &initiative["claims"]["nodes"][0];
        assert_eq!(claim["initiative"]["slug"], "zhipu-listing");
        assert_eq!(claim["scope"]["slug"], "world");
        has(&claim["scope"]["claims"], "/slug", claim["slug"].as_str().unwrap());
        let metric = &data["metric"];
        let slug = "5g-base-stations-per-10000-persons";
        assert_eq!(metric["base"]["slug"], "5g-base-stations");
        assert_eq!(metric["theme"]["slug"], "5g");
        has(&metric["base"]["derived"], "/slug", slug);
        has(&metric["unit"]["metrics"], "/slug", slug);
        has(&metric["initiatives"], "/initiative/slug", "5g-network");
        has(&metric["initiatives"]["nodes"][0]["initiative"]["metrics"], "/metric/slug", slug);
        let observation = &metric["observations"]["nodes"][0];
        assert_eq!(observation["metric"]["slug"], slug);
        has(&observation["initiative"]["observations"], "/slug", &format!("{slug}-2025"));
        has(&observation["claims"], "/observation/slug", &format!("{slug}-2025"));
    }
}
