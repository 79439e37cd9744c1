//! A throw-away PostgreSQL cluster for the whole test binary, made from the installed programs, or
//! the server named by `HUTONG_TEST_POSTGRES_URL`; a database of its own for each test.

use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

use crate::{server::Store, wait::until_blocking};

/// The server, without a database's name at the end; `None` when there is none to be had.
static CLUSTER: OnceCell<Option<String>> = OnceCell::const_new();

/// Names a server to use instead of a cluster of the tests' own.
const URL: &str = "HUTONG_TEST_POSTGRES_URL";

/// The cluster's keeper. It ends the cluster when its standard input closes, which happens when
/// this process ends, however it ends.
static KEEPER: Mutex<Option<Child>> = Mutex::new(None);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database that is dropped after the test.
pub(crate) struct Fresh {
    server: String,
    pub(crate) name: String,
}

/// Whether what is left behind goes with the tests.
pub(crate) fn is_own() -> bool {
    env::var_os(URL).is_none()
}

/// An empty database, or `None`, said on standard error, where there is no PostgreSQL.
pub(crate) async fn database() -> Option<(Store, Fresh)> {
    copy("template1").await
}

/// A copy of the database of this name, which nobody is connected to; as [`database`].
pub(crate) async fn copy(template: &str) -> Option<(Store, Fresh)> {
    let server = CLUSTER.get_or_init(|| async { cluster() }).await.as_ref();
    let Some(server) = server else {
        assert!(
            env::var_os("HUTONG_REQUIRE_POSTGRES").is_none(),
            "HUTONG_REQUIRE_POSTGRES is set, but there is neither HUTONG_TEST_POSTGRES_URL nor \
             an installed PostgreSQL (initdb, postgres)"
        );
        eprintln!("skipped on PostgreSQL: no initdb and no HUTONG_TEST_POSTGRES_URL");
        return None;
    };
    let name = format!("hutong_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let fresh = Fresh { server: server.clone(), name };
    fresh.administer(&format!("CREATE DATABASE {} TEMPLATE {template}", fresh.name)).await;
    Some((Store::open(format!("{server}/{}", fresh.name)).await, fresh))
}

impl Fresh {
    pub(crate) async fn drop(self) {
        self.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    pub(crate) async fn administer(&self, statement: &str) {
        let connection =
            sea_orm::Database::connect(format!("{}/postgres", self.server)).await.unwrap();
        connection.execute_unprepared(statement).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn cluster() -> Option<String> {
    if let Ok(url) = env::var(URL) {
        let (server, _database) = url.rsplit_once('/').expect("a URL that ends in a database");
        return Some(server.to_owned());
    }
    let programs = programs()?;
    let folder = env::temp_dir().join(format!("hutong-test-postgres-{}", std::process::id()));
    let (folder, programs) = (folder.display(), programs.display());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!(
        "set -e
         {programs}/initdb -D {folder} -U hutong -A trust -E UTF8 --locale=C.UTF-8 -N >&2
         {programs}/postgres -D {folder} -p {port} -h 127.0.0.1 -k {folder} \
             -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
             -c max_connections=300 >{folder}/log 2>&1 &
         read -r _ || true
         kill -INT $! || true
         wait $! || true
         rm -rf {folder}"
    );
    let mut keeper = as_other_user();
    keeper.args(["sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null());
    keeper.stderr(Stdio::null()).current_dir("/");
    let keeper = keeper.spawn().expect("sh");
    *KEEPER.lock().unwrap() = Some(keeper);
    let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    until_blocking("PostgreSQL starts", listens);
    Some(format!("postgres://hutong@127.0.0.1:{port}"))
}

/// Where `initdb` and `postgres` are: Debian keeps them off the path.
fn programs() -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(env::split_paths(&paths));
    folders.into_iter().rev().find(|folder| folder.join("initdb").is_file())
}

/// PostgreSQL refuses to run as root.
fn as_other_user() -> Command {
    let id = |arguments: &[&str]| Command::new("id").args(arguments).output().unwrap();
    if id(&["-u"]).stdout != b"0\n" {
        return Command::new("env");
    }
    let user = if id(&["postgres"]).status.success() { "postgres" } else { "nobody" };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]);
    command
}
