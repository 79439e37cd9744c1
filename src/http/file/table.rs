//! The one rule by which an answer becomes a table. The playground's table follows it too
//! (`web/src/result/table.ts`); `cases.json` is what both make of the same answers.
//!
//! - Objects inside one another are columns with dotted names, in the order of the selection:
//!   `period.code`. Columns are told by the selection, so that they are there without rows too.
//! - Each element of the list is a row, which repeats what stands outside of the list; so is each
//!   element of a list in that list. An empty list leaves the row it is in. What is null is no row
//!   by itself.
//! - `nodes`, `edges` and `node` are no part of a name. `pageInfo` and `__typename` are left out,
//!   and `totalCount` where the rows are there themselves.
//! - A list of values is one cell, and so is a text in several languages.
//! - Of a single field at the root the name is left out. Several fields without a list are a row
//!   each, and their names are the first column, `field`.

use async_graphql::{Name, ServerError};

use super::at;
use crate::graphql::{Code, Kind, Shape, error, rows::Json};

/// How an answer becomes a table.
pub(super) struct Table {
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    parts: Vec<Part>,
}

/// The rows below each other that come from one place of the answer.
struct Part {
    /// The first cell of each of its rows, where the field is told.
    field: Option<Json<'static>>,
    /// The keys that lead to it.
    path: Vec<Name>,
    level: Level,
}

/// An object that is a row, or several where there is a list in it.
#[derive(Default)]
struct Level {
    /// The values and their columns.
    cells: Vec<(Vec<Name>, usize)>,
    list: Option<(Vec<Name>, Box<Self>)>,
}

/// The cells of a row, none where there is no value.
type Row<'v> = [Option<&'v Json<'v>>];

/// Takes the rows as they come.
type Sink<'s, 'v, E> = dyn FnMut(&Row<'v>) -> Result<(), E> + 's;

impl Table {
    /// The table of answers of a shape. Refused where there would be no columns, or where lists
    /// stand beside each other.
    pub(super) fn new(shape: &Shape) -> Result<Self, ServerError> {
        let mut table = Self { columns: Vec::new(), parts: Vec::new() };
        let fields: Vec<_> =
            shape.fields.iter().filter(|(key, kind)| !is_aside(key, kind, shape)).collect();
        match &fields[..] {
            [(key, kind)] => table.field(key, kind, None)?,
            fields if shape.list()?.is_none() => {
                table.columns.push("field".to_owned());
                for (key, kind) in fields {
                    table.field(key, kind, Some(Json::Text(key.to_string().into())))?;
                }
            }
            _ => {
                let mut level = Level::default();
                level.object(shape, &mut Vec::new(), "", false, &mut table.columns)?;
                table.parts.push(Part { field: None, path: Vec::new(), level });
            }
        }
        if table.parts.iter().all(|part| part.level.is_empty()) {
            let message = "the query selects nothing that could be a column of a file";
            return Err(error::refused(Code::NoColumns, message.to_owned()));
        }
        Ok(table)
    }

    /// Adds a field of the root.
    fn field(
        &mut self,
        key: &Name,
        kind: &Kind,
        field: Option<Json<'static>>,
    ) -> Result<(), ServerError> {
        let mut level = Level::default();
        let path = match kind {
            Kind::One(shape) => {
                level.object(shape, &mut Vec::new(), "", false, &mut self.columns)?;
                vec![key.clone()]
            }
            Kind::Many(shape) => {
                level.list(shape, vec![key.clone()], "", key == "edges", &mut self.columns)?;
                Vec::new()
            }
            Kind::Value | Kind::Texts => {
                level.cells.push((vec![key.clone()], place(&mut self.columns, key)));
                Vec::new()
            }
        };
        self.parts.push(Part { field, path, level });
        Ok(())
    }

    /// Gives the rows of an answer's data away. Of later pages of a list only those of the list.
    pub(super) fn rows<'v, E>(
        &'v self,
        data: &'v Json<'v>,
        first: bool,
        sink: &mut Sink<'_, 'v, E>,
    ) -> Result<(), E> {
        for part in &self.parts {
            let mut row = vec![None; self.columns.len()];
            if let (Some(field), Some(cell)) = (&part.field, row.first_mut()) {
                *cell = Some(field);
            }
            let value = at(data, &part.path).unwrap_or(&Json::Null);
            // There is no row of what is not there.
            if part.field.is_some() || !matches!(value, Json::Null) {
                part.level.rows(value, part.field.is_some(), first, &mut row, sink)?;
            }
        }
        Ok(())
    }
}

impl Level {
    /// Adds what an object holds.
    fn object(
        &mut self,
        shape: &Shape,
        path: &mut Vec<Name>,
        name: &str,
        edge: bool,
        columns: &mut Vec<String>,
    ) -> Result<(), ServerError> {
        shape.list()?;
        for (key, kind) in &shape.fields {
            if is_aside(key, kind, shape) {
                continue;
            }
            let name = match (edge && key == "node") || is_rows(key, kind) {
                true => name.to_owned(),
                false => joined(name, key),
            };
            path.push(key.clone());
            match kind {
                Kind::Value | Kind::Texts => self.cells.push((path.clone(), place(columns, &name))),
                Kind::One(shape) => self.object(shape, path, &name, false, columns)?,
                Kind::Many(shape) => {
                    self.list(shape, path.clone(), &name, key == "edges", columns)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    /// Adds the list in it.
    fn list(
        &mut self,
        shape: &Shape,
        path: Vec<Name>,
        name: &str,
        edges: bool,
        columns: &mut Vec<String>,
    ) -> Result<(), ServerError> {
        let mut level = Self::default();
        level.object(shape, &mut Vec::new(), name, edges, columns)?;
        self.list = Some((path, Box::new(level)));
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.list.as_ref().is_none_or(|(_, level)| level.is_empty())
    }

    /// Gives the rows of an object away. `around` says whether there are cells outside of it, and
    /// `alone` whether it is a row where its list is empty.
    fn rows<'v, E>(
        &self,
        value: &'v Json<'v>,
        around: bool,
        alone: bool,
        row: &mut Vec<Option<&'v Json<'v>>>,
        sink: &mut Sink<'_, 'v, E>,
    ) -> Result<(), E> {
        for (path, place) in &self.cells {
            row[*place] = at(value, path);
        }
        let Some((path, level)) = &self.list else { return sink(row) };
        let around = around || !self.cells.is_empty();
        match at(value, path) {
            Some(Json::List(items)) if !items.is_empty() => {
                let mut items = items.iter().filter(|item| around || !matches!(item, Json::Null));
                items.try_for_each(|item| level.rows(item, around, true, row, sink))
            }
            _ if alone && around => {
                level.clear(row);
                sink(row)
            }
            _ => Ok(()),
        }
    }

    fn clear(&self, row: &mut [Option<&Json<'_>>]) {
        for (_, place) in &self.cells {
            row[*place] = None;
        }
        if let Some((_, level)) = &self.list {
            level.clear(row);
        }
    }
}

/// The place of a column, which is added where it is not there.
fn place(columns: &mut Vec<String>, name: &str) -> usize {
    let found = columns.iter().position(|column| column == name);
    found.unwrap_or_else(|| {
        columns.push(name.to_owned());
        columns.len() - 1
    })
}

fn joined(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}

/// Whether a field is the rows of a list with pages.
pub(super) fn is_rows(key: &str, kind: &Kind) -> bool {
    (key == "nodes" || key == "edges") && matches!(kind, Kind::Many(_))
}

/// Whether a field says something of the list or the type, and nothing of a row.
pub(super) fn is_aside(key: &str, kind: &Kind, shape: &Shape) -> bool {
    match key {
        "totalCount" => shape.fields.iter().any(|(key, kind)| is_rows(key, kind)),
        "pageInfo" => matches!(kind, Kind::One(_)),
        _ => key == "__typename",
    }
}
