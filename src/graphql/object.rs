//! What all objects of the schema have in common, and the macro that declares one.

use std::{future::Future, sync::Arc};

use async_graphql::{Context, OutputType, Result};
use sea_orm::EntityTrait;

use super::Side;
use crate::{
    error::Error,
    identity::Id,
    query::{Batch, One, Table, View},
};

/// An object of the schema that is a row of a table, with an id of its own.
pub trait Node: OutputType + Send + Sync + Sized + 'static {
    /// Its table.
    type Table: Table;
    /// The part of its ids before the colon.
    const KIND: &'static str;

    /// The row as an object, seen from somewhere, as is all that is reached from it.
    fn new(row: Row<Self>, view: View) -> Self;

    /// The same of a row that is known to be what its object is there, or a former state of it.
    fn known(row: Row<Self>, view: View, former: bool) -> Self;

    /// Its id.
    fn identity(&self) -> Id;

    /// The rows of another table whose column refers to it.
    fn related<C>(&self, column: C) -> Side<C>;

    /// The object with this id, seen from where it says; `None` where there is none.
    fn find(
        batch: &Batch,
        id: &Id,
        view: View,
    ) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// The object of a row that was just written.
    fn written(
        ctx: &Context<'_>,
        number: i64,
        view: View,
    ) -> impl Future<Output = Result<Self>> + Send {
        reference(ctx, number, view)
    }
}

/// A row of an object's table.
pub type Row<N> = Arc<<<N as Node>::Table as EntityTrait>::Model>;

/// What resolvers ask of their request.
pub trait Ask {
    /// The questions of this request.
    fn batch(&self) -> Result<&Batch>;
}

impl Ask for Context<'_> {
    fn batch(&self) -> Result<&Batch> {
        Ok(self.data::<Arc<Batch>>()?)
    }
}

/// The questions of a request, for what outlives the field that asks.
pub(super) fn batch(ctx: &Context<'_>) -> Result<Arc<Batch>> {
    ctx.data::<Arc<Batch>>().cloned()
}

/// The row at the other end of a reference.
pub(super) async fn row<T: Table>(
    ctx: &Context<'_>,
    number: i64,
    view: View,
) -> Result<Arc<T::Model>> {
    let found = ctx.batch()?.load(One::<T, i64>::by(T::id(), view), number).await?;
    let table = T::default();
    Ok(found.ok_or_else(|| Error::internal(format!("{} {number} is gone", table.table_name())))?)
}

/// The row with this number: the one that is there, or the one that was removed at this moment.
pub(super) async fn by_number<T: Table>(
    batch: &Batch,
    id: &Id,
    view: View,
) -> Result<Option<Arc<T::Model>>> {
    let Some(number) = id.number() else { return Ok(None) };
    let Some(state) = &id.state else {
        return Ok(batch.load(One::<T, i64>::named(T::id(), view), number).await?);
    };
    let found = batch.load(One::<T, i64>::by(T::id(), view), number).await?;
    Ok(found.filter(|row| T::ended(row).is_some_and(|at| at.to_string() == *state)))
}

/// The same as an object.
pub(super) async fn reference<N: Node>(ctx: &Context<'_>, number: i64, view: View) -> Result<N> {
    row::<N::Table>(ctx, number, view).await.map(|row| N::new(row, view))
}

/// A row that is at hand as it is seen from one place, seen from another.
pub(super) async fn seen_from<T: Table>(
    ctx: &Context<'_>,
    row: &Arc<T::Model>,
    here: View,
    there: View,
) -> Result<Arc<T::Model>> {
    if here.as_of == there.as_of {
        return Ok(Arc::clone(row));
    }
    let found = ctx.batch()?.load(One::<T, i64>::by(T::id(), there), T::number(row)).await?;
    // Where it was not there yet, neither were its figures.
    Ok(found.unwrap_or_else(|| Arc::clone(row)))
}

/// Declares an object of the schema: a row of a table with its columns, texts and relations, one
/// line each, and its fields of the root.
///
/// - `id`: the kind, with which its ids begin.
/// - `versions`: for rows that are versions of what they tell: which of them a view shows, which
///   are told as they are recorded, what is shown of each, where the rows are that refer to one,
///   and how one is found by its id, and after it was written.
/// - `text` and `optional text`: a localised column, its name in the plural, its description.
/// - `one` and `maybe`: the row a column refers to; `maybe` where that may be null.
/// - `many`: the rows of another table whose column refers to this one; `figures` where they are
///   figures, which can be seen as they were.
/// - `fields`: resolvers of its own.
/// - `root`: the field that finds one by its slug, and the field that lists them all.
#[macro_export]
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident of $entity:ident: $filter:ident, $order:ident, $order_key:ident;
        id $kind:literal;
        $(versions $shown:path, $told:path, $seen:path, $about:path, $find:path, $written:path;)?
        $(text $text:ident, $texts:ident: $text_doc:literal;)*
        $(optional text $otext:ident, $otexts:ident: $otext_doc:literal;)*
        $(one $one:ident: $one_type:ident = $one_column:ident: $one_doc:literal;)*
        $(maybe $maybe:ident: $maybe_type:ident = $maybe_column:ident: $maybe_doc:literal;)*
        $(
            many $many:ident: $many_type:ident($many_filter:ident, $many_order:ident)
                = $many_entity:ident.$many_column:ident: $many_doc:literal;
        )*
        $(figures $figures:ident by $figures_column:ident: $figures_doc:literal;)*
        $(fields { $($field:tt)* })?
        $(root $query:ident {
            $(one $single:ident: $single_doc:literal;)?
            list $list:ident: $list_doc:literal;
        })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, async_graphql::SimpleObject)]
        #[graphql(complex)]
        pub struct $name {
            #[graphql(flatten)]
            row: std::sync::Arc<entity::$entity::Model>,
            #[graphql(skip)]
            view: $crate::query::View,
            /// Whether it is a former state of the object: a version of a figure, or a row that was
            /// removed.
            #[graphql(skip)]
            former: bool,
        }

        impl $crate::query::Table for entity::$entity::Entity {
            type Filter = $filter;
            type OrderKey = $order_key;

            fn id() -> entity::$entity::Column {
                entity::$entity::Column::Id
            }

            fn number(row: &entity::$entity::Model) -> i64 {
                row.id
            }

            $(
                const VERSIONED: bool = true;

                fn listed(scope: $crate::query::Scope) -> Vec<sea_orm::Condition> {
                    $shown(scope)
                }

                fn told(scope: $crate::query::Scope) -> Vec<sea_orm::Condition> {
                    $told(scope)
                }

                fn ended(row: &entity::$entity::Model) -> Option<entity::DateTime> {
                    row.superseded_at
                }
            )?
        }

        impl $crate::graphql::Node for $name {
            type Table = entity::$entity::Entity;
            const KIND: &'static str = $kind;

            fn new(
                row: std::sync::Arc<entity::$entity::Model>,
                view: $crate::query::View,
            ) -> Self {
                $(let row = $seen(row, view);)?
                // On a day that version may be what was known which something replaced since.
                let known = <Self::Table as $crate::query::Table>::VERSIONED && view.known_on.is_some();
                let former = !known && <Self::Table as $crate::query::Table>::ended(&row).is_some();
                Self { row, view, former }
            }

            fn known(
                row: std::sync::Arc<entity::$entity::Model>,
                view: $crate::query::View,
                former: bool,
            ) -> Self {
                Self { former, ..Self::new(row, view) }
            }

            fn identity(&self) -> $crate::identity::Id {
                let id = $crate::object!(@id $entity self $($shown)?);
                id.seen(self.view)
            }

            fn related<C>(&self, column: C) -> $crate::graphql::Side<C> {
                let side = $crate::graphql::Side::Of(column, self.row.id);
                $(let side = $about(side, &self.row, self.view);)?
                side
            }

            async fn find(
                batch: &$crate::query::Batch,
                id: &$crate::identity::Id,
                view: $crate::query::View,
            ) -> async_graphql::Result<Option<Self>> {
                $crate::object!(@find $entity batch id view $($find)?)
            }
            $(
                async fn written(
                    ctx: &async_graphql::Context<'_>,
                    number: i64,
                    view: $crate::query::View,
                ) -> async_graphql::Result<Self> {
                    $written(ctx, number, view).await
                }
            )?
        }

        #[async_graphql::ComplexObject]
        impl $name {
            /// An id that no other object of the schema has, of whatever type, and never will:
            /// it does not change, whatever else of the object does, and is not given again. What
            /// is seen from the past has one of its own, and so has each version of a figure in
            /// its `history`. `node(id)` finds the object again. Opaque.
            pub(super) async fn id(&self) -> async_graphql::ID {
                $crate::graphql::Node::identity(self).to_string().into()
            }

            $(
                #[doc = $text_doc]
                ///
                /// In the language wanted, or else in the nearest there is: its tag shortened from
                /// the end (`zh-Hant-TW`, `zh-Hant`, `zh`), another variety of the same language,
                /// the next language of the request's `Accept-Language` where `language` is left
                /// out, English, any language.
                async fn $text(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The language wanted. When left out, those of the request's `Accept-Language` header, best first, or else English.")]
                    language: Option<$crate::graphql::Language>,
                ) -> String {
                    $crate::graphql::language::localized(ctx, &self.row.$text, language.as_ref())
                        .unwrap_or_default()
                }

                #[doc = concat!("`", stringify!($text), "` in every language there is.")]
                async fn $texts(&self) -> Vec<$crate::graphql::LocalizedText> {
                    $crate::graphql::language::in_all_languages(&self.row.$text)
                }
            )*
            $(
                #[doc = $otext_doc]
                ///
                /// In the language wanted, or else in the nearest there is: its tag shortened from
                /// the end (`zh-Hant-TW`, `zh-Hant`, `zh`), another variety of the same language,
                /// the next language of the request's `Accept-Language` where `language` is left
                /// out, English, any language.
                async fn $otext(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The language wanted. When left out, those of the request's `Accept-Language` header, best first, or else English.")]
                    language: Option<$crate::graphql::Language>,
                ) -> Option<String> {
                    let text = self.row.$otext.as_ref()?;
                    $crate::graphql::language::localized(ctx, text, language.as_ref())
                }

                #[doc = concat!("`", stringify!($otext), "` in every language there is.")]
                async fn $otexts(&self) -> Vec<$crate::graphql::LocalizedText> {
                    let text = self.row.$otext.as_ref();
                    text.map($crate::graphql::language::in_all_languages).unwrap_or_default()
                }
            )*
            $(
                #[doc = $one_doc]
                async fn $one(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> async_graphql::Result<$crate::graphql::$one_type> {
                    $crate::graphql::object::reference(ctx, self.row.$one_column, self.view).await
                }
            )*
            $(
                #[doc = $maybe_doc]
                async fn $maybe(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Option<async_graphql::Result<$crate::graphql::$maybe_type>> {
                    let number = self.row.$maybe_column?;
                    Some($crate::graphql::object::reference(ctx, number, self.view).await)
                }
            )*
            $(
                #[doc = $many_doc]
                #[expect(clippy::too_many_arguments, reason = "the arguments of every list")]
                async fn $many(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many rows, counted from the start: from 1 to the server's limit (1000 unless configured). 50 rows unless configured when neither `first` nor `last` is given; not together with `last`.")]
                    first: Option<i32>,
                    #[graphql(desc = "Only rows after the one with this cursor.")]
                    after: Option<String>,
                    #[graphql(desc = "How many rows, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`.")]
                    last: Option<i32>,
                    #[graphql(desc = "Only rows before the one with this cursor.")]
                    before: Option<String>,
                    #[graphql(desc = "Which rows; all when left out.")]
                    filter: Option<std::sync::Arc<$crate::graphql::$many_filter>>,
                    #[graphql(desc = "In which order: by the first key, rows alike in it by the second, and so on. When left out, figures come with the newest period first, and everything else in the order in which it was loaded.")]
                    order_by: Option<Vec<$crate::graphql::$many_order>>,
                ) -> Option<
                    async_graphql::Result<
                        $crate::graphql::Connection<$crate::graphql::$many_type>,
                    >,
                > {
                    let column = entity::$many_entity::Column::$many_column;
                    let side = $crate::graphql::Node::related(self, column);
                    let wanted = $crate::graphql::Wanted {
                        first, after, last, before, filter, order_by,
                    };
                    Some($crate::graphql::list(ctx, self.view, side, wanted))
                }
            )*
            $(
                #[doc = $figures_doc]
                #[expect(clippy::too_many_arguments, reason = "the arguments of every list")]
                async fn $figures(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many rows, counted from the start: from 1 to the server's limit (1000 unless configured). 50 rows unless configured when neither `first` nor `last` is given; not together with `last`.")]
                    first: Option<i32>,
                    #[graphql(desc = "Only rows after the one with this cursor.")]
                    after: Option<String>,
                    #[graphql(desc = "How many rows, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`.")]
                    last: Option<i32>,
                    #[graphql(desc = "Only rows before the one with this cursor.")]
                    before: Option<String>,
                    #[graphql(desc = "Which rows; all when left out.")]
                    filter: Option<std::sync::Arc<$crate::graphql::ObservationFilter>>,
                    #[graphql(desc = "In which order: by the first key, rows alike in it by the second, and so on. The newest period first when left out.")]
                    order_by: Option<Vec<$crate::graphql::ObservationOrder>>,
                    #[graphql(desc = "The figures that were in force in this database at a moment of the past, and all else as it was then; the answer stays the same for ever. A moment to come is refused. When left out, as what is around this field is seen: as it is now, if nothing around it says otherwise.")]
                    as_of: Option<entity::DateTime>,
                    #[graphql(desc = "The figures as the world knew them on a day: of each the newest version that was public by then, among those recorded by now or by `asOf`, unless it had been retracted. A version is public from its `publishedOn` on, or else from that of its source, or else from the day it was recorded (UTC); a retraction, from the day it was recorded. On a day to come editors see what is under embargo until then; to others it is as today. When left out, as what is around this field is seen.")]
                    known_on: Option<entity::Date>,
                ) -> Option<
                    async_graphql::Result<
                        $crate::graphql::Connection<$crate::graphql::Observation>,
                    >,
                > {
                    let column = entity::observation::Column::$figures_column;
                    let side = $crate::graphql::Node::related(self, column);
                    let wanted = $crate::graphql::Wanted {
                        first, after, last, before, filter, order_by,
                    };
                    let view = $crate::graphql::past::view(ctx, self.view, as_of, known_on).await;
                    Some(view.and_then(|view| $crate::graphql::list(ctx, view, side, wanted)))
                }
            )*
            $($($field)*)?
        }

        $(
            /// The fields of the root that find and list rows of this table.
            #[derive(Debug, Default)]
            pub struct $query;

            #[async_graphql::Object]
            impl $query {
                $(
                    #[doc = $single_doc]
                    async fn $single(
                        &self,
                        ctx: &async_graphql::Context<'_>,
                        #[graphql(desc = "Its slug. Null is returned where no row has it.")]
                        slug: String,
                    ) -> Option<async_graphql::Result<$name>> {
                        $crate::graphql::slug::find::<$name>(ctx, &slug).await.transpose()
                    }
                )?

                #[doc = $list_doc]
                #[expect(clippy::too_many_arguments, reason = "the arguments of every list")]
                async fn $list(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many rows, counted from the start: from 1 to the server's limit (1000 unless configured). 50 rows unless configured when neither `first` nor `last` is given; not together with `last`.")]
                    first: Option<i32>,
                    #[graphql(desc = "Only rows after the one with this cursor.")]
                    after: Option<String>,
                    #[graphql(desc = "How many rows, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`.")]
                    last: Option<i32>,
                    #[graphql(desc = "Only rows before the one with this cursor.")]
                    before: Option<String>,
                    #[graphql(desc = "Which rows; all when left out.")]
                    filter: Option<std::sync::Arc<$filter>>,
                    #[graphql(desc = "In which order: by the first key, rows alike in it by the second, and so on. When left out, figures come with the newest period first, and everything else in the order in which it was loaded.")]
                    order_by: Option<Vec<$order>>,
                ) -> Option<async_graphql::Result<$crate::graphql::Connection<$name>>> {
                    let side = $crate::graphql::Side::Root;
                    let wanted = $crate::graphql::Wanted {
                        first, after, last, before, filter, order_by,
                    };
                    let view = $crate::graphql::Ask::batch(ctx).map($crate::query::Batch::view);
                    Some(view.and_then(|view| $crate::graphql::list(ctx, view, side, wanted)))
                }
            }
        )?
    };

    (@id $entity:ident $self:ident) => {{
        let id = $crate::identity::Id::of_row(stringify!($entity), $self.row.id);
        let ended = <entity::$entity::Entity as $crate::query::Table>::ended(&$self.row);
        let state = ended.filter(|_| $self.former).map(|at| at.to_string());
        $crate::identity::Id { state, ..id }
    }};
    (@id $entity:ident $self:ident $versions:path) => {{
        let id = $crate::identity::Id::of_figure(&$crate::query::figure::Place::of(&$self.row));
        let state = || $crate::identity::version_state($self.row.revision, $self.row.recorded_at);
        $crate::identity::Id { state: $self.former.then(state), ..id }
    }};
    (@find $entity:ident $batch:ident $id:ident $view:ident) => {{
        let found = $crate::graphql::object::by_number::<entity::$entity::Entity>;
        Ok(found($batch, $id, $view).await?.map(|row| Self::new(row, $view)))
    }};
    (@find $entity:ident $batch:ident $id:ident $view:ident $find:path) => {
        $find($batch, $id, $view).await
    };
}
