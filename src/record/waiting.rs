//! Rows of a file that lie in rows which come later: they wait for them, and no others do.
//!
//! A row is written once the one it lies in is. Those that wait for a row that never comes, or for
//! each other, are told when all the rows of their table are there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Mode, Problem, Rows, Writer,
    circle::{Ways, circles},
    named::Table,
    row,
    tables::{chosen, of},
};
use crate::{error::Error, suggest::closest_matches};

/// What is under way of a table whose rows lie in each other.
pub(super) struct Family {
    table: &'static str,
    waiting: Waiting,
    pub(super) ways: Ways,
}

impl Family {
    pub(super) fn new(table: &'static str) -> Self {
        Self { table, waiting: Waiting::default(), ways: Ways::default() }
    }
}

/// Rows that wait, in the order in which they came.
#[derive(Default)]
struct Waiting {
    files: Vec<File>,
    rows: BTreeMap<u64, Held>,
    /// Which of them wait for the row with a slug.
    on: HashMap<String, Vec<u64>>,
    slugs: HashSet<String>,
    came: u64,
}

/// A file of which rows wait.
#[derive(Clone, PartialEq, Eq)]
struct File {
    origin: String,
    columns: Vec<String>,
    places: Places,
}

/// Where the fields of a file's rows are.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Places {
    slug: Option<usize>,
    above: Option<usize>,
}

struct Held {
    file: usize,
    line: u64,
    fields: Vec<String>,
}

impl Places {
    fn slug(self, fields: &[String]) -> &str {
        self.slug.and_then(|place| fields.get(place)).map_or("", String::as_str)
    }

    /// What the row lies in, as it is written.
    fn text(self, fields: &[String]) -> &str {
        self.above.and_then(|place| fields.get(place)).map_or("", String::as_str)
    }

    /// The slug of what the row lies in; none where it is named by its id, and so is there.
    fn above(self, fields: &[String]) -> &str {
        Some(self.text(fields)).filter(|text| !text.contains(':')).unwrap_or_default()
    }
}

impl Waiting {
    /// Keeps the rows of a batch that have to wait. Returns the places of the others, and those of
    /// rows that are given twice.
    fn keep(
        &mut self,
        rows: &Rows,
        places: Places,
        known: &HashMap<String, i64>,
    ) -> (Vec<usize>, Vec<usize>) {
        let (mut ready, mut twice) = (Vec::with_capacity(rows.rows.len()), Vec::new());
        let mut met = HashSet::new();
        for (at, (line, fields)) in rows.rows.iter().enumerate() {
            let (slug, above) = (places.slug(fields), places.above(fields));
            let there = above.is_empty() || known.contains_key(above) || met.contains(above);
            if self.slugs.contains(slug) || !there && met.contains(slug) {
                twice.push(at);
            } else if there {
                met.extend(Some(slug).filter(|slug| !slug.is_empty()));
                ready.push(at);
            } else {
                let file = self.file(rows, places);
                self.rows.insert(self.came, Held { file, line: *line, fields: fields.clone() });
                self.on.entry(above.to_owned()).or_default().push(self.came);
                self.slugs.extend(Some(slug).filter(|slug| !slug.is_empty()).map(str::to_owned));
                self.came += 1;
            }
        }
        (ready, twice)
    }

    fn file(&mut self, rows: &Rows, places: Places) -> usize {
        let same = |file: &File| file.origin == rows.origin && file.columns == rows.columns;
        if !self.files.last().is_some_and(same) {
            let (origin, columns) = (rows.origin.clone(), rows.columns.clone());
            self.files.push(File { origin, columns, places });
        }
        self.files.len() - 1
    }

    /// Lets go of the rows that wait for those with these slugs, and of those that wait for them,
    /// each after what it lies in.
    fn let_go(&mut self, there: Vec<String>) -> Vec<Rows> {
        let (mut level, mut freed) = (there, Vec::<(usize, Rows)>::new());
        while !self.on.is_empty() && !level.is_empty() {
            let mut next: Vec<u64> =
                level.iter().filter_map(|slug| self.on.remove(slug)).flatten().collect();
            next.sort_unstable();
            let mut next: Vec<Held> = next.iter().filter_map(|at| self.rows.remove(at)).collect();
            next.sort_by_key(|held| held.file);
            level.clear();
            for Held { file, line, fields } in next {
                let slug = self.files[file].places.slug(&fields).to_owned();
                self.slugs.remove(&slug);
                level.push(slug);
                match freed.last_mut() {
                    Some((last, rows)) if *last == file => rows.rows.push((line, fields)),
                    _ => freed.push((file, self.files[file].of(vec![(line, fields)]))),
                }
            }
        }
        freed.into_iter().map(|(_, rows)| rows).collect()
    }
}

impl File {
    fn of(&self, rows: Vec<(u64, Vec<String>)>) -> Rows {
        Rows { origin: self.origin.clone(), columns: self.columns.clone(), rows }
    }
}

impl Writer {
    /// Writes rows of a file, each after the one it lies in, for which it waits if need be.
    pub(super) async fn take_in<E: Table>(&mut self, rows: &Rows) -> Result<(), Error> {
        let table = E::KEPT.table;
        let Some(above) = row::above::<E>() else {
            return self.put::<E>(rows, Mode::Upsert).await.map(drop);
        };
        if let Err(problems) = row::columns::<E>(rows, Mode::Upsert) {
            problems.into_iter().for_each(|problem| self.report(problem));
            return Ok(());
        }
        self.know(table).await?;
        let place = |name: &str| rows.columns.iter().position(|column| column == name);
        let places = Places { slug: place("slug"), above: place(row::name(&above)) };
        let known = self.slugs.entry(table.to_owned()).or_default();
        let waiting = &mut self.family.get_or_insert_with(|| Family::new(table)).waiting;
        let (ready, twice) = waiting.keep(rows, places, known);
        let slug = |at: &usize| places.slug(&rows.rows[*at].1).to_owned();
        let freed = waiting.let_go(ready.iter().map(slug).collect());
        for at in twice {
            let why = Problem::of(&rows.origin, Some(rows.rows[at].0), row::TWICE);
            self.report(why.at("slug", &slug(&at)));
        }
        if ready.len() == rows.rows.len() {
            self.put::<E>(rows, Mode::Upsert).await?;
        } else if !ready.is_empty() {
            let ready = ready.into_iter().map(|at| rows.rows[at].clone()).collect();
            let (origin, columns) = (rows.origin.clone(), rows.columns.clone());
            self.put::<E>(&Rows { origin, columns, rows: ready }, Mode::Upsert).await?;
        }
        for rows in freed {
            self.put::<E>(&rows, Mode::Upsert).await?;
        }
        Ok(())
    }

    /// Rows of this table come next: nothing that others wait for comes any more.
    pub(super) async fn turn_to(&mut self, table: &str) -> Result<(), Error> {
        match &self.family {
            Some(family) if family.table != table => self.end_family().await,
            _ => Ok(()),
        }
    }

    /// Tells the rows that waited in vain, and those that lie within themselves.
    pub(super) async fn end_family(&mut self) -> Result<(), Error> {
        let Some(family) = &mut self.family else { return Ok(()) };
        let (table, waiting) = (family.table, std::mem::take(&mut family.waiting));
        of!(table, E => self.give_up::<E>(waiting).await?, else {});
        match self.family.take() {
            Some(family) => {
                of!(table, E => self.refuse_circles::<E>(family.ways).await, else Ok(()))
            }
            None => Ok(()),
        }
    }

    /// Refuses rows whose parent never came or that wait for each other, and looks for what else is
    /// wrong with the others, which are below them.
    async fn give_up<E: Table>(&mut self, waiting: Waiting) -> Result<(), Error> {
        let Some(above) = row::above::<E>().filter(|_| !waiting.rows.is_empty()) else {
            return Ok(());
        };
        let name = row::name(&above);
        let Waiting { files, rows, slugs, .. } = waiting;
        let up = rows.values().map(|held| {
            let places = files[held.file].places;
            (places.slug(&held.fields), places.above(&held.fields))
        });
        let circles = circles(&up.collect());
        let mut wrong = Vec::new();
        for (at, Held { file, line, fields }) in &rows {
            let File { origin, places, .. } = &files[*file];
            let (slug, above, text) =
                (places.slug(fields), places.above(fields), places.text(fields));
            let why = if !slugs.contains(above) {
                let missing = row::unknown(name, E::KEPT.table, text);
                let known = self.slugs.get(E::KEPT.table).into_iter().flat_map(HashMap::keys);
                let known = known.chain(&slugs).map(String::as_str);
                let suggestions = closest_matches(above, known, &self.suggestion_budget);
                Problem { suggestions, ..missing }
            } else if circles.contains(slug) {
                row::wrong(name, text, row::WITHIN)
            } else {
                continue;
            };
            self.report(Problem { origin: origin.clone(), line: Some(*line), ..why });
            wrong.push(*at);
        }
        // What is below them is not written, but names rows that are there.
        let mut numbers = self.numbers(E::KEPT.table).await?;
        let known = self.slugs.entry(E::KEPT.table.to_owned()).or_default();
        for slug in &slugs {
            known.entry(slug.clone()).or_insert_with(|| numbers.next(false));
        }
        self.took(E::KEPT.table, numbers);
        let mut below: BTreeMap<usize, Rows> = BTreeMap::new();
        for (at, Held { file, line, fields }) in rows {
            if wrong.binary_search(&at).is_err() {
                let rows = below.entry(file).or_insert_with(|| files[file].of(Vec::new()));
                rows.rows.push((line, fields));
            }
        }
        for rows in below.values() {
            self.put::<E>(rows, Mode::Upsert).await?;
        }
        Ok(())
    }
}
