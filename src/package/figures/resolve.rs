//! Which rows a file means by what it calls them.

use std::collections::HashMap;

use entity::Quoted;

use super::{names::Known, newcomers::Newcomers, sdmx};
use crate::{
    package::options::Options,
    record::{Occurrences, Problem},
};

/// How many answers are remembered.
const REMEMBERED: usize = 100_000;

/// What a file calls a row, and the name of the column it stands in.
#[derive(Clone, Copy)]
pub(super) struct Called<'c> {
    pub(super) column: &'c str,
    pub(super) text: &'c str,
    pub(super) origin: Origin,
}

/// Where it is said what a row is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column of the file.
    Column,
    /// An option, of all rows: the file holds no such text.
    Option,
    /// An option, of the column.
    Map,
    /// The name of the file.
    Name,
    /// Nowhere: there is no such column.
    Nowhere,
}

impl Called<'_> {
    /// What is wrong with it.
    pub(super) fn wrong(&self, problem: &Problem, reason: String) -> Problem {
        let Self { column, text, origin } = self;
        let reason = match origin {
            Origin::Option => format!("--set {column}={text}: {reason}"),
            Origin::Map => format!("--map {text}={column}: {reason}"),
            Origin::Name => format!("the {column} {}: {reason}", Quoted(text)),
            Origin::Column | Origin::Nowhere => {
                return Problem { reason, ..problem.clone() }.at(column, text);
            }
        };
        Problem { line: None, reason, ..problem.clone() }
    }
}

/// That a column is empty: the first of those that a row may be called by.
pub(super) fn none(problem: &Problem, places: &[&Called<'_>], why: &str) -> Problem {
    let there = places.iter().find(|called| called.origin != Origin::Nowhere);
    let reason = format!("there is none; {why}");
    let problem = Problem { reason, ..problem.clone() };
    match there {
        Some(called) => problem.at(called.column, ""),
        None => problem,
    }
}

/// Why no row is found.
pub(super) enum Refused {
    /// What is wrong.
    First(Problem),
    /// It was told already; the row is counted with the one it was told of.
    Again(Occurrences),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::First(problem)
    }
}

/// Finds rows, or makes them where that is wanted.
pub(super) struct Resolver<'o> {
    pub(super) known: &'o mut Known,
    pub(super) newcomers: Newcomers<'o>,
    pub(super) options: &'o Options,
    remembered: HashMap<String, Result<String, Occurrences>>,
}

/// A place as a file calls it.
pub(super) struct District<'c> {
    pub(super) any: Called<'c>,
    pub(super) name: Called<'c>,
    pub(super) code: Called<'c>,
    /// The places it lies in, from the next outwards, each with its field.
    pub(super) ancestors: Vec<(&'c str, Called<'c>)>,
}

impl<'o> Resolver<'o> {
    pub(super) fn new(known: &'o mut Known, options: &'o Options) -> Self {
        let (newcomers, remembered) = (Newcomers::new(options), HashMap::new());
        Self { known, newcomers, options, remembered }
    }

    /// Answers as before where the same was asked before. What is wrong is told once, and the rows
    /// are counted that have it.
    pub(super) fn once(
        &mut self,
        key: String,
        line: u64,
        find: impl FnOnce(&mut Self) -> Result<String, Refused>,
    ) -> Result<String, Refused> {
        match self.remembered.get(&key) {
            Some(Ok(known)) => return Ok(known.clone()),
            Some(Err(rows)) => {
                rows.note(line);
                return Err(Refused::Again(rows.clone()));
            }
            None => {}
        }
        let found = find(self);
        let known = match &found {
            Ok(slug) => Ok(slug.clone()),
            Err(Refused::First(Problem { rows, .. }) | Refused::Again(rows)) => {
                rows.note(line);
                Err(rows.clone())
            }
        };
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key, known);
        found
    }

    /// The slug of the place that is meant.
    pub(super) fn district(
        &mut self,
        problem: &Problem,
        called: &District<'_>,
    ) -> Result<String, Refused> {
        let own = [called.any.text, called.name.text, called.code.text];
        let around = called.ancestors.iter().map(|(_, called)| called.text);
        let texts: Vec<&str> = own.into_iter().chain(around).collect();
        let line = problem.line.unwrap_or(0);
        let key = format!("district\u{1f}{}", texts.join("\u{1f}"));
        self.once(key, line, |resolver| resolver.find_district(problem, line, called))
    }

    fn find_district(
        &mut self,
        problem: &Problem,
        line: u64,
        called: &District<'_>,
    ) -> Result<String, Refused> {
        let mut around: Option<String> = None;
        for (role, called) in called.ancestors.iter().rev() {
            if !called.text.is_empty() {
                let names = [called, called, called];
                let slug = self.place(problem, line, role, names, around.as_deref())?;
                around = Some(slug);
            }
        }
        let names = [&called.code, &called.any, &called.name];
        // Where each level has a column, an empty one means the level above.
        if let Some(around) = around.as_ref().filter(|_| called.ancestors.len() > 1)
            && names.iter().all(|called| called.text.is_empty())
        {
            return Ok(around.clone());
        }
        self.place(problem, line, "district", names, around.as_deref())
    }

    /// A place by its code or its names, in another.
    fn place(
        &mut self,
        problem: &Problem,
        line: u64,
        role: &str,
        [code, any, name]: [&Called<'_>; 3],
        around: Option<&str>,
    ) -> Result<String, Refused> {
        let (label, given) = (any.text, [code, any, name]);
        let (any_code, label) = match sdmx::code(label) {
            (code, Some(label)) => (code, label),
            (code, None) => (code, ""),
        };
        let names = self.known.of("district");
        for (called, text) in
            [(code, code.text), (any, any.text), (any, any_code), (name, name.text), (any, label)]
        {
            if text.is_empty() {
                continue;
            }
            let found = names.find(text, around);
            if let Some(slug) = found.map_err(|why| called.wrong(problem, why))? {
                let slug = slug.to_owned();
                if let Some(around) = around {
                    self.newcomers.lies_in(self.known, line, &slug, around);
                }
                return Ok(slug);
            }
        }
        let Some(called) = given.into_iter().find(|called| !called.text.is_empty()) else {
            let why = "every figure belongs to a district";
            return Err(none(problem, &[any, name, code], why).into());
        };
        if !self.newcomers.may() {
            return Err(names.unknown("district", called.text, |why| called.wrong(problem, why)));
        }
        let is_code = role == "district" && !code.text.is_empty();
        let official = if is_code { Some(code.text) } else { None };
        let official = official.or_else(|| (!label.is_empty()).then_some(any_code));
        let label =
            [name.text, label, any.text, code.text].into_iter().find(|text| !text.is_empty());
        let label = label.unwrap_or_default();
        self.newcomers
            .district(self.known, line, role, label, official, around)
            .map_err(|why| called.wrong(problem, why).into())
    }

    /// The slug of a source, which may be made.
    pub(super) fn source(
        &mut self,
        problem: &Problem,
        called: Called<'_>,
    ) -> Result<String, Refused> {
        let line = problem.line.unwrap_or(0);
        let key = format!("source\u{1f}{}", called.text);
        self.once(key, line, |resolver| {
            if called.text.is_empty() {
                return Err(none(problem, &[&called], "every figure is from a source").into());
            }
            let wrong = |why| called.wrong(problem, why);
            let names = resolver.known.of("source");
            match names.find(called.text, None).map_err(wrong)? {
                Some(slug) => Ok(slug.to_owned()),
                None if !resolver.newcomers.may() => {
                    Err(names.unknown("source", called.text, wrong))
                }
                None => {
                    let made = resolver.newcomers.source(resolver.known, line, called.text);
                    made.map_err(|why| wrong(why).into())
                }
            }
        })
    }

    /// Fails where no initiative is called like this.
    pub(super) fn is_initiative(&mut self, text: &str) -> Result<(), Problem> {
        let wrong = |reason| Problem { reason, ..Problem::default() };
        let names = self.known.of("initiative");
        match names.find(text, None) {
            Ok(Some(_)) => Ok(()),
            // An id, which the writer knows.
            Ok(None) if text.contains(':') => Ok(()),
            Ok(None) => Err(names.no_row("initiative", text, wrong)),
            Err(why) => Err(wrong(why)),
        }
    }

    /// The slug of an initiative by its title, or the text itself, which the writer looks at.
    pub(super) fn initiative(&mut self, text: &str) -> String {
        let found = self.known.of("initiative").find(text, None);
        found.ok().flatten().unwrap_or(text).to_owned()
    }
}
