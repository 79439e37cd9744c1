//! Units of measurement.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, TextFilter, WordFilter},
};
use entity::Decimal;
use entity::vocabulary::Dimension;

filter! {
    /// Which units.
    UnitFilter, UnitListFilter for unit {
        slug: TextFilter = Slug,
        symbol: TextFilter = Symbol,
        name: LocalizedTextFilter = Name,
        dimension: WordFilter<Dimension> = Dimension,
    } many {
        metrics: MetricListFilter = metric.UnitId,
    }
}

order! {
    UnitOrder, UnitOrderKey for unit {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The name, as its language orders it.
        Name = Text(Name),
        /// The sign, letter by letter.
        Symbol = Column(Symbol),
        /// The dimension, by the letters of its word.
        Dimension = Column(Dimension),
        /// How many metrics are measured in it.
        MetricCount = count(metric.UnitId),
    }
}

object! {
    /// A unit of measurement. Counts of different things are different units.
    Unit of unit: UnitFilter, UnitOrder, UnitOrderKey;
    id "unit";
    text name, names: "Its name.";
    many metrics: Metric = metric.UnitId: "The metrics measured in it.";
    root UnitQuery {
        one unit: "The unit with this slug.";
        list units: "All units.";
    }
}

crate::mutations! {
    Unit of unit, "a unit", "units";
    required {
        slug: String,
        symbol: String,
        name: Vec<LocalizedTextInput>,
        dimension: Dimension,
    }
    optional {
        factor: Decimal,
    }
}
