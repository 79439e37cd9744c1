//! The newest figure of a place.

use std::sync::Arc;

use async_graphql::{Context, Result};
use entity::{Frequency, district, initiative, metric, observation};

use super::{Ask, Node, Observation, slug::named};
use crate::{
    error::Error,
    query::{Choice, Chosen, Sought, View},
};

/// Which figure is wanted.
pub(super) struct Latest {
    pub(super) view: View,
    pub(super) metric: Arc<metric::Model>,
    pub(super) place: Arc<district::Model>,
    pub(super) initiative: Option<String>,
    pub(super) frequency: Option<Frequency>,
}

impl Latest {
    /// The newest figure of the longest periods there are: the place's own, or that of the one
    /// initiative that has one. Fails where several have.
    pub(super) async fn load(self, ctx: &Context<'_>) -> Result<Option<Observation>> {
        let Self { view, metric, place, initiative, frequency } = self;
        let initiative = self::initiative(ctx, initiative.as_deref(), view).await?;
        let sought =
            Sought { metric: metric.id, district: place.id, initiative, period: None, frequency };
        let found = chosen(ctx, &sought, view).await?;
        if let Err(rivals) = &found {
            return Err(ambiguous(&metric.slug, &place.slug, rivals).into());
        }
        Ok(found.ok().flatten().map(|row| Observation::new(row, view)))
    }
}

/// The number of the initiative with a slug.
pub(super) async fn initiative(
    ctx: &Context<'_>,
    slug: Option<&str>,
    view: View,
) -> Result<Option<i64>> {
    let Some(slug) = slug else { return Ok(None) };
    let row = named::<initiative::Entity>(ctx, "initiative", slug, view).await?;
    Ok(Some(row.id))
}

/// A figure, if there is one; or else the slugs of the initiatives that each have one, where the
/// place has none of its own.
pub(super) async fn chosen(
    ctx: &Context<'_>,
    sought: &Sought,
    view: View,
) -> Result<Result<Option<Arc<observation::Model>>, Arc<[String]>>> {
    Ok(match ctx.batch()?.load(Choice(view), sought.clone()).await? {
        Some(Chosen { rivals, .. }) if rivals.len() > 1 => Err(rivals),
        found => Ok(found.map(|chosen| chosen.figure)),
    })
}

/// How many initiatives a message names.
const MOST_NAMED: usize = 5;

/// That several initiatives have what the place has not.
pub(super) fn several(metric: &str, place: &str, rivals: &[String]) -> String {
    let named = rivals.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = if rivals.len() > MOST_NAMED { " and others" } else { "" };
    format!(
        "{place} has no figure of {metric} of its own, and several initiatives have one: \
         {named}{more}; choose by `initiative`"
    )
}

/// The same as a failure of a field that has no room for a reason.
pub(super) fn ambiguous(metric: &str, place: &str, rivals: &[String]) -> Error {
    Error::Ambiguous(several(metric, place, rivals).into())
}
