//! The values of variables: whether they are what an operation takes.
//!
//! The scalars of the schema's own are left to themselves, which say best what would be right.

use std::fmt;

use apollo_compiler::{
    Name, Schema,
    ast::Type,
    executable::Operation,
    schema::{EnumType, ExtendedType, InputObjectType},
};
use async_graphql::{Name as Key, Number, Pos, ServerError, Value, Variables, indexmap::IndexMap};
use entity::{Quoted, QuotedValue, cut};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::place::Places;
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

/// Refuses values that are not of their variable's type: one error for each that is wrong, up to
/// `most`.
pub(super) fn check(
    schema: &Schema,
    operation: &Operation,
    given: &Variables,
    places: &Places,
    most: usize,
) -> Result<(), Vec<ServerError>> {
    let budget = Budget::default();
    let mut check = Check { schema, most, place: Pos::default(), wrong: Vec::new(), budget };
    for variable in &operation.variables {
        check.place = places.of_node(variable);
        let path = Path::Variable(&variable.name);
        match given.get(&Key::new(variable.name.as_str())) {
            Some(value) => check.value(&path, &variable.ty, value),
            None if variable.ty.is_non_null() && variable.default_value.is_none() => {
                check.wrong(format!("`{path}` is missing; its type is {}", variable.ty));
            }
            None => {}
        }
    }
    check.wrong.truncate(most);
    if check.wrong.is_empty() { Ok(()) } else { Err(check.wrong) }
}

struct Check<'s> {
    schema: &'s Schema,
    most: usize,
    place: Pos,
    wrong: Vec<ServerError>,
    budget: Budget,
}

impl Check<'_> {
    fn wrong(&mut self, message: String) {
        self.wrong.push(error::variable(message, self.place));
    }

    fn value(&mut self, path: &Path<'_>, of: &Type, value: &Value) {
        if self.wrong.len() >= self.most {
            return;
        }
        match (of, value) {
            (Type::Named(_) | Type::List(_), Value::Null) => {}
            (Type::NonNullNamed(_) | Type::NonNullList(_), Value::Null) => {
                self.wrong(format!("`{path}` is null, but its type is {of}"));
            }
            (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
                for (place, value) in items.iter().enumerate() {
                    self.value(&Path::Item(path, place), item, value);
                }
            }
            // A value alone is a list of one.
            (Type::List(item) | Type::NonNullList(item), _) => self.value(path, item, value),
            (Type::Named(name) | Type::NonNullNamed(name), _) => self.named(path, name, value),
        }
    }

    fn named(&mut self, path: &Path<'_>, name: &Name, value: &Value) {
        let fits = match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(of)) => match value {
                Value::Object(fields) => return self.object(path, of, fields),
                _ => false,
            },
            Some(ExtendedType::Enum(of)) => match value {
                Value::String(word) => return self.word(path, of, word),
                _ => false,
            },
            _ => match name.as_str() {
                "Int" => matches!(value, Value::Number(number) if is_int(number)),
                "Float" => matches!(value, Value::Number(_)),
                "String" => matches!(value, Value::String(_)),
                "Boolean" => matches!(value, Value::Boolean(_)),
                "ID" => match value {
                    Value::Number(number) => !number.is_f64(),
                    _ => matches!(value, Value::String(_)),
                },
                _ => true,
            },
        };
        if !fits {
            let kind = match name.as_str() {
                "Int" => "a whole number of 32 bits",
                "Float" => "a number",
                "String" => "a text",
                "Boolean" => "true or false",
                "ID" => "a text or a whole number",
                _ if matches!(self.schema.types.get(name), Some(ExtendedType::Enum(_))) => {
                    "one of its words as a text"
                }
                _ => "an object",
            };
            self.wrong(format!("`{path}` is {}, but {name} is {kind}", QuotedValue(value)));
        }
    }

    fn object(&mut self, path: &Path<'_>, of: &InputObjectType, given: &IndexMap<Key, Value>) {
        for (name, value) in given {
            match of.fields.get(name.as_str()) {
                Some(field) => self.value(&Path::Field(path, name.as_str()), &field.ty, value),
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
            if field.is_required() && !given.contains_key(name.as_str()) {
                let path = Path::Field(path, name.as_str());
                self.wrong(format!("`{path}` is missing; its type is {}", field.ty));
            }
        }
    }

    fn word(&mut self, path: &Path<'_>, of: &EnumType, word: &str) {
        if !of.values.contains_key(word) {
            let message = format!("`{path}` is {}, but {} has no such word", Quoted(word), of.name);
            let words = of.values.keys().map(Name::as_str);
            let wrong = error::variable(message, self.place);
            self.wrong.push(suggestion::with_closest(wrong, word, words, &self.budget));
        }
    }
}

fn is_int(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

/// Where a value stands.
enum Path<'p> {
    Variable(&'p Name),
    Field(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${}", cut(name)),
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
