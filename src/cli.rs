//! Every command.

mod export;
mod import;
mod import_progress;
mod token;

use std::{
    ffi::OsString,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};

use async_graphql::SDLExportOptions;
use clap::{Parser, Subcommand};
use tokio::task::JoinSet;

use crate::{
    access::Access,
    config::{self, Config},
    database::{self, Database, Revision},
    error::Error,
    event, graphql,
    http::{self, Life, Phase},
    package::bundled,
    record, telemetry,
};

/// A GraphQL data server for the figures of a city.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
    /// The options, which every command takes.
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Bring the database up to date and serve; where none is named, make one with the bundled
    /// sample in it [default]
    Serve,
    /// Bring the database's tables up to date
    Migrate,
    /// Bring the database up to date and read files into it, all of them or nothing
    Import(Box<import::Import>),
    /// Copy an SQLite database to a new file as it stands, while others use it
    Backup {
        /// The copy; it must not be there yet
        file: PathBuf,
    },
    /// Give the data away: as a data package, CSV, JSON, Parquet, SDMX-CSV or GeoJSON
    Export(Box<export::Export>),
    /// Print the schema in GraphQL's schema definition language
    Schema,
    /// Grant and withdraw access to those who write
    #[command(subcommand)]
    Token(token::Task),
}

/// Runs a command line to its end.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Error> {
    let Cli { command, config } = config::parse(arguments)?;
    let telemetry = telemetry::start(&config.telemetry)?;
    let done = perform(command.unwrap_or(Task::Serve), &config).await;
    telemetry.end();
    done
}

async fn perform(task: Task, config: &Config) -> Result<(), Error> {
    match task {
        Task::Serve => serve(config).await,
        Task::Migrate => {
            let database = Database::open(&config.database).await?;
            database.migrate().await?;
            database.close().await
        }
        Task::Import(import) => import.run(&config.database).await,
        Task::Backup { file } => {
            let options = config.database.clone();
            let copied = tokio::task::spawn_blocking(move || database::back_up(&options, &file));
            copied.await.map_err(Error::internal)?
        }
        Task::Export(export) => export.run(config).await,
        Task::Schema => {
            print!("{}", sdl(&graphql::schema(config.limits)));
            Ok(())
        }
        Task::Token(task) => token::perform(task, config).await,
    }
}

/// The schema as text, the same whenever the schema is.
pub fn sdl(schema: &graphql::Schema) -> String {
    schema.sdl_with_options(SDLExportOptions::new().include_specified_by())
}

async fn serve(config: &Config) -> Result<(), Error> {
    let schema = graphql::schema(config.limits);
    let guard = graphql::Guard::new(&schema, config.guard.clone(), config.limits)?;
    let listener = http::listen(&config.http).await?;
    let stopped = stopped()?;
    let database = Database::open(&config.database).await?;
    let access = Access::new(&config.access, &database)?;
    let (http, live) = (config.http.clone(), config.live.clone());
    let app = http::App::new(access, schema, guard, database.clone(), http, live);
    let address = listener.local_addr().map_err(Error::internal)?;
    let life = app.life.clone();
    // Ends with the server.
    let mut beside = JoinSet::new();
    let first = async {
        prepare(&database, config, life, address).await?;
        let database = database.clone();
        beside.spawn(async move { record::keep(&database).await });
        Ok(())
    };
    http::serve(listener, app, Box::pin(first), Box::pin(stopped)).await?;
    database.close().await
}

/// Does what must be done before anything is asked.
async fn prepare(
    database: &Database,
    config: &Config,
    life: Life,
    address: SocketAddr,
) -> Result<(), Error> {
    life.enter(Phase::Migrating);
    let unnamed = config.database.database_url.is_none() && database.note_default().await?;
    database.migrate().await?;
    life.enter(Phase::Loading);
    record::prepare(database).await?;
    // A database that somebody named is theirs: the sample is not mixed into what they will load.
    let sample = config.bundled.sample.unwrap_or(unnamed);
    if sample && bundled::package()?.load_into_empty(database, None).await? {
        tracing::info!("loaded the bundled sample");
    }
    event::poll_once(database).await?;
    let empty = database.revision() == Revision::default();
    let welcome = format!(
        "Hutong answers on http://{address}/graphql\n\
         Open http://{address}/ in a browser, or try a first query:\n  \
         curl -s http://{address}/graphql --json '{FIRST_QUERY}'{}\n",
        if empty { HOW_TO_LOAD } else { "" }
    );
    // Who read as far as the address need not read on: it serves all the same.
    let _ = io::stdout().write_all(welcome.as_bytes());
    Ok(())
}

/// What a newcomer asks first, of any city.
const FIRST_QUERY: &str = r#"{"query":"{ dataset { title } districts(first: 3) { nodes { name initiatives { nodes { title status } } } } }"}"#;

/// What is said of a database without data.
const HOW_TO_LOAD: &str = "\nThe database is empty: load files with `hutong import PATH...`, or \
                           start with `--sample` for the bundled sample";

/// Done when the process is asked to stop: Ctrl-C or SIGTERM. Both are heeded from the moment this
/// returns, not only once the future is awaited.
#[cfg(unix)]
fn stopped() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::internal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        tracing::info!("stopping: finishing the requests under way");
    })
}

/// Done when the process is asked to stop: Ctrl-C.
#[cfg(not(unix))]
fn stopped() -> Result<impl Future<Output = ()>, Error> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        tracing::info!("stopping: finishing the requests under way");
    })
}
