//! An answer as lines of JSON: one for each element of its list, with whatever is inside.

use async_graphql::{Name, ServerError};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    at,
    table::{is_aside, is_rows},
};
use crate::{
    error::Error,
    graphql::{Kind, Shape, rows::Json},
};

/// How an answer becomes lines.
pub(super) struct Ndjson {
    shape: Shape,
    /// The keys that lead to the list, if there is one.
    list: Option<Vec<Name>>,
    /// Whether its elements are edges of which only the node is asked for.
    nodes: bool,
}

impl Ndjson {
    pub(super) fn new(shape: &Shape) -> Result<Self, ServerError> {
        let list = shape.list()?;
        let nodes = list.as_ref().is_some_and(|(path, shape)| {
            let of_edges = path.last().is_some_and(|key| key == "edges");
            of_edges && matches!(&shape.fields[..], [(key, _)] if key == "node")
        });
        let list = list.map(|(path, _)| path);
        Ok(Self { shape: shape.clone(), list, nodes })
    }

    /// The lines of a page.
    pub(super) fn write(&self, data: &Json<'_>) -> Result<Vec<u8>, Error> {
        let mut lines = Vec::new();
        let mut line = |line: Line<'_, '_>| {
            serde_json::to_writer(&mut lines, &line).map_err(Error::internal)?;
            lines.push(b'\n');
            Ok::<_, Error>(())
        };
        let Some(list) = &self.list else {
            // Without a list the answer is the line; of a single field its value, if there is one.
            match &self.shape.fields[..] {
                [(key, _)] => at(data, std::slice::from_ref(key))
                    .map_or(Ok(()), |value| line(Line::Item(value)))?,
                _ => line(Line::Item(data))?,
            }
            return Ok(lines);
        };
        let Some(Json::List(items)) = at(data, list) else { return Ok(lines) };
        for item in items {
            let item = match item {
                edge if self.nodes => edge.field("node").unwrap_or(&Json::Null),
                _ => item,
            };
            match (&self.shape.fields[..], list.split_first()) {
                ([(key, kind)], Some((_, rest))) => {
                    let value = at(data, std::slice::from_ref(key)).unwrap_or(&Json::Null);
                    line(Line::around(value, kind, rest, item))?;
                }
                _ => line(Line::Around(data, &self.shape, list, item))?,
            }
        }
        Ok(lines)
    }
}

/// A line, or a part of it.
enum Line<'v, 'a> {
    /// As it is.
    Item(&'v Json<'a>),
    /// An object, its shape, and the keys that lead in it to the list, in whose place is the
    /// element.
    Around(&'v Json<'a>, &'v Shape, &'v [Name], &'v Json<'a>),
}

impl<'v, 'a> Line<'v, 'a> {
    fn around(value: &'v Json<'a>, kind: &'v Kind, list: &'v [Name], item: &'v Json<'a>) -> Self {
        match kind {
            Kind::One(shape) => Self::Around(value, shape, list, item),
            _ => Self::Item(item),
        }
    }
}

impl Serialize for Line<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (value, shape, list, item) = match self {
            Self::Item(value) => return value.serialize(to),
            Self::Around(value, shape, list, item) => (*value, *shape, *list, *item),
        };
        let told: Vec<_> =
            shape.fields.iter().filter(|(key, kind)| !is_aside(key, kind, shape)).collect();
        if let [(key, kind)] = &told[..]
            && is_rows(key, kind)
        {
            return item.serialize(to);
        }
        let mut map = to.serialize_map(Some(told.len()))?;
        for (key, kind) in told {
            let inside = at(value, std::slice::from_ref(key)).unwrap_or(&Json::Null);
            let line = match list.split_first() {
                Some((first, rest)) if first == key => Self::around(inside, kind, rest, item),
                _ => Line::Item(inside),
            };
            map.serialize_entry(key.as_str(), &line)?;
        }
        map.end()
    }
}
