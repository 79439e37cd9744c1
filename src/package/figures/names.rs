//! What rows are called: by slug, by code, or by name in any language.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use entity::Text;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde::Deserialize;

use super::resolve::Refused;
use crate::{
    database::{Database, fold_case},
    error::Error,
    record::{Problem, Rows},
    suggest::{Budget, closest_matches, is_comparable},
};

/// The tables whose rows a file may name.
const TABLES: [&str; 5] = ["source", "unit", "district", "initiative", "metric"];

/// The rows there are, of those tables whose rows a file may name.
#[derive(Default)]
pub(in crate::package) struct Known(HashMap<&'static str, Names>);

/// The rows of one table.
#[derive(Default)]
pub(super) struct Names {
    slugs: HashSet<String>,
    codes: HashMap<String, BTreeSet<String>>,
    names: HashMap<String, BTreeSet<String>>,
    /// The place a place lies in, and the unit of a metric.
    within: HashMap<String, String>,
    /// Those this import made, and with what.
    pub(super) made: HashMap<String, BTreeMap<String, String>>,
    /// The slugs of those it would have made, had nothing been wrong with them.
    pub(super) wanted: BTreeSet<String>,
    suggestion_budget: Budget,
}

/// How many of the rows that may be meant are named.
const NAMED: usize = 3;

#[derive(Debug, Deserialize)]
struct Named {
    slug: String,
    code: Option<String>,
    name: Text,
    within: Option<String>,
}

impl Known {
    /// Reads what the database has.
    pub(in crate::package) async fn load(database: &Database) -> Result<Self, Error> {
        let mut known = Self::default();
        for table in TABLES {
            let names = known.0.entry(table).or_default();
            let rows: Vec<(i64, Named)> = database.fetch(&select(table)).await?;
            for (_, row) in rows {
                let texts: Vec<String> = row.name.iter().map(|(_, text)| text.to_owned()).collect();
                names.add(row.slug, row.code.as_deref(), &texts, row.within);
            }
        }
        Ok(known)
    }

    pub(super) fn of(&mut self, table: &'static str) -> &mut Names {
        self.0.entry(table).or_default()
    }

    /// Takes note of rows that are written as they are.
    pub(in crate::package) fn note(&mut self, table: &str, rows: &Rows) {
        let Some(table) = TABLES.into_iter().find(|known| *known == table) else { return };
        let place = |name: &str| rows.columns.iter().position(|column| column == name);
        let named =
            |column: &String| ["name_", "title_"].iter().any(|start| column.starts_with(start));
        let (slug, code) = (place("slug"), place("code").or_else(|| place("symbol")));
        let within = place(if table == "metric" { "unit" } else { "parent" });
        let texts: Vec<usize> =
            (0..rows.columns.len()).filter(|&place| named(&rows.columns[place])).collect();
        for (_, fields) in &rows.rows {
            let field = |place: Option<usize>| {
                place.and_then(|place| fields.get(place)).filter(|text| !text.is_empty()).cloned()
            };
            if let Some(slug) = field(slug) {
                let names: Vec<String> =
                    texts.iter().filter_map(|&place| field(Some(place))).collect();
                self.of(table).add(slug, field(code).as_deref(), &names, field(within));
            }
        }
    }
}

impl Names {
    pub(super) fn add(
        &mut self,
        slug: String,
        code: Option<&str>,
        names: &[String],
        within: Option<String>,
    ) {
        let put = |map: &mut HashMap<String, BTreeSet<String>>, text: &str| {
            map.entry(fold_case(text)).or_default().insert(slug.clone());
        };
        code.into_iter().for_each(|code| put(&mut self.codes, code));
        names.iter().for_each(|name| put(&mut self.names, name));
        if let Some(within) = within {
            self.within.insert(slug.clone(), within);
        }
        self.slugs.insert(slug);
    }

    /// The slugs of the rows there are.
    pub(super) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.slugs.iter().map(String::as_str)
    }

    /// Whether a row has this slug.
    pub(super) fn has(&self, slug: &str) -> bool {
        self.slugs.contains(slug)
    }

    /// The place a place lies in, or the unit of a metric.
    pub(super) fn within(&self, slug: &str) -> Option<&str> {
        self.within.get(slug).map(String::as_str)
    }

    pub(super) fn lies_in(&mut self, slug: &str, within: &str) {
        self.within.insert(slug.to_owned(), within.to_owned());
    }

    /// The row that is meant, where one is; and why it cannot be told, where several may be.
    /// `within` is the place it lies in, where that is said: names may be the same elsewhere.
    pub(super) fn find(&self, text: &str, within: Option<&str>) -> Result<Option<&str>, String> {
        if let Some(slug) = self.slugs.get(text) {
            return Ok(Some(slug));
        }
        let folded = fold_case(text);
        let found = [&self.codes, &self.names].into_iter().find_map(|map| map.get(&folded));
        let Some(slugs) = found else { return Ok(None) };
        let mut there = slugs.iter().filter(|slug| match within {
            None => true,
            within => self.within(slug) == within,
        });
        match (there.next(), there.next(), within) {
            (Some(one), None, _) => Ok(Some(one)),
            (None, _, Some(within)) => {
                let mut all = slugs.iter();
                if let (Some(one), None) = (all.next(), all.next())
                    && self.within(one).is_none()
                {
                    return Ok(Some(one));
                }
                match slugs.iter().find(|slug| !self.made.contains_key(*slug)) {
                    Some(one) => Err(format!(
                        "{one} has this name, but lies in {}, not in {within}; name the one that \
                         is meant by its slug",
                        self.within(one).unwrap_or("nothing")
                    )),
                    None => Ok(None),
                }
            }
            _ => {
                let some: Vec<&str> = slugs.iter().take(NAMED).map(String::as_str).collect();
                let more = if slugs.len() > NAMED { " or another" } else { "" };
                Err(format!(
                    "it may be {}{more}; name the one that is meant by its slug",
                    some.join(" or ")
                ))
            }
        }
    }

    /// The slugs closest to a name.
    fn closest(&self, text: &str) -> Vec<String> {
        if !is_comparable(text) {
            return Vec::new();
        }
        let names = self.slugs.iter().chain(self.names.keys()).chain(self.codes.keys());
        let names = names.map(String::as_str);
        let mut closest: Vec<String> = Vec::new();
        for name in closest_matches(&fold_case(text), names, &self.suggestion_budget) {
            let called = [&self.names, &self.codes].into_iter().filter_map(|map| map.get(&name));
            for slug in self.slugs.get(&name).into_iter().chain(called.flatten()).take(NAMED) {
                if !closest.contains(slug) {
                    closest.push(slug.clone());
                }
            }
        }
        closest.truncate(NAMED);
        closest
    }

    /// That there is no such row; `wrong` says where it is named.
    pub(super) fn unknown(
        &self,
        table: &str,
        text: &str,
        wrong: impl FnOnce(String) -> Problem,
    ) -> Refused {
        Refused::First(self.no_row(table, text, wrong))
    }

    /// The same where it is told in another way.
    pub(super) fn no_row(
        &self,
        table: &str,
        text: &str,
        wrong: impl FnOnce(String) -> Problem,
    ) -> Problem {
        let problem = wrong(format!("there is no {table} with this slug, code or name"));
        Problem { suggestions: self.closest(text), ..problem }
    }
}

/// The rows of a table with their names.
fn select(table: &'static str) -> SelectStatement {
    let (code, name, other) = match table {
        "unit" => (Some("symbol"), "name", None),
        "district" => (Some("code"), "name", Some(("district", "parent_id"))),
        "metric" => (None, "name", Some(("unit", "unit_id"))),
        _ => (None, "title", None),
    };
    let own = |column: &'static str| Expr::col((table, column));
    let null = || Expr::cust("CAST(NULL AS text)");
    let mut select = Query::select();
    select.expr_as(own("id"), "id").expr_as(own("slug"), "slug");
    select.expr_as(code.map_or_else(null, own), "code").expr_as(own(name), "name");
    let within = other.map(|(target, column)| {
        let slug = Query::select()
            .expr(Expr::col(("other", "slug")))
            .from_as(target, "other")
            .and_where(Expr::col(("other", "id")).equals((table, column)))
            .take();
        Expr::SubQuery(None, Box::new(slug.into()))
    });
    select.expr_as(within.unwrap_or_else(null), "within").from(table);
    select.and_where(own("removed_at").is_null()).order_by((table, "id"), Order::Asc).take()
}

/// A slug made of a name, the same whenever the name is.
///
/// Latin letters lose their marks, everything else becomes a hyphen; where letters of another
/// script are lost by that, the slug ends in part of the name's SHA-256, so that it stays one of
/// that name alone.
pub(in crate::package) fn slug(table: &str, name: &str) -> String {
    use sha2::{Digest, Sha256};
    use unicode_normalization::UnicodeNormalization;

    let (mut slug, mut lost, mut before) = (String::new(), false, ' ');
    for character in name.trim().nfkd() {
        if character.is_ascii_alphanumeric() {
            let hump = character.is_ascii_uppercase() && before.is_ascii_lowercase();
            if hump && !slug.is_empty() {
                slug.push('-');
            }
            slug.push(character.to_ascii_lowercase());
        } else if !unicode_normalization::char::is_combining_mark(character) {
            lost |= character.is_alphanumeric();
            // An apostrophe stands within a word.
            if !slug.is_empty() && !slug.ends_with('-') && !['\'', '’'].contains(&character) {
                slug.push('-');
            }
        } else {
            continue;
        }
        before = character;
    }
    let slug = slug.trim_matches('-');
    if !lost && !slug.is_empty() {
        return slug.to_owned();
    }
    let hash = Sha256::digest(name.trim().as_bytes());
    let hash: String = hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", if slug.is_empty() { table } else { slug })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        for (name, wanted) in [
            ("Afghanistan", "afghanistan"),
            ("Côte d'Ivoire", "cote-divoire"),
            ("Korea, Dem. Rep.", "korea-dem-rep"),
            ("lifeExp", "life-exp"),
            ("gdpPercap", "gdp-percap"),
            ("GDP", "gdp"),
            ("NY.GDP.MKTP.CD", "ny-gdp-mktp-cd"),
            ("海淀区", "district-f4907566b1"),
        ] {
            assert_eq!(slug("district", name), wanted, "{name}");
        }
        assert!(slug("district", "Łódź").starts_with("odz-"));
        assert_ne!(slug("district", "海淀区"), slug("district", "朝阳区"));
    }
}
