//! Databases with a package in them already, made once and copied for each test: to load the
//! package takes longer than most tests.

use hutong::package::{Package, bundled};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{
    panel,
    postgres::{self, Fresh},
    server::{Store, now, sqlite, url},
};

/// The databases of a package.
pub(crate) struct Template {
    package: fn() -> Package,
    /// The file.
    sqlite: OnceCell<Vec<u8>>,
    /// The database's name.
    postgres: OnceCell<Option<String>>,
}

pub(crate) static BUNDLED: Template = Template::of(|| bundled::package().unwrap());
pub(crate) static PANEL: Template = Template::of(panel::package);

impl Template {
    const fn of(package: fn() -> Package) -> Self {
        Self { package, sqlite: OnceCell::const_new(), postgres: OnceCell::const_new() }
    }

    pub(crate) fn package(&self) -> Package {
        (self.package)()
    }

    async fn load(&self, store: Store) {
        store.database.migrate().await.unwrap();
        assert!(self.package().load_into_empty(&store.database, now()).await.unwrap());
        store.database.close().await.unwrap();
    }

    /// A copy in a folder of its own.
    pub(crate) async fn sqlite(&self) -> (Store, TempDir) {
        let made = self.sqlite.get_or_init(|| async {
            let (store, folder) = sqlite().await;
            self.load(store).await;
            std::fs::read(folder.path().join("test.db")).unwrap()
        });
        let (made, folder) = (made.await, tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("test.db"), made).unwrap();
        (Store::open(url(folder.path())).await, folder)
    }

    /// A copy that is dropped after the test, or `None` where there is no PostgreSQL. An empty
    /// database where the cluster is not the tests' own: nothing would drop the template there.
    pub(crate) async fn postgres(&self) -> Option<(Store, Fresh)> {
        if !postgres::is_own() {
            return postgres::database().await;
        }
        let made = self.postgres.get_or_init(|| async {
            let (store, fresh) = postgres::database().await?;
            self.load(store).await;
            Some(fresh.name)
        });
        postgres::copy(made.await.as_deref()?).await
    }
}
