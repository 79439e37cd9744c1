//! Keeping what was written, all of it or nothing.

use entity::dataset;
use sea_orm::{
    EntityTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{Dataset, Outcome, Writer, idempotency, sign::sign};
use crate::{error::Error, event, query::column};

impl Writer {
    /// Brings everything to where it belongs, and tells what would be changed. Fails with all that
    /// is wrong.
    pub async fn settle(&mut self) -> Result<&Outcome, Error> {
        self.end_family().await?;
        self.merge().await?;
        if !self.problems.is_empty() {
            return Err(Error::Rejected(std::mem::take(&mut self.problems).into()));
        }
        Ok(&self.outcome)
    }

    /// Keeps what was written, and raises the revision of the data if anything is other than
    /// before. Whoever follows them is told before this returns, on whatever instance.
    pub async fn commit(mut self) -> Result<Outcome, Error> {
        self.settle().await?;
        if !self.changes() {
            match &self.remembered {
                Some(key) => drop(self.transaction.commit(&idempotency::row(key)).await?),
                None => self.transaction.rollback().await,
            }
            return Ok(self.outcome);
        }
        if self.is_empty().await? {
            let title = [("en".to_owned(), "Data set".to_owned())].into_iter().collect();
            let (description, licence, version) = (None, None, None);
            let slug = "dataset".to_owned();
            self.describe(Dataset { slug, title, description, licence, version }).await?;
        }
        let outcome = serde_json::to_value(self.outcome.changed()).map_err(Error::internal)?;
        let signed = sign(&self.transaction, &self.by, self.now, self.told(), outcome).await?;
        self.raise().await?;
        let revision = event::announce(&self.transaction).await?;
        if self.bulk {
            self.transaction.analyze().await?;
        }
        let mut proof = signed.proof();
        proof.expr_as(event::deaf(&self.database, revision), "deaf");
        let look = self.database.look();
        let seen = self.transaction.commit(&proof).await?;
        self.database.learn(look, revision);
        // Asked with the proof: most often there is nobody to wait for.
        if seen.try_get::<i64>("", "deaf")? > 0 {
            event::wait_until_heard(&self.database, revision).await;
        }
        Ok(self.outcome)
    }

    /// Keeps nothing of what was written.
    pub async fn rollback(self) {
        self.transaction.rollback().await;
    }

    /// Raises the revision of the data, and that which everybody is told where they may see any of
    /// it.
    async fn raise(&self) -> Result<(), Error> {
        use dataset::Column;
        let all = (Column::Revision, Column::ChangedAt);
        let public = self.public.then_some((Column::PublicRevision, Column::PublicChangedAt));
        let now = entity::DateTime::from(self.now);
        let raised = [all].into_iter().chain(public);
        let raised =
            raised.fold(dataset::Entity::update_many(), |update, (revision, changed_at)| {
                update
                    .col_expr(revision, column::<dataset::Entity>(revision).add(1))
                    .col_expr(changed_at, Expr::val(now))
            });
        raised.exec(&self.transaction).await?;
        Ok(())
    }

    /// The revision of the data that everybody is told after this.
    pub(super) fn told(&self) -> i64 {
        self.revision - i64::from(!self.public)
    }

    /// Whether anything is other than before.
    fn changes(&self) -> bool {
        self.outcome.changes() || self.described
    }
}
