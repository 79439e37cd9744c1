//! What the figures of a group have in common.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use entity::{
    Frequency, Period,
    vocabulary::{Comparator, DistrictKind, ObservationStatus},
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{District, Initiative, Metric, Node, Source, Theme, Unit, lookup::reference};
use crate::{
    error::Error,
    query::{Dimension, View},
};

/// What the figures of a group have in common.
pub struct ObservationGroupKey {
    pub(super) view: View,
    pub(super) dimensions: Arc<[Dimension]>,
    pub(super) values: Vec<Json>,
}

impl ObservationGroupKey {
    /// The value in a dimension. Fails where the groups are not by it: a null would look like a
    /// group without one.
    fn value(&self, wanted: Dimension) -> Result<&Json> {
        let place = self.dimensions.iter().position(|dimension| *dimension == wanted);
        let value = place.and_then(|place| self.values.get(place));
        Ok(value.ok_or_else(|| {
            let word = async_graphql::resolver_utils::enum_value(wanted);
            Error::input(format!("the groups are not by {word}; add {word} to `by`"))
        })?)
    }

    async fn row<N: Node>(&self, ctx: &Context<'_>, of: Dimension) -> Option<Result<N>> {
        match self.value(of).map(Json::as_i64) {
            Ok(number) => Some(reference(ctx, number?, self.view).await),
            Err(error) => Some(Err(error)),
        }
    }

    fn word<T: DeserializeOwned>(&self, of: Dimension) -> Option<Result<T>> {
        let value = match self.value(of) {
            Ok(Json::Null) => return None,
            Ok(value) => value.clone(),
            Err(error) => return Some(Err(error)),
        };
        Some(serde_json::from_value(value).map_err(|why| Error::internal(why).into()))
    }
}

/// What the figures of a group have in common: in each dimension of `by` its value, null for
/// figures without one. Other dimensions are errors.
#[Object]
impl ObservationGroupKey {
    /// The place.
    async fn district(&self, ctx: &Context<'_>) -> Option<Result<District>> {
        self.row(ctx, Dimension::District).await
    }

    /// The place that the places lie in.
    async fn parent_district(&self, ctx: &Context<'_>) -> Option<Result<District>> {
        self.row(ctx, Dimension::ParentDistrict).await
    }

    /// What sort of place it is.
    async fn district_kind(&self) -> Option<Result<DistrictKind>> {
        self.word(Dimension::DistrictKind)
    }

    /// The metric.
    async fn metric(&self, ctx: &Context<'_>) -> Option<Result<Metric>> {
        self.row(ctx, Dimension::Metric).await
    }

    /// The theme of the metrics.
    async fn theme(&self, ctx: &Context<'_>) -> Option<Result<Theme>> {
        self.row(ctx, Dimension::Theme).await
    }

    /// The unit of the values.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Result<Unit>> {
        self.row(ctx, Dimension::Unit).await
    }

    /// The initiative whose own results they are; null for figures of places.
    async fn initiative(&self, ctx: &Context<'_>) -> Option<Result<Initiative>> {
        self.row(ctx, Dimension::Initiative).await
    }

    /// The source.
    async fn source(&self, ctx: &Context<'_>) -> Option<Result<Source>> {
        self.row(ctx, Dimension::Source).await
    }

    /// The period.
    async fn period(&self) -> Option<Result<Period>> {
        self.word(Dimension::Period)
    }

    /// The calendar year their periods lie in.
    async fn year(&self) -> Option<Result<Period>> {
        self.word(Dimension::Year)
    }

    /// The quarter their periods lie in.
    async fn quarter(&self) -> Option<Result<Period>> {
        self.word(Dimension::Quarter)
    }

    /// The month their periods lie in.
    async fn month(&self) -> Option<Result<Period>> {
        self.word(Dimension::Month)
    }

    /// How long their periods are.
    async fn frequency(&self) -> Option<Result<Frequency>> {
        self.word(Dimension::Frequency)
    }

    /// How good they are.
    async fn status(&self) -> Option<Result<ObservationStatus>> {
        self.word(Dimension::Status)
    }

    /// How the values relate to the true figures.
    async fn comparator(&self) -> Option<Result<Comparator>> {
        self.word(Dimension::Comparator)
    }
}
