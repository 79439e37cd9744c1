//! A server of the test's own, and what it answers.

use std::{net::SocketAddr, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use clap::Parser;
use hutong::{
    access::{Access, Role},
    cli::Cli,
    database::{self, Database},
    graphql::{self, Guard},
    http::{self, App, Live},
    package::{Package, bundled},
    record::{
        Rows, Writer,
        token::{NewToken, grant},
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// The time every test takes for now.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-02-01T08:00:00Z".parse().unwrap()
}

/// A database of the test's own, and where it is.
pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) url: String,
}

impl Store {
    pub(crate) async fn open(url: String) -> Self {
        let options = database::Options {
            database_url: Some(url.clone()),
            database_readers: 4,
            statement_timeout: 30,
            migration_backup: true,
        };
        Self { database: Database::open(&options).await.unwrap(), url }
    }

    /// Writes rows of a table; see [`rows`].
    pub(crate) async fn write(&self, table: &str, lines: &str) {
        let rows = rows(table, lines);
        let mut writer =
            Writer::begin(&self.database, now(), hutong::record::By::operator("a test"))
                .await
                .unwrap();
        writer.write(table, &rows).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// A connection beside those of Hutong, to do what it would not.
    pub(crate) async fn connection(&self) -> sea_orm::DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }
}

/// Rows of a table: a line for each, its fields between commas, the first of them the columns.
pub(crate) fn rows(table: &str, lines: &str) -> Rows {
    let mut lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let fields = |line: &str| line.split(',').map(|field| field.trim().to_owned()).collect();
    let columns = fields(lines.next().unwrap());
    let rows = lines.enumerate().map(|(number, line)| (number as u64 + 2, fields(line)));
    Rows { origin: format!("{table}.csv"), columns, rows: rows.collect() }
}

/// A running server with a package's data, the bundled one's as a rule, and its database.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) live: Arc<Live>,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// One that keeps no results, whatever the others do: of tests that count what is not known yet.
pub(crate) type Uncached = Server;

/// What a server answered to a question.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    /// How many SQL statements it says the answer took.
    pub(crate) statements: Option<usize>,
}

impl Server {
    /// Starts a server over the database, migrated and with the bundled data in it.
    pub(crate) async fn start(store: Store) -> Self {
        Self::start_with(store, &[]).await
    }

    /// The same with options, as on the command line.
    pub(crate) async fn start_with(store: Store, options: &[&str]) -> Self {
        Self::start_holding(store, &bundled::package().unwrap(), options).await
    }

    /// The same with another package in it, unless the database is not empty.
    pub(crate) async fn start_holding(store: Store, package: &Package, options: &[&str]) -> Self {
        store.database.migrate().await.unwrap();
        if !package.load_into_empty(&store.database, now()).await.unwrap() {
            hutong::event::current(&store.database).await.unwrap();
        }
        Self::over(store, options).await
    }

    /// Starts a server over a database as it is.
    pub(crate) async fn over(store: Store, options: &[&str]) -> Self {
        // Off unless a test or whoever runs all of them wants it on: many count statements.
        let on = std::env::var_os("HUTONG_TEST_RESULT_CACHE").is_some();
        let caches = on || options.iter().any(|option| option.starts_with("--result-cache"));
        let uncached = (!caches).then_some(&"--result-cache=0");
        let config = Cli::parse_from(["hutong"].iter().chain(uncached).chain(options)).config;
        let schema = graphql::schema(config.limits);
        let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
        let database = store.database.clone();
        let access = Access::new(&config.access, &database).unwrap();
        let app = App::new(access, schema, guard, database, config.http, config.live);
        let live = Arc::clone(&app.live);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let stopped = Box::pin(async { drop(stopped.await) });
            http::serve(listener, app, Box::pin(async { Ok(()) }), stopped).await.unwrap();
        });
        Self { address, store, live, client: reqwest::Client::new(), stop, running }
    }

    pub(crate) async fn stop(self) {
        drop(self.client);
        drop(self.stop);
        self.running.await.unwrap();
        self.store.database.close().await.unwrap();
    }

    /// Writes rows of a table into its database; see [`Store::write`].
    pub(crate) async fn write(&self, table: &str, lines: &str) {
        self.store.write(table, lines).await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) async fn ask(&self, query: &str) -> Answer {
        self.ask_with(query, json!({})).await
    }

    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        let response = self.client.post(self.url("/graphql")).json(&body).send().await.unwrap();
        Answer::read(response).await
    }

    /// A token of the role, whose name is the role's too.
    pub(crate) async fn token(&self, role: Role) -> String {
        self.grant(&format!("the {role:?}").to_lowercase(), role, None).await
    }

    /// A token of this name.
    pub(crate) async fn grant(
        &self,
        name: &str,
        role: Role,
        expires_at: Option<DateTime<Utc>>,
    ) -> String {
        let new = NewToken { name: name.to_owned(), role, expires_at };
        grant(&self.store.database, new, Utc::now()).await.unwrap()
    }

    /// A question with a token.
    pub(crate) async fn ask_as(&self, token: &str, query: &str) -> Answer {
        let post = self.client.post(self.url("/graphql")).json(&json!({ "query": query }));
        Answer::read(post.bearer_auth(token).send().await.unwrap()).await
    }

    /// The data of an answer that must have no errors.
    pub(crate) async fn data(&self, query: &str) -> Value {
        self.ask(query).await.data()
    }

    /// The one error of an answer: its message, code and path.
    pub(crate) async fn error(&self, query: &str) -> (String, String, Value) {
        self.ask(query).await.error()
    }
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let timing = response.headers().get("server-timing");
        let statements = timing.map(|timing| {
            let timing = timing.to_str().unwrap();
            timing.split('"').nth(1).unwrap().parse().unwrap()
        });
        let status = response.status().as_u16();
        Self { status, text: response.text().await.unwrap(), statements }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let json = self.json();
        assert!(json.get("errors").is_none(), "{}", self.text);
        json["data"].clone()
    }

    #[track_caller]
    pub(crate) fn error(&self) -> (String, String, Value) {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap_or_else(|| panic!("{}", self.text));
        assert_eq!(errors.len(), 1, "{}", self.text);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let error = &errors[0];
        (text(&error["message"]), text(&error["extensions"]["code"]), error["path"].clone())
    }
}

/// A fresh SQLite database in a folder of its own.
pub(crate) async fn sqlite() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(url(folder.path())).await, folder)
}

/// Where the database in a folder is.
pub(crate) fn url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("test.db").display())
}

/// Makes of each test two, one on SQLite and one on PostgreSQL. A test takes a server with the
/// bundled data, the same without kept results, one with the panel's, or an empty database.
macro_rules! on_each_database {
    ($($(#[$doc:meta])* async fn $name:ident($given:ident: &$kind:ident) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn test($given: &$kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let (store, _folder) = on_each_database!(@made $kind sqlite).await;
                on_each_database!(@run $kind store test);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some((store, fresh)) = on_each_database!(@made $kind postgres).await {
                    on_each_database!(@run $kind store test);
                    fresh.drop().await;
                }
            }
        }
    )+};
    (@made Server $database:ident) => { crate::template::BUNDLED.$database() };
    (@made Uncached $database:ident) => { crate::template::BUNDLED.$database() };
    (@made Panel $database:ident) => { crate::template::PANEL.$database() };
    (@made Store sqlite) => { crate::server::sqlite() };
    (@made Store postgres) => { crate::postgres::database() };
    (@run Server $store:ident $test:ident) => {
        let server = crate::Server::start($store).await;
        $test(&server).await;
        server.stop().await;
    };
    (@run Uncached $store:ident $test:ident) => {
        let server = crate::Server::start_with($store, &["--result-cache=0"]).await;
        $test(&server).await;
        server.stop().await;
    };
    (@run Panel $store:ident $test:ident) => {
        let package = crate::template::PANEL.package();
        let server = crate::Server::start_holding($store, &package, &["--cost-max=10000000"]).await;
        $test(&server).await;
        server.stop().await;
    };
    (@run Store $store:ident $test:ident) => {
        $test(&$store).await;
        $store.database.close().await.unwrap();
    };
}
pub(crate) use on_each_database;
