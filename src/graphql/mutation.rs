//! What can be written: for each table the same fields, made from one line for each column.

use async_graphql::{Context, ID, MergedObject, Object, Result};
use entity::Decimal;

use super::{
    input::Draft,
    lookup::Ask,
    writing::{Done, Write, writing},
};
use crate::{
    error::Error,
    query::{Table, matching},
    record::Mode,
};

/// Makes the mutations of every topic part of the root.
macro_rules! root {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        pastey::paste! {
            /// Everything that can be written. The fields of one request are written in their
            /// order and in one transaction: all of them, or none where one fails; then the answer
            /// is read. Writing takes the role EDITOR, publishing figures in the future PUBLISHER.
            ///
            /// Rows are named by their slugs or ids, texts are given by language, and what is wrong
            /// with a row is told all at once in `extensions.problems`, by the path of each
            /// argument.
            #[derive(Default, MergedObject)]
            #[graphql(name = "Mutation")]
            pub struct MutationRoot($crate::graphql::import::ImportMutation, $($crate::graphql::$topic::[<$object Mutation>],)+);
        }
    };
}

topics!(root);

/// What was removed.
pub struct DeletedPayload(Done, i64);

impl DeletedPayload {
    pub(super) async fn of(ctx: &Context<'_>, write: Write) -> Result<Self> {
        let done = writing(ctx)?.perform(ctx, write).await?;
        Ok(Self(done, writing(ctx)?.revision()))
    }
}

/// What was removed.
#[Object]
impl DeletedPayload {
    /// The ids of the objects that are not there any more: those asked for, and with `cascade`
    /// those that could not be without them.
    async fn deleted_ids(&self) -> Vec<ID> {
        self.0.removed.iter().map(ID::from).collect()
    }

    /// The revision of the data after the write (`dataset.revision`).
    async fn revision(&self) -> Decimal {
        self.1.into()
    }
}

/// Writes one row, and gives its number.
pub(super) async fn one(
    ctx: &Context<'_>,
    table: &'static str,
    mode: Mode,
    draft: Draft,
) -> Result<i64> {
    let done = several(ctx, table, mode, vec![draft]).await?;
    let number = done.numbers.first().copied();
    Ok(number.ok_or_else(|| Error::internal(format!("a row of {table} was not written")))?)
}

/// Writes rows.
pub(super) async fn several(
    ctx: &Context<'_>,
    table: &'static str,
    mode: Mode,
    drafts: Vec<Draft>,
) -> Result<Done> {
    writing(ctx)?.perform(ctx, Write::Save { table, mode, drafts }).await
}

/// Changes the rows that meet a filter alike.
pub(super) async fn those<E: Table>(
    ctx: &Context<'_>,
    table: &'static str,
    filter: &E::Filter,
    at_most: i32,
    draft: Draft,
) -> Result<Done> {
    // The answer is read when the filter may have another meaning.
    if let Some(done) = writing(ctx)?.told(ctx) {
        return Ok(done);
    }
    let ids = meant::<E>(ctx, table, filter, at_most).await?;
    let draft = |id: String| {
        let mut draft = draft.clone();
        draft.fields.push(("id".to_owned(), id));
        draft
    };
    several(ctx, table, Mode::Update, ids.into_iter().map(draft).collect()).await
}

/// Removes the rows that meet a filter.
pub(super) async fn remove_those<E: Table>(
    ctx: &Context<'_>,
    table: &'static str,
    filter: &E::Filter,
    at_most: i32,
    cascade: bool,
    reason: Option<String>,
) -> Result<DeletedPayload> {
    let ids = match writing(ctx)?.told(ctx) {
        Some(_) => Vec::new(),
        None => meant::<E>(ctx, table, filter, at_most).await?,
    };
    let write = Write::Remove { table, ids, if_revision: None, cascade, reason };
    DeletedPayload::of(ctx, write).await
}

/// The rows that meet a filter, as the data stood before the request; refused if there are more
/// than were expected.
async fn meant<E: Table>(
    ctx: &Context<'_>,
    table: &str,
    filter: &E::Filter,
    at_most: i32,
) -> Result<Vec<String>> {
    let writing = writing(ctx)?;
    writing.allow()?;
    let most = u64::try_from(at_most)
        .map_err(|_| Error::input(format!("`atMost` is {at_most}, but must be 0 or more")))?;
    let view = ctx.batch()?.view();
    let numbers = matching::<E>(writing.database(), view, filter, most + 1).await?;
    if numbers.len() as u64 > most {
        let message = format!(
            "more than {at_most} rows of {table} meet `filter`; narrow it, or say a greater `atMost`"
        );
        return Err(Error::AtMost(message.into()).into());
    }
    Ok(numbers.iter().map(|number| format!("{table}#{number}")).collect())
}

/// Declares the inputs, payloads and fields by which the rows of a table are written.
///
/// - `required`: columns a new row must have.
/// - `optional`: columns that may be null or take a default.
/// - `nested`: rows of other tables that are given with it, whose column refers to it.
#[macro_export]
macro_rules! mutations {
    (
        $name:ident of $entity:ident, $one:literal, $many:literal;
        required { $($required:ident: $required_kind:ty,)* }
        optional { $($optional:ident: $optional_kind:ty,)* }
        $(nested { $($child:ident: $child_name:ident = $child_entity:ident.$parent:ident,)* })?
    ) => {
        pastey::paste! {
            #[doc = concat!("A row of ", $many, ". References are given as slugs or ids.")]
            #[derive(Debug, Clone, async_graphql::InputObject)]
            pub struct [<$name Input>] {
                $(
                    #[doc = concat!("As `", stringify!($name), "` describes it.")]
                    pub $required: $required_kind,
                )*
                $(
                    #[doc = concat!("As `", stringify!($name), "` describes it. Null takes it away; what is left out stays as it is, or takes its default in a new row.")]
                    pub $optional: async_graphql::MaybeUndefined<$optional_kind>,
                )*
                $($(
                    #[doc = concat!("Rows of `", stringify!($child), "` that are written with it: made, or changed where there is one like it. Others stay.")]
                    pub $child: Option<Vec<$crate::graphql::[<$child_name Input>]>>,
                )*)?
            }

            #[doc = concat!("What is to be changed of ", $one, ". What is left out stays as it is. References are given as slugs or ids.")]
            #[derive(Debug, Clone, Default, async_graphql::InputObject)]
            pub struct [<$name Patch>] {
                $(
                    #[doc = concat!("As `", stringify!($name), "` describes it; it cannot be null.")]
                    pub $required: async_graphql::MaybeUndefined<$required_kind>,
                )*
                $(
                    #[doc = concat!("As `", stringify!($name), "` describes it. Null takes it away.")]
                    pub $optional: async_graphql::MaybeUndefined<$optional_kind>,
                )*
            }

            impl [<$name Input>] {
                #[allow(dead_code, unused_variables, reason = "not every table has nested rows")]
                pub(super) fn draft(&self, origin: &str, place: u64) -> $crate::graphql::input::Draft {
                    let mut draft = $crate::graphql::input::Draft::of(origin, place);
                    $(draft.give(stringify!($required), &self.$required);)*
                    $(draft.change(stringify!($optional), &self.$optional);)*
                    $($(
                        let own = draft.get("slug").unwrap_or_default().to_owned();
                        let path = match place {
                            0 => format!("{origin}.{}", $crate::identity::camel(stringify!($child))),
                            place => format!("{origin}[{}].{}", place - 1, $crate::identity::camel(stringify!($child))),
                        };
                        for (child, place) in self.$child.iter().flatten().zip(1..) {
                            let mut child = child.draft(&path, place);
                            child.fields.retain(|(column, _)| column != stringify!($parent));
                            child.fields.push((stringify!($parent).to_owned(), own.clone()));
                            draft.nested.push((stringify!($child_entity), child));
                        }
                    )*)?
                    draft
                }
            }

            impl [<$name Patch>] {
                fn draft(&self) -> $crate::graphql::input::Draft {
                    let mut draft = $crate::graphql::input::Draft::of("patch", 0);
                    $(draft.change(stringify!($required), &self.$required);)*
                    $(draft.change(stringify!($optional), &self.$optional);)*
                    draft
                }
            }

            #[doc = concat!("What was written of ", $many, ".")]
            pub struct [<$name Payload>](i64);

            #[doc = concat!("What was written of ", $many, ".")]
            #[async_graphql::Object]
            impl [<$name Payload>] {
                /// The row as it is now.
                async fn $entity(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<$name> {
                    let view = $crate::graphql::Ask::batch(ctx)?.view();
                    <$name as $crate::graphql::Node>::written(ctx, self.0, view).await
                }

                /// The revision of the data after the write (`dataset.revision`).
                async fn revision(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<entity::Decimal> {
                    Ok($crate::graphql::writing::writing(ctx)?.revision().into())
                }
            }

            #[doc = concat!("What was written of ", $many, ".")]
            pub struct [<$name sPayload>]($crate::graphql::writing::Done);

            #[doc = concat!("What was written of ", $many, ".")]
            #[async_graphql::Object]
            impl [<$name sPayload>] {
                /// The rows as they are now, in the order given; of several that say the same, one.
                async fn [<$entity s>](&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<$name>> {
                    let view = $crate::graphql::Ask::batch(ctx)?.view();
                    let rows = self.0.numbers.iter().map(|number| <$name as $crate::graphql::Node>::written(ctx, *number, view));
                    futures_util::future::try_join_all(rows).await
                }

                /// How many of them are new.
                async fn created(&self) -> i32 {
                    i32::try_from(self.0.counts.created).unwrap_or(i32::MAX)
                }

                /// How many of them were changed.
                async fn updated(&self) -> i32 {
                    i32::try_from(self.0.counts.updated).unwrap_or(i32::MAX)
                }

                /// How many of them were there already as they were given.
                async fn unchanged(&self) -> i32 {
                    i32::try_from(self.0.counts.unchanged).unwrap_or(i32::MAX)
                }

                /// The revision of the data after the write (`dataset.revision`).
                async fn revision(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<entity::Decimal> {
                    Ok($crate::graphql::writing::writing(ctx)?.revision().into())
                }
            }

            #[doc = concat!("How ", $many, " are written.")]
            #[derive(Debug, Default)]
            pub struct [<$name Mutation>];

            #[async_graphql::Object]
            impl [<$name Mutation>] {
                #[doc = concat!("Makes ", $one, "; fails where there is one like it.")]
                async fn [<create_ $entity>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The row.")] input: [<$name Input>],
                ) -> async_graphql::Result<[<$name Payload>]> {
                    let mode = $crate::record::Mode::Create;
                    let draft = input.draft("input", 0);
                    $crate::graphql::mutation::one(ctx, stringify!($entity), mode, draft).await.map([<$name Payload>])
                }

                #[doc = concat!("Makes several ", $many, ", all or none.")]
                async fn [<create_ $entity s>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The rows; one may refer to another by its slug.")] inputs: Vec<[<$name Input>]>,
                ) -> async_graphql::Result<[<$name sPayload>]> {
                    let mode = $crate::record::Mode::Create;
                    let drafts = inputs.iter().zip(1..).map(|(input, place)| input.draft("inputs", place)).collect();
                    $crate::graphql::mutation::several(ctx, stringify!($entity), mode, drafts).await.map([<$name sPayload>])
                }

                #[doc = concat!("Makes ", $one, ", or changes the one there is like it.")]
                async fn [<upsert_ $entity>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The row.")] input: [<$name Input>],
                    #[graphql(desc = "The `revision` that the row is taken to have, 0 for none: where it has another by now, REVISION_CONFLICT.")]
                    if_revision: Option<i32>,
                ) -> async_graphql::Result<[<$name Payload>]> {
                    let mode = $crate::record::Mode::Upsert;
                    let draft = input.draft("input", 0).if_revision(if_revision);
                    $crate::graphql::mutation::one(ctx, stringify!($entity), mode, draft).await.map([<$name Payload>])
                }

                #[doc = concat!("Makes several ", $many, " or changes those there are like them, all or none.")]
                async fn [<upsert_ $entity s>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The rows; one may refer to another by its slug.")] inputs: Vec<[<$name Input>]>,
                ) -> async_graphql::Result<[<$name sPayload>]> {
                    let mode = $crate::record::Mode::Upsert;
                    let drafts = inputs.iter().zip(1..).map(|(input, place)| input.draft("inputs", place)).collect();
                    $crate::graphql::mutation::several(ctx, stringify!($entity), mode, drafts).await.map([<$name sPayload>])
                }

                #[doc = concat!("Changes ", $one, ": only what is given.")]
                async fn [<update_ $entity>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Its slug or id.")] id: async_graphql::ID,
                    #[graphql(desc = "What is to be changed.")] patch: [<$name Patch>],
                    #[graphql(desc = "The `revision` that the row is taken to have: where it has another by now, REVISION_CONFLICT.")]
                    if_revision: Option<i32>,
                ) -> async_graphql::Result<[<$name Payload>]> {
                    let mode = $crate::record::Mode::Update;
                    let draft = patch.draft().id(&id).if_revision(if_revision);
                    $crate::graphql::mutation::one(ctx, stringify!($entity), mode, draft).await.map([<$name Payload>])
                }

                #[doc = concat!("Changes all ", $many, " that meet a filter alike: only what is given.")]
                async fn [<update_ $entity s>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Which rows, as the data stood before the request.")] filter: $crate::graphql::[<$name Filter>],
                    #[graphql(desc = "What is to be changed.")] patch: [<$name Patch>],
                    #[graphql(desc = "The most rows this may change, 0 or more: where more meet the filter, AT_MOST_EXCEEDED, and none is changed.")]
                    at_most: i32,
                ) -> async_graphql::Result<[<$name sPayload>]> {
                    let (table, draft) = (stringify!($entity), patch.draft());
                    let done = $crate::graphql::mutation::those::<entity::$entity::Entity>(ctx, table, &filter, at_most, draft);
                    done.await.map([<$name sPayload>])
                }

                #[doc = concat!("Removes ", $one, ". What was recorded of figures stays in their history.")]
                async fn [<delete_ $entity>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Its slug or id.")] id: async_graphql::ID,
                    #[graphql(desc = "Where other rows refer to it: remove those that cannot be without it too, and let the others refer to nothing. Otherwise HAS_DEPENDANTS, with their number.", default = false)]
                    cascade: bool,
                    #[graphql(desc = "The `revision` that the row is taken to have: where it has another by now, REVISION_CONFLICT.")]
                    if_revision: Option<i32>,
                    #[graphql(desc = "Why, for the history of figures and the audit log.")] reason: Option<String>,
                ) -> async_graphql::Result<$crate::graphql::mutation::DeletedPayload> {
                    let (table, ids) = (stringify!($entity), vec![id.to_string()]);
                    let write = $crate::graphql::writing::Write::Remove { table, ids, if_revision, cascade, reason };
                    $crate::graphql::mutation::DeletedPayload::of(ctx, write).await
                }

                #[doc = concat!("Removes all ", $many, " that meet a filter. What was recorded of figures stays in their history.")]
                async fn [<delete_ $entity s>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Which rows, as the data stood before the request.")] filter: $crate::graphql::[<$name Filter>],
                    #[graphql(desc = "The most rows this may remove, 0 or more, not counting those that `cascade` adds: where more meet the filter, AT_MOST_EXCEEDED, and none is removed.")]
                    at_most: i32,
                    #[graphql(desc = "Where other rows refer to them: remove those that cannot be without them too, and let the others refer to nothing. Otherwise HAS_DEPENDANTS, with their number.", default = false)]
                    cascade: bool,
                    #[graphql(desc = "Why, for the history of figures and the audit log.")] reason: Option<String>,
                ) -> async_graphql::Result<$crate::graphql::mutation::DeletedPayload> {
                    let table = stringify!($entity);
                    $crate::graphql::mutation::remove_those::<entity::$entity::Entity>(ctx, table, &filter, at_most, cascade, reason).await
                }
            }
        }
    };
}
