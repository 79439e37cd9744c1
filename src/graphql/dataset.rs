//! The data set as a whole.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use entity::{Decimal, dataset};

use super::{Ask, Language, LocalizedText, language};
use crate::query::{Batch, One};

/// The number of the one row there is.
const DATASET: i64 = 1;

/// The data set this server offers, as a whole.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Dataset {
    #[graphql(flatten)]
    row: Arc<dataset::Model>,
}

#[ComplexObject]
impl Dataset {
    /// Its title, in the language wanted or else in the nearest there is.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The language wanted. When left out, those of the request's `Accept-Language` header, best first, or else English."
        )]
        language: Option<Language>,
    ) -> String {
        language::localized(ctx, &self.row.title, language.as_ref()).unwrap_or_default()
    }

    /// `title` in every language there is.
    async fn titles(&self) -> Vec<LocalizedText> {
        language::in_all_languages(&self.row.title)
    }

    /// What it holds and where it is from, in the language wanted or else in the nearest there is.
    async fn description(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The language wanted. When left out, those of the request's `Accept-Language` header, best first, or else English."
        )]
        language: Option<Language>,
    ) -> Option<String> {
        language::localized(ctx, self.row.description.as_ref()?, language.as_ref())
    }

    /// The languages its names and notes are in.
    async fn languages(&self) -> Vec<Language> {
        language::languages(&self.row.title)
    }

    /// How often the data were changed: every committed write raises it by one, but for those that
    /// record nothing but what is under embargo, which nobody is told of here. Equal revisions mean
    /// equal data for all but editors.
    async fn revision(&self) -> Decimal {
        self.row.public_revision.into()
    }
}

/// The field of the root that gives the data set.
#[derive(Debug, Default)]
pub struct DatasetQuery;

#[Object]
impl DatasetQuery {
    /// The data set as a whole; null while the database is empty.
    async fn dataset(&self, ctx: &Context<'_>) -> Option<Result<Dataset>> {
        let found = async { load(ctx.batch()?).await };
        found.await.transpose()
    }
}

/// The data set; none while the database is empty.
pub(super) async fn load(batch: &Batch) -> Result<Option<Dataset>> {
    let one = One::<dataset::Entity, i64>::by(dataset::Column::Id, batch.view());
    Ok(one.load_model(batch, DATASET).await?.map(|row| Dataset { row }))
}
