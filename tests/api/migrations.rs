//! The tables come and go, on both databases.

use entity::HIDDEN;
use hutong::{access::Role, package::bundled};
use migration::{Migrator, MigratorTrait};

use crate::{
    Server, on_each_database,
    server::{Store, now},
    versions::{Hand, answer_to},
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

    /// A database of the version before takes over what it told everybody; but what is claimed of
    /// figures under embargo is hidden from then on.
    async fn hide_what_is_claimed_of_hidden_figures(store: &Store) {
        let database = &store.database;
        database.migrate().await.unwrap();
        assert!(bundled::package().unwrap().load_into_empty(database, now()).await.unwrap());
        store.write("observation", "slug,metric,district,period,value,comparator,status,source,published_on
            x,5g-base-stations,haidian,2030,7,EQUAL,NORMAL,beijing-daily-2026-01-27,2999-01-01").await;
        store.write("claim", "slug,observation,kind,statement_en\nabout,x,RECORD,Quokka").await;
        let hand = Hand::on(store).await;
        let numbers = async || {
            let of_claims = "SELECT CAST(id AS text) FROM claim WHERE slug = 'about' UNION ALL
                SELECT CAST(row AS text) FROM change WHERE key = 'about' UNION ALL
                SELECT CAST(id AS text) FROM change WHERE key = 'about'";
            hand.texts(of_claims).await.iter().map(|number| number.parse().unwrap()).collect::<Vec<i64>>()
        };
        assert!(numbers().await.iter().all(|number| *number >= HIDDEN));
        // It, and what came after it.
        let migrations = Migrator::migrations();
        let hides = migrations.iter().position(|migration| migration.name().ends_with("_hidden")).unwrap();
        Migrator::down(&hand.0, Some((migrations.len() - hides) as u32)).await.unwrap();
        let before = numbers().await;
        assert!(before.iter().all(|number| *number < HIDDEN), "{before:?}");
        database.migrate().await.unwrap();
        let hidden: Vec<i64> = before.iter().map(|number| number + HIDDEN).collect();
        assert_eq!(numbers().await, hidden);
        let told = "SELECT CAST(count(*) AS text) FROM dataset WHERE public_revision = revision
            AND public_changed_at = changed_at AND revision = 3";
        assert_eq!(hand.texts(told).await, ["1"]);
        let copy = Store { database: database.clone(), url: store.url.clone() };
        let server = Server::over(copy, &[]).await;
        let query = r#"{ claim(slug: "about") { statement } changes(first: 1000) { nodes { nodeId } } }"#;
        let data = answer_to(&server, Role::Editor, query).await;
        assert_eq!(data["claim"]["statement"], "Quokka");
        let text = server.ask(query).await.text;
        assert!(text.contains(r#""claim":null"#) && !text.contains("claim:about"), "{text}");
        server.stop().await;
        hand.0.close().await.unwrap();
    }
}
