//! What is computed of a set of figures, as columns of SQL.

use entity::{Decimal, Period, vocabulary::Comparator};
use sea_orm::{DbBackend, sea_query::Expr};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;

use super::Dimension;
use crate::{arithmetic::Number, error::Error};

/// One column that is computed of a set of figures. Figures without a value are counted by
/// [`Part::Rows`] and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// How many figures there are.
    Rows,
    /// How many of them have a value.
    Values,
    /// The exact sum.
    Sum,
    /// The exact sum of the squares.
    Squares,
    /// The smallest value.
    Least,
    /// The largest value.
    Greatest,
    /// The value below which this many percent of all lie.
    Percentile(Decimal),
    /// The different comparators and the different metrics' numbers: of what sorts they are.
    Sorts,
    /// The different places' numbers.
    Places,
    /// The different periods.
    Periods,
    /// Whether they are initiatives' own (1), places' own (0), or both.
    Owners,
    /// The figure of the first period.
    First,
    /// The figure of the last period.
    Last,
    /// How many different values of a dimension there are, nulls not counted.
    Distinct(Dimension),
}

impl Part {
    /// The column, over rows under the alias `o`; a dimension counted is its column `d_…`.
    pub(super) fn expr(self, backend: DbBackend) -> Expr {
        Expr::cust(match backend {
            DbBackend::Postgres => self.postgres(),
            _ => self.sqlite(),
        })
    }

    fn sqlite(self) -> String {
        let different = |of: &[&str]| format!("distinct_values(o.value, {})", of.join(", "));
        match self {
            Self::Sum => "decimal_sum(o.value)".to_owned(),
            Self::Squares => "decimal_squares(o.value)".to_owned(),
            Self::Least => "decimal_text(min(o.value))".to_owned(),
            Self::Greatest => "decimal_text(max(o.value))".to_owned(),
            Self::Percentile(percent) => format!("decimal_percentile(o.value, '{percent}')"),
            Self::First => dated("min", "printf('%019d', o.id)"),
            Self::Last => dated("max", "printf('%019d', o.id)"),
            _ => self.standard(different),
        }
    }

    fn postgres(self) -> String {
        let different = |of: &[&str]| {
            let lists = of.iter().map(|of| {
                format!(
                    "coalesce(json_agg(DISTINCT {of}) FILTER (WHERE o.value IS NOT NULL), '[]')"
                )
            });
            format!("json_build_array({})::text", lists.collect::<Vec<_>>().join(", "))
        };
        match self {
            Self::Sum => "sum(o.value)".to_owned(),
            Self::Squares => "sum(o.value * o.value)".to_owned(),
            Self::Least => "min(o.value)".to_owned(),
            Self::Greatest => "max(o.value)".to_owned(),
            Self::Percentile(percent) => {
                let sorted =
                    "(array_agg(o.value ORDER BY o.value) FILTER (WHERE o.value IS NOT NULL))";
                let rank = format!("((count(o.value) - 1) * {percent} * 0.01)");
                let low = format!("{sorted}[1 + floor({rank})::int]");
                let high = format!("{sorted}[1 + ceil({rank})::int]");
                format!("({low} + ({high} - {low}) * ({rank} - floor({rank})))")
            }
            Self::First => dated("min", "lpad(o.id::text, 19, '0')"),
            Self::Last => dated("max", "lpad(o.id::text, 19, '0')"),
            _ => self.standard(different),
        }
    }

    /// What both databases say alike, given how to gather the different values of
    /// columns: a JSON array of arrays.
    fn standard(self, different: impl Fn(&[&str]) -> String) -> String {
        match self {
            Self::Values => "count(o.value)".to_owned(),
            Self::Sorts => different(&["o.comparator", "o.metric_id"]),
            Self::Places => different(&["o.district_id"]),
            Self::Periods => different(&["o.period"]),
            Self::Owners => different(&["CASE WHEN o.initiative_id IS NULL THEN 0 ELSE 1 END"]),
            Self::Distinct(dimension) => format!("count(DISTINCT o.{})", distinct_alias(dimension)),
            _ => "count(*)".to_owned(),
        }
    }

    /// Whether the column is an exact decimal: `numeric` on PostgreSQL, a text on SQLite.
    pub(super) fn is_decimal(self) -> bool {
        matches!(
            self,
            Self::Sum | Self::Squares | Self::Least | Self::Greatest | Self::Percentile(_)
        )
    }
}

/// The earliest or latest period with a value, and the number of its figure behind it.
fn dated(pick: &str, id: &str) -> String {
    format!("{pick}(CASE WHEN o.value IS NOT NULL THEN o.period || '#' || {id} END)")
}

/// The name of the column that holds a dimension whose different values are counted.
pub(super) fn distinct_alias(dimension: Dimension) -> String {
    format!("d_{dimension:?}").to_lowercase()
}

/// What was computed of one set of figures: few parts, so that they are looked for one by one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts(Vec<(Part, Json)>);

impl Parts {
    /// From the columns, in the order of the parts.
    pub(super) fn new(parts: impl IntoIterator<Item = Part>, json: &str) -> Result<Self, Error> {
        let values: Vec<Json> = serde_json::from_str(json).map_err(Error::internal)?;
        Ok(Self(parts.into_iter().zip(values).collect()))
    }

    pub(super) fn get(&self, part: Part) -> Option<&Json> {
        self.0.iter().find(|(own, _)| *own == part).map(|(_, value)| value)
    }

    /// A part of another set of figures' parts.
    pub fn insert(&mut self, part: Part, value: Json) {
        self.0.push((part, value));
    }

    /// A count; 0 for no figures at all.
    pub fn count(&self, part: Part) -> i64 {
        self.get(part).and_then(Json::as_i64).unwrap_or(0)
    }

    /// A number; none where no figure has a value.
    pub fn number(&self, part: Part) -> Result<Option<Number>, Error> {
        let text = self.get(part).and_then(Json::as_str);
        text.map(|text| text.parse().map_err(Error::internal)).transpose()
    }

    /// The different comparators.
    pub fn comparators(&self) -> Result<Vec<Comparator>, Error> {
        let sorts: Option<(Vec<Comparator>, IgnoredAny)> = self.different(Part::Sorts)?;
        Ok(sorts.map(|(comparators, _)| comparators).unwrap_or_default())
    }

    /// The different metrics' numbers.
    pub fn metrics(&self) -> Result<Vec<i64>, Error> {
        let sorts: Option<(IgnoredAny, Vec<i64>)> = self.different(Part::Sorts)?;
        Ok(sorts.map(|(_, metrics)| metrics).unwrap_or_default())
    }

    /// The different places' numbers.
    pub fn places(&self) -> Result<Vec<i64>, Error> {
        let places: Option<(Vec<i64>,)> = self.different(Part::Places)?;
        Ok(places.map(|(places,)| places).unwrap_or_default())
    }

    /// The different periods.
    pub fn periods(&self) -> Result<Vec<Period>, Error> {
        let periods: Option<(Vec<Period>,)> = self.different(Part::Periods)?;
        Ok(periods.map(|(periods,)| periods).unwrap_or_default())
    }

    /// Whether some are initiatives' own and others places' own.
    pub fn is_mixed(&self) -> Result<bool, Error> {
        Ok(self.owners()?.len() > 1)
    }

    /// Whether all are initiatives' own.
    pub fn is_of_initiatives(&self) -> Result<bool, Error> {
        Ok(self.owners()? == [1])
    }

    fn owners(&self) -> Result<Vec<i64>, Error> {
        let owners: Option<(Vec<i64>,)> = self.different(Part::Owners)?;
        Ok(owners.map(|(owners,)| owners).unwrap_or_default())
    }

    /// The number of the figure of the first or last period.
    pub fn figure(&self, part: Part) -> Result<Option<i64>, Error> {
        let text = self.get(part).and_then(Json::as_str);
        let number = text.and_then(|text| text.rsplit('#').next());
        number.map(|number| number.parse().map_err(Error::internal)).transpose()
    }

    /// The different values of columns, one list for each; none of no figures at all.
    fn different<T: DeserializeOwned>(&self, part: Part) -> Result<Option<T>, Error> {
        let json = self.get(part).and_then(Json::as_str);
        json.map(|json| serde_json::from_str(json).map_err(Error::internal)).transpose()
    }
}
