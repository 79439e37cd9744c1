//! Which metric a file means by what it calls it, and whether it is in the same unit.

use super::{
    names::{self, Names},
    resolve::{Called, Resolver},
    sdmx,
};
use crate::record::Problem;

/// A metric as a file calls it, and its unit.
pub(super) struct Metric<'c> {
    pub(super) any: Called<'c>,
    pub(super) name: Called<'c>,
    pub(super) code: Called<'c>,
    pub(super) unit: Called<'c>,
}

impl Resolver<'_> {
    /// The slug of the metric that is meant. Fails where its unit is another than the file's.
    pub(super) fn metric(
        &mut self,
        problem: &Problem,
        called: &Metric<'_>,
    ) -> Result<String, Problem> {
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
    ) -> Result<String, Problem> {
        let names = self.known.of("metric");
        let (any, label) = sdmx::code(called.any.text);
        let label = label.unwrap_or_default();
        let own =
            names::slug("metric", if called.code.text.is_empty() { any } else { called.code.text });
        let texts = [called.code.text, called.any.text, any, own.as_str(), called.name.text, label];
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let wrong =
                |why| Problem { reason: why, ..problem.clone().at(called.any.column, text) };
            let Some(slug) = names.find(text, None).map_err(wrong)? else { continue };
            let slug = slug.to_owned();
            self.same_unit(problem, &slug, &called.unit)?;
            return Ok(slug);
        }
        let given = [&called.code, &called.any, &called.name];
        let Some(given) = given.into_iter().find(|called| !called.text.is_empty()) else {
            let column = Some(called.any.column.to_owned());
            let reason = "there is none; every figure is one of a metric".to_owned();
            return Err(Problem { reason, column, ..problem.clone() });
        };
        let wrong = problem.clone().at(given.column, given.text);
        if !self.newcomers.may() {
            return Err(names.unknown("metric", wrong, given.text));
        }
        let own = if any.is_empty() && called.code.text.is_empty() {
            names::slug("metric", called.name.text)
        } else {
            own
        };
        let said = self.options.given(&format!("{own}.unit"));
        let said = said.or_else(|| self.options.given("metric.unit"));
        let unit = said.unwrap_or(called.unit.text);
        if unit.is_empty() {
            let reason = format!(
                "the metric is new and has no unit; say in what it is measured by --set \
                 {own}.unit=UNIT, or by --map unit=COLUMN"
            );
            return Err(Problem { reason, ..wrong });
        }
        let unit = self.unit(&wrong, line, unit)?;
        let name = [called.name.text, label, called.any.text, called.code.text];
        let name = name.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        // A column that is mapped to a slug keeps its own name.
        let name = if name == own { given.column } else { name };
        let name = if name.is_empty() { given.text } else { name };
        self.newcomers
            .metric(self.known, line, (own, name), &unit)
            .map_err(|reason| Problem { reason, ..wrong })
    }

    /// The slug of a unit, which may be made.
    fn unit(&mut self, problem: &Problem, line: u64, text: &str) -> Result<String, Problem> {
        let (code, label) = sdmx::code(text);
        let names = self.known.of("unit");
        let problem = problem.clone().at("unit", text);
        match found_unit(names, text) {
            Ok(Some(slug)) => Ok(slug),
            Err(reason) => Err(Problem { reason, ..problem }),
            Ok(None) if !self.newcomers.may() => Err(names.unknown("unit", problem, text)),
            Ok(None) => {
                let name = if sdmx::is_percent(code) { "%" } else { label.unwrap_or(code) };
                let made = self.newcomers.unit(self.known, line, name);
                made.map_err(|reason| Problem { reason, ..problem })
            }
        }
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
        let problem = problem.clone().at(called.column, called.text);
        match found_unit(names, called.text) {
            Ok(Some(unit)) if unit == wanted => Ok(()),
            Err(reason) => Err(Problem { reason, ..problem }),
            Ok(_) => {
                let reason = format!(
                    "the metric {metric} is measured in {wanted}; convert the figures, or leave \
                     the column out by --ignore if it says the same in other words"
                );
                Err(Problem { reason, ..problem })
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
fn found_unit(names: &Names, text: &str) -> Result<Option<String>, String> {
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
