//! Who asks.

use async_graphql::{Context, Object, Result, SimpleObject};

use crate::access::{self, Permission, Role};

/// Whoever sent the request, as the server knows them by their token.
#[derive(Debug, SimpleObject)]
pub struct Viewer {
    /// The name of their token, by which the audit log has what they write; null without a token.
    name: Option<String>,
    /// What they may do; READER without a token.
    role: Option<Role>,
    /// The same one by one.
    permissions: Vec<Permission>,
}

/// The field of the root that tells who asks.
#[derive(Debug, Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks, and what they may do: the way to try a token. A token that is worth nothing is
    /// not answered at all, but refused with the error UNAUTHENTICATED.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        let viewer = ctx.data::<access::Viewer>().map(|viewer| Viewer {
            name: viewer.name.as_deref().map(str::to_owned),
            role: viewer.role,
            permissions: Permission::of(viewer),
        });
        Some(viewer)
    }
}
