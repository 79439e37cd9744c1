//! Any object by its id.

use std::{borrow::Cow, collections::HashSet};

use async_graphql::{
    Context, ContextSelectionSet, ID, Object, OutputType, Positioned, Result, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaType, MetaTypeId, Registry},
};
use entity::Quoted;

use super::{Ask, object::Node as _, past, rows};
use crate::{
    error::Error,
    identity::Id,
    query::{Batch, Limits, View},
};

/// From how many places the objects of one field may be seen: each takes statements of its own.
const PLACES_MAX: usize = 10;

/// Declares the interface over all objects that have an id.
macro_rules! nodes {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// An object with an id that no other object of the schema has (Relay's Node).
        #[derive(Debug, Clone)]
        pub enum Node {
            $(
                #[doc = concat!("A ", stringify!($object), ".")]
                $object(Box<$crate::graphql::$object>),
            )+
        }

        $(
            impl From<$crate::graphql::$object> for Node {
                fn from(object: $crate::graphql::$object) -> Self {
                    Self::$object(Box::new(object))
                }
            }
        )+

        impl OutputType for Node {
            fn type_name() -> Cow<'static, str> {
                "Node".into()
            }

            fn introspection_type_name(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$object(_) => $crate::graphql::$object::type_name(),)+
                }
            }

            fn create_type_info(registry: &mut Registry) -> String {
                registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
                    $(
                        $crate::graphql::$object::create_type_info(registry);
                        registry.add_implements(stringify!($object), "Node");
                    )+
                    interface([$(stringify!($object)),+], ID::create_type_info(registry))
                })
            }

            async fn resolve(
                &self,
                ctx: &ContextSelectionSet<'_>,
                _: &Positioned<Field>,
            ) -> ServerResult<Value> {
                match self {
                    $(Self::$object(object) => rows::resolve(&**object, ctx).await,)+
                }
            }
        }

        /// The object with an id, seen from where it says; none where there is none.
        pub(super) async fn find(batch: &Batch, id: &Id, view: View) -> Result<Option<Node>> {
            match id.kind.as_str() {
                $($crate::graphql::$object::KIND => {
                    let found = $crate::graphql::$object::find(batch, id, view).await?;
                    Ok(found.map(Node::from))
                })+
                _ => Ok(None),
            }
        }
    };
}

topics!(nodes);

/// The interface as the schema has it.
fn interface(types: impl IntoIterator<Item = &'static str>, id: String) -> MetaType {
    let field = rows::field::meta("id", "The id. Opaque.", IndexMap::new(), id);
    MetaType::Interface {
        name: Node::type_name().into_owned(),
        description: Some(
            "An object with an id that no other object of the schema has (Relay's Node)."
                .to_owned(),
        ),
        fields: [("id".to_owned(), field)].into(),
        possible_types: types.into_iter().map(str::to_owned).collect(),
        extends: false,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        keys: None,
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// The fields of the root that find objects by id.
#[derive(Debug, Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null where there is none, or none any more. By the id of a figure
    /// it is the version in force, by that of what was seen from the past it is seen from there.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id that this server gave, such as that of a district.")]
        id: async_graphql::ID,
    ) -> Option<Result<Node>> {
        by_id(ctx, &id).await.transpose()
    }

    /// The objects with these ids, in this order; null in the place of each that there is none of.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Ids that this server gave; as many as a page may have rows (1000 unless configured), seen from at most 10 different moments and days."
        )]
        ids: Vec<async_graphql::ID>,
    ) -> Result<Vec<Option<Result<Node>>>> {
        let most = ctx.data::<Limits>()?.page_max as usize;
        if ids.len() > most {
            let given = ids.len();
            return Err(Error::input(format!(
                "`ids` holds {given} ids, but may hold {most} at the most"
            ))
            .into());
        }
        let read = ids.iter().filter_map(|id| Id::parse(id));
        let places: HashSet<_> = read.map(|id| (id.as_of, id.known_on)).collect();
        if places.len() > PLACES_MAX {
            let given = places.len();
            return Err(Error::input(format!(
                "`ids` holds ids that are seen from {given} different moments and days, but they \
                 may be {PLACES_MAX} at the most; ask for the others by themselves"
            ))
            .into());
        }
        let each = ids.iter().map(|id| by_id(ctx, id));
        let found = futures_util::future::join_all(each).await;
        Ok(found.into_iter().map(Result::transpose).collect())
    }
}

async fn by_id(ctx: &Context<'_>, text: &str) -> Result<Option<Node>> {
    let id = Id::parse(text).ok_or_else(|| {
        let text = Quoted(text);
        Error::input(format!("`id` is {text}, which is no id; give one that this server returned"))
    })?;
    let batch = ctx.batch()?;
    let view = past::view_by(ctx, "id", batch.view(), id.as_of, id.known_on).await?;
    find(batch, &id, view).await
}
