//! What an operation's arguments and directives come to with the variables it is given.

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Directive, Value},
    executable::Operation,
};
use async_graphql::{Name as Key, Value as Constant, Variables};

/// An operation and its variables, which fit it.
#[derive(Clone, Copy)]
pub(super) struct Given<'d> {
    pub(super) operation: &'d Operation,
    pub(super) variables: &'d Variables,
}

impl<'d> Given<'d> {
    /// The number an argument holds; 0 where it is negative.
    pub(super) fn number(self, arguments: &[Node<Argument>], name: &str) -> Option<u64> {
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
    pub(super) fn items(self, arguments: &[Node<Argument>], name: &str) -> u64 {
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

    /// Whether `@skip` or `@include` leaves something out.
    pub(super) fn skipped(self, directives: &[Node<Directive>]) -> bool {
        directives.iter().any(|directive| match directive.name.as_str() {
            "skip" => self.truth(&directive.arguments) == Some(true),
            "include" => self.truth(&directive.arguments) == Some(false),
            _ => false,
        })
    }

    fn truth(self, arguments: &[Node<Argument>]) -> Option<bool> {
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

    fn default(self, variable: &Name) -> Option<&'d Value> {
        let mut variables = self.operation.variables.iter();
        let definition = variables.find(|definition| definition.name == *variable)?;
        definition.default_value.as_deref()
    }
}

fn argument<'a>(arguments: &'a [Node<Argument>], name: &str) -> Option<&'a Argument> {
    arguments.iter().find(|argument| argument.name == name).map(|argument| &**argument)
}
