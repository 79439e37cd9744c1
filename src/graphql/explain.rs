//! How an answer was found: the SQL statements it took.

use async_graphql::{Value, value};

use crate::database::{ExecutedStatement, Statements};

/// `extensions.explain` of an answer: each statement in the order in which they began, without its
/// parameters.
pub(super) fn to_value(statements: &Statements) -> Value {
    let statement = |ExecutedStatement { sql, rows, time }: ExecutedStatement| {
        let microseconds = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let milliseconds = f64::from(microseconds) / 1000.0;
        value!({ "sql": sql, "rows": rows, "milliseconds": milliseconds })
    };
    Value::List(statements.list().into_iter().map(statement).collect())
}
