//! The past: figures as they were in force at a moment, and as they were known on a day.

use hutong::access::Role;
use serde_json::{Value, json};

use crate::{
    Server, on_each_database,
    server::Store,
    sums::{figures, town},
    versions::{Hand, explained_to},
};

/// Figures of the town: 2023 to 2025 of the north, 2024 of the south.
async fn begin(server: &Server) -> Hand {
    town(server).await;
    figures(
        server,
        &[
            "sales,north,,2023,4,EQUAL,NORMAL",
            "sales,north,,2024,5,EQUAL,PROVISIONAL",
            "sales,north,,2025,7,EQUAL,NORMAL",
            "sales,south,,2024,6,EQUAL,NORMAL",
            "people,north,,2024,100,EQUAL,NORMAL",
        ],
    )
    .await;
    Hand::on(&server.store).await
}

/// The value of 2024 in the north, by a list with these arguments.
async fn value(server: &Server, arguments: &str) -> Value {
    let query = format!(
        r#"{{ observations({arguments}, filter: {{metric: {{slug: {{eq: "sales"}}}}, district: {{slug: {{eq: "north"}}}}, period: {{eq: "2024"}}}}) {{
            totalCount nodes {{ value }} }} }}"#
    );
    let data = server.data(&query).await["observations"].clone();
    let nodes = data["nodes"].as_array().unwrap();
    assert_eq!(data["totalCount"], nodes.len(), "{arguments}");
    assert!(nodes.len() < 2, "{data}");
    nodes.first().map_or(Value::Null, |node| node["value"].clone())
}

/// All that is seen of the figures and what they refer to, at a moment.
fn everything(at: &str) -> String {
    format!(
        r#"{{
        observations(first: 40, asOf: "{at}", orderBy: [{{by: VALUE, direction: DESC}}, {{by: DISTRICT_NAME}}]) {{
            totalCount pageInfo {{ endCursor }}
            nodes {{ ...figure unit {{ symbol name }} source {{ slug title }} initiative {{ slug title status }}
                claims {{ totalCount nodes {{ slug statement observation {{ value }} }} }}
                district {{ slug name kind partition latitude parent {{ name children {{ totalCount nodes {{ slug name }} }} }}
                    observations(first: 3) {{ totalCount nodes {{ ...figure }} }}
                    initiatives {{ nodes {{ slug title }} }}
                    claims(filter: {{observation: {{value: {{lte: "10"}}}}}}) {{ totalCount nodes {{ slug observation {{ ...figure }} }} }} }}
                metric {{ slug name theme {{ name }} observations {{ nodes {{ ...figure }} }} }}
                previous {{ ...figure }} change {{ absolute {{ value }} percent {{ value }} }}
                per(metric: "people") {{ value {{ value inputs {{ ...figure }} }} }}
                history {{ totalCount nodes {{ ...figure retracted reason }} }} }} }}
        some: observations(asOf: "{at}", filter: {{district: {{name: {{eq: "North"}}}}, metric: {{slug: {{eq: "sales"}}}}}}) {{ nodes {{ ...figure }} }}
        claimed: observations(asOf: "{at}", filter: {{claims: {{some: {{slug: {{eq: "best"}}}}, count: {{eq: 1}}}}}}) {{ nodes {{ ...figure }} }}
        unclaimed: observations(asOf: "{at}", filter: {{district: {{slug: {{eq: "north"}}}}, claims: {{none: {{}}}}}}) {{ totalCount }}
        parts: observations(asOf: "{at}", filter: {{district: {{parent: {{slug: {{eq: "town"}}}}, observations: {{count: {{gte: 2}}}}}}}}) {{ nodes {{ ...figure }} }}
        observationGroups(by: [METRIC, PARENT_DISTRICT], asOf: "{at}") {{ nodes {{ count sum {{ value inputs {{ ...figure }} }} max {{ value }} first {{ ...figure }}
            key {{ metric {{ name }} parentDistrict {{ name }} }} observations {{ nodes {{ ...figure }} }} }} }}
        metric(slug: "sales") {{
            latest(district: "north", asOf: "{at}") {{ ...figure }}
            observationSummary(asOf: "{at}") {{ count mean {{ value }} last {{ ...figure }} }}
            ranking(asOf: "{at}", period: "2024") {{ of missing entries {{ nodes {{ position district {{ name }} observation {{ ...figure }} share {{ value reason }} }} }} }}
            newest: ranking(asOf: "{at}") {{ period {{ code }} entries {{ nodes {{ district {{ name }} }} }} }}
            series(district: "north", asOf: "{at}", gaps: NULL) {{ district {{ name }} cagr {{ value }}
                points {{ period {{ code }} observation {{ ...figure }} change {{ absolute {{ value }} }} index(base: "2023") {{ value }} movingAverage(over: 2) {{ value }} }} }} }}
        compare(metrics: ["sales", "people"], districts: ["north", "south"], asOf: "{at}") {{ rows {{ metric {{ name }} cells {{ district {{ name }} period {{ code }} value }} }} }}
        same: compare(metrics: ["sales"], districts: ["north", "south"], samePeriod: true, asOf: "{at}") {{ rows {{ period {{ code }} cells {{ value }} }} }}
    }}
    fragment figure on Observation {{ id value period {{ code }} status revision recordedAt supersededAt }}"#
    )
}

on_each_database! {
    /// Each version from when it was recorded until the next one was; one that was retracted no
    /// longer.
    async fn figures_are_as_they_were_in_force(server: &Server) {
        let hand = begin(server).await;
        let first = hand.row("observation", "sales-north-2024").await;
        let second = hand.correct(first, "2026-03-01T00:00:00+00:00", &[("value", "5.5")]).await;
        hand.retract(second, "2026-04-01T00:00:00.5+00:00").await;
        for (moment, wanted) in [
            ("2026-02-01T07:59:59.999999Z", json!(null)), ("2026-02-01T08:00:01Z", json!("5")),
            ("2026-02-28T23:59:59Z", json!("5")), ("2026-03-01T08:00:00+08:00", json!("5.5")),
            ("2026-04-01T00:00:00.499999Z", json!("5.5")), ("2026-04-01T00:00:00.5Z", json!(null)),
            ("2026-05-01T00:00:00Z", json!(null)),
        ] {
            assert_eq!(value(server, &format!("asOf: \"{moment}\"")).await, wanted, "{moment}");
        }
        assert_eq!(value(server, "first: 5").await, json!(null));
        // What is reached from there is seen from there, unless it says otherwise.
        let data = server.data(r#"{ metric(slug: "sales") { series(district: "north", asOf: "2026-02-10T00:00:00Z") {
            points { observation { value supersededAt metric { observations { totalCount } } district {
                observations(filter: {period: {eq: "2024"}, metric: {slug: {eq: "sales"}}}) { nodes { value } }
                later: observations(filter: {period: {eq: "2024"}, metric: {slug: {eq: "sales"}}}, asOf: "2026-03-10T00:00:00Z") { nodes { value previous { value } } } } } } } } }"#).await;
        let point = |value: &str| json!({ "observation": { "value": value, "supersededAt": null, "metric": { "observations": { "totalCount": 4 } }, "district": {
            "observations": { "nodes": [{ "value": "5" }] }, "later": { "nodes": [{ "value": "5.5", "previous": { "value": "4" } }] } } } });
        assert_eq!(data["metric"]["series"]["points"], json!([point("4"), point("5"), point("7")]));
    }

    /// A moment to come has no answer that stays.
    async fn a_moment_to_come_is_refused(server: &Server) {
        for query in [
            "{ observations(asOf: \"2999-01-01T00:00:00Z\") { nodes { value } } }",
            "{ observationGroups(by: [], asOf: \"2999-01-01T00:00:00Z\") { nodes { count } } }",
            "{ compare(metrics: [\"5g-base-stations\"], districts: [\"beijing\"], asOf: \"2999-01-01T00:00:00Z\") { rows { period { code } } } }",
        ] {
            let (message, code, _) = server.error(query).await;
            assert!(message.starts_with("`asOf` is 2999-01-01T00:00:00Z, but it is only 20"), "{message}");
            assert!(message.ends_with("here; give a moment that has passed, or leave it out for now"), "{message}");
            assert_eq!(code, "BAD_USER_INPUT");
        }
    }

    /// Whatever is changed later, the answer stays the same, byte for byte.
    async fn answers_about_a_moment_stay(server: &Server) {
        let hand = begin(server).await;
        server.write("claim", "slug,observation,kind,statement_en,scope\nbest,sales-north-2024,RECORD,The best ever,north").await;
        let first = hand.row("observation", "sales-north-2024").await;
        let corrected = hand.correct(first, "2026-03-01T00:00:00+00:00", &[("value", "5.5"), ("reason", "'a slip'")]).await;
        let moments = ["2026-02-15T00:00:00Z", "2026-03-15T00:00:00Z"];
        let before = [server.ask(&everything(moments[0])).await, server.ask(&everything(moments[1])).await];
        // Of some groups there is no sum, which is no failure.
        before.iter().for_each(|answer| assert!(!answer.text.contains("INTERNAL"), "{}", answer.text));
        assert!(before[0].text != before[1].text);
        let claimed = &before[0].json()["data"];
        assert_eq!(claimed["claimed"]["nodes"][0]["value"], "5");
        assert_eq!(claimed["unclaimed"]["totalCount"], 3);
        assert!(before[0].text.contains(r#""claims":{"totalCount":1,"nodes":[{"slug":"best","statement""#));
        assert!(before[0].text.contains(r#""claims":{"totalCount":1,"nodes":[{"slug":"best","observation":{"id""#));
        let t = |day: u32| format!("2026-04-{day:02}T00:00:00+00:00");
        // Figures: corrected, retracted, new, under embargo and released.
        hand.correct(corrected, &t(1), &[("value", "50")]).await;
        hand.retract(hand.row("observation", "sales-south-2024").await, &t(2)).await;
        let last = hand.row("observation", "sales-north-2025").await;
        let waiting = hand.embargo(last, &t(3), &[("value", "77"), ("published_on", "'2026-04-05'")]).await;
        hand.release(waiting, last, &t(5)).await;
        server.write("district", "slug,kind,name_en,parent,partition\nnew,DISTRICT,New,town,true").await;
        hand.created("district", "new", &t(6)).await;
        server.write("observation", "metric,district,period,value,decimals,multiplier,comparator,status,source\nsales,new,2024,9,0,0,EQUAL,NORMAL,town-book").await;
        hand.run(&format!("UPDATE observation SET recorded_at = '{}' WHERE id = (SELECT max(id) FROM observation WHERE NOT embargoed)", t(7))).await;
        // Names, slugs and references; what was removed, and what took its slug.
        let hundred = r#"'{"en": "Elsewhere"}'"#;
        hand.update("district", "north", &t(8), &format!("name = {hundred}, latitude = 1.5, parent_id = NULL, partition = false")).await;
        hand.update("district", "north", &t(9), "slug = 'nord'").await;
        hand.update("metric", "sales", &t(10), "slug = 'turnover', aggregation = 'NONE'").await;
        hand.update("metric", "wages", &t(11), "slug = 'sales'").await;
        hand.update("unit", "coin", &t(12), "symbol = 'x'").await;
        hand.update("source", "town-book", &t(13), &format!("title = {hundred}")).await;
        hand.update("initiative", "mill", &t(14), "status = 'COMPLETED'").await;
        hand.remove("initiative", "mill", &t(15)).await;
        hand.remove("district", "east", &t(16)).await;
        hand.remove("district", "south", &t(17)).await;
        hand.delete("claim", "best", &t(18)).await;
        for (moment, before) in moments.iter().zip(before) {
            let query = everything(moment).replace("metric(slug: \"sales\")", "metric(slug: \"turnover\")");
            let after = server.ask(&query).await;
            assert_eq!(after.text, before.text);
            assert_eq!(after.statements, before.statements);
        }
        // And now is something else.
        assert_eq!(value(server, "first: 5").await, json!(null));
        let south = hand.row("district", "south").await;
        let data = server.data(&format!(r#"{{ districts(filter: {{parent: {{slug: {{eq: "town"}}}}}}) {{ nodes {{ slug }} }} east: district(slug: "east") {{ name }} node(id: "district:{south}") {{ id }} }}"#)).await;
        assert_eq!(data, json!({ "districts": { "nodes": [{ "slug": "port" }, { "slug": "new" }] }, "east": null, "node": null }));
    }

    /// What was removed is named no longer, nor suggested, but figures refer to it still.
    async fn what_was_removed_is_not_found(server: &Server) {
        let hand = begin(server).await;
        let people = hand.row("metric", "people").await;
        hand.remove("metric", "people", "2026-03-01T00:00:00+00:00").await;
        let (message, ..) = server.error(r#"{ compare(metrics: ["people"], districts: ["north"]) { rows { period { code } } } }"#).await;
        assert_eq!(message, "`metrics[0]` is \"people\", but no metric has this slug; `metrics` lists them");
        let data = server.data(&r#"{
            metric(slug: "people") { name } node(id: "metric:PEOPLE") { id }
            metrics(filter: {slug: {in: ["people", "sales"]}}) { totalCount nodes { slug } }
            of: observations(filter: {metric: {slug: {eq: "people"}}}) { totalCount }
            unit(slug: "person") { metrics { totalCount } }
            observations(filter: {value: {eq: "100"}}) { nodes { metric { slug } } }
            then: observations(asOf: "2026-02-20T00:00:00Z", filter: {metric: {slug: {eq: "people"}}}) { totalCount }
        }"#.replace("PEOPLE", &people.to_string())).await;
        assert_eq!(data, json!({
            "metric": null, "node": null, "metrics": { "totalCount": 1, "nodes": [{ "slug": "sales" }] },
            "of": { "totalCount": 0 }, "unit": { "metrics": { "totalCount": 0 } },
            "observations": { "nodes": [{ "metric": { "slug": "people" } }] }, "then": { "totalCount": 1 },
        }));
        // Its slug is free for another.
        server.write("metric", "slug,name_en,unit,measure,aggregation,accumulation,direction,decimals\npersons,Persons,person,LEVEL,SUM,STOCK,NEUTRAL,0").await;
        hand.run("UPDATE metric SET slug = 'people' WHERE slug = 'persons'").await;
        let data = server.data(r#"{ metric(slug: "people") { name } of: observations(filter: {metric: {slug: {eq: "people"}}}) { totalCount }
            then: observations(asOf: "2026-02-20T00:00:00Z", filter: {metric: {name: {eq: "People"}}}) { nodes { metric { name } } } }"#).await;
        assert_eq!(data, json!({ "metric": { "name": "Persons" }, "of": { "totalCount": 0 }, "then": { "nodes": [{ "metric": { "name": "People" } }] } }));
    }

    /// The newest version that was public on a day, whatever is in force.
    async fn figures_are_as_they_were_known(server: &Server) {
        let hand = begin(server).await;
        let first = hand.row("observation", "sales-north-2024").await;
        hand.run(&format!("UPDATE observation SET published_on = '2025-02-01' WHERE id = {first}")).await;
        // Recorded late, published long before; then corrected with a document of its own.
        let second = hand.correct(first, "2026-03-01T00:00:00+00:00", &[("value", "5.5"), ("published_on", "'2025-09-01'"), ("status", "'NORMAL'")]).await;
        server.write("source", "slug,title_en,published_on\nrevision,The revision,2026-01-15").await;
        let source = hand.row("source", "revision").await.to_string();
        let third = hand.correct(second, "2026-03-10T00:00:00+00:00", &[("value", "5.7"), ("published_on", "NULL"), ("source_id", &source)]).await;
        let cases = |moment: &'static str| [
            ("2025-01-31", "null"), ("2025-02-01", "5"), ("2025-08-31", "5"), ("2025-09-01", "5.5"),
            ("2026-01-14", "5.5"), ("2026-01-15", "5.7"), ("2999-01-01", "5.7"),
        ].map(move |(day, value)| (moment, day, value));
        let text = |value: Value| value.as_str().unwrap_or("null").to_owned();
        for (moment, day, wanted) in cases("") {
            assert_eq!(text(value(server, &format!("knownOn: \"{day}\" {moment}")).await), wanted, "{day}");
        }
        // As it was known, as far as this database knew by then.
        for (moment, day, wanted) in [
            ("2026-02-20", "2025-09-01", "5"), ("2026-02-20", "2026-02-01", "5"), ("2026-03-05", "2026-02-01", "5.5"),
            ("2026-03-11", "2026-02-01", "5.7"), ("2026-01-01", "2026-02-01", "null"),
        ] {
            let arguments = format!("knownOn: \"{day}\", asOf: \"{moment}T00:00:00Z\"");
            assert_eq!(text(value(server, &arguments).await), wanted, "{arguments}");
        }
        // Others are known from the day they were recorded: the 1st of February 2026.
        let data = server.data(r#"{ metric(slug: "sales") {
            series(district: "north", knownOn: "2025-12-01") { points { period { code } observation { value status supersededAt change { absolute { value reason } } } } }
            observationSummary(knownOn: "2025-12-01") { count }
            ranking(knownOn: "2025-12-01", period: "2024") { of entries { nodes { district { slug } observation { value } } } }
            latest(district: "north", knownOn: "2025-12-01") { value }
            observations(knownOn: "2025-12-01") { totalCount nodes { value } } }
            observationGroups(by: [DISTRICT], knownOn: "2026-02-01", filter: {metric: {slug: {eq: "sales"}}}) { nodes { count sum { value } } } }"#).await;
        assert_eq!(data, json!({
            "metric": {
                "series": { "points": [{ "period": { "code": "2024" }, "observation": { "value": "5.5", "status": "NORMAL",
                    "supersededAt": "2026-03-10T00:00:00Z", "change": { "absolute": { "value": null, "reason": "NO_BASE" } } } }] },
                "observationSummary": { "count": 1 },
                "ranking": { "of": 1, "entries": { "nodes": [{ "district": { "slug": "north" }, "observation": { "value": "5.5" } }] } },
                "latest": { "value": "5.5" }, "observations": { "totalCount": 1, "nodes": [{ "value": "5.5" }] },
            },
            "observationGroups": { "nodes": [{ "count": 3, "sum": { "value": "16.7" } }, { "count": 1, "sum": { "value": "6" } }] },
        }));
        // A retraction is known from the day it was recorded.
        hand.retract(third, "2026-05-02T00:00:00+00:00").await;
        for (day, wanted) in [("2025-09-01", "5.5"), ("2026-05-01", "5.7"), ("2026-05-02", "null"), ("2026-06-01", "null")] {
            assert_eq!(text(value(server, &format!("knownOn: \"{day}\"")).await), wanted, "{day}");
        }
    }

    /// All pages together, both ways, and in any order, are the list.
    async fn lists_of_the_past_are_paged(server: &Server) {
        let hand = begin(server).await;
        for slug in ["sales-north-2024", "sales-north-2025"] {
            let figure = hand.row("observation", slug).await;
            hand.correct(figure, "2026-03-01T00:00:00+00:00", &[("value", "NULL"), ("status", "'MISSING'")]).await;
        }
        for past in ["asOf: \"2026-02-20T00:00:00Z\"", "asOf: \"2026-03-20T00:00:00Z\"", "knownOn: \"2026-02-20\"", "knownOn: \"2026-03-20\""] {
            for order in ["{by: PERIOD, direction: DESC}", "{by: VALUE}", "{by: VALUE, direction: DESC, nulls: FIRST}", "{by: VALUE, nulls: FIRST}", "{by: METRIC_NAME}, {by: VALUE, direction: DESC}"] {
                let list = |page: &str| format!(
                    r#"{{ metric(slug: "sales") {{ observations({page}, {past}, orderBy: [{order}]) {{ totalCount edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }}"#);
                let all = server.data(&list("first: 100")).await["metric"]["observations"].clone();
                let edges = all["edges"].as_array().unwrap();
                assert_eq!((edges.len(), &all["totalCount"]), (4, &json!(4)), "{past} {order}");
                for (argument, size, edges) in [("after", "first", edges.clone()), ("before", "last", edges.iter().rev().cloned().collect())] {
                    let mut cursor = String::new();
                    for edge in &edges {
                        let page = server.data(&list(&format!("{size}: 1{cursor}"))).await["metric"]["observations"]["edges"].clone();
                        assert_eq!(page, json!([edge]), "{past} {order}");
                        cursor = format!(", {argument}: {}", edge["cursor"]);
                    }
                    let end = server.data(&list(&format!("{size}: 1{cursor}"))).await;
                    assert_eq!(end["metric"]["observations"]["edges"], json!([]));
                }
            }
        }
    }

    /// However deep conditions are nested, a statement about the past grows with them alone.
    async fn depth_does_not_double_what_is_asked(server: &Server) {
        let _hand = begin(server).await;
        let Store { database, url } = &server.store;
        let same = Store { database: database.clone(), url: url.clone() };
        let server = Server::over(same, &["--cost-max=1000000000000000"]).await;
        let deep = (0..12).fold("{value: {gte: \"1\"}}".to_owned(), |inner, step| match step % 2 {
            0 => format!("{{observations: {{some: {inner}}}}}"),
            _ => format!("{{district: {inner}, claims: {{count: {{lt: 9}}}}}}"),
        });
        for past in ["asOf: \"2026-02-20T00:00:00Z\"", "knownOn: \"2026-02-20\", asOf: \"2026-02-20T00:00:00Z\""] {
            let answer = server.ask(&format!("{{ observations({past}, filter: {deep}) {{ nodes {{ value }} }} }}")).await;
            assert_eq!((answer.data()["observations"]["nodes"].as_array().unwrap().len(), answer.statements), (29, Some(1)), "{past}");
        }
    }

    /// Lists of the past, and those of editors, find their rows by indexes: the table is not read
    /// through.
    async fn lists_of_the_past_are_found_by_indexes(server: &Server) {
        if !server.store.url.starts_with("sqlite") {
            return;
        }
        let hand = Hand::on(&server.store).await;
        let city = r#"{slug: {eq: "beijing"}}"#;
        let moment = "asOf: \"2026-02-20T00:00:00Z\"";
        for past in ["first: 5".to_owned(), moment.to_owned(), "knownOn: \"2026-02-20\"".to_owned(), format!("{moment}, knownOn: \"2026-02-20\"")] {
            let only = if past.starts_with("first") { String::new() } else { format!("({past})") };
            let list = if past.starts_with("first") { past.clone() } else { format!("first: 5, {past}") };
            let also = if past.starts_with("first") { String::new() } else { format!(", {past}") };
            for query in [
                format!("{{ observations({list}) {{ nodes {{ value }} }} }}"),
                format!("{{ observations(filter: {{district: {city}}}{also}) {{ totalCount nodes {{ value }} }} }}"),
                format!("{{ metric(slug: \"5g-base-stations\") {{ observations({list}) {{ totalCount nodes {{ value previous {{ value }} history {{ nodes {{ value }} }} claims {{ totalCount }} }} }} }} }}"),
                format!("{{ district(slug: \"beijing\") {{ observations({list}) {{ totalCount nodes {{ value }} }} observationSummary{only} {{ count }} }} }}"),
                format!("{{ initiatives {{ nodes {{ observations({list}) {{ totalCount nodes {{ value }} }} }} }} }}"),
                format!("{{ sources {{ nodes {{ observations({list}) {{ nodes {{ value }} }} }} }} }}"),
                format!("{{ metric(slug: \"5g-base-stations\") {{ ranking{only} {{ of entries(first: 5) {{ nodes {{ position }} }} }} series(district: \"beijing\"{also}) {{ points {{ period {{ code }} }} }} latest(district: \"beijing\"{also}) {{ value }} }} }}"),
                format!("{{ compare(metrics: [\"5g-base-stations\"], districts: [\"beijing\"], samePeriod: true{also}) {{ rows {{ cells {{ value }} }} }} }}"),
                "{ districts(orderBy: [{by: OBSERVATION_COUNT}]) { nodes { slug } } }".to_owned(),
            ] {
                for role in [Role::Reader, Role::Editor] {
                    let answer = explained_to(server, role, &query).await;
                    for statement in answer["extensions"]["explain"].as_array().unwrap() {
                        let sql = statement["sql"].as_str().unwrap();
                        for step in hand.plan(sql).await {
                            let through = ["SCAN observation", "SCAN other"].contains(&step.as_str());
                            assert!(!through, "{role:?}: {step}\n{query}\n{sql}");
                        }
                    }
                }
            }
        }
    }
}
