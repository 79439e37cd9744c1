//! The past as arguments: `asOf` and `knownOn`.

use async_graphql::{Context, Result};
use entity::{Date, DateTime};

use super::Ask;
use crate::{error::Error, query::View};

/// From where a field and all that is reached from it are seen, given from where what is around it
/// is. Only of what has been are there answers that stay as they are, so a moment to come is
/// refused; a day to come is not.
pub(super) fn view(
    ctx: &Context<'_>,
    around: View,
    as_of: Option<DateTime>,
    known_on: Option<Date>,
) -> Result<View> {
    let now = ctx.batch()?.now();
    if let Some(moment) = as_of.filter(|moment| *moment > now) {
        return Err(Error::input(format!(
            "`asOf` is {moment}, but it is only {now} here; give a moment that has passed, or leave \
             it out for now"
        ))
        .into());
    }
    let writing = ctx.batch()?.database().writing_since();
    if let Some((moment, begun)) = as_of.zip(writing).filter(|(moment, begun)| moment >= begun) {
        return Err(Error::input(format!(
            "`asOf` is {moment}, but what is written since {begun} is not there yet; give a moment \
             before, or ask again once it is"
        ))
        .into());
    }
    Ok(View { as_of: as_of.or(around.as_of), known_on: known_on.or(around.known_on), ..around })
}
