//! The list that an export reads page by page: where it is in the document, and how one page of it
//! is asked for.

use apollo_compiler::{
    Schema,
    executable::{ExecutableDocument, Field},
    schema::ExtendedType,
};
use async_graphql::{
    Name, Positioned,
    parser::types::{self, DocumentOperations, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::{given::Given, shape};

/// The key under which a page tells whether there is another: no client can give it to a field,
/// for it is no name.
pub(super) const PAGE_INFO: &str = "page info";

/// A list with pages, which no other list is around.
pub(super) struct Pager {
    /// The keys that lead to the connection.
    pub(super) path: Vec<Name>,
}

/// A pager and what the document says of it.
pub(super) struct Found<'d> {
    pub(super) pager: Pager,
    /// Every place where the document says how long its pages are.
    pub(super) fields: Vec<&'d Field>,
    /// How many rows it asks for, if it says so.
    pub(super) first: Option<u64>,
}

impl Pager {
    /// The pager of the list that these keys lead to; none where the list has no pages, or where
    /// the document counts them from the end. A wrong `first` is left to the field, which says best
    /// what would be right.
    pub(super) fn find<'d>(
        contract: &Schema,
        document: &'d ExecutableDocument,
        given: Given<'d>,
        list: &[Name],
    ) -> Option<Found<'d>> {
        let (_, path) = list.split_last()?;
        let mut sets = vec![&given.operation.selection_set];
        let mut fields = Vec::new();
        for key in path {
            fields = shape::fields(document, given, &sets).swap_remove(key.as_str())?;
            sets = fields.iter().map(|field| &field.selection_set).collect();
        }
        let field = *fields.first()?;
        let connection = contract.types.get(field.ty().inner_named_type())?;
        let has_pages = match connection {
            ExtendedType::Object(object) => object.fields.contains_key("pageInfo"),
            _ => false,
        };
        let first = given.number(&field.arguments, "first");
        let backward = given.number(&field.arguments, "last").is_some();
        (has_pages && !backward && first != Some(0)).then(|| Found {
            pager: Self { path: path.to_vec() },
            fields,
            first,
        })
    }

    /// Makes the operation one that asks for so many rows of the list, after a cursor where there
    /// is one, and whether there are more.
    pub(super) fn turn(
        &self,
        document: &mut types::ExecutableDocument,
        operation: Option<&str>,
        page: &Page<'_>,
    ) {
        let operation = match &mut document.operations {
            DocumentOperations::Single(operation) => Some(operation),
            DocumentOperations::Multiple(several) => match operation {
                Some(name) => several.get_mut(name),
                None => several.values_mut().next(),
            },
        };
        if let Some(operation) = operation {
            self.set(&mut operation.node.selection_set, page, 0);
        }
    }

    fn set(&self, set: &mut Positioned<SelectionSet>, page: &Page<'_>, place: usize) {
        let Some(key) = self.path.get(place) else { return };
        for selection in &mut set.node.items {
            match &mut selection.node {
                Selection::InlineFragment(inline) => {
                    self.set(&mut inline.node.selection_set, page, place);
                }
                Selection::Field(field) if field.node.response_key().node == *key => {
                    let field = &mut field.node;
                    if place + 1 == self.path.len() {
                        page.arguments(field);
                        field.selection_set.node.items.push(page_info(field));
                    }
                    self.set(&mut field.selection_set, page, place + 1);
                }
                _ => {}
            }
        }
    }
}

/// A page of a list.
pub(super) struct Page<'a> {
    /// How many rows.
    pub(super) first: u64,
    /// The cursor they come after, if it is not what the document says.
    pub(super) after: Option<&'a str>,
}

impl Page<'_> {
    fn arguments(&self, field: &mut types::Field) {
        let first = ("first", Value::Number(self.first.into()));
        let after = self.after.map(|after| ("after", Value::String(after.to_owned())));
        for (name, value) in [Some(first), after].into_iter().flatten() {
            let place = field.name.pos;
            field.arguments.retain(|(argument, _)| argument.node != name);
            let argument = Positioned::new(Name::new(name), place);
            field.arguments.push((argument, Positioned::new(value, place)));
        }
    }
}

/// `pageInfo { endCursor hasNextPage }`, under a key of its own.
fn page_info(connection: &types::Field) -> Positioned<Selection> {
    let place = connection.name.pos;
    let field = |alias: Option<&str>, name: &str, fields: Vec<Positioned<Selection>>| {
        let field = types::Field {
            alias: alias.map(|alias| Positioned::new(Name::new(alias), place)),
            name: Positioned::new(Name::new(name), place),
            arguments: Vec::new(),
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet { items: fields }, place),
        };
        Positioned::new(Selection::Field(Positioned::new(field, place)), place)
    };
    let fields = ["endCursor", "hasNextPage"].map(|name| field(None, name, Vec::new()));
    field(Some(PAGE_INFO), "pageInfo", fields.into())
}
