//! The tables come and go, on both databases.

use hutong::package::bundled;
use migration::{Migrator, MigratorTrait};

use crate::{
    on_each_database,
    server::{Store, now},
};

on_each_database! {
    /// Up, loaded, down to nothing, and up again; going up twice changes nothing.
    async fn go_up_and_down(store: &Store) {
        let (database, connection) = (&store.database, store.connection().await);
        for _ in 0..2 {
            database.migrate().await.unwrap();
            database.migrate().await.unwrap();
            let package = bundled::package().unwrap();
            assert!(package.load_into_empty(database, now()).await.unwrap());
            assert!(!package.load_into_empty(database, now()).await.unwrap());
            Migrator::down(&connection, None).await.unwrap();
            assert!(bundled::package().unwrap().load_into_empty(database, now()).await.is_err());
        }
        connection.close().await.unwrap();
    }
}
