//! Who wrote what, left behind by every write.

use chrono::{DateTime, Utc};
use entity::audit;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait,
    sea_query::{ExprTrait, Query, SelectStatement},
};
use serde_json::Value as Json;

use super::By;
use crate::{access::Role, database::Transaction, error::Error, query::column};

/// What a write left behind. No other write leaves the same: one that was lost shares its number
/// with another at the most, never its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed {
    number: i64,
    at: DateTime<Utc>,
}

impl Signed {
    /// Selects from the row that is there exactly when the write was kept.
    pub(super) fn proof(&self) -> SelectStatement {
        let of = column::<audit::Entity>;
        Query::select()
            .from(audit::Entity)
            .and_where(of(audit::Column::Id).eq(self.number))
            .and_where(of(audit::Column::RecordedAt).eq(entity::DateTime::from(self.at)))
            .take()
    }
}

/// Leaves behind who wrote at a time, what came of it by tables, and the revision of the data since
/// that everybody is told.
pub(super) async fn sign(
    transaction: &Transaction,
    by: &By,
    now: DateTime<Utc>,
    revision: i64,
    outcome: Json,
) -> Result<Signed, Error> {
    let By { viewer, operation, reason } = by;
    let row = audit::ActiveModel {
        id: NotSet,
        revision: Set(revision),
        recorded_at: Set(now.into()),
        recorded_by: Set(viewer.name.as_deref().map(str::to_owned)),
        role: Set(viewer.role.unwrap_or(Role::Reader)),
        operation: Set(operation.clone()),
        reason: Set(reason.clone()),
        outcome: Set(outcome),
    };
    let inserted = audit::Entity::insert(row).exec(transaction).await?;
    Ok(Signed { number: inserted.last_insert_id, at: now })
}
