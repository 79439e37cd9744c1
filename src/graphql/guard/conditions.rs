//! What conditions and orders along relations cost.
//!
//! A condition on related rows is a query inside a query, and what is inside may be run for each row
//! of what is around it: the work may grow with every relation as many times as there are rows. So
//! does the price.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    Name, Schema,
    ast::Argument,
    executable::Field,
    schema::{ExtendedType, InputObjectType},
};
use async_graphql::{InputType, resolver_utils::EnumType};

use super::given::{Given, Input};
use crate::{
    graphql::Node,
    query::{OrderKey, Source, Table},
};

/// What a condition on rows one relation away costs, and an order by them.
const RELATION: u64 = 100;

/// How many times as much a condition costs that is one relation further away.
const FURTHER: u64 = 10;

/// The words by which a list is ordered by related rows: each with its type.
pub(super) struct RelatedKeys(HashMap<String, HashSet<&'static str>>);

macro_rules! topics_with_orders {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        impl RelatedKeys {
            /// Those of every list of the schema.
            pub(super) fn all() -> Self {
                let mut all = HashMap::new();
                $(collect::<<$crate::graphql::$object as Node>::Table>(&mut all);)+
                Self(all)
            }
        }
    };
}

topics!(topics_with_orders);

fn collect<T>(all: &mut HashMap<String, HashSet<&'static str>>)
where
    T: Table<OrderKey: EnumType + InputType>,
{
    let keys = T::OrderKey::items().iter();
    let related = keys.filter(|key| matches!(key.value.source(), Source::Elsewhere(_)));
    let words = related.map(|key| key.name).collect();
    all.insert(T::OrderKey::type_name().into_owned(), words);
}

impl RelatedKeys {
    fn contains(&self, kind: &str, word: &str) -> bool {
        self.0.get(kind).is_some_and(|words| words.contains(word))
    }
}

/// What the conditions and orders cost of the fields of an operation.
pub(super) struct Conditions<'d> {
    schema: &'d Schema,
    related: &'d RelatedKeys,
    given: Given<'d>,
    /// What was priced before, by where it is, its type, and what a relation costs there: a variable
    /// may stand in many places, a fragment too.
    met: HashMap<(usize, &'d str, u64), u64>,
}

impl<'d> Conditions<'d> {
    pub(super) fn new(schema: &'d Schema, related: &'d RelatedKeys, given: Given<'d>) -> Self {
        Self { schema, related, given, met: HashMap::new() }
    }

    /// The price of all that is among a field's arguments.
    pub(super) fn of_field(&mut self, field: &'d Field) -> u64 {
        let price = |argument: &'d Argument| {
            let definition = field.definition.argument_by_name(&argument.name)?;
            let input = self.given.input(&argument.value)?;
            Some(self.of(definition.ty.inner_named_type(), input, RELATION))
        };
        let arguments = field.arguments.iter().map(|argument| &**argument);
        arguments.filter_map(price).fold(0, u64::saturating_add)
    }

    /// The price of a value, where the next relation costs `next`. It is nested no deeper than values
    /// may be.
    fn of(&mut self, kind: &'d Name, input: Input<'d>, next: u64) -> u64 {
        let schema = self.schema;
        let object = match schema.types.get(kind) {
            Some(ExtendedType::InputObject(object)) => object,
            Some(ExtendedType::Enum(_)) => {
                let items = input.items(self.given).into_iter();
                return items.map(|item| self.of_word(kind, item)).fold(0, u64::saturating_add);
            }
            _ => return 0,
        };
        let key = (input.address(), kind.as_str(), next);
        if let Some(price) = self.met.get(&key) {
            return *price;
        }
        let mut price = 0u64;
        for item in input.items(self.given) {
            for (name, value) in item.fields(self.given) {
                price = price.saturating_add(self.of_part(object, name, value, next));
            }
        }
        self.met.insert(key, price);
        price
    }

    fn of_part(
        &mut self,
        object: &'d InputObjectType,
        name: &str,
        value: Input<'d>,
        next: u64,
    ) -> u64 {
        let Some(field) = object.fields.get(name).filter(|_| !value.is_null()) else { return 0 };
        let kind = field.ty.inner_named_type();
        match self.is_relation(object, name, kind) {
            true => next.saturating_add(self.of(kind, value, next.saturating_mul(FURTHER))),
            false => self.of(kind, value, next),
        }
    }

    /// Whether a field of a table's filter is a condition on related rows: one row by its own
    /// filter, many by that of a list.
    fn is_relation(&self, object: &InputObjectType, name: &str, kind: &Name) -> bool {
        let has = |kind: &Name, part: &str| match self.schema.types.get(kind) {
            Some(ExtendedType::InputObject(object)) => object.fields.contains_key(part),
            _ => false,
        };
        let combines = matches!(name, "and" | "or" | "not");
        object.fields.contains_key("not") && !combines && (has(kind, "not") || has(kind, "some"))
    }

    fn of_word(&self, kind: &Name, input: Input<'d>) -> u64 {
        let related = input.word().is_some_and(|word| self.related.contains(kind.as_str(), word));
        if related { RELATION } else { 0 }
    }
}
