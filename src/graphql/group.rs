//! Groups of figures.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{Context, Object, Result, SelectionField};
use entity::{Date, DateTime};

use super::{
    Ask, Connection, Figures, ListArguments, Observation, ObservationFilter, ObservationOrder,
    Side,
    group_key::ObservationGroupKey,
    list,
    page::{Paged, PagedConnection, Pages},
    past, summary,
};
use crate::{
    error::Error,
    query::{
        Dimension, Limits, Page, View,
        group::{Group, GroupHaving, GroupOrder, Groups, Measure, Part},
        parent::ROOT,
    },
};

/// How many dimensions figures can be grouped by at once.
const MOST_DIMENSIONS: usize = 6;

/// The field of the root that groups figures.
#[derive(Debug, Default)]
pub struct GroupQuery;

#[Object]
impl GroupQuery {
    /// The figures in force, grouped by what they have in common, and what can be computed of each
    /// group: counts, sums, means, percentiles. One statement for all groups. Figures of different
    /// metrics or units in one group cannot be added up: group by METRIC, or filter to one.
    #[expect(clippy::too_many_arguments, reason = "the arguments of every list, and its own")]
    async fn observation_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What the figures of a group have in common: up to 6 dimensions, each once. With none, all figures are one group."
        )]
        by: Vec<Dimension>,
        #[graphql(desc = "Which figures; all when left out.")] filter: Option<
            Arc<ObservationFilter>,
        >,
        #[graphql(desc = "Which groups; all when left out. Its measures must be selected.")]
        having: Option<GroupHaving>,
        #[graphql(
            desc = "In which order. When left out, by the dimensions one after the other: places, metrics and other rows as they were loaded, periods from the earliest."
        )]
        order_by: Option<Vec<GroupOrder>>,
        #[graphql(
            desc = "How many groups: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only groups after the one with this cursor.")] after: Option<String>,
        #[graphql(
            desc = "How many groups, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(desc = "Only groups before the one with this cursor.")] before: Option<String>,
        #[graphql(
            desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise."
        )]
        as_of: Option<DateTime>,
        #[graphql(
            desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen."
        )]
        known_on: Option<Date>,
    ) -> Option<Result<PagedConnection<GroupPages>>> {
        let groups = async {
            let view = past::view(ctx, ctx.batch()?.view(), as_of, known_on).await?;
            let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
            check(&by)?;
            let order = order_by.unwrap_or_default();
            for key in &order {
                key.check(&by)?;
            }
            let selected = selected(ctx);
            if let Some(having) = &having {
                let unselected = having
                    .measures()
                    .into_iter()
                    .find(|measure| !selected.iter().any(|field| field.name() == measure.field()));
                if let Some(measure) = unselected.map(Measure::field) {
                    return Err(Error::input(format!(
                        "`having.{measure}` is set, but `{measure}` is not selected; select it, so \
                         that the answer shows why a group is in it"
                    ))
                    .into());
                }
            }
            let mut parts: BTreeSet<Part> = selected.iter().flat_map(summary::parts_of).collect();
            parts.extend(order.iter().filter_map(|key| key.measure).flat_map(Measure::parts));
            let parts = parts.into_iter().collect();
            let groups = Groups::new(view, by, filter, having, order, parts, page)?;
            Ok(PagedConnection(GroupPages(Arc::new(groups))))
        };
        Some(groups.await)
    }
}

fn check(by: &[Dimension]) -> Result<(), Error> {
    if by.len() > MOST_DIMENSIONS {
        let given = by.len();
        return Err(Error::input(format!(
            "`by` has {given} dimensions, but may have {MOST_DIMENSIONS} at the most"
        )));
    }
    let mut met = BTreeSet::new();
    match by.iter().find(|dimension| !met.insert(**dimension)) {
        Some(twice) => Err(Error::input(format!(
            "`by` has {} twice; give each dimension once",
            async_graphql::resolver_utils::enum_value(*twice)
        ))),
        None => Ok(()),
    }
}

/// The fields selected of each group, by `nodes` or by `edges`.
fn selected<'a>(ctx: &'a Context<'_>) -> Vec<SelectionField<'a>> {
    let mut fields = Vec::new();
    for field in ctx.field().selection_set() {
        match field.name() {
            "nodes" => fields.extend(field.selection_set()),
            "edges" => {
                let nodes = field.selection_set().filter(|field| field.name() == "node");
                fields.extend(
                    nodes.collect::<Vec<_>>().iter().flat_map(SelectionField::selection_set),
                );
            }
            _ => {}
        }
    }
    fields
}

/// The groups of a question.
pub struct GroupPages(Arc<Groups>);

impl Pages for GroupPages {
    type Item = ObservationGroup;

    async fn page(&self, ctx: &Context<'_>) -> Result<Paged<ObservationGroup>> {
        let page = ctx.batch()?.load(Arc::clone(&self.0), ROOT).await?;
        let page = page.ok_or_else(|| Error::internal("groups were not answered"))?;
        let item = |group: &Group| {
            let dimensions = Arc::clone(&self.0.dimensions);
            let (view, filter, group) = (self.0.view, self.0.filter.clone(), group.clone());
            ObservationGroup { view, dimensions, filter, group }
        };
        Ok(page.map(item))
    }

    fn cursor(&self, group: &ObservationGroup) -> Result<String> {
        Ok(self.0.cursor(&group.group)?)
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(ctx.batch()?.load(Arc::new(self.0.total()), ROOT).await?.unwrap_or(0))
    }
}

/// Figures that have something in common.
#[derive(Clone)]
pub struct ObservationGroup {
    view: View,
    dimensions: Arc<[Dimension]>,
    filter: Option<Arc<ObservationFilter>>,
    group: Group,
}

/// Figures that have something in common, and what can be computed of them.
#[Object]
impl ObservationGroup {
    /// What they have in common.
    async fn key(&self) -> Result<ObservationGroupKey> {
        let values = serde_json::from_str(&self.group.key).map_err(Error::internal)?;
        let (view, dimensions) = (self.view, Arc::clone(&self.dimensions));
        Ok(ObservationGroupKey { view, dimensions, values })
    }

    #[graphql(flatten)]
    async fn figures(&self) -> Figures {
        Figures::of_group(
            self.view,
            Arc::clone(&self.dimensions),
            Arc::clone(&self.group.key),
            self.filter.clone(),
            Arc::clone(&self.group.parts),
        )
    }

    /// The figures themselves, the newest period first: with `orderBy` and `first`, the top few of
    /// each group.
    #[expect(clippy::too_many_arguments, reason = "the arguments of every list")]
    async fn observations(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows, counted from the start: from 1 to the server's limit (1000 unless configured). 50 rows unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(
            desc = "How many rows, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows of the group; all when left out.")] filter: Option<
            Arc<ObservationFilter>,
        >,
        #[graphql(
            desc = "In which order: by the first key, rows alike in it by the second, and so on. The newest period first when left out."
        )]
        order_by: Option<Vec<ObservationOrder>>,
        #[graphql(
            desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise."
        )]
        as_of: Option<DateTime>,
        #[graphql(
            desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen."
        )]
        known_on: Option<Date>,
    ) -> Option<Result<Connection<Observation>>> {
        let side = Side::Group(Arc::clone(&self.dimensions), Arc::clone(&self.group.key));
        let filter = match (&self.filter, filter) {
            (Some(own), Some(filter)) => {
                let both = [own.as_ref(), &filter].map(Clone::clone).to_vec();
                Some(ObservationFilter { and: Some(both), ..Default::default() }.into())
            }
            (own, filter) => filter.or_else(|| own.clone()),
        };
        let wanted = ListArguments { first, after, last, before, filter, order_by };
        let view = past::view(ctx, self.view, as_of, known_on).await;
        Some(view.and_then(|view| list(ctx, view, side, &wanted)))
    }
}
