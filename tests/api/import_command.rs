//! `hutong import` as whoever runs it meets it.

use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::{
    command::{ended, hutong, serve, signal},
    imports::folder,
};

const TABLE: &[u8] = b"place,year,population\nA,2024,10\nB,2024,20\nB,2025,n/a\n";

fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    hutong(folder.path(), arguments).stderr(Stdio::piped()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn says_what_it_did_or_would_do() {
    let folder = folder(&[("towns.csv", TABLE)]);
    let import = ["import", "towns.csv", "--create-missing", "--set", "population.unit=persons"];
    let dry = run(&folder, &[&import[..], &["--dry-run"]].concat());
    assert!(dry.status.success(), "{}", text(&dry.stderr));
    let counts = "district: 2 created, 0 updated, 0 unchanged\n\
                  metric: 1 created, 0 updated, 0 unchanged\n\
                  observation: 2 created, 0 updated, 0 unchanged\n\
                  source: 1 created, 0 updated, 0 unchanged\n\
                  unit: 1 created, 0 updated, 0 unchanged\n\
                  1 cells without a figure were left out\n";
    let none = "nothing was written: this was a dry run\n";
    assert_eq!(text(&dry.stdout), format!("{counts}{none}"));
    let done = run(&folder, &import);
    assert_eq!(text(&done.stdout), counts);
    assert_eq!(text(&done.stderr), "");
    let again = run(&folder, &[&import[..], &["--report", "json"]].concat());
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        report,
        json!({
            "written": true,
            "tables": { "observation": { "created": 0, "updated": 0, "removed": 0, "unchanged": 2 } },
            "leftOut": 1, "rounded": 0, "problems": { "told": [], "count": 0 },
        })
    );
}

#[test]
fn says_all_that_is_wrong() {
    let folder = folder(&[("towns.csv", b"place,year,population\nA,2024,ten\nB,soon,20\n")]);
    let import = ["import", "towns.csv", "--create-missing", "--set", "population.unit=persons"];
    let told = run(&folder, &import);
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(text(&told.stdout), "");
    let lines = text(&told.stderr);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        lines[0],
        "towns.csv, line 2, column population: \"ten\": it is no number: write digits only, in \
         groups of three if any, and a point before decimals"
    );
    assert!(lines[1].starts_with("towns.csv, line 3, column year: \"soon\": "), "{lines:?}");
    assert_eq!(lines[2], "hutong: nothing was written: 2 things are wrong");
    let told = run(&folder, &[&import[..], &["--report=json"]].concat());
    assert_eq!(told.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(report["written"], false);
    assert_eq!(report["problems"]["count"], 2);
    assert_eq!(
        report["problems"]["told"][0],
        json!({
            "origin": "towns.csv", "line": 2, "column": "population", "value": "ten",
            "reason": "it is no number: write digits only, in groups of three if any, and a point \
                       before decimals",
        })
    );
}

/// What is told once for several rows says how many they are, in each form.
#[test]
fn says_in_how_many_rows_something_is_wrong() {
    let table = b"place,year,metric,unit,value\nA,2024,heat,kWh,1\nB,2024,heat,kWh,2\n";
    let folder = folder(&[("heat.csv", table)]);
    let import = ["import", "heat.csv", "--create-missing"];
    let told = text(&run(&folder, &import).stderr);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("heat.csv, line 2, column unit: \"kWh\": "), "{lines:?}");
    assert!(lines[0].ends_with(" or SCORE (in 2 rows)"), "{lines:?}");
    assert_eq!(lines[1], "hutong: nothing was written: one thing is wrong");
    let told = run(&folder, &[&import[..], &["--report=json"]].concat());
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        (&report["problems"]["count"], &report["problems"]["told"][0]["rows"]),
        (&json!(1), &json!(2))
    );
}

/// Rows of one file may lie in those of another one.
#[test]
fn files_of_one_table_belong_together() {
    let folder = folder(&[
        ("streets.csv", b"slug,kind,name_en,partition,parent\nquay,DISTRICT,Quay,true,harbour\n"),
        ("wards.csv", b"slug,kind,parent,name_en,partition\nharbour,DISTRICT,port,Harbour,true\n"),
        ("cities.csv", b"slug,kind,name_en,partition\nport,CITY,Port,true\n"),
    ]);
    let done =
        run(&folder, &["import", "streets.csv", "wards.csv", "cities.csv", "--table=district"]);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(text(&done.stdout), "district: 3 created, 0 updated, 0 unchanged\n");
    let told = run(
        &folder,
        &[
            "import",
            "streets.csv",
            "wards.csv",
            "--table=district",
            "--database-url=sqlite://other.db",
        ],
    );
    assert_eq!(
        text(&told.stderr),
        "wards.csv, line 2, column parent: \"port\": there is no such district\n\
         hutong: nothing was written: one thing is wrong\n"
    );
}

/// The README's five minutes, in as many seconds.
#[tokio::test]
async fn the_readme_leads_to_a_ranked_chart() {
    let readme = include_str!("../../README.md");
    let readme = readme.split("## Load your own city").nth(1).unwrap();
    let block = |start: &str| readme.split(start).nth(1).unwrap().split("```").next().unwrap();
    let folder = folder(&[("wards.csv", block("```csv\n").as_bytes())]);
    let command = block("```sh\n").split("\nhutong serve").next().unwrap().replace("\\\n", " ");
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    let done = run(&folder, &arguments);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(
        text(&done.stdout),
        "district: 5 created, 0 updated, 0 unchanged\n\
         metric: 2 created, 0 updated, 0 unchanged\n\
         observation: 7 created, 0 updated, 0 unchanged\n\
         source: 1 created, 0 updated, 0 unchanged\n\
         unit: 2 created, 0 updated, 0 unchanged\n\
         1 cells without a figure were left out\n"
    );
    let options = ["serve", "--database-url", "sqlite://northport.db", "--listen", "127.0.0.1:0"];
    let (mut child, address) = serve(hutong(folder.path(), &options));
    let query = json!({ "query": block("```gql\n") });
    let answer = reqwest::Client::new().post(format!("http://{address}/graphql"));
    let answer: Value = answer.json(&query).send().await.unwrap().json().await.unwrap();
    signal(&child, "TERM");
    assert!(ended(&mut child).success());
    let nodes = answer["data"]["metric"]["ranking"]["entries"]["nodes"].as_array().unwrap();
    let line = |node: &Value| {
        let of = &node["observation"];
        format!(
            "{} {} {} {}",
            node["position"], of["district"]["name"], of["comparator"], of["value"]
        )
    };
    let lines: Vec<String> = nodes.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            r#""1" "Hillside" "EQUAL" "15020""#,
            r#""2" "Harbour" "EQUAL" "12650""#,
            r#""3" "Millbrook" "EQUAL" "9870""#,
            r#""4" "Old Town" "MORE_THAN" "8000""#,
        ]
    );
}

#[test]
fn options_are_checked() {
    let folder = folder(&[("towns.csv", TABLE)]);
    for (option, wanted) in [
        ("--map=x", "write a name, = and a value"),
        ("--decimal=;", "it is . or ,"),
        ("--digits=0", "0 is not in 1..=28"),
        ("--layout=deep", "long, wide-periods, wide-metrics"),
    ] {
        let told = run(&folder, &["import", "towns.csv", option]);
        assert_eq!(told.status.code(), Some(2));
        assert!(text(&told.stderr).contains(wanted), "{}", text(&told.stderr));
    }
    assert_eq!(run(&folder, &["import"]).status.code(), Some(2));
}
