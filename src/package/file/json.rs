//! Tables as JSON: an object a row, one a line (JSON Lines) or in one list. Numbers are taken as
//! they are written.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    io::Read,
};

use encoding_rs::Encoding;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{COLUMNS_MAX, FIELD_MAX, Fault, Table, text::Text};
use crate::record::Problem;

/// How many objects are read ahead to see which columns there are.
const AHEAD: usize = 1000;

/// The most bytes they may have.
const AHEAD_MAX: usize = 8 << 20;

/// Something, and the line it is on.
type Lined<T> = (u64, T);

/// One object.
struct Object {
    line: u64,
    members: Vec<(String, String)>,
    /// What is wrong with it.
    problem: Option<Problem>,
}

/// A file of objects under way.
pub(in crate::package) struct Objects<'f> {
    origin: String,
    columns: Vec<String>,
    /// Where each column is.
    places: HashMap<String, usize>,
    ahead: VecDeque<Object>,
    values: Values<'f>,
}

/// The objects of a file as text.
struct Values<'f> {
    text: Text<'f>,
    piece: Vec<u8>,
    taken: usize,
    line: u64,
    /// Whether they stand in a list, and whether that is over.
    list: bool,
    over: bool,
}

impl<'f> Objects<'f> {
    /// Reads as far as the names of the columns.
    pub(in crate::package) fn open(
        origin: &str,
        reader: Box<dyn Read + 'f>,
        encoding: Option<&'static Encoding>,
    ) -> Result<Self, Problem> {
        let text = Text::new(reader, encoding);
        let values =
            Values { text, piece: Vec::new(), taken: 0, line: 1, list: false, over: false };
        let (columns, places, ahead) = (Vec::new(), HashMap::new(), VecDeque::new());
        let mut objects = Self { origin: origin.to_owned(), columns, places, ahead, values };
        let mut size = 0;
        while objects.ahead.len() < AHEAD && size < AHEAD_MAX {
            let Some(object) = objects.object()? else { break };
            for (name, text) in &object.members {
                size += name.len() + text.len();
                if !objects.places.contains_key(name) {
                    objects.places.insert(name.clone(), objects.columns.len());
                    objects.columns.push(name.clone());
                }
            }
            if objects.columns.len() > COLUMNS_MAX {
                let why = format!("its objects have more than {COLUMNS_MAX} different members");
                return Err(Problem::of(origin, Some(object.line), why));
            }
            objects.ahead.push_back(object);
        }
        let has = |name: &str| objects.places.contains_key(name);
        if has("type") && ["features", "arcs", "coordinates"].into_iter().any(has) {
            let why = "it is a map (GeoJSON or TopoJSON), no table of figures";
            return Err(Problem::of(origin, None, why));
        }
        if objects.ahead.is_empty() {
            return Err(Problem::of(origin, None, "it is empty: there is no object in it"));
        }
        Ok(objects)
    }

    fn object(&mut self) -> Result<Option<Object>, Problem> {
        let wrong = |line, why: String| Problem::of(&self.origin, Some(line), why);
        let next = self.values.next();
        let Some((line, text)) = next.map_err(|(line, why)| wrong(line, why))? else {
            return Ok(None);
        };
        let Members(given) = serde_json::from_slice(&text)
            .map_err(|why| wrong(line, format!("it is no JSON: {why}")))?;
        let (mut members, mut problem) = (Vec::with_capacity(given.len()), None);
        let mut met = HashSet::with_capacity(given.len());
        let twice: Vec<bool> = given.iter().map(|(name, _)| !met.insert(name.as_str())).collect();
        drop(met);
        for ((name, value), twice) in given.into_iter().zip(twice) {
            let raw = value.get();
            let text = match raw.as_bytes().first() {
                _ if twice => Err("the object has it twice".to_owned()),
                Some(b'n') => Ok(String::new()),
                Some(b'"') => serde_json::from_str(raw).map_err(|why| why.to_string()),
                Some(b'{' | b'[') => {
                    Err("it is no text, number, true, false or null; a table has \
                                          no more"
                        .to_owned())
                }
                _ => Ok(raw.to_owned()),
            };
            let text = text.unwrap_or_else(|why| {
                problem.get_or_insert_with(|| wrong(line, why).at(&name, raw));
                String::new()
            });
            members.push((name, text));
        }
        Ok(Some(Object { line, members, problem }))
    }
}

impl Table for Objects<'_> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, fields: &mut Vec<String>) -> Result<Option<u64>, Fault> {
        let object = match self.ahead.pop_front() {
            Some(ahead) => Some(ahead),
            None => self.object().map_err(Fault::Whole)?,
        };
        let Some(Object { line, members, problem }) = object else { return Ok(None) };
        if let Some(problem) = problem {
            return Err(Fault::Row(problem));
        }
        fields.resize(self.columns.len(), String::new());
        fields.iter_mut().for_each(String::clear);
        for (name, text) in members {
            match self.places.get(&name) {
                Some(place) => fields[*place] = text,
                None => {
                    let why = format!("none of the first {AHEAD} objects has it");
                    let why = Problem::of(&self.origin, Some(line), why);
                    return Err(Fault::Row(why.at(&name, &text)));
                }
            }
        }
        Ok(Some(line))
    }
}

impl Values<'_> {
    /// The next byte, without taking it.
    fn peek(&mut self) -> Result<Option<u8>, Lined<String>> {
        if self.taken == self.piece.len() {
            self.taken = 0;
            self.text.fill(&mut self.piece).map_err(|why| (why.line, why.reason))?;
        }
        Ok(self.piece.get(self.taken).copied())
    }

    fn take(&mut self, byte: u8) {
        self.taken += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// The text of the next object, and the line it begins on.
    fn next(&mut self) -> Result<Option<Lined<Vec<u8>>>, Lined<String>> {
        let mut first = self.line == 1 && !self.list;
        loop {
            let Some(byte) = self.peek()? else {
                let unended = self.list && !self.over;
                return match unended {
                    true => Err((self.line, "the list is not ended: a part is missing".to_owned())),
                    false => Ok(None),
                };
            };
            match byte {
                b' ' | b'\t' | b'\n' => {}
                b'{' if !self.over => return self.value().map(Some),
                b'[' if first => self.list = true,
                b',' if self.list && !self.over => {}
                b']' if self.list && !self.over => self.over = true,
                other => {
                    let given = char::from(other);
                    return Err((
                        self.line,
                        format!(
                            "{given:?} stands where an object should begin; write an object for \
                             each row, each on a line or all in one list"
                        ),
                    ));
                }
            }
            first &= byte.is_ascii_whitespace();
            self.take(byte);
        }
    }

    /// The text from an opening brace to the one that closes it.
    fn value(&mut self) -> Result<Lined<Vec<u8>>, Lined<String>> {
        let (line, mut text) = (self.line, Vec::new());
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                return Err((line, "the object is not ended: a part is missing".to_owned()));
            };
            self.take(byte);
            text.push(byte);
            if text.len() > FIELD_MAX {
                return Err((
                    line,
                    format!("the object goes on beyond {FIELD_MAX} bytes, the most one may have"),
                ));
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((line, text));
            }
        }
    }
}

/// The members of an object in their order.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
