//! Writing by mutations: whole or not at all, checked as files are, and never over what was.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use hutong::access::Role;
use serde_json::{Value, json};

use crate::{Server, on_each_database};

/// What a server answers to somebody with a role.
async fn ask(server: &Server, role: Role, query: &str) -> Value {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let name = format!("Ming {}", ASKED.fetch_add(1, SeqCst));
    let token = server.grant(&name, role, None).await;
    let mut answer = server.ask_as(&token, query).await.json();
    answer.as_object_mut().unwrap().remove("extensions");
    answer
}

/// The data of an answer without errors.
#[track_caller]
fn data(answer: &Value) -> Value {
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].clone()
}

/// The code and message of an answer's one error, and that there is nothing else.
#[track_caller]
fn error(answer: &Value) -> (String, String) {
    assert_eq!(answer["data"], Value::Null, "{answer:#}");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&errors[0]["extensions"]["code"]), text(&errors[0]["message"]))
}

async fn revision(server: &Server) -> Value {
    server.data("{ dataset { revision } }").await["dataset"]["revision"].clone()
}

on_each_database! {
    /// A row is made, changed where something is given, and removed.
    async fn a_row_comes_changes_and_goes(server: &Server) {
        let made = ask(server, Role::Editor, r#"mutation { createDistrict(input: {
            slug: "xiongan", kind: DISTRICT, partition: true, parent: "beijing", code: "110118"
            name: [{language: "en", text: "Xiongan"}, {language: "zh", text: "雄安区"}]
        }) { district { id name code revision parent { name } initiatives { totalCount } } revision } }"#).await;
        assert_eq!(data(&made), json!({ "createDistrict": {
            "district": { "id": "district:18", "name": "Xiongan", "code": "110118", "revision": 1,
                "parent": { "name": "Beijing" }, "initiatives": { "totalCount": 0 } },
            "revision": "2"
        } }));
        assert_eq!(server.data(r#"{ search(query: "xiongan") { nodes { node { id } } } }"#).await,
            json!({ "search": { "nodes": [{ "node": { "id": "district:18" } }] } }));

        // Null takes away, what is left out stays, and so do texts in other languages.
        let changed = ask(server, Role::Editor, r#"mutation { updateDistrict(id: "district:18", ifRevision: 1, patch: {
            code: null, name: [{language: "ar", text: "ميون"}, {language: "zh", text: null}]
        }) { district { code kind revision names { language text } } } }"#).await;
        assert_eq!(data(&changed), json!({ "updateDistrict": { "district": {
            "code": null, "kind": "DISTRICT", "revision": 2,
            "names": [{ "language": "ar", "text": "ميون" }, { "language": "en", "text": "Xiongan" }]
        } } }));
        let found = server.data(r#"{ a: search(query: "雄安") { totalCount } b: search(query: "ميون") { totalCount } }"#).await;
        assert_eq!(found, json!({ "a": { "totalCount": 0 }, "b": { "totalCount": 1 } }));

        let late = ask(server, Role::Editor, r#"mutation { updateDistrict(id: "xiongan", ifRevision: 1, patch: {code: "1"}) { revision } }"#).await;
        assert_eq!(error(&late), ("REVISION_CONFLICT".to_owned(),
            "ifRevision: \"1\": it has the revision 2 by now; read it again, and decide what is to be changed".to_owned()));

        let gone = ask(server, Role::Editor, r#"mutation { deleteDistrict(id: "xiongan") { deletedIds revision } }"#).await;
        assert_eq!(data(&gone), json!({ "deleteDistrict": { "deletedIds": ["district:18"], "revision": "4" } }));
        // The slug is free again.
        let again = ask(server, Role::Editor, r#"mutation { createDistrict(input: {
            slug: "xiongan", kind: DISTRICT, partition: true, name: [{language: "en", text: "Xiongan again"}]
        }) { district { id name parent { id } } } }"#).await;
        assert_eq!(data(&again), json!({ "createDistrict": { "district": { "id": "district:19", "name": "Xiongan again", "parent": null } } }));
    }

    /// All fields of a request are written, or none.
    async fn a_request_is_one_transaction(server: &Server) {
        let before = revision(server).await;
        let failed = ask(server, Role::Editor, r#"mutation {
            a: createTheme(input: {slug: "water", name: [{language: "en", text: "Water"}]}) { theme { id } }
            b: createTheme(input: {slug: "Not a slug", name: [{language: "en", text: "X"}]}) { theme { id } }
        }"#).await;
        let (code, message) = error(&failed);
        assert_eq!(code, "BAD_USER_INPUT");
        assert_eq!(message, "input.slug: \"Not a slug\": it is no slug; write small Latin letters and digits, in parts joined by hyphens");
        assert_eq!(failed["errors"][0]["path"], json!(["b"]));
        assert_eq!(revision(server).await, before);
        let none = server.data(r#"{ theme(slug: "water") { id } search(query: "water") { totalCount } }"#).await;
        assert_eq!(none, json!({ "theme": null, "search": { "totalCount": 0 } }));

        // Later fields may build on earlier ones, fragments and aliases included; one revision more.
        let done = ask(server, Role::Editor, r#"mutation ($no: Boolean = false) {
            ...Both
            skipped: createTheme(input: {slug: "never", name: []}) @include(if: $no) { theme { id } }
        }
        fragment Both on Mutation {
            a: createTheme(input: {slug: "water", name: [{language: "en", text: "Water"}]}) { theme { name children { nodes { name } } } }
            ... on Mutation { b: createTheme(input: {slug: "rivers", parent: "water", name: [{language: "en", text: "Rivers"}]}) { theme { parent { name } } revision } }
        }"#).await;
        assert_eq!(data(&done), json!({
            "a": { "theme": { "name": "Water", "children": { "nodes": [{ "name": "Rivers" }] } } },
            "b": { "theme": { "parent": { "name": "Water" } }, "revision": "2" }
        }));
        assert_eq!(revision(server).await, json!("2"));
    }

    /// What is wrong is told all at once, by the paths of arguments.
    async fn problems_are_told_by_path(server: &Server) {
        let answer = ask(server, Role::Editor, r#"mutation { createMetrics(inputs: [
            {slug: "good", name: [{language: "en", text: "Good"}], unit: "percent", measure: RATE, aggregation: NONE, direction: NEUTRAL, decimals: 0}
            {slug: "a", name: [{language: "en", text: "A"}], unit: "percents", measure: RATE, aggregation: NONE, direction: NEUTRAL, decimals: 0}
            {slug: "b", name: [], unit: "percent", measure: RATE, aggregation: NONE, direction: NEUTRAL, decimals: 0}
            {slug: "good", name: [{language: "en", text: "B"}], unit: "percent", measure: RATE, aggregation: NONE, direction: NEUTRAL, decimals: 0}
        ]) { created } }"#).await;
        let (code, _) = error(&answer);
        assert_eq!(code, "BAD_USER_INPUT");
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["problemCount"], 3);
        let origins: Vec<&str> = extensions["problems"].as_array().unwrap().iter().map(|problem| problem["origin"].as_str().unwrap()).collect();
        assert_eq!(origins, ["inputs[1].unit", "inputs[2].name", "inputs[3].slug"]);
        assert_eq!(server.data(r#"{ metric(slug: "good") { id } }"#).await, json!({ "metric": null }));
    }

    /// A note is changed language by language, by whichever way; null takes all of it away.
    async fn notes_are_changed_by_language(server: &Server) {
        let key = r#"metric: "5g-base-stations", district: "haidian", period: "2025", value: "1", source: "beijing-daily-2026-01-27""#;
        let notes = "observation { revision notes { language text } }";
        let upsert = |note: &str| format!("mutation {{ upsertObservation(input: {{{key}{note}}}) {{ {notes} }} }}");
        let told = |revision: i32, texts: &[(&str, &str)]| {
            let notes: Vec<Value> = texts.iter().map(|(language, text)| json!({ "language": language, "text": text })).collect();
            json!({ "revision": revision, "notes": notes })
        };
        for (note, revision, texts) in [
            (r#", note: [{language: "zh", text: "一"}, {language: "en", text: "One"}]"#, 1, &[("en", "One"), ("zh", "一")][..]),
            ("", 1, &[("en", "One"), ("zh", "一")]),
            (r#", note: [{language: "en", text: "One"}]"#, 1, &[("en", "One"), ("zh", "一")]),
            (r#", note: [{language: "ar", text: "واحد"}, {language: "zh", text: null}]"#, 2, &[("ar", "واحد"), ("en", "One")]),
            (", note: null", 3, &[]),
            (r#", note: [{language: "zh", text: null}]"#, 3, &[]),
            (r#", note: [{language: "en", text: "Two"}]"#, 4, &[("en", "Two")]),
        ] {
            let answer = data(&ask(server, Role::Editor, &upsert(note)).await);
            assert_eq!(answer["upsertObservation"]["observation"], told(revision, texts), "{note}");
        }
        let id = server.data(r#"{ district(slug: "haidian") { observations { nodes { id } } } }"#).await;
        let id = id["district"]["observations"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        let update = format!(r#"mutation {{ updateObservation(id: "{id}", patch: {{note: [{{language: "zh", text: "二"}}]}}) {{ {notes} }} }}"#);
        let answer = data(&ask(server, Role::Editor, &update).await);
        assert_eq!(answer["updateObservation"]["observation"], told(5, &[("en", "Two"), ("zh", "二")]));
    }

    /// Rows of one list may refer to each other, whatever their order and their fields.
    async fn rows_of_a_list_refer_to_each_other(server: &Server) {
        let made = ask(server, Role::Editor, r#"mutation { createThemes(inputs: [
            {slug: "brooks", parent: "rivers", name: [{language: "en", text: "Brooks"}, {language: "zh", text: "溪"}]}
            {slug: "rivers", parent: "waters", name: [{language: "en", text: "Rivers"}]}
            {slug: "waters", name: [{language: "en", text: "Waters"}]}
        ]) { created themes { slug parent { slug } } } }"#).await;
        assert_eq!(data(&made), json!({ "createThemes": { "created": 3, "themes": [
            { "slug": "brooks", "parent": { "slug": "rivers" } },
            { "slug": "rivers", "parent": { "slug": "waters" } },
            { "slug": "waters", "parent": null },
        ] } }));
        let circle = ask(server, Role::Editor, r#"mutation { createThemes(inputs: [
            {slug: "hen", parent: "egg", name: [{language: "en", text: "Hen"}]}
            {slug: "egg", parent: "hen", name: [{language: "en", text: "Egg"}]}
        ]) { created } }"#).await;
        assert_eq!(error(&circle).0, "BAD_USER_INPUT");
        assert_eq!(server.data(r#"{ theme(slug: "hen") { id } }"#).await, json!({ "theme": null }));
    }

    /// An empty text is neither a text nor null, wherever it is given.
    async fn an_empty_text_is_refused(server: &Server) {
        for (mutation, path) in [
            (r#"createUnit(input: {slug: "u", symbol: "", dimension: COUNT, name: [{language: "en", text: "U"}]})"#, "input.symbol"),
            (r#"createTheme(input: {slug: "t", name: [{language: "en", text: ""}]})"#, "input.name"),
            (r#"createThemes(inputs: [{slug: "t", name: [{language: "en", text: "T"}]}, {slug: "", name: [{language: "en", text: "T"}]}])"#, "inputs[1].slug"),
            (r#"updateDistrict(id: "haidian", patch: {code: ""})"#, "patch.code"),
            (r#"upsertInitiative(input: {slug: "tram", district: "haidian", kind: PROJECT, status: ONGOING, title: [{language: "en", text: "A tram"}]
                claims: [{slug: "t", kind: FIRST, scope: "", statement: [{language: "en", text: "The first."}]}]})"#, "input.claims[0].scope"),
        ] {
            let told = ask(server, Role::Editor, &format!("mutation {{ {mutation} {{ revision }} }}")).await;
            let (code, message) = error(&told);
            assert_eq!((code.as_str(), message), ("BAD_USER_INPUT", format!("{path}: \"\" is no text; give one, or null for none")), "{mutation}");
        }
        // Null takes away what was there.
        let none = ask(server, Role::Editor, r#"mutation { updateDistrict(id: "haidian", patch: {code: null}) { district { code } } }"#).await;
        assert_eq!(data(&none), json!({"updateDistrict": {"district": {"code": null}}}));
    }

    /// An initiative comes with its claims, organisations and metrics.
    async fn rows_come_with_rows_within(server: &Server) {
        let made = ask(server, Role::Editor, r#"mutation { upsertInitiative(input: {
            slug: "tram", district: "district:7", kind: PROJECT, status: ONGOING, title: [{language: "en", text: "A tram"}]
            claims: [{slug: "first-tram", kind: FIRST, scope: "beijing", statement: [{language: "en", text: "The first."}]}]
            organizations: [{organization: "beijing-daily", role: PARTNER}]
            metrics: [{metric: "5g-base-stations", basis: CONTEXT, note: [{language: "en", text: "Beside it."}]}]
        }) { initiative {
            title district { slug } claims { nodes { statement scope { slug } } }
            organizations { nodes { role organization { slug } } } metrics { nodes { basis note metric { slug } } }
        } } }"#).await;
        assert_eq!(data(&made), json!({ "upsertInitiative": { "initiative": {
            "title": "A tram", "district": { "slug": "haidian" },
            "claims": { "nodes": [{ "statement": "The first.", "scope": { "slug": "beijing" } }] },
            "organizations": { "nodes": [{ "role": "PARTNER", "organization": { "slug": "beijing-daily" } }] },
            "metrics": { "nodes": [{ "basis": "CONTEXT", "note": "Beside it.", "metric": { "slug": "5g-base-stations" } }] }
        } } }));
        // What is wrong within is told by its path, and nothing is kept.
        let wrong = ask(server, Role::Editor, r#"mutation { upsertInitiative(input: {
            slug: "bus", district: "haidian", kind: PROJECT, status: ONGOING, title: [{language: "en", text: "A bus"}]
            claims: [{slug: "first-bus", kind: FIRST, scope: "atlantis", statement: [{language: "en", text: "The first."}]}]
        }) { initiative { id } } }"#).await;
        assert_eq!(error(&wrong).1, "input.claims[0].scope: \"atlantis\": there is no such district");
        assert_eq!(server.data(r#"{ initiative(slug: "bus") { id } }"#).await, json!({ "initiative": null }));
    }

    /// Upserting the same twice changes nothing, and raises no revision.
    async fn the_same_again_changes_nothing(server: &Server) {
        let upsert = r#"mutation { upsertUnits(inputs: [
            {slug: "ton", symbol: "t", dimension: COUNT, factor: "1000.5", name: [{language: "en", text: "ton"}]}
            {slug: "percent", symbol: "%", dimension: RATIO, name: []}
        ]) { created updated unchanged revision units { slug factor } } }"#;
        let answer = data(&ask(server, Role::Editor, upsert).await);
        let units = json!([{ "slug": "ton", "factor": "1000.5" }, { "slug": "percent", "factor": "0.01" }]);
        assert_eq!(answer, json!({ "upsertUnits": { "created": 1, "updated": 0, "unchanged": 1, "revision": "2", "units": units } }));
        let answer = data(&ask(server, Role::Editor, upsert).await);
        assert_eq!(answer, json!({ "upsertUnits": { "created": 0, "updated": 0, "unchanged": 2, "revision": "2", "units": units } }));
    }

    /// Changing and removing by a filter needs a bound, which holds.
    async fn filters_are_bounded(server: &Server) {
        let patch = |most: i32| format!(r#"mutation {{ updateInitiatives(filter: {{status: {{eq: SELECTED}}}}, patch: {{locator: "seen"}}, atMost: {most}) {{ updated initiatives {{ locator }} }} }}"#);
        let all = server.data("{ initiatives(filter: {status: {eq: SELECTED}}) { totalCount } }").await;
        let all = i32::try_from(all["initiatives"]["totalCount"].as_i64().unwrap()).unwrap();
        assert!(all > 0);
        let (code, message) = error(&ask(server, Role::Editor, &patch(all - 1)).await);
        assert_eq!((code.as_str(), message), ("AT_MOST_EXCEEDED",
            format!("more than {} rows of initiative meet `filter`; narrow it, or say a greater `atMost`", all - 1)));
        let answer = data(&ask(server, Role::Editor, &patch(all)).await);
        assert_eq!(answer["updateInitiatives"]["updated"], all);
        let gone = data(&ask(server, Role::Editor, r#"mutation { deleteClaims(filter: {kind: {eq: FOREFRONT}}, atMost: 100) { deletedIds } }"#).await);
        assert!(!gone["deleteClaims"]["deletedIds"].as_array().unwrap().is_empty());
        assert_eq!(server.data("{ claims(filter: {kind: {eq: FOREFRONT}}) { totalCount } }").await, json!({ "claims": { "totalCount": 0 } }));
        let (code, _) = error(&ask(server, Role::Editor, r#"mutation { deleteClaims(filter: {}, atMost: -1) { deletedIds } }"#).await);
        assert_eq!(code, "BAD_USER_INPUT");
    }

    /// What others refer to is not removed by accident.
    async fn dependants_are_counted_and_cascaded(server: &Server) {
        let (code, message) = error(&ask(server, Role::Editor, r#"mutation { deleteInitiative(id: "5g-network") { deletedIds } }"#).await);
        assert_eq!(code, "HAS_DEPENDANTS");
        assert_eq!(message, "other rows refer to this initiative (initiative_metric: 2, observation: 2); remove them first, or say `cascade: true`");
        let gone = data(&ask(server, Role::Editor, r#"mutation { deleteInitiative(id: "5g-network", cascade: true, reason: "a test") { deletedIds } }"#).await);
        assert_eq!(gone["deleteInitiative"]["deletedIds"], json!([
            "claim:7", "observation:20.3.18.2025", "observation:21.3.18.2025", "initiativeMetric:33", "initiativeMetric:34", "initiative:18"]));
        assert_eq!(server.data("{ observations(filter: {initiative: {slug: {eq: \"5g-network\"}}}) { totalCount } }").await, json!({ "observations": { "totalCount": 0 } }));
        // What can be without it stays.
        let gone = data(&ask(server, Role::Editor, r#"mutation { deleteTheme(id: "5g", cascade: true) { deletedIds } }"#).await);
        assert_eq!(gone["deleteTheme"]["deletedIds"], json!(["theme:15"]));
        assert_eq!(server.data(r#"{ metric(slug: "5g-base-stations") { theme { id } } }"#).await, json!({ "metric": { "theme": null } }));
    }

    /// Who may only read is told what it takes; so is an editor who would publish later.
    async fn roles_are_heeded(server: &Server) {
        let create = r#"mutation { createTheme(input: {slug: "x", name: [{language: "en", text: "X"}]}) { theme { id } } }"#;
        assert_eq!(error(&ask(server, Role::Reader, create).await), ("FORBIDDEN".to_owned(), "writing needs the role EDITOR; your token has READER".to_owned()));
        let embargoed = r#"mutation { createObservation(input: {metric: "5g-base-stations", district: "haidian", period: "2025", value: "7",
            source: "beijing-daily-2026-01-27", publishedOn: "2999-01-01"}) { observation { value embargoed } } }"#;
        assert_eq!(error(&ask(server, Role::Editor, embargoed).await), ("FORBIDDEN".to_owned(), "deciding when figures become public needs the role PUBLISHER; your token has EDITOR".to_owned()));
        let made = data(&ask(server, Role::Publisher, embargoed).await);
        assert_eq!(made, json!({ "createObservation": { "observation": { "value": "7", "embargoed": true } } }));
        let count = r#"{ metric(slug: "5g-base-stations") { observations { totalCount } } }"#;
        assert_eq!(server.data(count).await, json!({ "metric": { "observations": { "totalCount": 1 } } }));
    }

    /// Names are unique: another row's is refused by every way to take it, a swap is none.
    async fn names_are_not_taken_twice(server: &Server) {
        let made = r#"mutation { createThemes(inputs: [{slug: "a", name: [{language: "en", text: "A"}]}, {slug: "b", name: [{language: "en", text: "B"}]}]) { themes { slug } } }"#;
        data(&ask(server, Role::Editor, made).await);
        let taken = ("BAD_USER_INPUT".to_owned(), "patch.slug: \"b\": another row has it; slugs are unique".to_owned());
        assert_eq!(error(&ask(server, Role::Editor, r#"mutation { updateTheme(id: "a", patch: {slug: "b"}) { theme { slug } } }"#).await), taken);
        let (code, _) = error(&ask(server, Role::Editor, r#"mutation { updateThemes(filter: {slug: {in: ["a", "b"]}}, patch: {slug: "c"}, atMost: 2) { themes { slug } } }"#).await);
        assert_eq!(code, "BAD_USER_INPUT");
        let swap = r#"mutation {
            x: updateTheme(id: "a", patch: {slug: "c"}) { theme { name } } y: updateTheme(id: "b", patch: {slug: "a"}) { theme { name } }
            z: updateTheme(id: "c", patch: {slug: "b"}) { theme { name } } }"#;
        assert_eq!(data(&ask(server, Role::Editor, swap).await)["z"], json!({ "theme": { "name": "A" } }));
        // What is removed is not changed, whatever it is called by.
        data(&ask(server, Role::Editor, r#"mutation { deleteTheme(id: "a") { deletedIds } }"#).await);
        for number in 30..40 {
            let again = format!(r##"mutation {{ updateTheme(id: "theme#{number}", ifRevision: 3, patch: {{locator: "x"}}) {{ theme {{ slug }} }} }}"##).replace("locator", "slug");
            assert_eq!(ask(server, Role::Editor, &again).await["data"], Value::Null);
        }

        let pair = r#"metrics: [{metric: "5g-base-stations", basis: STATED}, {metric: "computing-power", basis: STATED}]"#;
        let rows = format!(r#"mutation {{ createInitiative(input: {{slug: "n", district: "haidian", kind: PROJECT, status: PLANNED, title: [{{language: "en", text: "N"}}], {pair}}})
            {{ initiative {{ metrics {{ nodes {{ id metric {{ slug }} }} }} }} }} }}"#);
        let made = ask(server, Role::Editor, &rows).await;
        let nodes = data(&made)["createInitiative"]["initiative"]["metrics"]["nodes"].clone();
        let other = nodes.as_array().unwrap().iter().find(|node| node["metric"]["slug"] == "computing-power").unwrap()["id"].clone();
        let moved = format!(r#"mutation {{ updateInitiativeMetric(id: {other}, patch: {{metric: "5g-base-stations"}}) {{ initiativeMetric {{ id }} }} }}"#);
        assert_eq!(error(&ask(server, Role::Editor, &moved).await), ("BAD_USER_INPUT".to_owned(), "patch: another row is of the same".to_owned()));

        // Figures give each other's names back and forth in one request.
        let figure = r#"metric: "5g-base-stations", district: "haidian", source: "beijing-daily-2026-01-27""#;
        let write = |first: &str, second: &str| format!(r#"mutation {{ upsertObservations(inputs: [
            {{{figure}, period: "2001", value: 1, slug: "{first}"}}, {{{figure}, period: "2002", value: 2, slug: "{second}"}}]) {{ observations {{ slug value }} }} }}"#);
        data(&ask(server, Role::Editor, &write("one", "two")).await);
        assert_eq!(data(&ask(server, Role::Editor, &write("two", "one")).await), json!({ "upsertObservations": { "observations": [
            { "slug": "two", "value": "1" }, { "slug": "one", "value": "2" }] } }));
        let gone = r#"mutation { deleteObservation(id: "one") { deletedIds }
            createClaim(input: {slug: "late", kind: FIRST, statement: [{language: "en", text: "x"}], observation: "one"}) { claim { id } } }"#;
        assert_eq!(ask(server, Role::Editor, gone).await["errors"][0]["message"], "input.observation: \"one\": there is no such observation");
    }

    /// What no column could hold, or nobody could read again, is refused with its path.
    async fn what_cannot_be_is_refused(server: &Server) {
        let figure = r#"createObservation(input: {metric: "5g-base-stations", district: "haidian", period: "2001", source: "beijing-daily-2026-01-27", value: 1, "#;
        for (given, message) in [
            ("updateDistrict(id: \"haidian\", patch: {latitude: \"90.5\"})", "patch.latitude: \"90.5\": it is none of -90 to 90 degrees"),
            ("updateDistrict(id: \"haidian\", patch: {parent: \"haidian\"})", "patch.parent: \"haidian\": it would lie within itself"),
            ("updateDistrict(id: \"beijing\", patch: {parent: \"haidian\"})", "patch.parent: \"haidian\": it would lie within itself"),
            (&format!("{figure}decimals: 29}})"), "input.decimals: \"29\": it is none of 0 to 28"),
            (&format!("{figure}multiplier: -2147483648}})"), "input.multiplier: \"-2147483648\": it is none of -28 to 28"),
        ] {
            let answer = ask(server, Role::Editor, &format!("mutation {{ {given} {{ __typename }} }}")).await;
            assert_eq!(error(&answer), ("BAD_USER_INPUT".to_owned(), message.to_owned()));
        }
        let long = format!(r#"mutation {{ createTheme(input: {{slug: "{}", name: [{{language: "en", text: "X"}}]}}) {{ __typename }} }}"#, "a".repeat(501));
        assert!(error(&ask(server, Role::Editor, &long).await).1.ends_with("it is longer than a slug may be; write at most 500 letters"));
        let nul = "a text holds the character NUL (U+0000), which no text here can; leave it out";
        for query in [r#"mutation { deleteTheme(id: "5g", reason: "a\u0000b") { deletedIds } }"#, r#"{ theme(slug: "a\u0000b") { id } }"#] {
            let answer = ask(server, Role::Editor, query).await;
            assert_eq!(answer["errors"][0]["message"], nul);
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        }
        let outline = json!({ "type": "Point", "coordinates": [116.3, 39.96] });
        let drawn = ask(server, Role::Editor, r#"mutation { updateDistrict(id: "haidian", patch: {geometry: {type: "Point", coordinates: [116.3, 39.96]}}) { district { geometry } } }"#).await;
        assert_eq!(data(&drawn), json!({ "updateDistrict": { "district": { "geometry": outline } } }));
    }
}
