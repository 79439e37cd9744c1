//! The fields of the root that find and list rows of a table.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, Result,
    ServerResult, Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaTypeId, Registry},
};
use entity::{Date, DateTime};

use super::{
    Env, ROOT,
    field::{argument, meta, object},
    list::{arguments, list_arguments, moments},
    selection::Selection,
};
use crate::graphql::{Ask, Connection, ListArguments, Node, Side, list, past, slug};

/// An object that the root finds and lists.
pub trait RootFields: Node {
    /// The field that finds one by its slug, and its description.
    const SINGLE: Option<(&'static str, &'static str)>;
    /// The field that lists all, and its description.
    const LIST: (&'static str, &'static str);
    /// Whether they are figures, which can be seen as they were.
    const DATED: bool;
}

/// The fields of the root for objects of one type.
#[derive(Debug)]
pub struct RootQuery<N>(PhantomData<fn() -> N>);

impl<N> Default for RootQuery<N> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<N: RootFields> OutputType for RootQuery<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Query", N::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let mut fields = IndexMap::new();
            if let Some((name, description)) = N::SINGLE {
                let slug = "Its slug. Null is returned where no row has it.";
                let by = [argument::<String>(registry, "slug", slug)].into();
                let one = Option::<N>::create_type_info(registry);
                fields.insert(name.to_owned(), meta(name, description, by, one));
            }
            let (name, description) = N::LIST;
            let mut by = IndexMap::new();
            arguments::<N>(registry, &mut by, N::DATED);
            let list = Option::<Connection<N>>::create_type_info(registry);
            fields.insert(name.to_owned(), meta(name, description, by, list));
            object(&Self::type_name(), "", fields)
        })
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // The root asks for its fields.
        Ok(Value::Null)
    }
}

impl<N: RootFields> ContainerType for RootQuery<N> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let name = ctx.item.node.name.node.as_str();
        let inside = ctx.with_selection_set(&ctx.item.node.selection_set);
        if name == N::LIST.0 {
            let moments = if N::DATED { moments(ctx)? } else { (None, None) };
            let found = Some(all::<N>(ctx, &list_arguments(ctx)?, moments).await);
            return found.resolve(&inside, ctx.item).await.map(Some);
        }
        if N::SINGLE.is_some_and(|(one, _)| one == name) {
            return single::<N>(ctx).await.map(Some);
        }
        Ok(None)
    }
}

impl<N: RootFields> ObjectType for RootQuery<N> {}

/// The row with a slug; null where there is none.
async fn single<N: Node>(ctx: &Context<'_>) -> ServerResult<Value> {
    let (env, set) = (Env::of(ctx), &ctx.item.node.selection_set);
    let selection = Selection::<N>::of(env, set)?;
    // What others ask for at the same time would be asked for together with this, and has not the same
    // references.
    let (joins, are_all) = selection.joins();
    let joins = if env.asks_one_field() { joins } else { Vec::new() };
    if are_all {
        env.read_single();
    }
    let slug: String = ctx.param_value("slug", None)?.1;
    let path = ctx.path_node.unwrap_or(ROOT);
    match slug::find::<N>(ctx, &slug, selection.columns(), joins).await {
        Ok(None) => Ok(Value::Null),
        Ok(Some(found)) => selection.values(env, vec![found], &[path]).await.into_optional(env),
        Err(why) => {
            env.add_error(*env.error(path, ctx.item.pos, why));
            Ok(Value::Null)
        }
    }
}

/// The rows that are wanted, seen from where it is said.
async fn all<N: RootFields>(
    ctx: &Context<'_>,
    wanted: &ListArguments<N>,
    (as_of, known_on): (Option<DateTime>, Option<Date>),
) -> Result<Connection<N>> {
    let view = past::view(ctx, ctx.batch()?.view(), as_of, known_on).await?;
    list(ctx, view, Side::Root, wanted)
}
