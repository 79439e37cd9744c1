//! Fields that are computed: functions of their own, called for all rows together.

use async_graphql::{ComplexObject, Positioned, QueryPathNode, parser::types::Field};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use super::{
    Env, field_path,
    relation::Resolve,
    values::{Values, write_value},
};

/// A field that is computed, as it is asked for.
pub(super) struct ComputedField<'a>(pub(super) &'a Positioned<Field>);

impl<N: ComplexObject + Send + Sync> Resolve<N> for ComputedField<'_> {
    fn values<'b>(
        &'b self,
        env: Env<'b>,
        rows: &'b [N],
        paths: &'b [QueryPathNode<'b>],
    ) -> BoxFuture<'b, Values> {
        let key = &self.0.node.response_key().node;
        async move {
            let each = rows.iter().zip(paths).map(|(row, path)| async move {
                let ctx = env.at(Some(field_path(path, key)), self.0);
                row.resolve_field(&ctx).await
            });
            let mut values = Values::with_capacity(rows.len());
            for value in join_all(each).await {
                values.push(|to| {
                    write_value(&value.map_err(Box::new)?.unwrap_or_default(), to);
                    Ok(())
                });
            }
            values
        }
        .boxed()
    }
}
