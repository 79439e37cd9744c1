//! Files of any kind into the writer. A thread reads while the writer writes.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{
    figures::Known,
    option_check,
    options::Options,
    parcel::{Out, Parcel, SaidRow},
    progress::Progress,
    reading::{Reading, Source},
};
use crate::{
    database::Database,
    error::Error,
    record::{Outcome, Writer},
};

/// How many batches may wait to be written.
const WAITING: usize = 2;

/// What an import did, or would do if it is not committed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    /// What became of the rows of each table.
    pub outcome: Outcome,
    /// How many cells held no figure and were left out.
    pub left_out: u64,
    /// How many numbers were rounded, as the options allow.
    pub rounded: u64,
}

/// Reads files into the writer, which is not committed. Fails with all that is wrong with them
/// ([`Error::Rejected`]).
///
/// What is known by name is read from the database as it was when the writer was begun.
pub async fn import(
    database: &Database,
    writer: &mut Writer,
    sources: Vec<Source>,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Summary, Error> {
    let contradictions = option_check::contradictions(options);
    if !contradictions.is_empty() {
        contradictions.into_iter().for_each(|why| writer.report(why));
        return Err(writer.settle().await.err().unwrap_or_else(|| Error::internal("refused")));
    }
    let known = Known::load(database).await?;
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let options = options.clone();
    let reading = tokio::task::spawn_blocking(move || {
        // The writing side says why it is gone.
        let _gone = Reading::new(&options, known, Out::new(sender)).all(sources);
    });
    writer.watch(progress.watcher());
    let (mut summary, mut rows) = (Summary::default(), 0);
    while let Some(parcel) = receiver.recv().await {
        match parcel {
            Parcel::Rows(table, batch) => {
                writer.write(table, &batch).await?;
                rows += batch.rows.len() as u64;
            }
            Parcel::Problem(problem) => writer.report(problem),
            Parcel::Said(SaidRow { problem, table, slug, column, value }) => {
                if !writer.holds(table, &slug, &column, &value).await? {
                    writer.report(problem);
                }
            }
            Parcel::Dataset(dataset) if writer.is_empty().await? => {
                writer.describe(dataset).await?;
            }
            Parcel::Dataset(_) => {}
            Parcel::Passed { left_out, rounded } => {
                summary.left_out += left_out;
                summary.rounded += rounded;
            }
            Parcel::Begun(file, bytes) => progress.begin(&file, bytes),
            Parcel::Read(bytes) => progress.advance(bytes, rows),
        }
    }
    reading.await.map_err(Error::internal)?;
    summary.outcome = writer.settle().await?.clone();
    Ok(summary)
}
