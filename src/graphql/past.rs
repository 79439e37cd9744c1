//! The past as arguments: `asOf` and `knownOn`.

use async_graphql::{Context, Result};
use entity::{Date, DateTime};

use super::Ask;
use crate::{
    database::Settled,
    error::Error,
    query::{
        View,
        past::{self, Settling},
    },
};

/// From where a field and all that is reached from it are seen, given from where what is around it
/// is. Only of what has been are there answers that stay as they are, so a moment to come is
/// refused; a day to come is not.
pub(super) async fn view(
    ctx: &Context<'_>,
    around: View,
    as_of: Option<DateTime>,
    known_on: Option<Date>,
) -> Result<View> {
    view_by(ctx, "asOf", around, as_of, known_on).await
}

/// The same where another argument says it.
pub(super) async fn view_by(
    ctx: &Context<'_>,
    argument: &str,
    around: View,
    as_of: Option<DateTime>,
    known_on: Option<Date>,
) -> Result<View> {
    if let Some(moment) = as_of {
        let batch = ctx.batch()?;
        let settled = match batch.database().is_settled(moment) {
            true => Some(Settled::Yes),
            false => batch.load(Settling, moment).await?,
        };
        let settled = settled.ok_or_else(|| Error::internal("a moment was not looked at"))?;
        past::check(argument, moment, settled)?;
    }
    Ok(View { as_of: as_of.or(around.as_of), known_on: known_on.or(around.known_on), ..around })
}
