//! What a request may cost, estimated before anything of it runs.
//!
//! The cost is the number of fields that the answer has if every page is full: a field costs one,
//! and what is below `nodes` or `edges` costs as often as the page has rows.

use std::collections::HashMap;

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Argument, Directive, Value},
    executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet},
    schema::ExtendedType,
};
use async_graphql::{Name as Key, Value as Constant, Variables};

use crate::query::Limits;

/// How long a list is taken to be that has no pages, such as that of an object's names.
const LIST: u64 = 10;

/// How long a list is taken to be in a description of the schema.
const META_LIST: u64 = 4;

/// Estimates the cost of an operation with its variables.
pub(super) fn estimate(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Variables,
    pages: Limits,
) -> u64 {
    let fragments = HashMap::new();
    let mut estimate = Estimate { schema, document, operation, variables, pages, fragments };
    estimate.set(&operation.selection_set).once
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
    operation: &'d Operation,
    variables: &'d Variables,
    pages: Limits,
    fragments: HashMap<&'d str, Cost>,
}

impl<'d> Estimate<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Cost {
        let paged = self.is_page(&set.ty);
        let mut all = Cost::default();
        for selection in &set.selections {
            let cost = match selection {
                Selection::Field(field) if self.skipped(&field.directives) => continue,
                Selection::Field(field) => {
                    let cost = self.field(field);
                    match field.name.as_str() {
                        "nodes" | "edges" if paged => Cost { once: 0, row: cost },
                        _ => Cost { once: cost, row: 0 },
                    }
                }
                Selection::InlineFragment(inline) if self.skipped(&inline.directives) => continue,
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) if self.skipped(&spread.directives) => continue,
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
        let asked = ["first", "last"].iter().find_map(|name| self.number(&field.arguments, name));
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
            "nodes" => self.items(&field.arguments, "ids"),
            "points" => self.pages.page_max.into(),
            _ if definition.argument_by_name("first").is_some() => self.page_size(field),
            _ => LIST,
        }
    }

    /// The number an argument holds.
    fn number(&self, arguments: &[Node<Argument>], name: &str) -> Option<u64> {
        match &*argument(arguments, name)?.value {
            Value::Int(digits) => Some(digits.as_str().parse().unwrap_or(0)),
            Value::Variable(variable) => match self.variables.get(&Key::new(variable.as_str())) {
                Some(Constant::Number(number)) => Some(number.as_u64().unwrap_or(0)),
                Some(_) => None,
                None => match self.default(variable)? {
                    Value::Int(digits) => Some(digits.as_str().parse().unwrap_or(0)),
                    _ => None,
                },
            },
            _ => None,
        }
    }

    /// How many items the list of an argument has.
    fn items(&self, arguments: &[Node<Argument>], name: &str) -> u64 {
        let length = match argument(arguments, name).map(|argument| &*argument.value) {
            Some(Value::List(items)) => items.len(),
            Some(Value::Variable(variable)) => {
                match self.variables.get(&Key::new(variable.as_str())) {
                    Some(Constant::List(items)) => items.len(),
                    Some(_) => 1,
                    None => match self.default(variable) {
                        Some(Value::List(items)) => items.len(),
                        _ => 1,
                    },
                }
            }
            _ => 1,
        };
        length as u64
    }

    fn default(&self, variable: &Name) -> Option<&'d Value> {
        let mut variables = self.operation.variables.iter();
        let definition = variables.find(|definition| definition.name == *variable)?;
        definition.default_value.as_deref()
    }

    /// Whether `@skip` or `@include` leaves something out.
    fn skipped(&self, directives: &[Node<Directive>]) -> bool {
        directives.iter().any(|directive| match directive.name.as_str() {
            "skip" => self.truth(&directive.arguments) == Some(true),
            "include" => self.truth(&directive.arguments) == Some(false),
            _ => false,
        })
    }

    fn truth(&self, arguments: &[Node<Argument>]) -> Option<bool> {
        match &*argument(arguments, "if")?.value {
            Value::Boolean(truth) => Some(*truth),
            Value::Variable(variable) => match self.variables.get(&Key::new(variable.as_str())) {
                Some(Constant::Boolean(truth)) => Some(*truth),
                Some(_) => None,
                None => self.default(variable)?.to_bool(),
            },
            _ => None,
        }
    }
}

fn argument<'a>(arguments: &'a [Node<Argument>], name: &str) -> Option<&'a Argument> {
    arguments.iter().find(|argument| argument.name == name).map(|argument| &**argument)
}
