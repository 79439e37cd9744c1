//! The values of variables, as an operation takes them: of their types, with their defaults.

use std::{borrow::Cow, fmt};

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Type, Value as Literal},
    executable::Operation,
    schema::{EnumType, ExtendedType, InputObjectType},
};
use async_graphql::{Name as Key, Number, Pos, ServerError, Value, Variables, indexmap::IndexMap};
use entity::{Quoted, QuotedValue, cut};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{literal::Literals, place::Places, scalars};
use crate::{
    graphql::{Code, error, suggestion},
    suggest::Budget,
};

/// Refuses values that are nested too deep, or hold what is no text to PostgreSQL.
pub(super) fn check_values(given: &Variables, most: u32) -> Result<(), ServerError> {
    let deepest = given.values().map(depth).max().unwrap_or(0);
    if deepest > most.into() {
        return Err(error::beyond(
            Code::ValueDepthLimitExceeded,
            format!(
                "the variables have {deepest} levels of nested lists and objects, but may have \
                 {most} at the most; nest them less"
            ),
            deepest,
            most.into(),
        ));
    }
    match given.values().any(holds_nul) {
        true => Err(error::nul(None)),
        false => Ok(()),
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::List(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.values().any(holds_nul),
        _ => false,
    }
}

fn depth(value: &Value) -> u64 {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The values of all variables that have one, be it their default. Fails where one is not of its
/// variable's type: with one error for each that is wrong, up to `most`.
pub(super) fn coerce(
    schema: &Schema,
    operation: &Operation,
    given: &Variables,
    places: &Places,
    most: usize,
) -> Result<Variables, Vec<ServerError>> {
    let budget = Budget::default();
    let place = Pos::default();
    let mut coerce = Coerce { schema, places, most, place, wrong: Vec::new(), budget };
    let mut coerced = Variables::default();
    for variable in &operation.variables {
        coerce.place = places.of_node(variable);
        let path = Path::Variable(&variable.name);
        let key = Key::new(variable.name.as_str());
        let given = given.get(&key).map(Cow::Borrowed);
        let value = given.or_else(|| coerce.default(variable.default_value.as_ref()));
        match value {
            Some(value) => {
                coerced.insert(key, coerce.value(&path, &variable.ty, &value));
            }
            None if variable.ty.is_non_null() => {
                coerce.wrong(format!("`{path}` is missing; its type is {}", variable.ty));
            }
            None => {}
        }
    }
    coerce.wrong.truncate(most);
    if coerce.wrong.is_empty() { Ok(coerced) } else { Err(coerce.wrong) }
}

struct Coerce<'s> {
    schema: &'s Schema,
    places: &'s Places,
    most: usize,
    place: Pos,
    wrong: Vec<ServerError>,
    budget: Budget,
}

impl Coerce<'_> {
    fn wrong(&mut self, message: String) {
        self.wrong.push(error::variable(message, self.place));
    }

    /// A default, which holds no variable.
    fn default(&mut self, literal: Option<&Node<Literal>>) -> Option<Cow<'static, Value>> {
        match Literals(self.places).value(literal?) {
            Ok(value) => value.into_const().map(Cow::Owned),
            Err(wrong) => {
                self.wrong.push(wrong);
                None
            }
        }
    }

    /// The value as its type has it. Where it is wrong that is noted, and what is returned counts
    /// for nothing.
    fn value(&mut self, path: &Path<'_>, of: &Type, value: &Value) -> Value {
        if self.wrong.len() >= self.most {
            return Value::Null;
        }
        match (of, value) {
            (Type::Named(_) | Type::List(_), Value::Null) => Value::Null,
            (Type::NonNullNamed(_) | Type::NonNullList(_), Value::Null) => {
                self.wrong(format!("`{path}` is null, but its type is {of}"));
                Value::Null
            }
            (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
                let items = items.iter().enumerate();
                let item = |(place, value)| self.value(&Path::Item(path, place), item, value);
                Value::List(items.map(item).collect())
            }
            // A value alone is a list of one.
            (Type::List(item) | Type::NonNullList(item), _) => {
                Value::List(vec![self.value(path, item, value)])
            }
            (Type::Named(name) | Type::NonNullNamed(name), _) => self.named(path, name, value),
        }
    }

    fn named(&mut self, path: &Path<'_>, name: &Name, value: &Value) -> Value {
        let kind = self.schema.types.get(name);
        let coerced = match (kind, value) {
            (Some(ExtendedType::InputObject(of)), Value::Object(fields)) => {
                return self.object(path, of, fields);
            }
            (Some(ExtendedType::Enum(of)), Value::String(word)) => {
                return self.word(path, of, word);
            }
            (Some(ExtendedType::Enum(_)), Value::Enum(word)) => {
                Some(Value::String(word.to_string()))
            }
            (Some(ExtendedType::InputObject(_) | ExtendedType::Enum(_)), _) => None,
            (_, Value::Number(number)) => match name.as_str() {
                "Int" => whole(number).map(|whole| Value::Number(whole.into())),
                "Float" => Some(value.clone()),
                "ID" if !number.is_f64() => Some(Value::String(number.to_string())),
                "String" | "Boolean" | "ID" => None,
                _ => return self.scalar(path, name, value),
            },
            (_, Value::String(_)) if matches!(name.as_str(), "String" | "ID") => {
                Some(value.clone())
            }
            (_, Value::Boolean(_)) if name == "Boolean" => Some(value.clone()),
            _ if matches!(name.as_str(), "Int" | "Float" | "String" | "Boolean" | "ID") => None,
            _ => return self.scalar(path, name, value),
        };
        coerced.unwrap_or_else(|| {
            let expected = match name.as_str() {
                "Int" => "a whole number of 32 bits",
                "Float" => "a number",
                "String" => "a text",
                "Boolean" => "true or false",
                "ID" => "a text or a whole number",
                _ if kind.is_some_and(ExtendedType::is_enum) => "one of its words as a text",
                _ => "an object",
            };
            self.wrong(format!("`{path}` is {}, but {name} is {expected}", QuotedValue(value)));
            Value::Null
        })
    }

    /// A scalar of the schema's own says best what would be right.
    fn scalar(&mut self, path: &Path<'_>, name: &Name, value: &Value) -> Value {
        if let Err(why) = scalars::check(name, value.clone()) {
            self.wrong(format!("`{path}`: {why}"));
        }
        value.clone()
    }

    fn object(
        &mut self,
        path: &Path<'_>,
        of: &InputObjectType,
        given: &IndexMap<Key, Value>,
    ) -> Value {
        let mut coerced = IndexMap::with_capacity(given.len());
        for (name, value) in given {
            match of.fields.get(name.as_str()) {
                Some(field) => {
                    let path = Path::Field(path, name.as_str());
                    coerced.insert(name.clone(), self.value(&path, &field.ty, value));
                }
                None => {
                    let (unknown, of_type) = (cut(name), &of.name);
                    let message = format!("`{path}` has no field `{unknown}`: {of_type} has none");
                    let names = of.fields.keys().map(Name::as_str);
                    let wrong = error::variable(message, self.place);
                    let wrong = suggestion::with_closest(wrong, name, names, &self.budget);
                    self.wrong.push(wrong);
                }
            }
        }
        for (name, field) in &of.fields {
            if given.contains_key(name.as_str()) {
                continue;
            }
            let path = Path::Field(path, name.as_str());
            match self.default(field.default_value.as_ref()) {
                Some(default) => {
                    let default = self.value(&path, &field.ty, &default);
                    coerced.insert(Key::new(name.as_str()), default);
                }
                None if field.is_required() => {
                    self.wrong(format!("`{path}` is missing; its type is {}", field.ty));
                }
                None => {}
            }
        }
        Value::Object(coerced)
    }

    fn word(&mut self, path: &Path<'_>, of: &EnumType, word: &str) -> Value {
        if !of.values.contains_key(word) {
            let message = format!("`{path}` is {}, but {} has no such word", Quoted(word), of.name);
            let words = of.values.keys().map(Name::as_str);
            let wrong = error::variable(message, self.place);
            self.wrong.push(suggestion::with_closest(wrong, word, words, &self.budget));
        }
        Value::String(word.to_owned())
    }
}

/// The number of 32 bits that a number is, which may be written with a fraction of zero.
fn whole(number: &Number) -> Option<i32> {
    let written = || number.as_f64().filter(|float| float.fract() == 0.0)?.to_string().parse().ok();
    number.as_i64().or_else(written).and_then(|whole| whole.try_into().ok())
}

/// Where a value stands.
pub(super) enum Path<'p> {
    Variable(&'p Name),
    Argument(&'p Name),
    Field(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${}", cut(name)),
            Self::Argument(name) => write!(f, "{}", cut(name)),
            Self::Field(object, name) => write!(f, "{object}.{name}"),
            Self::Item(list, place) => write!(f, "{list}[{place}]"),
        }
    }
}

/// Reads the values of variables from JSON; null is none. A key that is in an object twice is
/// refused: which of them counted would be chance.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Variables, D::Error> {
    match Option::<Strict>::deserialize(from)? {
        None | Some(Strict(Value::Null)) => Ok(Variables::default()),
        Some(Strict(Value::Object(values))) => Ok(Variables::from_value(Value::Object(values))),
        Some(_) => Err(D::Error::custom("`variables` must be an object")),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Json).map(Self)
    }
}

struct Json;

impl<'de> Visitor<'de> for Json {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Boolean(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = IndexMap::new();
        while let Some((name, Strict(value))) = fields.next_entry::<String, _>()? {
            if object.contains_key(name.as_str()) {
                return Err(A::Error::custom(format!("the key `{}` is given twice", cut(&name))));
            }
            object.insert(Key::new(name), value);
        }
        Ok(Value::Object(object))
    }
}
