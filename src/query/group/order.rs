//! Orders of groups.

use async_graphql::{InputObject, resolver_utils::enum_value};
use sea_orm::{DbBackend, sea_query::Expr};

use super::{Dimension, Kind, Measure, Part, layers::key_alias};
use crate::{
    error::Error,
    query::{Direction, Nulls, term::Term},
};

/// One key of the order of groups: a measure or a dimension. Groups alike in the first key of a
/// list are ordered by the second, and so on; those alike in all of them, by their own keys:
/// places, metrics and other rows as they were loaded, periods from the earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, InputObject)]
#[graphql(name = "ObservationGroupOrder")]
pub struct GroupOrder {
    /// What was computed of the groups. Either this or `dimension`.
    pub measure: Option<Measure>,
    /// One of those the groups are by: places, metrics and other rows by their slug, letter by
    /// letter. Either this or `measure`.
    pub dimension: Option<Dimension>,
    /// Smallest or largest first.
    #[graphql(default)]
    pub direction: Direction,
    /// Where groups without a value go.
    #[graphql(default)]
    pub nulls: Nulls,
}

impl GroupOrder {
    /// Fails where it names both or neither, or a dimension that the groups do not have.
    pub fn check(&self, dimensions: &[Dimension]) -> Result<(), Error> {
        match (self.measure, self.dimension) {
            (Some(_), None) => Ok(()),
            (None, Some(dimension)) if dimensions.contains(&dimension) => Ok(()),
            (None, Some(dimension)) => {
                let word = enum_value(dimension);
                Err(Error::input(format!(
                    "`orderBy.dimension` is {word}, but the groups are not by it; add {word} to \
                     `by`"
                )))
            }
            _ => Err(Error::input(
                "`orderBy` must have either `measure` or `dimension` in each of its keys",
            )),
        }
    }

    pub(super) fn term(
        &self,
        dimensions: &[Dimension],
        parts: &[Part],
        backend: DbBackend,
    ) -> Term {
        let place = self
            .dimension
            .and_then(|wanted| dimensions.iter().position(|dimension| *dimension == wanted));
        let decimal = self.measure.is_some_and(Measure::is_decimal);
        let expr = match (self.measure, place) {
            (Some(measure), _) => measure.expr(parts, backend),
            (None, Some(place)) => by_dimension(dimensions[place], place),
            (None, None) => Expr::cust("NULL"),
        };
        let cast = (decimal && backend == DbBackend::Postgres).then_some("numeric");
        Term { expr, direction: self.direction, nulls: Some(self.nulls), cast }
    }
}

/// The value in a dimension: a row's slug, or the text itself.
fn by_dimension(dimension: Dimension, place: usize) -> Expr {
    let key = key_alias(place);
    Expr::cust(match dimension.kind() {
        Kind::Row(table) => {
            format!("(SELECT {table}.slug FROM {table} WHERE {table}.id = g.{key})")
        }
        Kind::Text => format!("g.{key}"),
    })
}

/// The value in a dimension as it is kept, the last word in every order: a column of a layer of the
/// statement.
pub(super) fn key_term(dimension: Dimension, key: (&'static str, String)) -> Term {
    let nulls = dimension.can_be_null().then_some(Nulls::Last);
    Term { expr: Expr::col(key), direction: Direction::Asc, nulls, cast: None }
}
