//! Who wrote what, left behind by every write.

use chrono::{DateTime, Utc};
use entity::audit;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait,
};
use serde_json::Value as Json;

use super::By;
use crate::{access::Role, database::Transaction, error::Error};

/// Leaves behind who wrote at a time, what came of it by tables, and the revision of the data since.
pub(super) async fn sign(
    transaction: &Transaction,
    by: &By,
    now: DateTime<Utc>,
    revision: i64,
    outcome: Json,
) -> Result<(), Error> {
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
    audit::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}
