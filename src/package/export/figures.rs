//! Figures on their way out: a page after the other, in an order that does not follow from their
//! numbers. They go by the slug of their metric, their period, the slug of their place and the one
//! of their initiative.

use std::collections::BTreeSet;

use entity::observation;

use super::cells::{Names, name};
use crate::{
    error::Error,
    query::{Snapshot, Table},
};

type Figure = observation::Model;

/// Which figures.
pub type Filter = <observation::Entity as Table>::Filter;

/// The figures that are still to be read.
pub(super) struct Figures<'s> {
    snapshot: &'s Snapshot,
    names: &'s Names,
    filter: Option<&'s Filter>,
    /// The metrics in order, those that come later first.
    metrics: Vec<i64>,
    /// The last row that was read of the metric that comes next.
    last: Option<Figure>,
    /// Rows of a period that may have more.
    held: Vec<Figure>,
}

impl<'s> Figures<'s> {
    pub(super) fn new(
        snapshot: &'s Snapshot,
        names: &'s Names,
        filter: Option<&'s Filter>,
    ) -> Self {
        let mut metrics: Vec<(&String, i64)> =
            names["metric"].iter().map(|(number, slug)| (slug, *number)).collect();
        metrics.sort_unstable_by(|one, other| other.cmp(one));
        let metrics = metrics.into_iter().map(|(_, number)| number).collect();
        Self { snapshot, names, filter, metrics, last: None, held: Vec::new() }
    }

    /// The next of them in order; none at the end. What is read is held until its period is whole,
    /// which is never more than the places and initiatives there are.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Figure>>, Error> {
        loop {
            let Some(&metric) = self.metrics.last() else { return Ok(None) };
            let page = self.snapshot.figures(metric, self.last.as_ref(), self.filter).await?;
            self.held.extend(page.rows);
            let mut whole = std::mem::take(&mut self.held);
            self.last = whole.last().filter(|_| page.more).cloned();
            match &self.last {
                None => _ = self.metrics.pop(),
                Some(last) => {
                    let whole_until = whole.partition_point(|row| row.period < last.period);
                    self.held = whole.split_off(whole_until);
                }
            }
            if !whole.is_empty() {
                return self.in_order(whole).map(Some);
            }
        }
    }

    fn in_order(&self, rows: Vec<Figure>) -> Result<Vec<Figure>, Error> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let district = name(self.names, "district", row.district_id)?;
            let initiative = row.initiative_id.map(|number| name(self.names, "initiative", number));
            keyed.push(((row.period, district, initiative.transpose()?), row));
        }
        keyed.sort_unstable_by_key(|(key, _)| *key);
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }
}

/// What must be known of all figures before the first is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Survey {
    /// In which languages their notes are.
    pub(super) languages: BTreeSet<String>,
    /// How many digits their values have, at the most, before the point and after it.
    pub(super) whole: usize,
    pub(super) scale: usize,
}

impl Survey {
    pub(super) fn add(&mut self, rows: &[Figure]) {
        for row in rows {
            for (language, _) in row.note.iter().flat_map(|note| note.iter()) {
                if !self.languages.contains(language) {
                    self.languages.insert(language.to_owned());
                }
            }
            if let Some(value) = row.value {
                let text = value.to_string();
                let text = text.trim_start_matches('-');
                let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
                self.whole = self.whole.max(whole.len());
                self.scale = self.scale.max(decimals.len());
            }
        }
    }
}

/// A figure by what it is of, for references to those that have no slug.
pub(super) fn key(figure: &Figure, names: &Names) -> Result<String, Error> {
    let metric = name(names, "metric", figure.metric_id)?;
    let district = name(names, "district", figure.district_id)?;
    let initiative = match figure.initiative_id {
        Some(number) => format!("{} ", name(names, "initiative", number)?),
        None => String::new(),
    };
    Ok(format!("{metric} {district} {initiative}{}", figure.period))
}
