//! Which figures may be added up.

use std::collections::{BTreeSet, HashMap};

use entity::{
    Period, metric,
    vocabulary::{Accumulation, Aggregation},
};

/// A place and all it lies in, from itself outwards: the number of each, and whether it is one of
/// the parts that the next is divided into without overlap.
pub type Lineage = Vec<(i64, bool)>;

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
/// `place` gives the slug of a place.
pub fn check(addends: &Addends<'_>, place: impl Fn(i64) -> String) -> Result<(), String> {
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
    places(addends.places, place)
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
fn places(places: &[&Lineage], slug: impl Fn(i64) -> String) -> Result<(), String> {
    // For each place on the way out, through which of its parts it was reached first.
    let mut through: HashMap<i64, (i64, bool, i64)> = HashMap::new();
    let own: BTreeSet<i64> = places.iter().filter_map(|lineage| Some(lineage.first()?.0)).collect();
    if own.len() < 2 {
        return Ok(());
    }
    let overlap = |one: i64, other: i64| {
        format!(
            "the places {} and {} overlap, so their figures may not be added up; group by \
             DISTRICT, or filter to places that divide one place without overlap (`district: \
             {{partition: {{eq: true}}, kind: …}}`)",
            slug(one),
            slug(other)
        )
    };
    for lineage in places {
        let Some(&(place, _)) = lineage.first() else { continue };
        for step in lineage.windows(2) {
            let ((part, partition), (whole, _)) = (step[0], step[1]);
            if own.contains(&whole) {
                return Err(overlap(whole, place));
            }
            match through.get(&whole) {
                None => _ = through.insert(whole, (part, partition, place)),
                Some(&(met, _, _)) if met == part => {}
                Some(&(_, both, other)) if !both || !partition => {
                    return Err(overlap(other, place));
                }
                Some(_) => {}
            }
        }
    }
    // Places without anything around both are known to be apart by nothing.
    let roots: BTreeSet<i64> =
        places.iter().filter_map(|lineage| Some(lineage.last()?.0)).collect();
    match (roots.first(), roots.last()) {
        (Some(one), Some(other)) if one != other => Err(overlap(*one, *other)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lineages: &[&[(i64, bool)]]) -> Result<(), String> {
        let owned: Vec<Lineage> = lineages.iter().map(|lineage| lineage.to_vec()).collect();
        places(&owned.iter().collect::<Vec<_>>(), |place| place.to_string())
    }

    #[test]
    fn places_are_added_over_a_partition_only() {
        // 1 is the city; 2 and 3 divide it, 4 overlaps them; 5 and 6 divide 2, 7 lies in 4.
        let city = (1, true);
        assert!(of(&[&[(2, true), city]]).is_ok());
        assert!(of(&[&[(2, true), city], &[(3, true), city]]).is_ok());
        assert!(
            of(&[&[(5, true), (2, true), city], &[(6, true), (2, true), city], &[(3, true), city]])
                .is_ok()
        );
        assert!(of(&[&[(4, false), city]]).is_ok());
        let zone = of(&[&[(2, true), city], &[(4, false), city]]).unwrap_err();
        assert!(zone.starts_with("the places 2 and 4 overlap"), "{zone}");
        assert!(of(&[&[(4, false), city], &[(2, true), city]]).is_err());
        assert!(of(&[&[(3, true), city], &[(7, true), (4, false), city]]).is_err());
        let inside = of(&[&[city], &[(2, true), city]]).unwrap_err();
        assert!(inside.starts_with("the places 1 and 2 overlap"), "{inside}");
        assert!(of(&[&[(2, true), city], &[(5, true), (2, true), city]]).is_err());
        assert!(of(&[&[city], &[(9, true)]]).is_err());
    }

    #[test]
    fn a_zone_met_second_is_found_although_a_part_came_first() {
        let city = (1, true);
        assert!(of(&[&[(2, true), city], &[(3, true), city], &[(4, false), city]]).is_err());
    }
}
