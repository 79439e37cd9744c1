//! What a request may cost, estimated before anything of it runs.
//!
//! The cost is the number of fields that the answer has if every page is full: a field costs one,
//! and what is below `nodes` or `edges` costs as often as the page has rows.

use std::collections::HashMap;

use apollo_compiler::{
    Name, Schema,
    executable::{ExecutableDocument, Field, Selection, SelectionSet},
    schema::ExtendedType,
};

use super::given::Given;
use crate::query::Limits;

/// How long a list is taken to be that has no pages, such as that of an object's names.
const LIST: u64 = 10;

/// How long a list is taken to be in a description of the schema.
const META_LIST: u64 = 4;

/// Fields whose page is given another size than the document says.
pub(super) struct Resized<'d> {
    pub(super) fields: &'d [&'d Field],
    pub(super) size: u64,
}

/// Estimates the cost of an operation with its variables.
pub(super) fn estimate<'d>(
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    given: Given<'d>,
    pages: Limits,
    resized: Option<&'d Resized<'d>>,
) -> u64 {
    let fragments = HashMap::new();
    let mut estimate = Estimate { schema, document, given, pages, resized, fragments };
    estimate.set(&given.operation.selection_set).once
}

/// What selections cost: once for the object they are of, and for each row of its page.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    once: u64,
    row: u64,
}

struct Estimate<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    given: Given<'d>,
    pages: Limits,
    resized: Option<&'d Resized<'d>>,
    fragments: HashMap<&'d str, Cost>,
}

impl<'d> Estimate<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Cost {
        let paged = self.is_page(&set.ty);
        let mut all = Cost::default();
        for selection in &set.selections {
            let cost = match selection {
                Selection::Field(field) if self.given.skipped(&field.directives) => continue,
                Selection::Field(field) => {
                    let cost = self.field(field);
                    match field.name.as_str() {
                        "nodes" | "edges" if paged => Cost { once: 0, row: cost },
                        _ => Cost { once: cost, row: 0 },
                    }
                }
                Selection::InlineFragment(inline) if self.given.skipped(&inline.directives) => {
                    continue;
                }
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) if self.given.skipped(&spread.directives) => {
                    continue;
                }
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            };
            all.once = all.once.saturating_add(cost.once);
            all.row = all.row.saturating_add(cost.row);
        }
        all
    }

    /// Valid documents have no fragment inside itself.
    fn fragment(&mut self, name: &'d str) -> Cost {
        if let Some(cost) = self.fragments.get(name) {
            return *cost;
        }
        let document = self.document;
        let fragment = document.fragments.get(name);
        let cost = fragment.map(|fragment| self.set(&fragment.selection_set)).unwrap_or_default();
        self.fragments.insert(name, cost);
        cost
    }

    fn field(&mut self, field: &'d Field) -> u64 {
        let inside = self.set(&field.selection_set);
        let rows = inside.row.saturating_mul(self.page_size(field));
        let once = inside.once.saturating_add(rows);
        once.saturating_mul(self.length(field)).saturating_add(1)
    }

    /// Whether a type is a page of a list.
    fn is_page(&self, name: &Name) -> bool {
        match self.schema.types.get(name) {
            Some(ExtendedType::Object(object)) => object.fields.contains_key("pageInfo"),
            _ => false,
        }
    }

    /// How many rows the page of a field has at the most.
    fn page_size(&self, field: &Field) -> u64 {
        if let Some(Resized { fields, size }) = self.resized
            && fields.iter().any(|resized| std::ptr::eq(*resized, field))
        {
            return *size;
        }
        let asked =
            ["first", "last"].iter().find_map(|name| self.given.number(&field.arguments, name));
        asked.unwrap_or(self.pages.page_default.into()).min(self.pages.page_max.into())
    }

    /// How many objects a field stands for: those of a list that has no pages; of a page the rows
    /// are counted where it is selected.
    fn length(&self, field: &Field) -> u64 {
        let definition = &field.definition;
        let of = definition.ty.inner_named_type();
        if !definition.ty.is_list() || field.selection_set.selections.is_empty() {
            return 1;
        }
        if of.starts_with("__") {
            return match field.name.as_str() {
                "types" => self.schema.types.len() as u64,
                _ => META_LIST,
            };
        }
        match field.name.as_str() {
            // Counted with their page.
            "nodes" | "edges" if definition.arguments.is_empty() => 1,
            "nodes" => self.given.items(&field.arguments, "ids"),
            "points" => self.pages.page_max.into(),
            _ if definition.argument_by_name("first").is_some() => self.page_size(field),
            _ => LIST,
        }
    }
}
