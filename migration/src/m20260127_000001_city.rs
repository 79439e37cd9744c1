//! The city: every table of the first schema, for SQLite and PostgreSQL alike.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Every table, each after those it refers to. `!` marks a column that is never null.
fn tables(backend: DbBackend) -> [NewTable; 12] {
    let table = |name| NewTable::new(backend, name);
    [
        table("dataset")
            .text("slug!")
            .unique("slug")
            .json("title!")
            .json("description")
            .text("licence")
            .text("version")
            .big_integer("revision!"),
        table("source")
            .text("slug!")
            .unique("slug")
            .json("title!")
            .text("publisher")
            .text("language")
            .date("published_on")
            .text("date_basis")
            .text("url")
            .text("licence")
            .json("note"),
        table("unit")
            .text("slug!")
            .unique("slug")
            .text("symbol!")
            .json("name!")
            .text("dimension!")
            .decimal("factor"),
        table("theme").text("slug!").unique("slug").refer("parent_id", "theme").json("name!"),
        table("district")
            .text("slug!")
            .unique("slug")
            .text("kind!")
            .refer("parent_id", "district")
            .json("name!")
            .text("code")
            .boolean("partition!")
            .decimal("latitude")
            .decimal("longitude")
            .json("geometry"),
        table("organization")
            .text("slug!")
            .unique("slug")
            .text("kind!")
            .json("name!")
            .refer("district_id", "district"),
        table("initiative")
            .text("slug!")
            .unique("slug")
            .refer("district_id!", "district")
            .refer("theme_id", "theme")
            .text("kind!")
            .text("status!")
            .json("title!")
            .json("summary")
            .text("started_on")
            .text("ended_on")
            .refer("source_id", "source")
            .text("locator"),
        table("initiative_organization")
            .refer("initiative_id!", "initiative")
            .refer("organization_id!", "organization")
            .text("role!")
            .unique("initiative_id, organization_id, role"),
        table("metric")
            .text("slug!")
            .unique("slug")
            .json("name!")
            .json("description")
            .refer("unit_id!", "unit")
            .refer("theme_id", "theme")
            .text("measure!")
            .refer("base_id", "metric")
            .text("aggregation!")
            .text("accumulation")
            .text("direction!")
            .integer("decimals!"),
        table("initiative_metric")
            .refer("initiative_id!", "initiative")
            .refer("metric_id!", "metric")
            .text("basis!")
            .json("note")
            .unique("initiative_id, metric_id"),
        table("observation")
            .text("slug")
            .refer("metric_id!", "metric")
            .refer("district_id!", "district")
            .refer("initiative_id", "initiative")
            .text("period!")
            .date("reference_date")
            .decimal("value")
            .integer("decimals!")
            .integer("multiplier!")
            .text("comparator!")
            .text("status!")
            .text("price_basis")
            .text("unit_as_printed")
            .json("note")
            .refer("source_id!", "source")
            .text("locator")
            .date("published_on")
            .timestamp("recorded_at!")
            .timestamp("superseded_at")
            .integer("revision!")
            .check("(value IS NULL) = (status IN ('MISSING', 'SUPPRESSED'))")
            .unique("slug WHERE superseded_at IS NULL AND slug IS NOT NULL")
            // The natural key: one figure in force for each.
            .unique(
                "metric_id, district_id, coalesce(initiative_id, 0), period \
                 WHERE superseded_at IS NULL",
            ),
        table("claim")
            .text("slug!")
            .unique("slug")
            .refer("initiative_id", "initiative")
            .refer("observation_id", "observation")
            .text("kind!")
            .json("statement!")
            .refer("scope_id", "district")
            .integer("position")
            .text("period")
            .refer("source_id", "source")
            .text("locator")
            .check("(initiative_id IS NULL) <> (observation_id IS NULL)"),
    ]
}

/// What each list reads: the children of a parent in their usual orders, and the root's orders.
/// Observations are listed without those a correction replaced, so their indexes leave them out.
const INDEXES: [&str; 28] = [
    "theme: parent_id, id",
    "district: parent_id, id",
    "organization: district_id, id",
    "initiative: district_id, id",
    "initiative: district_id, started_on, id",
    "initiative: theme_id, id",
    "initiative: source_id, id",
    "initiative: started_on, id",
    "initiative_organization: initiative_id, id",
    "initiative_organization: organization_id, id",
    "metric: unit_id, id",
    "metric: theme_id, id",
    "metric: base_id, id",
    "initiative_metric: initiative_id, id",
    "initiative_metric: metric_id, id",
    "observation: period, id WHERE superseded_at IS NULL",
    "observation: value, id WHERE superseded_at IS NULL",
    "observation: recorded_at, id WHERE superseded_at IS NULL",
    "observation: metric_id, period, id WHERE superseded_at IS NULL",
    "observation: metric_id, value, id WHERE superseded_at IS NULL",
    "observation: district_id, period, id WHERE superseded_at IS NULL",
    "observation: district_id, value, id WHERE superseded_at IS NULL",
    "observation: initiative_id, period, id WHERE superseded_at IS NULL AND initiative_id IS NOT NULL",
    "observation: source_id, period, id WHERE superseded_at IS NULL",
    "claim: initiative_id, id",
    "claim: observation_id, id",
    "claim: scope_id, id",
    "claim: source_id, id",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let connection = manager.get_connection();
        for table in tables(backend) {
            manager.create_table(table.statement).await?;
            for (number, columns) in table.unique.into_iter().enumerate() {
                let sql = index("UNIQUE INDEX", table.name, &format!("key_{number}"), columns);
                connection.execute_unprepared(&sql).await?;
            }
        }
        for (number, line) in INDEXES.into_iter().enumerate() {
            if let Some((table, columns)) = line.split_once(": ") {
                for (way, columns) in nulls_last(backend, columns).iter().enumerate() {
                    let sql = index("INDEX", table, &format!("{number}_{way}"), columns);
                    connection.execute_unprepared(&sql).await?;
                }
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables(manager.get_database_backend()).into_iter().rev() {
            manager.drop_table(Table::drop().table(table.name).to_owned()).await?;
        }
        Ok(())
    }
}

/// `columns` may end in a condition: `slug WHERE superseded_at IS NULL`.
fn index(what: &str, table: &str, name: &str, columns: &str) -> String {
    let create = format!("CREATE {what} ix_{table}_{name} ON {table}");
    match columns.split_once(" WHERE ") {
        Some((columns, condition)) => format!("{create} ({columns}) WHERE {condition}"),
        None => format!("{create} ({columns})"),
    }
}

/// Nulls come last in lists, whichever way they run. SQLite's indexes serve that as they are; of
/// PostgreSQL's, one serves the smallest values first and another the largest.
fn nulls_last(backend: DbBackend, columns: &str) -> Vec<String> {
    let largest_first = columns
        .replace("value, id", "value DESC NULLS LAST, id DESC")
        .replace("started_on, id", "started_on DESC NULLS LAST, id DESC");
    match backend {
        DbBackend::Postgres if largest_first != columns => {
            vec![columns.to_owned(), largest_first]
        }
        _ => vec![columns.to_owned()],
    }
}

/// A table in the making, in the types of one database.
struct NewTable {
    backend: DbBackend,
    name: &'static str,
    statement: TableCreateStatement,
    unique: Vec<&'static str>,
}

impl NewTable {
    fn new(backend: DbBackend, name: &'static str) -> Self {
        let mut id = ColumnDef::new("id");
        id.big_integer().auto_increment().primary_key();
        let statement = Table::create().table(name).col(id).to_owned();
        Self { backend, name, statement, unique: Vec::new() }
    }

    fn column(mut self, name: &'static str, kind: impl FnOnce(&mut ColumnDef)) -> Self {
        let plain = name.trim_end_matches('!');
        let mut column = ColumnDef::new(plain);
        kind(&mut column);
        if plain.len() < name.len() {
            column.not_null();
        }
        self.statement.col(column);
        self
    }

    /// Text ordered by its bytes, so that both databases order it alike.
    fn text(self, name: &'static str) -> Self {
        let backend = self.backend;
        self.column(name, |column| {
            match backend {
                DbBackend::Postgres => column.custom("text COLLATE \"C\""),
                _ => column.text(),
            };
        })
    }

    fn json(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.json_binary())
    }

    fn decimal(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.decimal())
    }

    fn integer(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.integer())
    }

    fn big_integer(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.big_integer())
    }

    fn boolean(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.boolean())
    }

    fn date(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.date())
    }

    fn timestamp(self, name: &'static str) -> Self {
        self.column(name, |column| _ = column.timestamp_with_time_zone())
    }

    fn refer(self, name: &'static str, to: &'static str) -> Self {
        let mut table = self.big_integer(name);
        let column = name.trim_end_matches('!');
        let key = format!("fk_{}_{column}", table.name);
        let key = ForeignKey::create().name(key).from(table.name, column).to(to, "id").to_owned();
        table.statement.foreign_key(&mut key.to_owned());
        table
    }

    fn check(mut self, condition: &'static str) -> Self {
        self.statement.check(Expr::cust(condition));
        self
    }

    fn unique(mut self, columns: &'static str) -> Self {
        self.unique.push(columns);
        self
    }
}
