//! The revision of the data in memory: raised by this instance, by others, by other processes.

use std::time::{Duration, Instant};

use hutong::{
    event,
    record::{By, Writer},
};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::{
    Server, on_each_database,
    server::{Store, now, rows},
    socket::{Socket, until},
};

const UNIT: &str = "slug,symbol,dimension,name_en\nu,u,COUNT,Unit";
const FIGURE: &str = "metric,district,period,value,decimals,multiplier,comparator,status,source
    5g-base-stations,beijing,2020,7,0,0,EQUAL,NORMAL,beijing-daily-2026-01-27";

on_each_database! {
    /// On the instance that writes, the revision is raised when the write is.
    async fn is_raised_when_a_write_is_committed(server: &Server) {
        let database = &server.store.database;
        let mut revisions = database.revisions();
        assert_eq!((database.revision().all.number, database.revision().all.observation), (1, 24));
        revisions.mark_unchanged();
        server.write("unit", UNIT).await;
        assert_eq!((database.revision().all.number, database.revision().all.observation), (2, 24));
        server.write("observation", FIGURE).await;
        assert_eq!((database.revision().all.number, database.revision().all.observation), (3, 25));
        assert!(revisions.has_changed().unwrap());
        let data = server.data("{ dataset { revision } }").await;
        assert_eq!(data, json!({ "dataset": { "revision": "3" } }));
    }

    /// What another instance writes is told to those who listen here: at once on PostgreSQL, within
    /// the time stated on SQLite.
    async fn writes_of_another_instance_are_seen(server: &Server) {
        let mut socket = Socket::begin(server).await;
        socket.subscribe("told", "subscription { observationsRecorded { value } }").await;
        socket.is_silent().await;
        let other = Store::open(server.store.url.clone()).await;
        assert_eq!(other.database.revision().all.number, 0);
        let begun = Instant::now();
        other.write("observation", FIGURE).await;
        let told = json!({ "observationsRecorded": { "value": "7" } });
        assert_eq!(socket.data("told").await, told);
        let bound = event::POLL_INTERVAL + Duration::from_secs(1);
        assert!(begun.elapsed() < bound, "{:?}", begun.elapsed());
        assert_eq!(server.store.database.revision(), other.database.revision());
        // And the other way round, once the other follows too.
        let _following = event::follow(&other.database).await.unwrap();
        server.write("unit", UNIT).await;
        until("it is seen", || other.database.revision().all.number == 3).await;
        other.database.close().await.unwrap();
    }

    /// Two servers over one database: what is written through one is told by the other, and so are
    /// the answers of live queries.
    async fn servers_tell_of_each_others_writes(server: &Server) {
        let other = Server::over(Store::open(server.store.url.clone()).await, &[]).await;
        let (mut here, mut there) = (Socket::begin(server).await, Socket::begin(&other).await);
        let told = "subscription { observationsRecorded { value } }";
        let live = r#"query @live { metric(slug: "5g-base-stations") { observations { totalCount } } }"#;
        for socket in [&mut here, &mut there] {
            socket.subscribe("told", told).await;
            socket.subscribe("live", live).await;
            assert_eq!(socket.data("live").await["metric"]["observations"]["totalCount"], 1);
            socket.is_silent().await;
        }
        // Well before PostgreSQL would be asked.
        let bound = event::POLL_INTERVAL + Duration::from_secs(2);
        for (count, writer) in [(2, server), (3, &other)] {
            let begun = Instant::now();
            writer.write("observation", &FIGURE.replace("2020", &(2020 + count).to_string())).await;
            for socket in [&mut here, &mut there] {
                let mut messages = [socket.receive().await, socket.receive().await];
                messages.sort_by_key(|message| message["id"].to_string());
                let [live, told] = messages.map(|message| message["payload"]["data"].clone());
                assert_eq!(live["metric"]["observations"]["totalCount"], count);
                assert_eq!(told["observationsRecorded"]["value"], "7");
            }
            assert!(begun.elapsed() < bound, "{:?}", begun.elapsed());
        }
        drop((here, there));
        other.stop().await;
    }

    /// A write that is given up is not told of: the next thing told is the next write, which is
    /// another's.
    async fn what_is_not_committed_is_not_told(server: &Server) {
        let mut revisions = server.store.database.revisions();
        revisions.mark_unchanged();
        let writer = Writer::begin(&server.store.database, now(), By::operator("a test"));
        let mut writer = writer.await.unwrap();
        writer.write("observation", &rows("observation", FIGURE)).await.unwrap();
        writer.settle().await.unwrap();
        drop(writer);
        assert!(!revisions.has_changed().unwrap());
        let other = Store::open(server.store.url.clone()).await;
        other.write("unit", UNIT).await;
        revisions.changed().await.unwrap();
        let told = *revisions.borrow_and_update();
        assert_eq!((told, told.all.number, told.all.observation), (other.database.revision(), 2, 24));
        other.database.close().await.unwrap();
    }

    /// An empty database has no revision; the first write is told like any other.
    async fn begins_with_nothing(store: &Store) {
        store.database.migrate().await.unwrap();
        let copy = Store { database: store.database.clone(), url: store.url.clone() };
        let server = Server::over(copy, &[]).await;
        let mut socket = Socket::begin(&server).await;
        socket.subscribe("1", "subscription { datasetChanged { revision } }").await;
        socket.is_silent().await;
        let package = hutong::package::bundled::package().unwrap();
        package.load_into_empty(&store.database, crate::server::now()).await.unwrap();
        assert_eq!(socket.data("1").await, json!({ "datasetChanged": { "revision": "1" } }));
        server.stop().await;
    }
}

/// A listener whose connection PostgreSQL cuts listens again, and misses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_made_again() {
    let Some((store, fresh)) = crate::postgres::database().await else { return };
    let server = Server::start(store).await;
    until("it follows", || server.store.database.revision().all.number == 1).await;
    let other = Store::open(server.store.url.clone()).await;
    let connection = server.store.connection().await;
    for revision in 2..5 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        connection.execute_unprepared(cut).await.unwrap();
        other
            .write("unit", &format!("slug,symbol,dimension,name_en\nu{revision},u,COUNT,Unit"))
            .await;
        until("it is seen", || server.store.database.revision().all.number == revision).await;
    }
    connection.close().await.unwrap();
    other.database.close().await.unwrap();
    server.stop().await;
    fresh.drop().await;
}
