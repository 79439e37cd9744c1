//! What all rows of a table have in common: looked at once, before the first of them.

use super::{
    Figures,
    plan::{Cell, Values},
    resolve::{Called, Origin, Refused},
    sdmx,
};
use crate::{
    package::parcel::Gone,
    record::{self, Problem},
};

impl Figures<'_> {
    /// Finds what all rows have in common. Whether nothing of it is wrong.
    pub(super) fn find_common(&mut self, values: &[Values]) -> Result<bool, Gone> {
        let sound = [self.check_given()?, self.find_source()?, self.find_metrics(values)?];
        Ok(!sound.contains(&false))
    }

    /// Looks at what options say and is taken as it is.
    fn check_given(&mut self) -> Result<bool, Gone> {
        let spots = self.spots;
        let single = [&spots.status, &spots.decimals, &spots.multiplier, &spots.comparator];
        let all = single.into_iter().chain(spots.others.iter().map(|(_, spot)| spot));
        let problem = Problem::of(self.origin, None, "");
        let mut sound = true;
        for spot in all {
            let Cell::Given(text) = &spot.cell else { continue };
            let checked = match spot.column.as_str() {
                "slug" => continue,
                "initiative" => self.resolver.is_initiative(text),
                "status" => {
                    record::check("observation", "status", sdmx::status(sdmx::code(text).0))
                }
                field => record::check("observation", field, text),
            };
            if let Err(Problem { reason, suggestions, .. }) = checked {
                let why = spot.of(&[]).wrong(&problem, reason);
                self.out.problem(Problem { suggestions, ..why })?;
                sound = false;
            }
        }
        Ok(sound)
    }

    /// Finds the source of all rows, unless a column says it.
    fn find_source(&mut self) -> Result<bool, Gone> {
        let (text, origin) = match &self.spots.source.cell {
            Cell::Column(_) => return Ok(true),
            Cell::Given(given) => (given.as_str(), Origin::Option),
            Cell::Nowhere if self.options.create_missing => (self.called, Origin::Name),
            Cell::Nowhere => {
                let why = "nothing says which source the figures are from: give --set source=SLUG, \
                           or --create-missing to make one with the file's name";
                self.out.problem(Problem::of(self.origin, None, why))?;
                return Ok(false);
            }
        };
        let problem = Problem::of(self.origin, None, "");
        match self.resolver.source(&problem, Called { column: "source", text, origin }) {
            Ok(slug) => self.source = Some(slug),
            Err(why) => self.tell(why.into())?,
        }
        Ok(self.source.is_some())
    }

    /// Finds the metrics that columns are named after.
    fn find_metrics(&mut self, values: &[Values]) -> Result<bool, Gone> {
        let mut all = true;
        for values in values.iter().filter(|values| values.metric.is_some()) {
            if let Cell::Column(_) = self.spots.unit.cell {
                continue;
            }
            let problem = Problem::of(self.origin, None, "");
            match self.metric(&problem, &[], values) {
                Ok(_) => continue,
                Err(Refused::First(mut why)) => {
                    why.reason
                        .push_str("; or leave the column out by --ignore, if it is no metric");
                    self.out.problem(why)?;
                }
                Err(Refused::Again(_)) => {}
            }
            all = false;
        }
        Ok(all)
    }
}
