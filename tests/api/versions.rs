//! The past made by hand, as the writer makes it: corrections, retractions, embargoes, and rows of
//! other tables with what they were before.

use clap::Parser;
use entity::HIDDEN;
use hutong::{
    access::{Role, Viewer},
    cli::Cli,
    graphql::{self, Asked, Guard},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Iden, Iterable, Statement};
use serde_json::{Value, json};

use crate::{Server, server::Store};

/// The revisions of changes made by hand: 101 and so on.
const REVISION: &str = "(SELECT count(*) + 101 FROM change WHERE revision > 100)";

/// A hand on the tables of a database.
pub(crate) struct Hand(pub(crate) DatabaseConnection);

impl Hand {
    pub(crate) async fn on(store: &Store) -> Self {
        Self(store.connection().await)
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.unwrap();
        row.unwrap_or_else(|| panic!("{sql}")).try_get_by_index(0).unwrap()
    }

    /// The number of the row of a table with this slug.
    pub(crate) async fn row(&self, table: &str, slug: &str) -> i64 {
        let last = format!("SELECT id FROM {table} WHERE slug = '{slug}' ORDER BY id DESC LIMIT 1");
        self.number(&last).await
    }

    /// The id of the figure of which this is a version.
    pub(crate) async fn figure(&self, version: i64) -> String {
        let of = |sql: &str| format!("SELECT {sql} FROM observation WHERE id = {version}");
        let key = "metric_id || '.' || district_id || '.' || coalesce(initiative_id, 0)";
        let (key, period) = (self.texts(&of(key)).await, self.texts(&of("period")).await);
        let period: entity::Period = period[0].parse().unwrap();
        format!("observation:{}.{period}", key[0])
    }

    /// The id of a version of a figure, recorded at this moment.
    pub(crate) async fn version(&self, version: i64, at: &str) -> String {
        let revision =
            format!("SELECT CAST(revision AS text) FROM observation WHERE id = {version}");
        let revision = self.texts(&revision).await;
        format!("{}~{}.{}", self.figure(version).await, revision[0], at.replace("+00:00", "Z"))
    }

    /// A copy of a figure with other values in some columns.
    async fn copy(&self, of: i64, set: &[(&str, &str)]) -> i64 {
        let columns: Vec<String> = entity::observation::Column::iter()
            .map(|column| column.unquoted().to_owned())
            .collect();
        let hidden = set.contains(&("embargoed", "true"));
        let id = match hidden {
            true => format!(
                "SELECT coalesce(max(id) + 1, {HIDDEN}) FROM observation WHERE id >= {HIDDEN}"
            ),
            false => format!("SELECT max(id) + 1 FROM observation WHERE id < {HIDDEN}"),
        };
        let id = self.number(&id).await;
        let value = |column: &String| match set.iter().rev().find(|(name, _)| name == column) {
            Some((_, value)) => (*value).to_owned(),
            None if column == "id" => id.to_string(),
            None => column.clone(),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let (columns, values) = (columns.join(", "), values.join(", "));
        self.run(&format!(
            "INSERT INTO observation ({columns}) SELECT {values} FROM observation WHERE id = {of}"
        ))
        .await;
        id
    }

    async fn close(&self, figure: i64, at: &str) {
        self.run(&format!("UPDATE observation SET superseded_at = '{at}' WHERE id = {figure}"))
            .await;
    }

    /// Corrects a figure in force; the number of the version that takes its place.
    pub(crate) async fn correct(&self, figure: i64, at: &str, set: &[(&str, &str)]) -> i64 {
        self.close(figure, at).await;
        let at = format!("'{at}'");
        let own =
            [("recorded_at", at.as_str()), ("superseded_at", "NULL"), ("revision", "revision + 1")];
        let version = self.copy(figure, &[&own[..], set].concat()).await;
        self.follow(figure, version).await;
        version
    }

    /// What refers to a version refers to the one that takes its place.
    async fn follow(&self, figure: i64, version: i64) {
        self.run(&format!(
            "UPDATE claim SET observation_id = {version} WHERE observation_id = {figure}"
        ))
        .await;
    }

    /// Retracts a figure in force.
    pub(crate) async fn retract(&self, figure: i64, at: &str) -> i64 {
        self.close(figure, at).await;
        let at = format!("'{at}'");
        let own = [
            ("recorded_at", at.as_str()),
            ("superseded_at", &at),
            ("revision", "revision + 1"),
            ("retracted", "true"),
            ("reason", "'it was wrong'"),
            ("recorded_by", "'mei'"),
        ];
        self.copy(figure, &own).await
    }

    /// Puts what is to take a figure's place under embargo.
    pub(crate) async fn embargo(&self, figure: i64, at: &str, set: &[(&str, &str)]) -> i64 {
        let at = format!("'{at}'");
        let own = [
            ("recorded_at", at.as_str()),
            ("superseded_at", &at),
            ("revision", "revision + 1"),
            ("embargoed", "true"),
        ];
        self.copy(figure, &[&own[..], set].concat()).await
    }

    /// Makes public what waits.
    pub(crate) async fn release(&self, waiting: i64, figure: i64, at: &str) -> i64 {
        self.close(figure, at).await;
        let now = format!("'{at}'");
        let own =
            [("recorded_at", now.as_str()), ("superseded_at", "NULL"), ("embargoed", "false")];
        let public = self.copy(waiting, &own).await;
        self.run(&format!("UPDATE observation SET embargo_ended_at = '{at}' WHERE id = {waiting}"))
            .await;
        self.follow(figure, public).await;
        public
    }

    /// Notes what becomes of a row, with what it is now as what it was before.
    async fn note(&self, table: &str, slug: &str, at: &str, kind: &str) -> i64 {
        let row = self.row(table, slug).await;
        let before = match self.0.get_database_backend() {
            DbBackend::Postgres => {
                format!("(SELECT to_jsonb(t) FROM {table} t WHERE t.id = {row})")
            }
            _ => {
                let columns = self.columns(table).await;
                let pairs: Vec<String> = columns
                    .iter()
                    .map(|column| match column.as_str() {
                        "name" | "title" | "statement" | "note" | "summary" | "description" => {
                            format!("'{column}', json({column})")
                        }
                        "partition" => format!(
                            "'{column}', json(CASE {column} WHEN 1 THEN 'true' ELSE 'false' END)"
                        ),
                        _ => format!("'{column}', {column}"),
                    })
                    .collect();
                format!("(SELECT json_object({}) FROM {table} WHERE id = {row})", pairs.join(", "))
            }
        };
        self.run(&format!(
            "INSERT INTO change (id, revision, recorded_at, kind, entity, row, key, before) \
             SELECT (SELECT max(id) + 1 FROM change), {REVISION}, '{at}', '{kind}', '{table}', {row}, '{slug}', {before}"
        ))
        .await;
        row
    }

    async fn columns(&self, table: &str) -> Vec<String> {
        self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await
    }

    /// Notes that a row was made later than it was.
    pub(crate) async fn created(&self, table: &str, slug: &str, at: &str) {
        let row = self.row(table, slug).await;
        self.run(&format!(
            "UPDATE change SET recorded_at = '{at}', revision = {REVISION} \
             WHERE entity = '{table}' AND row = {row} AND kind = 'CREATED'"
        ))
        .await;
    }

    /// Changes a row.
    pub(crate) async fn update(&self, table: &str, slug: &str, at: &str, set: &str) {
        let row = self.note(table, slug, at, "UPDATED").await;
        self.run(&format!("UPDATE {table} SET {set}, revision = revision + 1 WHERE id = {row}"))
            .await;
    }

    /// Removes a row of the tables that keep what was removed.
    pub(crate) async fn remove(&self, table: &str, slug: &str, at: &str) {
        let row = self.note(table, slug, at, "REMOVED").await;
        self.run(&format!(
            "UPDATE {table} SET removed_at = '{at}', revision = revision + 1 WHERE id = {row}"
        ))
        .await;
    }

    /// The first column of what a statement finds, which is text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The steps in which SQLite would find the rows of a statement.
    pub(crate) async fn plan(&self, sql: &str) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = Statement::from_string(self.0.get_database_backend(), sql);
        let steps = self.0.query_all_raw(plan).await.unwrap();
        steps.iter().map(|step| step.try_get_by_index(3).unwrap()).collect()
    }

    /// Removes a row of the others.
    pub(crate) async fn delete(&self, table: &str, slug: &str, at: &str) {
        let row = self.note(table, slug, at, "REMOVED").await;
        self.run(&format!("DELETE FROM {table} WHERE id = {row}")).await;
    }
}

/// What somebody with a role is answered.
pub(crate) async fn answer_to(server: &Server, role: Role, query: &str) -> Value {
    explained_to(server, role, query).await["data"].clone()
}

/// The same with the statements it took.
pub(crate) async fn explained_to(server: &Server, role: Role, query: &str) -> Value {
    let config = Cli::parse_from(["hutong", "--explain=true"]).config;
    let schema = graphql::schema(config.limits);
    let guard = Guard::new(&schema, config.guard, config.limits).unwrap();
    let viewer = Viewer { role: Some(role), name: Some("mei".into()) };
    let asked = json!({ "query": query, "extensions": { "explain": true } });
    let asked = Asked { viewer, ..serde_json::from_value(asked).unwrap() };
    let checked = guard.check(&asked).unwrap_or_else(|why| panic!("{why:?}"));
    let (response, _) = graphql::execute(&schema, &server.store.database, checked, "test").await;
    let answer = serde_json::to_value(&response).unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer
}
