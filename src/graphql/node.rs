//! Any object by its id.

#![allow(missing_docs, reason = "the interface's derive writes a method without a comment")]

use async_graphql::{Context, Interface, Object, Result};

use entity::Quoted;

use super::{Ask, object::Node as _};
use crate::{
    error::Error,
    query::{Batch, Limits},
};

/// Declares the interface over all objects that have an id.
macro_rules! nodes {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// An object with an id that no other object of the schema has (Relay's Node).
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "async_graphql::ID", desc = "The id. Opaque."))]
        pub enum Node {
            $(
                #[doc = concat!("A ", stringify!($object), ".")]
                $object($crate::graphql::$object),
            )+
        }

        async fn find(batch: &Batch, kind: &str, key: &str) -> Result<Option<Node>> {
            match kind {
                $($crate::graphql::$object::KIND => {
                    let found = $crate::graphql::$object::find(batch, key, batch.view()).await?;
                    Ok(found.map(Node::from))
                })+
                _ => Ok(None),
            }
        }
    };
}

topics!(nodes);

/// The fields of the root that find objects by id.
#[derive(Debug, Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null where there is none.
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
            desc = "Ids that this server gave; as many as a page may have rows (1000 unless configured)."
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
        let each = ids.iter().map(|id| by_id(ctx, id));
        let found = futures_util::future::join_all(each).await;
        Ok(found.into_iter().map(Result::transpose).collect())
    }
}

async fn by_id(ctx: &Context<'_>, id: &str) -> Result<Option<Node>> {
    let (kind, key) = id.split_once(':').ok_or_else(|| {
        let id = Quoted(id);
        Error::input(format!("`id` is {id}, which is no id; give one that this server returned"))
    })?;
    find(ctx.batch()?, kind, key).await
}
