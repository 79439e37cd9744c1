//! Which figures may be taken together: in a sum, in a mean.

use std::collections::{BTreeSet, HashMap};

use entity::{
    Frequency, Period, metric,
    vocabulary::{Accumulation, Aggregation},
};

use super::{Reason, Uncomputed};

/// A place and all it lies in, from itself outwards.
pub type Lineage = Vec<Place>;

/// A place on the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub id: i64,
    /// Its slug.
    pub slug: String,
    /// Whether it is one of the parts that the next place is divided into without overlap.
    pub partition: bool,
}

/// The figures of a computation, by what they are of.
#[derive(Debug, Clone, Copy)]
pub struct Mixture<'a> {
    /// The metrics.
    pub metrics: &'a [&'a metric::Model],
    /// The periods.
    pub periods: &'a [Period],
    /// The places.
    pub places: &'a [&'a Lineage],
    /// Whether figures of places stand beside figures of initiatives in them.
    pub mixed: bool,
}

/// What figures must have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One unit: to pick one by its size.
    Unit,
    /// One metric too, and each a place and period of its own: to take their mean.
    Apart,
    /// All that, and that they can be added up.
    Additive,
}

impl Mixture<'_> {
    /// Whether the figures obey a rule. If not, why, in words that name what is in the way and what
    /// mends it.
    pub fn check(&self, rule: Rule) -> Result<(), Uncomputed> {
        match rule {
            Rule::Unit => self.units(),
            Rule::Apart => self.apart(),
            Rule::Additive => self.additive(),
        }
    }

    fn apart(&self) -> Result<(), Uncomputed> {
        self.units()?;
        if let [first, _, ..] = self.metrics {
            return Err(Uncomputed::new(
                Reason::UnlikeMetrics,
                format!(
                    "{} are different metrics; group by METRIC, or filter to one (`metric: {{slug: \
                     {{eq: \"{}\"}}}}`)",
                    slugs(self.metrics),
                    first.slug
                ),
            ));
        }
        if self.mixed {
            return Err(overlap(
                "figures of places stand beside figures of initiatives in them, which may be part \
                 of them; group by INITIATIVE, or filter to the places' own (`not: {initiative: \
                 {}}`)",
            ));
        }
        periods(self.periods)?;
        places(self.places)
    }

    fn additive(&self) -> Result<(), Uncomputed> {
        let refused = |why| Err(Uncomputed::new(Reason::NotAdditive, why));
        let single = self.metrics.iter().filter(|metric| metric.aggregation != Aggregation::Sum);
        let single: Vec<_> = single.copied().collect();
        if !single.is_empty() {
            return refused(format!(
                "figures of {} may not be added up: their metrics are not declared additive \
                 (`aggregation: SUM`)",
                slugs(&single)
            ));
        }
        self.apart()?;
        let stock =
            self.metrics.iter().find(|metric| metric.accumulation != Some(Accumulation::Flow));
        if let (Some(stock), [first, _, ..]) = (stock, self.periods) {
            return refused(format!(
                "figures of {} count what is there at a time, so those of different periods \
                 ({first} and others) may not be added up; group by PERIOD, or filter to one \
                 (`period: {{eq: \"{first}\"}}`)",
                stock.slug
            ));
        }
        Ok(())
    }

    fn units(&self) -> Result<(), Uncomputed> {
        let units: BTreeSet<i64> = self.metrics.iter().map(|metric| metric.unit_id).collect();
        if units.len() < 2 {
            return Ok(());
        }
        Err(Uncomputed::new(
            Reason::UnlikeUnits,
            format!(
                "{} are in different units; group by UNIT or METRIC, or filter to one metric",
                slugs(self.metrics)
            ),
        ))
    }
}

fn slugs(metrics: &[&metric::Model]) -> String {
    metrics.iter().map(|metric| metric.slug.as_str()).collect::<Vec<_>>().join(", ")
}

fn overlap(why: impl std::fmt::Display) -> Uncomputed {
    Uncomputed::new(Reason::Overlap, why)
}

fn periods(periods: &[Period]) -> Result<(), Uncomputed> {
    let mut sorted = periods.to_vec();
    sorted.sort_unstable();
    // The longest so far: a later one may lie in it without touching the one before itself.
    let mut widest: Option<Period> = None;
    for period in sorted {
        if let Some(around) = widest.filter(|around| around.overlaps(period)) {
            let longest = periods.iter().map(|period| period.length()).min();
            let filter = match longest.filter(|length| *length != Frequency::Range) {
                Some(length) => {
                    format!("frequency: {}", async_graphql::resolver_utils::enum_value(length))
                }
                None => format!("eq: \"{around}\""),
            };
            return Err(overlap(format!(
                "the periods {around} and {period} overlap; group by PERIOD, or filter by `period: \
                 {{{filter}}}`"
            )));
        }
        let further = widest.is_none_or(|around| around.last_day() < period.last_day());
        widest = if further { Some(period) } else { widest };
    }
    Ok(())
}

/// Two places do not overlap when both are parts, without overlap, of a place they lie in.
fn places(places: &[&Lineage]) -> Result<(), Uncomputed> {
    let own: HashMap<i64, &Place> = places
        .iter()
        .filter_map(|lineage| lineage.first())
        .map(|place| (place.id, place))
        .collect();
    if own.len() < 2 {
        return Ok(());
    }
    let overlap = |one: &Place, other: &Place| {
        overlap(format!(
            "the places {} and {} may overlap; group by DISTRICT, or filter to {}",
            one.slug,
            other.slug,
            apart(places, one)
        ))
    };
    // For each place on the way out: through which of its parts it was met first, and from where.
    let mut met: HashMap<i64, (&Place, &Place)> = HashMap::new();
    let mut widest: Option<(i64, &Place)> = None;
    for lineage in places {
        let (Some(place), Some(last)) = (lineage.first(), lineage.last()) else { continue };
        for step in lineage.windows(2) {
            let (part, whole) = (&step[0], &step[1]);
            if let Some(around) = own.get(&whole.id) {
                return Err(overlap(around, place));
            }
            let &mut (first, other) = met.entry(whole.id).or_insert((part, place));
            if first.id != part.id && !(first.partition && part.partition) {
                return Err(overlap(other, place));
            }
        }
        // Nothing lies around both, so nothing says that they are apart.
        let &mut (root, other) = widest.get_or_insert((last.id, place));
        if root != last.id {
            return Err(overlap(other, place));
        }
    }
    Ok(())
}

/// Which of the places lie apart, as a filter picks them: the most that divide one place without
/// overlap, or else a place alone.
fn apart(places: &[&Lineage], alone: &Place) -> String {
    let mut parts: HashMap<i64, (usize, &str)> = HashMap::new();
    for lineage in places {
        if let [place, around, ..] = lineage.as_slice()
            && place.partition
        {
            parts.entry(around.id).or_insert((0, &around.slug)).0 += 1;
        }
    }
    // Of several with as many parts, always the same one.
    let most = parts.into_values().max_by_key(|(count, slug)| (*count, std::cmp::Reverse(*slug)));
    match most {
        Some((_, slug)) => format!(
            "the parts that {slug} is divided into without overlap (`district: {{parent: {{slug: \
             {{eq: \"{slug}\"}}}}, partition: {{eq: true}}}}`)"
        ),
        None => format!("one of them (`district: {{slug: {{eq: \"{}\"}}}}`)", alone.slug),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lineages: &[&[(i64, bool)]]) -> Result<(), String> {
        let place = |&(id, partition): &(i64, bool)| Place { id, slug: id.to_string(), partition };
        let lineages: Vec<Lineage> =
            lineages.iter().map(|lineage| lineage.iter().map(place).collect()).collect();
        places(&lineages.iter().collect::<Vec<_>>()).map_err(|why| why.explanation)
    }

    #[test]
    fn places_are_added_over_a_partition_only() {
        // 1 is the city; 2 and 3 divide it, 4 overlaps them; 5 and 6 divide 2, 7 lies in 4.
        let city = (1, true);
        let (two, three, zone) = ((2, true), (3, true), (4, false));
        assert!(of(&[]).is_ok());
        assert!(of(&[&[two, city]]).is_ok());
        assert!(of(&[&[two, city], &[three, city]]).is_ok());
        assert!(of(&[&[(5, true), two, city], &[(6, true), two, city], &[three, city]]).is_ok());
        assert!(of(&[&[zone, city]]).is_ok());
        let error = of(&[&[two, city], &[zone, city]]).unwrap_err();
        assert!(error.starts_with("the places 2 and 4 may overlap"), "{error}");
        assert!(of(&[&[zone, city], &[two, city]]).is_err());
        assert!(of(&[&[two, city], &[three, city], &[zone, city]]).is_err());
        assert!(of(&[&[three, city], &[(7, true), zone, city]]).is_err());
        let inside = of(&[&[city], &[two, city]]).unwrap_err();
        assert!(inside.starts_with("the places 1 and 2 may overlap"), "{inside}");
        assert!(of(&[&[two, city], &[(5, true), two, city]]).is_err());
        assert!(of(&[&[city], &[(9, true)]]).is_err());
        // What is said to mend it does: where the city is a part of nothing, nothing else would.
        let parts = "(`district: {parent: {slug: {eq: \"1\"}}, partition: {eq: true}}`)";
        assert!(inside.ends_with(parts), "{inside}");
        let alone = of(&[&[city], &[(9, true)]]).unwrap_err();
        assert!(alone.ends_with("one of them (`district: {slug: {eq: \"1\"}}`)"), "{alone}");
    }

    #[test]
    fn periods_overlap_wherever_they_share_a_day() {
        let of = |codes: &[&str]| {
            let all: Vec<Period> = codes.iter().map(|code| code.parse().unwrap()).collect();
            periods(&all).map_err(|why| why.explanation)
        };
        assert!(of(&["2023", "2024", "2025-Q1"]).is_ok());
        assert_eq!(
            of(&["2023-Q4", "2023", "2023-Q1"]).unwrap_err(),
            "the periods 2023-Q1 and 2023 overlap; group by PERIOD, or filter by `period: \
             {frequency: ANNUAL}`"
        );
        assert_eq!(
            of(&["2021/2025", "2022-01/2022-11"]).unwrap_err(),
            "the periods 2021/2025 and 2022-01/2022-11 overlap; group by PERIOD, or filter by \
             `period: {eq: \"2021/2025\"}`"
        );
        // In a longer one that two others lie between.
        assert!(of(&["2021/2025", "2022-Q1", "2024-Q1"]).is_err());
    }
}
