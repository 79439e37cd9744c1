//! Random questions to random data sets. `questions/questions.py` works out the answers from the
//! schema's descriptions alone, and compares them with the server's; its own command asks more:
//! `python3 tests/api/questions/questions.py --binary target/release/hutong --questions 100000`.

use std::process::Command;

use crate::postgres;

/// How many are asked on each database.
const QUESTIONS: &str = "500";

/// Asks questions of a data set, in a process of its own.
#[track_caller]
fn ask(options: &[&str]) {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/questions/questions.py");
    let mut command = Command::new("python3");
    command.args(["-B", program, "--binary", env!("CARGO_BIN_EXE_hutong")]);
    command.args(["--questions", QUESTIONS]).args(options);
    let Ok(asked) = command.output() else {
        assert!(
            std::env::var_os("HUTONG_REQUIRE_PYTHON").is_none(),
            "HUTONG_REQUIRE_PYTHON is set, but Python is not installed"
        );
        eprintln!("skipped: no Python");
        return;
    };
    let told = String::from_utf8_lossy;
    assert!(asked.status.success(), "{}{}", told(&asked.stdout), told(&asked.stderr));
}

#[test]
fn are_answered_as_worked_out_elsewhere() {
    ask(&["--seed", "7"]);
}

#[tokio::test]
async fn are_answered_as_worked_out_elsewhere_by_postgres() {
    let Some((store, fresh)) = postgres::database().await else { return };
    store.database.close().await.unwrap();
    ask(&["--seed", "8", "--database-url", &store.url]);
    fresh.drop().await;
}
