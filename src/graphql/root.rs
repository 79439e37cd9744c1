//! The root: its fields, and by the name of each the part of the schema that answers it.

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

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
struct RootPart {
    fields: fn(&mut Registry) -> IndexMap<String, MetaField>,
    resolve: Resolve,
}

/// Answers a field of a part.
type Resolve = for<'c> fn(&'c Context<'c>) -> BoxFuture<'c, ServerResult<Option<Value>>>;

impl RootPart {
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
const PARTS: [RootPart; 9] = [
    RootPart::of::<dataset::DatasetQuery>(),
    RootPart::of::<node::NodeQuery>(),
    RootPart::of::<search::SearchQuery>(),
    RootPart::of::<group::GroupQuery>(),
    RootPart::of::<compare::CompareQuery>(),
    RootPart::of::<audit::AuditQuery>(),
    RootPart::of::<import_progress::ImportQuery>(),
    RootPart::of::<viewer::ViewerQuery>(),
    RootPart::of::<changes::ChangesQuery>(),
];

macro_rules! topic_parts {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// The parts that find and list the rows of a topic.
        const TOPICS: &[RootPart] = &[$($(RootPart::of::<$topic::$query>(),)?)+];
    };
}

topics!(topic_parts);

/// What answers each field, known once the schema was built.
static BY_FIELD: OnceLock<HashMap<String, Resolve>> = OnceLock::new();

impl ContainerType for Query {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let by_field = BY_FIELD.get();
        match by_field.and_then(|by_field| by_field.get(ctx.item.node.name.node.as_str())) {
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
            let (mut fields, mut by_field) = (IndexMap::new(), HashMap::new());
            for part in PARTS.iter().chain(TOPICS) {
                let own = (part.fields)(registry);
                by_field.extend(own.keys().map(|name| (name.clone(), part.resolve)));
                fields.extend(own);
            }
            BY_FIELD.get_or_init(|| by_field);
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
