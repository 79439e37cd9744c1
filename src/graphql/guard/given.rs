//! What an operation's arguments and directives come to with the variables it is given.

use std::ptr;

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Directive, Value},
    executable::Operation,
};
use async_graphql::{Name as Key, Value as Constant, Variables};

/// An operation and the values of its variables, coerced.
#[derive(Clone, Copy)]
pub(super) struct Given<'d> {
    pub(super) operation: &'d Operation,
    pub(super) variables: &'d Variables,
}

impl<'d> Given<'d> {
    /// The number an argument holds; 0 where it is negative.
    pub(super) fn number(self, arguments: &[Node<Argument>], name: &str) -> Option<u64> {
        self.argument(arguments, name)?.number()
    }

    /// What an argument holds; none where it is left out.
    pub(super) fn argument<'a>(
        self,
        arguments: &'a [Node<Argument>],
        name: &str,
    ) -> Option<Input<'a>>
    where
        'd: 'a,
    {
        let argument = arguments.iter().find(|argument| argument.name == name)?;
        self.input(&argument.value)
    }

    /// What a value comes to; none for a variable without a value.
    pub(super) fn input<'a>(self, value: &'a Value) -> Option<Input<'a>>
    where
        'd: 'a,
    {
        let Value::Variable(variable) = value else { return Some(Input::Literal(value)) };
        self.variables.get(&Key::new(variable.as_str())).map(Input::Variable)
    }

    /// Whether `@skip` or `@include` leaves something out.
    pub(super) fn skipped(self, directives: &[Node<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let condition = || self.argument(&directive.arguments, "if")?.boolean();
            match directive.name.as_str() {
                "skip" => condition() == Some(true),
                "include" => condition() == Some(false),
                _ => false,
            }
        })
    }
}

/// A value as the document says it, or as a variable brings it.
#[derive(Clone, Copy)]
pub(super) enum Input<'d> {
    Literal(&'d Value),
    Variable(&'d Constant),
}

impl<'d> Input<'d> {
    /// The number it is; 0 for a negative one.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Literal(Value::Int(digits)) => Some(digits.as_str().parse().unwrap_or(0)),
            Self::Variable(Constant::Number(number)) => Some(number.as_u64().unwrap_or(0)),
            _ => None,
        }
    }

    fn boolean(self) -> Option<bool> {
        match self {
            Self::Literal(value) => value.to_bool(),
            Self::Variable(Constant::Boolean(boolean)) => Some(*boolean),
            Self::Variable(_) => None,
        }
    }

    /// The word of a closed list that it is.
    pub(super) fn word(self) -> Option<&'d str> {
        match self {
            Self::Literal(Value::Enum(word)) => Some(word.as_str()),
            Self::Variable(Constant::String(word)) => Some(word),
            Self::Variable(Constant::Enum(word)) => Some(word.as_str()),
            _ => None,
        }
    }

    /// Where it is in memory, which tells it from every other value of the request.
    pub(super) fn address(self) -> usize {
        match self {
            Self::Literal(value) => ptr::from_ref(value).addr(),
            Self::Variable(constant) => ptr::from_ref(constant).addr(),
        }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Literal(Value::Null) | Self::Variable(Constant::Null))
    }

    /// The items of a list; a value alone is a list of one.
    pub(super) fn items(self, given: Given<'d>) -> Vec<Self> {
        match self {
            Self::Literal(Value::List(items)) => {
                items.iter().filter_map(|item| given.input(item)).collect()
            }
            Self::Variable(Constant::List(items)) => items.iter().map(Self::Variable).collect(),
            _ => vec![self],
        }
    }

    /// The fields of an object that are given; none of anything else.
    pub(super) fn fields(self, given: Given<'d>) -> Vec<(&'d str, Self)> {
        match self {
            Self::Literal(Value::Object(fields)) => {
                let field = |(name, value): &'d (Name, Node<Value>)| {
                    Some((name.as_str(), given.input(value)?))
                };
                fields.iter().filter_map(field).collect()
            }
            Self::Variable(Constant::Object(fields)) => {
                fields.iter().map(|(name, value)| (name.as_str(), Self::Variable(value))).collect()
            }
            _ => Vec::new(),
        }
    }
}
