//! What a request may cost, estimated before anything of it runs.
//!
//! The cost is the number of fields that the answer has if every list is as long as it may be: a
//! field costs one, or more where it reads more than it answers, and what is below `nodes` or `edges`
//! costs as often as the page has rows. To that comes what conditions and orders along relations
//! cost.

use std::{collections::HashMap, ptr};

use apollo_compiler::{
    Name, Schema,
    executable::{ExecutableDocument, Field, Selection, SelectionSet},
    schema::ExtendedType,
};

use super::{
    conditions::{Conditions, RelatedKeys},
    given::Given,
    lengths::{self, Length},
};
use crate::query::Limits;

/// How long a list is taken to be in a description of the schema.
const META_LIST: u64 = 4;

/// Fields whose page is given another size than the document says.
pub(super) struct Resized<'d> {
    pub(super) fields: &'d [&'d Field],
    pub(super) size: u64,
}

/// What costs are estimated by, but for the request.
#[derive(Clone, Copy)]
pub(super) struct Terms<'d> {
    pub(super) schema: &'d Schema,
    pub(super) related: &'d RelatedKeys,
    pub(super) pages: Limits,
}

/// Estimates the cost of an operation with its variables.
pub(super) fn estimate<'d>(
    terms: Terms<'d>,
    document: &'d ExecutableDocument,
    given: Given<'d>,
    resized: Option<&'d Resized<'d>>,
) -> u64 {
    let conditions = Conditions::new(terms.schema, terms.related, given);
    let fragments = HashMap::new();
    let mut estimate =
        Estimate { terms, document, given, resized, conditions, root: None, fragments };
    estimate.set(&given.operation.selection_set).once
}

/// What selections cost: once for the object they are of, and for each row of its page.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    once: u64,
    row: u64,
}

struct Estimate<'d> {
    terms: Terms<'d>,
    document: &'d ExecutableDocument,
    given: Given<'d>,
    resized: Option<&'d Resized<'d>>,
    conditions: Conditions<'d>,
    /// The field of the root that is being estimated.
    root: Option<&'d Field>,
    /// What fragments cost, each in a field of the root: that says how long some lists are.
    fragments: HashMap<(Option<*const Field>, &'d str), Cost>,
}

impl<'d> Estimate<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Cost {
        let paged = self.is_page(&set.ty);
        let mut all = Cost::default();
        for selection in &set.selections {
            let cost = match selection {
                Selection::Field(field) if self.given.skipped(&field.directives) => continue,
                Selection::Field(field) => {
                    let cost = self.field(&set.ty, field);
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
        let key = (self.root.map(ptr::from_ref), name);
        if let Some(cost) = self.fragments.get(&key) {
            return *cost;
        }
        let document = self.document;
        let fragment = document.fragments.get(name);
        let cost = fragment.map(|fragment| self.set(&fragment.selection_set)).unwrap_or_default();
        self.fragments.insert(key, cost);
        cost
    }

    fn field(&mut self, of: &Name, field: &'d Field) -> u64 {
        let around = self.root;
        self.root = around.or(Some(field));
        let inside = self.set(&field.selection_set);
        let rows = inside.row.saturating_mul(self.page_size(field));
        let objects = inside.once.saturating_add(rows).saturating_mul(self.length(of, field));
        self.root = around;
        let weight = lengths::weight(field.name.as_str());
        objects.saturating_add(weight).saturating_add(self.conditions.of_field(field))
    }

    /// Whether a type is a page of a list.
    fn is_page(&self, name: &Name) -> bool {
        match self.terms.schema.types.get(name) {
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
        asked.unwrap_or(self.terms.pages.page_default.into()).min(self.terms.pages.page_max.into())
    }

    /// How many objects a field stands for: those of a list that has no pages; of a page the rows
    /// are counted by themselves.
    fn length(&self, of: &Name, field: &Field) -> u64 {
        let definition = &field.definition;
        let item = definition.ty.inner_named_type();
        if !definition.ty.is_list() {
            return 1;
        }
        if item.starts_with("__") {
            return match field.name.as_str() {
                "types" => self.terms.schema.types.len() as u64,
                _ => META_LIST,
            };
        }
        // Counted with their page.
        if matches!(field.name.as_str(), "nodes" | "edges") && self.is_page(of) {
            return 1;
        }
        if definition.argument_by_name("first").is_some() {
            return self.page_size(field);
        }
        match lengths::length(of, field.name.as_str(), item) {
            Length::Few(length) => length,
            Length::Page => self.terms.pages.page_max.into(),
            Length::Arguments(names) => {
                names.iter().map(|name| self.said(name)).fold(1, u64::saturating_mul)
            }
        }
    }

    /// How many rows an argument of the root's field speaks of; one where it is left out.
    fn said(&self, name: &str) -> u64 {
        let argument = self.root.and_then(|root| self.given.argument(&root.arguments, name));
        let Some(input) = argument else { return 1 };
        input.number().unwrap_or_else(|| input.items(self.given).len() as u64)
    }
}
