//! What is asked of objects of one type, bound to how it is written.

use std::sync::Arc;

use async_graphql::{
    Pos, Positioned, QueryPathNode, ServerError, ServerResult,
    parser::types::{Field, Selection as Selected, SelectionSet},
};
use entity::{
    Cell, Text, TextRef,
    column::{Column, SubField, write_text},
};
use futures_util::future::join_all;

use super::{
    Env,
    computed::ComputedField,
    field::{Kind, WriteValue},
    field_path,
    relation::Resolve,
    seen::{Level, Seen},
    values::{Values, Written},
};
use crate::{
    error::Error,
    graphql::{Language, Node, language},
    query::{ColumnSet, Join},
};

/// What is asked of objects that are rows, in the order in which it is answered.
pub(super) struct Selection<'a, N: Node> {
    items: Vec<(Key, &'a Positioned<Field>, Item<N>)>,
    /// The fields that are resolved before anything is written.
    resolved: Vec<Box<dyn Resolve<N> + 'a>>,
    /// What it takes of each row.
    columns: ColumnSet,
    /// Whether something is computed of the objects as wholes.
    is_computed: bool,
    position: Pos,
}

/// By what key something is answered, as JSON with a colon.
pub(super) type Key = Vec<u8>;

/// How a field is written of an object.
enum Item<N: Node> {
    Typename,
    Column {
        place: usize,
        column: &'static Column,
        sub_fields: Vec<SubField>,
    },
    Value(WriteValue<N>),
    Text {
        column: usize,
        languages: Vec<String>,
        optional: bool,
    },
    Texts {
        column: usize,
        sub_fields: Vec<SubField>,
    },
    /// What was resolved, by its place among all that was.
    Resolved(usize),
}

impl<'a, N: Node> Selection<'a, N> {
    /// What is asked of an object of this type. No key comes twice, for the guard has merged what is
    /// answered as one.
    pub(super) fn of(env: Env<'a>, set: &'a Positioned<SelectionSet>) -> ServerResult<Self> {
        let mut selection = Self {
            items: Vec::with_capacity(set.node.items.len()),
            resolved: Vec::new(),
            columns: ColumnSet::default(),
            is_computed: false,
            position: set.pos,
        };
        for field in fields(&set.node, &N::type_name()) {
            let item = selection.item(env, field)?;
            selection.items.push((key(&field.node), field, item));
        }
        if selection.is_computed {
            selection.columns = ColumnSet::all::<N::Table>();
        }
        Ok(selection)
    }

    fn item(&mut self, env: Env<'a>, field: &'a Positioned<Field>) -> ServerResult<Item<N>> {
        let name = field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(Item::Typename);
        }
        let Some(found) = N::field_table().find(name) else {
            self.is_computed = true;
            return Ok(self.resolved(Box::new(ComputedField(field))));
        };
        let sub_fields = || sub_fields(&field.node.selection_set.node);
        let (columns, item) = match &found.kind {
            Kind::Relation(relation) => {
                let resolved = relation.bind(env, field)?;
                (relation.columns(), self.resolved(resolved))
            }
            Kind::Column(place, column) => {
                let (place, sub_fields) = (*place, sub_fields());
                (ColumnSet::of(&[place]), Item::Column { place, column, sub_fields })
            }
            Kind::Value { columns, write, .. } => (*columns, Item::Value(*write)),
            Kind::Text { column, optional } => {
                let ctx = env.at(None, field);
                let (_, wanted) = ctx.param_value::<Option<Language>>("language", None)?;
                let wanted = language::wanted(&ctx, wanted.as_ref());
                let languages = wanted.into_iter().map(str::to_owned).collect();
                let text = Item::Text { column: *column, languages, optional: *optional };
                (ColumnSet::of(&[*column]), text)
            }
            Kind::Texts(column) => {
                let texts = Item::Texts { column: *column, sub_fields: sub_fields() };
                (ColumnSet::of(&[*column]), texts)
            }
        };
        self.columns = self.columns | columns;
        Ok(item)
    }

    fn resolved(&mut self, field: Box<dyn Resolve<N> + 'a>) -> Item<N> {
        self.resolved.push(field);
        Item::Resolved(self.resolved.len() - 1)
    }

    /// The columns that it takes of each row.
    pub(super) fn columns(&self) -> ColumnSet {
        self.columns
    }

    /// Whether nothing is read for it but the rows.
    pub(super) fn is_of_rows_alone(&self) -> bool {
        self.resolved.is_empty()
    }

    /// The rows that can be read with an object, and whether they are all that is read for it.
    pub(super) fn joins(&self) -> (Vec<Join>, bool) {
        let (mut joins, mut are_all) = (Vec::new(), true);
        for field in &self.resolved {
            match field.join() {
                Some(join) => join.add_to(&mut joins),
                None => are_all = false,
            }
        }
        (joins, are_all)
    }

    /// Each object as JSON.
    pub(super) async fn values(
        &self,
        env: Env<'_>,
        rows: Vec<Seen<N>>,
        paths: &[QueryPathNode<'_>],
    ) -> Values {
        self.load(env, Arc::new(rows), paths).await.values(paths)
    }

    /// An object that is at hand as a whole.
    pub(super) async fn object(
        &self,
        env: Env<'_>,
        object: &N,
        path: &QueryPathNode<'_>,
    ) -> Result<Values, Box<ServerError>> {
        let row = Seen::of(object, self.columns)
            .map_err(|why| env.error(*path, self.position, why.into()))?;
        let (objects, paths) = (Ok(std::slice::from_ref(object)), std::slice::from_ref(path));
        Ok(self.found(env, Arc::new(vec![row]), objects, paths).await.values(paths))
    }

    /// Finds what is asked of each object, given its place in the answer.
    pub(super) async fn load<'b>(
        &'b self,
        env: Env<'b>,
        rows: Arc<Vec<Seen<N>>>,
        paths: &[QueryPathNode<'_>],
    ) -> Loaded<'b, N> {
        let objects = match self.is_computed {
            true => rows.iter().map(Seen::object).collect::<Result<Vec<_>, _>>(),
            false => Ok(Vec::new()),
        };
        let objects = objects.as_deref().map_err(Clone::clone);
        self.found(env, rows, objects, paths).await
    }

    async fn found<'b>(
        &'b self,
        env: Env<'b>,
        rows: Arc<Vec<Seen<N>>>,
        objects: Result<&[N], Error>,
        paths: &[QueryPathNode<'_>],
    ) -> Loaded<'b, N> {
        let resolved = match objects {
            Ok(objects) => {
                let level = Level { rows: &rows, objects, paths };
                let resolved = self.resolved.iter().map(|field| field.load(env, level));
                Ok(join_all(resolved).await)
            }
            Err(why) => Err(why),
        };
        let languages = self.items.iter().map(|(.., item)| match item {
            Item::Text { languages, .. } => languages.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        });
        Loaded { selection: self, env, languages: languages.collect(), rows, resolved }
    }
}

/// Objects of which all is found that is asked for.
pub(super) struct Loaded<'b, N: Node> {
    selection: &'b Selection<'b, N>,
    env: Env<'b>,
    /// Of each field the languages in which it is wanted.
    languages: Vec<Vec<&'b str>>,
    rows: Arc<Vec<Seen<N>>>,
    /// What was resolved, or why nothing can be said of the objects.
    resolved: Result<Vec<Box<dyn Written + 'b>>, Error>,
}

impl<N: Node> Loaded<'_, N> {
    fn values(&self, paths: &[QueryPathNode<'_>]) -> Values {
        let mut values = Values::with_capacity(paths.len());
        for (row, path) in paths.iter().enumerate() {
            values.push(|to| self.write(row, path, to));
        }
        values
    }
}

impl<N: Node> Written for Loaded<'_, N> {
    fn write(
        &self,
        number: usize,
        path: &QueryPathNode<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        let Selection { items, position, .. } = self.selection;
        let resolved = self.resolved.as_ref();
        let resolved =
            resolved.map_err(|why| self.env.error(*path, *position, why.clone().into()))?;
        let row = &self.rows[number];
        to.push(b'{');
        for (place, (key, field, item)) in items.iter().enumerate() {
            if place > 0 {
                to.push(b',');
            }
            to.extend_from_slice(key);
            if let Item::Resolved(among) = item {
                resolved[*among].write(number, path, to)?;
                continue;
            }
            write_item(row, item, &self.languages[place], to).map_err(|why| {
                let key = &field.node.response_key().node;
                self.env.error(field_path(path, key), field.pos, why.into())
            })?;
        }
        to.push(b'}');
        Ok(())
    }
}

/// Writes what follows from a row alone.
fn write_item<N: Node>(
    seen: &Seen<N>,
    item: &Item<N>,
    languages: &[&str],
    to: &mut Vec<u8>,
) -> Result<(), Error> {
    match item {
        Item::Typename => write_text(&N::type_name(), to),
        Item::Column { place, column, sub_fields } => {
            let cell = seen.row.cell(*place)?;
            (column.copy)(cell, sub_fields, to)
                .map_err(|why| Error::internal(format!("{}: {why}", column.name)))?;
        }
        Item::Value(write) => write(seen, to)?,
        Item::Text { column, optional, .. } => {
            if let Cell::Text(json) = seen.row.cell(*column)?
                && let Some(text) =
                    TextRef::json_in(json, languages.first().unwrap_or(&Text::FALLBACK))
            {
                to.extend_from_slice(text.as_bytes());
                return Ok(());
            }
            let text: Option<TextRef<'_>> = seen.row.get(*column)?;
            match text.as_ref().and_then(|text| text.get(languages)) {
                None if *optional => to.extend_from_slice(b"null"),
                text => write_text(text.unwrap_or_default(), to),
            }
        }
        Item::Texts { column, sub_fields } => {
            let text: Option<TextRef<'_>> = seen.row.get(*column)?;
            write_texts(text.as_ref(), sub_fields, to);
        }
        // Taken from where it was resolved.
        Item::Resolved(_) => {}
    }
    Ok(())
}

/// The fields that are asked of an object of a type.
pub(super) fn fields<'a>(
    set: &'a SelectionSet,
    of: &str,
) -> impl Iterator<Item = &'a Positioned<Field>> {
    let items = set.items.iter().flat_map(move |selected| match &selected.node {
        Selected::InlineFragment(inline) => {
            let on = inline.node.type_condition.as_ref();
            let fits = on.is_none_or(|on| on.node.on.node == of);
            if fits { inline.node.selection_set.node.items.as_slice() } else { &[] }
        }
        _ => std::slice::from_ref(selected),
    });
    items.filter_map(|selected| match &selected.node {
        Selected::Field(field) => Some(field),
        _ => None,
    })
}

/// The key by which a field is answered.
pub(super) fn key(field: &Field) -> Key {
    let mut key = Vec::new();
    write_text(&field.response_key().node, &mut key);
    key.push(b':');
    key
}

/// What is asked of an object that stands in a column.
pub(super) fn sub_fields(set: &SelectionSet) -> Vec<SubField> {
    let sub_fields = set.items.iter().filter_map(|selected| match &selected.node {
        Selected::Field(field) => {
            let name = field.node.name.node.to_string();
            Some(SubField { key: key(&field.node), name })
        }
        _ => None,
    });
    sub_fields.collect()
}

/// Writes a text in all its languages.
fn write_texts(text: Option<&TextRef<'_>>, sub_fields: &[SubField], to: &mut Vec<u8>) {
    to.push(b'[');
    for (place, (tag, text)) in text.iter().flat_map(|text| text.iter()).enumerate() {
        if place > 0 {
            to.push(b',');
        }
        SubField::write_object(sub_fields, to, "LocalizedText", |name, to| {
            write_text(if name == "language" { tag } else { text }, to);
        });
    }
    to.push(b']');
}
