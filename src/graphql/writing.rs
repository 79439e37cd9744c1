//! The writes of a mutation: all of its fields in one transaction, and only then its answer.
//!
//! A mutation is executed twice. First with nothing selected of its fields' results: each field
//! writes, and once all of them have, everything is kept; or nothing, where one of them fails.
//! Then as it was asked: each field remembers what it wrote, and what is selected of that is read
//! like any other answer.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use async_graphql::{
    Context, Name, Positioned, Request, Result,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
    },
};

use serde::{Deserialize, Serialize};

use super::{
    import_progress::Going,
    input::{Draft, in_order},
};
use crate::{
    access::{Permission, Viewer, require},
    database::Database,
    error::Error,
    event,
    identity::{Id, camel},
    package::{self, Options, Source, Summary},
    record::{By, Counts, Mode, Problem, Problems, Rows, Writer, idempotency::Key},
};

/// What one field of a mutation does.
#[derive(Debug)]
pub(super) enum Write {
    /// Makes or changes rows of a table.
    Save { table: &'static str, mode: Mode, drafts: Vec<Draft> },
    /// Removes rows of a table, named by their slugs or ids.
    Remove {
        table: &'static str,
        ids: Vec<String>,
        if_revision: Option<i32>,
        cascade: bool,
        reason: Option<String>,
    },
    /// Reads files.
    Import { sources: Vec<Source>, options: Options, progress: Going },
}

/// What one field of a mutation did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Done {
    /// The numbers of the rows, in the order of what was asked.
    pub(super) numbers: Vec<i64>,
    /// The ids of what was removed.
    pub(super) removed: Vec<String>,
    /// How many rows of the table it did what to.
    pub(super) counts: Counts,
    /// What an import did.
    pub(super) imported: Summary,
}

/// What the fields of a mutation share.
pub struct Writing {
    database: Database,
    by: By,
    writer: tokio::sync::Mutex<Option<Writer>>,
    /// By what it may be sent again.
    key: OnceLock<Key>,
    /// Whether it is being kept by now, or was.
    committing: Arc<AtomicBool>,
    /// What each field did, by its key in the answer.
    done: Mutex<HashMap<String, Done>>,
    /// The revision of the data that everybody is told, once everything is kept.
    kept: OnceLock<i64>,
    /// Whether nothing is to be kept.
    dry: AtomicBool,
}

impl Writing {
    /// A mutation of somebody: the names of its fields, and where it is told that it is being kept.
    pub(super) fn new(
        database: &Database,
        viewer: &Viewer,
        fields: String,
        committing: Arc<AtomicBool>,
    ) -> Self {
        let by = By { viewer: viewer.clone(), operation: fields, reason: None };
        Self {
            database: database.clone(),
            by,
            writer: tokio::sync::Mutex::default(),
            key: OnceLock::new(),
            committing,
            done: Mutex::default(),
            kept: OnceLock::new(),
            dry: AtomicBool::new(false),
        }
    }

    /// Who writes.
    pub(super) fn viewer(&self) -> &Viewer {
        &self.by.viewer
    }

    /// Begins a mutation with a key. Tells whether it was done before: then each field remembers
    /// what it did.
    pub(super) async fn begin(&self, key: Key) -> Result<bool, Error> {
        self.allow()?;
        let begun = Writer::begin(&self.database, None, self.by.clone()).await?;
        let known = begun.known(&key).await;
        if let Ok(None) = known {
            let _ = self.key.set(key);
            *self.writer.lock().await = Some(begun);
            return Ok(false);
        }
        begun.rollback().await;
        if let Some(known) = known? {
            *self.done() = serde_json::from_value(known.answer).map_err(Error::internal)?;
            let _ = self.kept.set(known.revision);
        }
        Ok(true)
    }

    /// Keeps everything.
    pub(super) async fn commit(&self) -> Result<(), Error> {
        match self.writer.lock().await.take() {
            Some(writer) if self.is_dry() => writer.rollback().await,
            Some(mut writer) => {
                if let Some(key) = self.key.get() {
                    let answer = serde_json::to_value(&*self.done()).map_err(Error::internal)?;
                    writer.remember(key.clone(), answer).await?;
                }
                self.committing.store(true, SeqCst);
                writer.commit().await?;
            }
            None => {}
        }
        // What is kept is kept, whether or not that can be seen by now.
        let revision = event::current(&self.database).await;
        let revision = revision.unwrap_or_else(|_| self.database.revision());
        let _ = self.kept.set(revision.public.number);
        Ok(())
    }

    /// Keeps nothing.
    pub(super) async fn forget(&self) {
        if let Some(writer) = self.writer.lock().await.take() {
            writer.rollback().await;
        }
    }

    /// Has everything written, and then nothing kept.
    pub(super) fn keep_nothing(&self) {
        self.dry.store(true, Relaxed);
    }

    /// Whether nothing is kept.
    pub(super) fn is_dry(&self) -> bool {
        self.dry.load(Relaxed)
    }

    /// The revision of the data that everybody is told, once everything is kept.
    pub(super) fn revision(&self) -> i64 {
        self.kept.get().copied().unwrap_or(0)
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    fn done(&self) -> MutexGuard<'_, HashMap<String, Done>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the field has done, if this is the time to tell.
    pub(super) fn told(&self, ctx: &Context<'_>) -> Option<Done> {
        self.done().get(key(ctx)).cloned()
    }

    /// Does what a field asks for, once.
    pub(super) async fn perform(&self, ctx: &Context<'_>, write: Write) -> Result<Done> {
        if let Some(done) = self.told(ctx) {
            return Ok(done);
        }
        let done = self.write(write).await.map_err(located)?;
        self.done().insert(key(ctx).to_owned(), done.clone());
        Ok(done)
    }

    /// Refuses who may not write at all.
    pub(super) fn allow(&self) -> Result<(), Error> {
        require(&self.by.viewer, Permission::Write)
    }

    async fn write(&self, write: Write) -> Result<Done, Error> {
        self.allow()?;
        let mut writer = self.writer.lock().await;
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => {
                let begun = Writer::begin(&self.database, None, self.by.clone()).await?;
                none.insert(begun)
            }
        };
        match write {
            Write::Import { sources, options, mut progress } => {
                let database = &self.database;
                let imported =
                    package::import(database, writer, sources, &options, &mut progress).await?;
                Ok(Done { imported, ..Done::default() })
            }
            Write::Save { table, mode, drafts } => {
                let mut problems = Problems::default();
                drafts.iter().for_each(|draft| draft.check(&mut problems));
                match problems.is_empty() {
                    true => save(writer, table, mode, drafts).await,
                    false => Err(Error::Rejected(problems.into())),
                }
            }
            Write::Remove { table, ids, if_revision, cascade, reason } => {
                let before = writer.counts(table);
                let numbers = writer.named(table, &ids, if_revision).await?;
                let removed = writer.remove(table, numbers, cascade, reason).await?;
                let removed = removed.iter().map(Id::to_string).collect();
                writer.settle().await?;
                let counts = writer.counts(table) - before;
                Ok(Done { removed, counts, ..Done::default() })
            }
        }
    }
}

/// Saves rows, each after those it refers to; those with the same columns together.
async fn save(
    writer: &mut Writer,
    table: &'static str,
    mode: Mode,
    drafts: Vec<Draft>,
) -> Result<Done, Error> {
    let before = writer.counts(table);
    let (mut numbers, mut nested) = (Vec::with_capacity(drafts.len()), Vec::new());
    let mut groups: Vec<Rows> = Vec::new();
    let mut places = Vec::with_capacity(drafts.len());
    for draft in in_order(drafts) {
        places.push(draft.place);
        nested.extend(draft.nested);
        let (columns, fields) = draft.fields.into_iter().unzip();
        match groups.last_mut() {
            Some(rows) if rows.columns == columns && rows.origin == draft.origin => {
                rows.rows.push((draft.place, fields));
            }
            _ => {
                let rows = vec![(draft.place, fields)];
                groups.push(Rows { origin: draft.origin, columns, rows });
            }
        }
    }
    for rows in &groups {
        numbers.extend(writer.save(table, rows, mode).await?);
    }
    if numbers.len() == places.len() {
        // As they were given, whatever the order in which they were written.
        let mut given: Vec<(u64, i64)> = places.into_iter().zip(numbers).collect();
        given.sort_by_key(|(place, _)| *place);
        numbers = given.into_iter().map(|(_, number)| number).collect();
    }
    let counts = writer.counts(table) - before;
    for (table, draft) in nested {
        Box::pin(save(writer, table, Mode::Upsert, vec![draft])).await?;
    }
    writer.settle().await?;
    Ok(Done { numbers, counts, ..Done::default() })
}

/// The writes of the request.
pub(super) fn writing<'a>(ctx: &Context<'a>) -> Result<&'a Writing> {
    Ok(ctx.data::<std::sync::Arc<Writing>>()?)
}

/// The key of the field in the answer.
fn key<'a>(ctx: &Context<'a>) -> &'a str {
    ctx.item.node.response_key().node.as_str()
}

/// The same problems as a client knows them: by the paths of arguments, in place of lines and
/// columns.
fn located(error: Error) -> Error {
    let Error::Rejected(problems) = error else { return error };
    let told = problems.told.iter().cloned().map(|problem| {
        let place = problem.line.filter(|line| *line > 0);
        let place = place.map(|line| format!("[{}]", line - 1)).unwrap_or_default();
        // A localised text is one field, whatever its languages.
        let field = problem.column.as_deref().map(|column| match column {
            column if column.starts_with("if_") => camel(column),
            column => format!("{}{place}.{}", problem.origin, camel(column)),
        });
        let origin = field.unwrap_or_else(|| format!("{}{place}", problem.origin));
        Problem { origin, line: None, column: None, ..problem }
    });
    Error::Rejected(Problems { told: told.collect(), count: problems.count }.into())
}

/// The request without anything selected of its fields' results.
pub(super) fn without_answers(request: &Request, mut document: ExecutableDocument) -> Request {
    let mutation = |operation: &OperationType| *operation == OperationType::Mutation;
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            cut(&mut operation.node.selection_set.node);
        }
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .filter(|operation| mutation(&operation.node.ty))
            .for_each(|operation| cut(&mut operation.node.selection_set.node)),
    }
    let mut writes = Request::new(request.query.clone()).variables(request.variables.clone());
    writes.operation_name.clone_from(&request.operation_name);
    writes.set_parsed_query(document);
    writes
}

/// Leaves of each field of the root that it is there.
fn cut(set: &mut SelectionSet) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) if !field.node.selection_set.node.items.is_empty() => {
                let name = Positioned::new(Name::new("__typename"), field.pos);
                let there = Field {
                    alias: None,
                    name,
                    arguments: Vec::new(),
                    directives: Vec::new(),
                    selection_set: Positioned::default(),
                };
                let there = Selection::Field(Positioned::new(there, field.pos));
                field.node.selection_set.node.items = vec![Positioned::new(there, field.pos)];
            }
            Selection::InlineFragment(part) => cut(&mut part.node.selection_set.node),
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
        }
    }
}
