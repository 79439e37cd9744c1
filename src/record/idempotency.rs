//! Writes that a client may send again, not knowing what became of them: by the key it gives each
//! (`Idempotency-Key`), a write is done once, and told as it was done then.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Quoted,
    idempotency_key::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use serde_json::Value as Json;

use super::Writer;
use crate::{error::Error, query::column};

/// For how long a key is known.
const KNOWN_FOR: TimeDelta = TimeDelta::days(1);

/// The key of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose it is: the name of their token.
    pub holder: String,
    /// What they call it.
    pub key: String,
    /// The SHA-256 of what was sent with it, in hexadecimal.
    pub fingerprint: String,
}

/// What a write with a key came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The revision of the data after it, as everybody is told.
    pub revision: i64,
    /// What each of its fields did.
    pub answer: Json,
}

impl Writer {
    /// What the write with this key came to; none where it is not known, or not any more. Fails
    /// with [`Error::KeyReused`] where something else was sent with it.
    pub async fn known(&self, key: &Key) -> Result<Option<Known>, Error> {
        let own = Entity::find().filter(Column::Holder.eq(&key.holder));
        let found = own.filter(Column::Key.eq(&key.key)).one(&self.transaction).await?;
        let kept = found.filter(|found| DateTime::from(found.recorded_at) > oldest(self.now));
        let Some(Model { fingerprint, revision, answer, .. }) = kept else { return Ok(None) };
        if fingerprint != key.fingerprint {
            let message = format!(
                "the `Idempotency-Key` {} came with another request before; give each write a key \
                 of its own",
                Quoted(&key.key)
            );
            return Err(Error::KeyReused(message.into()));
        }
        Ok(Some(Known { revision, answer }))
    }

    /// Has it known from now on what the write with this key comes to. Keys that are too old are
    /// forgotten.
    pub async fn remember(&mut self, key: Key, answer: Json) -> Result<(), Error> {
        self.settle().await?;
        let old = Entity::delete_many()
            .filter(Column::RecordedAt.lte(entity::DateTime::from(oldest(self.now))));
        old.exec(&self.transaction).await?;
        let row = ActiveModel {
            id: NotSet,
            holder: Set(key.holder.clone()),
            key: Set(key.key.clone()),
            fingerprint: Set(key.fingerprint.clone()),
            recorded_at: Set(self.now.into()),
            revision: Set(self.told()),
            answer: Set(answer),
        };
        Entity::insert(row).exec_without_returning(&self.transaction).await?;
        self.remembered = Some(key);
        Ok(())
    }
}

/// Selects from the row of a key.
pub(super) fn row(key: &Key) -> SelectStatement {
    let of = column::<Entity>;
    Query::select()
        .expr_as(Expr::val(0_i64), "deaf")
        .from(Entity)
        .and_where(of(Column::Holder).eq(key.holder.as_str()))
        .and_where(of(Column::Key).eq(key.key.as_str()))
        .take()
}

/// Until when keys are too old.
fn oldest(now: DateTime<Utc>) -> DateTime<Utc> {
    now - KNOWN_FOR
}
