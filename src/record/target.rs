//! Where the rows of a file go: to rows that are there, or to new ones.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use serde_json::Value as Json;

use super::{
    CHUNK, Mode, Problem, Rows, Writer, change,
    hidden::Hidden,
    named::{FilterBy, Table},
    row,
};
use crate::error::Error;

/// A row of a file, and where it goes.
pub(super) struct Target {
    /// Its place in the file.
    pub(super) place: usize,
    /// The number it has, or gets.
    pub(super) number: i64,
    /// Whether it is there already.
    pub(super) known: bool,
}

impl Writer {
    /// The rows that are meant by their slugs or ids.
    pub(super) async fn meant<E: Table>(
        &mut self,
        rows: &Rows,
        columns: &[row::Field],
    ) -> Result<Vec<Target>, Error> {
        let mut targets = Vec::with_capacity(rows.rows.len());
        for (place, (line, fields)) in rows.rows.iter().enumerate() {
            match self.reading(columns).own(E::KEPT.table, fields) {
                Ok(number) => targets.push(Target { place, number, known: true }),
                Err(why) => {
                    let (origin, line) = (rows.origin.clone(), Some(*line));
                    self.report(Problem { origin, line, ..why });
                }
            }
        }
        Ok(targets)
    }

    /// Where rows with slugs go. Every slug first, so that a row may refer to a later one.
    pub(super) async fn with_slugs<E: Table>(
        &mut self,
        rows: &Rows,
        columns: &[row::Field],
        mode: Mode,
        hidden: &Hidden,
    ) -> Result<Vec<Target>, Error> {
        let table = E::KEPT.table;
        let mut numbers = self.numbers(table).await?;
        let mut met = HashSet::new();
        let mut targets = Vec::with_capacity(rows.rows.len());
        for (place, (line, fields)) in rows.rows.iter().enumerate() {
            let problem = |why| Problem::of(&rows.origin, Some(*line), why);
            let Some(slug) = row::slug(columns, fields) else {
                self.report(problem("it has no slug, by which others name it"));
                continue;
            };
            let known = self.slugs.entry(table.to_owned()).or_default();
            let there = known.get(slug).copied();
            let wrong = match (met.insert(slug), there, mode) {
                (false, ..) => Some(row::TWICE),
                (true, Some(_), Mode::Create) => Some("it is there already"),
                _ => None,
            };
            match wrong {
                Some(why) => self.report(problem(why).at("slug", slug)),
                None => {
                    let number = there.unwrap_or_else(|| numbers.next(hidden.holds(place, None)));
                    known.insert(slug.to_owned(), number);
                    targets.push(Target { place, number, known: there.is_some() });
                }
            }
        }
        self.took(table, numbers);
        Ok(targets)
    }

    /// Where rows go that are named by what they refer to.
    pub(super) async fn keyed<E: Table>(
        &mut self,
        rows: &Rows,
        columns: &[row::Field],
        key: &[&str],
    ) -> Result<Vec<Target>, Error> {
        let mut numbers = self.numbers(E::KEPT.table).await?;
        let reading = self.reading(columns);
        let mut keys = Vec::with_capacity(rows.rows.len());
        for (_, fields) in &rows.rows {
            keys.push(reading.key(key, fields));
        }
        // Those that share the first part of it are few.
        let column = Expr::col(Alias::new(key.first().copied().unwrap_or("id")));
        let firsts: HashSet<i64> =
            keys.iter().flatten().filter_map(|key| key.first().and_then(Json::as_i64)).collect();
        let firsts: Vec<i64> = firsts.into_iter().collect();
        let mut there = HashMap::new();
        for firsts in firsts.chunks(CHUNK) {
            let found = E::find().filter_by(column.clone().is_in(firsts.iter().copied()));
            for model in found.all(&self.transaction).await? {
                let columns = change::columns::<E>(&model);
                let own: Vec<Json> = key.iter().map(|name| columns[*name].clone()).collect();
                let number = columns["id"].as_i64().unwrap_or_default();
                there.insert(Json::Array(own).to_string(), number);
            }
        }
        let mut targets = Vec::with_capacity(rows.rows.len());
        let mut met = HashSet::new();
        for (place, key) in keys.into_iter().enumerate() {
            let key = key.map(|key| Json::Array(key).to_string());
            let known = key.as_ref().and_then(|key| there.get(key).copied());
            if key.is_some_and(|key| !met.insert(key)) {
                let line = rows.rows.get(place).map(|(line, _)| *line);
                self.report(Problem::of(&rows.origin, line, row::TWICE));
                continue;
            }
            let number = known.unwrap_or_else(|| numbers.next(false));
            targets.push(Target { place, number, known: known.is_some() });
        }
        self.took(E::KEPT.table, numbers);
        Ok(targets)
    }
}

/// Puts rows after those of the same file that they lie in, which must be there first.
pub(super) fn downwards(targets: &mut [Target], rows: &Rows, columns: &[row::Field], above: usize) {
    let field = |place: usize| rows.rows.get(place).map(|(_, fields)| fields.as_slice());
    let slug = |place: usize| row::slug(columns, field(place)?);
    let places: HashMap<&str, usize> =
        targets.iter().filter_map(|target| Some((slug(target.place)?, target.place))).collect();
    let up = |place: usize| places.get(field(place)?.get(above)?.as_str()).copied();
    let mut depths: HashMap<usize, usize> = HashMap::with_capacity(targets.len());
    for target in targets.iter() {
        let (mut way, mut at) = (Vec::new(), Some(target.place));
        // A row that lies within itself is refused later.
        while let Some(place) = at.filter(|place| !depths.contains_key(place)) {
            depths.insert(place, 0);
            way.push(place);
            at = up(place);
        }
        let first = at.and_then(|place| depths.get(&place)).map_or(0, |depth| depth + 1);
        depths.extend(way.into_iter().rev().zip(first..));
    }
    targets.sort_by_key(|target| depths.get(&target.place).copied().unwrap_or(0));
}
