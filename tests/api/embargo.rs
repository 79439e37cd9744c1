//! What waits for its day: seen by editors in the place of what it will replace, and by nobody else
//! on any path.

use entity::HIDDEN;
use hutong::access::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    socket::Socket,
    sums::{figures, town},
    versions::{Hand, answer_to},
};

/// Figures of the town, of which one has something waiting (666) and another waits to be new (777):
/// the numbers of the one, and of what waits.
async fn begin(server: &Server) -> (Hand, i64, i64, i64) {
    town(server).await;
    figures(
        server,
        &[
            "sales,north,,2023,4,EQUAL,NORMAL",
            "sales,north,,2024,5,EQUAL,NORMAL",
            "sales,south,,2024,6,EQUAL,NORMAL",
            "sales,south,,2025,8,EQUAL,NORMAL",
        ],
    )
    .await;
    let hand = Hand::on(&server.store).await;
    let figure = hand.row("observation", "sales-north-2024").await;
    let note = r#"'{"en": "Xylophone"}'"#;
    let day = ("published_on", "'2999-01-01'");
    let waiting = hand
        .embargo(figure, "2026-03-01T00:00:00+00:00", &[("value", "666"), ("note", note), day])
        .await;
    let period = ("period", "'2025-01-01/2025-12-31'");
    let fresh = hand
        .embargo(
            figure,
            "2026-03-02T00:00:00+00:00",
            &[("value", "777"), period, ("slug", "'fresh'"), ("revision", "1"), day],
        )
        .await;
    (hand, figure, waiting, fresh)
}

/// Every path to figures there is.
fn paths(waiting: &str, fresh: &str) -> String {
    format!(
        r#"{{
        observations(first: 1000, filter: {{metric: {{slug: {{eq: "sales"}}}}}}, orderBy: [{{by: VALUE, direction: DESC}}]) {{ totalCount nodes {{ ...figure }} }}
        many: observations(filter: {{value: {{gte: "600"}}, metric: {{slug: {{eq: "sales"}}}}}}) {{ totalCount nodes {{ ...figure }} }}
        bySlug: observations(filter: {{slug: {{eq: "fresh"}}}}) {{ nodes {{ ...figure }} }}
        byNote: observations(filter: {{note: {{contains: "Xylophone", exact: true}}}}) {{ totalCount }}
        a: node(id: "{waiting}") {{ id }} nodes(ids: ["{fresh}"]) {{ id }}
        claim(slug: "about") {{ statement observation {{ ...figure }} }}
        claims(filter: {{observation: {{value: {{gte: "600"}}}}}}) {{ totalCount }}
        any: claims(filter: {{slug: {{eq: "about"}}, observation: {{}}}}) {{ totalCount }}
        search(query: "Xylophone") {{ totalCount nodes {{ node {{ id }} }} }}
        north: district(slug: "north") {{ latest(metric: "sales") {{ ...figure }} observationSummary(filter: {{metric: {{slug: {{eq: "sales"}}}}}}) {{ count sum {{ value inputs {{ ...figure }} }} max {{ value }} last {{ ...figure }} }}
            observations {{ totalCount nodes {{ ...figure }} }} }}
        metric(slug: "sales") {{ series(district: "north") {{ points {{ observation {{ ...figure }} }} maximum {{ observation {{ value }} }} }}
            ranking(period: "2025") {{ of entries {{ nodes {{ district {{ slug }} observation {{ ...figure }} }} }} }}
            observations(first: 2) {{ totalCount nodes {{ ...figure }} }} }}
        observationGroups(by: [YEAR], filter: {{metric: {{slug: {{eq: "sales"}}}}}}) {{ totalCount nodes {{ count max {{ value }} observations {{ nodes {{ ...figure }} }} }} }}
        districts(orderBy: [{{by: OBSERVATION_COUNT, direction: DESC}}, {{by: SLUG}}], filter: {{parent: {{slug: {{eq: "town"}}}}}}) {{ nodes {{ slug }} }}
        having: districts(filter: {{observations: {{some: {{value: {{gte: "600"}}}}}}, slug: {{in: ["north", "south"]}}}}) {{ nodes {{ slug }} }}
        counting: districts(filter: {{observations: {{count: {{eq: 3}}}}, parent: {{slug: {{eq: "town"}}}}}}) {{ nodes {{ slug }} }}
        compare(metrics: ["sales"], districts: ["north", "south"]) {{ rows {{ cells {{ value period {{ code }} }} }} }}
        same: compare(metrics: ["sales"], districts: ["north", "south"], samePeriod: true) {{ rows {{ period {{ code }} }} }}
        known: observations(knownOn: "2999-12-31", filter: {{metric: {{slug: {{eq: "sales"}}}}, district: {{slug: {{eq: "north"}}}}}}) {{ nodes {{ ...figure }} }}
        then: observations(asOf: "2026-03-01T12:00:00Z", filter: {{metric: {{slug: {{eq: "sales"}}}}, district: {{slug: {{eq: "north"}}}}}}) {{ nodes {{ value history {{ nodes {{ value }} }} }} }}
        history: observations(filter: {{slug: {{eq: "sales-north-2024"}}}}) {{ nodes {{ value history {{ totalCount nodes {{ value }} }} }} }}
        changes(since: "2026-02-15T00:00:00Z") {{ totalCount nodes {{ nodeId }} }}
    }}
    fragment figure on Observation {{ value embargoed publishedOn previous {{ value }} }}"#
    )
}

on_each_database! {
    /// Strangers and readers are answered as if it were not there.
    async fn nobody_else_gets_at_it(server: &Server) {
        let (hand, _, waiting, fresh) = begin(server).await;
        // Nor is what is claimed of it.
        server.write("claim", "slug,observation,kind,statement_en\nabout,sales-north-2024,RECORD,About it").await;
        hand.run(&format!("UPDATE claim SET id = id + {HIDDEN}, observation_id = {fresh} WHERE slug = 'about'")).await;
        let (waits, new) = (hand.figure(waiting).await, hand.figure(fresh).await);
        let query = paths(&waits, &new);
        let with = server.ask(&query).await;
        let data = with.data();
        assert_eq!(answer_to(server, Role::Reader, &query).await, data);
        for secret in ["666", "777", "2999", "Xylophone", "fresh", "About it"] {
            assert!(!with.text.contains(secret), "{secret}: {}", with.text);
        }
        hand.run("DELETE FROM claim WHERE slug = 'about'").await;
        hand.run("DELETE FROM observation WHERE embargoed").await;
        assert_eq!(data, server.data(&query).await);
    }

    /// Editors see it in the place of what it will replace, and nothing twice.
    async fn editors_see_it_in_place(server: &Server) {
        let (hand, figure, waiting, fresh) = begin(server).await;
        server.write("claim", "slug,observation,kind,statement_en\nabout,sales-north-2024,RECORD,About it").await;
        let (waits, new) = (hand.figure(waiting).await, hand.figure(fresh).await);
        let query = paths(&waits, &new);
        for role in [Role::Editor, Role::Publisher, Role::Admin] {
            let data = answer_to(server, role, &query).await;
            let values = |list: &Value| list["nodes"].as_array().unwrap().iter().map(|node| node["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
            assert_eq!(values(&data["observations"]), ["777", "666", "8", "6", "4"]);
            assert_eq!(data["observations"]["totalCount"], 5);
            assert_eq!(data["observations"]["nodes"][0], json!({ "value": "777", "embargoed": true, "publishedOn": "2999-01-01", "previous": { "value": "666" } }));
            assert_eq!(values(&data["many"]), ["777", "666"]);
            assert_eq!(values(&data["bySlug"]), ["777"]);
            assert_eq!(data["byNote"]["totalCount"], 1);
            assert_eq!(data["a"], json!({ "id": waits }));
            assert_eq!(data["claim"]["observation"]["value"], "666");
            assert_eq!(data["north"]["latest"]["value"], "777");
            assert_eq!(data["north"]["observationSummary"]["count"], 3);
            assert_eq!(data["north"]["observationSummary"]["sum"]["value"], "1447");
            assert_eq!(values(&data["north"]["observations"]), ["777", "666", "4"]);
            assert_eq!(data["metric"]["series"]["maximum"]["observation"]["value"], "777");
            assert_eq!(data["metric"]["ranking"]["of"], 2);
            assert_eq!(values(&data["metric"]["observations"]), ["777", "8"]);
            assert_eq!(data["observationGroups"]["nodes"].as_array().unwrap().len(), 3);
            assert_eq!(data["districts"]["nodes"][0]["slug"], "north");
            assert_eq!(data["having"]["nodes"], json!([{ "slug": "north" }]));
            assert_eq!(data["counting"]["nodes"], json!([{ "slug": "north" }]));
            assert_eq!(data["same"]["rows"][0]["period"]["code"], "2025");
            assert_eq!(values(&data["known"]), ["777", "666", "4"]);
            assert_eq!(data["then"]["nodes"], json!([{ "value": "666", "history": { "nodes": [{ "value": "666" }, { "value": "5" }] } }, { "value": "4", "history": { "nodes": [{ "value": "4" }] } }]));
            assert_eq!(data["history"]["nodes"], json!([{ "value": "666", "history": { "totalCount": 2, "nodes": [{ "value": "666" }, { "value": "5" }] } }]));
            assert_eq!(data["changes"]["totalCount"], 0);
        }
        // Until its day: then it is there for all, and once.
        let public = hand.row("observation", "sales-north-2024").await;
        assert_eq!(public, waiting);
        hand.release(waiting, figure, "2026-04-01T00:00:00+00:00").await;
        let list = r#"{ observations(filter: {slug: {eq: "sales-north-2024"}}) { totalCount nodes { value embargoed supersededAt } } }"#;
        let released = json!({ "observations": { "totalCount": 1, "nodes": [{ "value": "666", "embargoed": false, "supersededAt": null }] } });
        assert_eq!(server.data(list).await, released);
        assert_eq!(answer_to(server, Role::Editor, list).await, released);
        let before = r#"{ observations(asOf: "2026-03-15T00:00:00Z", filter: {slug: {eq: "sales-north-2024"}}) { totalCount nodes { value embargoed supersededAt } } }"#;
        assert_eq!(server.data(before).await["observations"]["nodes"], json!([{ "value": "5", "embargoed": false, "supersededAt": null }]));
        assert_eq!(answer_to(server, Role::Editor, before).await["observations"]["nodes"], json!([{ "value": "666", "embargoed": true, "supersededAt": null }]));
    }

    /// Who follows what is recorded is told of it on its day.
    async fn who_follows_is_told_on_its_day(server: &Server) {
        let (hand, ..) = begin(server).await;
        let mut socket = Socket::begin(server).await;
        socket.subscribe("told", "subscription { observationsRecorded { value } }").await;
        socket.is_silent().await;
        let figure = hand.row("observation", "sales-south-2024").await;
        let waiting = hand.embargo(figure, "2026-03-03T00:00:00+00:00", &[("value", "888")]).await;
        let unit = |slug: &str| format!("slug,symbol,dimension,name_en\n{slug},u,COUNT,Unit");
        server.write("unit", &unit("one")).await;
        socket.is_silent().await;
        hand.release(waiting, figure, "2026-04-01T00:00:00+00:00").await;
        server.write("unit", &unit("two")).await;
        assert_eq!(socket.data("told").await, json!({ "observationsRecorded": { "value": "888" } }));
        hand.0.execute_unprepared("SELECT 1").await.unwrap();
    }
}
