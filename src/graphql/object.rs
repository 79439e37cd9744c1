//! What all objects of the schema have in common, and the macro that declares one.

use std::{future::Future, sync::Arc};

use async_graphql::{ComplexObject, Context, InputType, OutputType};
use entity::column::Columns;
use sea_orm::EntityTrait;

use super::{Fields, Language, Side, lookup, rows::Seen};
use crate::{
    error::Error,
    identity::Id,
    query::{Batch, ColumnSet, OrderBy, Table, View},
};

/// An object of the schema that is a row of a table, with an id of its own.
pub trait Node: OutputType + ComplexObject + Send + Sync + Sized + 'static {
    /// Its table.
    type Table: Table<Filter: InputType, Model: Columns>;
    /// A key of what its lists are ordered by.
    type Order: InputType
        + Clone
        + Into<(OrderBy<<Self::Table as Table>::OrderKey>, Option<Language>)>;
    /// The part of its ids before the colon.
    const KIND: &'static str;

    /// Its fields, but for those that are computed.
    fn field_table() -> &'static Fields<Self>;

    /// Its row.
    fn row(&self) -> &<Self::Table as EntityTrait>::Model;

    /// From where it is seen.
    fn view(&self) -> View;

    /// The row as an object, seen from somewhere, as is all that is reached from it.
    fn new(row: Row<Self>, view: View) -> Self;

    /// The same of a row that is known to be what its object is there, or a former state of it.
    fn known(row: Row<Self>, view: View, former: bool) -> Self;

    /// Whether it is a former state of the object.
    fn is_former(&self) -> bool;

    /// The columns that its id is made of.
    fn id_columns() -> ColumnSet;

    /// The id of a row of which those are known.
    fn identity(seen: &Seen<Self>) -> Result<Id, Error>;

    /// The columns by which rows of other tables refer to it.
    fn side_columns() -> ColumnSet;

    /// The rows of another table whose column refers to a row of which those are known.
    fn side<C>(seen: &Seen<Self>, column: C) -> Result<Side<C>, Error>;

    /// The object with this id, seen from where it says; `None` where there is none.
    fn find(
        batch: &Batch,
        id: &Id,
        view: View,
    ) -> impl Future<Output = async_graphql::Result<Option<Self>>> + Send;

    /// The object of a row that was just written.
    fn written(
        ctx: &Context<'_>,
        number: i64,
        view: View,
    ) -> impl Future<Output = async_graphql::Result<Self>> + Send {
        lookup::reference(ctx, number, view)
    }
}

/// A row of an object's table.
pub type Row<N> = Arc<<<N as Node>::Table as EntityTrait>::Model>;

/// Declares an object of the schema: a row of a table with its columns, texts and relations, one
/// line each, and its fields of the root.
///
/// - `id`: the kind, with which its ids begin.
/// - `versions`: for rows that are versions of what they tell: which of them a view shows, which
///   are told as they are recorded, what is shown of each, where the rows are that refer to one,
///   and how one is found by its id, and after it was written.
/// - `hide`: the columns that clients do not see as they are.
/// - `text` and `optional text`: a localised column, its name in the plural, its description.
/// - `one` and `maybe`: the row a column refers to; `maybe` where that may be null.
/// - `many`: the rows of another table whose column refers to this one; `figures` where they are
///   figures, which can be seen as they were.
/// - `value`: what follows from the row, and how it is written as JSON.
/// - `fields`: resolvers of its own.
/// - `root`: the field that finds one by its slug, and the field that lists them all.
#[macro_export]
macro_rules! object {
    (
        $(#[doc = $doc:literal])*
        $name:ident of $entity:ident: $filter:ident, $order:ident, $order_key:ident;
        id $kind:literal;
        $(
            versions $shown:path, $told:path, $seen:path, $find:path, $written:path;
            named $id_columns:path, $identity:path, $side:path;
        )?
        $(hide $($hidden:ident),+;)?
        $(text $text:ident, $texts:ident: $text_doc:literal;)*
        $(optional text $otext:ident, $otexts:ident: $otext_doc:literal;)*
        $(one $one:ident: $one_type:ident = $one_column:ident: $one_doc:literal;)*
        $(maybe $maybe:ident: $maybe_type:ident = $maybe_column:ident: $maybe_doc:literal;)*
        $(
            many $many:ident: $many_type:ident = $many_entity:ident.$many_column:ident:
                $many_doc:literal;
        )*
        $(figures $figures:ident by $figures_column:ident: $figures_doc:literal;)*
        $(
            value $value:ident: $value_type:ty = $write_value:path
                [$($value_column:ident),+] $value_doc:literal;
        )*
        $(seen $changed:ident: $changed_type:ty = $write_changed:path [$($changed_column:ident),+];)*
        $(fields { $($field:tt)* })?
        $(root $query:ident {
            $(one $single:ident: $single_doc:literal;)?
            list $list:ident: $list_doc:literal $($dated:ident)?;
        })?
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            row: std::sync::Arc<entity::$entity::Model>,
            view: $crate::query::View,
            /// Whether it is a former state of the object: a version of a figure, or a row that was
            /// removed.
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
            type Order = $order;
            const KIND: &'static str = $kind;

            fn field_table() -> &'static $crate::graphql::Fields<Self> {
                static FIELDS: std::sync::LazyLock<$crate::graphql::Fields<$name>> =
                    std::sync::LazyLock::new($name::build_field_table);
                &FIELDS
            }

            fn row(&self) -> &entity::$entity::Model {
                &self.row
            }

            fn view(&self) -> $crate::query::View {
                self.view
            }

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

            fn is_former(&self) -> bool {
                self.former
            }

            fn id_columns() -> $crate::query::ColumnSet {
                $crate::object!(@id_columns $entity $($id_columns)?)
            }

            fn identity(
                seen: &$crate::graphql::rows::Seen<Self>,
            ) -> Result<$crate::identity::Id, $crate::error::Error> {
                let id = $crate::object!(@id $entity seen $($identity)?);
                Ok(id.seen(seen.view))
            }

            fn side_columns() -> $crate::query::ColumnSet {
                let own = $crate::object!(@columns $entity id);
                $(let own = own | $id_columns();)?
                own
            }

            fn side<C>(
                seen: &$crate::graphql::rows::Seen<Self>,
                column: C,
            ) -> Result<$crate::graphql::Side<C>, $crate::error::Error> {
                let number = seen.row.get($crate::object!(@place $entity id))?;
                let side = $crate::graphql::Side::Of(column, number);
                $(let side = $side(side, seen)?;)?
                Ok(side)
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

        impl $name {
            /// Its fields, but for those that are computed.
            fn build_field_table() -> $crate::graphql::Fields<Self> {
                let description = concat!($($doc, "\n"),*);
                let mut fields = $crate::graphql::Fields::new(
                    description,
                    &[$($(stringify!($hidden)),+)?],
                );
                $(fields.text(
                    (stringify!($text), stringify!($texts)),
                    $text_doc,
                    false,
                    $crate::object!(@place $entity $text),
                );)*
                $(fields.text(
                    (stringify!($otext), stringify!($otexts)),
                    $otext_doc,
                    true,
                    $crate::object!(@place $entity $otext),
                );)*
                $(fields.relation(
                    stringify!($one),
                    $one_doc,
                    $crate::graphql::rows::One::<$crate::graphql::$one_type>::by(
                        $crate::object!(@place $entity $one_column),
                        false,
                    ),
                );)*
                $(fields.relation(
                    stringify!($maybe),
                    $maybe_doc,
                    $crate::graphql::rows::One::<$crate::graphql::$maybe_type>::by(
                        $crate::object!(@place $entity $maybe_column),
                        true,
                    ),
                );)*
                $(fields.relation(
                    stringify!($many),
                    $many_doc,
                    $crate::graphql::rows::Many::<Self, $crate::graphql::$many_type>::on(|seen| {
                        let column = entity::$many_entity::Column::$many_column;
                        <Self as $crate::graphql::Node>::side(seen, column)
                    }),
                );)*
                $(fields.relation(
                    stringify!($figures),
                    $figures_doc,
                    $crate::graphql::rows::Many::<Self, $crate::graphql::Observation>::dated(|seen| {
                        let column = entity::observation::Column::$figures_column;
                        <Self as $crate::graphql::Node>::side(seen, column)
                    }),
                );)*
                $(fields.value::<$value_type>(
                    stringify!($value),
                    $value_doc,
                    $crate::object!(@columns $entity $($value_column)+),
                    $write_value,
                );)*
                $(fields.seen::<$changed_type>(
                    stringify!($changed),
                    $crate::object!(@columns $entity $($changed_column)+),
                    $write_changed,
                );)*
                fields
            }
        }

        impl async_graphql::OutputType for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                <Self as $crate::graphql::Node>::field_table().type_info(registry)
            }

            async fn resolve(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                $crate::graphql::rows::resolve(self, ctx).await
            }
        }

        #[async_graphql::ComplexObject]
        impl $name {
            $($($field)*)?
        }

        $(
            /// The fields of the root that find and list these objects.
            pub type $query = $crate::graphql::rows::root::RootQuery<$name>;

            impl $crate::graphql::rows::root::RootFields for $name {
                const SINGLE: Option<(&'static str, &'static str)> =
                    $crate::object!(@one $($single $single_doc)?);
                const LIST: (&'static str, &'static str) = (stringify!($list), $list_doc);
                const DATED: bool = $crate::object!(@dated $($dated)?);
            }
        )?
    };

    (@one) => { None };
    (@one $single:ident $doc:literal) => { Some((stringify!($single), $doc)) };
    (@dated) => { false };
    (@dated dated) => { true };

    (@place $entity:ident $column:ident) => { entity::$entity::Place::$column as usize };
    (@columns $entity:ident $($column:ident)+) => {
        $crate::query::ColumnSet::of(&[$(entity::$entity::Place::$column as usize),+])
    };

    (@id_columns $entity:ident) => {
        $crate::object!(@columns $entity id)
            | $crate::query::ColumnSet::removed_at::<entity::$entity::Entity>()
    };
    (@id_columns $entity:ident $id_columns:path) => { $id_columns() };
    (@id $entity:ident $seen:ident) => {{
        let number = $seen.row.get($crate::object!(@place $entity id))?;
        let id = $crate::identity::Id::of_row(stringify!($entity), number);
        let removed = $seen.row.removed_at()?;
        let state = removed.filter(|_| $seen.is_former(removed)).map(|at| at.to_string());
        $crate::identity::Id { state, ..id }
    }};
    (@id $entity:ident $seen:ident $identity:path) => { $identity($seen)? };
    (@find $entity:ident $batch:ident $id:ident $view:ident) => {{
        let found = $crate::graphql::lookup::by_number::<entity::$entity::Entity>;
        Ok(found($batch, $id, $view).await?.map(|row| Self::new(row, $view)))
    }};
    (@find $entity:ident $batch:ident $id:ident $view:ident $find:path) => {
        $find($batch, $id, $view).await
    };
}
