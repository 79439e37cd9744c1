//! Fields that are computed: functions of their own, called for all rows together.

use async_graphql::{Positioned, parser::types::Field};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use super::{
    Env, field_path,
    relation::Resolve,
    seen::Level,
    values::{Values, Written, write_value},
};
use crate::graphql::Node;

/// A field that is computed, as it is asked for.
pub(super) struct ComputedField<'a>(pub(super) &'a Positioned<Field>);

impl<N: Node> Resolve<N> for ComputedField<'_> {
    fn load<'l, 'b: 'l>(
        &'b self,
        env: Env<'b>,
        level: Level<'l, N>,
    ) -> BoxFuture<'l, Box<dyn Written + 'b>> {
        let key = &self.0.node.response_key().node;
        async move {
            let each = level.objects.iter().zip(level.paths).map(|(object, path)| async move {
                let ctx = env.at(Some(field_path(path, key)), self.0);
                object.resolve_field(&ctx).await
            });
            let mut values = Values::with_capacity(level.objects.len());
            for value in join_all(each).await {
                values.push(|to| {
                    write_value(&value.map_err(Box::new)?.unwrap_or_default(), to);
                    Ok(())
                });
            }
            Box::new(values) as Box<dyn Written>
        }
        .boxed()
    }
}
