//! The fields of an object that is a row, as data: what the schema says of them, and how each is
//! answered.

use std::collections::HashMap;

use async_graphql::{
    CacheControl, ComplexObject, ID, InputType, OutputType,
    indexmap::IndexMap,
    registry::{Deprecation, MetaField, MetaInputValue, MetaType, MetaTypeId, Registry},
};
use entity::column::{Column, Columns, write_text};
use sea_orm::EntityTrait;

use super::{relation::Relation, seen::Seen};
use crate::{
    error::Error,
    graphql::{Language, LocalizedText, Node},
    identity::camel,
    query::ColumnSet,
};

/// The row of an object as a whole.
type Model<N> = <<N as Node>::Table as EntityTrait>::Model;

/// All fields of an object but for those that are computed.
pub struct Fields<N: Node> {
    description: &'static str,
    all: Vec<Field<N>>,
    by_name: HashMap<String, usize>,
}

/// A field of an object.
pub struct Field<N: Node> {
    name: String,
    description: String,
    pub(super) kind: Kind<N>,
}

/// How a field is answered. Columns are named by their places among all of the table.
pub enum Kind<N: Node> {
    /// What a column holds, as the column writes it.
    Column(usize, Column),
    /// What follows from some columns, and from where the row is seen.
    Value {
        /// Makes its type known to the schema.
        type_info: fn(&mut Registry) -> String,
        /// What it is made of.
        columns: ColumnSet,
        /// Writes it as JSON.
        write: WriteValue<N>,
    },
    /// A text in the language wanted.
    Text {
        /// The column that holds it in all its languages.
        column: usize,
        /// Whether there may be none.
        optional: bool,
    },
    /// The same in every language there is.
    Texts(usize),
    /// Rows of another table, or of the same.
    Relation(Box<dyn Relation<N>>),
}

/// Writes what follows from a row as JSON.
pub type WriteValue<N> = fn(&Seen<N>, &mut Vec<u8>) -> Result<(), Error>;

/// What an id is.
const ID_IS: &str = "An id that no other object of the schema has, of whatever type, and never will:\nit does not change, whatever else of the object does, and is not given again. What\nis seen from the past has one of its own, and so has each version of a figure in\nits `history`. `node(id)` finds the object again. Opaque.";

/// What a localised text is read in.
const IN_LANGUAGE: &str = "\n\nIn the language wanted, or else in the nearest there is: its tag shortened from\nthe end (`zh-Hant-TW`, `zh-Hant`, `zh`), another variety of the same language,\nthe next language of the request's `Accept-Language` where `language` is left\nout, English, any language.";

/// The column that says of a row that it was removed, which objects tell otherwise.
const REMOVED: &str = "removed_at";

impl<N: Node> Fields<N> {
    /// The fields of an object: its columns but for those that are hidden, then its id.
    pub fn new(description: &'static str, hidden: &[&str]) -> Self {
        let mut fields = Self { description, all: Vec::new(), by_name: HashMap::new() };
        for (place, column) in Model::<N>::columns().into_iter().enumerate() {
            if column.name != REMOVED && !hidden.contains(&column.name) {
                fields.add(column.name, column.description, Kind::Column(place, column));
            }
        }
        fields.value::<ID>("id", ID_IS, N::id_columns(), |seen, to| {
            write_text(&N::identity(seen)?.to_string(), to);
            Ok(())
        });
        fields
    }

    /// A field whose value follows from some columns.
    pub fn value<T: OutputType>(
        &mut self,
        name: &str,
        description: &str,
        columns: ColumnSet,
        write: WriteValue<N>,
    ) {
        let type_info = T::create_type_info;
        self.add(name, description, Kind::Value { type_info, columns, write });
    }

    /// What a column holds as it is seen from where the row is, which takes these columns.
    pub fn seen<T: OutputType>(&mut self, name: &str, columns: ColumnSet, write: WriteValue<N>) {
        if let Some(place) = self.by_name.get(&camel(name)) {
            let type_info = T::create_type_info;
            self.all[*place].kind = Kind::Value { type_info, columns, write };
        }
    }

    /// A localised text, in the language wanted and in all there are.
    pub fn text(
        &mut self,
        (name, names): (&str, &str),
        description: &str,
        optional: bool,
        column: usize,
    ) {
        self.add(name, &format!("{description}{IN_LANGUAGE}"), Kind::Text { column, optional });
        let all = format!("`{name}` in every language there is.");
        self.add(names, &all, Kind::Texts(column));
    }

    /// Related rows.
    pub fn relation(
        &mut self,
        name: &str,
        description: &str,
        relation: impl Relation<N> + 'static,
    ) {
        self.add(name, description, Kind::Relation(Box::new(relation)));
    }

    fn add(&mut self, name: &str, description: &str, kind: Kind<N>) {
        let name = camel(name);
        self.by_name.insert(name.clone(), self.all.len());
        self.all.push(Field { name, description: trimmed(description), kind });
    }
}

impl<N: Node> Fields<N> {
    /// The field with this name; none where it is computed.
    pub(super) fn find(&self, name: &str) -> Option<&Field<N>> {
        self.by_name.get(name).map(|place| &self.all[*place])
    }

    /// Makes the object known to the schema.
    pub fn type_info(&self, registry: &mut Registry) -> String {
        registry.create_output_type::<N, _>(MetaTypeId::Object, |registry| {
            let mut fields = IndexMap::new();
            for field in &self.all {
                let mut arguments = IndexMap::new();
                let of = match &field.kind {
                    Kind::Column(_, column) => match (column.type_info)(registry) {
                        Some(of) => of,
                        None => continue,
                    },
                    Kind::Value { type_info, .. } => type_info(registry),
                    Kind::Text { optional, .. } => {
                        arguments.extend([language(registry)]);
                        let text = <String as OutputType>::create_type_info(registry);
                        if *optional { text.trim_end_matches('!').to_owned() } else { text }
                    }
                    Kind::Texts(_) => Vec::<LocalizedText>::create_type_info(registry),
                    Kind::Relation(relation) => relation.type_info(registry, &mut arguments),
                };
                fields.insert(
                    field.name.clone(),
                    meta(&field.name, &field.description, arguments, of),
                );
            }
            fields.extend(<N as ComplexObject>::fields(registry));
            object(&N::type_name(), self.description, fields)
        })
    }
}

fn language(registry: &mut Registry) -> (String, MetaInputValue) {
    argument::<Option<Language>>(
        registry,
        "language",
        "The language wanted. When left out, those of the request's `Accept-Language` header, best first, or else English.",
    )
}

/// An argument as the schema has it.
pub(super) fn argument<T: InputType>(
    registry: &mut Registry,
    name: &str,
    description: &str,
) -> (String, MetaInputValue) {
    let value = MetaInputValue {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ty: T::create_type_info(registry),
        deprecation: Deprecation::NoDeprecated,
        default_value: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        is_secret: false,
        directive_invocations: Vec::new(),
    };
    (name.to_owned(), value)
}

/// A field as the schema has it.
pub(in crate::graphql) fn meta(
    name: &str,
    description: &str,
    args: IndexMap<String, MetaInputValue>,
    ty: String,
) -> MetaField {
    MetaField {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        args,
        ty,
        deprecation: Deprecation::NoDeprecated,
        cache_control: CacheControl::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// An object as the schema has it.
pub(in crate::graphql) fn object(
    name: &str,
    description: &str,
    fields: IndexMap<String, MetaField>,
) -> MetaType {
    MetaType::Object {
        name: name.to_owned(),
        description: Some(trimmed(description)),
        fields,
        cache_control: CacheControl::default(),
        extends: false,
        shareable: false,
        resolvable: true,
        visible: None,
        inaccessible: false,
        interface_object: false,
        tags: Vec::new(),
        keys: None,
        is_subscription: false,
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// The lines of a comment without the space before each.
fn trimmed(comment: &str) -> String {
    comment.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}
