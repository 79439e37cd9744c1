//! Which rows of a table a question is about.

use sea_orm::{
    EntityTrait,
    sea_query::{Condition, DynIden, IntoIden},
};

use super::{Scope, Table, filter::Filter};

/// The name of a table.
pub(super) fn table<E: EntityTrait>() -> DynIden {
    E::default().table_name().into_iden()
}

/// The rows a list shows at all, and of those the ones the client wants.
pub(super) fn conditions<E: Table>(filter: Option<&E::Filter>, scope: Scope) -> Condition {
    // Said once, whatever the ways: conditions are nested.
    either(E::listed(scope), None).add_option(filter.map(|filter| filter.condition(scope)))
}

/// The rows that go one of the ways and are like this.
pub(super) fn either(ways: Vec<Condition>, like: Option<&Condition>) -> Condition {
    let mut ways =
        ways.into_iter().map(|way| Condition::all().add(way).add_option(like.cloned())).peekable();
    let first = ways.next().unwrap_or_else(Condition::all);
    match ways.peek() {
        None => first,
        Some(_) => {
            Condition::all().add(ways.fold(Condition::any().add(first), |any, way| any.add(way)))
        }
    }
}

/// What is like both.
pub(super) fn both(one: Option<Condition>, other: Option<Condition>) -> Option<Condition> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Condition::all().add(one).add(other)),
        (one, other) => one.or(other),
    }
}
