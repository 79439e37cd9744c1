//! What an operator counts on: copies, versions, and clear words when a disk fails.

use std::{process::Stdio, time::Instant};

use hutong::database::Database;
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;

use crate::{
    Server,
    command::hutong,
    on_each_database,
    server::{Store, now},
};

/// The number of figures in a copy of a database.
async fn figures(file: &std::path::Path) -> i64 {
    let url = format!("sqlite://{}", file.display());
    let connection = sea_orm::Database::connect(url).await.unwrap();
    let sql = "SELECT count(*) FROM observation";
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    connection.close().await.unwrap();
    row.try_get_by_index(0).unwrap()
}

on_each_database! {
    /// Whoever waits too long for another process that writes is told so, and readers are answered
    /// meanwhile.
    async fn a_long_write_keeps_others_waiting_for_so_long(server: &Server) {
        let token = server.token(hutong::access::Role::Editor).await;
        let other = Store::open(server.store.url.clone()).await;
        let by = hutong::record::By::operator("a test");
        let writing = hutong::record::Writer::begin(&other.database, now(), by).await.unwrap();
        let write = r#"mutation { upsertTheme(input: {slug: "a", name: [{language: "en", text: "A"}]}) { theme { slug } } }"#;
        let begun = Instant::now();
        let (refused, read) = tokio::join!(server.ask_as(&token, write), server.ask("{ themes { totalCount } }"));
        read.data();
        assert_eq!(refused.error().1, "BUSY");
        let waited = begun.elapsed();
        assert!((9..25).contains(&waited.as_secs()), "{waited:?}");
        drop(writing);
        other.database.close().await.unwrap();
        let written = server.ask_as(&token, write).await.data();
        assert_eq!(written, serde_json::json!({ "upsertTheme": { "theme": { "slug": "a" } } }));
    }

    /// A database that a newer Hutong made is refused, and left as it is.
    async fn a_newer_schema_is_refused(store: &Store) {
        store.database.migrate().await.unwrap();
        let connection = store.connection().await;
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_space', 0)";
        connection.execute_unprepared(newer).await.unwrap();
        connection.close().await.unwrap();
        let refused = store.database.migrate().await.unwrap_err().to_string();
        assert_eq!(refused, "the database was made by a newer version of Hutong \
            (m29990101_000001_space); run that version, or open a backup from before");
    }
}

/// A copy is taken while the server runs and somebody writes; it is whole and can be served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_taken_while_others_write() {
    let (store, folder) = crate::server::sqlite().await;
    let server = Server::start(store).await;
    let copy = folder.path().join("copy.db");
    let unit = |n: i32| format!("slug,symbol,dimension,name_en\nu{n},u,COUNT,Unit");
    server.write("unit", &unit(1)).await;
    let backup = |file: &str| {
        let url = format!("--database-url={}", server.store.url);
        hutong(folder.path(), &["backup", file, &url]).stderr(Stdio::piped()).output().unwrap()
    };
    let output = backup("copy.db");
    assert!(output.status.success(), "{output:?}");
    server.write("unit", &unit(2)).await;
    assert_eq!(figures(&copy).await, 24);
    let url = format!("sqlite://{}", copy.display());
    let other = Server::over(Store::open(url).await, &[]).await;
    let units = r#"{ a: unit(slug: "u1") { slug } b: unit(slug: "u2") { slug } }"#;
    assert_eq!(other.data(units).await, serde_json::json!({ "a": { "slug": "u1" }, "b": null }));
    other.stop().await;
    // It never writes over something, nor makes a copy of nothing.
    let again = backup("copy.db");
    assert_eq!(String::from_utf8(again.stderr).unwrap(), "hutong: copy.db is there already\n");
    server.stop().await;
    let nothing = hutong(folder.path(), &["backup", "x.db", "--database-url=sqlite://none.db"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(nothing.stderr).unwrap(),
        "hutong: there is no database none.db\n"
    );
    assert!(!folder.path().join("none.db").exists());
}

/// Before an older database is brought up to date there is a copy of it beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_schema_is_copied_first() {
    let (store, folder) = crate::server::sqlite().await;
    store.database.migrate().await.unwrap();
    let package = hutong::package::bundled::package().unwrap();
    assert!(package.load_into_empty(&store.database, now()).await.unwrap());
    let connection = store.connection().await;
    Migrator::down(&connection, Some(1)).await.unwrap();
    connection.close().await.unwrap();
    store.database.migrate().await.unwrap();
    let last = Migrator::migrations().iter().rev().nth(1).unwrap().name().to_owned();
    let copy = folder.path().join(format!("test.db.{last}.backup"));
    assert_eq!(figures(&copy).await, 24);
    store.database.close().await.unwrap();
    let options = hutong::database::Options {
        database_url: Some(format!("sqlite://{}", copy.display())),
        database_readers: 1,
        statement_timeout: 30,
        migration_backup: false,
    };
    let older = Database::open(&options).await.unwrap();
    older.migrate().await.unwrap();
    older.close().await.unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| {
                entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".backup")
            })
            .count(),
        1
    );
}

/// A disk without room gives one clear line, and leaves what was there.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    // No file may grow beyond 100 blocks; the signal for that is ignored, as on a full disk.
    let limited =
        format!("trap '' XFSZ; ulimit -f 100; exec {} migrate", env!("CARGO_BIN_EXE_hutong"));
    let output = std::process::Command::new("sh")
        .args(["-c", &limited])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("hutong: the database cannot be written to: "), "{told}");
}
