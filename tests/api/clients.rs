//! Clients in JavaScript, as they are used: `tests/api/clients` pins them, and they run in Node.

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// The folder in which the packages that a folder of `tests/api` pins are installed; `None` where
/// there is no Node.
pub(crate) fn install(name: &str) -> Option<PathBuf> {
    if Command::new("npm").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("HUTONG_REQUIRE_NODE").is_none(),
            "HUTONG_REQUIRE_NODE is set, but Node and npm are not installed"
        );
        eprintln!("skipped with clients in JavaScript: no Node");
        return None;
    }
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api").join(name);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

/// The folder in which `tests/api/clients` is installed, once for all tests.
fn installed() -> Option<&'static PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(|| install("clients")).as_ref()
}

/// Runs a script of `tests/api/clients` and returns what it wrote on standard output and on
/// standard error; `None` where there is no Node.
pub(crate) async fn run(script: &'static str, arguments: Vec<String>) -> Option<(String, String)> {
    let running = move || {
        let folder = installed()?;
        let output = Command::new("node").arg(script).args(arguments).current_dir(folder).output();
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Some((text(output.stdout), text(output.stderr)))
    };
    tokio::task::spawn_blocking(running).await.unwrap()
}
