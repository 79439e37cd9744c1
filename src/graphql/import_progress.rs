//! How far imports are.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use entity::Decimal;

use crate::{
    access::{Permission, Viewer, require},
    package::Progress,
    record::{Phase, Step, Watcher},
};

/// How far the imports of this instance are, the newest of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Imports(Arc<Mutex<Vec<Known>>>);

/// An import by the id that was given to it.
type Known = (ID, Arc<Far>);

/// The most imports whose progress is remembered.
const REMEMBERED: usize = 100;

/// How far an import is.
#[derive(Debug, Default)]
pub(super) struct Far {
    file: Mutex<String>,
    bytes: AtomicU64,
    of: AtomicU64,
    rows: AtomicU64,
    step: Mutex<Option<Step>>,
    ended: AtomicBool,
}

/// An import under way: it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Going(Arc<Far>);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.ended.store(true, Relaxed);
    }
}

impl Imports {
    pub(super) fn begin(&self, id: Option<ID>) -> Going {
        let far = Arc::<Far>::default();
        if let Some(id) = id {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|(other, _)| *other != id);
            if all.len() == REMEMBERED {
                all.remove(0);
            }
            all.push((id, Arc::clone(&far)));
        }
        Going(far)
    }

    fn find(&self, id: &ID) -> Option<Arc<Far>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(other, _)| other == id).map(|(_, far)| Arc::clone(far))
    }
}

impl Progress for Going {
    fn begin(&mut self, file: &str, bytes: u64) {
        file.clone_into(&mut self.0.file.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.of.store(bytes, Relaxed);
    }

    fn advance(&mut self, bytes: u64, rows: u64) {
        self.0.bytes.store(bytes, Relaxed);
        self.0.rows.store(rows, Relaxed);
        self.0.note(None);
    }

    fn watcher(&self) -> Watcher {
        let far = Arc::clone(&self.0);
        Arc::new(move |step| far.note(Some(step)))
    }
}

impl Far {
    /// Takes note of what is done with the figures that were read; none while files are.
    fn note(&self, step: Option<Step>) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }
}

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ImportState {
    /// It is under way: the `phase` says with what.
    Running,
    /// It has ended, well or not: the answer to the mutation says which.
    Ended,
}

/// How far an import is.
#[derive(Debug, Clone, SimpleObject)]
pub struct ImportProgress {
    /// Where it is.
    state: ImportState,
    /// What it does, or did last.
    phase: Phase,
    /// The file that is read, or was read last.
    file: String,
    /// How many bytes of it were read.
    bytes: Decimal,
    /// How many bytes it has; 0 where that is not known.
    of: Decimal,
    /// How many rows were taken in by now.
    rows: Decimal,
    /// How many figures that were read are brought to where they belong; 0 while files are read.
    figures: Decimal,
    /// How many of them are there by now: none while they are compared with those there are.
    written: Decimal,
}

/// The field of the root that tells how far an import is.
#[derive(Debug, Default)]
pub struct ImportQuery;

#[Object]
impl ImportQuery {
    /// How far an import on this instance is; null where there is none with the id. Takes the role
    /// EDITOR.
    #[graphql(cache_control(no_cache))]
    async fn import_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id that was given to the import.")] id: ID,
    ) -> Option<Result<ImportProgress>> {
        let progress = || {
            require(ctx.data::<Viewer>()?, Permission::Write)?;
            let Some(far) = ctx.data::<Imports>()?.find(&id) else { return Ok(None) };
            let number =
                |of: &AtomicU64| i64::try_from(of.load(Relaxed)).unwrap_or(i64::MAX).into();
            let step = *far.step.lock().unwrap_or_else(PoisonError::into_inner);
            let of_step = |number: fn(Step) -> u64| {
                i64::try_from(step.map_or(0, number)).unwrap_or(i64::MAX).into()
            };
            let ended = far.ended.load(Relaxed);
            Ok(Some(ImportProgress {
                state: if ended { ImportState::Ended } else { ImportState::Running },
                phase: step.map_or(Phase::Reading, |step| step.phase),
                file: far.file.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                bytes: number(&far.bytes),
                of: number(&far.of),
                rows: number(&far.rows),
                figures: of_step(|step| step.of),
                written: of_step(|step| step.done),
            }))
        };
        progress().transpose()
    }
}
