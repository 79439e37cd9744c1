//! Clients in JavaScript, as they are used: `tests/api/clients` pins them, and they run in Node.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use hutong::access::Role;

use crate::{Server, on_each_database};

/// What clients are made from, beside their own files.
const SOURCES: [&str; 3] = ["tests/api/schema.graphql", "README.md", "web/build/examples.ts"];

fn npm(folder: &Path, arguments: &[&str]) {
    let output = Command::new("npm").args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

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
    let own = root().join("tests/api").join(name);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    // An earlier run of the tests may have installed them; npm writes this last.
    let complete = folder.join("node_modules/.package-lock.json").exists();
    let same = |name| fs::read(own.join(name)).ok() == fs::read(folder.join(name)).ok();
    let installed = complete && same("package.json") && same("package-lock.json");
    let files = fs::read_dir(own).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        copy(&file, &folder);
    }
    if !installed {
        npm(&folder, &["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    }
    Some(folder)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(file: &Path, to: &Path) {
    fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
}

/// The folder in which `tests/api/clients` is installed, once for all tests.
pub(crate) fn installed() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        let folder = install("clients")?;
        for source in SOURCES {
            copy(&root().join(source), &folder);
        }
        Some(folder)
    };
    INSTALLED.get_or_init(install).as_deref()
}

/// The same with what the clients' compilers make of the schema and of the README's queries.
fn compiled() -> Option<&'static Path> {
    static COMPILED: OnceLock<()> = OnceLock::new();
    let folder = installed()?;
    COMPILED.get_or_init(|| npm(folder, &["run", "compile"]));
    Some(folder)
}

/// Runs a script of `tests/api/clients` and returns what it wrote on standard output and on
/// standard error; `None` where there is no Node.
pub(crate) async fn run(script: &'static str, arguments: Vec<String>) -> Option<(String, String)> {
    run_in(installed, script, arguments).await
}

async fn run_in(
    folder: fn() -> Option<&'static Path>,
    script: &'static str,
    arguments: Vec<String>,
) -> Option<(String, String)> {
    let running = move || {
        let folder = folder()?;
        Some(Command::new("node").arg(script).args(arguments).current_dir(folder).output().unwrap())
    };
    let output = tokio::task::spawn_blocking(running).await.unwrap()?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (told, complaints) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{script}: {complaints}");
    Some((told, complaints))
}

/// A client comes to its end, and warns of nothing.
async fn passes(server: &Server, folder: fn() -> Option<&'static Path>, script: &'static str) {
    passes_with(folder, script, vec![server.url("/graphql")]).await;
}

/// The same of one that writes.
async fn writes(server: &Server, folder: fn() -> Option<&'static Path>, script: &'static str) {
    let token = server.token(Role::Editor).await;
    passes_with(folder, script, vec![server.url("/graphql"), token]).await;
}

async fn passes_with(
    folder: fn() -> Option<&'static Path>,
    script: &'static str,
    arguments: Vec<String>,
) {
    let told = run_in(folder, script, arguments).await;
    let Some((told, complaints)) = told else { return };
    assert_eq!((&*told, &*complaints), ("passed\n", ""));
}

on_each_database! {
    /// Apollo Client merges pages, keeps one object for each id and tells errors by their code.
    async fn apollo_client(server: &Server) {
        passes(server, installed, "apollo.mjs").await;
    }

    /// urql with its normalised cache merges pages and tells errors by their code.
    async fn urql(server: &Server) {
        passes(server, installed, "urql.mjs").await;
    }

    /// Relay's compiler takes the schema, and what it makes pages and refetches through `node`.
    async fn relay(server: &Server) {
        passes(server, compiled, "relay.js").await;
    }

    /// What Apollo Client shows is so after corrections, renaming and deleting, and beside the past.
    async fn apollo_cache(server: &Server) {
        writes(server, installed, "apollo-cache.mjs").await;
    }

    /// So is what urql's normalised cache shows.
    async fn urql_cache(server: &Server) {
        writes(server, installed, "urql-cache.mjs").await;
    }

    /// So is what Relay's store shows.
    async fn relay_cache(server: &Server) {
        writes(server, compiled, "relay-cache.js").await;
    }

    /// graphql-codegen makes a strict client of every operation of the README.
    async fn graphql_codegen(server: &Server) {
        passes(server, compiled, "built/typed.js").await;
    }

    /// graphql-codegen reads the schema from the server, in whatever form its loader asks for, on each
    /// Node there is: the usual one, and those that `HUTONG_NODES` names, with `:` between them.
    async fn graphql_codegen_asks_the_server(server: &Server) {
        let (address, port) = (server.url("/graphql"), server.address.port());
        let asking = move || {
            let folder = installed()?;
            let others = std::env::var("HUTONG_NODES").unwrap_or_default();
            let others = others.split(':').filter(|node| !node.is_empty());
            for (number, node) in ["node"].into_iter().chain(others).enumerate() {
                let generated = format!("generated/server-{port}-{number}/");
                let output = Command::new(node)
                    .args(["node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen-server.ts"])
                    .env("HUTONG_SCHEMA", &address)
                    .env("HUTONG_GENERATED", &generated)
                    .current_dir(folder)
                    .output()
                    .unwrap();
                let complaints = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{node}: {complaints}");
                let types = fs::read_to_string(folder.join(&generated).join("graphql.ts")).unwrap();
                assert!(types.contains("export type District = "), "{node}: {types:.1000}");
            }
            Some(())
        };
        tokio::task::spawn_blocking(asking).await.unwrap();
    }
}
