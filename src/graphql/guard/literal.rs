//! Values that stand in a document as async-graphql takes them.

use apollo_compiler::{Name, Node, ast};
use async_graphql::{Name as Key, Number, Positioned, ServerError};
use async_graphql_value::Value;

use super::place::Places;
use crate::graphql::error;

/// The arguments of a field or a directive.
type Arguments = Vec<(Positioned<Key>, Positioned<Value>)>;

/// A name.
pub(super) fn key(name: &Name) -> Key {
    Key::new(name.as_str())
}

/// Converts values that stand in a document, whose places these are.
pub(super) struct Literals<'p>(pub(super) &'p Places);

impl Literals<'_> {
    pub(super) fn at<N, T>(&self, node: &Node<N>, value: T) -> Positioned<T> {
        Positioned::new(value, self.0.of_node(node))
    }

    pub(super) fn arguments(
        &self,
        nodes: &[Node<ast::Argument>],
    ) -> Result<Arguments, ServerError> {
        let argument = |node: &Node<ast::Argument>| {
            let value = self.value(&node.value)?;
            Ok((self.at(node, key(&node.name)), self.at(&node.value, value)))
        };
        nodes.iter().map(argument).collect()
    }

    /// Fails on a number that no value can hold.
    pub(super) fn value(&self, node: &Node<ast::Value>) -> Result<Value, ServerError> {
        Ok(match &**node {
            ast::Value::Null => Value::Null,
            ast::Value::Enum(name) => Value::Enum(key(name)),
            ast::Value::Variable(name) => Value::Variable(key(name)),
            ast::Value::String(text) => Value::String(text.clone()),
            ast::Value::Boolean(truth) => Value::Boolean(*truth),
            ast::Value::Int(digits) => Value::Number(self.number(node, digits.as_str())?),
            ast::Value::Float(digits) => Value::Number(self.number(node, digits.as_str())?),
            ast::Value::List(items) => Value::List(
                items.iter().map(|item| self.value(item)).collect::<Result<_, ServerError>>()?,
            ),
            ast::Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((key(name), self.value(value)?)));
                Value::Object(fields.collect::<Result<_, ServerError>>()?)
            }
        })
    }

    /// A number as JSON has it. One beyond 64 bits becomes a double, which exact scalars refuse.
    fn number(&self, node: &Node<ast::Value>, digits: &str) -> Result<Number, ServerError> {
        let whole = digits.parse::<i64>().map(Number::from);
        let whole = whole.or_else(|_| digits.parse::<u64>().map(Number::from)).ok();
        let fraction = || digits.parse::<f64>().ok().and_then(Number::from_f64);
        whole.or_else(fraction).ok_or_else(|| error::unread(digits, self.0.of_node(node)))
    }
}
