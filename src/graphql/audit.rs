//! The audit log: who wrote what, for admins.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use entity::{Decimal, audit};
use serde_json::Value as Json;

use super::{
    Ask,
    page::{Paged, PagedConnection, Pages},
};
use crate::{
    access::{self, Permission, Viewer},
    error::Error,
    query::{
        Limits, Page,
        audit::{Audit, Writes},
        parent::ROOT,
    },
};

/// Declares the types that writes are counted by.
macro_rules! written {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// The type that is made of the rows of a table; its own name, where that is none.
        fn type_of(table: &str) -> String {
            match table {
                $(stringify!($topic) => stringify!($object).to_owned(),)+
                other => other.to_owned(),
            }
        }
    };
}

topics!(written);

/// One write, of however many rows: all of it was recorded, or nothing; or that a token was granted
/// or withdrawn.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct AuditEntry {
    #[graphql(flatten)]
    row: Arc<audit::Model>,
}

/// How many objects of a type a write created, updated and removed.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct AuditCount {
    /// The type, such as `Observation`.
    r#type: String,
    /// How many are new.
    created: i32,
    /// How many were changed; of figures: corrected.
    updated: i32,
    /// How many were removed; of figures: retracted.
    removed: i32,
}

#[ComplexObject]
impl AuditEntry {
    /// The revision of the data after it (`dataset { revision }`): the one a write made, or the one
    /// there was when nothing but what is under embargo was recorded, or a token was granted or
    /// withdrawn.
    async fn revision(&self) -> Decimal {
        self.row.revision.into()
    }

    /// What it did to the data, by type, in the order of the types' names.
    async fn outcome(&self) -> Vec<AuditCount> {
        let tables = self.row.outcome.as_object().into_iter().flatten();
        let mut counts: Vec<AuditCount> = tables
            .map(|(table, counts)| {
                let count = |name: &str| {
                    let number = counts.get(name).and_then(Json::as_i64).unwrap_or_default();
                    i32::try_from(number).unwrap_or(i32::MAX)
                };
                AuditCount {
                    r#type: type_of(table),
                    created: count("created"),
                    updated: count("updated"),
                    removed: count("removed"),
                }
            })
            .collect();
        counts.sort_by(|one, other| one.r#type.cmp(&other.r#type));
        counts
    }
}

/// The field of the root that tells who wrote what.
#[derive(Debug, Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Who wrote what, under embargo or not, and which tokens were granted and withdrawn, the newest
    /// first. It needs the role ADMIN; everybody else gets the error FORBIDDEN.
    #[graphql(cache_control(no_cache))]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many writes, the newest first: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only writes older than the one with this cursor.")] after: Option<String>,
        #[graphql(
            desc = "How many writes, counted from the oldest: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(desc = "Only writes newer than the one with this cursor.")] before: Option<
            String,
        >,
    ) -> Option<Result<PagedConnection<Arc<Audit>>>> {
        let log = || {
            access::require(ctx.data::<Viewer>()?, Permission::ReadAudit)?;
            let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
            Ok(PagedConnection(Arc::new(Audit::new(page)?)))
        };
        Some(log())
    }
}

impl Pages for Arc<Audit> {
    type Item = AuditEntry;

    async fn page(&self, ctx: &Context<'_>) -> Result<Paged<AuditEntry>> {
        let entries = ctx.batch()?.load(Self::clone(self), ROOT).await?;
        let entries = entries.ok_or_else(|| Error::internal("the log was not answered"))?;
        Ok(entries.map(|row| AuditEntry { row: Arc::clone(row) }))
    }

    fn cursor(&self, entry: &AuditEntry) -> Result<String> {
        Ok(Audit::cursor(&entry.row))
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(ctx.batch()?.load(Writes, ROOT).await?.unwrap_or(0))
    }
}
