//! What is asked of objects of one type, bound to how it is written.

use async_graphql::{
    Positioned, QueryPathNode, ServerError, ServerResult,
    parser::types::{Field, Selection as Selected, SelectionSet},
};
use entity::{
    Text,
    column::{SubField, write_text},
};
use futures_util::future::join_all;

use super::{
    Env,
    computed::ComputedField,
    field::{Kind, Model},
    relation::Resolve,
    values::Values,
};
use crate::graphql::{Language, Node, language};

/// What is asked of objects that are rows, in the order in which it is answered.
pub(super) struct Selection<'a, N: Node> {
    items: Vec<(Key, Item<N>)>,
    /// The fields that are resolved before anything is written.
    resolved: Vec<Box<dyn Resolve<N> + 'a>>,
}

/// By what key something is answered, as JSON with a colon.
pub(super) type Key = Vec<u8>;

/// How a field is written of an object.
enum Item<N: Node> {
    Typename,
    Column {
        write: fn(&Model<N>, &[SubField], &mut Vec<u8>),
        sub_fields: Vec<SubField>,
    },
    Value(fn(&N, &mut Vec<u8>)),
    Text {
        read: fn(&Model<N>) -> Option<&Text>,
        languages: Vec<String>,
        optional: bool,
    },
    Texts {
        read: fn(&Model<N>) -> Option<&Text>,
        sub_fields: Vec<SubField>,
    },
    /// What was resolved, by its place among all that was.
    Resolved(usize),
}

impl<'a, N: Node> Selection<'a, N> {
    /// What is asked of an object of this type. No key comes twice, for the guard has merged what is
    /// answered as one.
    pub(super) fn of(env: Env<'a>, set: &'a SelectionSet) -> ServerResult<Self> {
        let mut selection =
            Self { items: Vec::with_capacity(set.items.len()), resolved: Vec::new() };
        for field in fields(set, &N::type_name()) {
            let item = selection.item(env, field)?;
            selection.items.push((key(&field.node), item));
        }
        Ok(selection)
    }

    fn item(&mut self, env: Env<'a>, field: &'a Positioned<Field>) -> ServerResult<Item<N>> {
        let name = field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(Item::Typename);
        }
        let resolved: Box<dyn Resolve<N> + 'a> = match N::field_table().find(name) {
            None => Box::new(ComputedField(field)),
            Some(found) => match &found.kind {
                Kind::Relation(relation) => relation.bind(env, field)?,
                Kind::Column(column) => {
                    let sub_fields = sub_fields(&field.node.selection_set.node);
                    return Ok(Item::Column { write: column.write, sub_fields });
                }
                Kind::Value { write, .. } => return Ok(Item::Value(*write)),
                Kind::Text { read, optional } => {
                    let ctx = env.at(None, field);
                    let (_, wanted) = ctx.param_value::<Option<Language>>("language", None)?;
                    let wanted = language::wanted(&ctx, wanted.as_ref());
                    let languages = wanted.into_iter().map(str::to_owned).collect();
                    return Ok(Item::Text { read: *read, languages, optional: *optional });
                }
                Kind::Texts(read) => {
                    let sub_fields = sub_fields(&field.node.selection_set.node);
                    return Ok(Item::Texts { read: *read, sub_fields });
                }
            },
        };
        self.resolved.push(resolved);
        Ok(Item::Resolved(self.resolved.len() - 1))
    }

    /// Whether objects can be written from their rows alone, whatever their place in the answer.
    pub(super) fn is_plain(&self) -> bool {
        self.resolved.is_empty()
    }

    /// Each object as JSON.
    pub(super) async fn objects(
        &self,
        env: Env<'_>,
        objects: &[N],
        paths: &[QueryPathNode<'_>],
    ) -> Values {
        let resolved = self.resolved.iter().map(|field| field.values(env, objects, paths));
        let found = join_all(resolved).await;
        let languages = self.items.iter().map(|(_, item)| match item {
            Item::Text { languages, .. } => languages.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        });
        let languages: Vec<Vec<&str>> = languages.collect();
        let mut values = Values::with_capacity(objects.len());
        for (row, object) in objects.iter().enumerate() {
            values.push(|to| self.object(object, row, &languages, &found, to));
        }
        values
    }

    fn object(
        &self,
        object: &N,
        row: usize,
        languages: &[Vec<&str>],
        found: &[Values],
        to: &mut Vec<u8>,
    ) -> Result<(), Box<ServerError>> {
        to.push(b'{');
        for (place, (key, item)) in self.items.iter().enumerate() {
            if place > 0 {
                to.push(b',');
            }
            to.extend_from_slice(key);
            match item {
                Item::Typename => write_text(&N::type_name(), to),
                Item::Column { write, sub_fields } => write(object.row(), sub_fields, to),
                Item::Value(write) => write(object, to),
                Item::Text { read, optional, .. } => {
                    let text = read(object.row()).and_then(|text| text.get(&languages[place]));
                    match text {
                        None if *optional => to.extend_from_slice(b"null"),
                        text => write_text(text.unwrap_or_default(), to),
                    }
                }
                Item::Texts { read, sub_fields } => write_texts(read(object.row()), sub_fields, to),
                Item::Resolved(number) => to.extend_from_slice(found[*number].get(row)?),
            }
        }
        to.push(b'}');
        Ok(())
    }
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
fn write_texts(text: Option<&Text>, sub_fields: &[SubField], to: &mut Vec<u8>) {
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
