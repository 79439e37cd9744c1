//! Tables as text with delimiters (RFC 4180), read record by record in bounded memory.

use std::{collections::HashSet, io::Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::Encoding;

use super::{COLUMNS_MAX, FIELD_MAX, Fault, Table, text::Text};
use crate::record::Problem;

/// How many records are looked at to see what the file is like.
const LOOKED_AT: usize = 20;

/// How a delimited file is written, as far as somebody said.
#[derive(Clone, Default)]
pub(in crate::package) struct Dialect {
    pub(in crate::package) encoding: Option<&'static Encoding>,
    pub(in crate::package) delimiter: Option<u8>,
    pub(in crate::package) quote: Option<u8>,
    /// How many lines stand before the one that names the columns.
    pub(in crate::package) skip: Option<u64>,
}

/// A delimited file under way.
pub(in crate::package) struct Delimited<'f> {
    origin: String,
    text: Text<'f>,
    piece: Vec<u8>,
    taken: usize,
    core: Reader,
    /// The fields of a record one after the other, and where each ends.
    record: Vec<u8>,
    ends: Vec<usize>,
    columns: Vec<String>,
    at_end: bool,
}

impl<'f> Delimited<'f> {
    /// Reads as far as the names of the columns.
    pub(in crate::package) fn open(
        origin: &str,
        reader: Box<dyn Read + 'f>,
        dialect: &Dialect,
    ) -> Result<Self, Problem> {
        let mut table = Self {
            origin: origin.to_owned(),
            text: Text::new(reader, dialect.encoding),
            piece: Vec::new(),
            taken: 0,
            core: Reader::new(),
            record: vec![0; 1 << 12],
            ends: vec![0; 64],
            columns: Vec::new(),
            at_end: false,
        };
        table.fill()?;
        let mut start = 0;
        for _ in 0..dialect.skip.unwrap_or(0) {
            let rest = &table.piece[start..];
            start += rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        }
        table.taken = start;
        let look = &table.piece[start..];
        let quote = dialect.quote.unwrap_or(b'"');
        let delimiter = dialect.delimiter.unwrap_or_else(|| delimiter(look, quote));
        let preamble = match dialect.skip {
            Some(_) => 0,
            None => preamble(&widths(look, delimiter, quote)),
        };
        table.core = ReaderBuilder::new().delimiter(delimiter).quote(quote).build();
        table.core.set_line(dialect.skip.unwrap_or(0) + 1);
        for _ in 0..preamble {
            table.record().map_err(Fault::into_problem)?;
        }
        table.name_columns()?;
        Ok(table)
    }

    fn name_columns(&mut self) -> Result<(), Problem> {
        let Some((line, count)) = self.record().map_err(Fault::into_problem)? else {
            return Err(Problem::of(
                &self.origin,
                None,
                "it is empty: there is no line of columns",
            ));
        };
        let mut columns: Vec<String> = (0..count)
            .map(|place| self.field(place).map(|text| text.trim().to_owned()))
            .collect::<Result<_, _>>()?;
        while columns.last().is_some_and(String::is_empty) {
            columns.pop();
        }
        let mut met = HashSet::with_capacity(columns.len());
        for name in &columns {
            if !name.is_empty() && !met.insert(name.as_str()) {
                let why = "two columns have this name; rename one of them";
                return Err(Problem::of(&self.origin, Some(line), why).at(name, name));
            }
        }
        self.columns = columns;
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Problem> {
        self.taken = 0;
        self.text
            .fill(&mut self.piece)
            .map_err(|why| Problem::of(&self.origin, Some(why.line), why.reason))
    }

    /// Reads one record: the line it begins on, and how many fields it has. None at the end.
    fn record(&mut self) -> Result<Option<(u64, usize)>, Fault> {
        let (mut length, mut count) = (0, 0);
        loop {
            if self.taken == self.piece.len() && !self.at_end {
                self.fill().map_err(Fault::Whole)?;
                if self.piece.is_empty() {
                    // An end of line, so that what is not ended now never will be.
                    self.at_end = true;
                    self.piece.push(b'\n');
                }
            }
            let input = &self.piece[self.taken..];
            if input.is_empty() {
                return match length + count {
                    0 => Ok(None),
                    _ => {
                        let why = "a quote that is opened there is never closed";
                        let line = self.begun(length);
                        Err(Fault::Whole(Problem::of(&self.origin, Some(line), why)))
                    }
                };
            }
            let (result, read, written, ended) =
                self.core.read_record(input, &mut self.record[length..], &mut self.ends[count..]);
            self.taken += read;
            length += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.widen(length, count)?,
                ReadRecordResult::OutputEndsFull if count < COLUMNS_MAX => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    let why = format!("it has more than {COLUMNS_MAX} fields");
                    let line = self.begun(length);
                    return Err(Fault::Whole(Problem::of(&self.origin, Some(line), why)));
                }
                ReadRecordResult::Record => {
                    let line = self.begun(length).saturating_sub(1);
                    return Ok(Some((line, count)));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// The line a record begins on, of which that many bytes are there.
    fn begun(&self, length: usize) -> u64 {
        let within = self.record[..length].iter().filter(|&&byte| byte == b'\n').count();
        self.core.line().saturating_sub(within as u64)
    }

    /// Makes room for a longer record, within bounds.
    fn widen(&mut self, length: usize, count: usize) -> Result<(), Fault> {
        let field = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        if length - field > FIELD_MAX || length > FIELD_MAX * 8 {
            let why = format!(
                "the field goes on beyond {FIELD_MAX} bytes, the most there may be; perhaps a \
                 quote is never closed"
            );
            let name = self.columns.get(count).cloned().unwrap_or_else(|| (count + 1).to_string());
            let start = String::from_utf8_lossy(&self.record[field..(field + 400).min(length)]);
            let line = self.begun(length);
            return Err(Fault::Whole(Problem::of(&self.origin, Some(line), why).at(&name, &start)));
        }
        self.record.resize(self.record.len() * 2, 0);
        Ok(())
    }

    fn field(&self, place: usize) -> Result<&str, Problem> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        std::str::from_utf8(&self.record[start..self.ends[place]])
            .map_err(|why| Problem::of(&self.origin, None, why))
    }
}

impl Table for Delimited<'_> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, fields: &mut Vec<String>) -> Result<Option<u64>, Fault> {
        let wanted = self.columns.len();
        loop {
            let Some((line, count)) = self.record()? else { return Ok(None) };
            fields.resize(count.max(wanted), String::new());
            for (place, field) in fields.iter_mut().enumerate() {
                field.clear();
                if place < count {
                    field.push_str(self.field(place).map_err(Fault::Whole)?);
                }
            }
            if fields.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            let beyond = fields[wanted..].iter().any(|field| !field.is_empty());
            fields.truncate(wanted);
            if count < wanted || beyond {
                let why = format!("it has {count} fields, but there are {wanted} columns");
                return Err(Fault::Row(Problem::of(&self.origin, Some(line), why)));
            }
            return Ok(Some(line));
        }
    }
}

/// How many fields each of the first records has, and how many of them are not empty.
fn widths(look: &[u8], delimiter: u8, quote: u8) -> Vec<(usize, usize)> {
    let mut core = ReaderBuilder::new().delimiter(delimiter).quote(quote).build();
    let (mut output, mut ends) = (vec![0; look.len()], vec![0; COLUMNS_MAX]);
    let (mut taken, mut widths) = (0, Vec::new());
    while widths.len() < LOOKED_AT {
        let (result, read, _, count) = core.read_record(&look[taken..], &mut output, &mut ends);
        taken += read;
        if result != ReadRecordResult::Record {
            break;
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let some = starts.zip(&ends[..count]).filter(|(start, end)| start < end).count();
        widths.push((count, some));
    }
    widths
}

/// The delimiter by which the first records have the same number of fields, and most of them.
fn delimiter(look: &[u8], quote: u8) -> u8 {
    let score = |&candidate: &u8| {
        let widths = widths(look, candidate, quote);
        let usual = widths.iter().map(|(width, _)| *width).max_by_key(|&width| {
            (widths.iter().filter(|(other, _)| *other == width).count(), width)
        });
        let usual = usual.unwrap_or(1);
        let alike = widths.iter().filter(|(width, _)| *width == usual).count();
        let first = widths.first().is_some_and(|(width, _)| *width > 1);
        (usual > 1, first, alike * 100 / widths.len().max(1), usual)
    };
    let mut best = b',';
    for candidate in *b";\t|" {
        if score(&candidate) > score(&best) {
            best = candidate;
        }
    }
    best
}

/// How many records stand before the one that names the columns: those of at most two fields that
/// are not empty, where there is one of four and more soon.
fn preamble(widths: &[(usize, usize)]) -> usize {
    let wide = widths.iter().any(|(_, some)| *some >= 4);
    if wide { widths.iter().take_while(|(_, some)| *some <= 2).count() } else { 0 }
}
