//! Which figures may be added up.

use std::collections::{BTreeSet, HashMap};

use entity::{
    Period, metric,
    vocabulary::{Accumulation, Aggregation},
};

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

/// What a sum would add up.
#[derive(Debug, Clone, Copy)]
pub struct Addends<'a> {
    /// The metrics.
    pub metrics: &'a [&'a metric::Model],
    /// The periods.
    pub periods: &'a [Period],
    /// The places.
    pub places: &'a [&'a Lineage],
    /// Whether figures of places stand beside figures of initiatives in them.
    pub mixed: bool,
}

/// Whether the figures may be added up; if not, why, in words that name what is in the way.
pub fn check(addends: &Addends<'_>) -> Result<(), String> {
    let slugs = |metrics: &[&metric::Model]| {
        metrics.iter().map(|metric| metric.slug.as_str()).collect::<Vec<_>>().join(", ")
    };
    let metrics = addends.metrics;
    let single: Vec<_> =
        metrics.iter().copied().filter(|metric| metric.aggregation != Aggregation::Sum).collect();
    if !single.is_empty() {
        return Err(format!(
            "figures of {} may not be added up: their metrics are not declared additive \
             (`aggregation: SUM`)",
            slugs(&single)
        ));
    }
    let units: BTreeSet<i64> = metrics.iter().map(|metric| metric.unit_id).collect();
    if units.len() > 1 {
        return Err(format!(
            "{} are in different units; group by UNIT or METRIC, or filter to one metric",
            slugs(metrics)
        ));
    }
    if metrics.len() > 1 {
        return Err(format!(
            "{} are different metrics, whose figures may overlap; group by METRIC, or filter to \
             one",
            slugs(metrics)
        ));
    }
    if addends.mixed {
        return Err("figures of places stand beside figures of initiatives in them, which may be \
                    part of them; group by INITIATIVE, or filter to one or the other"
            .to_owned());
    }
    periods(metrics, addends.periods)?;
    places(addends.places)
}

fn periods(metrics: &[&metric::Model], periods: &[Period]) -> Result<(), String> {
    let mut sorted = periods.to_vec();
    sorted.sort_unstable();
    if let Some(stock) = metrics
        .iter()
        .find(|metric| metric.accumulation != Some(Accumulation::Flow))
        .filter(|_| sorted.len() > 1)
    {
        return Err(format!(
            "figures of {} count what is there at a time, so those of different periods ({} and \
             others) may not be added up; group by PERIOD, or filter to one",
            stock.slug, sorted[0]
        ));
    }
    match sorted.windows(2).find(|pair| pair[0].overlaps(pair[1])) {
        Some(pair) => Err(format!(
            "the periods {} and {} overlap; group by PERIOD, or filter by `period: {{frequency}}`",
            pair[0], pair[1]
        )),
        None => Ok(()),
    }
}

/// Two places do not overlap when both are parts, without overlap, of a place they lie in.
fn places(places: &[&Lineage]) -> Result<(), String> {
    let own: HashMap<i64, &Place> = places
        .iter()
        .filter_map(|lineage| lineage.first())
        .map(|place| (place.id, place))
        .collect();
    if own.len() < 2 {
        return Ok(());
    }
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

fn overlap(one: &Place, other: &Place) -> String {
    format!(
        "the places {} and {} may overlap, so their figures may not be added up; group by \
         DISTRICT, or filter to places that divide one place without overlap (`district: \
         {{partition: {{eq: true}}}}`)",
        one.slug, other.slug
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lineages: &[&[(i64, bool)]]) -> Result<(), String> {
        let place = |&(id, partition): &(i64, bool)| Place { id, slug: id.to_string(), partition };
        let lineages: Vec<Lineage> =
            lineages.iter().map(|lineage| lineage.iter().map(place).collect()).collect();
        places(&lineages.iter().collect::<Vec<_>>())
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
    }
}
