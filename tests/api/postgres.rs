//! A throw-away PostgreSQL cluster for the whole test binary, or the server named by
//! `HUTONG_TEST_POSTGRES_URL`; a database of its own for each test.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

use crate::{cluster::Cluster, server::Store};

/// The server, without a database's name at the end; `None` when there is none to be had.
static CLUSTER: OnceCell<Option<String>> = OnceCell::const_new();

/// Names a server to use instead of a cluster of the tests' own.
const URL: &str = "HUTONG_TEST_POSTGRES_URL";

/// The cluster, which goes with this process.
static KEPT: Mutex<Option<Cluster>> = Mutex::new(None);

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
    let cluster = Cluster::start("-c synchronous_commit=off")?;
    let url = cluster.url();
    *KEPT.lock().unwrap() = Some(cluster);
    Some(url)
}
