//! Which metric a file means by what it calls it, and whether it is in the same unit.

use super::{
    names::{self, Names},
    resolve::{Called, Origin, Refused, Resolver, none},
    sdmx,
};
use crate::record::Problem;

/// A metric as a file calls it, and its unit.
pub(super) struct Metric<'c> {
    pub(super) any: Called<'c>,
    pub(super) name: Called<'c>,
    pub(super) code: Called<'c>,
    pub(super) unit: Called<'c>,
    /// The head of the column of its values, where that names it.
    pub(super) head: Option<&'c str>,
}

impl Resolver<'_> {
    /// The slug of the metric that is meant. Fails where its unit is another than the file's.
    pub(super) fn metric(
        &mut self,
        problem: &Problem,
        called: &Metric<'_>,
    ) -> Result<String, Refused> {
        let line = problem.line.unwrap_or(0);
        let texts = [called.any.text, called.name.text, called.code.text, called.unit.text];
        let key = format!("metric\u{1f}{}", texts.join("\u{1f}"));
        self.once(key, line, |resolver| resolver.find_metric(problem, line, called))
    }

    fn find_metric(
        &mut self,
        problem: &Problem,
        line: u64,
        called: &Metric<'_>,
    ) -> Result<String, Refused> {
        let names = self.known.of("metric");
        let (any, label) = sdmx::code(called.any.text);
        let label = label.unwrap_or_default();
        let own =
            names::slug("metric", if called.code.text.is_empty() { any } else { called.code.text });
        let places = [
            (&called.code, called.code.text),
            (&called.any, called.any.text),
            (&called.any, any),
            (&called.any, own.as_str()),
            (&called.name, called.name.text),
            (&called.any, label),
        ];
        for (place, text) in places.into_iter().filter(|(_, text)| !text.is_empty()) {
            let found = names.find(text, None).map_err(|why| place.wrong(problem, why))?;
            let Some(slug) = found else { continue };
            let slug = slug.to_owned();
            self.same_unit(problem, &slug, &self.unit_of(&slug, called.unit))?;
            return Ok(slug);
        }
        let given = [&called.code, &called.any, &called.name];
        let Some(given) = given.into_iter().find(|called| !called.text.is_empty()) else {
            let places = [&called.any, &called.name, &called.code];
            return Err(none(problem, &places, "every figure is one of a metric").into());
        };
        let wrong = |why| given.wrong(problem, why);
        if !self.newcomers.may() {
            return Err(names.unknown("metric", given.text, wrong));
        }
        let own = if any.is_empty() && called.code.text.is_empty() {
            names::slug("metric", called.name.text)
        } else {
            own
        };
        names.wanted.insert(own.clone());
        let fields = [format!("{own}.unit"), "metric.unit".to_owned()];
        let said = fields.iter().find_map(|field| {
            let text = self.options.given(field)?;
            Some(Called { column: field, text, origin: Origin::Option })
        });
        let unit = said.unwrap_or(called.unit);
        if unit.text.is_empty() {
            let why = format!(
                "the metric is new and has no unit; say in what it is measured by --set \
                 {own}.unit=UNIT, or by --map unit=COLUMN"
            );
            return Err(wrong(why).into());
        }
        let unit = self.unit(problem, line, unit)?;
        let name = [called.name.text, label, called.any.text, called.code.text];
        let name = name.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let readable;
        let name = match called.head.filter(|head| !head.is_empty()) {
            _ if name != own => name,
            // A column that is mapped to a slug keeps its own name.
            Some(head) => head,
            None => {
                readable = own.replace('-', " ");
                &readable
            }
        };
        let made = self.newcomers.metric(self.known, line, (own, name), &unit);
        let slug = made.map_err(wrong)?;
        self.same_unit(problem, &slug, &self.unit_of(&slug, called.unit))?;
        Ok(slug)
    }

    /// The unit that a file says for a metric: an option for the metric goes before one for all.
    fn unit_of<'c>(&self, metric: &str, unit: Called<'c>) -> Called<'c> {
        match unit.origin {
            Origin::Option if self.options.given(&format!("{metric}.unit")).is_some() => {
                Called { text: "", ..unit }
            }
            _ => unit,
        }
    }

    /// The slug of a unit, which may be made.
    fn unit(
        &mut self,
        problem: &Problem,
        line: u64,
        called: Called<'_>,
    ) -> Result<String, Refused> {
        let key = format!("unit\u{1f}{}", called.text);
        self.once(key, line, |resolver| {
            let (code, label) = sdmx::code(called.text);
            let wrong = |why| called.wrong(problem, why);
            let names = resolver.known.of("unit");
            match found_unit(names, called.text).map_err(wrong)? {
                Some(slug) => Ok(slug),
                None if !resolver.newcomers.may() => Err(names.unknown("unit", called.text, wrong)),
                None => {
                    let name = if sdmx::is_percent(code) { "%" } else { label.unwrap_or(code) };
                    let made = resolver.newcomers.unit(resolver.known, line, name);
                    made.map_err(|why| wrong(why).into())
                }
            }
        })
    }

    /// Fails where a file says another unit than the metric's.
    fn same_unit(
        &mut self,
        problem: &Problem,
        metric: &str,
        called: &Called<'_>,
    ) -> Result<(), Problem> {
        if called.text.is_empty() {
            return Ok(());
        }
        let wanted = self.known.of("metric").within(metric).unwrap_or_default().to_owned();
        let names = self.known.of("unit");
        match found_unit(names, called.text) {
            Ok(Some(unit)) if unit == wanted => Ok(()),
            Err(why) => Err(called.wrong(problem, why)),
            Ok(_) => {
                let leave = match called.origin {
                    Origin::Option => "leave this out if it",
                    _ => "leave the column out by --ignore if it",
                };
                let why = format!(
                    "the metric {metric} is measured in {wanted}; convert the figures, or {leave} \
                     says the same in other words"
                );
                Err(called.wrong(problem, why))
            }
        }
    }

    /// Whether a metric's figures are percentages.
    pub(super) fn in_percent(&mut self, metric: &str) -> bool {
        let unit = self.known.of("metric").within(metric).unwrap_or_default().to_owned();
        matches!(found_unit(self.known.of("unit"), "%"), Ok(Some(percent)) if percent == unit)
    }
}

/// A unit by its slug, sign or name, or by SDMX's code for percent.
pub(super) fn found_unit(names: &Names, text: &str) -> Result<Option<String>, String> {
    let (code, label) = sdmx::code(text);
    let percent = if sdmx::is_percent(code) { "%" } else { "" };
    for text in [text, code, label.unwrap_or_default(), percent] {
        if !text.is_empty()
            && let Some(slug) = names.find(text, None)?
        {
            return Ok(Some(slug.to_owned()));
        }
    }
    Ok(None)
}
