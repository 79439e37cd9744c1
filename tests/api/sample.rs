//! The bundled sample is in the database that the server makes because none was named, and elsewhere
//! only where it was asked for; and an empty database is served like any other.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use hutong::database::{Database, Options};
use serde_json::{Value, json};

use crate::{
    Server,
    command::{ended, hutong, serve_and_tell, signal},
    on_each_database, readme,
    server::Store,
};

/// What is printed of an empty database.
const EMPTY: &str = "The database is empty: load files with `hutong import PATH...`, or start with \
                     `--sample` for the bundled sample";

/// What the program answers, with these arguments and variables, and what else it prints.
async fn served(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Value, String) {
    let mut command = hutong(folder, &[&["serve", "--listen=127.0.0.1:0"], arguments].concat());
    command.envs(variables.iter().copied());
    let (mut child, address, lines) = serve_and_tell(command);
    let post = reqwest::Client::new().post(format!("http://{address}/graphql"));
    let query = "{ dataset { slug } districts { totalCount } observations { totalCount } }";
    let answer = post.json(&json!({ "query": query })).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    signal(&child, "TERM");
    assert!(ended(&mut child).success());
    let printed: Vec<String> = lines.map(Result::unwrap).collect();
    (answer["data"].clone(), printed.join("\n"))
}

fn holding(dataset: Option<&str>, districts: u32, observations: u32) -> Value {
    json!({
        "dataset": dataset.map(|slug| json!({ "slug": slug })),
        "districts": { "totalCount": districts },
        "observations": { "totalCount": observations },
    })
}

fn sample() -> (Value, String) {
    (holding(Some("beijing-digital-economy-2025"), 17, 24), String::new())
}

fn nothing() -> (Value, String) {
    (holding(None, 0, 0), EMPTY.to_owned())
}

fn run(mut command: Command) -> Output {
    command.stderr(Stdio::piped()).output().unwrap()
}

/// An import of a file that has to make what it names.
fn import(folder: &Path, file: &str, arguments: &[&str]) -> Output {
    let how = ["import", file, "--create-missing", "--map", "district=Ward"];
    let columns = ["--map", "residents=Residents", "--set", "residents.unit=persons"];
    run(hutong(folder, &[&how[..], &columns, arguments].concat()))
}

/// A folder with a file that is refused and one that is not.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let table = |figure: &str| format!("Ward,Year,Residents\nQuayside,2023,{figure}\n");
    std::fs::write(folder.path().join("bad.csv"), table("some")).unwrap();
    std::fs::write(folder.path().join("good.csv"), table("8410")).unwrap();
    folder
}

on_each_database! {
    /// Whoever's first import fails, serves what they have, and imports again has their own city.
    async fn a_failed_import_is_not_made_up_for(store: &Store) {
        let folder = folder();
        let named = format!("--database-url={}", store.url);
        let refused = import(folder.path(), "bad.csv", &[&named]);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(served(folder.path(), &[&named], &[]).await, nothing());
        let taken = import(folder.path(), "good.csv", &[&named]);
        assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
        let own = (holding(Some("good"), 1, 1), String::new());
        assert_eq!(served(folder.path(), &[&named], &[]).await, own);
        // It stays so, also for who asks for the sample.
        assert_eq!(served(folder.path(), &[&named, "--sample"], &[]).await, own);
    }

    /// A database that was named is filled when that was asked for, once.
    async fn who_asks_for_the_sample_has_it(store: &Store) {
        let folder = tempfile::tempdir().unwrap();
        let named = format!("--database-url={}", store.url);
        let url = ("HUTONG_DATABASE_URL", store.url.as_str());
        assert_eq!(served(folder.path(), &[&named], &[]).await, nothing());
        assert_eq!(served(folder.path(), &[], &[url]).await, nothing());
        assert_eq!(served(folder.path(), &[], &[url, ("HUTONG_SAMPLE", "true")]).await, sample());
        for again in [&[&*named][..], &[&named, "--sample=true"], &[&named, "--sample", "false"]] {
            assert_eq!(served(folder.path(), again, &[]).await, sample());
        }
    }

    /// Every field of the root answers of a database without data, and so does whatever else does.
    async fn an_empty_database_is_answered(store: &Store) {
        store.database.migrate().await.unwrap();
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::over(copy, &["--result-cache=1000000"]).await;
        let fields = server.data(
            "{ __type(name: \"Query\") { fields { name args { type { kind } } type { fields { name } ofType { fields { name } } } } } }",
        ).await;
        let fields = fields["__type"]["fields"].as_array().unwrap().clone();
        let is_list = |field: &&Value| {
            let given = field["args"].as_array().unwrap().iter().all(|one| one["type"]["kind"] != "NON_NULL");
            let counted = |of: &Value| of["fields"].as_array().is_some_and(|fields| fields.iter().any(|one| one["name"] == "totalCount"));
            given && (counted(&field["type"]) || counted(&field["type"]["ofType"]))
        };
        let lists: Vec<&str> = fields.iter().filter(is_list).map(|field| field["name"].as_str().unwrap()).collect();
        assert!(lists.len() > 10 && lists.contains(&"observations"), "{lists:?}");
        let none = json!({ "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } });
        for list in lists.iter().filter(|list| **list != "auditLog") {
            let query = format!("{{ {list} {{ totalCount nodes {{ __typename }} pageInfo {{ hasNextPage endCursor }} }} }}");
            assert_eq!(server.data(&query).await[list], none, "{list}");
        }
        assert_eq!(
            server.data(
                r#"{ dataset { slug title revision } district(slug: "none") { name } metric(slug: "none") { latest(district: "none") { value } }
                    nodes(ids: []) { id } search(query: "any") { totalCount nodes { match } }
                    groups: observationGroups(by: [METRIC]) { totalCount nodes { count } }
                    all: observationGroups(by: []) { nodes { count missing sum { value reason } } }
                    changes { nodes { __typename } } viewer { role } }"#,
            ).await,
            json!({
                "dataset": null, "district": null, "metric": null, "nodes": [],
                "search": { "totalCount": 0, "nodes": [] },
                "groups": { "totalCount": 0, "nodes": [] },
                "all": { "nodes": [{ "count": 0, "missing": 0, "sum": { "value": null, "reason": "NO_VALUE" } }] },
                "changes": { "nodes": [] }, "viewer": { "role": "READER" },
            })
        );
        for (query, variables, _) in readme::examples() {
            let answer = server.ask_with(&query, variables).await;
            assert!(answer.status == 200 && !answer.text.contains("INTERNAL"), "{query}\n{}", answer.text);
        }
        // As long as there is no revision, nothing is kept.
        let get = || server.client().get(server.url("/graphql?query={dataset{slug}}")).send();
        let first = get().await.unwrap();
        assert_eq!(first.headers().get("etag"), None);
        assert_eq!(first.text().await.unwrap().split(",\"extensions\"").next(), Some(r#"{"data":{"dataset":null}"#));
        for file in ["observations.csv", "observations.jsonl", "observations.parquet", "observations.sdmx.csv", "districts.geojson", "dataset.zip"] {
            let file_of = server.client().get(server.url(&format!("/export/{file}"))).send().await.unwrap();
            assert_eq!(file_of.status(), 400, "{file}");
            let told = file_of.text().await.unwrap();
            assert!(told.contains("there is nothing to export: the database is empty"), "{file}: {told}");
        }
        server.write("unit", "slug,symbol,dimension,name_en\nu,u,COUNT,Unit").await;
        let later = get().await.unwrap();
        assert!(later.headers().contains_key("etag"));
        assert!(later.text().await.unwrap().starts_with(r#"{"data":{"dataset":{"slug":"dataset"}}"#));
        server.stop().await;
    }
}

/// Without a name the database is the default one, which has the sample from the beginning; where a
/// file of options or somebody's own command came first, it is theirs.
#[tokio::test]
async fn the_default_database_begins_with_the_sample() {
    let of_nobody = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(served(of_nobody.path(), &[], &[]).await, sample());
    }
    assert!(of_nobody.path().join("hutong.db").exists());
    let unwanted = tempfile::tempdir().unwrap();
    assert_eq!(served(unwanted.path(), &["--sample=false"], &[]).await, nothing());

    let by_file = tempfile::tempdir().unwrap();
    let file = by_file.path().join("hutong.toml");
    std::fs::write(&file, "database-url = 'sqlite://hutong.db'\n").unwrap();
    assert_eq!(served(by_file.path(), &[], &[]).await, nothing());
    std::fs::write(&file, "database-url = 'sqlite://hutong.db'\nsample = true\n").unwrap();
    assert_eq!(served(by_file.path(), &[], &[]).await, sample());

    for own in [&["import", "bad.csv"][..], &["migrate"], &["token", "list"]] {
        let folder = folder();
        run(hutong(folder.path(), own));
        assert!(folder.path().join("hutong.db").exists(), "{own:?}");
        assert_eq!(served(folder.path(), &[], &[]).await, nothing(), "{own:?}");
    }
}

/// A first start that ends before the sample is in the database is made up for by the next one.
#[tokio::test]
async fn an_interrupted_start_is_made_up_for() {
    for migrated in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("hutong.db").display());
        let options = Options {
            database_url: Some(url),
            database_readers: 1,
            statement_timeout: 30,
            migration_backup: true,
        };
        let database = Database::open(&options).await.unwrap();
        assert!(database.note_default().await.unwrap());
        if migrated {
            database.migrate().await.unwrap();
        }
        database.close().await.unwrap();
        assert_eq!(served(folder.path(), &[], &[]).await, sample());
    }
}
