//! Tables that stand in the way of the real ones while a statement reads.

use sea_orm::DbBackend;

/// What a statement reads where it names a table.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// The table.
    pub name: String,
    /// The rows read in the place of its own, all of its columns in their order.
    pub select: String,
}

/// The statement with the shadows of the tables it names before it.
pub(super) fn cast(shadows: &[Shadow], sql: String, backend: DbBackend) -> String {
    let named = shadows.iter().filter(|shadow| sql.contains(&shadow.name));
    // Written into the places where they are named, so that conditions reach the real tables.
    let shadows: Vec<String> = named
        .map(|Shadow { name, select }| format!("{name} AS NOT MATERIALIZED ({select})"))
        .collect();
    if shadows.is_empty() {
        return sql;
    }
    let shadows = shadows.join(", ");
    match (sql.strip_prefix("WITH RECURSIVE "), sql.strip_prefix("WITH ")) {
        // There PostgreSQL, too, would take the bare name of a table for its shadow.
        (Some(_), _) if backend == DbBackend::Postgres => {
            format!("WITH {shadows} SELECT * FROM ({sql}) AS shadowed")
        }
        (Some(rest), _) => format!("WITH RECURSIVE {shadows}, {rest}"),
        (None, Some(rest)) => format!("WITH {shadows}, {rest}"),
        (None, None) => format!("WITH {shadows} {sql}"),
    }
}
