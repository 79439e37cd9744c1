//! The root: of each field, which part of the root answers it. Found by its name, for a request asks
//! for few of the many there are.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaField, MetaTypeId, Registry},
    resolver_utils::resolve_container,
};
use futures_util::{FutureExt, future::BoxFuture};

use super::{
    audit, changes, claim, compare, dataset, district, group, import_progress, initiative, metric,
    node, observation, organization, rows, search, source, theme, unit, viewer,
};

/// Where every question starts.
#[derive(Debug, Default)]
pub struct Query;

/// Some fields of the root.
struct Part {
    fields: fn(&mut Registry) -> IndexMap<String, MetaField>,
    resolve: Resolve,
}

/// Answers a field of a part.
type Resolve = for<'c> fn(&'c Context<'c>) -> BoxFuture<'c, ServerResult<Option<Value>>>;

impl Part {
    const fn of<P: ObjectType + Default>() -> Self {
        Self {
            fields: |registry| match registry.create_fake_output_type::<P>().fields() {
                Some(fields) => fields.clone(),
                None => IndexMap::new(),
            },
            resolve: |ctx| async move { P::default().resolve_field(ctx).await }.boxed(),
        }
    }
}

/// The parts that answer something else than rows of a topic.
const PARTS: [Part; 9] = [
    Part::of::<dataset::DatasetQuery>(),
    Part::of::<node::NodeQuery>(),
    Part::of::<search::SearchQuery>(),
    Part::of::<group::GroupQuery>(),
    Part::of::<compare::CompareQuery>(),
    Part::of::<audit::AuditQuery>(),
    Part::of::<import_progress::ImportQuery>(),
    Part::of::<viewer::ViewerQuery>(),
    Part::of::<changes::ChangesQuery>(),
];

macro_rules! topic_parts {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// The parts that find and list the rows of a topic.
        const TOPICS: &[Part] = &[$($(Part::of::<$topic::$query>(),)?)+];
    };
}

topics!(topic_parts);

/// Who answers each field.
static BY_FIELD: LazyLock<HashMap<String, Resolve>> = LazyLock::new(|| {
    let mut registry = Registry::default();
    let of_part = |part: &Part| {
        let names = (part.fields)(&mut registry).into_keys();
        names.map(|name| (name, part.resolve)).collect::<Vec<_>>()
    };
    PARTS.iter().chain(TOPICS).flat_map(of_part).collect()
});

impl ContainerType for Query {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match BY_FIELD.get(ctx.item.node.name.node.as_str()) {
            Some(resolve) => resolve(ctx).await,
            None => Ok(None),
        }
    }
}

impl OutputType for Query {
    fn type_name() -> Cow<'static, str> {
        "Query".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let fields = PARTS.iter().chain(TOPICS).flat_map(|part| (part.fields)(registry));
            let fields = fields.collect();
            rows::field::object(&Self::type_name(), "Where every question starts.", fields)
        })
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ObjectType for Query {}
