//! A query whose answer becomes a file: the one list in it is read page by page to its end, and
//! each page is within the limits of any other request.

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationType},
};

use super::{
    Admitted, Asked, Checked, Cost, Guard,
    cost::Resized,
    document,
    given::Given,
    pager::{PAGE_INFO, Page, Pager},
    shape::Shape,
};
use crate::{error::Error, graphql::rows::Json};

/// What the rows of a page of a file may cost, unless a single one costs more: a page is held in
/// memory, and larger ones are hardly faster.
const PAGE_COST: u64 = 50_000;

/// A query whose answer becomes a file.
pub struct Export {
    asked: Asked,
    admitted: Admitted,
    parsed: ExecutableDocument,
    cost: Cost,
    error_max: usize,
    turned: Option<Turned>,
    /// Whether it reads, writes or subscribes.
    pub operation: OperationType,
    /// What its answer looks like.
    pub shape: Shape,
    /// What a file of it may be called: the operation's name, or its first field's.
    pub name: String,
}

/// How far the list has been read.
struct Turned {
    pager: Pager,
    /// How many rows a page has.
    size: u64,
    /// How many are still wanted; all where it is not said.
    left: Option<u64>,
}

impl Turned {
    fn page(&self) -> u64 {
        self.left.unwrap_or(u64::MAX).min(self.size)
    }
}

impl Guard {
    /// Checks a request whose answer becomes a file. The list in it, but for the lists in that
    /// list, has as many rows as `first` says, however many, and all when that is left out.
    pub fn export(&self, asked: Asked) -> Result<Export, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let admitted = self.admit(&asked)?;
        let document = &admitted.document;
        let operation = document.operation(asked.operation()).map_err(one)?;
        let given = Given { operation, variables: &admitted.variables };
        let shape = Shape::of(document.valid(), given);
        let list = shape.list().map_err(one)?;
        let found =
            list.and_then(|(path, _)| Pager::find(&self.contract, document.valid(), given, &path));
        let mut turned = None;
        let requested = match found {
            None => self.estimate(document, given, None),
            Some(found) => {
                let sized = |size| {
                    let resized = Resized { fields: &found.fields, size };
                    self.estimate(document, given, Some(&resized))
                };
                let (row, beside) = (sized(2).saturating_sub(sized(1)).max(1), sized(0));
                let most = PAGE_COST.saturating_add(beside).min(self.options.cost_max);
                let rows = most.saturating_sub(beside) / row;
                let size = rows.clamp(1, self.pages.page_max.into());
                turned = Some(Turned { pager: found.pager, size, left: found.first });
                sized(size)
            }
        };
        let cost = self.afford(requested).map_err(one)?;
        let field = shape.fields.first().map_or("", |(key, _)| key.as_str());
        let name = operation.name.as_ref().map_or(field, |name| name.as_str()).to_owned();
        let kind = document::kind(operation);
        let parsed = document.parsed(&self.contract, given).map_err(one)?;
        let error_max = self.options.error_max();
        Ok(Export {
            asked,
            parsed,
            cost,
            error_max,
            turned,
            operation: kind,
            shape,
            name,
            admitted,
        })
    }
}

impl Export {
    /// What is executed first.
    pub fn first(&self) -> Checked {
        self.page(None)
    }

    /// What is executed after this answer, which must be free of errors; none where it was the
    /// last.
    pub fn after(&mut self, answer: &Json<'_>) -> Result<Option<Checked>, Error> {
        let Some(turned) = &mut self.turned else { return Ok(None) };
        let path = turned.pager.path.iter().map(|key| key.as_str());
        let info = path.chain([PAGE_INFO]).try_fold(answer, |value, key| value.field(key));
        // Without a connection there is no page.
        let Some(info) = info else { return Ok(None) };
        if info.field("hasNextPage") != Some(&Json::Boolean(true)) {
            return Ok(None);
        }
        let read = turned.page();
        turned.left = turned.left.map(|left| left.saturating_sub(read));
        if turned.left == Some(0) {
            return Ok(None);
        }
        match info.field("endCursor") {
            Some(Json::Text(cursor)) => Ok(Some(self.page(Some(cursor)))),
            _ => Err(Error::internal("a page that is not the last has no cursor at its end")),
        }
    }

    fn page(&self, after: Option<&str>) -> Checked {
        let mut parsed = self.parsed.clone();
        if let Some(turned) = &self.turned {
            let page = Page { first: turned.page(), after };
            turned.pager.turn(&mut parsed, self.asked.operation(), &page);
        }
        Checked::new(&self.admitted, parsed, &self.asked, self.operation, self.cost, self.error_max)
    }
}
